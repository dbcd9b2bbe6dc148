"""Long days, long weeks, long averages."""

from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.signals import wt1, wt2, wt3


def week_of_days(events_every, monday, starts_and_ends):
    """Instants of one week: (start, end) as clock times, None for a day off."""
    first = date.fromisoformat(monday)
    instants = []
    for step, hours in enumerate(starts_and_ends):
        if hours:
            day = first + timedelta(step)
            instants += events_every(f"{day}T{hours[0]}", f"{day}T{hours[1]}")
    return instants


@pytest.mark.parametrize(
    ("evening", "morning", "elapsed"),
    [("2026-10-24", "2026-10-25", 9.0), ("2026-03-28", "2026-03-29", 7.0), ("2026-03-10", "2026-03-11", 8.0)],
)
def test_a_night_is_as_long_as_it_was_when_the_clock_changes(working_facts, events_every, evening, morning, elapsed):
    work = {"7": events_every(f"{evening}T22:00", f"{morning}T06:00")}

    rows = wt1.evaluate(working_facts(work, f"{morning}T12:00"))

    raising = rows.filter("raises").row(0, named=True)
    assert raising["active_h"] == pytest.approx(elapsed)
    assert raising["span_h"] == pytest.approx(elapsed)
    assert raising["date"] == date.fromisoformat(evening)


@pytest.mark.parametrize(
    ("preset", "warn_h", "limit_h"),
    [
        ("eu_floor", 10, 12),
        ("nl_atw", 10, 12),
        ("uk_wtr", 10, 12),
        ("de_arbzg", 9, 10),
        ("fr_ct", 9, 10),
        ("us_flsa", 10, 12),
    ],
)
def test_a_long_day_is_held_against_the_preset_of_the_agent(working_facts, events_every, preset, warn_h, limit_h):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T18:30")}

    rows = wt1.evaluate(working_facts(work, "2026-03-10T20:00", people=[{"agent": "7", "preset": preset}]))

    row = rows.row(0, named=True)
    assert (row["active_h"], row["warn_h"], row["limit_h"]) == (pytest.approx(10.5), warn_h, limit_h)


def test_a_shift_raises_at_its_last_event_and_falls_at_the_next_four_oclock(working_facts, events_every, at_local):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T18:30")}

    rows = wt1.evaluate(working_facts(work, "2026-03-11T12:00"))

    assert rows.select("at", "raises", "falls").rows() == [
        (at_local("2026-03-10T18:30"), True, False),
        (at_local("2026-03-11T04:00"), False, True),
    ]


def test_a_shift_that_may_still_run_at_four_oclock_waits_for_the_next(working_facts, events_every, at_local):
    work = {"7": events_every("2026-03-10T15:00", "2026-03-10T22:30")}

    rows = wt1.evaluate(working_facts(work, "2026-03-12T12:00"))

    assert rows.filter("falls")["at"].to_list() == [at_local("2026-03-12T04:00")]


def test_a_shift_with_nine_events_neither_raises_nor_falls(working_facts, events_every):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T09:36")}

    assert wt1.evaluate(working_facts(work, "2026-03-12T12:00")).is_empty()


def test_polled_events_need_twice_the_evidence(working_facts, events_every):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T11:00")}

    assert len(wt1.evaluate(working_facts(work, "2026-03-12T12:00"))) == 2
    assert wt1.evaluate(working_facts(work, "2026-03-12T12:00", grade="B")).is_empty()


def test_excluded_people_and_shared_accounts_are_not_evaluated(working_facts, events_every, at_local):
    work = {who: events_every("2026-03-10T08:00", "2026-03-10T18:30") for who in ("7", "8", "9")}
    people = [{"agent": "7", "excluded": True}, {"agent": "8"}, {"agent": "9", "identity": "automation"}]

    facts = working_facts(work, "2026-03-12T12:00", people=people, shared={"8": at_local("2026-03-10T21:00")})

    assert wt1.evaluate(facts).select("subject", "at").rows() == [("8", at_local("2026-03-10T18:30"))]
    assert wt1.assess(facts).rows() == [("7", "excluded"), ("9", "shared or automated")]


