"""Five plain questions about one's own last two weeks (own hours: four weeks), answered from one's own facts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from helpdesk_wellbeing.pages.own_past import EVENTS_OF_A_SHIFT, HOUR, LONGEST_DAILY_REST, Mine
from helpdesk_wellbeing.schedules import schedule_minutes
from helpdesk_wellbeing.signals.wt7 import WINDOW as AFTER_HOURS_DAYS

WINDOW = timedelta(days=14)
LONG_DAY_H = 10.0
COUNTS_FROM = timedelta(minutes=15)  # of a day, outside own hours
BREAK_FROM = timedelta(hours=6)  # of a shift, from where on a break is asked about

QUESTIONS = ("long days", "short rests", "without break", "outside own hours", "days in a row")


@dataclass(frozen=True)
class Answer:
    """One answer. `number` None: it cannot be told, which is not "none"; `why` says so (a reason of the signals)."""

    question: str  # one of QUESTIONS
    number: int | None
    why: str | None = None
    against: float | None = None  # the hours or minutes that it is about


def self_check(mine: Mine, on: date, schedule: str | None) -> list[Answer]:
    """The answers about the fourteen days that end with `on`."""
    first = on - WINDOW + timedelta(days=1)
    shifts = mine.shifts.filter(pl.col("date").is_between(first, on))
    rest_h = mine.preset.daily_rest_h
    need = max((one.need_min for one in mine.preset.breaks), default=15.0)
    if shifts.is_empty():
        against = {"long days": LONG_DAY_H, "short rests": rest_h, "without break": need}
        return [Answer(question, None, "no events in window", against.get(question)) for question in QUESTIONS]
    return [
        Answer("long days", _count(shifts, pl.col("active_30") >= timedelta(hours=LONG_DAY_H)), against=LONG_DAY_H),
        Answer("short rests", _short_rests(mine, first, on, rest_h), against=rest_h),
        _without_break(shifts, need),
        _outside(mine.days, on, schedule),
        Answer("days in a row", _longest_row(mine.days, on)),
    ]


def _count(frame: pl.DataFrame, condition: pl.Expr) -> int:
    return frame.filter(condition).height


def _short_rests(mine: Mine, first: date, on: date, needed_h: float) -> int:
    rest = (pl.col("start") - pl.col("end").shift(1)).dt.total_microseconds() / HOUR
    rests = mine.shifts.select("date", rest=rest).filter(pl.col("date").is_between(first, on))
    return _count(rests, (pl.col("rest") < needed_h) & (pl.col("rest") < LONGEST_DAILY_REST))


def _without_break(shifts: pl.DataFrame, need_min: float) -> Answer:
    long = shifts.filter((pl.col("end") - pl.col("start") > BREAK_FROM) & (pl.col("work_events") >= EVENTS_OF_A_SHIFT))
    if long.is_empty():
        return Answer("without break", None, "too few events", need_min)
    return Answer("without break", _count(long, pl.col("breaks") < timedelta(minutes=need_min)), against=need_min)


def _outside(days: pl.DataFrame, on: date, schedule: str | None) -> Answer:
    """Of the days that WT7 looks at: the 28 that are over."""
    over = pl.col("date").is_between(on - timedelta(AFTER_HOURS_DAYS), on, closed="left")
    known = days.filter(over & pl.col("after_hours").is_not_null() & (pl.col("work_events") > 0))
    if schedule is None or known.is_empty() or schedule_minutes(schedule) == 0:
        return Answer("outside own hours", None, "no schedule")
    return Answer("outside own hours", _count(known, pl.col("after_hours") >= COUNTS_FROM))


def _longest_row(days: pl.DataFrame, on: date) -> int:
    """The most days with work one after the other that reach into the two weeks."""
    worked = set(days.filter(pl.col("work_events") > 0)["date"].to_list())
    longest = 0
    for start in (on - timedelta(days=n) for n in range(WINDOW.days)):
        row = 0
        while start - timedelta(days=row) in worked:
            row += 1
        longest = max(longest, row)
    return longest
