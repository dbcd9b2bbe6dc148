"""Pages inside a simulated Zendesk, over a small team: who leads it, who gives and who receives a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connectors.zendesk.simulated import Options, SimulatedZendesk, Site
from connectors.zendesk.simulated.apps import InstalledApp
from helpdesk_wellbeing.acting import policy, review
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.events import empty
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.web.site import add_pages
from webhooks.zendesk.app import joining
from webhooks.zendesk.app.frames import frames
from webhooks.zendesk.app.keys import PublicKeys, from_account

URL = "https://wellbeing.acme.example"
LEAD, GIVER, RECEIVER, COLLEAGUE, STRANGER = 4711, 1001, 1002, 1003, 9999
TICKET, ANOTHER = "35", "36"
SAFE = ("<script>alert(1)</script>", "&lt;script&gt;")  # a name as hostile as a helpdesk allows, and how it is shown


@contextmanager
def a_zendesk() -> Iterator[SimulatedZendesk]:
    """An account in which our app is installed."""
    with SimulatedZendesk(Site(empty(), options=Options(unlimited=True))) as running:
        running.apps.install(server_url=URL)
        yield running


def make_home(folder: Path, front: SimulatedZendesk) -> Path:
    """A home in which our app is joined, and a team is known."""
    app = front.apps.installed[0]
    people = [
        {"agent": str(LEAD), "name": "Lea Lead", "groups": ["11"], "lead_of": ["11"]},
        {"agent": str(GIVER), "name": "Gina Giver", "groups": ["11"]},
        {"agent": str(RECEIVER), "name": SAFE[0], "groups": ["11"]},
        {"agent": str(COLLEAGUE), "name": "Cora Colleague", "groups": ["12"]},
    ]
    with open_store(f"sqlite:///{folder / 'wellbeing.db'}") as store:
        store.create_account("acme", platform="zendesk", settings={"subdomain": "acme", "base_url": front.base_url})
        numbers = {"app": str(app.app), "installation": str(app.installation), "url": URL}
        store.set_meta("acme", joining.META, json.dumps(numbers))
        store.replace_people("acme", "platform", framed(PEOPLE, *people))
        store.replace_groups("acme", "platform", framed(GROUPS, {"group": "11", "name": "Billing"}))
        store.work.keep_answer("acme", datetime.now(UTC), {"flags": [], "not_assessable": [], "withheld": []})
        store.access.cookie_secret()
    return folder


def framed(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Place:
    """Our pages as a browser inside Zendesk meets them."""

    store: Store
    client: FlaskClient
    apps: Any
    app: InstalledApp
    clock: Clock

    def open(self, location: str, user: int | None, token: str | None = None, **how: Any) -> TestResponse:
        token = self.apps.open(self.app, location, user) if token is None else token
        where = f"/zaf/{location}?origin=https%3A%2F%2Facme.zendesk.com&app_guid=g-1"
        return self.client.post(where, data={"token": token}, **how)

    def sidebar(self, user: int | None, ticket: str = TICKET, **how: Any) -> str:
        """What the sidebar shows once Zendesk has told it the ticket."""
        begun = self.open("ticket_sidebar", user, **how)
        assert begun.status_code == 200, begun.text
        answer = self.client.post("/zaf/ticket", data={"page": page_of(begun.text), "ticket": ticket}, **how)
        assert answer.status_code == 200, answer.text
        return answer.text

    def decide(self, html: str, decision: str = "accept", **more: str) -> TestResponse:
        data = {"page": page_of(html), "ticket": TICKET, "decision": decision, **more}
        return self.client.post("/zaf/decision?origin=x&app_guid=y", data=data)

    def suggest(self, *tickets: str, mode: str = "approve", **changes: Any) -> str:
        policy.change(self.store, "acme", "Admin", self.clock.at, modes={"rebalance": mode})
        at = self.clock.at - timedelta(hours=1)
        values: dict[str, Any] = {
            "subject": Subject("team", "11"),
            "because": (Because("open_work_overload", "v1", "LD1", Subject("team", "11"), "warn", "2026-03-01", "A",
                                {"open_weight": 16.0, "median_weight": 8.0, "z": 5.0, "days_of_work": 2.0}),),
            "made_at": at, "expires_at": at + timedelta(hours=24), "lead_from": at,
            "texts": {"en": "Move tickets."},
            "moves": tuple(Move(ticket, "11", str(GIVER), str(RECEIVER), {"en": "The move evens out open work."})
                           for ticket in tickets or (TICKET,)),
            "details": {"loads": [load(GIVER, 16.2, 12.0), load(RECEIVER, 4.0, 8.0)]},
        } | changes  # fmt: skip
        (id,) = review.keep(self.store, "acme", [Proposal("rebalance", **values)], at)
        return id

    def state(self, id: str) -> str:
        kept = self.store.proposals.get("acme", id)
        assert kept is not None
        return kept.state


def load(agent: int, before: float, after: float) -> dict[str, Any]:
    return {"agent": str(agent), "effort_before": before, "effort_after": after, "share_before": 1.5,
            "share_after": 1.1}  # fmt: skip


def page_of(html: str) -> str:
    found = re.search(r'data-page="([^"]*)"', html)
    assert found is not None
    return found[1]


@contextmanager
def a_place(home: Path, front: SimulatedZendesk) -> Iterator[Place]:
    """The pages over what is in this home."""
    clock = Clock()
    with open_store(f"sqlite:///{home / 'wellbeing.db'}") as store:
        app = Flask("pages", static_folder=None)
        site = add_pages(app, store, Catalogue(SIGNALS, load_rules(SIGNALS)), clock)
        app.register_blueprint(frames(site.known, clock, PublicKeys(from_account(store))))
        yield Place(store, app.test_client(), front.apps, front.apps.installed[0], clock)
