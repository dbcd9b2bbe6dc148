"""Agreements recorded and changes asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.upkeep.retention import Kind, retention_of
from tests.agreement.conftest import AT, KNOWN

LATER = AT + timedelta(days=1)


def eager_rule():
    """The rule about daily rest as an own one, which speaks sooner than was agreed to."""
    rule = KNOWN.rules["short_daily_rest"]
    eager = rule.model_copy(update={"warn": tuple(one.model_copy(update={"after": 1}) for one in rule.warn)[:1]})
    lower = eager.warn[0].all[0].model_copy(update={"times": 2.0, "at_most": None, "above": None})
    return rule.model_copy(update={"warn": (eager.warn[0].model_copy(update={"all": (lower,)}),)})


@pytest.fixture
def agreed(store, an_agreement):
    """WT4 only, for agents and their leads."""
    recording.record(store, "acme", an_agreement(signals=("WT4",), roles=("agent", "lead")), "admin", AT, KNOWN)
    return store


def propose(store, **changes):
    return recording.propose(store, "acme", changes, "admin", LATER, KNOWN)


def test_what_is_recorded_holds_at_once_with_the_thresholds_of_now(agreed):
    held = recording.in_force(agreed, "acme", AT)

    assert held.signals == ("WT4",)
    assert set(held.thresholds) == {"short_daily_rest"}
    assert recording.in_force(agreed, "log", AT) is None


def test_an_agreement_is_not_of_the_future(store, an_agreement):
    with pytest.raises(ConfigError, match="yet to come"):
        recording.record(store, "acme", an_agreement(agreed_on=date(2026, 12, 1)), "admin", AT, KNOWN)
    with pytest.raises(ConfigError, match=r"DPIA.*yet to come"):
        recording.record(store, "acme", an_agreement(dpia_on=date(2028, 1, 1)), "admin", AT, KNOWN)
    recording.record(store, "acme", an_agreement(), "admin", AT, KNOWN)
    with pytest.raises(ConfigError, match=r"DPIA.*yet to come"):
        propose(store, dpia_on=date(2028, 1, 1))


def test_what_widens_waits_and_changes_nothing(agreed):
    kept = propose(agreed, signals=("LD3", "WT4"))

    assert not kept.holds
    assert kept.widens == ["more signals about single people: LD3", "rule sustained_load_increase: a new rule"]
    assert not gate_of(agreed, "acme", LATER).computes("LD3")
    waits, wish = recording.waiting(agreed, "acme")
    assert (waits.seq, wish.signals) == (2, ("LD3", "WT4"))


def test_a_new_agreement_overtakes_what_waited(agreed, an_agreement):
    propose(agreed, signals=("LD3", "WT4"))
    recording.record(agreed, "acme", an_agreement(signals=("LD3", "WT4")), "admin", LATER, KNOWN)

    assert gate_of(agreed, "acme", LATER).computes("LD3")
    assert recording.waiting(agreed, "acme") is None
    assert [one.body["state"] for one in agreed.agreements.entries("acme")] == ["in force", "waiting", "in force"]


def test_what_narrows_holds_at_once(agreed):
    assert propose(agreed, roles=("agent",)).holds

    assert not gate_of(agreed, "acme", LATER).shows_to("lead")
    assert recording.in_force(agreed, "acme", LATER).parties == ("works council",)


def test_what_narrows_holds_at_once_though_a_rule_is_held_back(agreed):
    own = eager_rule()
    known = replace(KNOWN, rules={**KNOWN.rules, own.id: own})
    before = recording.in_force(agreed, "acme", AT)

    assert recording.propose(agreed, "acme", {"roles": ("agent",)}, "admin", LATER, known).holds
    assert not gate_of(agreed, "acme", LATER).shows_to("lead")
    assert recording.in_force(agreed, "acme", LATER).thresholds == before.thresholds
    wish = recording.propose(agreed, "acme", {"roles": ("agent",)}, "admin", LATER, known)  # the rule alone
    assert not wish.holds
    assert gate_of(agreed, "acme", LATER).holds_back(own)


def test_a_change_needs_an_agreement_and_cannot_sign_for_others(agreed):
    with pytest.raises(ConfigError, match="nothing is agreed yet"):
        recording.propose(agreed, "log", {"roles": ("agent",)}, "admin", LATER, KNOWN)
    with pytest.raises(ConfigError, match="parties can only come with a new agreement"):
        propose(agreed, parties=("me",))


def test_an_own_rule_that_speaks_sooner_says_nothing_until_it_is_agreed_to(agreed):
    own = eager_rule()
    known = replace(KNOWN, rules={**KNOWN.rules, own.id: own})

    held_back = recording.rules_held_back(recording.in_force(agreed, "acme", AT), known)

    assert set(held_back) == {"short_daily_rest"}
    assert gate_of(agreed, "acme", AT).holds_back(own) == held_back["short_daily_rest"]
    assert recording.rules_held_back(recording.in_force(agreed, "acme", AT), KNOWN) == {}


def test_every_entry_is_in_the_audit_with_what_it_widens(agreed):
    propose(agreed, notices=("email",))

    entries = agreed.audit.entries("acme")
    assert [entry.what for entry in entries] == ["agreement", "agreement asked for"]
    assert entries[0].body["parties"] == ["works council"]
    assert entries[1].body["widens"] == ["more channels for notices about a person: email"]


def test_what_is_agreed_is_kept_no_longer_and_less_than_signals_need_is_refused(agreed, an_agreement):
    weeks = an_agreement().retention_weeks
    kept = retention_of(agreed, "acme", AT)

    for name, kind in (("events", Kind.EVENTS), ("facts", Kind.FACTS), ("audit", Kind.AUDIT)):
        assert kept.age(kind) <= timedelta(weeks=weeks[name])
    with pytest.raises(ConfigError, match="events 27 weeks: the shortest possible is 28, because signals look back"):
        recording.record(agreed, "acme", an_agreement(retention_weeks={"events": 27}), "admin", LATER, KNOWN)
    with pytest.raises(ConfigError, match="facts 56 weeks: the shortest possible is 68"):
        propose(agreed, retention_weeks={**weeks, "events": 40})
    assert propose(agreed, retention_weeks={**weeks, "audit": 60}).holds
