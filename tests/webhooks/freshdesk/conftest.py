"""A Freshdesk account with our store beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.freshdesk.admin import Admin
from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.session import Limits
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.dying import Killed, killed_after, killed_in_turn
from tests.freshdesk_admin import KEY, Faults, FreshdeskAccount, Object
from webhooks.freshdesk import provisioning, removal
from webhooks.freshdesk.provisioning import Account
from webhooks.installing import Outcome

URL = "https://wellbeing.example.com"
QUICK = Limits(connect_s=2.0, read_s=2.0, attempts=3, first_backoff_s=0.001, longest_backoff_s=0.002)


@dataclass
class Place:
    """An account and our store beside it."""

    server: FreshdeskAccount
    store: Store

    @property
    def admin(self) -> Admin:
        settings = FreshdeskSettings("acme", "acme.freshdesk.com", KEY, base_url=self.server.base_url, reserve=0.0)
        return Admin(FreshdeskApi(settings, limits=QUICK, sleep=lambda seconds: None))

    def account(self) -> Account:
        return Account(self.admin, self.store, "acme")

    def plan(self, url: str = URL) -> dict[str, str]:
        return {step.name: step.verdict for step in provisioning.plan(self.account(), url)}

    def install(self, url: str = URL) -> Outcome:
        account = self.account()
        return provisioning.carry_out(account, provisioning.plan(account, url), url, "Admin 01")

    def planned(self) -> removal.Removal:
        return removal.plan(self.account())[0]

    def uninstall(self) -> Any:
        account = self.account()
        return removal.carry_out(account, removal.plan(account)[0], "Admin 01")

    def thing(self, name: str) -> Object:
        """One thing of ours as the account has it."""
        number = self.store.installed.things("acme")[name].platform_id
        held = self.server.held
        every = [*held.fields, *(row for rows in held.rules.values() for row in rows)]
        return next(row for row in every if str(row["id"]) == number)

    def write(self, ticket: str, tag: str, label: str) -> None:
        """As a suggestion or a move does, with its line in our own record."""
        row, now = self.server.held.tickets[ticket], datetime.now(UTC)
        row["tags"].append(tag)
        row["custom_fields"][self.store.get_meta("acme", provisioning.FIELD_NAME)] = label
        key = f"key-{ticket}"
        self.store.writes.plan("acme", [Planned(key, "p", "suggest", ticket, {})], now)
        self.store.writes.claim("acme", now, now, "me")
        self.store.writes.sending("acme", key, {}, now, now, "me")
        self.store.writes.end("acme", key, "written", {}, now, "me")

    def survey(self, ticket: str = "501") -> str:
        self.server.ticket(ticket, "wellbeing_survey")
        self.store.writes.made_ticket("acme", ticket, datetime.now(UTC))
        return ticket


@pytest.fixture
def place(tmp_path: Any) -> Iterator[Callable[..., Place]]:
    running: list[Place] = []

    def make(faults: Faults | None = None, **odd: Any) -> Place:
        store = open_store(f"sqlite:///{tmp_path / f'{len(running)}.db'}")
        store.create_account("acme", platform="freshdesk", settings={"domain": "acme.freshdesk.com"})
        running.append(Place(FreshdeskAccount(faults, **odd), store))
        return running[-1]

    yield make
    for one in running:
        one.server.stop()
        one.store.close()


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], int]:
    """Run something again and again, killed after its first request, after its second, and so on, until it ends; how
    many were killed."""
    return lambda act: killed_in_turn(monkeypatch, act)


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any], int], bool]:
    """Run something that is killed right after its request with this number was answered; whether it was."""

    def run(act: Callable[[], Any], number: int) -> bool:
        with monkeypatch.context() as patched:
            killed_after(patched, number)
            try:
                act()
            except Killed:
                return True
            return False

    return run