def test_an_agent_without_events_is_not_assessable(working_facts, events_every):
    work = {"7": events_every("2026-02-10T08:00", "2026-02-10T18:30")}

    facts = working_facts(work, "2026-03-12T12:00", people=[{"agent": "8"}])

    assert wt1.assess(facts).rows() == [("7", "no events in window"), ("8", "no events in window")]


def test_the_evidence_of_a_long_day_shows_the_band(working_facts, events_every):
    work = {"7": events_every("2026-03-10T08:00", "2026-03-10T18:00", 20)}
    facts = working_facts(work, "2026-03-10T20:00")

    [shift] = wt1.explain(facts, "7", wt1.evaluate(facts).row(0, named=True))

    assert (shift["active_15_h"], shift["active_h"], shift["active_60_h"]) == (0.0, 10.0, 10.0)
    assert (shift["first"], shift["last"]) == ("2026-03-10T07:00:00Z", "2026-03-10T17:00:00Z")


def test_the_running_week_raises_from_four_worked_days_on(working_facts, events_every, at_local):
    work = {"7": week_of_days(events_every, "2026-03-02", [("08:00", "20:00")] * 5)}

    rows = wt2.evaluate(working_facts(work, "2026-03-10T12:00"))

    assert rows.filter("raises").select("date", "week_h").rows() == [
        (date(2026, 3, 5), 48.0),
        (date(2026, 3, 6), 60.0),
        (date(2026, 3, 7), 60.0),
        (date(2026, 3, 8), 60.0),
    ]
    assert rows.filter("falls")["at"].to_list() == [at_local("2026-03-09T04:00")]
    assert rows["limit_h"].unique().to_list() == [48.0]


def test_a_week_without_work_does_not_fall(working_facts, events_every):
    work = {"7": week_of_days(events_every, "2026-03-02", [("08:00", "18:00")] * 5)}

    rows = wt2.evaluate(working_facts(work, "2026-03-24T12:00"))

    assert rows.filter("falls")["date"].to_list() == [date(2026, 3, 8)]


def test_a_part_timer_is_held_against_the_own_contract(working_facts, events_every):
    work = {"7": week_of_days(events_every, "2026-03-02", [("09:00", "16:36")] * 4)}
    people = [{"agent": "7", "contract_hours": 24.0}]

    row = wt2.evaluate(working_facts(work, "2026-03-09T12:00", people=people)).filter("falls").row(0, named=True)

    assert row["week_h"] == pytest.approx(30.4)
    assert (row["warn_h"], row["exit_h"]) == (pytest.approx(26.4), pytest.approx(25.2))


def test_a_week_begins_where_the_account_says(working_facts, events_every):
    work = {"7": events_every("2026-03-01T08:00", "2026-03-01T18:00")}  # a Sunday
    work["7"] += week_of_days(events_every, "2026-03-02", [("08:00", "18:00")] * 5)

    monday = wt2.evaluate(working_facts(work, "2026-03-10T12:00")).filter("falls")
    sunday = wt2.evaluate(working_facts(work, "2026-03-10T12:00", week_start=6)).filter("falls")

    assert monday.select("date", "week_h").rows() == [(date(2026, 3, 1), 10.0), (date(2026, 3, 8), 50.0)]
    assert sunday.select("date", "week_h").rows() == [(date(2026, 3, 7), 60.0)]


def test_minutes_after_midnight_count_for_the_new_week(working_facts, events_every):
    work = {"7": events_every("2026-03-08T20:00", "2026-03-09T04:00")}

    rows = wt2.evaluate(working_facts(work, "2026-03-17T12:00")).filter("falls")

    assert rows.select("date", "week_h").rows() == [(date(2026, 3, 8), 4.0), (date(2026, 3, 15), 4.0)]


SIXTEEN_WEEKS = (47, 46, 45, 0, 0, 48, 47, 46, 45, 46, 44, 47, 46, 45, 46, 46)


def sixteen_weeks(events_every, hours_per_week=SIXTEEN_WEEKS):
    """Five equal days a week from 2026-03-02 on."""
    instants = []
    for week, hours in enumerate(hours_per_week):
        for day in range(5):
            on = date(2026, 3, 2) + timedelta(7 * week + day)
            minutes = hours * 12
            if minutes:
                instants += events_every(f"{on}T08:00", f"{on}T{8 + minutes // 60:02d}:{minutes % 60:02d}", 30)
    return {"7": instants}


