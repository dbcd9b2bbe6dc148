"""The loopback HTTP server: sockets, headers, faults on the wire."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl

from .access import Access
from .answers import Answer, plain_error
from .api import Api, Request
from .door import Door
from .faults import ERRORS, Faults
from .limits import Bucket, Limits
from .mischief import REFUSALS, Mischief
from .site import Holdings, Site
from .touches import Touch, touched

LOG_IN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


class SimulatedZendesk:
    """A Zendesk account on a loopback port.

    `now` says what time it is there, aware and UTC (default: ten minutes after the site's last event).
    Credentials are made at start: `client_id`, `client_secret`, and the legacy `api_token` of
    `options.service_email`. `requests` counts by endpoint, `calls` keeps the last 1000 as (method, path,
    status), `strayed` counts requests under another host name. `others` lets other people act; what is in `on_write`
    is called after each save that came in by API or through `others`.
    """

    def __init__(
        self,
        site: Site,
        port: int = 0,
        now: Callable[[], datetime] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        options = site.options
        self.access = Access(options)
        minute = options.minute
        self.limits = Limits(
            Bucket(options.limit, minute), Bucket(options.export_limit, minute), options.unlimited,
            Bucket(options.update_limit, minute), options.ticket_update_limit,
        )  # fmt: skip
        self.requests: Counter[str] = Counter()
        self.calls: deque[tuple[str, str, int]] = deque(maxlen=1000)
        self.strayed = 0
        self._server = _Server(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        told = now or _after_the_last_event(site)
        self.api = Api(Holdings(site, self.base_url), self.access, self.faults, told)
        self.record = self.api.record
        self.now = self.record.now
        self.others = Door(self.record, self.api.writes)
        self.on_write = self.record.on_write
        self._written = 0

    @property
    def site(self) -> Site:
        """What the account holds now, in our words: whatever was written is among its events."""
        return self.record.holdings.site

    def configuration(self) -> dict[str, list[dict[str, Any]]]:
        """What admins have set up, in a stable order: equal before an installation and after its removal."""
        with self.record.lock:
            return self.api.setup.configuration()

    def happen(self, events: pl.DataFrame) -> None:
        """Let more events (in `events.SCHEMA`, none older than the newest) have happened; webhooks hear of them.

        For a team that lives on: call it from `on_write`, or as the clock goes.
        """
        with self.record.lock:
            newest, first = self.site.events["at"].max(), events["at"].min()
            if isinstance(newest, datetime) and isinstance(first, datetime) and first < newest.replace(microsecond=0):
                raise ValueError("what happens is newer than all that happened")
            children = self.record.append(events)
        self.record.tell(children, {})

    @property
    def client_id(self) -> str:
        return self.access.client_id

    @property
    def client_secret(self) -> str:
        return self.access.client_secret

    @property
    def api_token(self) -> str:
        return self.access.api_token

    def start(self, prepare: bool = False) -> SimulatedZendesk:
        """Serve in a thread; `prepare` renders the streams first, for measurements."""
        if prepare:
            self.api.holdings.prepare(int(self.now().timestamp()))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> SimulatedZendesk:
        return self if self._thread else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def touch(self, ticket: str, agent: str, kind: str = "replied", value: str | None = None) -> Touch:
        """Let `agent` (of `customer_replied`: the customer) do one thing to a ticket now; webhooks hear of it.

        From now on it stands in every answer, as if it had always been there; `value` is what a change of state
        leads to. All in our words and ids. Raises ValueError for what webhooks do not tell.
        """
        with self.record.lock:
            row = touched(self.site.events, self.now(), ticket, agent, kind, value)
            children = self.record.append(row)
        return self.record.tell(children, {row["id"][0]: kind})[0]

    def subscribe(self, listener: Callable[[Touch], None]) -> None:
        """Have `listener` called with everything that is touched or written."""
        with self.record.lock:
            self.record.subscribed.append(listener)

    def unsubscribe(self, listener: Callable[[Touch], None]) -> None:
        """Call it no more."""
        with self.record.lock:
            self.record.subscribed.remove(listener)

    def answer(self, request: Request) -> tuple[Answer, str | None]:
        """The answer, and the spoiler that is to be done on the wire."""
        self.requests[request.endpoint] += 1
        spoiler = self.faults.spoiler(request.path, request.target)
        replaced = self._instead(spoiler, request)
        if replaced is None and _writes(request):
            return self._written_answer(request, spoiler)
        return replaced or self._limited(request), spoiler

    def _written_answer(self, request: Request, spoiler: str | None) -> tuple[Answer, str | None]:
        """The answer to a write; a fault of writes comes in where no other did."""
        own = None if spoiler else self.faults.write_spoiler(request.path, f"{request.method} {request.target}")
        if own is not None and own in REFUSALS:
            return Answer.of(*REFUSALS[own]), None
        if own is not None:
            Mischief(self.others, self.record, request).do(own)
        answer = self._limited(request)
        if answer.status < 300:
            self._written += 1
            if self._written == self.faults.writes_until_revoked:
                self.access.switch_off()
        if own == "late_error":
            return Answer.of(plain_error("GatewayTimeout", "The server took too long"), 504), None
        return answer, own or spoiler

    def _limited(self, request: Request) -> Answer:
        export, updated = "/incremental/" in request.path, _updated(request)
        headers, waits = self.limits.check(export, updated)
        if waits is not None:
            text = _throttled("ticket update " if updated is not None else "incremental export " if export else "")
            return Answer.of(plain_error("APIRateLimitExceeded", text), 429, headers)
        answer = self.api.answer(request)
        answer.headers.update(headers)
        return answer

    def _instead(self, spoiler: str | None, request: Request) -> Answer | None:
        """What comes in place of the real answer, for the spoilers that replace it."""
        if spoiler in ("throttle", "throttle_bare"):
            wait = {"Retry-After": str(self.faults.retry_after)} if spoiler == "throttle" else {}
            return Answer.of(plain_error("APIRateLimitExceeded", _throttled("")), 429, wait)
        if spoiler == "error":
            status = ERRORS[self.faults.happened["error"] % len(ERRORS)]
            if status == 502:
                return Answer(b"<html><body>502 Bad Gateway</body></html>", status, {}, "text/html")
            return Answer.of(plain_error("InternalError", "Something went wrong"), status)
        if spoiler == "html":
            return Answer(LOG_IN_PAGE, 200, {}, "text/html; charset=utf-8")
        if spoiler == "redirect":
            port = urlsplit(self.base_url).port
            return Answer(b"", 302, {"Location": f"http://localhost:{port}{request.target}"}, "text/html")
        if spoiler == "expire":
            self.access.revoke_all()
        return None


def _throttled(what: str) -> str:
    return f"Number of allowed {what}API requests per minute exceeded"


def _writes(request: Request) -> bool:
    return request.method != "GET" and request.path.startswith("/api/v2/")


def _updated(request: Request) -> str | None:
    """The ticket that the request updates; "" when there are several, null when none."""
    named = re.fullmatch(r"tickets/(\d+|update_many)(?:/tags)?", request.resource)
    if named is None or request.method not in ("PUT", "POST", "DELETE"):
        return None
    return "" if named[1] == "update_many" else named[1]


def _after_the_last_event(site: Site) -> Callable[[], datetime]:
    last = site.events["at"].max()
    at = datetime.fromtimestamp(last.timestamp() + 600, UTC) if isinstance(last, datetime) else datetime.now(UTC)
    return lambda: at


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], front: SimulatedZendesk) -> None:
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
        return super().date_time_string(self.server.front.now().timestamp() if timestamp is None else timestamp)

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
        request = Request(self.command, parts.path, query, self.headers.get("Authorization"), body, self.path,
                          self.headers.get("Idempotency-Key"))  # fmt: skip
        answer, spoiler = front.answer(request)
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
    try:
        known = json.loads(body)
    except ValueError:
        return b"null"
    return json.dumps(dict.fromkeys(known)).encode() if isinstance(known, dict) else b"null"
