"""What a Freshdesk call says, as a `Delivery`. Pure: no network, no clock of its own.

- A webhook of an automation rule says that a ticket was touched and nothing that can be relied on: a hint.
  https://support.freshdesk.com/en/support/solutions/articles/132589
- An app event tells what happened and who did it, so it is no hint but the event itself, for good. It comes as our
  Freshworks app forwards it, `{"event", "timestamp", "actor": {"id", "type"}, "record": {…}}`, with the record's fields
  in `RECORD_FIELDS` only, or as the platform (3.0 and 2.x) gives it to an app, `{"event", "timestamp", "data": {…}}`.
  https://developers.freshworks.com/docs/app-sdk/v3.0/support_ticket/serverless-apps/
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from helpdesk_wellbeing.deliveries import Delivery, delivery_key
from helpdesk_wellbeing.errors import BadPayload
from webhooks.freshdesk import app_events
from webhooks.freshdesk.app_events import RECORD_FIELDS, Row, Rows
from webhooks.reading import Headers, Payload, epoch_time, identity, part, text_time, without_gaps

# What an admin puts into the rule: Trigger webhook, encoding JSON, content Advanced.
RULE_BODY = '{"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}'

_ACTOR = {"agent": "agent", "user": "requester", "contact": "requester", "system": "system"}


@dataclass(frozen=True)
class _Kind:
    """How one kind of app event is read."""

    record: str  # its name in the platform's payload
    subject: str  # the record's field with the ticket's id
    rows: Callable[[Payload], Rows] | None  # None: a correction of what was said; only a pull can tell what holds now


_TICKET, _SPEECH, _TIME = ("ticket", "id"), ("conversation", "ticket_id"), ("time_entry", "ticket_id")
_KINDS = {
    "onConversationCreate": _Kind(*_SPEECH, app_events.spoke),
    "onConversationDelete": _Kind(*_SPEECH, None),
    "onConversationUpdate": _Kind(*_SPEECH, None),
    "onTicketCreate": _Kind(*_TICKET, app_events.created),
    "onTicketDelete": _Kind(*_TICKET, app_events.deleted),
    "onTicketUpdate": _Kind(*_TICKET, app_events.updated),
    "onTimeEntryCreate": _Kind(*_TIME, app_events.handled),
    "onTimeEntryDelete": _Kind(*_TIME, None),
    "onTimeEntryUpdate": _Kind(*_TIME, None),
}
# Fields of tickets; the one of statuses says which there are.
_FIELD_KINDS = frozenset({"onTicketFieldCreate", "onTicketFieldDelete", "onTicketFieldUpdate"})


@dataclass(frozen=True)
class _Event:
    """An app event in either form, without what we don't read."""

    kind: str
    place: str  # of its record in the payload
    record: Payload
    actor: Row
    sent: str | None

    @property
    def digest(self) -> str:
        """The same for one event in either form and as often as it comes: events have no id. Sorts by time."""
        sent = "" if self.sent is None else f"{datetime.fromisoformat(self.sent).timestamp() * 1e6:016.0f}-"
        return sent + _digest([self.kind, self.actor, self.record])


def translate(payload: Payload, headers: Headers, received: datetime) -> Delivery | None:
    """What a call says; None when it is of a kind that we don't read.

    Raises BadPayload with the names of the fields that don't fit. `received` is our clock's time (aware): rule
    webhooks have no id, so the same words about the same ticket in one minute are the same call.
    """
    wrapped = payload.get("freshdesk_webhook")
    rule = wrapped if isinstance(wrapped, dict) else payload
    if "ticket_id" in rule:
        return _hint(rule, received)
    kind = payload.get("event")
    if not isinstance(kind, str):
        return None
    if kind in _FIELD_KINDS:
        return _of_fields(_event(payload, kind, "ticket_field"))
    return _told(_event(payload, kind, _KINDS[kind].record), _KINDS[kind]) if kind in _KINDS else None


def _hint(rule: Payload, received: datetime) -> Delivery:
    ticket = identity(rule.get("ticket_id"))
    if ticket is None:
        raise BadPayload(
            "ticket_id: not the id of a ticket; put the body from webhooks/freshdesk/README.md in the rule"
        )
    said = _digest([rule.get("event"), rule.get("triggered_event")])
    return Delivery(delivery_key("rule", ticket, said, f"{received:%Y%m%d%H%M}"), tickets=(ticket,))


def _event(payload: Payload, kind: str, name: str) -> _Event:
    data = payload.get("data")
    if isinstance(data, dict):
        record, actor, place = part(data, name), part(data, "actor"), f"data.{name}"
        if "changes" in data and "changes" not in record:
            record = {**record, "changes": data["changes"]}
    else:
        record, actor, place = part(payload, "record"), part(payload, "actor"), "record"
    kept = {field: record[field] for field in RECORD_FIELDS if field in record}
    # old samples have no time of their own
    sent = epoch_time(payload.get("timestamp")) or text_time(kept.get("updated_at") or kept.get("created_at"))
    return _Event(kind, place, kept, _actor(actor), sent)


def _of_fields(event: _Event) -> Delivery | None:
    field = event.record
    if field.get("field_type") != "default_status" and field.get("name") != "status":
        return None
    return Delivery(delivery_key("app", event.digest), look=True)


def _told(event: _Event, kind: _Kind) -> Delivery | None:
    ticket = identity(event.record.get(kind.subject))
    if kind.rows is None and ticket is None:  # deletions of conversations name no ticket
        return None
    if ticket is None or event.sent is None:
        missing = ((f"{event.place}.{kind.subject}", ticket), ("timestamp", event.sent))
        names = ", ".join(name for name, value in missing if value is None)
        raise BadPayload(f"{names}: not as the platform or our Freshworks app sends {event.kind}")
    key = delivery_key("app", event.digest)
    rows = [] if kind.rows is None else kind.rows(event.record)
    if event.actor["actor_kind"] == "unknown" and any("id" in row and "actor" not in row for row in rows):
        rows = []  # a pull gives the same event, and can tell who it was
    if not rows:
        return None if _says_nothing(event) else Delivery(key, tickets=(ticket,))
    common = without_gaps(at=event.sent, ticket=ticket)
    if kind.record == "ticket":
        common |= without_gaps(channel=app_events.channel(event.record), batch=key)
    ids = ({"id": f"{key}.{number}"} for number in range(len(rows)))
    found = (_settled({**name, **common, **event.actor, **row}) for name, row in zip(ids, rows, strict=True))
    return Delivery(key, tuple(found))


def _says_nothing(event: _Event) -> bool:
    """What nobody need look at: a timer was started, an old ticket went into the archive."""
    if event.kind == "onTicketDelete":
        return True
    return event.kind == "onTimeEntryCreate" and event.record.get("timer_running") is True


def _actor(actor: Payload) -> Row:
    """Id and kind of the one who did it; the platform's record of that user has addresses, too."""
    kind = actor.get("type")
    word = _ACTOR.get(kind.lower(), "unknown") if isinstance(kind, str) else "unknown"
    who = without_gaps(actor=identity(actor.get("id")))
    return who | {"actor_kind": word if who or word == "system" else "unknown"}


def _settled(row: Row) -> Row:
    """What a customer says in the portal is no agent's reply; where nobody is named, less is sure."""
    if row["actor_kind"] == "requester" and row["kind"] == "replied":
        row = row | {"kind": "customer_replied"}
    return row | {"grade": "B" if row["actor_kind"] == "unknown" else "A"}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)  # ASCII, so any text can be encoded
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()
