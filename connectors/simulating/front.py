"""The loopback HTTP server of a simulated helpdesk: sockets, headers, faults on the wire."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl

from .answers import Answer
from .faults import ERRORS, Dice

LOG_IN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(frozen=True)
class Received:
    """One request as it came; `target` is path and query, `query` lists by name."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Message[str, str]
    body: bytes
    target: str


class Front(ABC):
    """An account on a loopback port.

    `requests` counts by endpoint, `calls` keeps the last 1000 as (method, path, status), `strayed` counts requests
    under another host name. A platform says what comes back (`answered`), what time it is (`now`), and how it words
    being throttled and being broken.
    """

    faults: Dice  # may be replaced while it runs

    def __init__(self, faults: Dice, port: int = 0) -> None:
        self.faults = faults
        self.requests: Counter[str] = Counter()
        self.calls: deque[tuple[str, str, int]] = deque(maxlen=1000)
        self.strayed = 0
        self._server = _Server(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def answered(self, received: Received) -> tuple[Answer, str | None]:
        """The answer, and the spoiler that is to be done on the wire."""

    @abstractmethod
    def time_there(self) -> datetime:
        """The account's time, aware."""

    @abstractmethod
    def throttled(self, headers: dict[str, str]) -> Answer:
        """A 429 in the platform's words."""

    @abstractmethod
    def broken(self, status: int) -> Answer:
        """An error of the server in the platform's words."""

    def serve(self) -> None:
        """Answer in a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def serves(self) -> bool:
        """Whether it answers already."""
        return self._thread is not None

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.hang_up()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def instead(self, spoiler: str | None, target: str) -> Answer | None:
        """What comes in place of the real answer, for the spoilers that replace it."""
        if spoiler in ("throttle", "throttle_bare"):
            return self.throttled({"Retry-After": str(self.faults.retry_after)} if spoiler == "throttle" else {})
        if spoiler == "error":
            status = ERRORS[self.faults.happened["error"] % len(ERRORS)]
            if status == 502:
                return Answer(b"<html><body>502 Bad Gateway</body></html>", status, {}, "text/html")
            return self.broken(status)
        if spoiler == "html":
            return Answer(LOG_IN_PAGE, 200, {}, "text/html; charset=utf-8")
        if spoiler == "redirect":
            port = urlsplit(self.base_url).port
            return Answer(b"", 302, {"Location": f"http://localhost:{port}{target}"}, "text/html")
        return None


def after_the_last(events: pl.DataFrame) -> Callable[[], datetime]:
    """A clock that stands ten minutes after the last event."""
    last = events["at"].max()
    at = datetime.fromtimestamp(last.timestamp() + 600, UTC) if isinstance(last, datetime) else datetime.now(UTC)
    return lambda: at


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], front: Front) -> None:
        self.front = front
        self._live: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def keep(self, connection: socket.socket) -> None:
        self._live.add(connection)

    def drop(self, connection: socket.socket) -> None:
        self._live.discard(connection)

    def hang_up(self) -> None:
        for connection in list(self._live):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # gone already
                self._live.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.keep(self.connection)

    def finish(self) -> None:
        self.server.drop(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: `calls` and `requests` tell."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of answers is the account's time, which clients take for theirs."""
        return super().date_time_string(self.server.front.time_there().timestamp() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

    def _serve(self) -> None:
        front = self.server.front
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        host = (self.headers.get("Host") or "").partition(":")[0]
        front.strayed += host not in ("127.0.0.1", "")
        query = parse_qs(parts.query, keep_blank_values=True)
        received = Received(self.command, parts.path, query, self.headers, body, self.path)
        answer, spoiler = front.answered(received)
        front.calls.append((self.command, parts.path, answer.status))
        if spoiler == "slow":
            time.sleep(front.faults.slow_seconds)
        if spoiler in ("lost", "hang"):
            time.sleep(front.faults.hang_seconds if spoiler == "hang" else 0)
            self._break_off(b"", reset=True)
            return
        self._send(answer, spoiler)

    def _send(self, answer: Answer, spoiler: str | None) -> None:
        body = answer.body
        if spoiler == "null_page" and answer.status == 200:
            body = _all_null(body)
        elif spoiler == "cut_json":
            body = body[: max(1, len(body) // 2)]
        kind = "application/octet-stream" if spoiler == "wrong_type" else answer.content_type
        self.send_response(answer.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", f"sim-{sum(self.server.front.requests.values())}")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if spoiler in ("truncate", "reset"):
            self._break_off(body[: len(body) // 2], reset=spoiler == "reset")
        else:
            self.wfile.write(body)

    def _break_off(self, part: bytes, reset: bool) -> None:
        self.wfile.write(part)
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _all_null(body: bytes) -> bytes:
    """The answer with every value null; in a list, every row's."""
    try:
        known = json.loads(body)
    except ValueError:
        return b"null"
    if isinstance(known, list):
        return json.dumps([dict.fromkeys(row) if isinstance(row, dict) else None for row in known]).encode()
    return json.dumps(dict.fromkeys(known)).encode() if isinstance(known, dict) else b"null"
