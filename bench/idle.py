"""A worker with 1,000 accounts in which nothing happens: its CPU and its memory.

`BENCH_ACCOUNTS` (default 1,000), `BENCH_IDLE_S` is how long it is watched (default 20). Each has a short history
and was silent for a week, so it is pulled every hour and evaluated every six; pulls bring nothing and cost no network.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from bench.measuring import Rows, alone, hand_over, load, row
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.feed import Page, Ping, Roster
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store

WARM_S = 15.0
HISTORY = 50  # events an account


class Nothing:
    """A helpdesk in which nothing happens."""

    platform = "zendesk"
    notes: tuple[str, ...] = ()

    def ping(self) -> Ping:
        return Ping("nobody")

    def roster(self, watermarks: Mapping[str, str] | None = None) -> Roster:
        return Roster(pl.DataFrame(schema=PEOPLE), pl.DataFrame(schema=GROUPS))

    def progress_line(self) -> str:
        return ""

    def pull(self, watermarks: Mapping[str, str], since: datetime | None) -> Iterator[Page]:
        return iter(())


def settings_of(folder: Path) -> Settings:
    return Settings(folder, f"sqlite:///{folder}/wellbeing.db")


def fill(folder: Path, accounts: int) -> None:
    """Accounts in the middle of a quiet life."""
    now = datetime.now(UTC)
    silent = now - timedelta(days=7)
    with open_store(settings_of(folder)) as store:
        for number in range(accounts):
            share = number / accounts
            name = f"account-{number:04}"
            with store.transaction():
                store.create_account(name, platform="zendesk", settings={"base_url": "http://127.0.0.1:1"})
                store.add_events(name, _history(name, silent))
                store.work.note_run(
                    name,
                    due_at=now + share * timedelta(hours=1),
                    pulled_at=now - (1 - share) * timedelta(hours=1),
                    news_at=silent,
                    evaluated_at=now - share * timedelta(hours=6),
                )
                store.set_clean(name)


def _history(account: str, until: datetime) -> pl.DataFrame:
    rows = [
        {"account": account, "id": f"e{n}", "at": until - timedelta(minutes=10 * n), "ticket": str(n // 3),
         "actor": str(n % 5), "actor_kind": "agent", "kind": "replied", "channel": "email", "grade": "A"}
        for n in range(HISTORY)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)


def watch(folder: Path, seconds: float) -> tuple[float, float, dict[str, int]]:
    """Share of a core, memory in MB, what was done."""
    from helpdesk_wellbeing.pipeline.worker import Worker

    settings = settings_of(folder)
    with open_store(settings) as store:
        worker = Worker(settings, store, lambda account: Nothing(), role="worker")
        worker.start()
        time.sleep(WARM_S)
        began, cpu = time.perf_counter(), time.process_time()
        time.sleep(seconds)
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
        memory, steps = resident_mb(), worker.counts()["steps"]
        worker.stop(10.0)
    return share, memory, steps


def resident_mb() -> float:
    """Memory of this process at this moment."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(accounts: int, seconds: float, folder: Path) -> Rows:
    """The table's lines."""
    alone(fill, folder, accounts)
    share, memory, steps = alone(watch, folder, seconds)
    return [
        row(f"idle: a worker with {accounts:,} silent accounts, CPU of a core", f"{share:.1%}", "< 5 %"),
        row(f"  memory ({load()})", f"{memory:,.0f} MB", "< 400 MB"),
        row(f"  pulls meanwhile, in {WARM_S + seconds:.0f} s", f"{steps.get('pull', 0)}"),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as place:
        number_of_accounts = int(os.environ.get("BENCH_ACCOUNTS", 1_000))
        hand_over(measure(number_of_accounts, float(os.environ.get("BENCH_IDLE_S", 20)), Path(place)))
