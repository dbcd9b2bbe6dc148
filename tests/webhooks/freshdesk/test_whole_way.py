"""Installed, written to and taken out again, against the simulated Freshdesk: killed again and again, and hostile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.freshdesk.admin import Admin
from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.freshdesk.simulated import Faults, SimulatedFreshdesk
from connectors.freshdesk.writing import Writing
from connectors.session import Limits
from helpdesk_wellbeing.acting.helpdesk import MOVED_TAG, SUGGESTED_TAG, Change, Half, Invitation, Written
from helpdesk_wellbeing.errors import BadPayload, PlatformError
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.freshdesk_account import Clock, site_of
from webhooks import known
from webhooks.freshdesk import provisioning, removal
from webhooks.freshdesk.outbound import FreshdeskHelpdesk
from webhooks.freshdesk.provisioning import FIELD_NAME, Account

URL = "https://wellbeing.example.com"
QUICK = Limits(connect_s=2.0, read_s=2.0, attempts=3, first_backoff_s=0.001, longest_backoff_s=0.002)


@dataclass
class Way:
    """A simulated account and our store beside it."""

    front: SimulatedFreshdesk
    store: Store
    clock: Clock

    @property
    def api(self) -> FreshdeskApi:
        settings = FreshdeskSettings("acme", "acme.freshdesk.com", self.front.api_key, self.front.base_url, reserve=0.0)
        return FreshdeskApi(settings, limits=QUICK, sleep=lambda seconds: None)

    def account(self) -> Account:
        return Account(Admin(self.api), self.store, "acme")

    def install(self) -> Any:
        account = self.account()
        return provisioning.carry_out(account, provisioning.plan(account, URL), URL, "Admin 01")

    def uninstall(self) -> Any:
        account = self.account()
        return removal.carry_out(account, removal.plan(account)[0], "Admin 01")

    def tickets(self) -> dict[str, tuple[Any, ...]]:
        rows = {no: self.front.record.ticket(no) for no in range(1, 13)}
        names = ("tags", "responder_id", "group_id", "status", "priority", "custom_fields", "deleted", "spam")
        return {str(no): tuple(row.get(name) for name in names) for no, row in rows.items() if row}

    def use(self) -> str:
        """Two tickets suggested and moved, one of them by somebody else's merge, and a survey ticket."""
        helpdesk = FreshdeskHelpdesk(Writing(self.api), self.store.get_meta("acme", FIELD_NAME))
        for ticket, tag, label in (("2", SUGGESTED_TAG, "suggested"), ("3", MOVED_TAG, "moved")):
            seen = helpdesk.look(ticket)
            done = helpdesk.change(
                seen, Change(tags=seen.tags | {tag}, label=label, note="Room for it."), f"key-{ticket}"
            )
            assert isinstance(done, Half)
            assert isinstance(done.finish(), Written)
            self.record(ticket)
        self.front.touch("4", "1001", "tagged", MOVED_TAG)
        made = helpdesk.invite(Invitation("1002", "How is it going?", "A link"), "wave-1")
        assert isinstance(made, Written)
        self.store.writes.made_ticket("acme", made.ticket, datetime.now(UTC))
        self.clock.forward(timedelta(minutes=10).total_seconds())  # the search is minutes behind
        return made.ticket

    def record(self, ticket: str) -> None:
        now, key = datetime.now(UTC), f"key-{ticket}"
        self.store.writes.plan("acme", [Planned(key, "p", "suggest", ticket, {})], now)
        self.store.writes.claim("acme", now, now, "me")
        self.store.writes.sending("acme", key, {}, now, now, "me")
        self.store.writes.end("acme", key, "written", {}, now, "me")


@pytest.fixture
def way(tmp_path: Any) -> Iterator[Way]:
    clock = Clock()
    with (
        SimulatedFreshdesk(site_of(), now=clock) as front,
        open_store(f"sqlite:///{tmp_path / 'wellbeing.db'}") as store,
    ):
        store.create_account("acme", platform="freshdesk", settings={"domain": "acme.freshdesk.com"})
        yield Way(front, store, clock)


def test_killed_after_each_request_in_turn_both_come_to_their_end(way: Way, killing: Callable[..., int]) -> None:
    configuration, tickets = way.front.configuration(), way.tickets()
    assert killing(way.install) > 4
    assert way.install().failed == ()
    assert {step.verdict for step in provisioning.plan(way.account(), URL)} == {"keep"}
    survey = way.use()
    assert killing(way.uninstall) > 10
    assert way.uninstall().is_whole
    assert way.front.configuration() == configuration
    assert way.tickets() == tickets
    gone = way.front.record.ticket(int(survey))
    assert gone is None or gone["deleted"]
    assert way.store.get_secret("acme", known.SECRET) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_against_a_hostile_account_both_come_to_their_end(way: Way, seed: int) -> None:
    configuration, tickets = way.front.configuration(), way.tickets()
    _faults(way, Faults.hostile_to_writes(seed))
    persisting(way.install)
    _faults(way, Faults())
    way.use()
    hostile = Faults.hostile_to_writes(seed)
    _faults(way, hostile)
    persisting(way.uninstall)
    assert hostile.happened
    _faults(way, Faults())
    assert way.front.configuration() == configuration
    assert way.tickets() == tickets


def _faults(way: Way, faults: Faults) -> None:
    way.front.faults = way.front.dice = way.front.api.faults = faults


def persisting(act: Callable[[], Any]) -> None:
    """Run it again until it says that all is done, as an admin would."""
    for _ in range(40):
        with suppress(PlatformError, BadPayload):
            done = act()
            if not (done.failed if hasattr(done, "failed") else not done.is_whole):
                return
    raise AssertionError("it never came to its end")


def test_rules_of_ours_call_with_what_the_door_understands(way: Way) -> None:
    from webhooks.freshdesk.proof import HEADER
    from webhooks.freshdesk.translate import translate

    way.install()
    rules = way.front.configuration()["rules 4"]
    call = next(row for row in rules if "[helpdesk-wellbeing " in row["description"])["actions"][0]
    body = {name: text.replace("{{ticket.id}}", "7") for name, text in call["content"].items()}
    delivery = translate(body, {}, datetime.now(UTC))
    assert delivery is not None
    assert delivery.tickets == ("7",)
    assert call["custom_headers"] == {HEADER: way.store.get_secret("acme", known.SECRET)}
