"""A small account with two teams, a lead and flags, and its pages as anybody sees them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.web import cookies

ACCOUNT = "acme"
NOW = datetime.now(UTC).replace(microsecond=0)
# Billing has six members, led by Bo; Care has three, led by Cleo; Dov leads nobody and is in no team.
BILLING, CARE = "100", "200"
TEAM = {"1": "Ada", "2": "Bo", "3": "Chen", "4": "Dia", "5": "Eli", "6": "Fay"}
SMALL_TEAM = {"7": "Gus", "8": "Cleo", "9": "Ina"}


def frame_of(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, f"sqlite:///{tmp_path / 'wellbeing.db'}")


@pytest.fixture(scope="session")
def _small_account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, copied for each test."""
    home = tmp_path_factory.mktemp("small_account")
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as opened:
        opened.create_account(ACCOUNT, platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
        people = [
            {"agent": id, "name": name, "time_zone": "Europe/Amsterdam", "schedule": "Mon-Fri 09:00-17:30",
             "groups": [group], "lead_of": [group] if name in ("Bo", "Cleo") else None}
            for group, members in ((BILLING, TEAM), (CARE, SMALL_TEAM)) for id, name in members.items()
        ]  # fmt: skip
        opened.replace_people(ACCOUNT, "file", frame_of(PEOPLE, *people, {"agent": "10", "name": "Dov"}))
        groups = [{"group": BILLING, "name": "Billing", "tier": 1}, {"group": CARE, "name": "Care", "tier": 1}]
        opened.replace_groups(ACCOUNT, "platform", frame_of(GROUPS, *groups))
    return home


@pytest.fixture
def store(_small_account: Path, settings: Settings, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(_small_account, tmp_path, dirs_exist_ok=True)
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def app(settings: Settings, store: Store) -> Iterator[Flask]:
    made = web_side.web(settings, role="web")
    yield made
    web_side.close(made)


@pytest.fixture
def signed_in(app: Flask, store: Store) -> Callable[..., FlaskClient]:
    """A browser of somebody who has signed in: by an agent's id, or with roles that were given."""

    def sign_in(agent: str | None = None, *roles: Role, language: str = "en") -> FlaskClient:
        who = f"zendesk:{agent}" if agent else f"email:{'-'.join(roles) or 'nobody'}@example.com"
        if roles:
            store.access.put_member(ACCOUNT, Member(who, who, agent, frozenset(roles), NOW, "a test"))
        token = store.access.begin_session(ACCOUNT, who, who, agent, "test", NOW, NOW + timedelta(hours=1))
        browser = app.test_client()
        browser.set_cookie(cookies.NAME, token, path=cookies.path_of(ACCOUNT))
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        return browser

    return sign_in


@pytest.fixture
def propose(store: Store) -> Callable[..., str]:
    """Puts a proposal before people, and says its id: by default to move tickets from Ada to Chen in Billing."""

    def made(*tickets: str, **changes: Any) -> str:
        at = changes.pop("made_at", NOW)
        flag = Because("team_imbalance", "v1", "LD4", Subject("team", BILLING), "warn", "2026-03-02", "A",
                       {"max_ratio": 1.9, "min_ratio": 0.6})  # fmt: skip
        values: dict[str, Any] = {
            "subject": Subject("team", BILLING),
            "because": (flag,),
            "made_at": at,
            "expires_at": at + timedelta(days=3),
            "lead_from": at,
            "texts": {"en": "Move some tickets.", "nl": "Verplaats wat tickets."},
            "moves": tuple(
                Move(ticket, BILLING, "1", "3", {"en": f"There is room for {ticket}."}) for ticket in tickets
            ),
        }
        proposal = Proposal(changes.pop("action", "rebalance"), **(values | changes))
        assert review.keep(store, ACCOUNT, [proposal], at) == [proposal.id]
        return proposal.id

    return made


@pytest.fixture
def about_chen() -> dict[str, Any]:
    """What makes a proposal one about Chen, which leads see after a day."""
    flag = Because("open_work_overload", "v1", "LD1", Subject("agent", "3"), "warn", "2026-03-02", "A",
                   {"open_weight": 31.0, "median_weight": 14.0, "z": 3.0, "days_of_work": 3.0})  # fmt: skip
    return {
        "action": "check_in", "subject": Subject("agent", "3"), "because": (flag,),
        "lead_from": NOW + timedelta(hours=24),
    }  # fmt: skip
