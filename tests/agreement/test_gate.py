"""What may be said of single people: without an agreement, under one, and where agents objected or contested."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.agreement import recording, saying
from helpdesk_wellbeing.agreement.gate import CLOSED, OPEN, Gate, gate_of
from helpdesk_wellbeing.agreement.model import thresholds_of
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.flags import changes, check, under
from helpdesk_wellbeing.people import Directory
from tests.agreement.conftest import AT, KNOWN

AGENT = ("agent", "anna")


def agents_in(answer):
    parts = [*answer["flags"], *answer["not_assessable"]]
    return {(one["signal"], one["subject"]["id"]) for one in parts if one["subject"]["kind"] == "agent"}


# ---- from the store ----


@pytest.mark.parametrize("served", [True, False])
def test_without_an_agreement_only_logs_and_this_machine_speak_of_single_agents(store, served):
    open_for = {name: gate_of(store, name, AT, served=served).allows("WT4", *AGENT) for name in ("acme", "here", "log")}

    assert open_for == {"acme": False, "here": True, "log": True}
    assert gate_of(store, "acme", AT).is_closed
    assert gate_of(store, "acme", AT).allows("ES1", "queue", "11")


def test_under_an_agreement_only_its_signals_and_roles_are_open(store, an_agreement, known):
    recording.record(store, "acme", an_agreement(signals=("WT4",), roles=("agent", "lead")), "admin", AT, known)

    gate = gate_of(store, "acme", AT)

    assert (gate.allows("WT4", *AGENT), gate.allows("LD3", *AGENT)) == (True, False)
    assert (gate.shows_to("lead"), gate.shows_to("ops")) == (True, False)
    assert gate_of(store, "acme", AT - timedelta(seconds=1)).is_closed


def test_once_recorded_an_agreement_binds_what_is_served_from_this_machine_but_not_the_operator(
    store, an_agreement, known
):
    recording.record(store, "here", an_agreement(signals=("WT4",)), "admin", AT, known)

    assert not gate_of(store, "here", AT).allows("LD3", *AGENT)
    assert gate_of(store, "here", AT, served=False).allows("LD3", *AGENT)


@pytest.mark.parametrize("served", [True, False])
def test_objections_hold_for_everybody_who_looks(store, served):
    saying.object_to(store, "log", "anna", "LD3", AT)

    gate = gate_of(store, "log", AT, served=served)

    assert not gate.allows("LD3", *AGENT)
    assert gate.allows("LD3", "agent", "ben")
    assert gate.allows("LD1", *AGENT)


def test_of_the_excluded_nothing_is_said(store, people):
    rows = people(
        {"agent": "anna", "excluded": True}, {"agent": "ben", "excluded": True, "valid_from": date(2027, 1, 1)}
    )
    store.replace_people("log", "file", rows)

    gate = gate_of(store, "log", AT)

    assert (gate.allows("WT4", *AGENT), gate.allows("WT4", "agent", "ben")) == (False, True)


def test_gates_that_let_the_same_pass_have_the_same_stamp(store, an_agreement, known):
    before = gate_of(store, "log", AT).stamp
    saying.object_to(store, "log", "anna", "LD3", AT)

    assert before == OPEN.stamp
    assert gate_of(store, "log", AT).stamp not in (before, CLOSED.stamp)


# ---- in the answer of the engine ----


def test_the_answer_under_an_agreement_names_only_its_signals(assessed):
    _, engine, outcome = assessed
    gate = Gate(frozenset({"WT4", "LD1"}))

    answer = check(outcome, KNOWN, gate=gate)
    full = check(outcome, KNOWN, gate=OPEN)
    history = changes(engine.history(outcome.since, outcome.as_of), outcome, KNOWN, gate=gate)

    assert {signal for signal, _ in agents_in(answer)} <= {"WT4", "LD1"}
    assert {row["signal"] for row in history if row["subject"]["kind"] == "agent"} <= {"WT4", "LD1"}
    assert answer["flags"] == [
        one for one in full["flags"] if one["subject"]["kind"] != "agent" or one["signal"] in {"WT4", "LD1"}
    ]
    assert "WT1" in answer["withheld"]
    assert "LD1" not in answer["withheld"]
    assert answer["identity_review"] == full["identity_review"]


def test_who_objected_is_only_not_available(assessed):
    _, engine, outcome = assessed
    full = check(outcome, KNOWN, gate=OPEN)
    flag = next(one for one in full["flags"] if one["signal"] in ("LD1", "LD3", "WT7", "ES2"))
    signal, agent = flag["signal"], flag["subject"]["id"]
    gate = Gate(objections={signal: frozenset({agent})})

    answer = check(outcome, KNOWN, gate=gate)
    history = changes(engine.history(outcome.since, outcome.as_of), outcome, KNOWN, gate=gate)

    said = {"signal": signal, "subject": {"kind": "agent", "id": agent}, "reason": "not available"}
    assert said in answer["not_assessable"]
    assert [one for one in full["flags"] if one not in answer["flags"]] == [flag]
    assert not [row for row in history if (row["signal"], row["subject"]["id"]) == (signal, agent)]


def test_a_rule_that_reaches_further_than_agreed_says_nothing(assessed):
    _, _, outcome = assessed
    agreed = thresholds_of(KNOWN.rules.values(), ["WT4", "LD3"])
    other = next(name for name, terms in agreed.items() if terms.signal == "LD3")
    narrower = agreed[other].model_copy(update={"warn": agreed[other].warn[:0], "critical": ()})

    answer = check(outcome, KNOWN, gate=Gate(frozenset({"WT4", "LD3"}), thresholds={**agreed, other: narrower}))

    assert "LD3" in answer["withheld"]
    assert {signal for signal, _ in agents_in(answer)} == {"WT4"}


def test_a_contested_flag_stands_apart_until_it_begins_anew(assessed):
    _, _, outcome = assessed
    full = check(outcome, KNOWN, gate=OPEN)
    flag = full["flags"][0]
    place, since = (flag["rule"], flag["subject"]["kind"], flag["subject"]["id"]), date.fromisoformat(flag["since"])

    contested = check(outcome, KNOWN, gate=Gate(contested={place: since}))
    older = check(outcome, KNOWN, gate=Gate(contested={place: since - timedelta(days=1)}))

    assert contested["paused"] == [flag]
    assert flag not in contested["flags"]
    assert older == full


def test_a_kept_answer_is_cut_to_what_the_gate_of_now_lets_pass(assessed):
    _, _, outcome = assessed
    full = check(outcome, KNOWN, gate=OPEN)

    for gate in (CLOSED, Gate(frozenset({"WT4"})), Gate(contested={("long_day", "agent", "x"): AT.date()})):
        cut, made = under(full, gate), check(outcome, KNOWN, gate=gate)
        assert [cut[part] for part in ("flags", "identity_review")] == [
            made[part] for part in ("flags", "identity_review")
        ]
        assert cut["not_assessable"] == made["not_assessable"]
    assert agents_in(under(full, CLOSED)) == set()


def test_nothing_of_an_objected_signal_is_kept(assessed):
    store, _, outcome = assessed
    load, rest = "sustained_load_increase", "short_daily_rest"
    agent = outcome.standing.states[load].filter(
        pl.col("subject").is_in(list(outcome.standing.states[rest]["subject"]))
    )[0, 0]
    store.said.object_to("demo", agent, "LD3", AT)
    store.said.object_to("demo", agent, "WT4", AT)  # which nobody can

    now = Engine(store, "demo", KNOWN).assess(outcome.as_of).standing

    assert agent not in now.states[load]["subject"]
    assert agent not in now.memories[load]["subject"]
    assert agent in now.states[rest]["subject"]
    for signal in ("LD3", "WT4"):
        store.said.withdraw("demo", agent, signal)


def test_an_empty_directory_excludes_nobody(store):
    assert store.directory("log").people.is_empty()
    assert isinstance(store.directory("log"), Directory)
    assert gate_of(store, "log", AT).excluded == frozenset()
