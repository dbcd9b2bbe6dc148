"""Rows of the daily activity export -> events, each by the one who did it. No text is kept. Pure.

A row says what its save set, never what was there before, and bears no id. Groups and statuses come by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from connectors.columns import Columns
from connectors.freshdesk.diffs import CHANNELS, PRIORITIES, Context, Out
from connectors.freshdesk.sights import TROUBLE, identity

TOLD = "activity:"  # how the ids begin of what only these rows tell
_FORMAT = "%d-%m-%Y %H:%M:%S %z"
_REPLY, _PRIVATE = 0, 4
_FIRST_STATE = ("status", "priority", "agent_id", "group")
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Names:
    """What rows don't say."""

    statuses: Mapping[str, str]  # labels in small letters -> our words
    groups: Mapping[str, str]  # names -> ids
    channels: Mapping[str, str] = field(default_factory=dict)  # of tickets


@dataclass(frozen=True)
class _Row:
    digest: str
    at: int
    ticket: str
    actor: str | None
    actor_kind: str
    done: Mapping[str, Any]


def strangers(rows: Iterable[Any], context: Context) -> set[str]:
    """Who did what only staff can do and isn't known as staff."""
    found = set()
    for row in rows:
        who = _user(row)
        if who is not None and who not in context.staff and who != context.own_user and _is_by_staff(row["activity"]):
            found.add(who)
    return found


def tickets(rows: Iterable[Any]) -> list[str]:
    """The tickets that rows are about."""
    named = {str(row["ticket_id"]) for row in rows if isinstance(row, dict) and isinstance(row.get("ticket_id"), int)}
    return sorted(named)


def read(rows: Iterable[Any], context: Context, names: Names, now: int) -> Out:
    """The events of rows; rows that can't be read are counted in `unreadable`, names that nobody knows in `unknown`.

    `now`: epoch seconds; nothing can have happened later.
    """
    out: Out = Columns(context)
    ranks: Counter[tuple[str, int]] = Counter()
    for raw in rows:
        length = len(out.ids)
        try:
            row = _row(raw, context, now)
            _tell(row, names, out)
            _put_in_order(row, ranks, out, length)
        except (*TROUBLE, OverflowError):
            out.cut(length)
            out.unreadable += 1
    return out


def stamp(text: Any) -> int:
    """A time of the export, day first, as epoch seconds. Raises one of `TROUBLE`."""
    return int(datetime.strptime(text, _FORMAT).timestamp())


