"""What reading a Freshdesk account costs, in credits of a simulated Freshdesk: polls in steady state, and a backfill.

Everybody reads the same days of the simulated team, over HTTP, by a clock that passes only with polls, answers and
waits: a run takes minutes instead of days, and gives the same figures again. A changed ticket is one that changed since
the poll before, counted at each poll. `tap-freshdesk` runs in an environment of its own, `.venv-peers`; `BENCH_PEERS=1`
installs it there, otherwise it takes part when it is there already. `BENCH_DAYS` sets how many days are polled (default
1), `BENCH_TICKETS` the size of the backfill (default 10,000).
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
import requests

from bench.measuring import Rows, hand_over, row
from bench.peers import peer_python
from connectors.freshdesk import FreshdeskSettings
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.simulated import Options, SimulatedFreshdesk, Site
from connectors.freshdesk.simulated.bulk import bulk_site
from connectors.freshdesk.simulated.options import PLANS
from connectors.freshdesk.simulated.talks import spoken
from connectors.freshdesk.simulated.words import REMARK
from connectors.simulating.answers import Answer
from connectors.simulating.front import Received
from helpdesk_wellbeing import pulling
from helpdesk_wellbeing.demo import simulate
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.pulling import Pulled
from helpdesk_wellbeing.store import Store, open_store

ACCOUNT = "acme"
SEED, END = 1, date(2026, 10, 28)  # a Wednesday: rules close as many tickets as in the mean of a week
NAMES = ("growth", "pro", "enterprise")
EVERY = (timedelta(minutes=5), timedelta(minutes=15))
WARM = timedelta(hours=4)  # of polls before the stretch
BEFORE = timedelta(days=8)  # what a first pull has read by then
LATEST = timedelta(hours=4)  # what is said at the end of the stretch may become known after it
TAP = "tap-freshdesk==1.0.1"
ROWS = 100
RESERVE = 0.3
ANSWER_S = 0.2  # what an answer takes by the account's clock


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


class Account(SimulatedFreshdesk):
    """A simulated Freshdesk whose answers take time."""

    def __enter__(self) -> Account:
        super().__enter__()
        return self

    def __init__(self, site: Site, clock: Clock) -> None:
        super().__init__(site, now=clock.now, ticks=clock.ticks)
        self._clock = clock

    def answered(self, received: Received) -> tuple[Answer, str | None]:
        self._clock.sleep(ANSWER_S)
        return super().answered(received)


class Reader(Protocol):
    """Who reads an account."""

    gave_up: int  # polls that did not come to their end

    def poll(self) -> list[int]:
        """Read what is new; the ids of conversations that are known now."""
        ...


@dataclass
class Ours:
    """The product: the connector through `pulling.pull` into SQLite, one connector a pull as in `serve`."""

    front: Account
    clock: Clock
    store: Store
    since: datetime | None
    settings: FreshdeskSettings
    gave_up: int = 0

    @staticmethod
    def at(front: Account, clock: Clock, store: Store, since: datetime | None, **settings: Any) -> Ours:
        """A reader."""
        if ACCOUNT not in [known.name for known in store.accounts()]:
            store.create_account(ACCOUNT, platform="freshdesk")
        described = FreshdeskSettings(
            account=ACCOUNT, domain=Options().domain, api_key=front.api_key, base_url=front.base_url, **settings
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

    front: Account
    clock: Clock
    mark: datetime
    session: requests.Session = field(default_factory=requests.Session)
    gave_up: int = 0

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

    def __init__(self, python: Path, front: Account, clock: Clock, start: datetime) -> None:
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

    @contextmanager
    def open(self) -> Iterator[Tap]:
        """Itself, until its process ends."""
        with self._process:
            try:
                yield self
            finally:
                self._process.kill()

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
    """What polling cost over the stretch, and how many minutes after they were said conversations were known."""

    credits: int
    changed: int
    delays: list[float]
    missing: int
    gave_up: int

    @property
    def per_1000(self) -> float:
        return 1000 * self.credits / self.changed

    def delay(self, share: float) -> float:
        return float(np.quantile(self.delays, share))


@dataclass(frozen=True)
class Stretch:
    """Days of a team's life, from midnight to midnight UTC, that are polled."""

    site: Site
    begin: datetime
    end: datetime

    @property
    def since(self) -> datetime:
        """What happened before is nobody's concern."""
        return self.begin - WARM - BEFORE

    def account(self, clock: Clock, plan: str = "growth", unlimited: bool = False) -> Account:
        """The team's account on this plan."""
        return Account(replace(self.site, options=replace(self.site.options, plan=plan, unlimited=unlimited)), clock)

    def prepare(self, database: Path) -> None:
        """Our first pull, from which polling goes on."""
        clock = Clock(self.begin - WARM)
        with open_store(f"sqlite:///{database}") as store, self.account(clock, unlimited=True) as front:
            Ours.at(front, clock, store, self.since).poll()

    def polled(self, front: Account, clock: Clock, every: timedelta, reader: Reader) -> Steady:
        """Poll from a while before; what the stretch itself cost counts."""
        truth = self._truth(front)
        known: dict[int, datetime] = {}
        before: int | None = None
        due = self.begin - WARM
        while due < self.end:
            clock.at = max(clock.at, due)
            if before is None and due >= self.begin:
                before = front.credits.total()
            for one in reader.poll():
                known.setdefault(one, clock.at)
            due += every
        return Steady(
            credits=front.credits.total() - (before or 0),
            changed=self._changed(front, every),
            delays=[(known[one] - at) / timedelta(minutes=1) for one, at in truth.items() if one in known],
            missing=sum(1 for one, at in truth.items() if one not in known and at < self.end - LATEST),
            gave_up=reader.gave_up,
        )

    def _truth(self, front: Account) -> dict[int, datetime]:
        """When each conversation was said; a customer's remark on a rating is none of ours."""
        inside = pl.col("sec").is_between(self.begin.timestamp(), self.end.timestamp() - 1)
        talks = spoken(front.record.log, front.site.options).filter(inside & (pl.col("what") != REMARK))
        return {one: datetime.fromtimestamp(sec, UTC) for one, sec in talks.select("event", "sec").iter_rows()}

    def _changed(self, front: Account, every: timedelta) -> int:
        """How many (ticket, poll since whose predecessor it had changed) there were."""
        columns, step = front.record.versions.columns, int(every.total_seconds())
        updated, first, last = columns["updated"], int(self.begin.timestamp()), int(self.end.timestamp()) - step
        inside = (updated > first - step) & (updated <= last)
        polls = -((first - updated[inside]) // step)
        return len(set(zip(columns["ticket"][inside].tolist(), polls.tolist(), strict=True)))


@lru_cache(1)
def of_the_team(days: int, end: date = END) -> Stretch:
    """The last days of the simulated team."""
    over = datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=1)
    return Stretch(Site.from_world(simulate(SEED, end=end)), over - timedelta(days=days), over)


