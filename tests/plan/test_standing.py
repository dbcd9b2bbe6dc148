"""What waits for a decision is looked at anew: it stays, is renewed under its id, or lapses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.plan.planning import History
from helpdesk_wellbeing.plan.policy import Policy

TODAY = date(2026, 3, 4)
HOUR = timedelta(hours=1)


def standing(*proposals):
    pending = {move.ticket: move.receiver for one in proposals for move in one.moves}
    return History(pending=pending, standing={(one.action, one.subject): one for one in proposals})


def again(scene, proposal, **more):
    return scene.plan(now=scene.now + HOUR, history=standing(proposal), **more)


def takes(scene, *tickets):
    scene.tickets = [one for one in scene.tickets if one["ticket"] not in tickets]


def test_what_is_still_so_stays_as_it_is(crowded):
    (proposal,) = crowded.plan().proposals
    takes(crowded, "B00")  # a normal ticket less is no great change
    planned = again(crowded, proposal)

    assert (planned.proposals, planned.renewed, planned.lapsed) == ((), (), ())
    assert {skipped.reason for skipped in planned.skipped} == {"already proposed"}


def test_a_ticket_that_is_solved_renews_it_under_its_id_and_with_its_age(crowded):
    (proposal,) = crowded.plan().proposals
    takes(crowded, proposal.moves[0].ticket)
    planned = again(crowded, proposal)
    (renewed,) = planned.renewed

    assert planned.proposals == planned.lapsed == ()
    assert (renewed.id, renewed.made_at, renewed.lead_from) == (proposal.id, proposal.made_at, proposal.lead_from)
    assert renewed.measured_at == crowded.now + HOUR
    assert proposal.moves[0].ticket not in {move.ticket for move in renewed.moves}
    assert renewed.moves
    assert again(crowded, renewed).renewed == ()


@pytest.mark.parametrize("change", ["load", "leave", "flag", "values"])
def test_what_changes_much_renews_it(crowded, change):
    (proposal,) = crowded.plan().proposals
    receiver = proposal.moves[0].receiver
    if change == "load":
        takes(crowded, "A10", "A11") if {"A10", "A11"}.isdisjoint(m.ticket for m in proposal.moves) else takes(
            crowded, *(t for t in ("A00", "A01", "A02", "A03", "A04") if t not in {m.ticket for m in proposal.moves})
        )
    elif change == "leave":
        crowded.leave.append((receiver, TODAY, TODAY))
    elif change == "flag":
        crowded.flag("ES2", receiver)
    else:
        crowded.flags[0]["values"]["max_ratio"] = 3.1
    (renewed,) = again(crowded, proposal).renewed

    if change in ("leave", "flag"):
        assert receiver not in {move.receiver for move in renewed.moves}


def test_what_would_not_be_proposed_now_lapses_with_the_reason(crowded):
    (proposal,) = crowded.plan().proposals
    takes(crowded, *(f"A{number:02}" for number in range(10)))
    planned = again(crowded, proposal)

    assert planned.renewed == ()
    assert planned.lapsed == ((proposal.id, "no better distribution"),)


def test_moves_that_cannot_be_made_lapse_though_the_flag_is_about_to_end(crowded):
    (proposal,) = crowded.plan().proposals
    crowded.flags[0]["state"] = "cooling"
    assert again(crowded, proposal).lapsed == ()
    takes(crowded, proposal.moves[0].ticket)

    assert again(crowded, proposal).lapsed == ((proposal.id, "nothing to move"),)


def test_a_renewal_costs_nothing_of_the_days_budget_and_needs_none(crowded):
    policy = Policy(alerts_a_day=1)
    (proposal,) = crowded.plan(policy=policy).proposals
    takes(crowded, proposal.moves[0].ticket)
    history = replace(standing(proposal), made_today={"": 1})

    assert len(crowded.plan(policy=policy, history=history).renewed) == 1
    crowded.group("more")
    for name in "EF":
        crowded.person(name, groups=["more"])
    crowded.flag("LD6", "more", kind="queue")
    both = crowded.plan(policy=policy, history=replace(history, made_today={}))
    assert len(both.renewed) == len(both.proposals) == 1


def test_the_agents_head_start_is_kept_and_the_time_chosen_is_still_to_come(scene):
    scene.flag("WT6", "A")
    (proposal,) = [one for one in scene.plan().proposals if one.action == "protect_break"]
    scene.flags[0]["values"]["missed_of_5"] = 5
    later = scene.now + timedelta(hours=20)
    renewed = next(one for one in scene.plan(now=later, history=standing(proposal)).renewed)

    assert renewed.lead_from == proposal.lead_from
    assert renewed.details["slot"]["start"] > later.isoformat()


def test_a_further_reason_of_an_agent_who_sees_it_first_does_not_come_with_a_renewal(scene):
    scene.flag("LD3", "A")
    (proposal,) = [one for one in scene.plan().proposals if one.action == "check_in"]
    scene.flag("LD1", "A")
    assert again(scene, proposal).renewed == ()
    scene.flags[0]["values"]["cusum"] = 12.0
    (renewed,) = [one for one in again(scene, proposal).renewed if one.action == "check_in"]

    assert [because.signal for because in renewed.because] == ["LD3"]


def test_a_further_reason_of_a_team_says_since_when_it_is_there(crowded):
    (proposal,) = crowded.plan().proposals
    crowded.flag("LD1", "A")
    (renewed,) = again(crowded, proposal).renewed
    added = {because.signal: because.added_at for because in renewed.because}

    assert added == {"LD4": None, "LD1": crowded.now + HOUR}


def test_what_the_law_asks_for_brings_no_lead_a_reason_that_its_agent_sees_first(scene):
    scene.flag("ES2", "A", level="critical")
    scene.flag("WT1", "A")
    (fresh,) = [one for one in scene.plan().proposals if one.action == "check_in"]
    assert ([because.signal for because in fresh.because], fresh.lead_from) == (["WT1"], scene.now)

    by_law = scene.flags.pop()
    (waiting,) = [one for one in scene.plan().proposals if one.action == "check_in"]
    scene.flags.append(by_law)
    early, late = (
        scene.plan(now=scene.now + hours, history=standing(waiting)).renewed for hours in (2 * HOUR, 25 * HOUR)
    )
    assert [[because.signal for because in one.because] for one in early if one.action == "check_in"] == [["WT1"]]
    assert [{because.signal for because in one.because} for one in late if one.action == "check_in"] == [{"ES2", "WT1"}]
