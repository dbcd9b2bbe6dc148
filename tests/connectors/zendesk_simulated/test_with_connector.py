"""The real connector reads the simulated account over real HTTP and finds the facts that went in."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.settings import ZendeskSettings
from connectors.zendesk.simulated import Faults, SimulatedZendesk

PLAIN = ("kind", "actor_kind", "status", "priority", "channel")


def connector_to(front: SimulatedZendesk) -> ZendeskConnector:
    settings = ZendeskSettings("a", "acme", front.base_url, front.client_id, front.client_secret)
    return ZendeskConnector(settings, sleep=lambda seconds: None)


def facts(events: pl.DataFrame) -> Counter[Any]:
    """What happened, without ids, who breached, and the status before a deletion, which one side lacks."""
    plain = events.with_columns(pl.col(PLAIN).cast(pl.String))
    found: Counter[Any] = Counter()
    for row in plain.iter_rows(named=True):
        state = tuple(row[name] for name in ("status", "group", "assignee", "priority", "channel"))
        actor = None if row["kind"] == "sla_breached" else row["actor"]
        before = None if row["kind"] == "deleted" else row["before"]
        found[
            (row["at"], row["ticket"], row["kind"], actor, row["actor_kind"], before, row["after"],
             state if row["kind"] == "created" else None)
        ] += 1  # fmt: skip
    return found


def pulled(front: SimulatedZendesk) -> pl.DataFrame:
    pages = connector_to(front).pull({}, None)
    return pl.concat([page.events for page in pages]).unique("id")


def test_a_pull_gives_the_facts_that_went_in(serve, world):
    front, _ = serve(world)
    events = pulled(front)
    assert facts(events) == facts(world)
    assert "CANARY" not in events.write_json()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hostile_pull_gives_the_same_facts(serve, world, seed):
    front, _ = serve(world, Faults.hostile(seed, slow=0.0))
    assert facts(pulled(front)) == facts(world)
    assert front.strayed == 0


def test_the_roster_comes_through_and_the_plugins_own_user_is_known(serve, world):
    front, _ = serve(world)
    roster = connector_to(front).roster()
    assert set(roster.people["agent"]) == {"1001", "900000001"}
    assert roster.automation == {"900000001"}
    assert set(roster.groups["group"]) == {"11", "12"}
