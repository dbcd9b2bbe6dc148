"""Two accounts with a proposal each, and calls to the API in somebody's name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.api import tokens
from helpdesk_wellbeing.api.blueprint import api
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.sheets import Patience
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Invitation, Kind, Place, Plan
from tests.acting_helpdesk import MONDAY

BOTH = ("acme", "globex")


class Caller:
    """Calls below /api/v1/accounts/; `token` None: without one."""

    def __init__(self, client: FlaskClient, tokens: dict[str, str]) -> None:
        self.client = client
        self.tokens = tokens

    def __call__(self, method: str, path: str, account: str = "acme", token: Any = "", **more: Any) -> TestResponse:
        token = self.tokens[account] if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.client.open(
            f"/api/v1/accounts/{account}/{path}", method=method, headers={**headers, **more.pop("headers", {})}, **more
        )

    def get(self, path: str, **more: Any) -> TestResponse:
        return self("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self("POST", path, **more)


def make(account: str, *tickets: str, at: datetime = MONDAY, **changes: Any) -> Proposal:
    agent = f"{account}-anna"
    because = Because("long_day", "v1", "WT1", Subject("agent", agent), "warn", "2026-03-01", "A", {"span_h": 12.5})
    values: dict[str, Any] = {
        "subject": Subject("team", f"{account}-group"),
        "because": (because,),
        "made_at": at,
        "expires_at": at + timedelta(hours=24),
        "lead_from": at,
        "texts": {"en": f"Move tickets of {account}."},
        "moves": tuple(Move(ticket, f"{account}-group", agent, f"{account}-ben") for ticket in tickets),
    }
    return Proposal(changes.pop("action", "rebalance"), **(values | changes))


@dataclass(frozen=True)
class Begun:
    """An installation as most tests find it: where its database is, and what was given out when it was made."""

    file: Path
    tokens: dict[str, str]
    proposals: dict[str, str]


@pytest.fixture(scope="session")
def _two_accounts(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    file = tmp_path_factory.mktemp("two_accounts") / "wellbeing.db"
    with open_store(Settings(file.parent, f"sqlite:///{file}")) as opened:
        for account in BOTH:
            opened.create_account(account)
        return Begun(file, {account: tokens.add(opened, account, f"{account} lead", MONDAY) for account in BOTH}, {})


@pytest.fixture(scope="session")
def _two_proposals(_two_accounts: Begun, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    file = Path(shutil.copy(_two_accounts.file, tmp_path_factory.mktemp("two_proposals")))
    found = {}
    with open_store(Settings(file.parent, f"sqlite:///{file}")) as opened:
        for number, account in enumerate(BOTH):
            proposal = make(account, "1", "2", at=MONDAY + timedelta(minutes=number))
            review.keep(opened, account, [proposal], MONDAY)
            found[account] = proposal.id
    return replace(_two_accounts, file=file, proposals=found)


@pytest.fixture
def _begun(request: pytest.FixtureRequest) -> Begun:
    begun: Begun = request.getfixturevalue("_two_proposals" if "proposed" in request.fixturenames else "_two_accounts")
    return begun


@pytest.fixture
def store(_begun: Begun, tmp_path: Path) -> Iterator[Store]:
    file = Path(shutil.copy(_begun.file, tmp_path))
    with open_store(Settings(tmp_path, f"sqlite:///{file}")) as opened:
        yield opened


@pytest.fixture
def clock() -> list[datetime]:
    return [MONDAY + timedelta(minutes=5)]


@pytest.fixture
def call(store: Store, clock: list[datetime], _begun: Begun) -> Caller:
    app = Flask("api-test", static_folder=None)
    app.register_blueprint(api(store, now=lambda: clock[0], patience=Patience(5)))
    return Caller(app.test_client(), _begun.tokens)


@pytest.fixture
def proposed(_begun: Begun) -> dict[str, str]:
    """The id of each account's proposal, by account; it moves the tickets 1 and 2."""
    return _begun.proposals


@pytest.fixture
def a_proposal() -> Any:
    """To move these tickets of an account."""
    return make


@pytest.fixture
def survey(store: Store) -> dict[str, str]:
    """The names of a published wave of acme and of a theme of it."""
    asked = tuple(Invitation(f"p{number}", Place(("north",)), MONDAY) for number in range(6))
    plan = Plan(Kind.REGULAR, ("north",), asked, MONDAY - timedelta(days=7), MONDAY, None)
    wave, day = waves.add(store, "acme", plan).wave, MONDAY.date()
    waves.open_wave(store, "acme", wave, day)
    waves.close(store, "acme", wave, day)
    waves.publish(store, "acme", wave, day)
    return {"waves": wave, "themes": waves.add_theme(store, "acme", wave, "Rota", "the manager", day).theme}
