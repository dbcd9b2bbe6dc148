"""The simulated team behind the simulated account."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from connectors.zendesk.simulated import Site
from connectors.zendesk.simulated.site import Holdings
from tests.worlds import world_of


@pytest.fixture(scope="module")
def team():
    return world_of(1, date(2026, 11, 20), weeks=9)


@pytest.fixture(scope="module")
def site(team):
    return Site.from_world(team)


def test_accounts_appear_as_the_platform_lists_them_and_not_as_what_they_are(team, site):
    users = {user["id"]: user for user in Holdings(site, "http://127.0.0.1").staff.users}
    for row in team.roster.users.iter_rows(named=True):
        user = users[int(row["user"])]
        assert (user["name"], user["iana_time_zone"]) == (row["name"], row["time_zone"])
        assert (user["role"], user["role_type"]) == {
            "agent": ("agent", 0), "light_agent": ("agent", 1), "admin": ("admin", 4)
        }[row["role"]]  # fmt: skip
    assert all("truth" not in user for user in users.values())


def test_every_save_of_the_team_is_in_the_event_stream(team, site):
    children = site.children
    shown = team.events.filter(~pl.col("kind").cast(pl.String).is_in(["rated", "sla_breached"]))
    assert (
        children.filter(~pl.col("kind").is_in(["tags", "first_tags"])).height
        == shown.filter(~pl.col("kind").cast(pl.String).is_in(["tagged", "untagged"])).height
    )
    assert children["child"].is_unique().all()
    assert children["audit"].n_unique() == shown.select("ticket", "at", "batch").n_unique()
