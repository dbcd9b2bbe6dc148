"""Blocks and agent-days alone, against the same fold written by hand as one Polars query and one DuckDB query.

The hand-written ones compute the core of our columns: what one save did counts once, shifts by gaps of six hours,
active time at three gaps, breaks, dates in each agent's zone with active time split at local midnight. Ours computes
more (bulk edits, nights, own hours, longest stretches, grades). Results are compared value by value.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from bench.measuring import Rows, hand_over, load, peak_mb, row, seconds
from helpdesk_wellbeing.demo.bulk import bulk_directory, bulk_events
from helpdesk_wellbeing.events import WORK_KINDS
from helpdesk_wellbeing.facts.fold import FoldContext, fold_time

ZONE = "Europe/Amsterdam"
WEEKS = 17
EVENTS_AN_AGENT = 5_000
GAPS = (15, 30, 60)
REPEATS = 3
DAYS = ("agent", "date", "first", "last", "work_events", *(f"active_{g}" for g in GAPS), "tickets", "clock_hours")
SHIFTS = ("agent", "start", "end", "work_events", *(f"active_{g}" for g in GAPS), "longest_gap", "breaks")

Facts = dict[str, pl.DataFrame]


def by_hand_in_polars(events: pl.DataFrame, people: pl.DataFrame) -> Facts:
    """The peer: one lazy query with two results."""
    zones = people["time_zone"].unique().to_list()
    one_save = pl.struct("actor", pl.col("at").dt.date(), "batch").is_first_distinct()
    work = (
        events.lazy()
        .filter((pl.col("actor_kind") == "agent") & pl.col("kind").is_in(WORK_KINDS))
        .select("actor", "at", "ticket", "batch")
        .filter(pl.col("batch").is_null() | one_save)
        .select(pl.col("actor").alias("agent"), "at", "ticket")
        .join(people.lazy().select("agent", "time_zone"), on="agent", how="left")
    )
    local = pl.concat(
        work.filter(pl.col("time_zone") == zone).with_columns(
            local=pl.col("at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        )
        for zone in zones
    )
    same_agent_next = pl.col("agent").shift(-1) == pl.col("agent")
    line = (
        local.sort("agent", "at", maintain_order=True)
        .with_columns(
            date=pl.col("local").dt.date(),
            gap=pl.when(same_agent_next).then(pl.col("at").shift(-1) - pl.col("at")),
            to_midnight=pl.col("local").dt.truncate("1d").dt.offset_by("1d") - pl.col("local"),
        )
        .with_columns(gap=pl.when(pl.col("gap") < pl.duration(hours=6)).then("gap"))
        .with_columns(shift=pl.col("gap").shift(1).is_null().cum_sum())
    )
    none = pl.duration(microseconds=0)
    steps = {g: pl.when(pl.col("gap") <= pl.duration(minutes=g)).then("gap").otherwise(none) for g in GAPS}
    days = (
        line.with_columns(
            *(pl.min_horizontal(step, "to_midnight").alias(f"here_{g}") for g, step in steps.items()),
            *(
                pl.max_horizontal(step - pl.col("to_midnight"), none).shift(1).alias(f"from_before_{g}")
                for g, step in steps.items()
            ),
        )
        .group_by("agent", "date")
        .agg(
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
            pl.len().cast(pl.Int32).alias("work_events"),
            *((pl.col(f"here_{g}").sum() + pl.col(f"from_before_{g}").sum()).alias(f"active_{g}") for g in GAPS),
            pl.col("ticket").n_unique().cast(pl.Int32).alias("tickets"),
            pl.col("local").dt.hour().n_unique().cast(pl.Int8).alias("clock_hours"),
        )
    )
    shifts = line.group_by("shift").agg(
        pl.col("agent").first(),
        pl.col("at").first().alias("start"),
        pl.col("at").last().alias("end"),
        pl.len().cast(pl.Int32).alias("work_events"),
        *(step.sum().alias(f"active_{g}") for g, step in steps.items()),
        pl.col("gap").max().fill_null(none).alias("longest_gap"),
        pl.when(pl.col("gap") >= pl.duration(minutes=15)).then("gap").otherwise(none).sum().alias("breaks"),
    )
    found = pl.collect_all([days.select(DAYS), shifts.select(SHIFTS)])
    return {"days": found[0], "shifts": found[1]}


class ByHandInDuckdb:
    """The peer: a temporary table of the timeline and two queries over it. Its tables are filled beforehand."""

    def __init__(self, events: pl.DataFrame, people: pl.DataFrame, folder: Path) -> None:
        import duckdb

        self._folder = folder
        self._connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        moment = pl.col("at").alias("moment")  # `at` is a word of its language
        words = pl.col("actor_kind", "kind").cast(pl.String)
        self._take("events", events.select(moment, "id", words, "actor", "ticket", "batch"))
        self._take("people", people.select("agent", "time_zone"))

    def _take(self, name: str, frame: pl.DataFrame) -> None:
        file = self._folder / f"{name}.parquet"
        frame.write_parquet(file)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{file}'")

    def results(self) -> Facts:
        """What `fold` left in its tables."""
        for name in ("days", "shifts"):
            self._connection.execute(f"COPY {name} TO '{self._folder}/{name}.parquet'")
        columns = {"days": DAYS, "shifts": SHIFTS}
        return {name: pl.read_parquet(self._folder / f"{name}.parquet").select(columns[name]) for name in columns}

    def fold(self) -> None:
        kinds = ", ".join(f"'{kind}'" for kind in WORK_KINDS)
        self._connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE line AS
            WITH acts AS (
                SELECT actor AS agent, moment, ticket, id, row_number() OVER (
                    PARTITION BY actor, date_trunc('day', moment), coalesce(batch, id) ORDER BY moment, id) AS nth
                FROM events WHERE actor_kind = 'agent' AND kind IN ({kinds})),
            placed AS (
                SELECT agent, moment, ticket, id, timezone(time_zone, moment) AS wall
                FROM acts JOIN people USING (agent) WHERE nth = 1),
            spaced AS (
                SELECT *, date_diff('microsecond', moment,
                        lead(moment) OVER (PARTITION BY agent ORDER BY moment, id)) AS next,
                    date_diff('microsecond', wall, date_trunc('day', wall) + INTERVAL 1 DAY) AS to_midnight
                FROM placed),
            gaps AS (SELECT *, CASE WHEN next < 21600000000 THEN next END AS gap FROM spaced),
            shifts AS (SELECT *, lag(gap) OVER (PARTITION BY agent ORDER BY moment, id) AS gap_before,
                lag(to_midnight) OVER (PARTITION BY agent ORDER BY moment, id) AS to_midnight_before FROM gaps)
            SELECT *, sum(CASE WHEN gap_before IS NULL THEN 1 ELSE 0 END)
                OVER (PARTITION BY agent ORDER BY moment, id) AS shift FROM shifts""")
        active = ", ".join(
            f"sum(CASE WHEN gap <= {g * 60_000_000} THEN least(gap, to_midnight) ELSE 0 END) + "
            f"sum(CASE WHEN gap_before <= {g * 60_000_000} "
            f"THEN greatest(gap_before - to_midnight_before, 0) ELSE 0 END) AS active_{g}"
            for g in GAPS
        )
        whole = ", ".join(f"sum(CASE WHEN gap <= {g * 60_000_000} THEN gap ELSE 0 END) AS active_{g}" for g in GAPS)
        self._connection.execute(f"""
            CREATE OR REPLACE TABLE days AS SELECT agent, wall::DATE AS date, min(moment) AS first, max(moment) AS last,
                count(*) AS work_events, {active},
                count(DISTINCT ticket) AS tickets, count(DISTINCT hour(wall)) AS clock_hours
            FROM line GROUP BY agent, wall::DATE""")
        self._connection.execute(f"""
            CREATE OR REPLACE TABLE shifts AS SELECT agent, min(moment) AS start, max(moment) AS "end",
                count(*) AS work_events, {whole},
                coalesce(max(gap), 0) AS longest_gap, sum(CASE WHEN gap >= 900000000 THEN gap ELSE 0 END) AS breaks
            FROM line GROUP BY agent, shift""")


