"""Work outside the own hours, and work at night."""

from datetime import date, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.signals import wt7, wt8

NINE_TO_HALF_PAST_FIVE = (540, 1050)
PEOPLE = [{"agent": "7", "time_zone": "Europe/Amsterdam", "schedule": "Mon-Fri 09:00-17:30"}]


def weekdays(first, count):
    begin = date.fromisoformat(first)
    days = [begin + timedelta(step) for step in range(count * 2) if (begin + timedelta(step)).weekday() < 5]
    return days[:count]


def office_days(events_every, first, count, start="09:00", end="17:30"):
    return [at for day in weekdays(first, count) for at in events_every(f"{day}T{start}", f"{day}T{end}", 30)]


def after_hours(facts):
    return wt7.evaluate(facts).row(-1, named=True)


def working(working_facts, instants, until, **more):
    return working_facts({"7": instants}, until, window=NINE_TO_HALF_PAST_FIVE, **{"people": PEOPLE, **more})


def test_the_share_of_work_outside_the_schedule(working_facts, events_every):
    day = events_every("2026-03-10T08:30", "2026-03-10T12:00", 30)
    day += events_every("2026-03-10T12:45", "2026-03-10T17:40", 30)
    day += events_every("2026-03-10T20:15", "2026-03-10T20:50", 30)

    row = after_hours(working(working_facts, day, "2026-03-11T12:00"))

    assert row["share"] == pytest.approx(0.1389, abs=1e-4)
    assert row["falls"]
    assert not row["raises"]  # one worked day is not enough


def test_hours_a_week_and_days_of_ten_over_four_weeks(working_facts, events_every):
    work = office_days(events_every, "2026-02-02", 17) + office_days(events_every, "2026-02-25", 3, end="20:30")

    row = after_hours(working(working_facts, work, "2026-03-01T05:00"))

    assert row["raises"]
    assert row["after_hours_h_per_week"] == pytest.approx(9 / 4, rel=0.05)
    assert row["days_of_10"] == 3.0


def test_ten_worked_days_are_needed(working_facts, events_every):
    work = office_days(events_every, "2026-03-02", 12, end="20:30")

    rows = wt7.evaluate(working(working_facts, work, "2026-03-18T12:00"))

    assert rows.filter("raises")["date"].min() == date(2026, 3, 13)


def test_a_scheduled_day_without_work_counts_as_worked_with_nothing(working_facts, events_every):
    work = office_days(events_every, "2026-03-02", 9, end="20:30")  # until Thursday the 12th

    rows = wt7.evaluate(working(working_facts, work, "2026-03-18T12:00"))
    friday = rows.filter(date=date(2026, 3, 13)).row(0, named=True)

    assert (friday["raises"], friday["falls"], friday["days_of_10"]) == (True, False, 9.0)


def test_a_leave_day_counts_fully_and_is_said_once(working_facts, events_every):
    work = office_days(events_every, "2026-02-16", 20)
    work += events_every("2026-03-16T10:00", "2026-03-16T10:30", 30)
    leave = [("7", "2026-03-16", "2026-03-20")]

    rows = wt7.evaluate(working(working_facts, work, "2026-03-19T12:00", leave=leave))

    assert rows.filter(pl_date("2026-03-16")).select("leave_days", "leave_day_now").rows() == [(1.0, 1.0)]
    assert rows.filter(pl_date("2026-03-17")).select("leave_days", "leave_day_now").rows() == [(1.0, 0.0)]


def test_work_on_call_on_a_leave_day_is_left_out(working_facts, events_every):
    work = office_days(events_every, "2026-02-16", 20)
    work += events_every("2026-03-16T10:00", "2026-03-16T10:30", 30)  # within the schedule: nothing outside is left

    facts = working(
        working_facts,
        work,
        "2026-03-19T12:00",
        leave=[("7", "2026-03-16", "2026-03-20")],
        on_call=[("7", "2026-03-16T00:00", "2026-03-16T23:59")],
    )

    assert after_hours(facts)["leave_days"] == 0.0


def pl_date(text):
    return pl.col("date") == date.fromisoformat(text)


def test_without_a_schedule_after_hours_are_not_assessable(working_facts, events_every):
    work = office_days(events_every, "2026-02-16", 20)

    facts = working(working_facts, work, "2026-03-19T12:00", people=[{"agent": "7"}])

    assert wt7.evaluate(facts).is_empty()
    assert wt7.assess(facts).rows() == [("7", "no schedule")]


def test_the_evidence_of_after_hours_is_week_by_week(working_facts, events_every):
    work = office_days(events_every, "2026-02-02", 20, end="18:30")
    facts = working(working_facts, work, "2026-03-01T05:00")

    weeks = wt7.explain(facts, "7", after_hours(facts))

    assert len(weeks) == 4
    assert weeks[-1]["after_hours_h"] == pytest.approx(5.0)
    assert weeks[-1]["days"] == 5


