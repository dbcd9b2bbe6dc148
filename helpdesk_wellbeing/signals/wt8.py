"""WT8, night load: nights in 16 weeks, the longest series of nights, the longest night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import (
    DAY,
    in_stretch,
    instants,
    judged_days,
    with_person,
)
from helpdesk_wellbeing.signals.moments import CLOSING_GAP, passes_four, shift_goes_on
from helpdesk_wellbeing.signals.presets import numbers
from helpdesk_wellbeing.signals.rows import (
    evidence,
    finish,
    hours,
    known_agents,
    not_assessable,
    nothing,
    without_events,
)
from helpdesk_wellbeing.signals.windows import Clock, largest, micros, total

NIGHT_OVER = timedelta(hours=1)  # active between 00:00 and 06:00
TWO_O_CLOCK = 120  # minute of the day
MICROSECOND = timedelta(microseconds=1)
WINDOW_DAYS = 112  # 16 weeks
COLUMNS = ("nights_16w", "series", "longest_night_h", "health_only")


def evaluate(facts: Facts) -> pl.DataFrame:
    """A raising row at the end of each night shift as far as seen; a falling one at each 04:00 that ends a day with
    work, unless a shift is still running then. Only for agents with a time zone of their own."""
    nights = _nights(facts)
    if nights.is_empty() and facts.days.is_empty():
        return nothing(COLUMNS)
    raising = in_stretch(nights.with_columns(at="end", raises=pl.lit(value=True), falls=pl.lit(value=False)), facts)
    judged = pl.concat([raising, _falling(facts)], how="diagonal_relaxed")
    judged = judged.filter("own_zone").join(
        numbers().select("preset", "health_only"), on="preset", how="left", maintain_order="left"
    )
    if judged.is_empty():
        return nothing(COLUMNS)
    rows = judged.with_columns(
        **_windows(nights, judged),
        window_start=pl.col("at") - timedelta(WINDOW_DAYS),
        window_end="at",
    )
    return finish(rows, facts, COLUMNS)


def _nights(facts: Facts) -> pl.DataFrame:
    """Night shifts of the window with the person's columns and their place in a series of consecutive nights.

    A night has the date on which its evening falls, so that a shift begun after midnight continues the series.
    """
    near = facts.shifts.filter(
        (pl.col("night") > NIGHT_OVER) & (pl.col("end") > facts.since - timedelta(2 * WINDOW_DAYS))
    )
    nights = with_person(near, facts.directory)
    six = instants(nights["zone"], nights["date"], 6)
    night = pl.when(pl.col("start") < six).then(pl.col("date").dt.offset_by("-1d")).otherwise("date")
    nights = nights.with_columns(night=night, low_grade=pl.col("grade") == "B")
    step = pl.col("night").diff().dt.total_days().over("agent")
    nights = nights.with_columns(run=(step.fill_null(9) > 1).cum_sum())
    return nights.with_columns(in_series=((pl.col("night") - pl.col("night").first().over("run")).dt.total_days() + 1))


def _falling(facts: Facts) -> pl.DataFrame:
    days = judged_days(facts).select(
        "agent", "date", "at", "zone", "own_zone", "preset", "left_out", low_grade=pl.col("grade") == "B"
    )
    days = days.with_columns(raises=pl.lit(value=False), falls=pl.lit(value=True))
    return days.filter(~_shift_running(facts, days))


def _shift_running(facts: Facts, judged: pl.DataFrame) -> pl.Series:
    """Whether the agent's last shift begun by each row's instant could still go on then."""
    shifts = facts.shifts.select("agent", "start", "end").filter(pl.col("end") > facts.since - timedelta(2))
    if shifts.is_empty() or judged.is_empty():
        return pl.Series(np.zeros(len(judged), dtype=np.bool_))
    at, starts, ends = micros(judged["at"]), micros(shifts["start"]), micros(shifts["end"])
    agents = pl.concat([shifts["agent"], judged["agent"]])
    clock = Clock.over(agents, int(min(starts.min(), at.min())), int(max(ends.max(), at.max())), 0)
    codes, of_shifts = clock.codes(judged["agent"]), clock.codes(shifts["agent"])
    last = np.searchsorted(clock.place(of_shifts, starts), clock.place(codes, at), side="right") - 1
    begun = (last >= 0) & (of_shifts[np.maximum(last, 0)] == codes)
    return pl.Series(begun & (ends[np.maximum(last, 0)] + CLOSING_GAP // MICROSECOND > at))


def _windows(nights: pl.DataFrame, judged: pl.DataFrame) -> dict[str, pl.Series]:
    """The three values over the night shifts that ended in the 16 weeks up to each row."""
    at = micros(judged["at"])
    if nights.is_empty():
        none = pl.Series(np.zeros(len(judged)))
        return {"nights_16w": none, "series": none, "longest_night_h": none}
    ends = micros(nights["end"])
    agents = pl.concat([nights["agent"], judged["agent"]])
    clock = Clock.over(agents, int(min(ends.min(), at.min())), int(max(ends.max(), at.max())), WINDOW_DAYS * DAY)
    codes = clock.codes(judged["agent"])
    line = clock.place(clock.codes(nights["agent"]), ends)
    low = np.searchsorted(line, clock.place(codes, at - WINDOW_DAYS * DAY), side="right")
    high = np.searchsorted(line, clock.place(codes, at), side="right")
    late = (nights["end_minute"] > TWO_O_CLOCK).to_numpy()
    series = nights["in_series"].cast(pl.Float64).to_numpy()
    longest = nights.select(hours("active_30")).to_series().to_numpy()
    return {
        "nights_16w": pl.Series(total(late, low, high)),
        "series": pl.Series(np.nan_to_num(largest(series, low, high))),
        "longest_night_h": pl.Series(np.nan_to_num(largest(longest, low, high))),
    }


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a time zone of their own today, or without a shift in the last 16 weeks."""
    reason = (
        pl.when(~pl.col("own_zone"))
        .then(pl.lit("no zone"))
        .when(without_events(facts, WINDOW_DAYS))
        .then(pl.lit("no events in window"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW_DAYS)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The night shifts of the window, latest first, at most 40: both ends, night and active hours."""
    start, end = instance["window_start"], instance["window_end"]
    nights = facts.shifts_of(subject).filter(
        (pl.col("night") > NIGHT_OVER) & (pl.col("end") > start) & (pl.col("end") <= end)
    )
    return evidence(
        nights.sort("start", descending=True)
        .head(40)
        .select("date", first="start", last="end", night_h=hours("night"), active_h=hours("active_30"))
    )


SIGNAL = Signal(
    id="WT8",
    name="night load",
    subject="agent",
    values=("nights_16w", "series", "longest_night_h"),
    helpers=("health_only",),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts", "days"),
    wakes=lambda facts: shift_goes_on(facts) or passes_four(facts),
)