def ours(stretch: Stretch, plan: str, every: timedelta, prepared: Path) -> Steady:
    """The product, as `serve` polls."""
    clock = Clock(stretch.begin - WARM)
    with tempfile.TemporaryDirectory(prefix="bench-credits-") as folder, stretch.account(clock, plan) as front:
        shutil.copy(prepared, Path(folder) / "ours.db")
        with open_store(f"sqlite:///{folder}/ours.db") as store:
            return stretch.polled(front, clock, every, Ours.at(front, clock, store, stretch.since, patient=True))


def plain(stretch: Stretch, plan: str, every: timedelta) -> Steady:
    """The usual way."""
    clock = Clock(stretch.begin - WARM)
    with stretch.account(clock, plan) as front:
        return stretch.polled(front, clock, every, Plain(front, clock, stretch.begin - WARM))


def tap(stretch: Stretch, plan: str, every: timedelta, python: Path) -> Steady:
    """The peer."""
    clock = Clock(stretch.begin - WARM)
    with stretch.account(clock, plan) as front, Tap(python, front, clock, stretch.begin - WARM).open() as reader:
        return stretch.polled(front, clock, every, reader)


@dataclass(frozen=True)
class Backfill:
    """What a first pull took by the account's clock, against what the quota allows at best."""

    minutes: float
    bound: float
    credits: int
    known: int


def backfill(tickets: int, plan: str = "growth") -> Backfill:
    """A first pull of an account with so many tickets, all of its history."""
    site = replace(bulk_site(tickets, 3), options=Options(plan=plan))
    newest = site.events["at"].max()
    assert isinstance(newest, datetime)
    clock = Clock(newest + timedelta(minutes=10))
    began = clock.at
    with (
        tempfile.TemporaryDirectory(prefix="bench-credits-") as folder,
        open_store(f"sqlite:///{folder}/ours.db") as store,
        Account(site, clock) as front,
    ):
        said = Ours.at(front, clock, store, None, reserve=RESERVE).poll()
        spent = front.credits.total()
    return Backfill((clock.at - began) / timedelta(minutes=1), bound(tickets, plan), spent, len(said))