def night(events_every, evening, start="22:00", end="06:00"):
    morning = date.fromisoformat(evening) + timedelta(1)
    return events_every(f"{evening}T{start}", f"{morning}T{end}", 20)


def nights(events_every, first, count):
    begin = date.fromisoformat(first)
    return [at for step in range(count) for at in night(events_every, str(begin + timedelta(step)))]


def raised(facts):
    return wt8.evaluate(facts).filter("raises").row(-1, named=True)


def test_blocks_over_midnight_make_a_night_that_ends_after_two(working_facts, events_every):
    work = events_every("2026-03-10T21:00", "2026-03-10T23:40", 20)
    work += events_every("2026-03-11T00:15", "2026-03-11T01:30", 15)
    work += events_every("2026-03-11T02:10", "2026-03-11T05:30", 20)
    facts = working_facts({"7": work}, "2026-03-11T12:00", people=PEOPLE)

    row = raised(facts)
    [told] = wt8.explain(facts, "7", row)

    assert (row["nights_16w"], row["series"]) == (1.0, 1.0)
    assert told["night_h"] == pytest.approx(275 / 60, abs=1e-3)
    assert row["longest_night_h"] == pytest.approx((160 + 275) / 60)


def test_an_hour_after_midnight_makes_no_night(working_facts, events_every):
    work = events_every("2026-03-10T21:00", "2026-03-11T01:00", 20)

    assert wt8.evaluate(working_facts({"7": work}, "2026-03-11T03:00", people=PEOPLE)).is_empty()


def test_a_night_that_ends_before_two_is_in_the_series_but_not_in_the_count(working_facts, events_every):
    work = night(events_every, "2026-03-10") + night(events_every, "2026-03-11", end="01:40")

    row = raised(working_facts({"7": work}, "2026-03-12T12:00", people=PEOPLE))

    assert (row["nights_16w"], row["series"]) == (1.0, 2.0)


def test_six_nights_running_are_a_series_of_six(working_facts, events_every):
    work = nights(events_every, "2026-03-02", 6) + nights(events_every, "2026-03-10", 2)

    rows = wt8.evaluate(working_facts({"7": work}, "2026-03-12T12:00", people=PEOPLE)).filter("raises")

    assert rows["series"].to_list() == [1, 2, 3, 4, 5, 6, 6, 6]
    assert rows["nights_16w"].to_list() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_shift_begun_after_midnight_belongs_to_the_evening_before(working_facts, events_every):
    work = night(events_every, "2026-03-10") + events_every("2026-03-12T00:10", "2026-03-12T07:00", 20)

    assert raised(working_facts({"7": work}, "2026-03-12T12:00", people=PEOPLE))["series"] == 2.0


def test_nights_leave_the_count_after_sixteen_weeks(working_facts, events_every):
    work = nights(events_every, "2026-01-05", 3) + night(events_every, "2026-04-28")

    # the window begins in the middle of the first three nights: only the first of them ended before it
    assert raised(working_facts({"7": work}, "2026-04-29T12:00", people=PEOPLE))["nights_16w"] == 3.0


def test_a_running_night_does_not_count_towards_the_exit(working_facts, events_every, at_local):
    work = nights(events_every, "2026-03-02", 3)

    rows = wt8.evaluate(working_facts({"7": work}, "2026-03-08T12:00", people=PEOPLE)).filter("falls")

    assert rows["at"].to_list() == [at_local("2026-03-06T04:00")]  # the Thursday after the last night


def test_a_night_is_as_long_as_it_was_when_the_clock_goes_back(working_facts, events_every):
    work = night(events_every, "2026-10-24")

    assert raised(working_facts({"7": work}, "2026-10-25T12:00", people=PEOPLE))["longest_night_h"] == pytest.approx(9)


def test_without_an_own_zone_nights_are_not_assessable(working_facts, events_every):
    facts = working_facts({"7": nights(events_every, "2026-03-02", 3)}, "2026-03-08T12:00")

    assert wt8.evaluate(facts).is_empty()
    assert wt8.assess(facts).rows() == [("7", "no zone")]


def test_nights_in_the_united_states_are_health_hints(working_facts, events_every):
    people = [{"agent": "7", "time_zone": "America/Chicago", "preset": "us_flsa"}]
    work = events_every("2026-03-10T22:00", "2026-03-11T06:00", 20, zone="America/Chicago")

    assert raised(working_facts({"7": work}, "2026-03-11T23:00", people=people))["health_only"] == 1.0
