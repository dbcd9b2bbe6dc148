"""An installation with accounts that have webhooks, and what is stored in it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from helpdesk_wellbeing.arrivals import take_in
from helpdesk_wellbeing.store import open_store
from tests.fleet import Fleet, Program, as_if, free_port, serve_command
from tests.hammer import Truth
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

    def fleet_as_if(self, told: Mapping[str, object], *roles: str, more: Sequence[str] = ()) -> Fleet:
        """Processes of another version, on another host, or by another clock, not yet started."""
        return Fleet(self.home, self.environment, [as_if(told, role, *more) for role in roles])

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
        """The provisional events and those that were told for good, by account and id."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for account, name, body in self.rows(
            "SELECT accounts.name, provisional.id, provisional.body FROM provisional"
            " JOIN accounts ON accounts.number = provisional.account"
        ):
            found.setdefault(account, {})[name] = json.loads(body)
        with open_store(self.database) as store:
            for account in self.secrets:
                for row in store.read_events(account).iter_rows(named=True):
                    found.setdefault(account, {})[row["id"]] = row
        return found

    def waiting(self) -> int:
        """Deliveries that nobody has worked off yet."""
        return int(self.rows("SELECT count(*) FROM inbox WHERE body IS NOT NULL")[0][0])

    def work_off(self) -> None:
        """Take in what is left, as a worker does."""
        with open_store(self.database) as store:
            for account in self.secrets:
                while take_in(store, account).deliveries:
                    pass

    def wait_until_worked_off(self, seconds: float = _WORKED_OFF_S) -> None:
        deadline = time.monotonic() + seconds
        while self.waiting():
            assert time.monotonic() < deadline, f"{self.waiting()} deliveries wait after {seconds:g} s"
            time.sleep(0.1)


def make_installation(home: Path, database: str | None = None, platform: str = "zendesk") -> Installation:
    home.mkdir(parents=True, exist_ok=True)
    made = Installation(home, database or f"sqlite:///{home / 'wellbeing.db'}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        from helpdesk_wellbeing.settings import load_settings

        with open_store(load_settings()) as store:
            for account, secret in made.secrets.items():
                store.create_account(account, platform=platform)
                store.put_secret(account, SECRET, secret)
    return made


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
            told = {column: text for column, text in event.items() if column != "at" and not column.endswith("_code")}
            has = events[account][name]
            assert {column: has.get(column) for column in told} == told
