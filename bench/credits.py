"""What reading a Freshdesk account costs, in credits of a simulated Freshdesk: polls in steady state, and a backfill.

Everybody reads the same working days of the simulated team, over HTTP, by a clock of the simulated account: waiting
costs nothing, and a run gives the same figures again. `.venv-peers` may hold `tap-freshdesk`; `BENCH_PEERS=1` installs
it there. `BENCH_DAYS` is how many days are polled (default 2), `BENCH_TICKETS` the size of the backfill.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
import requests

from bench.measuring import Rows, hand_over, row
from bench.pull import PEERS
from connectors.freshdesk import FreshdeskSettings
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.simulated import Options, SimulatedFreshdesk, Site
from connectors.freshdesk.simulated.bulk import bulk_site
from connectors.freshdesk.simulated.talks import spoken
from connectors.freshdesk.simulated.words import REMARK
from helpdesk_wellbeing import pulling
from helpdesk_wellbeing.demo import simulate
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.pulling import Pulled
from helpdesk_wellbeing.store import Store, open_store

ACCOUNT = "acme"
DOMAIN = "acme.freshdesk.com"
SEED, END = 1, date(2026, 10, 30)  # a Friday
PLANS = ("growth", "pro", "enterprise")
EVERY = (timedelta(minutes=5), timedelta(minutes=15))
WARM = timedelta(hours=6)
TAP = "tap-freshdesk==1.0.1"
ROWS = 100
RESERVE = 0.3
LISTS_A_MINUTE = 20  # on Growth
CALLS_A_MINUTE = 200
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """The account's time, which passes only when somebody waits."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def ticks(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Reader(Protocol):
    """Who reads an account."""

    def poll(self) -> list[int]:
        """Read what is new; the ids of conversations that are known now."""
        ...


@dataclass
class Ours:
    """The product: the connector through `pulling.pull` into SQLite, one connector a pull as in `serve`."""

    front: SimulatedFreshdesk
    clock: Clock
    store: Store
    since: datetime
    settings: FreshdeskSettings

    @staticmethod
    def at(front: SimulatedFreshdesk, clock: Clock, store: Store, since: datetime, **settings: Any) -> Ours:
        """A reader with a new account in the store."""
        store.create_account(ACCOUNT, platform="freshdesk")
        described = FreshdeskSettings(
            account=ACCOUNT, domain=DOMAIN, api_key=front.api_key, base_url=front.base_url, **settings
        )
        return Ours(front, clock, store, since, described)

    def poll(self) -> list[int]:
        said: list[int] = []

        def listen(page: Page, pulled: Pulled) -> None:
            said.extend(_conversations(page.events))

        connector = FreshdeskConnector(self.settings, sleep=self.clock.sleep, now=self.clock.ticks)
        with self.store.writer(ACCOUNT, "bench"):
            pulling.pull(self.store, ACCOUNT, connector, self.since, on_page=listen)
        return said


@dataclass
class Plain:
    """The usual way: the list with `stats` since the last poll, then the conversations of each ticket in it."""

    front: SimulatedFreshdesk
    clock: Clock
    mark: datetime
    session: requests.Session = field(default_factory=requests.Session)

    def poll(self) -> list[int]:
        said: list[int] = []
        began = self.clock.at
        query = {"updated_since": _iso(self.mark), "order_by": "updated_at", "order_type": "asc", "include": "stats"}
        for ticket in self._all("tickets", query):
            said += [row["id"] for row in self._all(f"tickets/{ticket['id']}/conversations", {})]
        self.mark = began
        return said

    def _all(self, path: str, query: dict[str, str]) -> Iterator[Any]:
        page, rows = 0, [None] * ROWS
        while len(rows) == ROWS:
            page += 1
            rows = self._asked(path, {**query, "page": str(page), "per_page": str(ROWS)})
            yield from rows

    def _asked(self, path: str, query: dict[str, str]) -> list[Any]:
        while True:
            url = f"{self.front.base_url}/api/v2/{path}"
            answer = self.session.get(url, params=query, auth=(self.front.api_key, "X"), timeout=60)
            if answer.status_code != 429:
                answer.raise_for_status()
                rows: list[Any] = answer.json()
                return rows
            self.clock.sleep(float(answer.headers["Retry-After"]))


