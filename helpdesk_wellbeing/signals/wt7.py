"""WT7, after-hours work: active time outside the agent's own schedule; on a leave day all of it.

Who chose hours of their own is judged by these, and the evidence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.people import by_own_hours
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import MINUTE, day_grid, in_stretch, instants, stretch_dates
from helpdesk_wellbeing.signals.moments import passes_four
from helpdesk_wellbeing.signals.rows import (
    finish,
    known_agents,
    not_assessable,
    nothing,
    said,
    without_events,
)
from helpdesk_wellbeing.signals.windows import Ints

WINDOW = 28  # days
WORKED_DAYS = 10
DAILY = ("outside", "counted", "outside_day", "leave_work")
COUNTS_FROM = 15 * MINUTE  # of a day
COLUMNS = ("after_hours_h_per_week", "share", "days_of_10", "leave_days", "leave_day_now")


OWN_WINDOW = "own window"


def _own(facts: Facts) -> Facts:
    """The facts with the hours that agents chose themselves; the very same where nobody did."""
    return facts if facts.directory.own_hours.is_empty() else _with_own(facts)


@once_per_object
def _with_own(facts: Facts) -> Facts:
    return replace(facts, directory=by_own_hours(facts.directory))


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row at each 04:00 about the 28 days that ended, for agents with a schedule on the last of them.

    It raises with ten worked days in the window; it falls, too, when the last day shows work.
    """
    facts = _own(facts)
    judged, last = stretch_dates(facts)
    first = judged - timedelta(WINDOW - 1)
    seen = facts.days.filter(pl.col("date").is_between(first, last))["agent"].unique()
    with_schedule = facts.directory.people.filter(pl.col("schedule").is_not_null())["agent"].unique()
    agents = seen.filter(seen.is_in(with_schedule.to_list()))
    if agents.is_empty():
        return nothing(COLUMNS)
    grid = _after_hours(day_grid(facts, first, last, agents))
    shape = (len(agents), (last - first).days + 1)
    rows = grid.with_columns(**_windows(grid, shape))
    rows = in_stretch(rows.filter(pl.col("schedule").is_not_null() & (pl.col("active_28d") > 0)), facts)
    least = pl.when("low_grade").then(2 * WORKED_DAYS).otherwise(WORKED_DAYS)
    rows = rows.with_columns(
        raises=pl.col("worked_28d") >= least,
        falls=pl.col("work_events") > 0,
        after_hours_h_per_week=pl.col("outside_28d") / 3.6e9 / (pl.col("observed_days") / 7),
        share=pl.col("outside_28d") / pl.col("active_28d"),
        leave_day_now=pl.col("leave_work").cast(pl.Float64),
        window_start=instants(rows["zone"], rows["date"], 0, shift_days=1 - WINDOW),
        window_end=instants(rows["zone"], rows["date"], 0, shift_days=1),
    ).filter(pl.col("raises") | pl.col("falls"))
    return finish(rows, facts, COLUMNS)


def _after_hours(grid: pl.DataFrame) -> pl.DataFrame:
    """Adds per day: outside (microseconds), counted (active time of days with a schedule), outside_day, leave_work.

    The days' own after-hours already take a leave day as a whole and leave time on call out.
    """
    known = pl.col("schedule").is_not_null()
    grid = grid.with_columns(
        outside=pl.when(known).then(pl.col("after_hours").fill_null(0)).otherwise(0).cast(pl.Int64),
        counted=pl.when(known).then("active").otherwise(0),
    )
    return grid.with_columns(
        outside_day=pl.col("worked") & (pl.col("outside") >= COUNTS_FROM),
        leave_work=pl.col("leave") & (pl.col("outside") >= COUNTS_FROM),
    )