def _row(raw: Any, context: Context, now: int) -> _Row:
    at, done = stamp(raw["performed_at"]), raw["activity"]
    if not isinstance(done, dict) or not 0 < at <= now:
        raise ValueError("no activity")
    digest = sha256(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
    return _Row(digest, at, str(int(raw["ticket_id"])), *_performer(raw, done, context), done)


def _performer(raw: Mapping[str, Any], done: Mapping[str, Any], context: Context) -> tuple[str | None, str]:
    rule = done.get("automation")
    if raw.get("performer_type") == "system" or rule is not None:
        name = rule.get("rule") if isinstance(rule, dict) else None
        return (name[:_LONGEST_NAME] or None) if isinstance(name, str) else None, "system"
    who = _user(raw)
    if who is None:
        return None, "unknown"
    if who == context.own_user:
        return who, "integration"
    if who in context.staff:
        return who, "agent"
    return who, "unknown" if _is_by_staff(done) else "requester"


def _user(raw: Any) -> str | None:
    """Who did it where it was somebody: an agent or a contact, the row doesn't tell which."""
    if not isinstance(raw, dict) or raw.get("performer_type") != "user" or not isinstance(raw.get("activity"), dict):
        return None
    return identity(raw.get("performer_id"))


def _is_by_staff(done: Mapping[str, Any]) -> bool:
    """Whether no customer can have done it; what a new ticket comes with was nobody's act."""
    if done.get("new_ticket"):
        return False
    note = done.get("note")
    is_private = isinstance(note, dict) and note.get("type") == _PRIVATE
    return is_private or any(done.get(name) for name in ("agent_id", "added_tags", "removed_tags", "spam", "deleted"))


def _tell(row: _Row, names: Names, out: Out) -> None:
    done = row.done
    if done.get("new_ticket") is True:
        _begin(row, names, out)
        return
    _note(row, names, out)
    if done.get("deleted") is True or done.get("spam") is True:
        _add(row, out, "deleted", names)
        return
    for kind, after in _changes(done, names, out):
        _add(row, out, kind, names, after=after)
    for tag in _tags(done, "added_tags"):
        _add(row, out, "tagged", names, after=tag)
    for tag in _tags(done, "removed_tags"):
        _add(row, out, "untagged", names, before=tag)


def _put_in_order(row: _Row, ranks: Counter[tuple[str, int]], out: Out, first: int) -> None:
    """What happened to a ticket in one second is in order here, its creation first."""
    if row.done.get("new_ticket") is True:
        return
    ranks[row.ticket, row.at] += 1
    for index in range(first, len(out.ids)):
        if out.ids[index].startswith(TOLD):
            out.order[index] = ranks[row.ticket, row.at]


def _begin(row: _Row, names: Names, out: Out) -> None:
    """A creation that says all of the first state; of others the list of tickets tells better."""
    if not all(name in row.done for name in _FIRST_STATE):
        return
    state = dict(_changes(row.done, names, out))
    if len(state) < len(_FIRST_STATE):
        return
    index = _add(row, out, "created", names)
    source = row.done.get("source")
    if isinstance(source, int):
        out.sparse["channel"][index] = CHANNELS.get(source, "other")
    for kind, column in (("status",) * 2, ("priority",) * 2, ("assigned", "assignee"), ("moved", "group")):
        out.sparse[column][index] = state[kind]
    for tag in _tags(row.done, "added_tags"):
        _add(row, out, "tagged", names, after=tag)


def _note(row: _Row, names: Names, out: Out) -> None:
    """What staff wrote, under the id that the ticket's conversations give it. Who else wrote, and the other types of
    notes, are told by those."""
    note = row.done.get("note")
    if not isinstance(note, dict) or row.actor_kind not in ("agent", "integration"):
        return
    kind = {_REPLY: "replied", _PRIVATE: "noted"}.get(note["type"])
    if kind is not None:
        index = _add(row, out, kind, names)
        out.ids[index] = f"conversation:{int(note['id'])}"
        out.batch[index] = None


def _changes(done: Mapping[str, Any], names: Names, out: Out) -> Iterator[tuple[str, str | None]]:
    for name, (kind, mean) in _FIELDS.items():
        if name in done:
            try:
                yield kind, mean(done[name], names)
            except KeyError:
                out.unknown[name] += 1


def _status(value: Any, names: Names) -> str:
    return names.statuses[value.strip().lower()]


def _priority(value: Any, names: Names) -> str:
    return PRIORITIES[int(value)]


def _assignee(value: Any, names: Names) -> str | None:
    return None if value is None else str(int(value))


def _group(value: Any, names: Names) -> str | None:
    return None if value in (None, "") else names.groups[value.strip()]


_FIELDS: Mapping[str, tuple[str, Callable[[Any, Names], str | None]]] = {
    "status": ("status", _status),
    "priority": ("priority", _priority),
    "agent_id": ("assigned", _assignee),
    "group": ("moved", _group),
}


def _tags(done: Mapping[str, Any], name: str) -> list[str]:
    said = done.get(name)
    return sorted({tag for tag in said if isinstance(tag, str) and tag}) if isinstance(said, list) else []


def _add(row: _Row, out: Out, kind: str, names: Names, before: str | None = None, after: str | None = None) -> int:
    index = len(out.ids)
    tag = f":{after or before}" if kind in ("tagged", "untagged") else ""
    out.ids.append(f"{TOLD}{row.digest}:{kind}{tag}")
    out.at.append(row.at)
    out.ticket.append(row.ticket)
    out.actor.append(row.actor)
    out.actor_kind.append(row.actor_kind)
    out.kind.append(kind)
    out.before.append(before)
    out.after.append(after)
    out.batch.append(f"{TOLD}{row.digest}")
    out.sparse["channel"][index] = names.channels.get(row.ticket, "other")
    return index
