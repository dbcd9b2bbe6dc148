"""WT5, short weekly rest: the longest rest in seven days, and what the preset accepts instead within fourteen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import (
    DAY,
    HOUR,
    in_stretch,
    judged_at,
    judged_days,
    stretch_dates,
    with_person,
)
from helpdesk_wellbeing.signals.moments import CLOSING_GAP, passes_four, shift_goes_on
from helpdesk_wellbeing.signals.presets import numbers
from helpdesk_wellbeing.signals.rows import (
    evidence,
    finish,
    known_agents,
    not_assessable,
    nothing,
    without_events,
)
from helpdesk_wellbeing.signals.windows import Clock, Floats, Ints, largest, micros, previous_of_same, total

WEEK = 7 * DAY
FORTNIGHT = 14 * DAY
DAYS_WITH_EVENTS = 6  # of seven
DAYS_WITH_EVENTS_GRADE_B = 7  # twice as many would be more than a week has
SHORTEST = CLOSING_GAP.total_seconds() / 3600  # a shorter gap is part of a shift
LONGEST_SHOWN = 4
COLUMNS = ("longest_rest_7d_h", "rest_14d_h", "required_h", "fails_7", "alternative_open", "health_only")


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row at each shift's end, at each 04:00 and, where asked for, as of `until`, from seven days of history on.

    It raises with events on six of seven days. A 04:00 that ends a day with work falls.
    """
    shifts = _recent_shifts(facts)
    if shifts.is_empty():
        return nothing(COLUMNS)
    moments = _moments(facts, shifts)
    if moments.is_empty():
        return nothing(COLUMNS)
    judged = moments.with_columns(**_days_with_events(facts, moments)).filter(
        pl.col("falls") | (pl.col("days_with_events") >= DAYS_WITH_EVENTS)
    )
    if judged.is_empty():
        return nothing(COLUMNS)
    judged = with_person(judged, facts.directory).join(numbers(), on="preset", how="left", maintain_order="left")
    judged = judged.with_columns(**_rests(shifts, judged))
    least = pl.when("low_grade").then(DAYS_WITH_EVENTS_GRADE_B).otherwise(DAYS_WITH_EVENTS)
    rows = (
        judged.filter(pl.col("history_h") >= 168.0)
        .with_columns(
            required_h="weekly_rest_h",
            fails_7=(pl.col("longest_rest_7d_h") < pl.col("weekly_rest_h")).cast(pl.Float64),
            alternative_open=_alternative_open().cast(pl.Float64),
            raises=pl.col("days_with_events") >= least,
            window_start=pl.col("at") - timedelta(days=7),
            window_end="at",
        )
        .filter(pl.col("raises") | pl.col("falls"))
    )
    return finish(rows, facts, COLUMNS)


def _alternative_open() -> pl.Expr:
    """Whether the preset's rest in parts is met, or could still be because fourteen days have not been seen yet."""
    met = pl.col("rest_14d_h") >= pl.col("alternative_total_h")
    return pl.col("alternative_total_h").is_not_null() & (met | (pl.col("history_h") < 336.0))


def _recent_shifts(facts: Facts) -> pl.DataFrame:
    """Shifts that began within the windows of the stretch, each with the end of the one before (null: none known)."""
    recent = np.flatnonzero((facts.shifts["start"] > facts.since - timedelta(days=17)).to_numpy())
    before = previous_of_same(facts.shifts["agent"], recent)
    rested_from = facts.shifts["end"].gather(np.maximum(before, 0))
    return (
        facts.shifts[recent]
        .select("agent", "start", "end", "date", low_grade=pl.col("grade") == "B")
        .with_columns(rested_from=pl.when(pl.Series(before >= 0)).then(rested_from))
        .with_columns(first_seen=pl.coalesce(pl.col("rested_from"), pl.col("start")).first().over("agent"))
    )


def _moments(facts: Facts, shifts: pl.DataFrame) -> pl.DataFrame:
    """When to judge whom: agent, date, at, falls."""
    moments = [in_stretch(shifts.select("agent", "date", at="end", falls=pl.lit(value=False)), facts)]
    agents = shifts["agent"].unique().sort().to_frame()
    if passes_four(facts):
        moments.append(_each_day(facts, agents))
    if facts.as_of:
        today, now = pl.lit(facts.until.date()), pl.lit(facts.until, UTC)
        moments.append(agents.with_columns(date=today, at=now, falls=pl.lit(value=False)))
    return pl.concat(moments)


def _each_day(facts: Facts, agents: pl.DataFrame) -> pl.DataFrame:
    """The 04:00s of the stretch; those that end a day with work fall."""
    first, last = stretch_dates(facts)
    dates = pl.date_range(first, last, eager=True).alias("date").to_frame()
    daily = with_person(agents.join(dates, how="cross"), facts.directory)
    daily = in_stretch(daily.with_columns(at=judged_at(daily["zone"], daily["date"])), facts)
    worked = judged_days(facts).select("agent", "date", falls=pl.lit(value=True))
    daily = daily.join(worked, on=["agent", "date"], how="left", maintain_order="left")
    return daily.select("agent", "date", "at", pl.col("falls").fill_null(value=False))


