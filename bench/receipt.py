"""Webhooks in: `serve` on loopback, SQLite, signature checked, on the disk before the answer.

The load generator is one process on the same machine: `BENCH_CONNECTIONS` keep-alive connections (default 24),
each sending the next signed call when the last one is answered; `BENCH_CALLS` in all (default 20,000), every
tenth one a repetition. Afterwards the inbox is compared with what was answered.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bench.measuring import Rows, alone, hand_over, load, row
from helpdesk_wellbeing.settings import HOME_VARIABLE, load_settings
from helpdesk_wellbeing.store import open_store
from webhooks.known import SECRET
from webhooks.zendesk.signature import SIGNATURE, TIMESTAMP, sign

ACCOUNT = "acme"
KEY = "only-for-this-measurement"
WARM = 200


@contextmanager
def served(home: Path, role: str) -> Iterator[int]:
    """`serve` as a user runs it; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "helpdesk_wellbeing", "serve", "--role", role, "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | {HOME_VARIABLE: str(home)}, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("gunicorn did not start")


def calls(count: int) -> list[bytes]:
    """Signed requests, ready to send; every tenth one is the one before it again."""
    requests: list[bytes] = []
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in range(count):
        if number % 10 == 9:
            requests.append(requests[-1])
            continue
        body = json.dumps(_status_changed(number, timestamp)).encode()
        head = (
            f"POST /webhooks/zendesk/{ACCOUNT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"{SIGNATURE}: {sign(KEY, timestamp, body)}\r\n{TIMESTAMP}: {timestamp}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def _status_changed(number: int, time_: str) -> dict[str, object]:
    ticket = str(1 + number // 3)
    return {
        "type": "zen:event-type:ticket.status_changed", "account_id": 1, "id": f"{number:032x}", "time": time_,
        "zendesk_event_version": "2022-11-06", "subject": f"zen:ticket:{ticket}",
        "detail": {"id": ticket, "actor_id": "8001", "assignee_id": "8001", "group_id": "900", "requester_id": "7001",
                   "submitter_id": "7001", "organization_id": "0", "brand_id": "1", "form_id": "1", "external_id": "",
                   "status": "OPEN", "priority": "HIGH", "type": "QUESTION", "subject": "x" * 60,
                   "description": "y" * 400, "is_public": True, "tags": ["vip"], "via": {"channel": "email"},
                   "created_at": time_, "updated_at": time_},
        "event": {"current": "OPEN", "previous": "NEW", "meta": {"sequence": {"id": f"S{number}", "position": 1}}},
    }  # fmt: skip


@dataclass
class Sent:
    """What became of the calls: seconds in all, each one's, and the answers by status."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass
class _Call:
    """One connection and what it waits for."""

    connection: socket.socket
    began: float = 0.0
    answer: bytes = b""

    def is_whole(self) -> bool:
        head, found, body = self.answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return bool(found) and len(body) >= int(length)


def send(port: int, requests: list[bytes], connections: int) -> Sent:
    """Send all, each connection one call at a time."""
    began = time.perf_counter()
    sent = Sent(0.0)
    todo = iter(requests)
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            call = _Call(socket.create_connection(("127.0.0.1", port)))
            ready.register(call.connection, selectors.EVENT_READ, call)
            _next(ready, call, todo)
        while ready.get_map():
            for key, _ in ready.select():
                call = key.data
                call.answer += call.connection.recv(65536)
                if not call.is_whole():
                    continue
                sent.latencies.append(time.perf_counter() - call.began)
                sent.statuses[int(call.answer[9:12])] += 1
                _next(ready, call, todo)
    sent.seconds = time.perf_counter() - began
    return sent


def _next(ready: selectors.BaseSelector, call: _Call, todo: Iterator[bytes]) -> None:
    request = next(todo, None)
    if request is None:
        ready.unregister(call.connection)
        call.connection.close()
        return
    call.began, call.answer = time.perf_counter(), b""
    call.connection.sendall(request)


def measure(count: int, connections: int, role: str, home: Path) -> Rows:
    """The table's lines."""
    settings = load_settings({HOME_VARIABLE: str(home)})
    with open_store(settings) as store:
        store.create_account(ACCOUNT, platform="zendesk")
        store.put_secret(ACCOUNT, SECRET, KEY)
    with served(home, role) as port:
        send(port, calls(WARM), connections)
        sent = send(port, calls(count), connections)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    wanted = max(WARM, count) - max(WARM, count) // 10
    told = ", ".join(f"{status}: {number:,}" for status, number in sorted(sent.statuses.items()))
    is_asked = role == "web"
    return [
        row(
            f"receipt: {count:,} calls over {connections} connections, serve --role {role}",
            f"{count / sent.seconds:,.0f}/s",
            ">= 1,000/s" if is_asked else "",
        ),
        row("  p99 of an answer", f"{sent.percentile(0.99):.1f} ms", "< 50 ms" if is_asked else ""),
        row("  CPU of the server for one call, start included", f"{1e6 * cpu / (count + WARM):,.0f} µs"),
        row(f"  p50 ({load()})", f"{sent.percentile(0.5):.1f} ms"),
        row("  answers by status", told, "200 only"),
        row("  stored, of as many as were different", f"{_stored(settings.database_url):,} of {wanted:,}", "all"),
    ]


def _stored(database_url: str) -> int:
    engine = sa.create_engine(database_url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one())
    finally:
        engine.dispose()


def measure_roles(count: int, connections: int, roles: Sequence[str]) -> Rows:
    """Web processes alone, as behind a proxy, and together with a worker that works the calls off meanwhile."""
    rows: Rows = []
    for role in roles:
        with tempfile.TemporaryDirectory(prefix="bench-receipt-") as place:
            rows += alone(measure, count, connections, role, Path(place))
    return rows


if __name__ == "__main__":
    number_of_calls = int(os.environ.get("BENCH_CALLS", 20_000))
    hand_over(measure_roles(number_of_calls, int(os.environ.get("BENCH_CONNECTIONS", 24)), ("web", "all")))
