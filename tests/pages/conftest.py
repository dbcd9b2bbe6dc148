"""A small account with two teams, a lead and flags, and its pages as anybody sees them."""

from __future__ import annotations

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
from helpdesk_wellbeing.people import GROUPS, PEOPLE
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


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        opened.create_account(ACCOUNT, platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
        people = [
            {"agent": id, "name": name, "time_zone": "Europe/Amsterdam", "schedule": "Mon-Fri 09:00-17:30",
             "groups": [group], "lead_of": [group] if name in ("Bo", "Cleo") else None}
            for group, members in ((BILLING, TEAM), (CARE, SMALL_TEAM)) for id, name in members.items()
        ]  # fmt: skip
        opened.replace_people(ACCOUNT, "file", frame_of(PEOPLE, *people, {"agent": "10", "name": "Dov"}))
        groups = [{"group": BILLING, "name": "Billing", "tier": 1}, {"group": CARE, "name": "Care", "tier": 1}]
        opened.replace_groups(ACCOUNT, "platform", frame_of(GROUPS, *groups))
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
