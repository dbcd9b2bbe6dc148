"""Long days, long weeks, long averages (WT1, WT2, WT3; worked example 5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

# worked example 5: hours of 16 weeks, the fourth and fifth on leave
WEEKS = (47, 46, 45, 0, 0, 48, 47, 46, 45, 46, 44, 47, 46, 45, 46, 46)
FIRST_MONDAY = date(2025, 11, 24)
AFTER_16_WEEKS = "2026-03-16T04:00"


def hours_from_eight(hours):
    """A span of so many hours from 08:00 on."""
    minutes = round(8 * 60 + hours * 60)
    return f"08:00-{minutes // 60:02d}:{minutes % 60:02d}"


def long_weeks(log, agent, weeks, first=FIRST_MONDAY):
    for week, hours in enumerate(weeks):
        for day in range(5):
            if hours:
                log.work(agent, first + timedelta(7 * week + day), hours_from_eight(hours / 5), step=30)


@pytest.fixture(scope="module")
def desk(open_desk, new_log):
    log = new_log()
    # --- averages
    for agent in ("leave told", "leave not told", "leave on no contract day"):
        log.person(agent, preset="nl_atw", time_zone="Europe/Amsterdam")
        long_weeks(log, agent, WEEKS)
    log.leave.append(("leave told", date(2025, 12, 15), date(2025, 12, 28)))
    log.leave.append(("leave on no contract day", date(2025, 12, 20), date(2025, 12, 21)))
    log.person("eight weeks", preset="uk_wtr")
    long_weeks(log, "eight weeks", [50] * 8, date(2026, 1, 19))
    log.person("nine weeks", preset="uk_wtr")
    long_weeks(log, "nine weeks", [50] * 9, date(2026, 1, 12))
    log.person("american", preset="us_flsa")
    long_weeks(log, "american", [50] * 9, date(2026, 1, 12))
    log.person("half time", preset="nl_atw", contract_hours=20, schedule="Mon-Wed 09:00-16:00")
    long_weeks(log, "half time", [44.5] * 9, date(2026, 1, 12))
    # --- long days, all on Tuesday 2026-03-17
    for agent, preset, span in (
        ("ten", "eu_floor", "08:00-18:00"),
        ("under ten", "eu_floor", "08:00-17:59"),
        ("twelve", "nl_atw", "08:00-20:00"),
        ("german nine", "de_arbzg", "08:00-17:00"),
        ("german ten", "de_arbzg", "08:00-18:00"),
        ("french under nine", "fr_ct", "08:00-16:59"),
        ("american twelve", "us_flsa", "08:00-20:00"),
    ):
        log.person(agent, preset=preset)
        log.work(agent, "2026-03-17", span)
    log.work("span thirteen", "2026-03-17", "07:00-09:00", "14:00-16:00", "20:00")
    log.work("span over thirteen", "2026-03-17", "07:00-09:00", "14:00-16:00", "20:00:01")
    log.work("nine events", "2026-03-17", "07:00-08:12", "13:00", "20:30", step=12)
    log.work("ten events", "2026-03-17", "07:00-08:12", "13:00", "18:00", "20:30", step=12)
    log.work("nineteen vague", "2026-03-17", "07:00-10:00", "15:00", "18:00", "20:30", step=12, grade="B")
    log.work("twenty vague", "2026-03-17", "07:00-10:00", "15:00", "18:00", "19:00", "20:30", step=12, grade="B")
    log.work("over the clock change", "2026-03-28", "22:00-08:30")  # 9.5 h of time, 10.5 h on the wall
    log.work("moved", "2026-03-17", "08:00-17:30")
    log.work("moved", "2026-03-24", "08:00-17:30")
    log.person("moved", preset="eu_floor")
    log.person("moved", preset="de_arbzg", valid_from=date(2026, 3, 20))
    log.person("left out", excluded=True)
    log.work("left out", "2026-03-17", "08:00-20:00")
    log.person("desk phone", identity="shared")
    log.work("desk phone", "2026-03-17", "08:00-20:00")
    # a long day, then five ordinary ones among a thin one that does not count
    log.work("rested", "2026-03-02", "08:00-18:30")
    for day in ("03", "04", "06", "09", "10"):
        log.work("rested", f"2026-03-{day}", "09:00-17:00")
    log.work("rested", "2026-03-05", "09:00-09:48")
    # --- long weeks
    log.person("forty-four", contract_hours=40)
    long_weeks(log, "forty-four", [55], date(2026, 3, 2))  # 11 h a day: 44 h after four days
    log.work("just under", "2026-03-02", "08:00-18:59")
    for day in ("03", "04", "05"):
        log.work("just under", f"2026-03-{day}", "08:00-19:00")
    log.person("part-timer", contract_hours=20)
    for day in ("02", "03", "04", "05"):
        log.work("part-timer", f"2026-03-{day}", "09:00-14:30")
    for day in ("02", "03", "04"):
        log.work("three days", f"2026-03-{day}", "06:00-22:00")
    # back to normal: an overlong week, one of 42 h, a week away, one under 42 h
    long_weeks(log, "recovering", [45, 42, 41.5, 0, 41], date(2026, 2, 9))
    # Sunday night belongs to both weeks
    for day in ("03", "04", "05", "06"):
        log.work("over Sunday", f"2026-03-{day}", "10:00-20:30")
    log.work("over Sunday", "2026-03-08", "22:30-03:00")
    return open_desk(log, "WT1 WT2 WT3")


EVENING = "2026-03-17T23:00"


@pytest.mark.parametrize(
    ("agent", "level"),
    [
        ("ten", "warn"),
        ("under ten", "none"),
        ("twelve", "critical"),
        ("german nine", "warn"),
        ("german ten", "critical"),
        ("french under nine", "none"),
        ("american twelve", "critical"),
        ("span thirteen", "none"),
        ("span over thirteen", "critical"),
        ("nine events", "none"),
        ("ten events", "critical"),
        ("nineteen vague", "none"),
        ("twenty vague", "critical"),
        ("left out", "none"),
        ("desk phone", "none"),
    ],
)
def test_a_long_day_is_judged_by_the_presets_limits_and_by_its_span(desk, agent, level):
    assert desk.level("WT1", agent, EVENING) == level


def test_a_long_day_shows_its_hours_its_limit_and_its_window(desk):
    flag = desk.flag("WT1", "ten", EVENING)

    assert flag["values"] == {"active_h": 10.0, "span_h": 10.0, "limit_h": 12.0}
    assert flag["since"] == "2026-03-17"
    assert flag["window"] == {"start": "2026-03-17T07:00:00Z", "end": "2026-03-17T17:00:00Z"}
    assert (flag["rule"], flag["state"], flag["grade"]) == ("long_day", "active", "A")
    assert desk.flag("WT1", "twenty vague", EVENING)["grade"] == "B"


def test_a_running_shift_is_flagged_from_the_event_that_shows_it(desk):
    assert desk.level("WT1", "twelve", "2026-03-17T17:59:59") == "none"
    assert desk.level("WT1", "twelve", "2026-03-17T18:00") == "warn"
    flag = desk.flag("WT1", "twelve", "2026-03-17T19:59:59")
    assert (flag["level"], flag["values"]["active_h"]) == ("warn", 11.8)


def test_a_night_over_the_clock_change_is_as_long_as_it_took(desk):
    assert desk.story("WT1", "over the clock change") == []


def test_another_contract_country_holds_from_its_date_on(desk):
    assert desk.story("WT1", "moved") == [("2026-03-24 17:30", "warn")]


def test_a_long_day_is_over_after_five_judgeable_ordinary_shifts(desk):
    assert desk.story("WT1", "rested") == [
        ("2026-03-02 18:30", "warn"),
        ("2026-03-04 04:00", "cooling"),
        ("2026-03-11 04:00", "cleared"),
    ]
    assert desk.level("WT1", "rested", "2026-03-11T03:59") == "(warn)"
    assert desk.level("WT1", "rested", "2026-03-11T04:00") == "none"


def test_a_long_week_is_raised_the_morning_after_the_fourth_day(desk):
    assert desk.story("WT2", "forty-four") == [("2026-03-06 04:00", "warn"), ("2026-03-07 04:00", "critical")]
    flag = desk.flag("WT2", "forty-four", "2026-03-06T04:00")
    assert flag["values"] == {"week_h": 44.0, "limit_h": 48.0}
    assert flag["since"] == "2026-03-05"
    assert flag["window"] == {"start": "2026-03-01T23:00:00Z", "end": "2026-03-05T23:00:00Z"}


def test_a_week_just_under_or_of_three_days_is_not_long(desk):
    assert desk.story("WT2", "just under") == []
    assert desk.story("WT2", "three days") == []


def test_a_long_week_is_measured_by_the_own_contract(desk):
    assert desk.story("WT2", "part-timer") == [("2026-03-06 04:00", "warn")]
    assert desk.flag("WT2", "part-timer", EVENING)["values"]["week_h"] == 22.0


def test_forty_eight_hours_are_critical_in_every_preset(desk):
    flag = desk.flag("WT2", "american", AFTER_16_WEEKS)
    assert (flag["level"], flag["values"]["week_h"]) == ("critical", 50.0)


def test_a_long_week_ends_after_two_weeks_of_work_well_under_it(desk):
    assert desk.story("WT2", "recovering") == [
        ("2026-02-14 04:00", "warn"),
        ("2026-03-02 04:00", "cooling"),
        ("2026-03-16 04:00", "cleared"),
    ]


def test_sunday_night_is_split_between_its_weeks(desk):
    assert desk.story("WT2", "over Sunday") == []  # 42 h and 1.5 h of the night; 45 h with all of it, 44 would warn
    days = {row["date"]: row["active_30"] for row in desk.facts("days", "over Sunday")}
    assert days[date(2026, 3, 8)] == timedelta(hours=1, minutes=30)
    assert days[date(2026, 3, 9)] == timedelta(hours=3)


def test_example_5_leave_weeks_leave_hours_and_contract_days_alike(desk):
    flag = desk.flag("WT3", "leave told", AFTER_16_WEEKS)

    assert flag["values"] == {"average_h": 46.0, "limit_h": 48.0, "weeks": 16}
    assert flag["level"] == "warn"
    assert desk.level("WT3", "leave not told", AFTER_16_WEEKS) == "none"
    assert desk.level("WT3", "leave on no contract day", AFTER_16_WEEKS) == "none"


def test_an_average_is_judged_only_when_the_week_is_complete(desk):
    assert desk.story("WT3", "leave told")[0] == ("2026-01-19 04:00", "warn")  # eight of sixteen weeks seen
    assert desk.flag("WT3", "leave told", "2026-01-19T03:59") is None
    assert desk.reason("WT3", "leave told", "2026-01-19T03:59") is None  # the four weeks can be judged


def test_less_than_half_of_the_reference_period_is_a_projection(desk):
    assert desk.reason("WT3", "eight weeks", AFTER_16_WEEKS) == "projection"
    assert desk.level("WT3", "eight weeks", AFTER_16_WEEKS) == "none"
    assert desk.reason("WT3", "nine weeks", AFTER_16_WEEKS) is None
    assert desk.flag("WT3", "nine weeks", AFTER_16_WEEKS)["values"] == {"average_h": 50.0, "limit_h": 48.0, "weeks": 17}
    assert desk.level("WT3", "nine weeks", AFTER_16_WEEKS) == "critical"


def test_without_a_legal_average_there_is_nothing_to_judge(desk):
    assert desk.reason("WT3", "american", AFTER_16_WEEKS) == "no limit in preset"


def test_a_part_timers_average_is_over_the_whole_week(desk):
    flag = desk.flag("WT3", "half time", AFTER_16_WEEKS)
    assert (flag["values"]["average_h"], flag["level"]) == (44.5, "warn")


def test_people_left_out_are_named_with_the_reason(desk):
    assert desk.reason("WT1", "left out", EVENING) == "excluded"
    assert desk.reason("WT1", "desk phone", EVENING) == "shared or automated"
    assert desk.reason("WT1", "recovering", "2026-04-01T12:00") == "no events in window"
