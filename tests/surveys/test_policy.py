"""When a team is asked, and whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.surveys.model import Asked, History, Kind, PastWave, Plan, State
from helpdesk_wellbeing.surveys.policy import (
    Flagged,
    Member,
    Policy,
    Reason,
    Skipped,
    TeamFacts,
    due,
    first_at_work,
    join,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)  # a Monday
TODAY = NOW.date()
ZONE = "Europe/Amsterdam"


def members(count, **more):
    return tuple(Member(f"a{number}", ZONE, "Mon-Fri 09:00-17:00", **more) for number in range(count))


def team(count=6, *flags, load=0, **more):
    return TeamFacts("north", members(count, **more), tuple(Flagged(*flag.split()) for flag in flags), load)


def past(days_ago, kind=Kind.REGULAR, state=State.ANSWERED, teams=("north",)):
    return PastWave("w", teams, kind, TODAY - timedelta(days=days_ago), state)


def asked(*ago, kind=Kind.TRIGGERED):
    return {"a0": tuple(Asked(TODAY - timedelta(days=days), kind) for days in ago)}


def test_a_team_that_was_never_asked_is_due():
    plan = due(team(), Policy(), History(), NOW)

    assert isinstance(plan, Plan)
    assert (plan.kind, plan.teams, len(plan.invitations), plan.triggers) == (Kind.REGULAR, ("north",), 6, ())
    assert plan.closes_at - plan.opens_at == timedelta(days=7)


def test_a_regular_wave_comes_a_quarter_after_the_last():
    assert due(team(), Policy(), History((past(90),)), NOW) == Skipped(
        "north", Reason.NOTHING_DUE, TODAY + timedelta(days=1)
    )
    assert isinstance(due(team(), Policy(), History((past(91),)), NOW), Plan)


@pytest.mark.parametrize(
    ("flags", "is_triggered"),
    [(("LD6 critical",), True), (("LD6 warn",), False), (("ES1 warn",), True), (("QL1 critical",), True),
     (("TM1 critical",), False), (("WT4 critical",), False)],
)  # fmt: skip
def test_flags_of_the_queue_trigger_a_wave_between_two_quarters(flags, is_triggered):
    plan = due(team(6, *flags), Policy(), History((past(40),)), NOW)

    assert isinstance(plan, Plan) == is_triggered
    if is_triggered:
        assert (plan.kind, plan.triggers) == (Kind.TRIGGERED, flags)


@pytest.mark.parametrize(("load", "size", "is_triggered"), [(1, 5, False), (2, 5, True), (2, 6, True), (2, 7, False)])
def test_load_on_three_tenths_of_a_team_triggers_a_wave_that_names_nobody(load, size, is_triggered):
    plan = due(team(size, load=load), Policy(), History((past(40),)), NOW)

    assert isinstance(plan, Plan) == is_triggered
    if is_triggered:
        assert plan.triggers == ("load of the team",)


def test_a_team_below_k_is_never_asked():
    assert due(team(4, "LD6 critical"), Policy(), History(), NOW) == Skipped("north", Reason.TOO_FEW_MEMBERS)
    assert due(team(6), Policy(k=7), History(), NOW) == Skipped("north", Reason.TOO_FEW_MEMBERS)


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.PLANNED, Reason.WAVE_RUNNING), (State.OPEN, Reason.WAVE_RUNNING),
     (State.CLOSED, Reason.LAST_WAVE_UNANSWERED), (State.PUBLISHED, Reason.LAST_WAVE_UNANSWERED)],
)  # fmt: skip
def test_a_team_waits_for_the_answer_to_its_last_wave(state, reason):
    facts = team(6, "LD6 critical")

    assert due(facts, Policy(), History((past(200, state=state),)), NOW) == Skipped("north", reason)
    assert isinstance(due(facts, Policy(), History((past(200, state=state, teams=("south",)),)), NOW), Plan)


def test_a_member_is_asked_by_a_trigger_once_in_thirty_days():
    facts = team(6, "LD6 critical")

    assert due(facts, Policy(), History(asked=asked(29)), NOW) == Skipped(
        "north", Reason.ASKED_RECENTLY, TODAY + timedelta(days=1)
    )
    assert isinstance(due(facts, Policy(), History(asked=asked(30)), NOW), Plan)


def test_a_member_has_four_triggered_waves_and_six_in_all_a_year():
    triggered = team(6, "LD6 critical")

    four = due(triggered, Policy(), History(asked=asked(31, 100, 200, 360)), NOW)
    assert four == Skipped("north", Reason.BUDGET_USED, TODAY + timedelta(days=5))
    assert isinstance(due(triggered, Policy(), History(asked=asked(31, 100, 200, 365)), NOW), Plan)
    six = History((past(95),), asked(31, 100, 200, 300, 350, 355, kind=Kind.REGULAR))
    assert due(team(), Policy(), six, NOW) == Skipped("north", Reason.BUDGET_USED, TODAY + timedelta(days=10))


def test_each_member_is_asked_in_their_own_hours_and_not_on_leave():
    people = (
        Member("late", "America/New_York", "Mon-Fri 09:00-17:00"),
        Member("now", ZONE, "Mon-Fri 09:00-17:00"),
        Member("tomorrow", ZONE, "Tue-Fri 09:00-17:00"),
        Member("back on thursday", ZONE, "Mon-Fri 09:00-17:00", leave=((date(2026, 2, 20), date(2026, 3, 4)),)),
        Member("away", ZONE, leave=((date(2026, 3, 1), date(2026, 3, 20)),)),
        Member("night", ZONE, "Mon-Thu 22:00-06:00"),
    )
    plan = due(TeamFacts("north", people), Policy(), History(), NOW)

    assert {one.person: one.not_before for one in plan.invitations} == {
        "late": datetime(2026, 3, 2, 14, tzinfo=UTC),
        "now": NOW,
        "tomorrow": datetime(2026, 3, 3, 8, tzinfo=UTC),
        "back on thursday": datetime(2026, 3, 5, 8, tzinfo=UTC),
        "night": datetime(2026, 3, 2, 21, tzinfo=UTC),
    }


def test_hours_are_those_of_the_wall_when_the_clock_changes():
    member = Member("a", ZONE, "Mon-Fri 09:00-17:00")
    friday_evening = datetime(2026, 3, 27, 20, tzinfo=UTC)

    first = first_at_work(member, "Mon-Fri 09:00-17:00", friday_evening, friday_evening + timedelta(days=7))

    assert first == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_who_has_no_hours_left_or_opted_out_is_not_asked_and_still_five_must_be():
    gone = ((TODAY, TODAY + timedelta(days=10)),)
    two_away = TeamFacts("north", (*members(4), Member("x", leave=gone), Member("y", leave=gone)))
    two_out = TeamFacts("north", (*members(4), Member("x", opted_out=True), Member("y", opted_out=True)))

    assert due(two_away, Policy(), History(), NOW) == Skipped("north", Reason.NOT_AT_WORK)
    assert due(two_out, Policy(), History(), NOW) == Skipped("north", Reason.TOO_FEW_MEMBERS)


def test_k_may_be_raised_and_not_lowered():
    assert Policy(k=8).k == 8
    for wrong in ({"k": 4}, {"k_comments": 9}, {"k": 12, "k_comments": 10}):
        with pytest.raises(ConfigError, match="never below 5 and 10"):
            Policy(**wrong)


def test_teams_that_are_due_at_once_become_one_wave_that_asks_everybody_once():
    north = due(TeamFacts("north", members(6)), Policy(), History(), NOW)
    south = due(TeamFacts("south", members(8)[2:], (Flagged("ES1", "warn"),)), Policy(), History(), NOW)

    both = join([north, south])

    assert (both.kind, both.teams, both.triggers) == (Kind.TRIGGERED, ("north", "south"), ("ES1 warn",))
    assert [one.person for one in both.invitations] == [f"a{number}" for number in range(8)]
    assert both.invitations[3].place.teams == ("north", "south")
    assert both.invitations[7].place.teams == ("south",)
    with pytest.raises(BadPayload):
        join([north, due(team(), Policy(), History(), NOW + timedelta(hours=1))])
