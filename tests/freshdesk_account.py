"""A small Freshdesk account with open tickets, and a writer over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import requests

from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.freshdesk.simulated import Account, Faults, Options, SimulatedFreshdesk, Site
from connectors.freshdesk.writing import Writing
from connectors.session import Limits
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
FIELD = "cf_wellbeing"
GROUPS = {"1001": ["11"], "1002": ["11"], "1003": ["11"], "1004": ["12"], "1005": ["11"]}
OWN = "900000001"


@dataclass
class Clock:
    """The account's time, to be set forward."""

    at: datetime = datetime(2026, 10, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Desk:
    """Tickets "1" to "12" of agent 1001 in group 11, each tagged vip. 1002 is in the group, too, and the collaborator
    1003; 1004 is in group 12, 1005 was deactivated. 5001 asks. `FIELD` takes "suggested" and "moved".
    """

    front: SimulatedFreshdesk
    api: FreshdeskApi
    clock: Clock
    waited: list[float] = field(default_factory=list)

    @property
    def writing(self) -> Writing:
        return Writing(self.api)

    def ask(self, verb: str, path: str, body: Any = None) -> requests.Response:
        """One request past all that a writer does."""
        url = f"{self.front.base_url}/api/v2/{path}"
        return requests.request(verb, url, json=body, auth=(self.front.api_key, "X"), timeout=10)

    def row(self, ticket: str) -> dict[str, Any]:
        """The ticket as the account has it, past limits and faults."""
        row = self.front.record.ticket(int(ticket))
        assert row is not None
        return row

    def state(self, ticket: str) -> tuple[int | None, set[str], str | None]:
        """Whose it is, its tags, our field."""
        row = self.row(ticket)
        return row["responder_id"], set(row["tags"]), row["custom_fields"].get(FIELD)

    def notes(self, ticket: str) -> list[dict[str, Any]]:
        return [talk for talk in self.front.record.conversations(int(ticket)) if talk["source"] == 2]

    def ours(self, ticket: str) -> list[dict[str, Any]]:
        return [note for note in self.notes(ticket) if str(note["user_id"]) == OWN]


def held(tickets: int = 12) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and people of such an account, on whatever platform."""
    usual = dict.fromkeys(SCHEMA) | {"account": "a", "channel": "email", "grade": "A"}
    rows = []
    for no in range(1, tickets + 1):
        one = usual | {"ticket": str(no), "at": START + timedelta(minutes=no)}
        rows += [
            one | {"id": f"{no}1", "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "open",
                   "group": "11", "assignee": "1001"},
            one | {"id": f"{no}2", "actor": "1001", "actor_kind": "agent", "kind": "tagged", "after": "vip",
                   "at": START + timedelta(minutes=no + 1)},
        ]  # fmt: skip
    plain = {name: (kind if isinstance(kind, pl.Datetime) else pl.String()) for name, kind in SCHEMA.items()}
    people = [dict.fromkeys(PEOPLE) | {"agent": agent, "groups": groups} for agent, groups in GROUPS.items()]
    events = pl.DataFrame(rows, schema=plain).cast(SCHEMA).sort("at", maintain_order=True)
    return events, pl.DataFrame(people, schema=PEOPLE)


def site_of(tickets: int = 12, **options: Any) -> Site:
    roles = {"1003": Account(type="collaborator"), "1005": Account(state="deactivated")}
    return Site(*held(tickets), roles=roles, options=Options(**{"unlimited": True, **options}))


@contextmanager
def a_desk(
    faults: Faults | None = None, limits: Limits | None = None, tickets: int = 12, **options: Any
) -> Iterator[Desk]:
    """The account, served until the end of the block."""
    clock, waited = Clock(), []
    with SimulatedFreshdesk(site_of(tickets, **options), now=clock, faults=faults) as front:
        choices = [{"value": "suggested", "position": 1}, {"value": "moved", "position": 2}]
        front.api.writes.setup.new_field({"label": "Wellbeing", "type": "custom_dropdown", "choices": choices})
        settings = FreshdeskSettings("a", "acme.freshdesk.com", front.api_key, front.base_url)
        api = FreshdeskApi(settings, limits=limits or Limits(first_backoff_s=0.01), sleep=waited.append)
        yield Desk(front, api, clock, waited)
