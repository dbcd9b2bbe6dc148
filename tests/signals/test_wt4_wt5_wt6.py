"""Rest between shifts, rest in a week, breaks within a shift."""

from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.signals import wt4, wt5, wt6

NL = [{"agent": "7", "preset": "nl_atw"}]


def shift(events_every, start, end):
    return events_every(start, end, 20)


def rests(facts):
    return wt4.evaluate(facts).filter("raises")


def test_a_rest_of_ten_and_a_quarter_hours_is_short(working_facts, events_every):
    work = shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")
    work += shift(events_every, "2026-03-11T07:55", "2026-03-11T12:00")

    row = rests(working_facts({"7": work}, "2026-03-11T13:00")).row(0, named=True)

    assert (row["rest_h"], row["required_h"], row["short_rests_7d"]) == (pytest.approx(10.25), 11.0, 1.0)
    assert row["date"] == date(2026, 3, 11)


def test_a_second_short_rest_within_seven_days_is_counted(working_facts, events_every):
    work = shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")
    work += shift(events_every, "2026-03-11T07:55", "2026-03-11T12:00")
    work += shift(events_every, "2026-03-12T15:00", "2026-03-12T23:30")
    work += shift(events_every, "2026-03-13T07:00", "2026-03-13T12:00")

    row = rests(working_facts({"7": work}, "2026-03-13T13:00")).row(-1, named=True)

    assert (row["rest_h"], row["short_rests_7d"]) == (pytest.approx(7.5), 2.0)


def test_a_short_rest_of_eight_days_ago_is_not_counted(working_facts, events_every):
    work = shift(events_every, "2026-03-02T13:00", "2026-03-02T21:40")
    work += shift(events_every, "2026-03-03T07:55", "2026-03-03T12:00")
    work += shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")
    work += shift(events_every, "2026-03-11T07:55", "2026-03-11T12:00")

    assert rests(working_facts({"7": work}, "2026-03-11T13:00"))["short_rests_7d"].to_list()[-1] == 1.0


