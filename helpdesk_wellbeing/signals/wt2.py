"""WT2, long week: the active hours of a local week, the running one included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import day_grid, in_stretch, instants, stretch_dates, week_of
from helpdesk_wellbeing.signals.moments import passes_four
from helpdesk_wellbeing.signals.rows import (
    day_hours,
    days_between,
    finish,
    known_agents,
    not_assessable,
    nothing,
    without_events,
)

CRITICAL_H = 48.0
WARN_SHARE = 1.10  # of contract hours
EXIT_SHARE = 1.05
WORKED_DAYS = 4
WORKED_DAYS_GRADE_B = 7  # twice as many would be more than a week has
WINDOW_DAYS = 14
COLUMNS = ("week_h", "limit_h", "warn_h", "exit_h")


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row at each 04:00 for the week up to the day that ended. It raises from four worked days on; the row of a
    completed week with any activity falls, too."""
    judged, until = stretch_dates(facts)
    first = week_of(judged, facts.week_start)
    last = week_of(until, facts.week_start) + timedelta(6)
    agents = facts.days.filter(pl.col("date").is_between(first, last))["agent"]
    if agents.is_empty():
        return nothing(COLUMNS)
    grid = day_grid(facts, first, last, agents)
    rows = in_stretch(
        grid.with_columns(
            active=_week_so_far(grid["active"]),
            worked_days=_week_so_far(grid["worked"]),
            low_grade=_week_so_far(grid["low_grade"]) > 0,
            into_week=pl.Series(np.tile(np.arange(7, dtype=np.int8), len(grid) // 7)),
        ),
        facts,
    )
    least = pl.when("low_grade").then(WORKED_DAYS_GRADE_B).otherwise(WORKED_DAYS)
    rows = rows.with_columns(
        raises=pl.col("worked_days") >= least,
        falls=(pl.col("into_week") == 6) & (pl.col("active") > 0),
        week_h=pl.col("active") / 3.6e9,
        limit_h=pl.lit(CRITICAL_H),
        warn_h=pl.col("contract_hours") * WARN_SHARE,
        exit_h=pl.col("contract_hours") * EXIT_SHARE,
    ).filter((pl.col("raises") | pl.col("falls")) & (pl.col("active") > 0))
    return finish(
        rows.with_columns(
            window_start=instants(rows["zone"], rows["date"] - _days(rows["into_week"]), 0),
            window_end=instants(rows["zone"], rows["date"], 0, shift_days=1),
        ),
        facts,
        COLUMNS,
    )


def _days(count: pl.Series) -> pl.Series:
    return pl.Series(count.cast(pl.Int64) * 86_400_000).cast(pl.Duration("ms"))


def _week_so_far(column: pl.Series) -> pl.Series:
    """Sums from the week's first day up to each day; the column holds whole weeks."""
    weeks: npt.NDArray[np.int64] = column.cast(pl.Int64).to_numpy().reshape(-1, 7)
    return pl.Series(weeks.cumsum(axis=1).ravel())


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a shift in the last two weeks, or with too few worked days in this week and the last one."""
    reason = (
        pl.when(without_events(facts, WINDOW_DAYS))
        .then(pl.lit("no events in window"))
        .when(~pl.col("agent").is_in(_with_enough_days(facts)))
        .then(pl.lit("too few days"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW_DAYS)


def _with_enough_days(facts: Facts) -> list[str]:
    """Agents with four worked days in the running week, as far as it was judged, or in the one before."""
    if facts.days.is_empty():
        return []
    first = week_of(facts.until.date(), facts.week_start) - timedelta(7)
    grid = day_grid(facts, first, first + timedelta(13), facts.days["agent"])
    weeks = (
        grid.filter(pl.col("at") <= facts.until)
        .with_columns(week=(pl.col("date") - first).dt.total_days() // 7)
        .group_by("agent", "week")
        .agg(pl.col("worked").sum(), low_grade=pl.col("low_grade").any())
    )
    least = pl.when("low_grade").then(WORKED_DAYS_GRADE_B).otherwise(WORKED_DAYS)
    return weeks.filter(pl.col("worked") >= least)["agent"].unique().to_list()


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The days of the week: first and last instant, hours with their band."""
    last = instance["date"]
    return day_hours(days_between(facts, subject, week_of(last, facts.week_start), last))


SIGNAL = Signal(
    id="WT2",
    name="long week",
    subject="agent",
    values=("week_h", "limit_h"),
    helpers=("warn_h", "exit_h"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("days",),
    wakes=passes_four,
)
