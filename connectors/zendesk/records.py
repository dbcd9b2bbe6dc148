"""Rows of the other streams -> our frames: ticket states, SLA breaches, ratings, availability. Pure."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.answers import read_json
from connectors.columns import declared
from connectors.zendesk import vias
from connectors.zendesk.columns import Context
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
_STATUS_WORDS = {word: word for word in events.STATUSES}
_PRIORITY_WORDS: dict[str, str | None] = {word: word for word in events.PRIORITIES} | {"": None, "-": None}
_ROW = pl.Schema(
    {
        "id": pl.Int64(),
        "created_at": pl.String(),
        "updated_at": pl.String(),
        "generated_timestamp": pl.Int64(),
        "status": pl.String(),
        "custom_status_id": pl.Int64(),
        "group_id": pl.Int64(),
        "assignee_id": pl.Int64(),
        "priority": pl.String(),
        "via": pl.Struct({"channel": pl.String()}),
    }
)
_NO_ROWS = pl.DataFrame(schema=_ROW)
_EXPORT = pl.Schema(
    {"tickets": pl.List(pl.Struct(dict(_ROW))), "after_cursor": pl.String(), "end_of_stream": pl.Boolean()}
)
_TROUBLE = (KeyError, TypeError, ValueError, AttributeError)


@dataclass
class Read:
    """One page of a stream as frames, and what was strange in it."""

    events: pl.DataFrame = field(default_factory=events.empty)
    tickets: pl.DataFrame | None = None
    newest: int | None = None  # epoch seconds
    unreadable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def parse_tickets(body: bytes) -> Any:
    """An answer of the ticket export with its rows as a frame of the few fields we read; with a list where a
    field has another type than it should. Raises ValueError where it is no JSON.
    """
    try:
        answer = pl.read_json(io.BytesIO(body), schema=_EXPORT)
        if answer.height != 1 or answer["tickets"][0] is None:
            return read_json(body)
        rows = answer.select(pl.col("tickets").explode()).unnest("tickets") if len(answer["tickets"][0]) else _NO_ROWS
        return {
            "tickets": rows,
            "after_cursor": answer["after_cursor"][0],
            "end_of_stream": answer["end_of_stream"][0],
        }
    except pl.exceptions.PolarsError:
        return read_json(body)


def cut_tickets(rows: pl.DataFrame | list[Any], end: int) -> tuple[pl.DataFrame, bool]:
    """The tickets whose last change was before `end` (epoch seconds), and whether others came, too."""
    frame = _as_frame(rows)[0]
    kept = frame.filter(pl.col("generated_timestamp").is_null() | (pl.col("generated_timestamp") < end))
    return kept, kept.height < frame.height


def ticket_states(rows: pl.DataFrame | Sequence[Any], context: Context) -> Read:
    """The current state of each ticket: no subject, no text, no requester. The last of repeated rows
    counts."""
    read = Read()
    frame, read.unreadable = _as_frame(rows)
    newest = frame["generated_timestamp"].max()
    read.newest = newest if isinstance(newest, int) else None
    states = frame.select(
        pl.col("id").cast(pl.String).alias("ticket"),
        pl.col("created_at", "updated_at").str.to_datetime(time_unit="us", time_zone="UTC", strict=False),
        _words(frame, "status", _STATUS_WORDS, "pending", read.unknown),
        pl.col("custom_status_id").cast(pl.String),
        pl.col("group_id").cast(pl.String).alias("group"),
        pl.col("assignee_id").cast(pl.String).alias("assignee"),
        _words(frame, "priority", _PRIORITY_WORDS, None, read.unknown),
        pl.Series("channel", _channels(frame["via"].struct.field("channel")), dtype=pl.String),
    )
    if context.overrides:
        wish = pl.col("custom_status_id").replace_strict(dict(context.overrides), default=None, return_dtype=pl.String)
        gone = pl.col("status").is_in(["closed", "deleted"])
        states = states.with_columns(
            pl.when(gone).then("status").otherwise(pl.coalesce(wish, "status")).alias("status")
        )
    whole = states.drop_nulls(["ticket", "created_at", "updated_at"])
    read.unreadable += states.height - whole.height
    last = whole.unique("ticket", keep="last", maintain_order=True)
    read.tickets = last.select(TICKETS.names()).cast(TICKETS)
    return read


def _as_frame(rows: pl.DataFrame | Sequence[Any]) -> tuple[pl.DataFrame, int]:
    """Rows as a frame, and how many were left out because a field has another type than it should."""
    if isinstance(rows, pl.DataFrame):
        return rows, 0
    kept: list[dict[str, Any]] = []
    for row in rows:
        try:
            via = row.get("via")
            kept.append(
                {name: _text(row.get(name)) for name in ("created_at", "updated_at", "status", "priority")}
                | {name: _number(row.get(name)) for name in ("custom_status_id", "group_id", "assignee_id")}
                | {"id": int(row["id"]), "generated_timestamp": _number(row.get("generated_timestamp"))}
                | {"via": {"channel": _text(via.get("channel") if isinstance(via, dict) else via)}}
            )
        except _TROUBLE:
            continue
    return pl.DataFrame(kept, schema=_ROW), len(rows) - len(kept)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> int | None:
    return None if value is None or value == "" else int(value)


def _words(
    frame: pl.DataFrame, name: str, words: Mapping[str, str | None], other: str | None, unknown: Counter[str]
) -> pl.Series:
    """A column in our words; those we don't know become `other` and are counted."""
    given = frame[name].str.strip_chars().str.to_lowercase()
    strangers = int((~given.is_in(list(words)) & given.is_not_null()).sum())
    if strangers:
        unknown[name] += strangers
    absent = other if name == "status" else None
    mapped = given.replace_strict(dict(words), default=other, return_dtype=pl.String)
    return mapped.fill_null(absent) if absent else mapped


