"""What the contract has to know of each platform. A further platform is one more class here, and one more line in
`PLATFORMS`; the sentences in the test files then hold for it, too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from connectors.freshdesk import simulated as freshdesk
from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.freshdesk.writing import Writing as FreshdeskWriting
from connectors.session import Limits
from connectors.simulating.faults import Dice
from connectors.simulating.front import Front
from connectors.zendesk import simulated as zendesk
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.settings import WRITING_SCOPES, ZendeskSettings
from connectors.zendesk.simulated.ledger import OWN_FIELD
from connectors.zendesk.writing import Writing as ZendeskWriting
from helpdesk_wellbeing.acting.helpdesk import Helpdesk
from helpdesk_wellbeing.feed import Connector
from tests.freshdesk_account import FIELD, OWN, Clock
from webhooks.freshdesk.outbound import FreshdeskHelpdesk
from webhooks.zendesk.outbound import ZendeskHelpdesk

QUICK = Limits(first_backoff_s=0.001, longest_backoff_s=0.001)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Held:
    """What an account holds, in our words: `left` are agents who left and are no agents any more, `inactive` those who
    were switched off, `light` those who may only comment."""

    events: pl.DataFrame
    people: pl.DataFrame
    left: frozenset[str] = frozenset()
    inactive: frozenset[str] = frozenset()
    light: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ticket:
    """A ticket as the account has it, past limits and faults."""

    assignee: str | None
    tags: frozenset[str]
    label: str | None
    notes: tuple[str, ...] = field(repr=False)  # texts of the private comments of our own user
    said: int = 0  # public comments of our own user


class Platform(ABC):
    """One platform. Ids are our own words everywhere; each platform's front shows numbers for them."""

    name: ClassVar[str]
    own: ClassVar[str] = OWN  # the user that the credentials belong to
    locks_closed: ClassVar[bool]  # a closed ticket takes no change
    own_status: ClassVar[str]  # the label under which a ticket that is on hold is shown
    without_answer: ClassVar[tuple[str, ...]] = ("lost", "late_error")  # written, and nobody hears of it

    @abstractmethod
    def front(self, held: Held, clock: Clock, faults: Dice | None, **options: Any) -> AbstractContextManager[Any]:
        """The account behind a server; `options` are the platform's own."""

    @abstractmethod
    def faults(self, share: Mapping[str, float], **more: Any) -> Dice:
        """What is to go wrong."""

    @abstractmethod
    def connector(self, front: Any, say: Say, secret: str | None = None, **settings: Any) -> Connector:
        """As the program makes it; `secret` in place of the right one."""

    @abstractmethod
    def lacking(self, held: Held, clock: Clock) -> tuple[AbstractContextManager[Any], Mapping[str, Any], str]:
        """An account and settings with which something is lacking, and what ping calls it."""

    @abstractmethod
    def secrets(self, front: Any) -> Sequence[str]:
        """What is in no text of ours."""

    @abstractmethod
    def helpdesk(self, front: Any, limits: Limits = QUICK) -> Helpdesk:
        """To write to, with our custom field."""

    @abstractmethod
    def ticket(self, front: Any, ticket: str) -> Ticket:
        """A ticket as it stands there."""

    @abstractmethod
    def saves(self, front: Any, ticket: str, by: str, assignee: str | None, tags: Sequence[str]) -> None:
        """Somebody else gives the ticket to `assignee`, with these tags."""

    @abstractmethod
    def drops_label(self, front: Any) -> None:
        """An admin deletes our custom field."""

    @abstractmethod
    def customers(self, front: Any) -> int:
        """How many customers the account knows."""


