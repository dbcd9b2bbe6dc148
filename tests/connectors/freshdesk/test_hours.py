"""Business hours and holidays in all the forms that accounts show."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.freshdesk.hours import minute, schedule_of

OFFICE = {"start_time": "08:00:00 am", "end_time": "05:00:00 pm"}


def read(**row):
    notes: list[str] = []
    return schedule_of(
        {"id": "77", "name": "Office", "time_zone": "Eastern Time (US & Canada)", **row}, 2026, notes.append
    ), notes


@pytest.mark.parametrize(
    ("clock", "minutes"),
    [
        ("08:00:00 am", 480), ("8:00 am", 480), ("12:00 am", 0), ("12:30 PM", 750), ("5:00 pm", 1020), ("17:30", 1050),
        ("17:30:00", 1050), ("24:00", 1440), ("9:05 a.m.", 545),
    ],
)  # fmt: skip
def test_clocks(clock, minutes):
    assert minute(clock) == minutes


@pytest.mark.parametrize("clock", ["noon", "25:00", "8:75", "8"])
def test_what_is_no_clock(clock):
    with pytest.raises(ValueError, match=r"."):
        minute(clock)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"monday": OFFICE, "tuesday": OFFICE, "friday": OFFICE}, "Mon-Tue 08:00-17:00; Fri 08:00-17:00"),
        ({"saturday": {"start_time": "10:00 pm", "end_time": "6:00 am"}}, "Sat 22:00-24:00; Sun 00:00-06:00"),
        ({"monday": [{"start_time": "9:00", "end_time": "12:00"}, {"start_time": "13:00", "end_time": "17:00"}]},
         "Mon 09:00-12:00; Mon 13:00-17:00"),
        ({"monday": {"start_time": "12:00 am", "end_time": "11:59 pm"}}, "Mon 00:00-24:00"),
        ([{"day": "Monday", "start_time": "09:00", "end_time": "17:00"}], "Mon 09:00-17:00"),
        ({}, None),
    ],
)  # fmt: skip
def test_hours(hours, words):
    schedule, notes = read(business_hours=hours)

    assert (schedule.hours, schedule.zone, notes) == (words, "America/New_York", [])


def test_strange_hours_and_zones_are_said():
    schedule, notes = read(business_hours={"someday": OFFICE}, time_zone="Middle-earth")

    assert (schedule.hours, schedule.zone) == (None, None)
    assert len(notes) == 2


@pytest.mark.parametrize(
    "holidays",
    [
        [{"name": "Christmas", "date": "2026-12-25"}],
        [{"holiday_name": "Christmas", "start_date": "2026-12-25T00:00:00Z", "end_date": "2026-12-25T23:59:59Z"}],
        [["Dec 25", "Christmas"]],
        {"25 December": "Christmas"},
    ],
)
def test_holidays(holidays):
    schedule, notes = read(holidays=holidays)

    assert ("Christmas", date(2026, 12, 25), date(2026, 12, 25)) in schedule.holidays
    assert notes == []


def test_a_holiday_without_a_readable_date_is_said():
    assert len(read(holidays=[{"name": "Some day"}, "whenever"])[1]) == 2
