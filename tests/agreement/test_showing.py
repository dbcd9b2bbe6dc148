"""When and how much others than the agent see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.agreement.showing import (
    EVIDENCE_CLASS,
    contributors,
    guessable,
    spells_of,
    visible_to_lead_from,
    why_guessable,
)
from helpdesk_wellbeing.flags import check
from tests.agreement.conftest import AT, KNOWN


@pytest.mark.parametrize(
    ("signal", "kind", "hours"),
    [("LD3", "agent", 24), ("WT7", "agent", 24), ("WT4", "agent", 0), ("LD4", "team", 0), ("ES1", "queue", 0)],
)
def test_agents_see_first_what_no_law_asks_for(a_flag, signal, kind, hours):
    flag = a_flag(signal, kind=kind)

    assert visible_to_lead_from(flag, KNOWN.rules[flag["rule"]], AT) == AT + timedelta(hours=hours)


def test_what_no_rule_is_known_for_waits(a_flag):
    assert visible_to_lead_from(a_flag("WT4"), None, AT) == AT + timedelta(hours=24)


@pytest.mark.parametrize(
    ("signal", "kind", "members", "held_back"),
    [
        ("LD4", "team", 4, True),
        ("LD4", "team", 5, False),
        ("LD6", "queue", 1, False),
        ("ES1", "queue", 2, False),
        ("LD3", "agent", 1, False),
    ],
)
def test_a_team_flag_from_which_one_person_could_be_guessed_is_held_back(a_flag, signal, kind, members, held_back):
    assert guessable(a_flag(signal, kind=kind), members) is held_back


def test_evidence_about_one_person_gives_a_team_flag_away(a_flag):
    flag = a_flag("LD4", kind="team", evidence=[{"what": "the fullest", "agent": "anna"}])

    assert "one person" in why_guessable(flag, 12)


def test_those_who_were_compared_count_not_those_who_are_in_the_team(a_flag):
    bars = [{"member": letter, "ratio": 1.0} for letter in "ABC"]
    flag = a_flag("LD4", kind="team", evidence=[{"what": "team without names", "members": bars}])

    assert contributors(flag, 9) == 3
    assert contributors(a_flag("LD4", kind="team", evidence=[]), 9) == 9


def test_every_signal_about_single_people_has_words_for_its_evidence():
    assert {signal.id for signal in KNOWN.signals.values() if signal.subject == "agent"} == set(EVIDENCE_CLASS)


# ---- when flags were first seen ----


def test_a_flag_is_first_seen_once_and_gone_once(store):
    spell = ("long_day", "agent", "anna", date(2026, 11, 17))
    hour = timedelta(hours=1)

    store.seen.note("acme", {spell}, AT)
    store.seen.note("acme", {spell}, AT + hour)
    assert store.seen.first_seen("acme") == {spell: AT}

    store.seen.note("acme", set(), AT + 2 * hour)
    store.seen.note("acme", set(), AT + 3 * hour)
    assert store.seen.first_seen("acme") == {}
    (gone,) = store.seen.spells("acme", ("agent", "anna"))
    assert (gone.first_at, gone.gone_at) == (AT, AT + 2 * hour)

    store.seen.note("acme", {spell}, AT + 4 * hour)
    assert store.seen.first_seen("acme") == {spell: AT}
    assert store.seen.spells("acme", ("agent", "ben")) == []


def test_a_spell_that_turns_out_to_have_begun_earlier_keeps_its_time_and_a_later_one_is_new(store):
    early, late, next_one = (("long_day", "agent", "anna", date(2026, 11, day)) for day in (16, 17, 19))

    store.seen.note("acme", {late}, AT)
    store.seen.note("acme", {early}, AT + timedelta(hours=1))
    assert store.seen.first_seen("acme") == {early: AT}

    store.seen.note("acme", {next_one}, AT + timedelta(days=2))
    assert store.seen.first_seen("acme") == {next_one: AT + timedelta(days=2)}


def test_every_flag_of_an_answer_is_a_spell_of_its_own(assessed):
    _, _, outcome = assessed
    answer = check(outcome, KNOWN, gate=OPEN)

    assert len(spells_of(answer)) == len(answer["flags"]) > 0
