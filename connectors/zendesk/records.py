"""Rows of the other streams -> our frames: ticket states, SLA breaches, ratings, availability. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.zendesk import vias
from connectors.zendesk.normalise import Context, declared
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import TICKETS

_SCORES = {"good": "good", "bad": "bad", "neutral": "neutral"}
_PRESENCE = {
    "online": "online",
    "away": "away",
    "offline": "offline",
    "invisible": "offline",
    "not available": "away",
}
_PRESENCE |= {"transfers only": "away", "transfers_only": "away"}
_TROUBLE = (KeyError, TypeError, ValueError, AttributeError)


@dataclass
class Read:
    """One page of a stream as frames, and what was strange in it."""

    events: pl.DataFrame = field(default_factory=events.empty)
    tickets: pl.DataFrame | None = None
    newest: int | None = None  # epoch seconds
    unreadable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def ticket_states(rows: Sequence[Any], context: Context) -> Read:
    """The current state of each ticket: no subject, no text, no requester. The last of repeated rows
    counts."""
    read = Read()
    columns: dict[str, list[str | None]] = {name: [] for name in TICKETS}
    for row in rows:
        try:
            ticket = str(int(row["id"]))
            created, updated = str(row["created_at"]), str(row["updated_at"])
            status = _status(row, context, read.unknown)
            stamp = row.get("generated_timestamp")
        except _TROUBLE:
            read.unreadable += 1
            continue
        if isinstance(stamp, int) and (read.newest is None or stamp > read.newest):
            read.newest = stamp
        columns["ticket"].append(ticket)
        columns["created_at"].append(created)
        columns["updated_at"].append(updated)
        columns["status"].append(status)
        columns["group"].append(_id(row.get("group_id")))
        columns["assignee"].append(_id(row.get("assignee_id")))
        columns["priority"].append(_priority(row.get("priority"), read.unknown))
        columns["channel"].append(vias.of(row.get("via")).channel)
    frame = pl.DataFrame({name: pl.Series(values, dtype=pl.String) for name, values in columns.items()})
    frame = frame.with_columns(
        pl.col("created_at", "updated_at").str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    )
    whole = frame.filter(pl.col("created_at").is_not_null() & pl.col("updated_at").is_not_null())
    read.unreadable += frame.height - whole.height
    read.tickets = (
        whole.unique("ticket", keep="last", maintain_order=True).select(TICKETS.names()).cast(TICKETS)
    )
    return read


def breaches(rows: Sequence[Any], context: Context) -> Read:
    """`sla_breached` for each breach that was not withdrawn, at the time of the breach, the metric in
    `after`."""
    read = Read()
    found: list[dict[str, Any]] = []
    for row in rows:
        try:
            at = _instant(row["time"])
            _note_newest(read, at)
            if row["type"] != "breach" or row.get("deleted"):
                continue
            found.append(
                {
                    "id": f"m{int(row['id'])}",
                    "at": at,
                    "ticket": str(int(row["ticket_id"])),
                    "actor_kind": "system",
                    "kind": "sla_breached",
                    "after": str(row["metric"]),
                }
            )
        except _TROUBLE:
            read.unreadable += 1
    read.events = _frame(found, context)
    return read


def ratings(rows: Sequence[Any], context: Context) -> Read:
    """`rated` for each answered legacy rating, by its requester, when it was given; offers are no answers."""
    read = Read()
    found: list[dict[str, Any]] = []
    for row in rows:
        try:
            at = _instant(row.get("updated_at") or row["created_at"])
            _note_newest(read, at)
            score = _SCORES.get(str(row["score"]).split("_")[0])
            if score is None:
                continue
            found.append(
                _rated(
                    f"r{int(row['id'])}.{score}", at, str(int(row["ticket_id"])), row["requester_id"], score
                )
            )
        except _TROUBLE:
            read.unreadable += 1
    read.events = _frame(found, context)
    return read


def survey_answers(rows: Sequence[Any], context: Context) -> Read:
    """`rated` for each survey response with a rating; what was written is not read."""
    read = Read()
    found: list[dict[str, Any]] = []
    for row in rows:
        try:
            for ordinal, answer in enumerate(row.get("answers") or ()):
                score = _SCORES.get(str(answer.get("rating_category")))
                if answer.get("type") != "rating_scale" or score is None:
                    continue
                at = _instant(
                    answer.get("updated_at")
                    or answer.get("created_at")
                    or row.get("updated_at")
                    or row["created_at"]
                )
                _note_newest(read, at)
                for ticket in _surveyed_tickets(row):
                    found.append(
                        _rated(f"v{row['id']}.{ordinal}.{score}", at, ticket, row["responder_id"], score)
                    )
        except _TROUBLE:
            read.unreadable += 1
    read.events = _frame(found, context)
    return read


def presence(
    rows: Sequence[Any], before: Mapping[str, tuple[str, str]], context: Context
) -> tuple[Read, dict[str, tuple[str, str]]]:
    """`availability` for each agent whose status changed since `before`, and the snapshot to compare with
    next time.

    A snapshot maps an agent's id to (word, since). Changes between two snapshots stay unseen.
    """
    read = Read()
    snapshot = dict(before)
    found: list[dict[str, Any]] = []
    for row in rows:
        try:
            attributes = row["attributes"]
            agent = str(int(attributes["agent_id"]))
            status = attributes["agent_status"]
            name = str(status["name"]).strip().lower()
            word = _PRESENCE.get(name)
            if word is None:
                read.unknown["agent status"] += 1
                word = "away"
            since = str(status["updated_at"])
            at = _instant(since)
        except _TROUBLE:
            read.unreadable += 1
            continue
        _note_newest(read, at)
        if snapshot.get(agent) == (word, since):
            continue
        found.append(
            {
                "id": f"a{agent}.{since}",
                "at": at,
                "ticket": "",
                "actor": agent,
                "actor_kind": "agent",
                "kind": "availability",
                "before": snapshot[agent][0] if agent in snapshot else None,
                "after": word,
            }
        )
        snapshot[agent] = (word, since)
    read.events = _frame(found, context)
    return read, snapshot


def _rated(identity: str, at: datetime, ticket: str, who: Any, score: str) -> dict[str, Any]:
    return {
        "id": identity,
        "at": at,
        "ticket": ticket,
        "actor": _id(who),
        "actor_kind": "requester",
        "kind": "rated",
        "after": score,
    }


def _surveyed_tickets(row: Mapping[str, Any]) -> list[str]:
    subjects = row.get("subject_zrns") or ([row["subject_zrn"]] if row.get("subject_zrn") else [])
    return [zrn.rsplit(":", 1)[1] for zrn in subjects if zrn.startswith("zen:ticket:")]


def _frame(found: list[dict[str, Any]], context: Context) -> pl.DataFrame:
    if not found:
        return events.empty()
    schema = {"at": events.UTC} | {
        name: pl.String() for name in ("id", "ticket", "actor", "actor_kind", "kind", "before", "after")
    }
    frame = pl.DataFrame(found, schema=schema)
    return declared(frame.with_columns(pl.lit(context.account).alias("account"), pl.lit("A").alias("grade")))


def _instant(value: Any) -> datetime:
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError("a time without a zone")
    return parsed.astimezone(UTC)


def _note_newest(read: Read, at: datetime) -> None:
    epoch = int(at.timestamp())
    if read.newest is None or epoch > read.newest:
        read.newest = epoch


def _status(row: Mapping[str, Any], context: Context, unknown: Counter[str]) -> str:
    override = context.overrides.get(_id(row.get("custom_status_id")) or "")
    if override:
        return override
    word = str(row["status"]).strip().lower()
    if word in events.STATUSES:
        return word
    unknown["status"] += 1
    return "pending"


def _priority(value: Any, unknown: Counter[str]) -> str | None:
    if value is None or value == "" or value == "-":
        return None
    word = str(value).strip().lower()
    if word in events.PRIORITIES:
        return word
    unknown["priority"] += 1
    return None


def _id(value: Any) -> str | None:
    return None if value is None or value == "" or value == 0 else str(value)
