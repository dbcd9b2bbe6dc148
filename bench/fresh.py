"""From a delivery in the inbox to a stored answer, while webhooks keep coming for many accounts.

`BENCH_ACCOUNTS` (default 20), `BENCH_RATE` deliveries a second over all of them (50), `BENCH_FRESH_S` how long (30),
`BENCH_EVENTS` of history over all of them (default 200,000; the figure asked for is with 10,000,000), `BENCH_WORKERS`
processes (1). The generator and the workers share the machine.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from bench import river
from bench.idle import Nothing, resident_mb, settings_of
from bench.measuring import Rows, alone, hand_over, load, row
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.demo.bulk import bulk_events
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.store import Store, open_store

FEED_S = 0.1
DRAIN_S = 20.0
READY, WARM, ALL_WARM = "ready", "warm", "all-warm"
WARM_WITHIN_S = 300.0


@dataclass(frozen=True)
class Load:
    """What comes in."""

    accounts: int = 20
    rate: float = 50.0
    seconds: float = 30.0
    events: int = 200_000
    workers: int = 1

    @property
    def names(self) -> list[str]:
        return [f"account-{number:02}" for number in range(self.accounts)]


@dataclass(frozen=True)
class Seen:
    """What one worker saw: seconds from receipt to answer, those of evaluating, CPU seconds, memory in MB."""

    latencies: list[float]
    evaluations: list[float]
    cpu: float
    memory: float


def fill(given: Load, folder: Path) -> None:
    """Each account with its share of the history, which ends within the last week, evaluated once."""
    world = river.World(given.events // given.accounts)
    known, catalogue = river.directory(world), river.catalogue()
    weeks = (datetime.now(UTC) - river.CUT) // timedelta(weeks=1)
    with open_store(settings_of(folder)) as store:
        for number, name in enumerate(given.names):
            store.create_account(name, platform="zendesk", zone=river.ZONE, settings={"base_url": "http://127.0.0.1:1"})
            for kind in ("people", "leave", "groups", "on_call"):
                getattr(store, f"replace_{kind}")(name, "file", getattr(known, kind))
            for events in bulk_events(world.events, world.agents, world.weeks, number, account=name):
                before = events.filter(pl.col("at") < river.CUT)
                store.add_events(name, before.with_columns(pl.col("at") + timedelta(weeks=weeks)))
            with store.writer(name, "bench"):
                Engine(store, name, catalogue).update()
            now = datetime.now(UTC)
            store.work.note_run(name, due_at=now + timedelta(hours=2), news_at=now, evaluated_at=now)


def serve(given: Load, folder: Path, number: int) -> Seen:
    """A worker, until the deliveries are over."""
    from helpdesk_wellbeing import arrivals
    from helpdesk_wellbeing.pipeline import steps
    from helpdesk_wellbeing.pipeline.worker import Worker

    settings = settings_of(folder)
    taken: dict[str, list[datetime]] = {name: [] for name in given.names}
    latencies: list[float] = []
    evaluations: list[float] = []
    met: set[str] = set()
    take_in, evaluate = arrivals.take_in, steps.evaluate

    def noted(store, account, most=arrivals.MOST):  # type: ignore[no-untyped-def]
        taken[account] += [item.received for item in store.inbox.take(account, most)]
        return take_in(store, account, most)

    def timed(means, account, *rest):  # type: ignore[no-untyped-def]
        began = time.perf_counter()
        outcome = evaluate(means, account, *rest)
        now = datetime.now(UTC)
        if outcome == "done" and not (folder / ALL_WARM).exists():
            taken[account].clear()
            met.add(account)
            if len(met) == given.accounts:
                (folder / f"{WARM}-{number}").touch()
        elif outcome == "done":
            evaluations.append(time.perf_counter() - began)
            latencies.extend((now - at).total_seconds() for at in taken[account])
            taken[account].clear()
        return outcome

    arrivals.take_in, steps.evaluate = noted, timed
    with open_store(settings) as store:
        worker = Worker(
            settings,
            store,
            lambda account: Nothing(),
            role="worker",
            at_once=int(os.environ.get("AT_ONCE", "0")) or None,
        )
        worker.start()
        (folder / f"{READY}-{number}").touch()
        _wait_for(folder / ALL_WARM, WARM_WITHIN_S + 60)
        cpu = time.process_time()
        _wait_for(folder / "over", given.seconds + DRAIN_S + 60)
        cpu = time.process_time() - cpu
        memory = resident_mb()
        worker.stop(10.0)
    return Seen(latencies, evaluations, cpu, memory)


def _wait_for(file: Path, at_most_s: float) -> None:
    deadline = time.monotonic() + at_most_s
    while not file.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{file.name} did not come")
        time.sleep(0.05)


def feed(given: Load, folder: Path) -> int:
    """Deliveries at the rate, by chance over the accounts, until all are taken; their number.

    Before that, some to every account until each worker has met each of them, as after some minutes of work.
    """
    dice = random.Random(1)
    sent = 0
    with open_store(settings_of(folder)) as store:
        _warm_up(given, store, folder, dice)
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < given.seconds:
            now = datetime.now(UTC)
            wanted = int(elapsed * given.rate)
            new = [_receipt(dice.choice(given.names), n, now, dice) for n in range(sent, wanted)]
            if new:
                store.inbox.add_many(new)
            sent = max(sent, wanted)
            time.sleep(FEED_S)
        over = time.monotonic() + DRAIN_S
        while any(one.waiting for one in store.inbox.depth().values()) and time.monotonic() < over:
            time.sleep(0.1)
        time.sleep(2.0)
    (folder / "over").touch()
    return sent


def _warm_up(given: Load, store: Store, folder: Path, dice: random.Random) -> None:
    deadline, number = time.monotonic() + WARM_WITHIN_S, 0
    while not all((folder / f"{WARM}-{worker}").exists() for worker in range(given.workers)):
        if time.monotonic() > deadline:
            raise RuntimeError("not every worker met every account")
        now = datetime.now(UTC)
        store.inbox.add_many([_receipt(name, number := number - 1, now, dice) for name in given.names])
        time.sleep(1.0)
    while any(one.waiting for one in store.inbox.depth().values()):
        time.sleep(0.1)
    (folder / ALL_WARM).touch()


def _receipt(account: str, number: int, now: datetime, dice: random.Random) -> Receipt:
    event = {"id": f"webhook:{number}", "at": now.isoformat(), "ticket": str(dice.randrange(1, 2000)),
             "actor_kind": "unknown", "kind": "status", "before": "open", "after": "pending",
             "channel": "email", "grade": "B"}  # fmt: skip
    return Receipt(account, Delivery(f"event:{number}", (event,)), now)


def measure(given: Load, folder: Path) -> Rows:
    """The table's lines."""
    alone(fill, given, folder)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # of the workers: many small frames, several accounts at a time
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        workers = [pool.submit(serve, given, folder, number) for number in range(given.workers)]
        for number in range(given.workers):
            _wait_for(folder / f"{READY}-{number}", 60)
        sent = feed(given, folder)
        seen = [worker.result() for worker in workers]
    latencies = sorted(value for one in seen for value in one.latencies)
    evaluations = [value for one in seen for value in one.evaluations]
    what = f"fresh: {given.rate:.0f} deliveries/s, {given.accounts} accounts, {given.events:,} events, "
    return [
        row(what + f"{given.workers} worker(s)", f"p99 {_at(latencies, 0.99):.2f} s", "p99 < 2 s"),
        row("  p50, and the slowest", f"{_at(latencies, 0.5):.2f} s, {latencies[-1]:.2f} s"),
        row("  deliveries that reached an answer", f"{len(latencies):,} of {sent:,}", "all"),
        row("  evaluations, and the typical one", f"{len(evaluations):,}, {statistics.median(evaluations):.2f} s"),
        row(
            f"  CPU and memory of the workers ({load()})",
            f"{sum(one.cpu for one in seen) / given.seconds:.0%}, {max(one.memory for one in seen):,.0f} MB",
        ),
    ]


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _asked() -> Load:
    values = {"BENCH_ACCOUNTS": 20, "BENCH_RATE": 50, "BENCH_FRESH_S": 30, "BENCH_EVENTS": 200_000, "BENCH_WORKERS": 1}
    given = [int(os.environ.get(name, value)) for name, value in values.items()]
    return Load(given[0], float(given[1]), float(given[2]), given[3], given[4])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-fresh-") as place:
        hand_over(measure(_asked(), Path(place)))
