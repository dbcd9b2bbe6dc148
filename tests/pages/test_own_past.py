"""What a chart of one's own past shows, held against what the flag says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl

from helpdesk_wellbeing.facts.schema import DAYS, SHIFTS
from helpdesk_wellbeing.pages.own_past import Mine, own_past
from helpdesk_wellbeing.pages.self_check import self_check
from helpdesk_wellbeing.signals.presets import presets
from helpdesk_wellbeing.web.charts.specs import over_time_spec

MONDAY = date(2026, 9, 14)
HOURS = timedelta(hours=8)


def mine(days, until):
    """Who works from nine for eight hours on these days after the first Monday."""
    rows = []
    for day in days:
        on = MONDAY + timedelta(days=day)
        start = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
        span = {"active_15": HOURS, "active_30": HOURS, "active_60": HOURS, "work_events": 30, "grade": "A"}
        seen = {"start": start, "end": start + HOURS, "first": start, "last": start + HOURS}
        rows.append({"agent": "1", "date": on, **seen, **span})
    shifts, worked = (
        pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
        for schema in (SHIFTS, DAYS)
    )
    hard = pl.DataFrame(schema={"date": pl.Date(), "hard": pl.UInt32()})
    return Mine(shifts, worked, hard, next(iter(presets().values())), 40.0, 0, MONDAY + timedelta(days=until))


def told(series):
    return {(one.at - MONDAY).days: one.value for one in series.points}


def test_weekly_rest_is_of_the_seven_days_that_the_flag_speaks_of_and_not_known_before_there_are_seven():
    series = own_past("WT5", mine([0, 1, 2, 3, 4, *range(7, 17)], 17), {"required_h": 35.0})
    found = told(series)

    assert [found[day] for day in (0, 1, 4)] == [None, None, None]
    assert [found[day] for day in (7, 13)] == [64.0, 64.0]  # the weekend ended on the second Monday morning
    assert [found[day] for day in (14, 16)] == [16.0, 16.0]
    drawn = over_time_spec(series.points, series.lines, "", series.side)["datasets"]["rows"]
    assert {one["is"] for one in drawn if one["v"] == 64.0} == {"in"}
    assert min(one["at"] for one in drawn) == (MONDAY + timedelta(days=7)).isoformat()


def test_a_week_that_the_beginning_of_the_data_cuts_off_is_not_known_and_one_that_is_over_is_shown():
    days = [2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21]

    assert told(own_past("WT2", mine(days, 21))) == {0: None, 7: 40.0, 14: 40.0}
    assert told(own_past("WT2", mine(days, 20))) == {0: None, 7: 40.0}
    assert own_past("WT2", mine([2, 3], 8)) is None


def test_days_outside_own_hours_are_those_of_the_four_weeks_that_the_flag_looks_at():
    late = mine([0, 1, 2, 20, 21, 27, 28], 28)
    days = late.days.with_columns(after_hours=pl.lit(timedelta(minutes=15)))
    answers = self_check(replace(late, days=days), MONDAY + timedelta(days=28), "Mon-Fri 07:00-08:00")

    assert {one.question: one.number for one in answers}["outside own hours"] == 6
    answers = self_check(replace(late, days=days), MONDAY + timedelta(days=30), "Mon-Fri 07:00-08:00")
    assert {one.question: one.number for one in answers}["outside own hours"] == 5
