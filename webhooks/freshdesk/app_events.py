"""What the record of an app event says, as rows of events. Pure.

A record is what the platform sends of a ticket, a conversation or a time entry; only `RECORD_FIELDS` of it are read.
https://developers.freshworks.com/docs/app-sdk/v3.0/support_ticket/serverless-apps/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from webhooks.reading import Payload, identity, part, tags, text_time, without_gaps

# What the app may forward of a record: no text, no address.
RECORD_FIELDS = (
    "agent_id", "archive", "changes", "created_at", "executed_at", "field_type", "group_id", "id", "incoming", "name",
    "priority", "private", "responder_id", "source", "status", "tags", "ticket_id", "time_spent", "timer_running",
    "updated_at",
)  # fmt: skip
# Of its `changes`: others may hold a customer's words.
CHANGE_FIELDS = ("deleted", "group_id", "priority", "responder_id", "spam", "status", "tags")

_STATUS = {2: "open", 3: "pending", 4: "solved", 5: "closed"}
_PRIORITY = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_CHANNEL = {1: "email", 2: "web", 3: "phone", 5: "social", 6: "social", 7: "chat", 9: "web", 10: "email", 13: "social"}
_SPOKEN_CHANNEL = {5: "social", 7: "social", 9: "phone"}  # `source` of a conversation, which has codes of its own
_SURVEY = 6  # the source of a conversation that repeats a rating
_MOST_SECONDS = 10**7

Row = dict[str, str]
Rows = list[Row]


def created(record: Payload) -> Rows:
    """A ticket's beginning, under the ids that a pull gives it."""
    name = f"ticket:{identity(record.get('id'))}:created"
    when = without_gaps(at=text_time(record.get("created_at")))
    state = without_gaps(
        group=identity(record.get("group_id")),
        assignee=identity(record.get("responder_id")),
        priority=_priority(record.get("priority")),
    )
    first = _status("status", record.get("status")) or {"status": "open"}
    return [
        {"id": name, "kind": "created", **when, **state, **first},
        *({"id": f"{name}:tagged:{tag}", "kind": "tagged", "after": tag, **when} for tag in tags(record.get("tags"))),
    ]


def updated(record: Payload) -> Rows:
    """One row a change. Deleting and calling it spam are one deletion; what is taken back out is a change of status."""
    changes = part(record, "changes")
    when = without_gaps(at=text_time(record.get("updated_at")))
    for flag in ("deleted", "spam"):
        if _became(changes.get(flag), True):
            return [{"kind": "deleted", **when}]
    rows: Rows = []
    if any(_became(changes.get(flag), False) for flag in ("deleted", "spam")):
        back = _status("after", record.get("status")) or {"after": "open"}
        rows.append({"kind": "status", "before": "deleted", **back})
    for field, (kind, read) in _FIELDS.items():
        before, after = _pair(changes.get(field))
        found = without_gaps(before=read(before), after=read(after))
        if found.get("before") != found.get("after"):
            rows.append({"kind": kind, **found})
    before, after = _pair(changes.get("status"))
    old, new = _status("before", before), _status("after", after)
    if new and before != after:
        rows.append({"kind": "status", **old, **new})
    before, after = _pair(changes.get("tags"))
    rows += [{"kind": "tagged", "after": tag} for tag in tags(after) if tag not in tags(before)]
    rows += [{"kind": "untagged", "before": tag} for tag in tags(before) if tag not in tags(after)]
    return [row | when for row in rows]


def deleted(record: Payload) -> Rows:
    """A deletion; old tickets that are only put into the archive are told with the same event."""
    return [] if record.get("archive") is True else [{"kind": "deleted"}]


def spoke(record: Payload) -> Rows:
    """A reply or a note, under the id that a pull gives it."""
    incoming, private = record.get("incoming"), record.get("private")
    name = identity(record.get("id"))
    if not isinstance(incoming, bool) or not isinstance(private, bool) or name is None:
        return []
    if record.get("source") == _SURVEY:
        return []
    kind = "customer_replied" if incoming else "noted" if private else "replied"
    by = _SPOKEN_CHANNEL.get(_number(record.get("source")) or 0)
    at = text_time(record.get("created_at"))
    return [without_gaps(id=f"conversation:{name}", kind=kind, at=at, channel=by)]


def handled(record: Payload) -> Rows:
    """Time that an agent entered, under the id that a pull gives it; a timer that still runs has said nothing yet."""
    seconds, agent, name = _number(record.get("time_spent")), identity(record.get("agent_id")), record.get("id")
    if seconds is None or not 0 < seconds < _MOST_SECONDS or agent is None or identity(name) is None:
        return []
    if record.get("timer_running") is not False:
        return []
    ended = text_time(record.get("executed_at"))
    began = None if ended is None else (datetime.fromisoformat(ended) - timedelta(seconds=seconds)).isoformat()
    named, who = f"time_entry:{identity(name)}", {"actor": agent, "actor_kind": "agent"}
    return [without_gaps(id=named, kind="handled", after=str(seconds), at=ended, started_at=began) | who]


def channel(record: Payload) -> str | None:
    """Of a ticket's record."""
    source = _number(record.get("source"))
    return None if source is None else _CHANNEL.get(source, "other")


def _status(name: str, value: Any) -> Row:
    """Our word, and the platform's code beside it: what a status of the account's own means is known at arrival.

    Until then it counts as pending: work not done yet.
    """
    code = _number(value)
    return {} if code is None else {name: _STATUS.get(code, "pending"), f"{name}_code": str(code)}


def _priority(value: Any) -> str | None:
    code = _number(value)
    return None if code is None else _PRIORITY.get(code)


def _number(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 12 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


def _became(value: Any, truth: bool) -> bool:
    before, after = _pair(value)
    return after is truth and before is not truth


_FIELDS: Mapping[str, tuple[str, Callable[[Any], str | None]]] = {
    "group_id": ("moved", identity),
    "priority": ("priority", _priority),
    "responder_id": ("assigned", identity),
}
