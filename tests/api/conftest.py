"""Two accounts with a proposal each, and calls to the API in somebody's name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def _two_accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("two_accounts") / "wellbeing.db"
    with open_store(f"sqlite:///{file}") as opened:
        for account in BOTH:
            opened.create_account(account)
    return file


@pytest.fixture
def store(_two_accounts: Path, tmp_path: Path) -> Iterator[Store]:
    file = Path(shutil.copy(_two_accounts, tmp_path))
    with open_store(Settings(tmp_path, f"sqlite:///{file}")) as opened:
        yield opened


@pytest.fixture
def clock() -> list[datetime]:
    return [MONDAY + timedelta(minutes=5)]


@pytest.fixture
def call(store: Store, clock: list[datetime]) -> Caller:
    app = Flask("api-test", static_folder=None)
    app.register_blueprint(api(store, now=lambda: clock[0], patience=Patience(5)))
    made = {account: tokens.add(store, account, f"{account} lead", MONDAY) for account in BOTH}
    return Caller(app.test_client(), made)


@pytest.fixture
def proposed(store: Store) -> dict[str, str]:
    """The id of each account's proposal, by account; it moves the tickets 1 and 2."""
    found = {}
    for number, account in enumerate(BOTH):
        proposal = make(account, "1", "2", at=MONDAY + timedelta(minutes=number))
        review.keep(store, account, [proposal], MONDAY)
        found[account] = proposal.id
    return found


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
