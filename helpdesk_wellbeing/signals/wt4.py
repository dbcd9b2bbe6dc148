"""WT4, short daily rest: the time between two shifts, elapsed in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import DAY, judged_days, with_person
from helpdesk_wellbeing.signals.moments import passes_four, shift_goes_on
from helpdesk_wellbeing.signals.presets import numbers
from helpdesk_wellbeing.signals.rows import (
    doubled,
    enough_events,
    evidence,
    finish,
    hours,
    known_agents,
    not_assessable,
    shifts_between,
    window_of,
    without_events,
)
from helpdesk_wellbeing.signals.windows import Clock, micros, previous_of_same, total

WORK_EVENTS = 3  # of each of the two shifts
WINDOW_DAYS = 14
NIGHT_OVER = timedelta(hours=1)
TWO_O_CLOCK = 120  # minute of the day
COLUMNS = ("rest_h", "required_h", "short_rests_7d", "short_today", "health_only")


def evaluate(facts: Facts) -> pl.DataFrame:
    """A raising row per pair of shifts at the later one's end as far as seen; a falling row at each 04:00 that ends a
    day with work, with the number of short rests that ended on that day."""
    rests = _rests(facts)
    rests = rests.with_columns(_short_in_seven_days(rests))
    raising = rests.filter("enough").with_columns(
        at="end",
        raises=pl.lit(value=True),
        falls=pl.lit(value=False),
        short_today=pl.lit(None, pl.Float64),
        window_start="rest_from",
        window_end="start",
    )
    return finish(pl.concat([raising, _falling(facts, rests)], how="diagonal_relaxed"), facts, COLUMNS)


def _rests(facts: Facts) -> pl.DataFrame:
    """The rests before recent shifts, each with what it should have been and whether its evidence is enough."""
    recent = np.flatnonzero((facts.shifts["end"] > facts.since - timedelta(days=9)).to_numpy())
    before = previous_of_same(facts.shifts["agent"], recent)
    recent, before = recent[before >= 0], before[before >= 0]
    earlier = facts.shifts[before].select(
        rest_from="end",
        last_block_events="last_block_events",
        events_before="work_events",
        late_night=(pl.col("night") > NIGHT_OVER) & (pl.col("end_minute") > TWO_O_CLOCK),
        low_before=pl.col("grade") == "B",
    )
    later = facts.shifts[recent].drop("last_block_events")
    pairs = with_person(pl.concat([later, earlier], how="horizontal"), facts.directory)
    return (
        pairs.join(numbers(), on="preset", how="left", maintain_order="left")
        .with_columns(
            low_grade=(pl.col("grade") == "B") | pl.col("low_before"),
            rest_h=(pl.col("start") - pl.col("rest_from")).dt.total_microseconds() / 3.6e9,
            required_h=pl.when("late_night").then("night_rest_h").otherwise("daily_rest_h"),
        )
        .with_columns(
            enough=(pl.min_horizontal("work_events", "events_before") >= doubled(WORK_EVENTS))
            & ~((pl.col("first_block_events") == 1) & (pl.col("last_block_events") == 1)),
        )
        .with_columns(short=pl.col("enough") & (pl.col("rest_h") < pl.col("required_h")))
    )


def _short_in_seven_days(rests: pl.DataFrame) -> pl.Series:
    """Short rests that ended within 7 x 24 h up to and with each short rest; 0 for a rest that is long enough."""
    if rests.is_empty():
        return pl.Series("short_rests_7d", [], dtype=pl.Float64)
    started = micros(rests["start"])
    clock = Clock.over(rests["agent"], int(started.min()), int(started.max()), 7 * DAY)
    codes = clock.codes(rests["agent"])
    line = clock.place(codes, started)
    low = np.searchsorted(line, clock.place(codes, started - 7 * DAY), side="right")
    high = np.searchsorted(line, line, side="right")
    short = rests["short"].to_numpy()
    return pl.Series("short_rests_7d", np.where(short, total(short, low, high), 0.0))


def _falling(facts: Facts, rests: pl.DataFrame) -> pl.DataFrame:
    days = judged_days(facts).select(
        "agent", "date", "at", "zone", "left_out", "preset", low_grade=pl.col("grade") == "B"
    )
    ended = (
        rests.filter("enough")
        .group_by("agent", "date")
        .agg(
            short_today=pl.col("short").sum().cast(pl.Float64),
            rest_h=pl.col("rest_h").min(),
            required_h=pl.col("required_h").sort_by("rest_h").first(),
        )
    )
    return (
        days.join(ended, on=["agent", "date"], how="left", maintain_order="left")
        .join(numbers().select("preset", "health_only"), on="preset", how="left", maintain_order="left")
        .with_columns(
            pl.col("short_today").fill_null(0.0),
            short_rests_7d=pl.lit(None, pl.Float64),
            raises=pl.lit(value=False),
            falls=pl.lit(value=True),
            window_start=pl.col("at") - timedelta(days=1),
            window_end="at",
        )
    )


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a shift in the last 14 days, with a single shift so far (no rest is known yet), or with fewer
    than two shifts of enough work events."""
    enough = (pl.col("end") > facts.until - timedelta(WINDOW_DAYS)) & enough_events(WORK_EVENTS)
    recent = facts.shifts.lazy().filter(enough).group_by("agent").len().collect()
    seen = recent.filter(pl.col("len") >= 2)
    runs = facts.shifts["agent"].rle().struct.unnest()
    once = runs.filter(pl.col("len") == 1)["value"].to_list()
    reason = (
        pl.when(without_events(facts, WINDOW_DAYS))
        .then(pl.lit("no events in window"))
        .when(pl.col("agent").is_in(once))
        .then(pl.lit("too few days"))
        .when(~pl.col("agent").is_in(seen["agent"].to_list()))
        .then(pl.lit("too few events"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW_DAYS)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Both ends of the rest, its length and the required one, and how far the clock was changed in between."""
    start, end = window_of(instance)
    zone = with_person(pl.DataFrame({"agent": [subject], "date": [instance["date"]]}), facts.directory)["zone"][0]
    local = pl.DataFrame({"from": [start], "to": [end]}).select(pl.all().dt.convert_time_zone(zone))
    changed = local.select(
        pl.col("to").dt.dst_offset()
        + pl.col("to").dt.base_utc_offset()
        - pl.col("from").dt.dst_offset()
        - pl.col("from").dt.base_utc_offset()
    ).to_series()[0]
    rest = pl.DataFrame(
        {
            "rest_from": [start],
            "rest_to": [end],
            "rest_h": [instance["rest_h"]],
            "required_h": [instance["required_h"]],
            "clock_changed_h": [changed if changed else None],
        }
    )
    around = shifts_between(facts, subject, start, end).select(
        "date", first="start", last="end", work_events="work_events", night_h=hours("night")
    )
    return evidence(rest) + evidence(around)


SIGNAL = Signal(
    id="WT4",
    name="short daily rest",
    subject="agent",
    values=("rest_h", "required_h"),
    helpers=("short_rests_7d", "short_today", "health_only"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts", "days"),
    wakes=lambda facts: shift_goes_on(facts) or passes_four(facts),
)