def last_average(facts):
    return wt3.evaluate(facts).row(-1, named=True)


def test_leave_leaves_hours_and_days_of_the_average_alike(working_facts, events_every):
    people = [{"agent": "7", "preset": "nl_atw"}]
    leave = [("7", "2026-03-23", "2026-04-05")]

    row = last_average(working_facts(sixteen_weeks(events_every), "2026-06-22T12:00", people=people, leave=leave))

    assert row["average_h"] == pytest.approx(46.0)
    assert (row["limit_h"], row["weeks"]) == (48.0, 16.0)
    assert 0.92 <= row["ratio"] < 1.0  # warn
    assert row["date"] == date(2026, 6, 21)


def test_four_weeks_near_their_own_limit_win_over_sixteen(working_facts, events_every):
    people = [{"agent": "7", "preset": "nl_atw"}]
    work = sixteen_weeks(events_every, [30] * 12 + [54] * 4)

    row = last_average(working_facts(work, "2026-06-22T12:00", people=people))

    assert (row["average_h"], row["limit_h"], row["weeks"]) == (pytest.approx(54.0), 55.0, 4.0)


def test_without_the_leave_file_the_same_weeks_average_lower(working_facts, events_every):
    row = last_average(
        working_facts(sixteen_weeks(events_every), "2026-06-22T12:00", people=[{"agent": "7", "preset": "uk_wtr"}])
    )

    assert row["average_h"] == pytest.approx(644 / 16)
    assert row["weeks"] == 17.0


def test_leave_outside_the_contract_days_changes_no_day_count(working_facts, events_every):
    people = [{"agent": "7", "preset": "nl_atw", "schedule": "Tue-Sat 09:00-17:00"}]
    work = sixteen_weeks(events_every, [40] * 16)

    sunday_off = working_facts(work, "2026-06-22T12:00", people=people, leave=[("7", "2026-06-21", "2026-06-21")])
    saturday_off = working_facts(work, "2026-06-22T12:00", people=people, leave=[("7", "2026-06-20", "2026-06-20")])

    assert last_average(sunday_off)["average_h"] == pytest.approx(40.0)
    assert last_average(saturday_off)["average_h"] == pytest.approx(640 / (79 / 5))


@pytest.mark.parametrize(("weeks", "reason"), [(8, ["projection"]), (9, [])])
def test_half_of_the_reference_period_must_have_been_seen(working_facts, events_every, weeks, reason):
    work = sixteen_weeks(events_every, [40] * weeks)
    until = date(2026, 3, 2) + timedelta(7 * weeks)

    facts = working_facts(work, f"{until}T12:00", people=[{"agent": "7", "preset": "eu_floor"}])

    assert wt3.assess(facts)["reason"].to_list() == reason
    assert wt3.evaluate(facts).is_empty() == bool(reason)


def test_there_is_no_average_limit_in_the_united_states(working_facts, events_every):
    facts = working_facts(sixteen_weeks(events_every), "2026-06-22T12:00", people=[{"agent": "7", "preset": "us_flsa"}])

    assert wt3.evaluate(facts).is_empty()
    assert wt3.assess(facts).rows() == [("7", "no limit in preset")]


def test_an_average_with_only_leave_in_the_period_is_no_number(working_facts, events_every):
    work = sixteen_weeks(events_every, [40] * 4)
    people = [{"agent": "7", "preset": "nl_atw"}]

    facts = working_facts(work, "2026-03-30T12:00", people=people, leave=[("7", "2026-01-01", "2026-12-31")])

    assert wt3.evaluate(facts).is_empty()


def test_the_evidence_of_an_average_shows_leave_and_days_without_data(working_facts, events_every):
    people = [{"agent": "7", "preset": "nl_atw"}]
    leave = [("7", "2026-03-23", "2026-04-05")]
    facts = working_facts(sixteen_weeks(events_every), "2026-06-22T12:00", people=people, leave=leave)

    weeks = wt3.explain(facts, "7", last_average(facts))

    assert len(weeks) == 16
    assert weeks[3] == {
        "week": "2026-03-23", "week_h": 0.0, "week_15_h": 0.0, "week_60_h": 0.0,
        "leave_days": 7, "days_without_data": 0,
    }  # fmt: skip
    assert (weeks[0]["week_h"], weeks[0]["days_without_data"]) == (47.0, 2)
