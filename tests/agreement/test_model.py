"""What an agreement says, and what it may not leave out."""

from __future__ import annotations

import json

import pytest

from helpdesk_wellbeing.agreement import model
from helpdesk_wellbeing.errors import ConfigError


def test_statutory_signals_are_those_whose_rules_say_so(known):
    assert {rule.signal for rule in known.rules.values() if rule.statutory} == model.STATUTORY


def test_all_is_written_out_as_the_signals_about_single_people_of_now(known):
    named = model.signals_named("all", known)

    assert {known.signals[name].subject for name in named} == {"agent"}
    assert named == model.personal_signals(known)


def test_signals_about_queues_need_no_agreement_and_are_left_out(known):
    assert model.signals_named("wt4, ES1,LD3", known) == ("LD3", "WT4")


def test_a_signal_that_there_is_not_is_refused_with_those_that_there_are(known):
    with pytest.raises(ConfigError, match=r'"WT77" is no signal.*WT7'):
        model.signals_named("WT77", known)


def test_what_is_missing_is_said(an_agreement):
    assert len(an_agreement().missing()) == 2
    assert an_agreement(dpia_on="2026-10-01", works_council="consented").missing() == []


def test_an_agreement_comes_back_from_json_as_it_was(an_agreement, known):
    terms = model.thresholds_of(known.rules.values(), ["LD3", "WT4"])
    made = an_agreement(thresholds=terms, notices=("email",))

    assert model.read(json.loads(made.model_dump_json(exclude_none=True)), "acme") == made


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"parties": []}, "parties"),
        ({"roles": ["lead"]}, "roles: agents always see"),
        ({"roles": ["hr"]}, "roles"),
        ({"retention_weeks": {"events": 0}}, "retention_weeks.events"),
        ({"mood": True}, "mood"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(an_agreement, wrong, named):
    body = an_agreement().model_dump(mode="json") | wrong
    with pytest.raises(ConfigError, match=f"acme: agreement: {named}"):
        model.read(body, "acme")
