"""TLS before a PostgreSQL server that has none: a door that does what the server's own would, and its certificates."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_TLS_PLEASE = 80877103  # SSLRequest of PostgreSQL's protocol
_UNKNOWN_YET = 80877104  # GSSENCRequest
_CHUNK = 1 << 16


def make_certificate(folder: Path, name: str, *, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate for `host` and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    is_for = [x509.DNSName(name)] if host[0].isalpha() else [x509.IPAddress(ip_address(host))]
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(is_for), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret


@contextmanager
def door_with_tls(behind: str, certificate: Path, key: Path) -> Iterator[tuple[int, list[str]]]:
    """A port that lets only TLS in and passes on to the socket `behind`; and the TLS versions that came, one a
    connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_let_in, args=(listening, behind, context, came), daemon=True).start()
        try:
            yield listening.getsockname()[1], came
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def _let_in(listening: socket.socket, behind: str, context: ssl.SSLContext, came: list[str]) -> None:
    while True:
        try:
            caller, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(caller, behind, context, came), daemon=True).start()


def _serve(caller: socket.socket, behind: str, context: ssl.SSLContext, came: list[str]) -> None:
    with caller, suppress(OSError):
        while (asked := struct.unpack("!II", caller.recv(8, socket.MSG_WAITALL))[1]) == _UNKNOWN_YET:
            caller.sendall(b"N")
        if asked != _TLS_PLEASE:
            return  # as a server does that has no entry for connections without TLS
        caller.sendall(b"S")
        with context.wrap_socket(caller, server_side=True) as inside, socket.socket(socket.AF_UNIX) as server:
            came.append(inside.version() or "")
            server.connect(behind)
            back = threading.Thread(target=_pass_on, args=(server, inside), daemon=True)
            back.start()
            _pass_on(inside, server)
            back.join()


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(_CHUNK):
            goal.sendall(part)
    with suppress(OSError):
        goal.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        goal.shutdown(socket.SHUT_RDWR)
