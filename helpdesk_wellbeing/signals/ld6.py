"""LD6, backlog growth: the unsolved tickets of a queue over its last ten business days.

Judged once a business day: the row that may raise at local midnight after it (a queue's day ends there),
the row that may fall at the next 04:00. Business days are the weekdays of the group's schedule, Monday to
Friday without one. Dates on which the queue had no tickets and no events count with 0, as long as it was
seen in the 13 weeks before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.moments import local_instants, passes_four, passes_midnight
from helpdesk_wellbeing.signals.rounds import (
    evaluation_frame,
    instance_end,
    instance_value,
    iso,
    known,
    no_evaluations,
    not_assessable,
)
from helpdesk_wellbeing.signals.worked_days import (
    EPOCH,
    Bools,
    Floats,
    Ints,
    agent_rows,
    edge_day,
    weekdays_of,
)
from helpdesk_wellbeing.statistics import mann_kendall, row_medians, theil_sen

TREND_DAYS = 10
MEDIAN_DAYS = 28
SEEN_WITHIN_DAYS = 27
REACH_DAYS = 56  # what the facts of queues hold: 28 days that are judged, and the weeks before
MINIMUM_SOLVED = 5.0
VALUES = ("slope_per_day", "p", "ratio", "days_to_clear")


@dataclass(frozen=True)
class _Queues:
    """Grids of [queue, date]."""

    names: list[str]
    first_day: int
    open_at_end: Floats  # NaN: the queue did not exist, or the log had only begun
    solved: Floats
    business: Bools
    start: Ints  # local midnight, microseconds; one column more than dates
    four: Ints  # 04:00 of the date


def _queues(facts: Facts) -> _Queues:
    first_day = day_number(facts.since.date()) - REACH_DAYS
    days = day_number(facts.until.date()) + 2 - first_day
    frame = facts.queues.filter(
        pl.col("group").is_not_null()
        & (pl.col("date") >= EPOCH + timedelta(first_day))
        & (pl.col("date") < EPOCH + timedelta(first_day + days))
    )
    names = frame["group"].unique().sort().to_list()
    queue = agent_rows(frame["group"], names)
    column = frame["date"].to_physical().to_numpy().astype(np.int64) - first_day
    shape = (len(names), days)
    seen = np.zeros(shape, dtype=bool)
    open_at_end, solved = np.zeros(shape), np.zeros(shape)
    seen[queue, column] = True
    open_at_end[queue, column] = frame["open_at_end"].fill_null(0).to_numpy()
    solved[queue, column] = frame["solved"].fill_null(0).to_numpy()
    columns = np.broadcast_to(np.arange(days), shape)
    last_seen = np.maximum.accumulate(np.where(seen, columns, -SEEN_WITHIN_DAYS - 1), axis=1)
    exists = (columns - last_seen <= SEEN_WITHIN_DAYS) & (columns + first_day >= edge_day(facts))
    zones, schedules = _zones_and_schedules(facts, names)
    weekday = (np.arange(first_day, first_day + days) + 3) % 7
    business = [np.array(weekdays_of(schedules[name]))[weekday] for name in names]
    return _Queues(
        names=names,
        first_day=first_day,
        open_at_end=np.where(exists, open_at_end, np.nan),
        solved=np.where(exists, solved, np.nan),
        business=np.array(business, dtype=bool).reshape(shape),
        start=_table(zones, names, first_day, days + 1, 0),
        four=_table(zones, names, first_day, days + 1, 4),
    )


def _table(zones: Mapping[str, str], names: list[str], first_day: int, days: int, hour: int) -> Ints:
    rows = [local_instants(zones[name], first_day, days, hour) for name in names]
    return np.array(rows, dtype=np.int64).reshape(len(names), days)


def _zones_and_schedules(facts: Facts, names: list[str]) -> tuple[dict[str, str], dict[str, str | None]]:
    listed = facts.directory.groups.select("group", "time_zone", "schedule").iter_rows()
    told = {group: (zone, schedule) for group, zone, schedule in listed}
    pairs = {name: told.get(name, (None, None)) for name in names}
    return (
        {name: zone or facts.zone for name, (zone, _) in pairs.items()},
        {name: schedule for name, (_, schedule) in pairs.items()},
    )


@dataclass(frozen=True)
class _Judged:
    """Business days with a full trend window; arrays of one length."""

    queue: Ints
    column: Ints
    backlog: Floats  # [judged, 10]
    first_column: Ints
    median_open: Floats
    median_solved: Floats


def _judged(queues: _Queues, queue: Ints, column: Ints) -> _Judged:
    """The windows of some business days; those with fewer than ten known business days are left out."""
    rank = np.cumsum(queues.business, axis=1) - 1  # business days up to and including a date, from 0
    enough = rank[queue, column] >= TREND_DAYS - 1
    queue, column = queue[enough], column[enough]
    nth = [np.flatnonzero(line) for line in queues.business]
    back = np.arange(TREND_DAYS) - TREND_DAYS + 1
    trend = np.array([nth[q][rank[q, c] + back] for q, c in zip(queue, column, strict=True)], dtype=np.int64).reshape(
        len(queue), TREND_DAYS
    )
    backlog = queues.open_at_end[queue[:, None], trend]
    whole = ~np.isnan(backlog).any(axis=1) & (column - trend[:, 0] < MEDIAN_DAYS)
    queue, column, backlog, trend = queue[whole], column[whole], backlog[whole], trend[whole]
    month = column[:, None] + np.arange(MEDIAN_DAYS) - MEDIAN_DAYS + 1
    counts = queues.business[queue[:, None], np.maximum(month, 0)] & (month >= 0)

    def median(values: Floats) -> Floats:
        return row_medians(np.where(counts, values[queue[:, None], np.maximum(month, 0)], np.nan))

    return _Judged(queue, column, backlog, trend[:, 0], median(queues.open_at_end), median(queues.solved))


def evaluate(facts: Facts) -> pl.DataFrame:
    """Two rows a business day of every queue with ten known business days."""
    queues = _queues(facts)
    if not queues.names:
        return no_evaluations(VALUES)
    since, until = micros(facts.since), micros(facts.until)
    over, four = queues.start[:, 1:], queues.four[:, 1:]
    raises_here = queues.business & (over > since) & (over <= until)
    falls_here = queues.business & (four > since) & (four <= until)
    judged = _judged(queues, *np.nonzero(raises_here | falls_here))
    values = backlog_values(judged.backlog, judged.median_open, judged.median_solved)
    where = (judged.queue, judged.column)
    names = pl.Series(np.array(queues.names, dtype=object)[judged.queue], dtype=pl.String)

    def rows(at: Ints, wanted: Bools, raising: bool) -> pl.DataFrame:
        n = len(judged.queue)
        return evaluation_frame(
            subject=names,
            at=at,
            date=judged.column + queues.first_day,
            raises=(judged.median_solved >= MINIMUM_SOLVED) & raising,
            falls=np.full(n, not raising),
            grade_b=np.full(n, facts.grade_b_changes),
            window_start=queues.start[judged.queue, judged.first_column],
            window_end=over[where],
            values=values,
        ).filter(pl.Series(wanted))

    both = [rows(over[where], raises_here[where], True), rows(four[where], falls_here[where], False)]
    return pl.concat(both).sort("subject", "at")


def backlog_values(backlog: Floats, median_open: Floats, median_solved: Floats) -> dict[str, Floats]:
    """The signal's numbers; a row of `backlog` is ten business days. A median of 0 gives no ratio, unless
    nothing is open.
    """
    now = backlog[:, -1]

    def over(median: Floats) -> Floats:
        ratio = np.divide(now, median, out=np.full(len(now), np.nan), where=median > 0)
        return np.where(now == 0, 0.0, ratio)

    return {
        "slope_per_day": theil_sen(backlog),
        "p": mann_kendall(backlog)[1],
        "ratio": over(median_open),
        "days_to_clear": over(median_solved),
    }


def assess(facts: Facts) -> pl.DataFrame:
    """Queues that were silent for four weeks, are known for fewer than ten business days, or solve too few tickets."""
    queues = _queues(facts)
    recent = facts.queues.filter(pl.col("date") > facts.until.date() - timedelta(MEDIAN_DAYS))
    busy = set(recent.filter((pl.col("created") + pl.col("solved") + pl.col("open_at_end")) > 0)["group"])
    over = queues.start[:, 1:] <= micros(facts.until)
    complete = (queues.business & over & ~np.isnan(queues.open_at_end)).sum(axis=1)
    days = dict(zip(queues.names, complete, strict=True))
    small = _small(queues, queues.business & over)
    reasons: dict[str, str | None] = {}
    for name in {*queues.names, *facts.directory.groups["group"]} - {None}:
        if name not in busy:
            reasons[name] = "no events in window"
        elif days.get(name, 0) < TREND_DAYS:
            reasons[name] = "too few days"
        elif name in small:
            reasons[name] = "too few tickets"
    return not_assessable(reasons)


def _small(queues: _Queues, complete: Bools) -> set[str]:
    """Queues that solved too few tickets to be judged on the last of these days."""
    some = np.flatnonzero(complete.any(axis=1))
    last = complete.shape[1] - 1 - np.argmax(complete[some, ::-1], axis=1)
    judged = _judged(queues, some, last)
    return {queues.names[q] for q in judged.queue[judged.median_solved < MINIMUM_SOLVED]}


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The backlog line, its slope, the days it would take to clear, and which weekdays count."""
    queues = _queues(facts)
    end = micros(instance_end(instance, facts.until))
    line: list[dict[str, Any]] = []
    if subject in queues.names:
        i = queues.names.index(subject)
        counts = queues.business[i] & (queues.start[i, 1:] <= end) & ~np.isnan(queues.open_at_end[i])
        line = [
            {
                "date": iso(queues.first_day + c),
                "open": int(queues.open_at_end[i, c]),
                "solved": int(queues.solved[i, c]),
            }
            for c in np.flatnonzero(counts)[-TREND_DAYS:]
        ]
    schedule = _zones_and_schedules(facts, [subject])[1][subject]
    weekdays = [
        name
        for name, open_ in zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), weekdays_of(schedule), strict=True)
        if open_
    ]
    return [
        {"what": "backlog", **{name: known(instance_value(instance, name), 6) for name in VALUES}},
        {"what": "unsolved tickets at the end of the last business days, pending included", "days": line},
        {
            "what": "business days",
            "weekdays": weekdays,
            "note": "from the group's schedule" if schedule else "no schedule known: Monday to Friday assumed",
        },
    ]


SIGNAL = Signal(
    id="LD6",
    name="backlog growth",
    subject="queue",
    values=VALUES,
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("queues",),
    wakes=lambda facts: passes_midnight(facts) or passes_four(facts),
)