def _windows(grid: pl.DataFrame, shape: tuple[int, int]) -> dict[str, pl.Series]:
    """Sums over the 28 days that end with each day; the first 27 days of the grid only have the days there are."""

    def summed(name: str) -> Ints:
        return _trailing(grid[name].cast(pl.Int64).to_numpy().reshape(shape))

    return {
        "outside_28d": pl.Series(summed("outside").ravel()),
        "active_28d": pl.Series(summed("counted").ravel()),
        "worked_28d": pl.Series(summed("worked").ravel()),
        "observed_days": pl.Series(summed("seen").ravel()),
        "leave_days": pl.Series(summed("leave_work").ravel()),
        "days_of_10": pl.Series(_of_last_ten(grid)),
        "low_grade": pl.Series(summed("low_grade").ravel() > 0),
    }


def _trailing(days: Ints) -> Ints:
    running = days.cumsum(axis=1)
    running[:, WINDOW:] = running[:, WINDOW:] - running[:, :-WINDOW].copy()
    return running


def _of_last_ten(grid: pl.DataFrame) -> Ints:
    """How many of the last ten worked days had 15 minutes or more outside, up to each day."""
    worked = grid["worked"].to_numpy()
    outside: npt.NDArray[np.bool_] = grid["outside_day"].to_numpy()
    counts = np.concatenate([[0], np.cumsum(outside[worked])])
    so_far = np.cumsum(worked)
    agent = grid["agent"].rle_id().to_numpy().astype(np.int64)
    starts = np.searchsorted(agent, agent, side="left")
    before_agent = so_far[starts] - worked[starts]
    return np.asarray(counts[so_far] - counts[np.maximum(so_far - WORKED_DAYS, before_agent)])


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a schedule today, without a shift in the last 28 days, or with too few worked days in them."""
    facts = _own(facts)
    reason = (
        pl.when(pl.col("schedule").is_null())
        .then(pl.lit("no schedule"))
        .when(without_events(facts, WINDOW))
        .then(pl.lit("no events in window"))
        .when(~pl.col("agent").is_in(_with_enough_days(facts)))
        .then(pl.lit("too few days"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW)


def _with_enough_days(facts: Facts) -> list[str]:
    """Agents with ten worked days in the 28 that their last evaluation looked at."""
    last = facts.until.date() + timedelta(1)
    if facts.days.is_empty():
        return []
    grid = day_grid(facts, last - timedelta(WINDOW + 2), last, facts.days["agent"])
    over = grid.filter(pl.col("at") <= facts.until).group_by("agent").tail(WINDOW)
    counted = over.group_by("agent").agg(pl.col("worked").sum(), low_grade=pl.col("low_grade").any())
    least = pl.when("low_grade").then(2 * WORKED_DAYS).otherwise(WORKED_DAYS)
    return counted.filter(pl.col("worked") >= least)["agent"].to_list()


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Week by week of the window: hours outside the own schedule, their share, days and leave days with such work."""
    hours = OWN_WINDOW if subject in facts.directory.own_hours["agent"] else None
    facts = _own(facts)
    last: date = instance["date"]
    first = last - timedelta(WINDOW - 1)
    grid = _after_hours(day_grid(facts, first, last, pl.Series("agent", [subject])))
    days = grid.select("schedule", *(pl.col(name).cast(pl.Int64) for name in DAILY)).to_dict(as_series=False)
    weeks = []
    for start in range(0, WINDOW, 7):
        outside, counted, outside_days, leave_days = (sum(days[name][start : start + 7]) for name in DAILY)
        week = {
            "week": first + timedelta(start),
            "after_hours_h": outside / 3.6e9,
            "active_h": counted / 3.6e9,
            "days": outside_days,
            "leave_days": leave_days,
            "schedule": days["schedule"][start + 6],
            "hours": hours,
        }
        weeks.append({name: said(value) for name, value in week.items() if value is not None})
    return weeks


SIGNAL = Signal(
    id="WT7",
    name="after-hours work",
    subject="agent",
    values=("after_hours_h_per_week", "share", "days_of_10", "leave_days"),
    helpers=("leave_day_now",),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("days",),
    wakes=passes_four,
)
