"""What one viewer may see of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from helpdesk_wellbeing.access.gate import Sight
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.agreement.gate import Gate
from helpdesk_wellbeing.people import PEOPLE, Directory

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def directory():
    """Olga leads zoe, who leads anna."""
    rows = (
        {"agent": "anna", "groups": ["g1"]}, {"agent": "zoe", "groups": ["g2"], "lead_of": ["g1"]},
        {"agent": "olga", "lead_of": ["g2"]},
    )  # fmt: skip
    people = pl.DataFrame([dict.fromkeys(PEOPLE) | row for row in rows], schema=PEOPLE)
    return replace(Directory.empty(), people=people)


@pytest.mark.parametrize(
    ("agreed", "of_zoe", "of_anna"), [({"lead", "ops"}, True, True), ({"lead"}, True, False), ({"ops"}, False, True)]
)
def test_ops_see_what_is_said_of_a_lead_only_as_who_leads_the_lead(directory, agreed, of_zoe, of_anna):
    olga = Viewer("acme", "zendesk:olga", "Olga", "olga", frozenset({Role.LEAD, Role.OPS}), frozenset({"g2"}))
    sight = Sight(olga, directory, Gate(roles=frozenset(agreed)), {}, AT)

    assert (sight.leads("agent", "zoe"), sight.leads("agent", "anna")) == (of_zoe, of_anna)
