"""Pulling from a simulated Zendesk without limits into SQLite, against a bare loop and dlt on the same server.

`BENCH_TICKETS` sets the size (default 100,000 tickets of three saves). dlt runs in an environment of its own,
`.venv-peers`; `BENCH_PEERS=1` installs it there, otherwise it takes part when it is there already.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from bench.measuring import Rows, alone, hand_over, load, peak_mb, row
from bench.peers import peer_python
from connectors.zendesk import ZendeskSettings, connect
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.pulling import Pulled, pull
from helpdesk_wellbeing.store import open_store

ACCOUNT = "bulk"
SAVES = 3
PAGE_ROWS = 1000
EXPORTS = ("tickets", "ticket_events", "users", "metric_events")
DLT_PAGES = 10  # of each export; all of it would take many minutes
DLT_SECONDS = 240


@dataclass(frozen=True)
class Access:
    """Where the simulated platform is and what opens it."""

    base_url: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Speed:
    """What one reader did: rows and seconds by stream, peak memory in MB, requests."""

    rows: dict[str, int]
    seconds: dict[str, float]
    peak: float
    requests: int = 0

    def rate(self, stream: str) -> float:
        return self.rows.get(stream, 0) / max(self.seconds.get(stream, 0.0), 1e-9)


@contextmanager
def simulated(tickets: int, saves: int = SAVES) -> Iterator[Access]:
    """A simulated Zendesk in a process of its own."""
    command = [sys.executable, "-m", "connectors.zendesk.simulated", "--unlimited"]
    command += ["--bulk-tickets", str(tickets), "--bulk-saves", str(saves)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            base_url = process.stdout.readline().strip()
            words = process.stderr.readline().strip().split()  # client id X, client secret Y
            yield Access(base_url, words[2].rstrip(","), words[-1])
        finally:
            process.terminate()


def ours(access: Access, folder: Path) -> Speed:
    """The product: the connector through `pulling.pull` into SQLite. A page's time is its stream's."""
    settings = ZendeskSettings(
        account=ACCOUNT,
        subdomain=ACCOUNT,
        base_url=access.base_url,
        client_id=access.client_id,
        client_secret=access.client_secret,
    )
    seconds: dict[str, float] = {}
    before = time.perf_counter()

    def stop_the_watch(page: Page, pulled: Pulled) -> None:
        nonlocal before
        now = time.perf_counter()
        seconds[page.stream] = seconds.get(page.stream, 0.0) + now - before
        before = now

    connector = connect(settings)
    with open_store(f"sqlite:///{folder}/ours.db") as store:
        store.create_account(ACCOUNT, platform="zendesk")
        with store.writer(ACCOUNT, "bench"):
            pulled = pull(store, ACCOUNT, connector, on_page=stop_the_watch)
    return Speed(pulled.rows, seconds, peak_mb(), sum(connector.api.session.requests_made.values()))


class BareLoop:
    """The peer: pages from the standard library's client, each row's JSON as it came into SQLite by its id."""

    def __init__(self, access: Access, database: Path) -> None:
        split = urlsplit(access.base_url)
        self._http = http.client.HTTPConnection(split.hostname or "", split.port)
        self._headers = {"Authorization": f"Bearer {token(access)}"}
        self._database = sqlite3.connect(database)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self.requests = 0

    def stream(self, name: str, path: str) -> int:
        """Read one export to its end; the number of rows."""
        self._database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, at TEXT, content BLOB)")
        upsert = f"INSERT INTO {name} VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content"
        count = 0
        place = "start_time=0"
        while True:
            answer = self._answer(f"{path}?{place}&per_page={PAGE_ROWS}")
            rows = answer[name]
            with self._database:
                self._database.executemany(
                    upsert, ((row["id"], row.get("updated_at"), orjson.dumps(row)) for row in rows)
                )
            count += len(rows)
            if answer["end_of_stream"]:
                return count
            cursor = answer.get("after_cursor")
            place = f"cursor={cursor}" if cursor else f"start_time={answer['end_time']}"

    def _answer(self, path: str) -> dict[str, list[dict[str, object]]]:
        self.requests += 1
        self._http.request("GET", path, headers=self._headers)
        found: dict[str, list[dict[str, object]]] = orjson.loads(self._http.getresponse().read())
        return found


def bare_loop(access: Access, folder: Path) -> Speed:
    """Both large exports by the bare loop."""
    loop = BareLoop(access, folder / "bare.db")
    rows, seconds = {}, {}
    for name, path in (
        ("tickets", "/api/v2/incremental/tickets/cursor"),
        ("ticket_events", "/api/v2/incremental/ticket_events"),
    ):
        began = time.perf_counter()
        rows[name] = loop.stream(name, path)
        seconds[name] = time.perf_counter() - began
    return Speed(rows, seconds, peak_mb(), loop.requests)


def token(access: Access) -> str:
    """An OAuth token by client credentials."""
    split = urlsplit(access.base_url)
    http_ = http.client.HTTPConnection(split.hostname or "", split.port)
    body = {
        "grant_type": "client_credentials",
        "client_id": access.client_id,
        "client_secret": access.client_secret,
        "scope": "read",
        "expires_in": 7200,
    }
    http_.request("POST", "/oauth/tokens", json.dumps(body), {"Content-Type": "application/json"})
    return str(json.loads(http_.getresponse().read())["access_token"])


def dlt_into_duckdb(python: Path, access: Access, folder: Path) -> Speed | None:
    """dlt with a small resource for each export, merged by id into DuckDB; None when it took too long."""
    given = json.dumps({"base_url": access.base_url, "token": token(access), "folder": str(folder), "pages": DLT_PAGES})
    environment = os.environ | {"DLT_DATA_DIR": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    try:
        done = subprocess.run(
            [str(python), str(Path(__file__).with_name("dlt_peer.py"))],
            input=given, capture_output=True, text=True, env=environment, cwd=folder, timeout=DLT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(f"dlt stopped: {done.stderr.strip().splitlines()[-1:]}")
    return Speed(**json.loads(done.stdout.strip().splitlines()[-1]))


def measure(tickets: int, folder: Path) -> Rows:
    """The table's lines for an account of this size."""
    with simulated(tickets) as access:
        mine = alone(ours, access, folder)
        bare = alone(bare_loop, access, folder)
        python = peer_python("dlt", "dlt[duckdb]")
        dlt = None if python is None else dlt_into_duckdb(python, access, folder)
    export_rows = sum(mine.rows.get(stream, 0) for stream in EXPORTS)
    whole = -(-export_rows // PAGE_ROWS)
    rows = [
        row(f"pull: tickets ({mine.rows['tickets']:,})", f"{mine.rate('tickets'):,.0f}/s", ">= 10,000/s"),
        row(
            f"pull: ticket events ({mine.rows['ticket_events']:,})",
            f"{mine.rate('ticket_events'):,.0f}/s",
            ">= 20,000/s",
        ),
        row("  peak memory of the pulling process", f"{mine.peak:,.0f} MB", "< 300 MB"),
        row(f"  requests for {export_rows:,} export rows", f"{mine.requests:,}", f"<= {whole:,} + constant"),
        row(f"    the constant ({load()})", f"{mine.requests - whole:,}"),
        *_peer("a bare loop, raw JSON into SQLite", bare, mine),
    ]
    if python is None:
        return [*rows, row("  dlt into DuckDB", "not installed")]
    if dlt is None:
        return [*rows, row("  dlt into DuckDB", f"not done in {DLT_SECONDS} s")]
    return [*rows, *_peer("dlt into DuckDB", dlt, mine)]


def _peer(name: str, peer: Speed, mine: Speed) -> Rows:
    return [
        row(
            f"  {name}: {stream.replace('_', ' ')} (ours is … times as fast)",
            f"{peer.rate(stream):,.0f}/s ({mine.rate(stream) / peer.rate(stream):.1f} x)",
        )
        for stream in ("tickets", "ticket_events")
    ] + [row(f"  {name}: peak memory", f"{peer.peak:,.0f} MB")]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-pull-") as place:
        hand_over(measure(int(os.environ.get("BENCH_TICKETS", 100_000)), Path(place)))