class Zendesk(Platform):
    """Every save is a version; a note is part of it."""

    name = "zendesk"
    locks_closed = True
    own_status = "Hold"

    def front(self, held: Held, clock: Clock, faults: Dice | None, **options: Any) -> AbstractContextManager[Any]:
        roles = dict.fromkeys([*held.left, *held.inactive], zendesk.Account(active=False))
        roles |= dict.fromkeys(held.light, zendesk.Account(role_type=1))
        chosen = zendesk.Options(**{"unlimited": True, "allowed_scopes": WRITING_SCOPES, **options})
        site = zendesk.Site(held.events, held.people, roles=roles, options=chosen)
        assert faults is None or isinstance(faults, zendesk.Faults)
        return zendesk.SimulatedZendesk(site, now=clock, faults=faults)

    def faults(self, share: Mapping[str, float], **more: Any) -> Dice:
        return zendesk.Faults(share=share, **more)

    def connector(self, front: Any, say: Say, secret: str | None = None, **settings: Any) -> Connector:
        given = ZendeskSettings(
            "acme", "acme", front.base_url, front.client_id, secret or front.client_secret, **settings
        )
        return ZendeskConnector(given, limits=QUICK, sleep=lambda seconds: None, say=say)

    def lacking(self, held: Held, clock: Clock) -> tuple[AbstractContextManager[Any], Mapping[str, Any], str]:
        return self.front(held, clock, None), {"scopes": ("tickets:read", "users:read")}, "scope read"

    def secrets(self, front: Any) -> Sequence[str]:
        return [front.client_secret, front.api_token]

    def helpdesk(self, front: Any, limits: Limits = QUICK) -> Helpdesk:
        given = ZendeskSettings(
            "acme", "acme", front.base_url, front.client_id, front.client_secret, scopes=WRITING_SCOPES
        )
        api = ZendeskApi(given, limits=limits, sleep=lambda seconds: None)
        return ZendeskHelpdesk(ZendeskWriting(api), str(OWN_FIELD))

    def ticket(self, front: Any, ticket: str) -> Ticket:
        row = front.api.writes.row(int(ticket))
        fields = {entry["id"]: entry["value"] for entry in row["custom_fields"]}
        ours = [one for one in front.api.writes._comments(int(ticket)) if str(one["author_id"]) == self.own]
        assignee = row["assignee_id"]
        return Ticket(
            None if assignee is None else str(assignee), frozenset(row["tags"]), fields.get(OWN_FIELD),
            tuple(one["body"] for one in ours if not one["public"]), sum(one["public"] for one in ours),
        )  # fmt: skip

    def saves(self, front: Any, ticket: str, by: str, assignee: str | None, tags: Sequence[str]) -> None:
        number = None if assignee is None else int(assignee)
        front.others.edit(ticket, by, {"assignee_id": number, "tags": list(tags)})

    def drops_label(self, front: Any) -> None:
        front.others.drops_field(str(OWN_FIELD))

    def customers(self, front: Any) -> int:
        return sum(user["role"] == "end-user" for user in front.record.holdings.staff.users)


class Freshdesk(Platform):
    """Tickets are states without a history; a note is a request of its own."""

    name = "freshdesk"
    locks_closed = False
    own_status = "On hold"

    def front(self, held: Held, clock: Clock, faults: Dice | None, **options: Any) -> AbstractContextManager[Any]:
        roles = dict.fromkeys(held.left, freshdesk.Account(state="removed"))
        roles |= dict.fromkeys(held.inactive, freshdesk.Account(state="deactivated"))
        roles |= dict.fromkeys(held.light, freshdesk.Account(type="collaborator"))
        chosen = freshdesk.Options(**{"unlimited": True, **options})
        site = freshdesk.Site(held.events, held.people, roles=roles, options=chosen)
        assert faults is None or isinstance(faults, freshdesk.Faults)
        front = freshdesk.SimulatedFreshdesk(site, now=clock, faults=faults)
        choices = [{"value": "suggested", "position": 1}, {"value": "moved", "position": 2}]
        front.api.writes.setup.new_field({"label": "Wellbeing", "type": "custom_dropdown", "choices": choices})
        return front

    def faults(self, share: Mapping[str, float], **more: Any) -> Dice:
        return freshdesk.Faults(share={kind: one for kind, one in share.items() if kind != "expire"}, **more)

    def connector(self, front: Any, say: Say, secret: str | None = None, **settings: Any) -> Connector:
        return FreshdeskConnector(
            self._settings(front, secret, **settings), limits=QUICK, sleep=lambda seconds: None, say=say
        )

    def lacking(self, held: Held, clock: Clock) -> tuple[AbstractContextManager[Any], Mapping[str, Any], str]:
        return self.front(held, clock, None, scope=2, groups=("11",)), {}, "global ticket scope"

    def secrets(self, front: Any) -> Sequence[str]:
        return [front.api_key]

    def helpdesk(self, front: Any, limits: Limits = QUICK) -> Helpdesk:
        api = FreshdeskApi(self._settings(front, None), limits=limits, sleep=lambda seconds: None)
        return FreshdeskHelpdesk(FreshdeskWriting(api), FIELD)

    def ticket(self, front: Any, ticket: str) -> Ticket:
        row = front.record.ticket(int(ticket))
        ours = [talk for talk in front.record.conversations(int(ticket)) if str(talk["user_id"]) == self.own]
        assignee = row["responder_id"]
        return Ticket(
            None if assignee is None else str(assignee), frozenset(row["tags"]), row["custom_fields"].get(FIELD),
            tuple(talk["body_text"] for talk in ours if talk["private"]), sum(not talk["private"] for talk in ours),
        )  # fmt: skip

    def saves(self, front: Any, ticket: str, by: str, assignee: str | None, tags: Sequence[str]) -> None:
        number = None if assignee is None else int(assignee)
        front.others.edit(ticket, by, {"responder_id": number, "tags": list(tags)})

    def drops_label(self, front: Any) -> None:
        front.others.drops_field(FIELD)

    def customers(self, front: Any) -> int:
        return len(front.api.writes.contacts)

    def _settings(self, front: Any, secret: str | None, **settings: Any) -> FreshdeskSettings:
        return FreshdeskSettings("acme", "acme.freshdesk.com", secret or front.api_key, front.base_url, **settings)


PLATFORMS: tuple[Platform, ...] = (Freshdesk(), Zendesk())

__all__ = ["PLATFORMS", "QUICK", "Front", "Held", "Platform", "Ticket"]
