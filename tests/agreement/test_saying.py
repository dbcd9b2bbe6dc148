"""Objections, "this is wrong" and hours of their own, and what follows at once."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from helpdesk_wellbeing.acting import review, views
from helpdesk_wellbeing.acting.obeying import kept_answer
from helpdesk_wellbeing.agreement import recording, saying
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from tests.agreement.conftest import AT, KNOWN

LATER = AT + timedelta(hours=1)


@pytest.fixture
def evaluated(store, a_flag):
    """The account on this machine: anna and ben carry too much, and something is proposed because of it."""
    flags = [a_flag(), a_flag(subject="ben"), a_flag("WT4"), a_flag("ES1", "11", "queue")]
    store.work.keep_answer("here", AT, {"account": "here", "as_of": "2026-11-20T08:00:00Z", "flags": flags,
                                        "not_assessable": [], "identity_review": [], "withheld": []})  # fmt: skip
    store.work.note_run("here", evaluated_at=AT, evaluated_until=AT, due_at=AT + timedelta(days=1))
    review.keep(store, "here", [proposal("LD3", "anna"), proposal("WT4", "anna", "check_in"), moves()], AT)
    return store


def proposal(signal, agent, action="recovery_slot"):
    why = Because("rule", "v1", signal, Subject("agent", agent), "warn", "2026-11-17", "A", {})
    return Proposal(action, Subject("agent", agent), (why,), AT, AT + timedelta(days=1), AT, {"en": "Rest."})


def resting_on(*signals):
    """One about anna that rests on several flags."""
    why = [
        Because(f"{one} rule", "v1", one, Subject("agent", "anna"), "warn", "2026-11-17", "A", {}) for one in signals
    ]
    return dataclasses.replace(proposal("LD3", "anna"), because=tuple(why))


def moves():
    """For a team, with the loads of those who give and receive."""
    why = Because("team_imbalance", "v1", "LD4", Subject("team", "g1"), "warn", "2026-11-17", "A", {})
    loads = {"loads": [{"agent": "ben", "share_before": 1.6}, {"agent": None, "share_before": 1.0}]}
    return Proposal(
        "rebalance", Subject("team", "g1"), (why,), AT, AT + timedelta(days=1), AT, {"en": "Move."},
        (Move("1", "g1", "ben", "finn"),), loads,
    )  # fmt: skip


def flags_of(store, agent):
    return [flag["signal"] for flag in store.work.answer_of("here")["flags"] if flag["subject"]["id"] == agent]


def states(store):
    return {(one.action, one.subject): one.state for one in store.proposals.listed("here")}


def test_an_objection_takes_the_flag_and_what_was_proposed_back_at_once(evaluated):
    saying.object_to(evaluated, "here", "anna", "LD3", LATER)

    assert (flags_of(evaluated, "anna"), flags_of(evaluated, "ben")) == (["WT4"], ["LD3"])
    assert states(evaluated) == {
        ("recovery_slot", "anna"): "withdrawn", ("check_in", "anna"): "open", ("rebalance", "g1"): "open",
    }  # fmt: skip
    run = evaluated.work.run_of("here")
    assert (run.evaluated_at, run.due_at) == (None, LATER)


def reasons(store):
    return {(one.action, one.subject): one.reason for one in store.proposals.listed("here") if one.state == "withdrawn"}


def test_the_true_reason_is_kept_and_told_to_nobody_else(evaluated):
    saying.object_to(evaluated, "here", "anna", "LD3", LATER)

    (kept,) = evaluated.proposals.listed("here", ("withdrawn",))
    told = [views.reason_for(kept.reason, kept.body, agent) for agent in ("anna", "ben", None)]
    assert told == ["objected", "not available", "not available"]
    assert views.shown(evaluated, "here", kept.id)["reason"] == "not available"
    entries = {entry.what: entry.body for entry in evaluated.audit.entries("here")}
    assert entries["objection"]["by"] == evaluated.audit.word_of("here", "anna")
    assert entries["withdrawn"]["reason"] == "objected"


def test_of_what_names_several_nobody_hears_that_one_of_them_objected(evaluated):
    review.keep(evaluated, "here", [dataclasses.replace(moves(), action="esat_wave", because=(
        *moves().because, *resting_on("LD3").because))], AT)  # fmt: skip
    saying.object_to(evaluated, "here", "anna", "LD3", LATER)

    kept = next(one for one in evaluated.proposals.listed("here", ("withdrawn",)) if one.subject == "g1")
    assert kept.reason == "objected"
    assert {views.reason_for(kept.reason, kept.body, agent) for agent in ("anna", "ben", "finn")} == {"not available"}


def test_what_others_agreed_is_no_objection(evaluated, an_agreement):
    recording.record(evaluated, "here", an_agreement(signals=()), "admin", LATER, KNOWN)

    assert set(reasons(evaluated).values()) == {None}


def test_hours_of_their_own_are_why_work_after_hours_is_over(evaluated):
    review.keep(evaluated, "here", [proposal("WT7", "anna", "a"), proposal("WT7", "ben", "b")], AT)
    saying.set_own_hours(evaluated, "here", "anna", "Mon-Fri 14:00-22:00", LATER)
    review.let_go(evaluated, "here", {("rule", "agent", "cleo")}, LATER)

    assert reasons(evaluated) == {
        ("a", "anna"): "own hours", ("b", "ben"): None, ("recovery_slot", "anna"): None, ("check_in", "anna"): None,
        ("rebalance", "g1"): None,
    }  # fmt: skip
    (said,) = [entry for entry in evaluated.audit.entries("here") if entry.what == "own hours"]
    assert said.body["by"] == evaluated.audit.word_of("here", "anna")


def test_nobody_can_object_to_what_the_law_demands(store):
    with pytest.raises(CannotDecide, match="WT4 rests on a duty"):
        saying.object_to(store, "here", "anna", "WT4", AT)


def test_an_objection_can_be_taken_back(evaluated):
    saying.object_to(evaluated, "here", "anna", "LD3", LATER)
    saying.withdraw_objection(evaluated, "here", "anna", "LD3", LATER)

    assert gate_of(evaluated, "here", LATER).allows("LD3", "agent", "anna")
    assert [entry.what for entry in evaluated.audit.entries("here")][-2:] == ["withdrawn", "objection withdrawn"]


def test_the_audit_names_nobody_who_objected(evaluated):
    saying.object_to(evaluated, "here", "anna", "LD3", LATER)

    entry = next(one for one in evaluated.audit.entries("here") if one.what == "objection")
    assert entry.body["agent"] == evaluated.audit.word_of("here", "anna") != "anna"


def test_an_agreement_that_closes_the_gate_withdraws_what_is_about_persons_and_what_names_their_load(
    evaluated, an_agreement
):
    recording.record(evaluated, "here", an_agreement(signals=()), "admin", LATER, KNOWN)

    assert set(states(evaluated).values()) == {"withdrawn"}
    assert [flag["signal"] for flag in evaluated.work.answer_of("here")["flags"]] == ["ES1"]


def test_a_contested_flag_is_paused_until_it_begins_anew_and_the_admin_hears_of_it(evaluated, a_flag):
    id = saying.contest(evaluated, "here", a_flag(), "not me", LATER, by="anna", agent="anna")

    gate = gate_of(evaluated, "here", LATER)
    assert flags_of(evaluated, "anna") == ["WT4"]
    assert [flag["signal"] for flag in kept_answer(evaluated, "here", LATER)["paused"]] == ["LD3"]
    assert gate.pauses("sustained_load_increase", "agent", "anna", "2026-11-16")
    assert not gate.pauses("sustained_load_increase", "agent", "anna", "2026-11-18")
    (doubt,) = saying.doubts(evaluated, "here", LATER)
    assert (doubt.id, doubt.subject, doubt.about_attribution) == (id, "anna", True)


def test_what_rests_on_a_contested_flag_is_withdrawn_at_once_whatever_else_it_rests_on(evaluated, a_flag):
    both = dataclasses.replace(resting_on("LD3", "WT4"), action="protect_break")
    (id,) = review.keep(evaluated, "here", [both], AT)

    saying.contest(evaluated, "here", a_flag() | {"rule": "LD3 rule"}, "not me", LATER, by="anna", agent="anna")

    assert states(evaluated) == {
        ("recovery_slot", "anna"): "open", ("check_in", "anna"): "open", ("rebalance", "g1"): "open",
        ("protect_break", "anna"): "withdrawn",
    }  # fmt: skip
    assert [one.body["reason"] for one in evaluated.audit.entries("here") if one.what == "withdrawn"] == ["contested"]
    with pytest.raises(CannotDecide, match="withdrawn"):
        review.accept(evaluated, "here", id, "a lead", LATER)


def test_what_another_process_proposed_from_it_a_moment_later_is_refused_and_ends(evaluated, a_flag):
    saying.contest(evaluated, "here", a_flag() | {"rule": "LD3 rule"}, "not me", LATER, by="anna", agent="anna")
    (id,) = review.keep(evaluated, "here", [dataclasses.replace(resting_on("LD3"), action="protect_break")], LATER)

    with pytest.raises(CannotDecide, match="may not be acted upon"):
        review.accept(evaluated, "here", id, "a lead", LATER)
    assert review.keep_to(evaluated, "here", gate_of(evaluated, "here", LATER), LATER) == [id]


def test_what_the_admin_has_settled_speaks_again(evaluated, a_flag):
    id = saying.contest(evaluated, "here", a_flag(), "on-call swap", LATER, by="anna", agent="anna")
    saying.settle(evaluated, "here", id, "admin", LATER + timedelta(hours=1))

    at = LATER + timedelta(hours=2)
    assert "LD3" in [flag["signal"] for flag in kept_answer(evaluated, "here", at)["flags"]]
    assert saying.doubts(evaluated, "here", at) == []
    with pytest.raises(CannotDecide, match="no contest"):
        saying.settle(evaluated, "here", id, "admin", at)


def test_a_button_pressed_twice_contests_once(evaluated, a_flag):
    first, again = (
        saying.contest(evaluated, "here", a_flag(), "not me", LATER, by="anna", agent="anna") for _ in range(2)
    )
    assert (first, [doubt.id for doubt in saying.doubts(evaluated, "here", LATER)]) == (again, [first])
    assert [one.what for one in evaluated.audit.entries("here")].count("contested") == 1


def test_only_reasons_of_the_list_are_taken(store, a_flag):
    with pytest.raises(CannotDecide, match="automation, not me"):
        saying.contest(store, "here", a_flag(), "I was sad", AT, by="anna")


def test_hours_of_ones_own_make_everything_dirty_and_say_so_without_the_hours(store, some_events):
    store.add_events("here", some_events("here"))
    store.set_clean("here")
    saying.set_own_hours(store, "here", "anna", "Mon-Fri 12:00-20:30", AT)

    assert store.dirty_since("here").year == 1
    assert saying.own_hours_of(store, "here", "anna") == "Mon-Fri 12:00-20:30"
    assert store.directory("here").own_hours.rows() == [("anna", "Mon-Fri 12:00-20:30")]
    assert "12:00" not in str(store.audit.entries("here"))

    saying.forget_own_hours(store, "here", "anna", AT)
    assert saying.own_hours_of(store, "here", "anna") is None


def test_hours_that_cannot_be_read_are_refused(store):
    with pytest.raises(ConfigError):
        saying.set_own_hours(store, "here", "anna", "whenever", AT)
