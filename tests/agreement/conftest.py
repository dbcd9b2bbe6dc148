"""An account with a history of nine weeks, what the engine makes of it, agreements and flags in plain values."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing.agreement.model import Agreement, personal_signals
from helpdesk_wellbeing.engine import Catalogue, Engine, Outcome
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import Store, open_store

KNOWN = Catalogue(SIGNALS, load_rules(SIGNALS))
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def make_flag(signal: str = "LD3", subject: str = "anna", kind: str = "agent", **more: Any) -> dict[str, Any]:
    rule = next(rule.id for rule in KNOWN.rules.values() if rule.signal == signal)
    usual = {
        "signal": signal, "rule": rule, "subject": {"kind": kind, "id": subject}, "level": "warn", "state": "active",
        "since": "2026-11-17", "window": {"start": "2026-11-16T00:00:00Z", "end": "2026-11-17T00:00:00Z"},
        "values": {"cusum": 6.0}, "evidence": [{"at": "2026-11-16T21:40:00Z"}], "grade": "A",
    }  # fmt: skip
    return usual | more


def make_agreement(**more: Any) -> Agreement:
    usual = {"parties": ("works council",), "agreed_on": date(2026, 11, 1), "signals": personal_signals(KNOWN)}
    return Agreement(**(usual | more))


def make_people(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(PEOPLE) | {"excluded": False} | row for row in rows], schema=PEOPLE)


@pytest.fixture(scope="session")
def known() -> Catalogue:
    return KNOWN


@pytest.fixture(scope="session")
def a_flag() -> Callable[..., dict[str, Any]]:
    return make_flag


@pytest.fixture(scope="session")
def an_agreement() -> Callable[..., Agreement]:
    return make_agreement


@pytest.fixture(scope="session")
def people() -> Callable[..., pl.DataFrame]:
    return make_people


@pytest.fixture(scope="session")
def _with_accounts(tmp_path_factory) -> Path:
    file: Path = tmp_path_factory.mktemp("accounts") / "wellbeing.db"
    with open_store(Settings(file.parent, f"sqlite:///{file}")) as made:
        made.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        made.create_account("here", platform="zendesk", settings={"base_url": "http://127.0.0.1:1"})
        made.create_account("log")
    return file


@pytest.fixture
def store(_with_accounts: Path, tmp_path: Path) -> Iterator[Store]:
    """With `acme`, connected to a helpdesk elsewhere, `here`, to one on this machine, and `log`, imported."""
    with _copied(_with_accounts, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def new_store(_with_accounts: Path, tmp_path_factory) -> Iterator[Callable[[], Store]]:
    """The same for a whole module."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(_copied(_with_accounts, tmp_path_factory.mktemp("copied")))


def _copied(file: Path, folder: Path) -> Store:
    return open_store(Settings(folder, f"sqlite:///{shutil.copy(file, folder)}"))


@pytest.fixture(scope="session")
def assessed(world, tmp_path_factory) -> Iterator[tuple[Store, Engine, Outcome]]:
    """The simulated team; its account `demo` is only read."""
    folder = tmp_path_factory.mktemp("assessed")
    with open_store(Settings(folder, f"sqlite:///{folder / 'wellbeing.db'}")) as opened:
        opened.create_account("demo", zone=world.zone)
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(opened, f"replace_{kind}")("demo", "file", getattr(world.roster, kind))
        opened.add_events("demo", world.events)
        engine = Engine(opened, "demo", KNOWN)
        yield opened, engine, engine.assess(world.as_of)


@pytest.fixture(scope="session")
def some_events() -> Callable[[str], pl.DataFrame]:
    """One event of an account."""
    row = {"id": "e1", "at": AT, "ticket": "1", "actor": "anna", "actor_kind": "agent", "kind": "replied",
           "channel": "email", "grade": "A"}  # fmt: skip
    return lambda account: pl.DataFrame([{**dict.fromkeys(SCHEMA), **row, "account": account}], schema=SCHEMA)
