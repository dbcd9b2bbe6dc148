"""Breaks, work outside own hours, nights (WT6, WT7, WT8; worked examples 4, 7 and 8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

EXAMPLE_4_A = ("08:30-12:30", "12:50-16:50")
EXAMPLE_4_B = ("08:30-12:30", "12:48-14:24", "14:49-16:49")
EXAMPLE_7 = ("08:30-12:00", "12:45-17:40", "20:15-20:50")
EXAMPLE_8 = ("21:00-23:40", "00:15-01:30", "02:10-05:30")
OWN_HOURS = "Mon-Fri 09:00-17:30"
NO_BREAK = ("09:00-17:00",)


def night(log, agent, evening, **more):
    """Worked example 8, begun on this evening."""
    first, *rest = EXAMPLE_8
    log.work(agent, evening, first, step=20, **more)
    for span in rest:
        log.work(agent, evening + timedelta(1), span, step=20, **more)


def breaks(log, days):
    monday, tuesday = days[:2]
    for agent, preset, spans in (
        ("dutch a", "nl_atw", EXAMPLE_4_A),
        ("dutch b", "nl_atw", EXAMPLE_4_B),
        ("british a", "uk_wtr", EXAMPLE_4_A),
        ("german a", "de_arbzg", EXAMPLE_4_A),
        ("european a", "eu_floor", EXAMPLE_4_A),
        ("european without", "eu_floor", NO_BREAK),
        ("european six hours", "eu_floor", ("09:00-15:00",)),
        ("french six hours", "fr_ct", ("09:00-15:00",)),
        ("dutch five and a half", "nl_atw", ("09:00-14:30",)),
        ("dutch a minute more", "nl_atw", ("09:00-14:31",)),
        ("german stretch", "de_arbzg", ("08:00-14:12", "15:00-17:00")),  # 48 minutes of break, too late
        ("american without", "us_flsa", NO_BREAK),
    ):
        log.person(agent, preset=preset)
        for day in (monday, tuesday):
            log.work(agent, day, *spans)
    for span in ("09:00-19:00", "09:00-19:01"):
        log.work(f"one day {span}", monday, span)
    log.person("one american day", preset="us_flsa")
    log.work("one american day", monday, "09:00-19:01")
    for day in days[:5]:
        log.work("four of five", day, *(("09:00-12:00", "12:30-17:00") if day == tuesday else NO_BREAK))
    log.work("nineteen events", monday, "09:00-16:12", step=24)  # 19, 24 minutes apart
    log.work("nineteen events", tuesday, "09:00-16:12", step=24)
    for day in (monday, tuesday):
        log.work("thirty-nine vague", day, "09:00-16:36", grade="B")
    # two misses, an ordinary week, the misses leave the last five, five shifts later it is over
    for index, day in enumerate(days[:12]):
        log.work("paused again", day, *(NO_BREAK if index < 2 else ("09:00-12:00", "12:30-17:00")))


def nights(log, days):
    log.person("night", preset="nl_atw", time_zone="Europe/Amsterdam")
    log.work("night", days[0] - timedelta(7), "09:00-12:00")
    for step in range(7):
        night(log, "night", days[0] + timedelta(step))
    log.person("american night", preset="us_flsa", time_zone="Europe/Amsterdam")
    for step in range(7):
        night(log, "american night", days[0] + timedelta(step))
    night(log, "no zone", days[0])
    log.person("sixty minutes", time_zone="Europe/Amsterdam")
    log.person("sixty-one minutes", time_zone="Europe/Amsterdam")
    for step in range(6):
        log.work("sixty minutes", days[0] + timedelta(step), "20:00-01:00")
        log.work("sixty-one minutes", days[0] + timedelta(step), "20:00-01:01")
    log.person("brazilian day", time_zone="America/Sao_Paulo")
    for step in range(7):
        log.work("brazilian day", days[0] + timedelta(step), "13:00-22:00", zone="America/Sao_Paulo", step=30)
    for agent, span in (("ten hour night", "20:00-06:00"), ("longer night", "20:00-06:01")):
        log.person(agent, time_zone="Europe/Amsterdam")
        log.work(agent, days[0], span)
    # 28 late nights before this Monday, five a week: the 29th is Monday's
    log.person("many nights", time_zone="Europe/Amsterdam")
    for back in range(1, 41):
        evening = days[0] - timedelta(back)
        if evening.weekday() < 5:
            log.work("many nights", evening, "22:00-02:01", step=30)
    log.work("many nights", days[0], "22:00-02:01", step=30)


def after_hours(log, days):
    for agent, hours in (("example 7", OWN_HOURS), ("own evenings", "Mon-Fri 08:00-21:00"), ("no schedule", None)):
        log.person(agent, schedule=hours)
        for day in days:
            log.work(agent, day, *EXAMPLE_7)
    log.person("on call", schedule=OWN_HOURS)
    for day in days:
        log.work("on call", day, "09:00-17:00", "20:15-20:50")
    log.person("leave once", schedule=OWN_HOURS)
    log.person("leave twice", schedule=OWN_HOURS)
    log.person("leave a little", schedule=OWN_HOURS)
    off, back = days[11], days[13]
    for agent in ("leave once", "leave twice", "leave a little"):
        log.leave.append((agent, off, back))
        for day in days:
            if not off <= day <= back:
                log.work(agent, day, "09:00-17:00", step=30)
    log.work("leave once", off, "10:00-10:15", step=15)
    log.work("leave twice", off, "10:00-10:15", step=15)
    log.work("leave twice", back, "10:00-10:30", step=15)
    log.work("leave a little", off, "10:00-10:14", step=14)
    log.person("saturdays", schedule="Tue-Sat 09:00-17:30", time_zone="Europe/Amsterdam")
    for day in days:
        log.work("saturdays", day + timedelta(1), "09:00-17:30", step=30)


@pytest.fixture(scope="module")
def desk(open_desk, new_log, working_days):
    log = new_log()
    days = working_days("2026-03-02", 25)
    breaks(log, days)
    nights(log, days)
    after_hours(log, days)
    for day in days:
        log.on_call.append(("on call", log_instant(day, 18), log_instant(day, 22)))
    return open_desk(log, "WT4 WT6 WT7 WT8")


def log_instant(day, hour):
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+01:00")


TUESDAY_NIGHT = "2026-03-03T23:30"


def test_example_4_a_dutch_break_of_twenty_minutes_is_missed(desk):
    flag = desk.flag("WT6", "dutch a", TUESDAY_NIGHT)

    assert (flag["level"], flag["values"]) == ("warn", {"missed_of_5": 2, "needed_min": 30})
    assert flag["since"] == "2026-03-03"
    assert flag["evidence"][0]["span_h"] == pytest.approx(8.333, abs=0.001)
    assert flag["evidence"][0]["breaks_min"] == 20.0
    assert desk.level("WT6", "dutch a", "2026-03-02T23:30") == "none"  # one may be chosen


@pytest.mark.parametrize(
    ("agent", "level"),
    [
        ("dutch b", "none"),
        ("british a", "none"),
        ("german a", "warn"),
        ("european a", "none"),
        ("european without", "warn"),
        ("european six hours", "none"),
        ("french six hours", "warn"),
        ("dutch five and a half", "none"),
        ("dutch a minute more", "warn"),
        ("german stretch", "warn"),
        ("american without", "warn"),
        ("one day 09:00-19:00", "none"),
        ("one day 09:00-19:01", "critical"),
        ("one american day", "warn"),  # critical elsewhere
        ("nineteen events", "none"),
        ("thirty-nine vague", "none"),
    ],
)
def test_a_break_is_missed_by_the_presets_measure(desk, agent, level):
    assert desk.level("WT6", agent, TUESDAY_NIGHT) == level


def test_example_4_b_two_pauses_of_43_minutes_are_the_dutch_break(desk):
    [first, _] = desk.facts("shifts", "dutch b")
    assert first["breaks"] == timedelta(minutes=43)
    assert first["end"] - first["start"] == timedelta(hours=8, minutes=19)


def test_four_missed_breaks_of_five_are_critical(desk):
    assert desk.story("WT6", "four of five")[-1] == ("2026-03-06 23:00", "critical")
    assert desk.flag("WT6", "four of five", "2026-03-06T23:30")["values"]["missed_of_5"] == 4


def test_missed_breaks_are_over_after_five_shifts_with_at_most_one_miss(desk):
    story = desk.story("WT6", "paused again")
    assert story[0] == ("2026-03-03 23:00", "warn")
    # from 9 March on one of the last five is missed, from 10 March on none; the fifth such shift is that of the 13th
    assert story[1:] == [("2026-03-10 04:00", "cooling"), ("2026-03-14 04:00", "cleared")]


def test_too_few_events_are_not_a_missed_break_but_a_gap_in_knowledge(desk):
    assert desk.reason("WT6", "nineteen events", TUESDAY_NIGHT) == "too few events"
    assert desk.reason("WT6", "dutch b", TUESDAY_NIGHT) is None


def test_example_7_work_outside_own_hours(desk):
    story = desk.story("WT7", "example 7")
    # ten worked days on Friday the 13th; fourteen mornings running from the 14th on
    assert story[0] == ("2026-03-14 04:00", "pending")
    assert story[1:3] == [("2026-03-27 04:00", "warn"), ("2026-03-28 04:00", "critical")]
    flag = desk.flag("WT7", "example 7", "2026-03-30T04:00")
    assert flag["values"] == {"after_hours_h_per_week": 6.25, "share": 0.1389, "days_of_10": 10, "leave_days": 0}
    assert flag["window"] == {"start": "2026-03-01T23:00:00Z", "end": "2026-03-29T22:00:00Z"}


@pytest.mark.parametrize("agent", ["own evenings", "on call", "saturdays"])
def test_own_hours_and_duty_are_not_after_hours(desk, agent):
    assert desk.story("WT7", agent) == []


def test_without_a_schedule_no_hour_is_after_hours(desk):
    assert desk.story("WT7", "no schedule") == []
    assert desk.reason("WT7", "no schedule", "2026-03-30T03:59") == "no schedule"


def test_work_on_a_leave_day_enters_at_once_and_on_two_is_critical(desk):
    once = [change for change in desk.story("WT7", "leave once") if change[1] in ("warn", "critical")]
    assert once == [("2026-03-18 04:00", "warn")]  # leave began on Tuesday the 17th
    assert desk.flag("WT7", "leave once", "2026-03-18T04:00")["values"]["leave_days"] == 1
    twice = [change for change in desk.story("WT7", "leave twice") if change[1] in ("warn", "critical")]
    assert twice == [("2026-03-18 04:00", "warn"), ("2026-03-20 04:00", "critical")]
    assert desk.story("WT7", "leave a little") == []


def test_example_8_a_night_counts_and_asks_for_fourteen_hours(desk):
    shift = desk.facts("shifts", "night")[1]
    assert shift["night"] == timedelta(minutes=275)
    flag = desk.flag("WT8", "night", "2026-03-08T06:00")
    assert flag["values"] == {"nights_16w": 6, "series": 6, "longest_night_h": 7.25}
    rest = desk.flag("WT4", "night", "2026-03-04T06:00")
    assert rest is None  # 15.5 h


def test_six_nights_running_warn_and_seven_are_critical(desk):
    assert desk.story("WT8", "night")[:2] == [("2026-03-08 05:30", "warn"), ("2026-03-09 05:30", "critical")]
    assert desk.level("WT8", "american night", "2026-03-09T06:00") == "warn"


@pytest.mark.parametrize(
    ("agent", "as_of", "level"),
    [
        ("sixty minutes", "2026-03-08T06:00", "none"),
        ("sixty-one minutes", "2026-03-08T06:00", "warn"),
        ("ten hour night", "2026-03-04T06:00", "none"),
        ("longer night", "2026-03-04T06:00", "warn"),
        ("brazilian day", "2026-03-09T06:00", "none"),
        ("many nights", "2026-03-02T12:00", "none"),
        ("many nights", "2026-03-04T06:00", "warn"),
    ],
)
def test_a_night_has_more_than_an_hour_after_the_agents_own_midnight(desk, agent, as_of, level):
    assert desk.level("WT8", agent, as_of) == level


def test_nights_are_counted_from_two_oclock_on(desk):
    assert desk.flag("WT8", "many nights", "2026-03-04T06:00")["values"]["nights_16w"] == 29
    assert desk.flag("WT8", "sixty-one minutes", "2026-03-08T06:00")["values"]["nights_16w"] == 0


def test_without_an_own_zone_no_night_is_known(desk):
    assert desk.reason("WT8", "no zone", "2026-03-04T06:00") == "no zone"
    assert desk.level("WT8", "no zone", "2026-03-04T06:00") == "none"
    assert date(2026, 3, 2) == desk.facts("shifts", "no zone")[0]["date"]
