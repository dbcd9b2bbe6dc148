"""From stored events to flags: everything from cold, and 1,000 new events on top of a long and a short history.

`BENCH_EVENTS` sets the size of the long history (default 10,000,000: 2,000 agents, 17 weeks); agents follow it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from bench.measuring import Rows, alone, hand_over, load, peak_mb, row
from helpdesk_wellbeing import flags
from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.demo.bulk import bulk_directory, bulk_events
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.people import Directory
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import Store, open_store

ACCOUNT = "bulk"
ZONE = "Europe/Amsterdam"
WEEKS = 17
EVENTS_AN_AGENT = 5_000
NEW_EVENTS = 1_000
BATCHES = 5
# Stored is what happened before this Thursday afternoon, when everybody from India to America is at work.
CUT = datetime(2026, 11, 19, 14, tzinfo=UTC)
SEED = 1


@dataclass(frozen=True)
class World:
    """A history that ends at `CUT`."""

    events: int
    weeks: int = WEEKS
    days: float | None = None  # only the last days of it

    @property
    def agents(self) -> int:
        return max(self.events // EVENTS_AN_AGENT, 10)

    @property
    def since(self) -> datetime | None:
        return None if self.days is None else CUT - timedelta(days=self.days)

    def weekly(self) -> Iterator[pl.DataFrame]:
        """Events in order, a frame a week, those after `CUT` included."""
        return bulk_events(self.events, self.agents, self.weeks, SEED, account=ACCOUNT)

    def tenth(self) -> World:
        """The last tenth of the weeks, as dense as all of them."""
        return World(self.events, self.weeks, self.weeks * 7 / 10)


@dataclass(frozen=True)
class Filled:
    events: int
    took: float
    megabytes: float


@dataclass(frozen=True)
class Cold:
    took: float
    updating: float
    flags: int
    peak: float
    cpu: float


def catalogue() -> Catalogue:
    return Catalogue(SIGNALS, load_rules(SIGNALS))


def database(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/bench.db")


def directory(world: World) -> Directory:
    """The world's people; one in a hundred is planned for mornings only, so that there is something to flag."""
    everybody = bulk_directory(world.agents, zone=ZONE)
    mornings = pl.int_range(pl.len()) % 100 == 7
    people = everybody.people.with_columns(
        schedule=pl.when(mornings).then(pl.lit("Mon-Fri 09:00-13:00")).otherwise("schedule"),
        contract_hours=pl.when(mornings).then(20.0).otherwise("contract_hours"),
    )
    return replace(everybody, people=people)


def fill(world: World, folder: Path) -> Filled:
    """A store with the world's history, and the events after it in a file beside it."""
    took, count = 0.0, 0
    newest: list[pl.DataFrame] = []
    with database(folder) as store:
        store.create_account(ACCOUNT, zone=ZONE)
        known = directory(world)
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(store, f"replace_{kind}")(ACCOUNT, "file", getattr(known, kind))
        for events in world.weekly():
            newest.append(events.filter(pl.col("at") >= CUT))
            events = events.filter(pl.col("at") < CUT)
            if world.since is not None:
                events = events.filter(pl.col("at") >= world.since)
            began = time.perf_counter()
            count += store.add_events(ACCOUNT, events).new
            took += time.perf_counter() - began
    pl.concat(newest).head(NEW_EVENTS * BATCHES).write_ipc(folder / "newest.arrow")
    size = sum(file.stat().st_size for file in folder.glob("bench.db*"))
    return Filled(count, took, size / 1e6)


def cold(folder: Path) -> Cold:
    """All facts, signals and rules over a store that has only events."""
    began = time.perf_counter()
    with database(folder) as store:
        _, last, _ = store.event_span(ACCOUNT)
        assert last is not None
        engine = Engine(store, ACCOUNT, catalogue())
        with store.writer(ACCOUNT, "bench"):
            engine.update()
        updated = time.perf_counter()
        found = flags.check(engine.assess(last), catalogue(), gate=OPEN)
        ended = time.perf_counter()
    return Cold(ended - began, updated - began, len(found["flags"]), peak_mb(), time.process_time())


def fresh(folder: Path) -> list[tuple[float, float]]:
    """Wall and CPU seconds from new events to new flags, a batch of 1,000 after the other, as a service that runs."""
    newest = pl.read_ipc(folder / "newest.arrow")
    known = catalogue()
    with database(folder) as store:
        engine = Engine(store, ACCOUNT, known)
        return [one_batch(store, engine, batch, known) for batch in newest.iter_slices(NEW_EVENTS)]


def one_batch(store: Store, engine: Engine, batch: pl.DataFrame, known: Catalogue) -> tuple[float, float]:
    """Store, fold, evaluate, answer."""
    began, cpu = time.perf_counter(), time.process_time()
    with store.writer(ACCOUNT, "bench"):
        store.add_events(ACCOUNT, batch)
        engine.update()
    flags.check(engine.assess(batch["at"][-1]), known, gate=OPEN)
    return time.perf_counter() - began, time.process_time() - cpu


def measure(world: World, folder: Path) -> Rows:
    """The table's lines for a history of this size."""
    long, short = folder / "long", folder / "short"
    for place in (long, short):
        place.mkdir()
    filled = alone(fill, world, long)
    busy = load()
    all_of_it = alone(cold, long)
    on_long = alone(fresh, long)
    tenth = alone(fill, world.tenth(), short)
    alone(cold, short)
    on_short = alone(fresh, short)
    (typical, typical_cpu), (short_typical, short_cpu) = _medians(on_long), _medians(on_short)
    return [
        row(f"storing {filled.events:,} events (not part of the next)", f"{filled.events / filled.took:,.0f}/s"),
        row("  the database afterwards", f"{filled.megabytes:,.0f} MB"),
        row(
            f"cold: {filled.events:,} events, {world.agents:,} agents, {world.weeks} weeks",
            f"{all_of_it.took:.1f} s",
            "< 60 s",
        ),
        row("  CPU time of all threads", f"{all_of_it.cpu:.1f} s"),
        row("  what comes after the last midnight, and the answer", f"{all_of_it.took - all_of_it.updating:.2f} s"),
        row("  peak memory", f"{all_of_it.peak:,.0f} MB", "< 4,096 MB"),
        row(f"  flags found ({busy})", f"{all_of_it.flags:,}"),
        row(f"{NEW_EVENTS:,} new events on top, to new flags (median of {len(on_long)})", f"{typical:.2f} s", "< 1 s"),
        row("  CPU time of all threads", f"{typical_cpu:.2f} s"),
        row("  the first of them, caches cold", f"{on_long[0][0]:.2f} s"),
        row(f"  the same on {tenth.events:,} events", f"{short_typical:.2f} s"),
        row("    CPU time of all threads", f"{short_cpu:.2f} s"),
        row(f"  ratio ({load()})", f"{typical / short_typical:.2f}", "<= 1.3"),
    ]


def _medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    wall, cpu = zip(*runs, strict=True)
    return statistics.median(wall), statistics.median(cpu)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-river-") as place:
        hand_over(measure(World(int(os.environ.get("BENCH_EVENTS", 10_000_000))), Path(place)))
