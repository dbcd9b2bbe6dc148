"""One written save as the platform shows it, in audits and in the event stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.simulating.text import numbers_of

from .ledger import Save
from .words import BRAND, CANARY, CHANNELS, FORM, STATUS_IDS

Object = dict[str, Any]
_STATES = {
    "status": "status", "deleted": "status", "assigned": "assignee_id", "moved": "group_id", "priority": "priority",
}  # fmt: skip
_COMMENTS = ("replied", "noted", "customer_replied")
_KEEP_CUSTOM_STATUS = ("closed", "deleted")


@dataclass(frozen=True)
class Comment:
    """What was said; `author` is a user."""

    body: str
    public: bool
    author: int


@dataclass(frozen=True)
class Told:
    """What our events do not say of a save. `values`: custom field -> (before, after)."""

    author: int
    channel: str  # a word of `CHANNELS`
    comment: Comment | None = None
    values: Mapping[int, tuple[Any, Any]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None  # of a ticket that it creates
    custom_statuses: bool = True


def save_of(children: Sequence[Mapping[str, Any]], told: Told) -> Save:
    """The save that made `children`, rows of the frame of children in their order."""
    first = children[0]
    audit, ticket, sec = int(first["audit"]), int(first["ticket_no"]), int(first["sec"])
    stamp = datetime.fromtimestamp(sec, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = list(_parts(children, told))
    word, label = CHANNELS[told.channel]
    via = {"channel": word, "source": {"from": {}, "to": {}, "rel": None}}
    system = {"client": "simulated", "ip_address": "192.0.2.17", "location": f"{CANARY}-place"}
    shown = {
        "id": audit, "ticket_id": ticket, "created_at": stamp, "author_id": told.author,
        "metadata": {"system": system, "custom": dict(told.metadata)},
        "events": [_in_audit(part, audit) for part in parts], "via": via,
    }  # fmt: skip
    head = {"id": audit, "ticket_id": ticket, "timestamp": sec, "created_at": stamp, "updater_id": told.author,
            "via": label, "system": system, "metadata": {}, "event_type": "Audit"}  # fmt: skip
    plain = {"child_events": [_in_stream(part, label) for part in parts], **head}
    full = {"child_events": [_in_stream(part, label, audit, stamp, via) for part in parts], **head}
    return Save(sec, shown, plain, full)


@dataclass(frozen=True)
class _Part:
    """A Comment, a Create or a Change."""

    id: int
    word: str
    name: str = ""
    value: Any = None
    previous: Any = None
    comment: Comment | None = None
    tags: tuple[list[str], list[str]] | None = None  # added, removed


def _parts(children: Sequence[Mapping[str, Any]], told: Told) -> Iterator[_Part]:
    creating = children[0]["kind"] == "created"
    for row in children:
        kind, no = str(row["kind"]), int(row["child"])
        if kind == "created":
            yield from _created(row, told)
        elif kind in _COMMENTS and told.comment is not None:
            yield _Part(no, "Comment", comment=told.comment)
        elif kind in ("tags", "first_tags"):
            yield from _tags(row)
        elif kind in _STATES:
            yield from _change(row, kind, told.custom_statuses)
    audit = int(children[0]["audit"])
    for place, (number, (old, new)) in enumerate(told.values.items()):
        word = "Create" if creating else "Change"
        yield _Part(audit * 100 + place, word, str(number), new, old)


def _created(row: Mapping[str, Any], told: Told) -> Iterator[_Part]:
    no = int(row["child"])
    yield _Part(no, "Comment", comment=told.comment)
    values = (
        ("subject", told.subject), ("requester_id", str(row["requester_no"])),
        ("priority", row["priority_after"] or None),
        ("type", None), ("status", row["status_after"]), ("group_id", _number(row["group_after"])),
        ("assignee_id", _number(row["assignee_after"])), ("brand_id", str(BRAND)), ("ticket_form_id", str(FORM)),
        ("custom_status_id", str(STATUS_IDS.get(row["status_after"], STATUS_IDS["solved"]))),
    )  # fmt: skip
    for place, (name, value) in enumerate(values if told.custom_statuses else values[:-1], start=1):
        yield _Part(no + place, "Create", name, value)


def _tags(row: Mapping[str, Any]) -> Iterator[_Part]:
    added, removed = orjson.loads(row["added"]), orjson.loads(row["removed"])
    if added or removed:
        before, after = orjson.loads(row["tags_before"]), orjson.loads(row["tags_after"])
        word = "Create" if row["kind"] == "first_tags" else "Change"
        yield _Part(int(row["child"]), word, "tags", after, before, tags=(added, removed))


def _change(row: Mapping[str, Any], kind: str, custom_statuses: bool) -> Iterator[_Part]:
    name, no = _STATES[kind], int(row["child"])
    state = name.removesuffix("_id")
    old, new = row[f"{state}_before"] or None, row[f"{state}_after"] or None
    if name.endswith("_id"):
        old, new = _number(old), _number(new)
    yield _Part(no, "Change", name, new, old)
    if name == "status" and custom_statuses and new not in _KEEP_CUSTOM_STATUS:
        now, before = (str(STATUS_IDS.get(word or "", STATUS_IDS["solved"])) for word in (new, old))
        yield _Part(no + 1, "Change", "custom_status_id", now, before)


def _in_audit(part: _Part, audit: int) -> Object:
    if part.comment is not None:
        return {"id": part.id, **_said(part.comment, audit)}
    shown: Object = {"id": part.id, "type": part.word, "value": part.value, "field_name": part.name}
    return shown | ({"previous_value": part.previous} if part.word == "Change" else {})


def _in_stream(
    part: _Part, label: str, audit: int | None = None, stamp: str = "", via: Mapping[str, Any] | None = None
) -> Object:
    """Comments show their text only where the audit is given."""
    if part.comment is not None:
        if audit is not None:
            said = _said(part.comment, audit)
            where = {"via": via, "via_reference_id": None}
            return {"id": part.id, **where, **said, "created_at": stamp, "event_type": "Comment"}
        present = {"comment_present": True, "comment_public": part.comment.public}
        return {"id": part.id, "via": label, "via_reference_id": None, "event_type": "Comment", **present}
    shown: Object = {"id": part.id, "via": label, "via_reference_id": None, part.name: part.value}
    if part.tags is not None and part.word == "Change":
        shown |= {"added_tags": part.tags[0], "removed_tags": part.tags[1]}
    shown["event_type"] = part.word
    return shown | ({"previous_value": part.previous} if part.word == "Change" else {})


def _said(comment: Comment, audit: int) -> Object:
    return {
        "type": "Comment", "author_id": comment.author, "body": comment.body, "html_body": f"<p>{comment.body}</p>",
        "plain_body": comment.body, "public": comment.public, "attachments": [], "audit_id": audit,
    }  # fmt: skip


def _number(word: str | None) -> str | None:
    return str(numbers_of([word])[0]) if word else None