class Tap:
    """tap-freshdesk in a process of its own, one `sync` a poll, tickets and conversations only."""

    def __init__(self, python: Path, front: SimulatedFreshdesk, clock: Clock, start: datetime) -> None:
        self._clock = clock
        self.gave_up = 0
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("credits_peer.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._write(json.dumps({"base_url": front.base_url, "api_key": front.api_key, "start_date": _iso(start)}))

    def poll(self) -> list[int]:
        self._write("poll")
        while "sleep" in (answer := self._read()):
            self._clock.sleep(answer["sleep"])
            self._write("go on")
        self.gave_up += "failed" in answer
        said: list[int] = answer["said"]
        return said

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the tap has ended")
        found: dict[str, Any] = json.loads(line)
        return found


@dataclass(frozen=True)
class Steady:
    """What polling cost over the stretch, and how long after they were said conversations were known, in minutes."""

    credits: int
    changed: int
    delays: list[float]
    missing: int
    by_endpoint: dict[str, int]

    @property
    def per_1000(self) -> float:
        return 1000 * self.credits / self.changed

    def delay(self, share: float) -> float:
        return float(np.quantile(self.delays, share))


@dataclass(frozen=True)
class Stretch:
    """Days of a team's life that are polled, and the truth about them."""

    site: Site
    begin: datetime
    end: datetime

    @staticmethod
    def of_the_team(days: int, end: date = END) -> Stretch:
        """The last days of the simulated team, each from midnight to midnight."""
        world = simulate(SEED, end=end)
        over = datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=1)
        return Stretch(Site.from_world(world), over - timedelta(days=days), over)

    def front(self, plan: str, clock: Clock) -> SimulatedFreshdesk:
        """An account on this plan."""
        site = replace(self.site, options=replace(self.site.options, plan=plan))
        return SimulatedFreshdesk(site, now=clock.now, ticks=clock.ticks)

    def steady(
        self, plan: str, every: timedelta, reader: Callable[[SimulatedFreshdesk, Clock], Reader],
        then: Callable[[Reader], list[int]] | None = None,
    ) -> Steady:  # fmt: skip
        """Poll from a day before; what the stretch itself cost counts. What is said in its last four hours may come
        later and is left out of delays, as nobody looks any more."""
        clock = Clock(self.begin - WARM)
        with self.front(plan, clock) as front:
            truth = self._truth(front)
            read = reader(front, clock)
            known: dict[int, datetime] = {}
            begun: dict[str, int] = {}
            due = clock.at
            while due < self.end:
                clock.at = max(clock.at, due)
                if not begun and due >= self.begin:
                    begun = dict(front.credits)
                for one in read.poll():
                    known.setdefault(one, clock.at)
                due += every
            spent = {name: count - begun.get(name, 0) for name, count in front.credits.items()}
            changed = self._changed(front, every)
        delays = [(known[no] - at) / timedelta(minutes=1) for no, at in truth.items() if no in known]
        missing = sum(1 for no, at in truth.items() if no not in known and at < self.end - 5 * HOUR)
        return Steady(sum(spent.values()), changed, delays, missing, {name: n for name, n in spent.items() if n})

    def _truth(self, front: SimulatedFreshdesk) -> dict[int, datetime]:
        talks = spoken(front.record.log, front.site.options)
        inside = talks.filter(  # a customer's remark on a rating is no event of ours
            (pl.col("what") != REMARK) & pl.col("sec").is_between(self.begin.timestamp(), self.end.timestamp() - 1)
        )
        return {no: datetime.fromtimestamp(sec, UTC) for no, sec in inside.select("event", "sec").iter_rows()}

    def _changed(self, front: SimulatedFreshdesk, every: timedelta) -> int:
        """How many (ticket, poll in which it had changed) there were."""
        columns = front.record.versions.columns
        begin, end = int(self.begin.timestamp()), int(self.end.timestamp())
        inside = (columns["updated"] > begin - every.total_seconds()) & (columns["updated"] <= end - every.total_seconds())
        polls = -((begin - columns["updated"][inside]) // int(every.total_seconds()))
        return len(set(zip(columns["ticket"][inside].tolist(), polls.tolist(), strict=True)))


def _conversations(events: pl.DataFrame) -> list[int]:
    ids = events.select(pl.col("id").str.extract(r"^conversation:(\d+)$").cast(pl.Int64)).to_series()
    return ids.drop_nulls().to_list()


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
