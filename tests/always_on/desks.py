"""What moving tickets under kills must know of a platform: its simulated account, and how that tells what happened."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.freshdesk import simulated as simulated_freshdesk
from connectors.freshdesk.marks import reference
from connectors.freshdesk.written import STATUSES
from connectors.zendesk import simulated as simulated_zendesk
from connectors.zendesk.simulated.ledger import OWN_FIELD
from connectors.zendesk.simulated.options import WRITE_SCOPES
from connectors.zendesk.written import MARKER
from helpdesk_wellbeing.cli.outbound import FIELD
from helpdesk_wellbeing.store import Store
from tests.always_on import helpdesks
from webhooks.freshdesk.provisioning import FIELD_NAME


@dataclass(frozen=True)
class Mark:
    """What one write of ours left on a ticket, by the account's own log: to whom it went, and which notes are public.

    `id` is what a receipt should name.
    """

    id: str
    assigned: tuple[str, ...]
    public: tuple[bool, ...]


class Platform(ABC):
    """Ids as text, in our words."""

    name: str
    writes_a_move: int  # requests that change something
    tells_merges: bool  # a merged ticket is shown as one

    @abstractmethod
    def served(self, events: pl.DataFrame, people: pl.DataFrame, now: Callable[[], datetime], **options: Any) -> Any:
        """A simulated account, not started yet."""

    @abstractmethod
    def connect(self, store: Store, account: str, desk: Any) -> None:
        """As `connect` does."""

    @abstractmethod
    def install(self, store: Store, account: str, desk: Any) -> None:
        """The custom field, as `install` makes it."""

    @abstractmethod
    def is_ours(self, save: Any) -> bool:
        """Whether a save changed or made a ticket for us; a note of its own does neither."""

    @abstractmethod
    def row(self, desk: Any, ticket: str) -> dict[str, Any]:
        """The ticket: assignee, group, tags, our field, status."""

    @abstractmethod
    def marks(self, desk: Any, saves: Sequence[Any], ticket: str, key: str) -> list[Mark]:
        """What the write with this key left, each time that it was made."""

    @abstractmethod
    def assignments(self, desk: Any, saves: Sequence[Any], ticket: str) -> list[str]:
        """To whom the ticket went since it was made, whoever did that."""

    @abstractmethod
    def merge(self, desk: Any, ticket: str, into: str, by: str) -> None:
        """Somebody merges a ticket away."""

    @abstractmethod
    def edit(self, desk: Any, ticket: str, by: str, **changes: Any) -> None:
        """Somebody edits `assignee`, `group`, `tags` or `status`."""

    @abstractmethod
    def drop_field(self, desk: Any) -> None:
        """An admin deletes our custom field."""

    @abstractmethod
    def asked(self, desk: Any, ticket: str) -> str:
        """The agent whom an invitation asks."""

    @abstractmethod
    def strangers(self, desk: Any) -> list[str]:
        """Customers that writes of ours have made."""


class Zendesk(Platform):
    name, writes_a_move, tells_merges = "zendesk", 1, True

    def served(self, events: pl.DataFrame, people: pl.DataFrame, now: Callable[[], datetime], **options: Any) -> Any:
        usual: dict[str, Any] = {"unlimited": True, "time_zone": "UTC", "csat": None, "allowed_scopes": WRITE_SCOPES}
        site = simulated_zendesk.Site(events, people, options=simulated_zendesk.Options(**(usual | options)))
        return simulated_zendesk.SimulatedZendesk(site, now=now)

    def connect(self, store: Store, account: str, desk: Any) -> None:
        helpdesks.connect(store, account, desk)

    def install(self, store: Store, account: str, desk: Any) -> None:
        store.installed.keep(account, FIELD, "ticket_field", str(OWN_FIELD), datetime.now(UTC))

    def is_ours(self, save: Any) -> bool:
        return MARKER in save.metadata

    def row(self, desk: Any, ticket: str) -> dict[str, Any]:
        shown = desk.api.writes.row(int(ticket))
        fields = {entry["id"]: entry["value"] for entry in shown["custom_fields"]}
        return {
            "assignee": shown["assignee_id"] and str(shown["assignee_id"]), "group": str(shown["group_id"]),
            "tags": sorted(shown["tags"]), "label": fields.get(OWN_FIELD), "status": shown["status"],
        }  # fmt: skip

    def marks(self, desk: Any, saves: Sequence[Any], ticket: str, key: str) -> list[Mark]:
        mine = (a for a in self._audits(desk, ticket) if a["metadata"].get("custom", {}).get(MARKER) == key)
        return [Mark(str(a["id"]), tuple(_assigned(a)), tuple(_public(a))) for a in mine]

    def assignments(self, desk: Any, saves: Sequence[Any], ticket: str) -> list[str]:
        return [agent for audit in self._audits(desk, ticket) for agent in _assigned(audit)]

    def _audits(self, desk: Any, ticket: str) -> list[dict[str, Any]]:
        now = int(desk.now().timestamp()) + 60
        return [json.loads(text) for text in desk.record.holdings.audits(int(ticket), now)]

    def merge(self, desk: Any, ticket: str, into: str, by: str) -> None:
        desk.others.merge(ticket, into, by)

    def edit(self, desk: Any, ticket: str, by: str, **changes: Any) -> None:
        words = {"assignee": "assignee_id", "group": "group_id"}
        desk.others.edit(ticket, by, {words.get(name, name): _number(value) for name, value in changes.items()})

    def drop_field(self, desk: Any) -> None:
        desk.others.drops_field(str(OWN_FIELD))

    def asked(self, desk: Any, ticket: str) -> str:
        return str(desk.api.writes.row(int(ticket))["requester_id"])

    def strangers(self, desk: Any) -> list[str]:
        return []  # a requester is named by id


class Freshdesk(Platform):
    """Each save is logged with its author; a write of ours is a PUT and the note after it, which bears the key."""

    name, writes_a_move, tells_merges = "freshdesk", 2, False
    field = "cf_wellbeing"

    def served(self, events: pl.DataFrame, people: pl.DataFrame, now: Callable[[], datetime], **options: Any) -> Any:
        usual: dict[str, Any] = {"unlimited": True, "time_zone": "UTC"}
        site = simulated_freshdesk.Site(events, people, options=simulated_freshdesk.Options(**(usual | options)))
        return simulated_freshdesk.SimulatedFreshdesk(site, now=now)

    def connect(self, store: Store, account: str, desk: Any) -> None:
        from helpdesk_wellbeing.cli.connecting import connect_freshdesk

        connect_freshdesk(
            store, account, {"domain": "acme.freshdesk.com", "base_url": desk.base_url}, desk.api_key
        )  # fmt: skip

    def install(self, store: Store, account: str, desk: Any) -> None:
        choices = [{"value": "suggested", "position": 1}, {"value": "moved", "position": 2}]
        desk.api.writes.setup.new_field({"label": "Wellbeing", "type": "custom_dropdown", "choices": choices})
        store.set_meta(account, FIELD_NAME, self.field)

    def is_ours(self, save: Any) -> bool:
        return save.channel == "api" and any(kind != "noted" for kind, *_ in save.steps)

    def row(self, desk: Any, ticket: str) -> dict[str, Any]:
        shown = desk.record.ticket(int(ticket))
        return {
            "assignee": shown["responder_id"] and str(shown["responder_id"]), "group": str(shown["group_id"]),
            "tags": sorted(shown["tags"]), "label": shown["custom_fields"].get(self.field),
            "status": STATUSES[shown["status"]],
        }  # fmt: skip

    def marks(self, desk: Any, saves: Sequence[Any], ticket: str, key: str) -> list[Mark]:
        notes = {n["id"]: n for n in desk.record.conversations(int(ticket)) if reference(key) in n["body_text"]}
        found, assigned = [], []
        for save in saves:
            if save.ticket != ticket or save.channel != "api":
                continue
            assigned += [after for kind, _, after in save.steps if kind == "assigned"]
            if save.conversation is None:
                continue
            if save.conversation in notes:
                public = not notes[save.conversation]["private"]
                found.append(Mark(str(save.conversation), tuple(assigned), (public,)))
            assigned = []
        return found

    def assignments(self, desk: Any, saves: Sequence[Any], ticket: str) -> list[str]:
        return [
            after for save in saves if save.ticket == ticket for kind, _, after in save.steps if kind == "assigned"
        ]  # fmt: skip

    def merge(self, desk: Any, ticket: str, into: str, by: str) -> None:
        """What is merged away there is closed, with a note."""
        desk.others.close(ticket, by)
        desk.others.note(ticket, by, f"This ticket is closed and merged into ticket {into}")

    def edit(self, desk: Any, ticket: str, by: str, **changes: Any) -> None:
        words = {"assignee": "responder_id", "group": "group_id"}
        codes = {word: code for code, word in STATUSES.items()}
        desk.others.edit(
            ticket, by, {words.get(n, n): codes[v] if n == "status" else _number(v) for n, v in changes.items()}
        )  # fmt: skip

    def drop_field(self, desk: Any) -> None:
        desk.others.drops_field(self.field)

    def asked(self, desk: Any, ticket: str) -> str:
        """A ticket of the key's own agent, assigned to who is asked."""
        row = desk.record.ticket(int(ticket))
        assert row["requester_id"] == desk.record.options.service_user
        return str(row["responder_id"])

    def strangers(self, desk: Any) -> list[str]:
        made: list[str] = desk.api.writes.contacts
        return made


PLATFORMS: dict[str, Platform] = {one.name: one for one in (Zendesk(), Freshdesk())}


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _assigned(audit: dict[str, Any]) -> list[str]:
    events = (e for e in audit["events"] if e["type"] == "Change" and e["field_name"] == "assignee_id")
    return [str(event["value"]) for event in events]


def _public(audit: dict[str, Any]) -> list[bool]:
    return [event["public"] for event in audit["events"] if event["type"] == "Comment"]