def ours(events: pl.DataFrame, context: FoldContext) -> Facts:
    """The product's own."""
    return fold_time(events, context)


def differences(mine: Facts, theirs: Facts) -> int:
    """Rows that are not the same in both."""
    count = 0
    for name, columns in (("days", DAYS), ("shifts", SHIFTS)):
        wanted = mine[name].select(columns)
        other = theirs[name].with_columns(pl.selectors.decimal().cast(pl.Int64), pl.selectors.numeric().cast(pl.Int64))
        other = other.cast(dict(wanted.schema), strict=True)  # type: ignore[arg-type]
        missing = wanted.join(other, on=list(columns), how="anti", nulls_equal=True)
        count += missing.height + abs(wanted.height - other.height)
    return count


def measure(events_wanted: int, folder: Path) -> Rows:
    """The table's lines for a world of this size."""
    agents = max(events_wanted // EVENTS_AN_AGENT, 10)
    events = pl.concat(bulk_events(events_wanted, agents, WEEKS, seed=1))
    directory = bulk_directory(agents, zone=ZONE)
    context = FoldContext(ZONE, 0, directory)
    mine = ours(events, context)
    took = seconds(lambda: ours(events, context), REPEATS)
    rows = [
        row(
            f"blocks and agent-days of {events.height:,} events ({mine['days'].height:,} days)",
            f"{events.height / took / 1e6:.2f} million/s",
        )
    ]
    in_polars = by_hand_in_polars(events, directory.people)
    taken = seconds(lambda: by_hand_in_polars(events, directory.people), REPEATS)
    rows += _compared("Polars", took / taken, differences(mine, in_polars))
    if find_spec("duckdb") is None:
        rows.append(row("  DuckDB", "not installed"))
    else:
        in_duckdb = ByHandInDuckdb(events, directory.people, folder)
        in_duckdb.fold()
        rows += _compared("DuckDB", took / seconds(in_duckdb.fold, REPEATS), differences(mine, in_duckdb.results()))
    return [*rows, row(f"  peak memory, events and peers included ({load()})", f"{peak_mb():,.0f} MB")]


def _compared(peer: str, ratio: float, differ: int) -> Rows:
    return [
        row(f"  time over that of one {peer} query by hand", f"{ratio:.2f}", "<= 1.5"),
        row("    rows that differ", f"{differ:,}", "0"),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-days-") as place:
        hand_over(measure(min(int(os.environ.get("BENCH_EVENTS", 10_000_000)), 2_000_000), Path(place)))
