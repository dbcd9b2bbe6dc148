"""Daily and weekly rest (WT4, WT5; worked examples 3 and 6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest


def ordinary(log, agent, *days, month=3, span="09:00-17:00", step=30):
    for day in days:
        log.work(agent, date(2026, month, day), span, step=step)


@pytest.fixture(scope="module")
def desk(open_desk, new_log):
    log = new_log()
    # --- worked example 3
    log.work("late twice", "2026-03-10", "14:00-21:40")
    log.work("late twice", "2026-03-11", "07:55-15:55")
    log.work("late twice", "2026-03-12", "15:30-23:30")
    log.work("late twice", "2026-03-13", "07:00-15:00")
    log.work("clock change", "2026-03-28", "13:00-21:00")
    log.work("clock change", "2026-03-29", "08:00-14:00")
    for agent, preset, night_end in (
        ("dutch night", "nl_atw", "05:30"),
        ("european night", "eu_floor", "05:30"),
        ("dutch night until two", "nl_atw", "02:00"),
    ):
        log.person(agent, preset=preset)
        log.work(agent, "2026-03-14", f"21:30-{night_end}")
    log.work("dutch night", "2026-03-15", "18:30-23:30")
    log.work("european night", "2026-03-15", "18:30-23:30")
    log.work("dutch night until two", "2026-03-15", "15:00-20:00")  # 13 h
    # --- at and around the limits
    starts = {"eleven": "08:00", "a second less": "07:59:59", "eight": "05:00", "under eight": "04:59"}
    for agent, start in starts.items():
        log.work(agent, "2026-03-10", "13:00-21:00")
        log.work(agent, "2026-03-11", f"{start}-13:00")
    log.person("american", preset="us_flsa")
    log.work("american", "2026-03-10", "13:00-21:00")
    log.work("american", "2026-03-11", "04:00-11:00")
    log.person("clock back in Sydney", time_zone="Australia/Sydney")  # 11 h of time, 10 on the wall
    log.work("clock back in Sydney", "2026-04-04", "13:00-22:00", step=30, zone="Australia/Sydney")
    log.work("clock back in Sydney", "2026-04-05", "08:00-13:00", step=30, zone="Australia/Sydney")
    # --- evidence
    for agent, evening, morning in (
        ("a click on both sides", ("09:00-17:00", "22:00"), ("07:00", "09:00-15:00")),
        ("a click in the evening", ("09:00-17:00", "22:00"), ("07:00-15:00",)),
        ("two events only", ("21:00", "22:00"), ("07:00-15:00",)),
        ("three events", ("20:50", "21:00", "22:00"), ("07:00-15:00",)),
    ):
        log.work(agent, "2026-03-10", *evening)
        log.work(agent, "2026-03-11", *morning)
    for agent, evening in (("five vague", "21:12-22:00"), ("six vague", "21:00-22:00")):
        log.work(agent, "2026-03-10", evening, grade="B")
        log.work(agent, "2026-03-11", "07:00-15:00")
    # --- second short rest: within and after seven times 24 hours
    for agent, second in (("in seven days", 17), ("after seven days", 18)):
        for evening in (10, second):
            log.work(agent, date(2026, 3, evening), "14:00-22:00", step=30)
            log.work(agent, date(2026, 3, evening + 1), "08:00-14:00" if evening == 10 else "07:59-14:00", step=30)
    # --- over after 14 days with work
    log.work("recovered", "2026-03-02", "14:00-22:00")
    ordinary(log, "recovered", 3, span="07:00-13:00")
    ordinary(log, "recovered", 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24)
    # --- another zone: late there, morning here
    log.person("tokyo", time_zone="Asia/Tokyo")
    log.work("tokyo", "2026-03-10", "14:00-23:30", zone="Asia/Tokyo")
    log.work("tokyo", "2026-03-11", "09:00-15:00", zone="Asia/Tokyo")
    weekly(log)
    return open_desk(log, "WT4 WT5")


def weekly(log):
    """Six days a week from 2 March on; the rests are those over the two Sundays."""
    rests = (
        # worked example 6: 34.5 h and 33 h; 40 h and 33 h
        ("both fail", "nl_atw", "20:30", "07:00", "20:30", "05:30"),
        ("parts suffice", "nl_atw", "15:00", "07:00", "20:30", "05:30"),
        ("dutch 36", "nl_atw", "20:30", "08:30", "20:30", "08:30"),
        ("european 35", "eu_floor", "20:30", "07:30", "20:30", "07:30"),
        ("european 34.5", "eu_floor", "20:30", "07:30", "20:30", "07:00"),
        ("american 34.5", "us_flsa", "20:30", "07:30", "20:30", "07:00"),
        # (35 - 11) twice is 48 h: met; the third week has only 30 h
        ("british", "uk_wtr", "20:30", "07:30", "20:30", "07:00"),
        ("british with a long one", "uk_wtr", "00:30", "14:00", "20:30", "07:00"),
    )
    for agent, preset, end_1, start_2, end_2, start_3 in rests:
        log.person(agent, preset=preset)
        log.work(agent, "2026-03-02", "07:00-13:00", step=30)
        ordinary(log, agent, 3, 4, 5, 6)
        if end_1 == "00:30":  # Friday evening's shift is the last one
            log.work(agent, "2026-03-06", "17:00-23:30", step=30)
        else:
            log.work(agent, "2026-03-07", f"12:00-{end_1}", step=30)
        log.work(agent, "2026-03-09", f"{start_2}-18:00", step=30)
        ordinary(log, agent, 10, 11, 12, 13)
        log.work(agent, "2026-03-14", f"12:00-{end_2}", step=30)
        log.work(agent, "2026-03-16", f"{start_3}-13:30", step=30)
        ordinary(log, agent, 17, 18, 19, 20, 23, 24)  # a free weekend: over
    # five days a week, but every evening late: no rest of 35 h is judged with so few days
    log.work("five days", "2026-03-02", "09:00-17:00", step=30)
    ordinary(log, "five days", 3, 4, 5, 8, 9, 10, 11, span="12:00-23:30")


def test_example_3_a_short_rest_warns_and_a_second_one_is_critical(desk):
    first = desk.flag("WT4", "late twice", "2026-03-11T16:00")
    assert (first["level"], first["values"]) == ("warn", {"rest_h": 10.25, "required_h": 11.0})
    assert first["window"] == {"start": "2026-03-10T20:40:00Z", "end": "2026-03-11T06:55:00Z"}
    assert first["since"] == "2026-03-11"

    second = desk.flag("WT4", "late twice", "2026-03-13T16:00")
    assert (second["level"], second["values"]["rest_h"]) == ("critical", 7.5)
    assert second["since"] == "2026-03-11"


def test_example_3_a_rest_over_the_clock_change_is_as_long_as_it_took(desk):
    flag = desk.flag("WT4", "clock change", "2026-03-29T14:00")
    assert (flag["level"], flag["values"]["rest_h"]) == ("warn", 10.0)
    assert flag["evidence"][0]["clock_changed_h"] == 1.0

    assert desk.story("WT4", "clock back in Sydney") == []
    assert desk.reason("WT4", "clock back in Sydney", "2026-04-05T12:00") is None


def test_example_3_a_dutch_night_needs_fourteen_hours(desk):
    flag = desk.flag("WT4", "dutch night", "2026-03-16T00:00")
    assert (flag["level"], flag["values"]) == ("warn", {"rest_h": 13.0, "required_h": 14.0})
    assert desk.level("WT4", "european night", "2026-03-16T00:00") == "none"
    assert desk.level("WT4", "dutch night until two", "2026-03-16T00:00") == "none"


@pytest.mark.parametrize(
    ("agent", "level"),
    [
        ("eleven", "none"),
        ("a second less", "warn"),
        ("eight", "warn"),
        ("under eight", "critical"),
        ("american", "warn"),
        ("a click on both sides", "none"),
        ("a click in the evening", "warn"),
        ("two events only", "none"),
        ("three events", "warn"),
        ("five vague", "none"),
        ("six vague", "warn"),
        ("tokyo", "warn"),
    ],
)
def test_a_daily_rest_is_short_below_its_limit_and_with_evidence_on_both_sides(desk, agent, level):
    assert desk.level("WT4", agent, "2026-03-11T16:00") == level


def test_a_short_rest_shows_as_soon_as_three_events_show_it(desk):
    assert desk.level("WT4", "late twice", "2026-03-11T08:18") == "none"
    assert desk.level("WT4", "late twice", "2026-03-11T08:19") == "warn"


def test_two_short_rests_are_critical_within_seven_times_24_hours_only(desk):
    assert desk.story("WT4", "in seven days") == [
        ("2026-03-11 14:00", "warn"),
        ("2026-03-18 04:00", "cooling"),
        ("2026-03-18 14:00", "critical"),
    ]
    assert ("2026-03-19 14:00", "critical") not in desk.story("WT4", "after seven days")
    assert desk.level("WT4", "after seven days", "2026-03-19T15:00") == "warn"


def test_a_short_rest_is_over_after_fourteen_days_with_work(desk):
    assert desk.story("WT4", "recovered") == [
        ("2026-03-03 13:00", "warn"),
        ("2026-03-05 04:00", "cooling"),
        ("2026-03-24 04:00", "cleared"),
    ]


def test_after_a_single_shift_no_rest_is_known(desk):
    assert desk.reason("WT4", "dutch night", "2026-03-15T12:00") == "too few days"
    assert desk.reason("WT4", "dutch night", "2026-03-16T00:00") is None


AFTER_TWO_WEEKS = "2026-03-16T14:00"


def test_example_6_both_tests_failed_is_critical(desk):
    flag = desk.flag("WT5", "both fail", AFTER_TWO_WEEKS)
    assert flag["level"] == "critical"
    assert flag["values"] == {"longest_rest_7d_h": 33.0, "rest_14d_h": 67.5, "required_h": 36.0}


def test_example_6_the_rest_in_parts_keeps_it_at_warn(desk):
    flag = desk.flag("WT5", "parts suffice", AFTER_TWO_WEEKS)
    assert flag["level"] == "warn"
    assert flag["values"] == {"longest_rest_7d_h": 33.0, "rest_14d_h": 73.0, "required_h": 36.0}
    assert flag["since"] == "2026-03-16"


def test_what_a_short_weekly_rest_was_does_not_grow_with_the_rest_that_follows(desk):
    raised = desk.flag("WT5", "european 34.5", AFTER_TWO_WEEKS)
    # since Friday 17:00 a rest of 34.75 h is running, which is still too short
    later = desk.flag("WT5", "european 34.5", "2026-03-22T03:45")
    assert later["values"] == raised["values"]
    assert later["values"]["longest_rest_7d_h"] == 34.5


@pytest.mark.parametrize(
    ("agent", "level"),
    [
        ("dutch 36", "none"),
        ("european 35", "none"),
        ("european 34.5", "critical"),
        ("american 34.5", "warn"),
        ("british", "critical"),  # 35 - 11 alone is 24 h of the 48
        ("british with a long one", "warn"),  # 62.5 - 11 = 51.5 h
        ("five days", "none"),
    ],
)
def test_a_weekly_rest_is_judged_by_the_preset(desk, agent, level):
    assert desk.level("WT5", agent, AFTER_TWO_WEEKS) == level


def test_before_fourteen_days_the_rest_in_parts_is_still_possible(desk):
    assert desk.story("WT5", "both fail")[0] == ("2026-03-09 18:00", "warn")
    assert desk.reason("WT5", "both fail", "2026-03-09T04:00") == "too few days"
    assert desk.reason("WT5", "both fail", "2026-03-09T18:00") is None


def test_a_short_weekly_rest_ends_with_the_next_week_that_has_one(desk):
    ended = [at for at, level in desk.story("WT5", "european 34.5") if level == "cleared"]
    assert len(ended) == 1
    assert date.fromisoformat(ended[0][:10]) - date(2026, 3, 22) <= timedelta(2)
    assert ended[0].endswith("04:00")