def _channels(labels: pl.Series) -> list[str]:
    meaning: dict[str | None, str] = {label: vias.of(label).channel for label in labels.unique().to_list()}
    return [meaning[label] for label in labels.to_list()]


def breaches(rows: Sequence[Any], context: Context) -> Read:
    """`sla_breached` for each breach that was not withdrawn, at the time of the breach, the metric in
    `after`."""
    return _each(rows, context, _breach)


def ratings(rows: Sequence[Any], context: Context) -> Read:
    """`rated` for each answered legacy rating, by its requester, when it was given; offers are no answers."""
    return _each(rows, context, _legacy_rating)


def survey_answers(rows: Sequence[Any], context: Context) -> Read:
    """`rated` for each survey response with a rating; what was written is not read."""
    return _each(rows, context, _survey_ratings)


Found = dict[str, Any]


def _each(rows: Sequence[Any], context: Context, events_of: Callable[[Any, Read], Iterable[Found]]) -> Read:
    """What `events_of` makes of each row; a row that it stumbles over is counted, and what it gave before is kept."""
    read = Read()
    found: list[Found] = []
    for row in rows:
        try:
            found.extend(events_of(row, read))
        except _TROUBLE:
            read.unreadable += 1
    read.events = _frame(found, context)
    return read


def _breach(row: Any, read: Read) -> Iterator[Found]:
    at = _instant(row["time"])
    _note_newest(read, at)
    if row["type"] != "breach" or row.get("deleted"):
        return
    yield {
        "id": f"m{int(row['id'])}",
        "at": at,
        "ticket": str(int(row["ticket_id"])),
        "actor_kind": "system",
        "kind": "sla_breached",
        "after": str(row["metric"]),
    }


def _legacy_rating(row: Any, read: Read) -> Iterator[Found]:
    at = _instant(row.get("updated_at") or row["created_at"])
    _note_newest(read, at)
    score = _SCORES.get(str(row["score"]).split("_")[0])
    if score is not None:
        yield _rated(f"r{int(row['id'])}.{score}", at, str(int(row["ticket_id"])), row["requester_id"], score)


def _survey_ratings(row: Any, read: Read) -> Iterator[Found]:
    for ordinal, answer in enumerate(row.get("answers") or ()):
        score = _SCORES.get(str(answer.get("rating_category")))
        if answer.get("type") != "rating_scale" or score is None:
            continue
        stamps = answer.get("updated_at"), answer.get("created_at"), row.get("updated_at")
        at = _instant(next((stamp for stamp in stamps if stamp), None) or row["created_at"])
        _note_newest(read, at)
        for ticket in _surveyed_tickets(row):
            yield _rated(f"v{row['id']}.{ordinal}.{score}", at, ticket, row["responder_id"], score)


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
        if agent in snapshot:  # who is seen for the first time hasn't changed as far as we know
            found.append(
                {
                    "id": f"a{agent}.{since}",
                    "at": at,
                    "ticket": None,
                    "actor": agent,
                    "actor_kind": "agent",
                    "kind": "availability",
                    "before": snapshot[agent][0],
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


def _id(value: Any) -> str | None:
    return None if value is None or value == "" or value == 0 else str(value)