def test_a_rest_over_the_change_to_summer_time_is_an_hour_shorter(working_facts, events_every):
    work = shift(events_every, "2026-03-28T13:00", "2026-03-28T21:00")
    work += shift(events_every, "2026-03-29T08:00", "2026-03-29T12:00")
    facts = working_facts({"7": work}, "2026-03-29T13:00")

    row = rests(facts).row(0, named=True)
    [told, *_] = wt4.explain(facts, "7", row)

    assert row["rest_h"] == pytest.approx(10.0)
    assert told == {
        "rest_from": "2026-03-28T20:00:00Z", "rest_to": "2026-03-29T06:00:00Z",
        "rest_h": 10.0, "required_h": 11.0, "clock_changed_h": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(("preset", "required"), [("nl_atw", 14.0), ("eu_floor", 11.0), ("us_flsa", 11.0)])
def test_a_dutch_night_that_ends_after_two_needs_fourteen_hours(working_facts, events_every, preset, required):
    work = shift(events_every, "2026-03-14T21:30", "2026-03-15T05:30")
    work += shift(events_every, "2026-03-15T18:30", "2026-03-15T21:00")
    people = [{"agent": "7", "preset": preset}]

    row = rests(working_facts({"7": work}, "2026-03-15T22:00", people=people)).row(0, named=True)

    assert (row["rest_h"], row["required_h"]) == (pytest.approx(13.0), required)
    assert row["health_only"] == float(preset == "us_flsa")


def test_a_night_that_ends_at_two_needs_no_more_than_another(working_facts, events_every):
    work = shift(events_every, "2026-03-14T18:00", "2026-03-15T02:00")
    work += shift(events_every, "2026-03-15T14:00", "2026-03-15T18:00")

    assert rests(working_facts({"7": work}, "2026-03-15T20:00", people=NL))["required_h"].to_list() == [11.0]


def test_two_lone_events_that_touch_prove_no_short_rest(working_facts, events_every, at_local):
    evening = shift(events_every, "2026-03-10T13:00", "2026-03-10T18:00")
    morning = shift(events_every, "2026-03-11T09:00", "2026-03-11T12:00")
    late, early = at_local("2026-03-10T21:40"), at_local("2026-03-11T07:55")

    both = working_facts({"7": [*evening, late, early, *morning]}, "2026-03-11T13:00")
    one = working_facts({"7": [*evening, late, *morning]}, "2026-03-11T13:00")

    assert rests(both).is_empty()
    assert len(rests(one)) == 1


def test_a_shift_of_two_events_proves_no_short_rest(working_facts, events_every, at_local):
    work = shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")
    work += [at_local("2026-03-11T07:55"), at_local("2026-03-11T08:05")]

    assert rests(working_facts({"7": work}, "2026-03-11T09:00")).is_empty()
    assert len(rests(working_facts({"7": [*work, at_local("2026-03-11T08:15")]}, "2026-03-11T09:00"))) == 1


def test_each_day_with_work_falls_and_says_whether_a_short_rest_ended_on_it(working_facts, events_every, at_local):
    work = shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")
    work += shift(events_every, "2026-03-11T07:55", "2026-03-11T12:00")
    work += shift(events_every, "2026-03-13T09:00", "2026-03-13T12:00")

    rows = wt4.evaluate(working_facts({"7": work}, "2026-03-15T13:00")).filter("falls")

    assert rows.select("at", "short_today").rows() == [
        (at_local("2026-03-11T04:00"), 0.0),
        (at_local("2026-03-12T04:00"), 1.0),
        (at_local("2026-03-14T04:00"), 0.0),
    ]


def test_one_shift_has_no_rest_to_speak_of(working_facts, events_every):
    work = shift(events_every, "2026-03-10T13:00", "2026-03-10T21:40")

    assert wt4.assess(working_facts({"7": work}, "2026-03-11T13:00")).rows() == [("7", "too few days")]


def seven_days_a_week(events_every, first, days, start="08:00", end="18:00", without=()):
    begin = date.fromisoformat(first)
    instants = []
    for step in range(days):
        if step not in without:
            day = begin + timedelta(step)
            instants += shift(events_every, f"{day}T{start}", f"{day}T{end}")
    return instants


def weekly_rest(facts):
    return wt5.evaluate(facts).filter("raises").row(-1, named=True)


def two_weeks_with_rests(events_every, first_rest_from, second_rest_from):
    """Two weeks of daily work with one longer rest each, until 08:00 on the 8th and until 06:00 on the 15th."""
    return (
        seven_days_a_week(events_every, "2026-03-01", 5)
        + shift(events_every, "2026-03-06T08:00", f"2026-03-06T{first_rest_from}")
        + seven_days_a_week(events_every, "2026-03-08", 5)
        + shift(events_every, "2026-03-13T08:00", f"2026-03-13T{second_rest_from}")
        + shift(events_every, "2026-03-15T06:00", "2026-03-15T10:00")
    )


def test_both_dutch_tests_fail_with_rests_of_33_and_34_and_a_half_hours(working_facts, events_every):
    work = two_weeks_with_rests(events_every, "21:30", "21:00")

    row = weekly_rest(working_facts({"7": work}, "2026-03-15T12:00", people=NL))

    assert row["longest_rest_7d_h"] == pytest.approx(33.0)
    assert row["rest_14d_h"] == pytest.approx(67.5)
    assert (row["required_h"], row["fails_7"], row["alternative_open"]) == (36.0, 1.0, 0.0)


def test_the_dutch_alternative_is_met_with_33_and_40_hours(working_facts, events_every):
    work = two_weeks_with_rests(events_every, "16:00", "21:00")

    row = weekly_rest(working_facts({"7": work}, "2026-03-15T12:00", people=NL))

    assert (row["longest_rest_7d_h"], row["rest_14d_h"]) == (pytest.approx(33.0), pytest.approx(73.0))
    assert (row["fails_7"], row["alternative_open"]) == (1.0, 1.0)


@pytest.mark.parametrize(("preset", "open_"), [("eu_floor", 0.0), ("de_arbzg", 0.0), ("fr_ct", 0.0), ("uk_wtr", 1.0)])
def test_before_fourteen_days_an_alternative_is_still_possible_where_there_is_one(
    working_facts, events_every, preset, open_
):
    work = seven_days_a_week(events_every, "2026-03-01", 9)

    row = weekly_rest(working_facts({"7": work}, "2026-03-09T20:00", people=[{"agent": "7", "preset": preset}]))

    assert (row["required_h"], row["fails_7"], row["alternative_open"]) == (35.0, 1.0, open_)
    assert row["longest_rest_7d_h"] == pytest.approx(14.0)


@pytest.mark.parametrize(("free", "open_"), [((9, 10), 1.0), ((9,), 0.0)])
def test_the_british_alternative_counts_rests_less_the_daily_rest(working_facts, events_every, free, open_):
    # two days and a half free in the first week (62 h, of which 51 count), nothing since
    work = seven_days_a_week(events_every, "2026-03-01", 21, without=free)

    row = weekly_rest(working_facts({"7": work}, "2026-03-20T20:00", people=[{"agent": "7", "preset": "uk_wtr"}]))

    assert row["fails_7"] == 1.0
    assert row["rest_14d_h"] == pytest.approx(51.0 if len(free) == 2 else 27.0)
    assert row["alternative_open"] == open_


def test_nothing_is_said_before_seven_days_of_history(working_facts, events_every):
    facts = working_facts({"7": seven_days_a_week(events_every, "2026-03-01", 7)}, "2026-03-07T20:00")

    assert wt5.evaluate(facts).is_empty()
    assert wt5.assess(facts).rows() == [("7", "too few days")]


def test_five_days_with_events_raise_nothing(working_facts, events_every):
    work = seven_days_a_week(events_every, "2026-03-02", 28, without=(5, 6, 12, 13, 19, 20, 26, 27))

    rows = wt5.evaluate(working_facts({"7": work}, "2026-03-29T20:00"))

    assert rows.filter("raises").is_empty()
    assert len(rows.filter("falls")) == 15  # each day with work from seven days of history on


def test_a_rest_that_still_runs_counts_as_far_as_it_goes(working_facts, events_every, at_local):
    work = seven_days_a_week(events_every, "2026-03-01", 12)

    quiet = wt5.evaluate(working_facts({"7": work}, "2026-03-14T04:00", since="2026-03-13T12:00"))

    assert quiet["longest_rest_7d_h"].to_list() == [pytest.approx(34.0)]
    assert quiet["at"].to_list() == [at_local("2026-03-14T04:00")]
    assert not quiet["falls"].any()


def test_the_moment_asked_about_is_judged_only_when_it_is_one(working_facts, events_every, at_local):
    work = {"7": seven_days_a_week(events_every, "2026-03-01", 12)}

    told = {"since": "2026-03-13T05:00"}
    assert wt5.evaluate(working_facts(work, "2026-03-13T12:00", **told)).is_empty()
    asked = wt5.evaluate(working_facts(work, "2026-03-13T12:00", as_of=True, **told))

    assert asked["at"].to_list() == [at_local("2026-03-13T12:00")]
    assert asked["longest_rest_7d_h"].to_list() == [pytest.approx(18.0)]


def day_a(events_every):
    return events_every("2026-03-10T08:30", "2026-03-10T12:30") + events_every("2026-03-10T12:50", "2026-03-10T16:50")


def day_b(events_every):
    return (
        events_every("2026-03-10T08:30", "2026-03-10T12:30")
        + events_every("2026-03-10T12:48", "2026-03-10T14:24")
        + events_every("2026-03-10T14:49", "2026-03-10T16:49")
    )


def breaks(facts):
    return wt6.evaluate(facts).filter("raises").row(-1, named=True)


@pytest.mark.parametrize(
    ("preset", "missed", "needed"),
    [
        ("nl_atw", 1.0, 30.0),
        ("de_arbzg", 1.0, 30.0),
        ("uk_wtr", 0.0, 20.0),
        ("fr_ct", 0.0, 20.0),
        ("eu_floor", 0.0, 15.0),
        ("us_flsa", 0.0, 15.0),
    ],
)
def test_one_gap_of_twenty_minutes_is_a_break_in_some_places(working_facts, events_every, preset, missed, needed):
    people = [{"agent": "7", "preset": preset}]

    row = breaks(working_facts({"7": day_a(events_every)}, "2026-03-11T12:00", people=people))

    assert (row["missed_of_5"], row["needed_min"]) == (missed, needed)
    assert row["health_only"] == float(preset == "us_flsa")


def test_gaps_of_18_and_25_minutes_add_up_to_a_dutch_break(working_facts, events_every):
    facts = working_facts({"7": day_b(events_every)}, "2026-03-11T12:00", people=NL)

    row = breaks(facts)
    [told] = wt6.explain(facts, "7", row)

    assert row["missed_of_5"] == 0.0
    assert told["breaks_min"] == pytest.approx(43.0)
    assert told["span_h"] == pytest.approx(8.317, abs=0.001)


def test_the_european_floor_misses_only_a_shift_without_any_gap_of_fifteen_minutes(working_facts, events_every):
    without = events_every("2026-03-10T08:30", "2026-03-10T15:00")
    six_hours = events_every("2026-03-10T08:30", "2026-03-10T14:30")

    assert breaks(working_facts({"7": without}, "2026-03-11T12:00"))["missed_of_5"] == 1.0
    assert breaks(working_facts({"7": six_hours}, "2026-03-11T12:00"))["missed_of_5"] == 0.0


def test_six_hours_are_enough_for_a_french_break(working_facts, events_every):
    work = {"7": events_every("2026-03-10T08:30", "2026-03-10T14:30")}

    assert (
        breaks(working_facts(work, "2026-03-11T12:00", people=[{"agent": "7", "preset": "fr_ct"}]))["missed_of_5"]
        == 1.0
    )


def test_a_german_stretch_of_more_than_six_hours_is_a_miss_of_its_own(working_facts, events_every):
    work = events_every("2026-03-10T08:00", "2026-03-10T14:12") + events_every("2026-03-10T15:12", "2026-03-10T17:00")

    assert breaks(working_facts({"7": work}, "2026-03-11T12:00", people=NL))["missed_of_5"] == 0.0
    german = working_facts({"7": work}, "2026-03-11T12:00", people=[{"agent": "7", "preset": "de_arbzg"}])
    assert breaks(german)["missed_of_5"] == 1.0


def test_an_eleven_hour_shift_without_a_break_says_so(working_facts, events_every):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T19:00")}

    assert breaks(working_facts(work, "2026-03-11T12:00", people=NL))["long_unbroken"] == 1.0


def test_the_last_five_shifts_with_enough_events_are_counted(working_facts, events_every):
    work = []
    for day in range(9, 16):
        work += events_every(f"2026-03-{day:02d}T08:30", f"2026-03-{day:02d}T15:00")
    work += events_every("2026-03-16T08:30", "2026-03-16T10:30")  # too few events: as if not there
    work += events_every("2026-03-17T08:30", "2026-03-17T13:30")  # too short to need a break

    rows = wt6.evaluate(working_facts({"7": work}, "2026-03-18T12:00")).filter("raises")

    assert rows["missed_of_5"].to_list() == [1, 2, 3, 4, 5, 5, 5, 4]


def test_only_closed_shifts_are_judged(working_facts, events_every, at_local):
    work = {"7": events_every("2026-03-10T08:30", "2026-03-10T15:00")}

    assert wt6.evaluate(working_facts(work, "2026-03-10T20:59")).is_empty()
    assert wt6.evaluate(working_facts(work, "2026-03-10T21:00"))["at"].to_list() == [at_local("2026-03-10T21:00")]
