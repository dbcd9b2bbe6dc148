"""Actions that name a time, a talk, a wave or a note: what is proposed, in whose schedule, and when not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk_wellbeing.plan.actions.base import Case
from helpdesk_wellbeing.plan.actions.slots import begins_from
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import Subject

TODAY = date(2026, 3, 4)  # Wednesday; now is 11:00 in Amsterdam


def one(planned, action):
    (proposal,) = [p for p in planned.proposals if p.action == action]
    return proposal


def reason(planned, action):
    (skipped,) = [s for s in planned.skipped if s.action == action]
    return skipped.reason


def times(proposal):
    slot = proposal.details["slot"]
    return [datetime.fromisoformat(slot[name]).astimezone(UTC) for name in ("start", "end")]


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_missing_break_becomes_one_in_the_middle_of_the_running_shift(scene):
    scene.flag("WT6", "A")
    proposal = one(scene.plan(), "protect_break")
    assert times(proposal) == [at(4, 11, 45), at(4, 12, 15)]
    assert proposal.expires_at == at(4, 11, 45)
    assert "Wednesday 4 Mar 12:45 to 13:15" in proposal.texts["en"]
    assert "woensdag 4 mrt. 12:45 tot 13:15" in proposal.texts["nl"]


def test_a_break_that_the_schedule_has_is_the_one_to_keep(scene):
    scene.people[0]["schedule"] = "Mon-Fri 09:00-12:30, 13:15-17:00"
    scene.flag("WT6", "A")
    assert times(one(scene.plan(), "protect_break")) == [at(4, 11, 30), at(4, 12, 15)]


def test_towards_the_end_of_a_shift_the_break_is_in_the_next_one(scene):
    scene.flag("WT6", "A")
    assert times(one(scene.plan(now=at(4, 15, 30)), "protect_break"))[0] == at(5, 11, 45)


def test_the_clock_of_another_zone_is_named(scene):
    scene.people[0]["time_zone"] = "America/New_York"
    scene.flag("WT6", "A")
    assert "12:45 to 13:15 (America/New_York)" in one(scene.plan(), "protect_break").texts["en"]


@pytest.mark.parametrize("signal", ["WT6", "WT1", "WT4", "WT5", "ES2"])
def test_no_time_is_proposed_during_leave_or_without_a_schedule(scene, signal):
    scene.leave.append(("A", TODAY, TODAY))
    scene.people[1]["schedule"] = None
    scene.flag(signal, "A")
    scene.flag(signal, "B")
    planned = scene.plan()
    timed = {(s.subject.id, s.reason) for s in planned.skipped if s.action != "check_in"}
    assert timed == {("A", "on leave"), ("B", "no schedule")}


def test_a_schedule_too_far_away_gives_no_time(scene):
    scene.leave.append(("A", date(2026, 3, 5), date(2026, 3, 25)))
    scene.flag("ES2", "A")
    assert reason(scene.plan(), "no_new_escalations") == "not scheduled soon"


def test_no_new_escalations_begins_with_a_shift_that_the_team_can_still_agree_on(scene):
    scene.flag("ES2", "A")
    proposal = one(scene.plan(), "no_new_escalations")
    assert times(proposal) == [at(6, 8), at(6, 12)]  # the lead sees it on Thursday at 11:00
    assert proposal.lead_from < proposal.expires_at == at(6, 8)


@pytest.mark.parametrize(
    ("made", "begins"),
    [
        (at(4, 17), at(6, 12)),  # Wednesday 18:00: seen on Thursday evening, decided on Friday by 13:00
        (at(6, 17), at(9, 12)),  # Friday 18:00: over the weekend nobody decides
        (at(9, 8, 30), at(10, 12, 30)),  # Monday 09:30
    ],
)
def test_who_decides_has_working_hours_between_the_head_start_and_the_end(scene, made, begins):
    scene.people[0]["schedule"] = "Mon-Sun 00:00-24:00"
    scene.flag("LD1", "A")
    case = Case(scene.situation(now=made), "pause_intake", Subject("agent", "A"), scene.flags, {})
    assert case.decided_by == begins_from(case) == begins


def test_a_long_day_ends_with_an_hour_without_new_tickets(scene):
    scene.flag("WT1", "A")
    assert times(one(scene.plan(), "pause_intake")) == [at(4, 15), at(4, 16)]


def test_work_outside_the_schedule_is_answered_with_the_time_between_two_shifts(scene):
    scene.flag("WT7", "A")
    assert times(one(scene.plan(), "pause_intake")) == [at(5, 16), at(6, 8)]


def test_work_on_leave_is_answered_until_the_return(scene):
    scene.leave.append(("A", TODAY, date(2026, 3, 6)))
    scene.flag("WT7", "A", leave_days=2)
    proposal = one(scene.plan(), "pause_intake")
    assert times(proposal)[1] == at(9, 8)
    assert "work on 2 days of leave" in proposal.texts["en"]
    assert reason(scene.plan(), "check_in") == "on leave"


def test_after_a_late_evening_the_next_shift_begins_later(scene):
    scene.ended.append(("A", at(3, 22, 30)))
    scene.flag("WT4", "A")
    proposal = one(scene.plan(now=at(4, 6)), "recovery_slot")
    assert times(proposal)[0] == at(4, 9, 30)
    assert proposal.expires_at == at(4, 8)


def test_a_plan_that_repeats_the_short_rest_is_mended_where_it_does(scene):
    scene.people[0]["schedule"] = "Wed 09:00-17:00; Thu 14:00-23:00; Fri 07:00-15:00"
    scene.flag("WT4", "A")
    proposal = one(scene.plan(), "recovery_slot")
    assert times(proposal)[0] == at(6, 9)
    assert "Friday 6 Mar 10:00 instead of Friday 6 Mar 07:00" in proposal.texts["en"]


def test_short_rest_that_nothing_repeats_is_given_back_for_a_week(scene):
    scene.flag("WT4", "A")
    assert times(one(scene.plan(), "recovery_slot"))[0] == at(5, 9, 30)
    assert reason(scene.plan(now=at(11, 10)), "recovery_slot") == "too long ago"


def test_a_weekly_rest_that_the_plan_has_is_kept_and_one_that_it_lacks_is_made(scene):
    scene.flag("WT5", "A")
    assert times(one(scene.plan(), "recovery_slot")) == [at(6, 16), at(9, 8)]
    scene.people[0]["schedule"] = "Mon-Sun 09:00-17:00"
    made = one(scene.plan(), "recovery_slot")
    assert times(made) == [at(4, 16), at(6, 8)]
    assert made.expires_at == at(5, 8)


def test_a_night_is_swapped(scene):
    scene.people[0]["schedule"] = "Mon-Fri 22:00-06:00"
    scene.flag("WT8", "A")
    assert times(one(scene.plan(), "recovery_slot")) == [at(4, 21), at(5, 5)]


def test_hours_above_the_limit_come_back_at_the_end_of_a_shift(scene):
    scene.flag("WT2", "A")
    assert times(one(scene.plan(), "recovery_slot")) == [at(5, 14), at(5, 16)]


def test_a_talk_comes_with_a_guide_that_leaves_health_out(scene):
    scene.flag("WT2", "A")
    guide = one(scene.plan(), "check_in").details["guide"]
    assert set(guide) == {"en", "nl"}
    assert "health" in guide["en"][-1]


def test_clocks_that_change_between_now_and_the_slot_are_seen(scene):
    scene.flag("WT5", "A")
    kept = one(scene.plan(now=datetime(2026, 3, 27, 10, tzinfo=UTC)), "recovery_slot")
    assert times(kept) == [datetime(2026, 3, 27, 16, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)]


def queue_rows():
    days = [date(2026, 2, 16) + timedelta(n) for n in range(17)]
    usual = {"group": "support", "created": 40, "solved": 30, "escalated": 0, "reopened": 0}
    return [{**usual, "date": day, "open_at_end": 100 + 8 * n} for n, day in enumerate(days) if day.weekday() < 5]


def test_a_note_says_what_would_bring_the_backlog_back(scene):
    scene.queues = queue_rows()
    scene.flag("LD6", "support", kind="queue")
    planned = scene.plan()
    note = one(planned, "staffing_note")
    assert note.details["open"] == 100 + 8 * 15
    assert note.details["usual"] == round(220 / 1.6)
    assert note.details["more"] == pytest.approx(8 + (220 - 137.5) / 10, abs=0.06)
    assert "40 come in and 30 are solved" in note.texts["en"]
    assert reason(planned, "esat_wave") == "not critical"


@pytest.fixture
def five(scene):
    scene.person("E")
    return scene


def test_a_queue_with_many_hard_tickets_asks_its_whole_team(five):
    five.flag("ES1", "support", kind="queue")
    wave = one(five.plan(), "esat_wave")
    assert wave.subject.kind == "team"
    assert [b.subject.kind for b in wave.because] == ["queue"]
    assert "30 of 200 tickets (15%)" in wave.texts["en"]


@pytest.mark.parametrize("why", ["survey too recent", "last survey unanswered", "survey under way"])
def test_a_team_that_was_asked_lately_is_not_asked(five, why):
    five.flag("ES1", "support", kind="queue")
    assert reason(five.plan(surveys={"support": why}), "esat_wave") == why
    assert one(five.plan(surveys={"support": None}), "esat_wave")


def test_a_small_team_is_never_asked(five):
    five.flag("ES1", "support", kind="queue")
    five.people[0]["excluded"] = True
    assert reason(five.plan(), "esat_wave") == "too few members"
    assert reason(five.plan(policy=Policy(k=8)), "esat_wave") == "too few members"


def test_a_team_under_load_is_asked_without_saying_who_is(five):
    five.flag("LD1", "A", since="2026-03-01")
    assert not [p for p in five.plan().proposals if p.action == "esat_wave"]
    five.flag("LD3", "B", since="2026-03-03")
    wave = one(five.plan(), "esat_wave")
    (because,) = wave.because
    assert (because.subject.kind, because.subject.id) == ("team", "support")
    assert because.since == "2026-03-03"  # since so many are
    assert because.values == {"members": 5, "part": 0.3}
    assert "Name of" not in str(wave.texts)


def test_a_dose_of_hard_tickets_or_long_hours_are_no_load(five):
    for agent in "ABC":
        five.flag("ES2", agent)
        five.flag("WT1", agent)
    assert not [p for p in five.plan().proposals if p.action == "esat_wave"]


def too_much(scene):
    for number in range(18):
        scene.ticket(f"A{number}", "A")
    scene.flag("LD1", "A")


def test_too_much_open_work_is_answered_with_a_shift_without_new_tickets(scene):
    too_much(scene)
    proposal = one(scene.plan(), "pause_intake")
    assert times(proposal) == [at(5, 14), at(5, 16)]  # the lead sees it on Thursday at 11:00, and has until 15:00
    assert proposal.details["until_below"] == pytest.approx(16.26, abs=0.01)
    assert "no new tickets Thursday 5 Mar 15:00 to 17:00, or until the open work is below 16.3" in proposal.texts["en"]
    assert "geen nieuwe tickets donderdag 5 mrt. 15:00 tot 17:00, of tot" in proposal.texts["nl"]


def test_a_pause_lasts_only_while_colleagues_within_their_limits_are_there(scene):
    too_much(scene)
    scene.flag("WT2", "B")
    scene.leave.append(("C", TODAY, date(2026, 3, 11)))
    scene.people[3]["schedule"] = "Mon-Fri 09:00-16:30"
    assert times(one(scene.plan(), "pause_intake")) == [at(5, 14), at(5, 15, 30)]
    scene.people[3]["schedule"] = "Mon-Fri 09:00-12:00"
    assert times(one(scene.plan(), "pause_intake")) == [at(6, 8), at(6, 11)]
    scene.people[3]["groups"] = ["other"]
    assert reason(scene.plan(), "pause_intake") == "nobody can take work"


def test_colleagues_who_lack_a_skill_or_have_too_much_themselves_do_not_make_a_pause_possible(scene):
    scene.people[0]["skills"] = ["technical"]
    too_much(scene)
    assert reason(scene.plan(), "pause_intake") == "nobody can take work"
    scene.people[1]["skills"] = ["technical"]
    assert one(scene.plan(), "pause_intake")
    for number in range(12):
        scene.ticket(f"B{number}", "B")
    scene.flag("LD1", "B", state="cooling", open_weight=12.0, median_weight=6.0, z=4.0, days_of_work=5.0)
    reasons = {(s.subject.id, s.reason) for s in scene.plan().skipped if s.action == "pause_intake"}
    assert reasons == {("A", "nobody can take work"), ("B", "cooling")}


def test_a_long_day_of_somebody_with_too_much_open_still_ends_with_an_hour_without_new_tickets(scene):
    scene.people[1:] = []
    too_much(scene)
    scene.flag("WT1", "A")
    assert times(one(scene.plan(), "pause_intake")) == [at(4, 15), at(4, 16)]


def test_nobody_is_paused_at_the_cost_of_colleagues_who_have_as_much(scene):
    scene.flag("LD1", "A")
    for agent in "ABCD":
        for number in range(18):
            scene.ticket(f"{agent}{number}", agent)
    assert reason(scene.plan(), "pause_intake") == "no better distribution"
