"""Answers that never end, over plain connections and over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest
import requests

from connectors.patience import PatientAdapter, within
from connectors.session import Limits, Platform, PlatformSession, TimedOut
from tests.tls import make_certificate

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BEGINNINGS = {
    "in the headers": b"HTTP/1.1 200 OK\r\nX-Padding: ",
    "in the body": HEAD + b"Content-Length: 100000\r\n\r\n",
    "in a body of unknown length": HEAD + b"Connection: close\r\n\r\n",
}


@pytest.fixture
def dripping():
    """Starts a server that begins an answer and then sends a byte now and then; its port."""
    listening = []

    def start(beginning, context=None):
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def serve(caller):
            try:
                with caller if context is None else context.wrap_socket(caller, server_side=True) as one:
                    one.recv(65536)
                    one.sendall(beginning)
                    while True:
                        time.sleep(0.05)
                        one.sendall(b" ")
            except OSError:
                return

        def accept():
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(caller,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in listening:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_an_answer_that_never_ends_is_given_up_as_one_that_never_comes(dripping, beginning):
    said = []
    session = PlatformSession(
        f"http://127.0.0.1:{dripping(beginning)}", Platform("desk", ()), say=said.append,
        limits=Limits(read_s=5.0, answer_s=0.4, attempts=2, first_backoff_s=0.01),
    )  # fmt: skip
    began = time.monotonic()

    with pytest.raises(TimedOut, match=r"^desk: no whole answer within 0 s for GET /api/tickets: run it again later$"):
        session.answer("GET", "/api/tickets")

    assert 0.8 <= time.monotonic() - began < 3.0
    assert len(said) == 1


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_over_tls_too(dripping, tmp_path, beginning):
    certificate, key = make_certificate(tmp_path, "desk")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    address = f"https://127.0.0.1:{dripping(beginning, context)}/"
    began = time.monotonic()

    with requests.Session() as session, within(0.4) as watch:
        session.trust_env = False
        session.mount("https://", PatientAdapter())
        with suppress(requests.exceptions.RequestException):
            session.get(address, verify=str(certificate), timeout=5.0)
        assert watch.is_over

    assert time.monotonic() - began < 3.0


def test_what_is_whole_in_time_is_not_touched(dripping):
    port = dripping(HEAD + b"Content-Length: 2\r\n\r\n{}")
    session = PlatformSession(f"http://127.0.0.1:{port}", Platform("desk", ()), limits=Limits(answer_s=0.3))

    assert [session.answer("GET", "/api") for _ in range(2)] == [{}, {}]
    time.sleep(0.5)
    assert session.answer("GET", "/api") == {}
