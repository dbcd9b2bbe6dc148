"""Whom a finding is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from helpdesk_wellbeing.agreement.audience import audience, audience_of_all
from helpdesk_wellbeing.people import Directory
from tests.agreement.conftest import AT


@pytest.fixture(scope="module")
def directory(people):
    """zoe leads g1 (anna, ben, herself) and is led by olga through g2; olga leads g2 and is in no group."""
    rows = people(
        {"agent": "anna", "groups": ["g1"]},
        {"agent": "ben", "groups": ["g1", "g3"]},
        {"agent": "zoe", "groups": ["g1", "g2"], "lead_of": ["g1"]},
        {"agent": "olga", "lead_of": ["g2"]},
        {"agent": "finn", "groups": ["g3"]},
        {"agent": "carl", "groups": ["g1"], "valid_from": date(2026, 1, 1)},
        {"agent": "carl", "groups": ["g2"], "valid_from": date(2026, 11, 1)},
        {"agent": "carl", "groups": ["g3"], "valid_from": date(2026, 12, 1)},
    )
    return replace(Directory.empty(), people=rows)


@pytest.mark.parametrize(
    ("agent", "leads", "ops"),
    [
        ("anna", {"zoe"}, True),
        ("zoe", {"olga"}, False),
        ("olga", set(), False),
        ("finn", set(), True),
        ("carl", {"olga"}, True),
        ("nobody known", set(), True),
    ],
)
def test_an_agents_flag_goes_to_who_leads_them_and_a_leads_own_to_who_leads_the_lead(
    a_flag, directory, agent, leads, ops
):
    found = audience(a_flag(subject=agent), directory, AT)

    assert (found.agent, found.leads, found.ops) == (agent, leads, ops)


def test_a_teams_flag_goes_to_its_leads_and_ops(a_flag, directory):
    found = audience(a_flag("LD4", "g1", "team"), directory, AT)

    assert (found.agent, found.leads, found.ops) == (None, {"zoe"}, True)
    assert audience(a_flag("ES1", "g9", "queue"), directory, AT).leads == frozenset()


def test_nobody_sees_their_own_as_ops(a_flag, directory):
    found = audience(a_flag(subject="finn"), directory, AT)

    assert not found.reaches("finn", is_ops=True)
    assert found.reaches("ben", is_ops=True)
    assert found.reaches(None, is_ops=True)
    assert not found.reaches("ben", is_ops=False)


def test_a_teams_proposal_is_not_decided_by_the_lead_whose_load_it_rests_on(directory):
    team, anna, zoe = ("team", "g1"), ("agent", "anna"), ("agent", "zoe")

    about_anna = audience_of_all([team, anna], directory, AT)
    about_zoe = audience_of_all([team, anna, zoe], directory, AT)

    assert (about_anna.leads, about_anna.ops) == ({"zoe"}, True)
    assert (about_zoe.leads, about_zoe.ops) == (frozenset(), False)


def test_an_agents_proposal_is_for_those_who_see_the_flag(a_flag, directory):
    zoe = ("agent", "zoe")

    assert audience_of_all([zoe, zoe], directory, AT) == audience(a_flag(subject="zoe"), directory, AT)