def bound(tickets: int, plan: str) -> float:
    """Minutes that nobody can undercut who leaves the reserve.

    Needed: a credit for the conversations of each ticket, and three for each hundred of them in the list with `stats`.
    Usable in a minute: the plan's calls less the reserve; of these, lists as many as their own limit less the reserve.
    The first minute's share can be spent at once, so it takes a minute less than the shares that are needed.
    """
    pages = math.ceil(tickets / ROWS)
    credits, lists = (total - int(total * RESERVE) for total in (PLANS[plan].total, PLANS[plan].tickets))
    return max(math.ceil((tickets + 3 * pages) / credits), math.ceil(pages / lists)) - 1


def _conversations(events: pl.DataFrame) -> list[int]:
    ids = events.select(pl.col("id").str.extract(r"^conversation:(\d+)$").cast(pl.Int64)).to_series()
    return ids.drop_nulls().to_list()


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_the_team(days: int, who: str, plan: str, every: timedelta, more: Path | None) -> Steady:
    """One run, in a process that may have the team already."""
    stretch = of_the_team(days)
    if who == "plain":
        return plain(stretch, plan, every)
    assert more is not None
    return ours(stretch, plan, every, more) if who == "ours" else tap(stretch, plan, every, more)


def measure(days: int, tickets: int, folder: Path) -> Rows:
    """The table's lines."""
    python = peer_python("tap_freshdesk", TAP)
    prepared = folder / "prepared.db"
    more = {"ours": prepared, "plain": None, "tap": python}
    cases = [(plan, every) for every in EVERY for plan in NAMES]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, min(4, os.cpu_count() or 1)), mp_context=spawn) as pool:
        filled = pool.submit(backfill, tickets)
        of_the_team(days).prepare(prepared)
        runs = {
            (who, *case): pool.submit(_of_the_team, days, who, *case, more[who])
            for case in cases
            for who in more
            if who != "tap" or python is not None
        }
        found = {key: run.result() for key, run in runs.items()}
    rows = [line for case in cases for line in _steady_rows(*case, {who: found.get((who, *case)) for who in more})]
    return rows + _backfill_rows(tickets, filled.result())


def _steady_rows(plan: str, every: timedelta, found: dict[str, Steady | None]) -> Rows:
    usual, mine = found["plain"], found["ours"]
    assert usual is not None
    assert mine is not None
    minutes = f"{every // timedelta(minutes=1)} min"
    rows = [
        row(f"credits for 1,000 changed tickets: {plan}, a poll every {minutes}", f"{mine.per_1000:,.0f}",
            f"<= {usual.per_1000 / 2:,.0f}"),
        row("  conversations known after (half of them, 99 in 100)", _known_after(mine)),
    ]  # fmt: skip
    for name, peer in (("list and conversations at every poll", usual), ("tap-freshdesk", found["tap"])):
        if peer is None:
            rows.append(row(f"  {name}", "not installed"))
            continue
        shown = f"{peer.per_1000:,.0f} ({mine.credits / peer.credits:.0%})"
        gave_up = f", gave up at {peer.gave_up} polls" if peer.gave_up else ""
        rows.append(row(f"  {name} (ours takes … of it){gave_up}", shown))
        rows.append(row("    conversations known after", _known_after(peer)))
    return rows


def _known_after(one: Steady) -> str:
    missing = f", {one.missing} never" if one.missing else ""
    return f"{one.delay(0.5):.0f} min, {one.delay(0.99):.0f} min{missing}"


def _backfill_rows(tickets: int, filled: Backfill) -> Rows:
    return [
        row(f"backfill of {tickets:,} tickets on Growth, by the account's clock", f"{filled.minutes:.1f} min",
            f"<= {1.1 * filled.bound:.1f} min"),
        row("  what the quota less the reserve allows at best", f"{filled.bound:.0f} min"),
        row("  credits", f"{filled.credits:,}"),
    ]  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-credits-") as place:
        how_many = int(os.environ.get("BENCH_TICKETS", 10_000))
        hand_over(measure(int(os.environ.get("BENCH_DAYS", 1)), how_many, Path(place)))
