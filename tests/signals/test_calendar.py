"""When agents are judged, and by what."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.people import LEAVE, PEOPLE, Directory
from helpdesk_wellbeing.signals.calendar import (
    contract_weekdays,
    day_grid,
    judged_at,
    judged_days,
    leave_days,
    next_evaluation,
    scheduled_weekdays,
    week_of,
    with_person,
)


def people(*rows):
    frame = pl.DataFrame([{**dict.fromkeys(PEOPLE), **row} for row in rows], schema=PEOPLE)
    empty = Directory.empty("Europe/Amsterdam")
    return Directory(empty.zone, frame, empty.leave, empty.groups, empty.on_call)


def on(agent, *dates):
    return pl.DataFrame({"agent": [agent] * len(dates), "date": [date.fromisoformat(day) for day in dates]})


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-10", datetime(2026, 3, 11, 3, tzinfo=UTC)),
        ("2026-03-28", datetime(2026, 3, 29, 2, tzinfo=UTC)),
        ("2026-10-24", datetime(2026, 10, 25, 3, tzinfo=UTC)),
    ],
)
def test_a_day_is_judged_at_four_the_next_morning_whatever_the_clock_does(day, expected):
    at = judged_at(pl.Series(["Europe/Amsterdam"]), pl.Series([date.fromisoformat(day)]))

    assert at.to_list() == [expected]


def test_each_row_is_judged_in_its_own_zone():
    zones = pl.Series(["America/Sao_Paulo", "Asia/Kolkata", "America/Sao_Paulo"])
    dates = pl.Series([date(2026, 3, 10), date(2026, 3, 10), date(2026, 3, 11)])

    assert judged_at(zones, dates).to_list() == [
        datetime(2026, 3, 11, 7, tzinfo=UTC),
        datetime(2026, 3, 10, 22, 30, tzinfo=UTC),
        datetime(2026, 3, 12, 7, tzinfo=UTC),
    ]


def test_four_oclock_itself_is_the_next_evaluation():
    moments = pl.Series([datetime(2026, 3, 11, 3, tzinfo=UTC), datetime(2026, 3, 11, 3, 0, 1, tzinfo=UTC)])

    found = next_evaluation(moments.cast(pl.Datetime("us", "UTC")), pl.Series(["Europe/Amsterdam"] * 2))

    assert found.to_list() == [datetime(2026, 3, 11, 3, tzinfo=UTC), datetime(2026, 3, 12, 3, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("Mon-Fri 09:00-17:30", "1111100"),
        ("Mon-Fri 09:00-17:30; Sat 10:00-14:00", "1111110"),
        ("Mon, Wed-Thu 9:00-17:00", "1011000"),
        ("Fri-Mon 22:00-06:00", "1000111"),
        ("Mon-Tue 00:00-24:00", "1100000"),
    ],
)
def test_a_schedule_names_its_weekdays(schedule, days):
    assert format(scheduled_weekdays(schedule), "07b")[::-1] == days


@pytest.mark.parametrize("schedule", ["weekdays", "Mon-Fry 09:00-17:00", "Mon-Fri 9-17"])
def test_an_unreadable_schedule_is_named(schedule):
    with pytest.raises(ConfigError, match="schedule"):
        scheduled_weekdays(schedule)


@pytest.mark.parametrize(
    ("schedule", "days"),
    [(None, "1111100"), ("Mon-Wed 09:00-17:00", "1111100"), ("Tue-Sat 09:00-17:00", "0111110")],
)
def test_contract_days_are_those_of_a_five_day_schedule_or_monday_to_friday(schedule, days):
    assert format(contract_weekdays(schedule), "07b")[::-1] == days


def test_an_unknown_agent_has_the_defaults():
    row = with_person(on("7", "2026-03-10"), people()).row(0, named=True)

    assert (row["zone"], row["own_zone"], row["preset"]) == ("Europe/Amsterdam", False, "eu_floor")
    assert (row["contract_hours"], row["schedule"], row["left_out"]) == (40.0, None, False)


def test_a_row_of_the_people_file_holds_until_the_next_one_begins():
    known = people(
        {"agent": "7", "preset": "de_arbzg", "valid_from": date(2026, 3, 1)},
        {"agent": "7", "preset": "nl_atw", "valid_from": date(2026, 3, 10), "time_zone": "America/Sao_Paulo"},
    )

    rows = with_person(on("7", "2026-02-28", "2026-03-01", "2026-03-09", "2026-03-10"), known)

    assert rows["preset"].to_list() == ["eu_floor", "de_arbzg", "de_arbzg", "nl_atw"]
    assert rows["own_zone"].to_list() == [False, False, False, True]


def test_overlapping_leave_names_each_day_once():
    leave = pl.DataFrame(
        [("7", date(2026, 3, 9), date(2026, 3, 11)), ("7", date(2026, 3, 11), date(2026, 3, 20))],
        schema=LEAVE,
        orient="row",
    )
    directory = Directory("UTC", pl.DataFrame(schema=PEOPLE), leave, pl.DataFrame(), pl.DataFrame())

    days = leave_days(directory, date(2026, 3, 10), date(2026, 3, 12))

    assert days.rows() == [("7", date(2026, 3, 10)), ("7", date(2026, 3, 11)), ("7", date(2026, 3, 12))]


@pytest.mark.parametrize(
    ("week_start", "expected"), [(0, date(2026, 3, 9)), (6, date(2026, 3, 8)), (2, date(2026, 3, 4))]
)
def test_weeks_begin_on_the_chosen_day(week_start, expected):
    assert week_of(date(2026, 3, 10), week_start) == expected


def test_a_day_in_the_old_zone_is_judged_in_the_old_zone(working_facts, events_every, at_local):
    work = {"7": events_every("2026-03-10T15:00", "2026-03-10T20:00")}
    moved = [
        {"agent": "7", "time_zone": "Europe/Amsterdam"},
        {"agent": "7", "time_zone": "Asia/Manila", "valid_from": date(2026, 3, 11)},
    ]

    facts = working_facts(work, "2026-03-12T12:00", people=moved)

    assert judged_days(facts)["at"].to_list() == [at_local("2026-03-11T04:00")]


def test_worked_days_are_active_hours_and_scheduled_days_without_leave(working_facts, events_every):
    work = {"7": events_every("2026-03-09T09:00", "2026-03-09T17:00")}  # Monday
    work["7"] += events_every("2026-03-14T09:00", "2026-03-14T09:30")  # Saturday, half an hour
    work["7"] += events_every("2026-03-15T09:00", "2026-03-15T10:00")  # Sunday, an hour
    schedule = [{"agent": "7", "schedule": "Mon-Fri 09:00-17:00"}]

    facts = working_facts(work, "2026-03-16T12:00", people=schedule, leave=[("7", "2026-03-12", "2026-03-13")])
    grid = day_grid(facts, date(2026, 3, 6), date(2026, 3, 15), pl.Series(["7"]))

    worked = grid.filter("worked")["date"].to_list()
    assert worked == [date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 15)]


def test_the_grid_knows_what_held_on_each_date(working_facts, events_every):
    rows = [
        {"agent": "7", "preset": "nl_atw", "valid_from": date(2026, 3, 1)},
        {"agent": "7", "preset": "uk_wtr", "valid_from": date(2026, 3, 11)},
    ]
    facts = working_facts({"7": events_every("2026-03-09T09:00", "2026-03-09T17:00")}, "2026-03-16T12:00", people=rows)

    late = day_grid(facts, date(2026, 3, 10), date(2026, 3, 12), pl.Series(["8", "7"]))
    early = day_grid(facts, date(2026, 2, 28), date(2026, 3, 1), pl.Series(["7"]))

    assert late["agent"].to_list() == ["7"] * 3 + ["8"] * 3
    assert late["preset"].to_list() == ["nl_atw", "uk_wtr", "uk_wtr", "eu_floor", "eu_floor", "eu_floor"]
    assert early["preset"].to_list() == ["eu_floor", "nl_atw"]
