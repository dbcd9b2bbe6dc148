"""WT1, long day: the active hours and the span of one shift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import next_evaluation, with_person
from helpdesk_wellbeing.signals.moments import CLOSING_GAP, passes_four, shift_goes_on
from helpdesk_wellbeing.signals.presets import numbers
from helpdesk_wellbeing.signals.rows import (
    agents_with,
    doubled,
    enough_events,
    finish,
    hours,
    known_agents,
    not_assessable,
    shift_hours,
    shifts_between,
    window_of,
    without_events,
)

WORK_EVENTS = 10
WINDOW_DAYS = 7
USED = ("agent", "start", "end", "date", "work_events", "active_30", "grade")
COLUMNS = ("active_h", "span_h", "limit_h", "warn_h")
# A closed shift is judged at the next 04:00: six hours, up to a day and a clock change after its end.
CLOSED_AND_JUDGED = CLOSING_GAP + timedelta(hours=26)


def evaluate(facts: Facts) -> pl.DataFrame:
    """A raising row at each shift's end as far as seen, a falling one at the first 04:00 that finds it closed."""
    near = facts.shifts.select(USED).filter(pl.col("end") > facts.since - CLOSED_AND_JUDGED)
    shifts = (
        with_person(near, facts.directory)
        .lazy()
        .join(numbers().lazy(), on="preset", how="left", maintain_order="left")
        .with_columns(
            low_grade=pl.col("grade") == "B",
            active_h=hours("active_30"),
            span_h=(pl.col("end") - pl.col("start")).dt.total_microseconds() / 3.6e9,
            window_start="start",
            window_end="end",
        )
        .filter(pl.col("work_events") >= doubled(WORK_EVENTS))
        .collect()
    )
    raising = shifts.with_columns(at="end", raises=pl.lit(value=True), falls=pl.lit(value=False))
    falling = shifts.with_columns(
        at=next_evaluation(shifts["end"] + CLOSING_GAP, shifts["zone"]),
        raises=pl.lit(value=False),
        falls=pl.lit(value=True),
    )
    return finish(pl.concat([raising, falling], how="vertical_relaxed"), facts, COLUMNS)


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a shift in the last seven days, or with none of enough work events."""
    recent = pl.col("end") > facts.until - timedelta(WINDOW_DAYS)
    enough = agents_with(facts.shifts, recent & enough_events(WORK_EVENTS))
    reason = (
        pl.when(without_events(facts, WINDOW_DAYS))
        .then(pl.lit("no events in window"))
        .when(~pl.col("agent").is_in(enough))
        .then(pl.lit("too few events"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW_DAYS)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shift: first and last instant, hours with the band from 15 to 60 minutes."""
    return shift_hours(shifts_between(facts, subject, *window_of(instance)))


SIGNAL = Signal(
    id="WT1",
    name="long day",
    subject="agent",
    values=("active_h", "span_h", "limit_h"),
    helpers=("warn_h",),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts",),
    wakes=lambda facts: shift_goes_on(facts) or passes_four(facts),
)
