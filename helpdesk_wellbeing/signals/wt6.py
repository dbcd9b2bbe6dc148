"""WT6, missing break: shifts without the break that the preset asks for. Only closed shifts are judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import next_evaluation, with_person
from helpdesk_wellbeing.signals.moments import CLOSING_GAP, passes_four, shift_closes
from helpdesk_wellbeing.signals.presets import Preset, numbers, presets
from helpdesk_wellbeing.signals.rows import (
    agents_with,
    enough_events,
    evidence,
    finish,
    known_agents,
    minutes,
    not_assessable,
    nothing,
    window_of,
    without_events,
)

WORK_EVENTS = 20
SHIFTS = 5
WINDOW_DAYS = 28
LONG_SHIFT = timedelta(hours=10)
CLOSED_AND_JUDGED = CLOSING_GAP + timedelta(hours=26)
COLUMNS = ("missed_of_5", "needed_min", "long_unbroken", "health_only")


def evaluate(facts: Facts) -> pl.DataFrame:
    """For each shift with enough events a raising row when it closes (six hours of silence) and a falling one at the
    first 04:00 from then on, both about the last five such shifts."""
    enough = facts.shifts.filter(enough_events(WORK_EVENTS))
    now = np.flatnonzero((enough["end"] > facts.since - CLOSED_AND_JUDGED).to_numpy())
    if not len(now):
        return nothing(COLUMNS)
    back = now[:, None] - np.arange(SHIFTS)[None, :]
    same = back >= 0
    back = np.maximum(back, 0)
    agents = enough["agent"].rle_id().to_numpy()
    same &= agents[back] == agents[now][:, None]

    needed = np.unique(back)
    judged = judge(enough[needed], facts)
    missed = np.zeros(len(enough))
    missed[needed] = judged["missed"].to_numpy()
    low = np.zeros(len(enough), dtype=np.bool_)
    low[needed] = judged["low_grade"].to_numpy()
    first = back[np.arange(len(now)), same.sum(axis=1) - 1]
    shifts = judged[np.searchsorted(needed, now)].with_columns(
        missed_of_5=pl.Series((missed[back] * same).sum(axis=1)),
        low_grade=pl.Series((low[back] & same).any(axis=1)),
        window_start=enough["start"].gather(first),
        window_end="end",
    )
    raising = shifts.with_columns(at=pl.col("end") + CLOSING_GAP, raises=pl.lit(value=True), falls=pl.lit(value=False))
    falling = shifts.with_columns(
        at=next_evaluation(shifts["end"] + CLOSING_GAP, shifts["zone"]),
        raises=pl.lit(value=False),
        falls=pl.lit(value=True),
    )
    return finish(pl.concat([raising, falling], how="vertical_relaxed"), facts, COLUMNS)


def judge(shifts: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Each shift with the break it needed (`needed_min`, 0: none) and whether that was missed; order is kept."""
    people = with_person(shifts, facts.directory).with_columns(
        low_grade=pl.col("grade") == "B",
        span_h=(pl.col("end") - pl.col("start")).dt.total_microseconds() / 3.6e9,
        work_h=(pl.col("end") - pl.col("start") - pl.col("breaks")).dt.total_microseconds() / 3.6e9,
    )
    needed = pl.lit(0.0)
    missed = pl.lit(value=False)
    for name in people["preset"].unique().to_list():
        of_preset = pl.col("preset") == name
        needed = pl.when(of_preset).then(_needed(presets()[name])).otherwise(needed)
        missed = pl.when(of_preset).then(_missed(presets()[name])).otherwise(missed)
    return people.join(numbers(), on="preset", how="left", maintain_order="left").with_columns(
        needed_min=needed,
        missed=missed.cast(pl.Float64),
        long_unbroken=((pl.col("end") - pl.col("start") > LONG_SHIFT) & (minutes("breaks") < 15)).cast(pl.Float64),
    )


def _needed(preset: Preset) -> pl.Expr:
    needed = pl.lit(0.0)
    for rule in preset.breaks:
        after = pl.col("work_h") >= rule.after_h if rule.inclusive else pl.col("work_h") > rule.after_h
        needed = pl.when(after).then(pl.lit(rule.need_min)).otherwise(needed)
    return needed


def _missed(preset: Preset) -> pl.Expr:
    missed = pl.lit(value=False)
    for rule in preset.breaks:
        after = pl.col("work_h") >= rule.after_h if rule.inclusive else pl.col("work_h") > rule.after_h
        taken = minutes("longest_gap") if rule.one_gap else minutes("breaks")
        missed |= after & (taken < rule.need_min)
    if preset.max_stretch_h is not None:
        missed |= pl.col("longest_stretch").dt.total_microseconds() / 3.6e9 > preset.max_stretch_h
    return missed


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without a shift in the last four weeks, or without any closed shift of twenty work events."""
    closed = agents_with(facts.shifts, enough_events(WORK_EVENTS) & (pl.col("end") <= facts.until - CLOSING_GAP))
    reason = (
        pl.when(without_events(facts, WINDOW_DAYS))
        .then(pl.lit("no events in window"))
        .when(~pl.col("agent").is_in(closed))
        .then(pl.lit("too few events"))
    )
    return not_assessable(known_agents(facts), facts, reason, WINDOW_DAYS)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shifts counted: date, span, longest gap, breaks seen and needed, whether the break was missed."""
    start, end = window_of(instance)
    shifts = facts.shifts_of(subject).filter(
        (pl.col("start") >= start) & (pl.col("end") <= end) & enough_events(WORK_EVENTS)
    )
    return evidence(
        judge(shifts, facts).select(
            "date",
            "span_h",
            longest_gap_min=minutes("longest_gap"),
            breaks_min=minutes("breaks"),
            needed_min="needed_min",
            missed=pl.col("missed") == 1.0,
        )
    )


SIGNAL = Signal(
    id="WT6",
    name="missing break",
    subject="agent",
    values=("missed_of_5", "needed_min"),
    helpers=("long_unbroken", "health_only"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts",),
    wakes=lambda facts: shift_closes(facts) or passes_four(facts),
)
