"""The whole way over HTTP by the commands alone: install, accept, write, pull it back, undo, uninstall."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from connectors.zendesk.settings import WRITING_SCOPES
from connectors.zendesk.simulated import SimulatedZendesk
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.helpdesk import MOVED_TAG
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject

TICKETS = ("9001", "9002")


class LaterZendesk(SimulatedZendesk):
    """Its clock can be put forward: the last minute is never in an export."""

    later = timedelta(0)


@pytest.fixture
def zendesk(desk):
    """The desk with two open tickets at agent 1001, and a client that may write."""
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [
        {"account": "a", "id": f"open-{ticket}", "at": now - timedelta(hours=2), "ticket": ticket, "actor": "5001",
         "actor_kind": "requester", "kind": "created", "status": "open", "group": "11", "assignee": "1001",
         "priority": "normal", "channel": "email", "grade": "A", "batch": f"open-{ticket}"}
        for ticket in TICKETS
    ]  # fmt: skip
    new = pl.DataFrame([dict.fromkeys(desk.events.columns) | row for row in rows])
    events = pl.concat([desk.events, new.select(pl.col(n).cast(t) for n, t in desk.events.schema.items())])
    people = desk.people.with_columns(groups=pl.lit(["11", "12"]))
    site = replace(desk, events=events, people=people, options=replace(desk.options, allowed_scopes=WRITING_SCOPES))
    with LaterZendesk(site, now=lambda: datetime.now(UTC) + server.later) as server:
        yield server


@pytest.fixture
def proposed(commands, zendesk, unfolded):
    """An account that was pulled, with a proposal to move the two from 1001 to 1002."""
    commands.connect(zendesk)
    assert commands.here("pull", "--account", "acme").code == 0
    at = datetime.now(UTC)
    because = Because("open_work_overload", "v1", "LD1", Subject("agent", "1001"), "warn", "2026-11-01", "A", {})
    moves = tuple(Move(ticket, "11", "1001", "1002") for ticket in TICKETS)
    proposal = Proposal("rebalance", Subject("team", "11"), (because,), at, at + timedelta(hours=8), at, {}, moves)
    with open_store() as store:
        review.keep(store, "acme", [proposal], at)
    return proposal.id


def shown(zendesk, ticket):
    return zendesk.api.holdings.ticket(int(ticket), int(zendesk.now().timestamp()))


def assignees(zendesk):
    return [str(shown(zendesk, ticket)["assignee_id"]) for ticket in TICKETS]


def events_of(commands, ticket):
    rows = csv.DictReader(io.StringIO(commands.exported()))
    return [row for row in rows if row["ticket"] == ticket]


def written(commands):
    """Rounds, as a running serve makes them, until nothing is due."""
    for _ in range(5):
        with open_store() as store:
            if "acme" not in store.writes.due(datetime.now(UTC)):
                return
        with open_store() as store:
            from helpdesk_wellbeing.cli.outbound import write

            write(store, "acme", tell=lambda line: None)


def test_what_was_accepted_is_written_comes_back_as_nobodys_work_and_is_undone(commands, zendesk, proposed):
    installed = commands.here(
        "install", "zendesk", "--account", "acme", "--url", "https://hooks.example.com", "--yes"
    )  # fmt: skip
    assert installed.code == 0, installed.err
    before = zendesk.configuration()
    commands.here("act", "set", "--account", "acme", "--mode", "rebalance=approve")
    accepted = commands.here("proposals", "accept", "--account", "acme", proposed, "--by", "a lead")
    assert "2 writes to be made" in accepted.err
    written(commands)

    assert assignees(zendesk) == ["1002", "1002"]
    zendesk.later = timedelta(minutes=5)
    assert commands.here("pull", "--account", "acme").code == 0
    ours = [row for row in events_of(commands, "9001") if row["kind"] != "created"]
    assert {row["actor_kind"] for row in ours} == {"integration"}
    assert {"assigned", "tagged", "noted"} <= {row["kind"] for row in ours}

    assert "done by a lead" in commands.here("proposals", "show", "--account", "acme", proposed).out
    undone = commands.here("proposals", "undo", "--account", "acme", proposed, "--by", "a lead")
    assert "2 writes to be taken back" in undone.err
    written(commands)
    assert assignees(zendesk) == ["1001", "1001"]
    assert MOVED_TAG not in shown(zendesk, "9001")["tags"]

    assert zendesk.configuration() == before
    gone = commands.here("uninstall", "zendesk", "--account", "acme", "--yes")
    assert gone.code == 0, gone.err
    assert commands.here("audit", "verify", "--account", "acme").code == 0


def test_without_the_right_to_write_nothing_is_lost_and_the_next_step_is_said(commands, zendesk, proposed):
    commands.here("act", "set", "--account", "acme", "--mode", "rebalance=approve")
    commands.here("proposals", "accept", "--account", "acme", proposed)
    object.__setattr__(zendesk.access.options, "allowed_scopes", ("read",))
    with open_store() as store:
        from helpdesk_wellbeing.cli.outbound import described, write

        line = described(write(store, "acme", tell=lambda line: None))

    assert "allow `read write` in its scopes" in line
    with open_store() as store:
        assert store.writes.counts("acme") == {"planned": 2}
