"""What a Freshdesk call says, as a `Delivery`. Pure: no network, no clock of its own.

- A webhook of an automation rule says that a ticket was touched and nothing that can be relied on: a hint.
  https://support.freshdesk.com/en/support/solutions/articles/132589
- An event that our Freshworks app forwards tells what happened and who did it. The app sends
  `{"event", "timestamp", "actor": {"id", "type"}, "record": {…}}`, with the record's fields in `RECORD_FIELDS` only.
  https://developers.freshworks.com/docs/app-sdk/v3.0/support_ticket/serverless-apps/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from helpdesk_wellbeing.deliveries import Delivery, delivery_key
from helpdesk_wellbeing.errors import BadPayload
from webhooks.reading import Headers, Payload, epoch_time, identity, part, tags, text_time, without_gaps

# What an admin puts into the rule: Trigger webhook, encoding JSON, content Advanced.
RULE_BODY = '{"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}'

# What the app may forward of a ticket, a conversation or a time entry: no text, no address.
RECORD_FIELDS = (
    "agent_id", "changes", "created_at", "executed_at", "group_id", "id", "incoming", "priority", "private",
    "responder_id", "source", "status", "tags", "ticket_id", "time_spent", "timer_running", "updated_at",
)  # fmt: skip

_STATUS = {2: "open", 3: "pending", 4: "solved", 5: "closed"}
_PRIORITY = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_CHANNEL = {1: "email", 2: "web", 3: "phone", 7: "chat", 9: "web", 10: "email"}
_ACTOR = {"agent": "agent", "user": "requester", "contact": "requester", "system": "system"}

Rows = list[dict[str, str]]


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
    if isinstance(kind, str) and (kind in _KINDS or kind in _ONLY_HINTS):
        return _app_event(payload, kind)
    return None


def _hint(rule: Payload, received: datetime) -> Delivery:
    ticket = identity(rule.get("ticket_id"))
    if ticket is None:
        raise BadPayload(
            "ticket_id: not the id of a ticket; put the body from webhooks/freshdesk/README.md in the rule"
        )
    said = _digest([rule.get("event"), rule.get("triggered_event")])
    return Delivery(delivery_key("rule", ticket, said, f"{received:%Y%m%d%H%M}"), tickets=(ticket,))


def _app_event(payload: Payload, kind: str) -> Delivery:
    record = part(payload, "record")
    subject = "id" if kind.startswith("onTicket") else "ticket_id"
    ticket = identity(record.get(subject))
    sent = epoch_time(payload.get("timestamp"))
    if ticket is None or sent is None:
        missing = [name for name, value in ((f"record.{subject}", ticket), ("timestamp", sent)) if value is None]
        raise BadPayload(f"{', '.join(missing)}: not as our Freshworks app sends {kind}")
    key = delivery_key("app", _digest(payload))  # a repeated forward has the same bytes, and events have no id
    common = without_gaps(at=sent, ticket=ticket, grade="A", channel=_code(record.get("source"), _CHANNEL, "other"))
    if kind.startswith("onTicket"):
        common["batch"] = key
    else:
        common.pop("channel", None)  # `source` of a conversation is its own kind, not the ticket's channel
    common |= _actor(part(payload, "actor"))
    found = _KINDS[kind](record) if kind in _KINDS else []
    rows = ({"id": f"webhook:{key}.{number}", **common, **values} for number, values in enumerate(found))
    return Delivery(key, tuple(_settled(row) for row in rows), (ticket,))


def _actor(actor: Payload) -> dict[str, str]:
    kind = actor.get("type")
    word = _ACTOR.get(kind.lower(), "unknown") if isinstance(kind, str) else "unknown"
    return without_gaps(actor=identity(actor.get("id")), actor_kind=word)


def _settled(row: dict[str, str]) -> dict[str, str]:
    """Who isn't named can't be an agent; what a customer says in the portal is no agent's reply."""
    if "actor" not in row and row["actor_kind"] != "system":
        return row | {"actor_kind": "unknown"}
    if row["actor_kind"] == "requester" and row["kind"] == "replied":
        return row | {"kind": "customer_replied"}
    return row


# One function a kind: the record to the columns in which its events differ.


def _created(record: Payload) -> Rows:
    state = without_gaps(
        at=text_time(record.get("created_at")),
        group=identity(record.get("group_id")),
        assignee=identity(record.get("responder_id")),
        status=_status(record.get("status")) or "open",
        priority=_priority(record.get("priority")),
    )
    when = {"at": state["at"]} if "at" in state else {}
    return [
        {"kind": "created", **state},
        *({"kind": "tagged", "after": tag, **when} for tag in tags(record.get("tags"))),
    ]


def _updated(record: Payload) -> Rows:
    changes = part(record, "changes")
    when = without_gaps(at=text_time(record.get("updated_at")))
    if _became_true(changes.get("deleted")) or _became_true(changes.get("spam")):
        return [{"kind": "deleted", **when}]
    rows: Rows = []
    for field, (kind, read) in _FIELDS.items():
        pair = changes.get(field)
        if isinstance(pair, list) and len(pair) == 2:
            before, after = read(pair[0]), read(pair[1])
            if before != after and (kind != "status" or after is not None):
                rows.append(without_gaps(kind=kind, before=before, after=after) | when)
    return rows


def _deleted(record: Payload) -> Rows:
    return [{"kind": "deleted"}]


def _spoke(record: Payload) -> Rows:
    incoming, private = record.get("incoming"), record.get("private")
    if not isinstance(incoming, bool) or not isinstance(private, bool):
        return []
    kind = "customer_replied" if incoming else "noted" if private else "replied"
    return [without_gaps(kind=kind, at=text_time(record.get("created_at")))]


def _handled(record: Payload) -> Rows:
    """Time that an agent entered; a timer that still runs has said nothing yet."""
    seconds, agent = record.get("time_spent"), identity(record.get("agent_id"))
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 10**7 or agent is None:
        return []
    if record.get("timer_running") is not False:
        return []
    when = text_time(record.get("executed_at"))
    return [without_gaps(kind="handled", after=str(seconds), actor=agent, actor_kind="agent", at=when)]


def _status(value: Any) -> str | None:
    """Our word; a status that the account added counts as pending: work not done yet."""
    return _code(value, _STATUS, "pending")


def _priority(value: Any) -> str | None:
    return _code(value, _PRIORITY, None)


def _code(value: Any, words: Mapping[int, str], otherwise: str | None) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return words.get(value, otherwise)


def _became_true(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and pair[1] is True


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)  # ASCII, so any text can be encoded
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


_FIELDS: dict[str, tuple[str, Callable[[Any], str | None]]] = {
    "group_id": ("moved", identity),
    "priority": ("priority", _priority),
    "responder_id": ("assigned", identity),
    "status": ("status", _status),
}
_KINDS: dict[str, Callable[[Payload], Rows]] = {
    "onConversationCreate": _spoke,
    "onTicketCreate": _created,
    "onTicketDelete": _deleted,
    "onTicketUpdate": _updated,
    "onTimeEntryCreate": _handled,
}
# A correction of what was said before: only a pull can tell what holds now.
_ONLY_HINTS = frozenset({"onConversationUpdate", "onTimeEntryDelete", "onTimeEntryUpdate"})