def _rests(shifts: pl.DataFrame, judged: pl.DataFrame) -> dict[str, pl.Series]:
    """The longest rest and the sum of long ones, hours of history, and whether grade B is among the shifts.

    A rest counts whole when it ended in the window or still runs. A silence shorter than six hours is no rest, so that
    the answer is the same whether the running shift is known to its end or not.
    """
    at = micros(judged["at"])
    starts, ends = micros(shifts["start"]), micros(shifts["end"])
    clock = Clock.over(shifts["agent"], int(starts.min()), int(max(at.max(), ends.max())), FORTNIGHT)
    codes = clock.codes(judged["agent"])
    line = clock.place(clock.codes(shifts["agent"]), starts)
    high = np.searchsorted(line, clock.place(codes, at), side="right")
    low_7 = np.searchsorted(line, clock.place(codes, at - WEEK), side="right")
    low_14 = np.searchsorted(line, clock.place(codes, at - FORTNIGHT), side="right")
    length = ((shifts["start"] - shifts["rested_from"]).dt.total_microseconds() / 3.6e9).fill_null(0.0).to_numpy()

    last = np.maximum(high - 1, 0)
    begun = (high > 0) & (clock.codes(shifts["agent"])[last] == codes)
    running = np.where(begun, (at - ends[last]) / HOUR, 0.0)
    running = np.where(running >= SHORTEST, running, 0.0)
    first_seen = micros(shifts["first_seen"])[last]
    longest = np.fmax(largest(length, low_7, high), running)
    return {
        "longest_rest_7d_h": pl.Series(longest),
        "rest_14d_h": _in_parts(judged, length, running, low_14, high),
        "history_h": pl.Series(np.where(begun, (at - first_seen) / HOUR, 0.0)),
        "low_grade": pl.Series(total(shifts["low_grade"].to_numpy(), low_14, high) > 0),
    }


def _in_parts(judged: pl.DataFrame, length: Floats, running: Floats, low: Ints, high: Ints) -> pl.Series:
    """The rests that count for the preset's alternative, summed over fourteen days; null without an alternative."""
    summed = np.full(len(judged), np.nan)
    for row in numbers().drop_nulls("alternative_total_h").to_dicts():
        here = (judged["preset"] == row["preset"]).to_numpy()
        part, minus = row["alternative_part_h"], row["alternative_minus_h"]
        ended = total(np.where(length >= part, length - minus, 0.0), low[here], high[here])
        summed[here] = ended + np.where(running[here] >= part, running[here] - minus, 0.0)
    return pl.Series(summed, nan_to_null=True)


def _days_with_events(facts: Facts, judged: pl.DataFrame) -> dict[str, pl.Series]:
    """On how many local dates there were work events within seven days."""
    first, last = stretch_dates(facts)
    days = facts.days.filter(
        pl.col("date").is_between(first - timedelta(9), last) & (pl.col("work_events") > 0)
    ).select("agent", "first", "last")
    if days.is_empty():
        return {"days_with_events": pl.Series(np.zeros(len(judged), dtype=np.int64))}
    at = micros(judged["at"])
    firsts, lasts = micros(days["first"]), micros(days["last"])
    agents = pl.concat([days["agent"], judged["agent"]])
    clock = Clock.over(agents, int(min(firsts.min(), at.min())), int(max(lasts.max(), at.max())), WEEK)
    of_days, codes = clock.codes(days["agent"]), clock.codes(judged["agent"])
    begun = np.searchsorted(clock.place(of_days, firsts), clock.place(codes, at), side="right")
    gone = np.searchsorted(clock.place(of_days, lasts), clock.place(codes, at - WEEK), side="right")
    return {"days_with_events": pl.Series(np.minimum(begun - gone, 7))}


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a shift in the last 14 days, or first seen less than seven days ago."""
    began = facts.shifts.group_by("agent").agg(pl.col("start").min())
    young = began.filter(pl.col("start") > facts.until - timedelta(days=7))["agent"].to_list()
    reason = (
        pl.when(without_events(facts, 14))
        .then(pl.lit("no events in window"))
        .when(pl.col("agent").is_in(young))
        .then(pl.lit("too few days"))
    )
    return not_assessable(known_agents(facts), facts, reason, 14)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The longest rests of the fourteen days before, in the order of time: both ends, hours, and what is required."""
    at = instance["at"]
    mine = facts.shifts_of(subject).filter(pl.col("start") <= at)
    rests = mine.select(rest_from="end", rest_to=pl.col("start").shift(-1)).with_columns(
        rest_h=(pl.col("rest_to").fill_null(at) - pl.col("rest_from")).dt.total_microseconds() / 3.6e9
    )
    recent = rests.filter(pl.col("rest_to").fill_null(at) > at - timedelta(days=14))
    longest = recent.sort("rest_h", descending=True).head(LONGEST_SHOWN).sort("rest_from")
    return evidence(longest.with_columns(required_h=pl.lit(instance["required_h"])))


SIGNAL = Signal(
    id="WT5",
    name="short weekly rest",
    subject="agent",
    values=("longest_rest_7d_h", "rest_14d_h", "required_h"),
    helpers=("fails_7", "alternative_open", "health_only"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts", "days"),
    wakes=lambda facts: facts.as_of or shift_goes_on(facts) or passes_four(facts),
)
