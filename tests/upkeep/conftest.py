"""An account that was pulled and evaluated, made once; each test works on a copy."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.upkeep import retention
from tests.upkeep_desk import FEW_WEEKS, WEEKS, answer, desk_events, groups, page, people


@pytest.fixture(scope="session")
def worked(tmp_path_factory) -> Path:
    """A home folder with an account that was pulled and evaluated."""
    return made(tmp_path_factory.mktemp("worked"), FEW_WEEKS)


def made(home: Path, weeks: int) -> Path:
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as store:
        settings = {"base_url": "http://127.0.0.1:1", "subdomain": "acme", "client_id": "x"}
        store.create_account("acme", platform="zendesk", zone="Europe/Amsterdam", settings=settings)
        store.replace_people("acme", "platform", people())
        store.replace_groups("acme", "platform", groups())
        store.add_events("acme", desk_events(weeks=weeks))
        store.commit_page("acme", page())
        answer(store)
    return home


@pytest.fixture
def home(worked, tmp_path, monkeypatch) -> Path:
    """A copy of it for one test."""
    folder = tmp_path / "home"
    shutil.copytree(worked, folder)
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(folder))
    monkeypatch.delenv("HELPDESK_WELLBEING_DATABASE_URL", raising=False)
    return folder


@pytest.fixture
def store(home):
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as opened:
        yield opened


@pytest.fixture
def long_worked(tmp_path):
    """The store of an account that has worked for longer than events are kept."""
    home = made(tmp_path, WEEKS)
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as opened:
        yield opened


@pytest.fixture
def short_windows(store, monkeypatch):
    """As if signals looked back a week, and events were to be kept for as little as that."""
    monkeypatch.setattr(retention, "LONGEST_WINDOW", timedelta(weeks=1))
    store.upkeep.keep_retention("acme", {"events": 14, "facts": 14})
