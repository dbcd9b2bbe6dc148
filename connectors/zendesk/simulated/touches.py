"""Something happens while the account runs: one more event of ours, and what the platform's webhooks say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
import polars as pl

from connectors.simulating.text import numbers_of
from helpdesk_wellbeing.events import SCHEMA

from .words import BRAND, CANARY, CHANNELS, FORM

ACCOUNT_ID = 1
EVENTS_VERSION = "2022-11-06"
BY_REQUESTER = ("customer_replied",)
# our kind -> (event type below zen:event-type:ticket., the folded state that it changes)
KINDS: Mapping[str, tuple[str, str | None]] = {
    "created": ("created", None),
    "replied": ("comment_added", None),
    "noted": ("comment_added", None),
    "customer_replied": ("comment_added", None),
    "status": ("status_changed", "status"),
    "assigned": ("agent_assignment_changed", "assignee"),
    "moved": ("group_assignment_changed", "group"),
    "priority": ("priority_changed", "priority"),
    "tagged": ("tags_changed", None),
    "untagged": ("tags_changed", None),
    "deleted": ("soft_deleted", None),
}
_IDS = ("assignee", "group")
_NAMES = UUID("5e1a1c5e-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Touch:
    """What happened: one save of one change."""

    at: datetime  # UTC, whole seconds, as the platform keeps it
    ticket: str
    actor: str
    kind: str
    payload: Mapping[str, Any]  # as an event-subscribed webhook tells it
    save: int = 0  # the audit's id


def touched(events: pl.DataFrame, at: datetime, ticket: str, actor: str, kind: str, value: str | None) -> pl.DataFrame:
    """One more event, as a frame of one row.

    `value` is what a change leads to; of `untagged`, the tag that went. Raises ValueError for a kind that
    webhooks do not tell and for a time before the newest event, because ids are order in time.
    """
    if kind not in KINDS:
        raise ValueError(f"no webhook tells {kind}; these they tell: {', '.join(KINDS)}")
    at = at.astimezone(UTC).replace(microsecond=0)
    newest = events["at"].max()
    if isinstance(newest, datetime) and at < newest.replace(microsecond=0):
        raise ValueError(f"{at:%Y-%m-%dT%H:%M:%SZ} is before the newest event; what is touched is touched now")
    mine = events.filter(pl.col("ticket") == ticket)
    return _row(events, mine, at, ticket, actor, kind, value)


def told(children: pl.DataFrame, words: Mapping[str, str]) -> list[Touch]:
    """What webhooks say of children, one each, in the order of the save; `words`: kind by the event's id."""
    result: list[Touch] = []
    for row in children.sort("child").iter_rows(named=True):
        kind = words.get(row["id"], _word(row))
        if kind in KINDS:
            position = 1 + sum(touch.save == row["audit"] for touch in result)
            at = row["at"].replace(microsecond=0)
            payload = _payload(row, at, row["id"], position)
            result.append(Touch(at, row["ticket"], row["actor"] or "", kind, payload, row["audit"]))
    return result


def _word(row: Mapping[str, Any]) -> str:
    """Our word for a child; of tag changes together, tagged. First tags are told with the ticket's creation."""
    return "tagged" if row["kind"] == "tags" and row["added"] != row["removed"] else str(row["kind"])


def _row(
    events: pl.DataFrame, mine: pl.DataFrame, at: datetime, ticket: str, actor: str, kind: str, value: str | None
) -> pl.DataFrame:
    number = f"touch-{events.height}"
    row: dict[str, Any] = dict.fromkeys(SCHEMA) | {
        "id": number, "account": events["account"][0] if events.height else "", "at": at, "ticket": ticket,
        "actor": actor, "actor_kind": "requester" if kind in BY_REQUESTER else "agent", "kind": kind, "batch": number,
        "channel": mine["channel"][0] if mine.height else "email", "grade": "A",
        "before" if kind == "untagged" else "after": value,
    }  # fmt: skip
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame([row], schema=plain).cast(SCHEMA)


def _payload(told: Mapping[str, Any], at: datetime, name: str, position: int) -> dict[str, Any]:
    word, state = KINDS[told["kind"] if told["kind"] not in ("tags", "first_tags") else "tagged"]
    ticket, stamp = str(told["ticket_no"]), f"{at:%Y-%m-%dT%H:%M:%SZ}"
    sequence = str(uuid5(_NAMES, f"{told['audit']} {told['batch'] or name}")).upper()
    meta = {"meta": {"sequence": {"id": sequence, "position": position}}}
    return {
        "type": f"zen:event-type:ticket.{word}",
        "account_id": ACCOUNT_ID,
        "id": str(uuid5(_NAMES, f"{name} {stamp}")),
        "time": stamp,
        "zendesk_event_version": EVENTS_VERSION,
        "subject": f"zen:ticket:{ticket}",
        "detail": _detail(told, ticket, stamp),
        "event": _changed(told, state) | meta,
    }


def _detail(told: Mapping[str, Any], ticket: str, stamp: str) -> dict[str, Any]:
    """The ticket after the change: ids as text, words in capitals, "0" for nobody."""
    return {
        "id": ticket, "actor_id": str(told["actor_no"]), "assignee_id": _state(told, "assignee_after") or "0",
        "group_id": _state(told, "group_after") or "0", "requester_id": str(told["requester_no"]),
        "submitter_id": str(told["requester_no"]), "organization_id": "0", "brand_id": str(BRAND),
        "form_id": str(FORM), "external_id": "", "status": _state(told, "status_after"),
        "priority": _state(told, "priority_after"), "type": "QUESTION", "subject": f"{CANARY}-subject-{ticket}",
        "description": f"{CANARY}-description", "is_public": True, "tags": orjson.loads(told["tags_now"] or "[]"),
        "via": {"channel": CHANNELS[told["channel"]][0]}, "created_at": stamp, "updated_at": stamp,
    }  # fmt: skip


def _changed(told: Mapping[str, Any], state: str | None) -> dict[str, Any]:
    kind = told["kind"]
    if state is not None:
        return {"current": _state(told, f"{state}_after"), "previous": _state(told, f"{state}_before")}
    if kind in ("tags", "first_tags"):
        return {"tags_added": orjson.loads(told["added"]), "tags_removed": orjson.loads(told["removed"])}
    if KINDS[kind][0] == "comment_added":
        staff = kind not in BY_REQUESTER
        author = {"id": str(told["actor_no"]), "is_staff": staff, "name": f"{CANARY}-name"}
        body = f"{CANARY}-comment"
        return {"comment": {"id": str(told["child"]), "body": body, "is_public": kind != "noted", "author": author}}
    return {}


def _state(told: Mapping[str, Any], column: str) -> str | None:
    value = told[column]
    if not value:
        return None
    if column.partition("_")[0] in _IDS:
        return str(numbers_of([value])[0])
    return str(value).upper()
