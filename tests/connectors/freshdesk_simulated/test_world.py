"""The simulated team on the simulated Freshdesk: fast, with the numbers of the demo, and lived on by the same team."""

from __future__ import annotations

import time
from datetime import date, timedelta

import polars as pl
import pytest
import requests

from connectors.freshdesk.simulated import SimulatedFreshdesk, Site
from connectors.simulating.living import LivesOn
from helpdesk_wellbeing.demo import simulate

END = date(2026, 11, 20)


@pytest.fixture(scope="module")
def world():
    return simulate(1, end=END)


@pytest.fixture(scope="module")
def front(world):
    with SimulatedFreshdesk(Site.from_world(world, unlimited=True)) as front:
        yield front


def test_agents_groups_tickets_and_requesters_keep_the_numbers_of_the_demo(front, world):
    with requests.Session() as session:
        session.auth = (front.api_key, "X")

        def get(path):
            return session.get(f"{front.base_url}/api/v2/{path}", timeout=10).json()

        agents = {str(row["id"]) for row in get("agents?per_page=100")}
        assert agents == {*world.roster.users["user"], "900000001"}
        assert {str(row["id"]) for row in get("groups?per_page=100")} == set(world.roster.groups["group"])
        rows = get("tickets?per_page=100")
        assert {str(row["id"]) for row in rows} <= set(world.events["ticket"])
        assert all(2_000_000 <= row["requester_id"] < 2_004_000 for row in rows if row["requester_id"] < 7 * 10**12)


def test_thousands_of_polls_are_cheap(front):
    """A page of few rows and a page of conversations, without the sockets: well below a millisecond each."""
    record, lists = front.record, front.api.lists
    since = record.now() - timedelta(minutes=10)
    query = {"updated_since": [f"{since:%Y-%m-%dT%H:%M:%SZ}"], "order_by": ["updated_at"], "include": ["stats"]}
    began = time.process_time()
    for no in range(200):
        lists.tickets("/api/v2/tickets", {**query, "order_type": ["asc" if no % 2 else "desc"]})
        record.conversations(100_500 + no)
    assert (time.process_time() - began) / 400 < 0.001


class Team:
    """Stands in for a team: whoever gets a ticket answers it a minute later."""

    def __init__(self, events):
        self.told, self.got = events, []

    def run(self, until):
        pass

    def reassigned(self, ticket, agent, group, at, actor=None):
        self.got.append((ticket, agent, group))
        answer = self.told.filter((self.told["kind"] == "replied") & (self.told["ticket"] == ticket))[:1]
        self.told = pl.concat([self.told, answer.with_columns(id=pl.lit("901"), actor=pl.lit(agent), at=pl.lit(
            at + timedelta(minutes=1)).cast(answer.schema["at"]))])  # fmt: skip

    def events(self):
        return self.told


def test_a_ticket_that_is_moved_is_worked_on_by_whoever_has_it_then(serve):
    reader = serve()
    team = Team(reader.front.events_so_far())
    LivesOn(reader.front, team)
    reader.front.touch("205", "1001", "assigned", "1002")
    assert team.got == [("205", "1002", None)]
    reader.clock.set(2000)
    assert reader.get("tickets/205/conversations")[-1]["user_id"] == 1002
    assert reader.get("tickets/205")["responder_id"] == 1002
