"""Installations on SQLite and PostgreSQL with accounts that have webhooks, and what is stored in them."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from helpdesk_wellbeing.store import open_store
from tests.fleet import Fleet, Program, free_port, serve_command
from tests.hammer import Hammer, Truth
from webhooks.known import SECRET

SECRETS = {"acme": "acme-signs-with-this", "globex": "globex-signs-with-that"}
_WORKED_OFF_S = 90.0


@dataclass
class Installation:
    """A home folder and a database, with an account for each secret."""

    home: Path
    database: str
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def environment(self) -> dict[str, str]:
        return {"HELPDESK_WELLBEING_HOME": str(self.home), "HELPDESK_WELLBEING_DATABASE_URL": self.database}

    def fleet(self, *roles: str, more: Sequence[str] = ("--no-pull",)) -> Fleet:
        """Processes with these roles (all, web, worker), not yet started."""
        programs = []
        for number, role in enumerate(roles):
            port = None if role == "worker" else free_port()
            programs.append(Program(f"{role}-{number}", serve_command(role, port, *more), port))
        return Fleet(self.home, self.environment, programs)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database has, read beside the program."""
        if self.database.startswith("sqlite:///"):
            connection = sqlite3.connect(self.database.removeprefix("sqlite:///"))
            try:
                return connection.execute(statement).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database) as pg:
            return pg.execute(statement).fetchall()  # type: ignore[arg-type]

    def keys(self) -> dict[str, list[str]]:
        """The keys in the inbox, by account, each as often as it is there."""
        found: dict[str, list[str]] = {}
        for account, key in self.rows(
            "SELECT accounts.name, inbox.key FROM inbox JOIN accounts ON accounts.number = inbox.account"
        ):
            found.setdefault(account, []).append(key)
        return found

    def events(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The provisional events, by account and id."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for account, name, body in self.rows(
            "SELECT accounts.name, provisional.id, provisional.body FROM provisional"
            " JOIN accounts ON accounts.number = provisional.account"
        ):
            found.setdefault(account, {})[name] = json.loads(body)
        return found

    def waiting(self) -> int:
        """Deliveries that nobody has worked off yet."""
        return int(self.rows("SELECT count(*) FROM inbox WHERE body IS NOT NULL")[0][0])

    def wait_until_worked_off(self, seconds: float = _WORKED_OFF_S) -> None:
        deadline = time.monotonic() + seconds
        while self.waiting():
            assert time.monotonic() < deadline, f"{self.waiting()} deliveries wait after {seconds:g} s"
            time.sleep(0.1)


def make_installation(home: Path, database: str | None = None) -> Installation:
    home.mkdir(parents=True, exist_ok=True)
    made = Installation(home, database or f"sqlite:///{home / 'wellbeing.db'}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        from helpdesk_wellbeing.settings import load_settings

        with open_store(load_settings()) as store:
            for account, secret in made.secrets.items():
                store.create_account(account, platform="zendesk")
                store.put_secret(account, SECRET, secret)
    return made


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Installation:
    """One on SQLite with two accounts."""
    return make_installation(tmp_path / "home")


@pytest.fixture
def on_postgresql(tmp_path: Path, new_database: Callable[..., str]) -> Installation:
    """One on PostgreSQL with two accounts."""
    return make_installation(tmp_path / "home", new_database())


@pytest.fixture
def on_own_server(tmp_path: Path) -> Iterator[tuple[Installation, Any]]:
    """One on a PostgreSQL server that the test may stop and start; the server comes with it."""
    import os

    from tests.postgresql import Server

    if os.name != "posix":
        pytest.skip("the server is started on POSIX systems only")
    server = Server.make()
    try:
        server.start()
        server.watch(os.getpid())
        server.execute("CREATE DATABASE {}", "wellbeing")
        yield make_installation(tmp_path / "home", server.url("wellbeing")), server
    finally:
        server.remove()


def check_truth(installation: Installation, truth: Truth) -> None:
    """What is stored is what was told, each thing once."""
    stored = installation.keys()
    assert {account: sorted(keys) for account, keys in stored.items()} == {
        account: sorted(keys) for account, keys in truth.keys.items()
    }
    events = installation.events()
    assert {account: events[account].keys() for account in events} == {
        account: wanted.keys() for account, wanted in truth.events.items()
    }
    for account, wanted in truth.events.items():
        for name, event in wanted.items():
            told = {column: text for column, text in event.items() if column != "at"}
            has = events[account][name]
            assert {column: has.get(column) for column in told} == told


@pytest.fixture
def is_the_truth() -> Callable[[Installation, Truth], None]:
    """Checks that exactly the truth is stored."""
    return check_truth


@pytest.fixture
def killing() -> Callable[[Fleet, int], Callable[[Hammer], None]]:
    """What kills processes of a fleet while a hammer is at work: so many times, at random places of the work."""

    def make(fleet: Fleet, times: int, seed: int = 7) -> Callable[[Hammer], None]:
        rng = random.Random(seed)

        def beside(hammer: Hammer) -> None:
            count = len(hammer.calls)
            for place in sorted(rng.sample(range(count // 50, count * 19 // 20), times)):
                assert hammer.reached(place), f"only {hammer.done} calls were answered in time:\n{fleet.log()[-3000:]}"
                fleet.kill_one(rng)

        return beside

    return make
