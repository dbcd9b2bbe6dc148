"""The simulated team works on after what was written into its helpdesk over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from connectors.simulating.living import LivesOn
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.settings import WRITING_SCOPES, ZendeskSettings
from connectors.zendesk.simulated import SimulatedZendesk, Site
from connectors.zendesk.writing import Change, Writing
from helpdesk_wellbeing.demo import LivingTeam

pytestmark = pytest.mark.prove  # two lives of two days take a while
THEN = datetime(2026, 11, 12, 10, 3, tzinfo=UTC)
IN_HAND = timedelta(hours=1)
NEXT_DAY = THEN + timedelta(days=2)


@pytest.fixture(scope="module")
def lived(world):
    """The account two days later, once without a write and once with a ticket that went to a colleague at `THEN`."""
    team = LivingTeam(1, end=date(2026, 11, 20), weeks=9)
    team.run(THEN)
    pushed = next(p.subject for p in world.planted if p.signal == "LD1")
    staff = dict(team.staff().select("agent", pl.col("groups").list.first()).iter_rows())
    colleague = next(agent for agent, group in staff.items() if group == staff[pushed] and agent != pushed)
    ticket = team.tickets().filter(pl.col("assignee") == pushed)["ticket"][-1]
    return ticket, colleague, goes_on(world, team, None, None), goes_on(world, team, ticket, colleague)


def goes_on(world, team, ticket, receiver):
    team.begin_again()
    team.run(THEN)
    site = Site.from_world(world)
    options = replace(site.options, allowed_scopes=WRITING_SCOPES, unlimited=True)
    site = replace(site, events=site.events.filter(pl.col("at") < THEN), options=options)
    clock = [THEN]
    with SimulatedZendesk(site, now=lambda: clock[0]) as front:
        life = LivesOn(front, team)
        if ticket is not None:
            settings = ZendeskSettings(
                account="a", subdomain="acme", base_url=front.base_url, client_id=front.client_id,
                client_secret=front.client_secret, scopes=WRITING_SCOPES,
            )  # fmt: skip
            writing = Writing(ZendeskApi(settings))
            writing.update(ticket, Change(assignee=receiver), writing.ticket(ticket).stamp, "marker")
        life.until(NEXT_DAY)
        clock[0] = NEXT_DAY
        return front.site.events


def work_on(events, ticket, agent):
    return events.filter((pl.col("ticket") == ticket) & (pl.col("actor") == agent) & (pl.col("at") > THEN)).height


def test_who_received_the_ticket_works_on_it(lived):
    ticket, colleague, without, with_it = lived

    assert work_on(without, ticket, colleague) == 0
    assert work_on(with_it, ticket, colleague) > 0


def test_the_same_tickets_come_in_whatever_was_written(lived):
    _, _, without, with_it = lived
    arrivals = [
        events.filter((pl.col("kind") == "created") & (pl.col("at") > THEN)).sort("ticket")["ticket"].to_list()
        for events in (without, with_it)
    ]

    assert arrivals[0] == arrivals[1] != []


def test_without_a_write_it_is_the_record_that_would_have_been(lived, world):
    _, _, without, _ = lived
    upto = [set(world.events.filter(pl.col("at") < NEXT_DAY - margin)["id"]) for margin in (timedelta(0), IN_HAND)]

    assert upto[1] <= set(without["id"]) <= upto[0]  # the last hour's turns may still be in hand
