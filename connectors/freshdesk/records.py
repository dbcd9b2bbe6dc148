"""Rows of lists -> events: conversations, time entries, ratings, availability. No text is kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from connectors.columns import Columns
from connectors.freshdesk.diffs import CHANNELS, PRIORITIES, Context, Out
from connectors.freshdesk.sights import TROUBLE, Row, Sight, epoch, identity
from helpdesk_wellbeing.feed import MEMORY, TICKETS

_SURVEY = 6  # a conversation that repeats a rating
_CONVERSATION_CHANNELS = {5: "social", 7: "social", 9: "phone"}
_MOST_SECONDS = 10**7
_CLASSIC = {1: "good", 2: "neutral", 3: "bad"}
_NEUTRAL = 100

Snapshot = dict[str, tuple[str, str]]  # agent -> (word, since)


def states(rows: Sequence[Row], context: Context) -> pl.DataFrame:
    """The present state of each ticket, as `feed.TICKETS`."""
    sights = [row.sight for row in rows]
    frame = pl.DataFrame(
        {
            "ticket": [seen.ticket for seen in sights],
            "created_at": [seen.created * 1_000_000 for seen in sights],
            "updated_at": [seen.at * 1_000_000 for seen in sights],
            "status": ["deleted" if seen.gone else context.word(seen.status) for seen in sights],
            "group": [seen.group for seen in sights],
            "assignee": [seen.assignee for seen in sights],
            "priority": [PRIORITIES.get(seen.priority or 0) for seen in sights],
            "channel": [CHANNELS.get(seen.source or 0, "other") for seen in sights],
        },
        schema={name: pl.Int64() if name.endswith("_at") else pl.String() for name in TICKETS},
    )
    return frame.unique("ticket", keep="last", maintain_order=True).cast(dict(TICKETS))  # type: ignore[arg-type]


def memories(sights: Iterable[Sight]) -> pl.DataFrame:
    """What is to be remembered of tickets, as `feed.MEMORY`; the last sight of a ticket counts."""
    rows = {seen.ticket: seen.dump() for seen in sights}
    return pl.DataFrame({"ticket": list(rows), "memory": list(rows.values())}, schema=MEMORY)


def strangers(rows: Iterable[Any], context: Context) -> set[str]:
    """Who wrote what only staff can write and isn't known as staff."""
    found = set()
    for row in rows:
        if isinstance(row, dict) and row.get("incoming") is False and row.get("source") != _SURVEY:
            who = identity(row.get("user_id"))
            if who is not None and who not in context.staff and who != context.own_user:
                found.add(who)
    return found


def conversations(seen: Sight, rows: Iterable[Any], out: Out) -> None:
    """Replies and notes of one ticket, by their authors."""
    for row in rows:
        _one(row, out, lambda row: _conversation(seen, row, out))


def _conversation(seen: Sight, row: Any, out: Out) -> None:
    number, at, who = int(row["id"]), epoch(row["created_at"]), identity(row.get("user_id"))
    source = row.get("source")
    if source == _SURVEY:
        return
    if row["incoming"] is True:
        kind, actor_kind = "customer_replied", "requester"
    else:
        kind, actor_kind = "noted" if row["private"] is True else "replied", _author(who, out.context)
    if who is None:
        actor_kind = "unknown"
    index = _add(out, f"conversation:{number}", at, seen.ticket, kind, who, actor_kind, None)
    usual = CHANNELS.get(seen.source or 0, "other")
    out.sparse["channel"][index] = _CONVERSATION_CHANNELS.get(source, usual)


def _author(who: str | None, context: Context) -> str:
    if who is not None and who == context.own_user:
        return "integration"
    return "agent" if who in context.staff else "unknown"


def time_entries(rows: Iterable[Any], context: Context, now: int) -> Out:
    """`handled` for each entry with a stopped timer, by its agent, at the time it is booked on; those of the future
    wait. `now`: epoch seconds."""
    out: Out = Columns(context)
    for row in rows:
        _one(row, out, lambda row: _time_entry(row, out, now))
    return out


def _time_entry(row: Any, out: Out, now: int) -> None:
    if row.get("timer_running") is True:
        return
    number, at, who = int(row["id"]), epoch(row["executed_at"]), str(int(row["agent_id"]))
    seconds = _seconds(row)
    if not 0 < seconds < _MOST_SECONDS or at > now:
        return
    actor_kind = "integration" if who == out.context.own_user else "agent"  # nobody else can have one
    index = _add(out, f"time_entry:{number}", at, str(int(row["ticket_id"])), "handled", who, actor_kind, str(seconds))
    out.started[index] = at - seconds


def _seconds(row: Mapping[str, Any]) -> int:
    said = row.get("time_spent_in_seconds")
    if isinstance(said, int) and not isinstance(said, bool):
        return said
    hours, minutes = str(row["time_spent"]).split(":")[:2]
    return int(hours) * 3600 + int(minutes) * 60


def ratings(rows: Iterable[Any], context: Context) -> Out:
    """`rated` for each answer, by the requester, when it was given."""
    out: Out = Columns(context)
    for row in rows:
        _one(row, out, lambda row: _rating(row, out))
    return out


def _rating(row: Any, out: Out) -> None:
    number, at = int(row["id"]), epoch(row["created_at"])
    said = row.get("ratings")
    values = said if isinstance(said, dict) else {"default_question": row.get("rating")}
    value = values.get("default_question", next(iter(values.values()), None))
    if value is None:
        return
    who = identity(row.get("user_id"))
    kind = "requester" if who is not None else "unknown"
    _add(out, f"rating:{number}", at, str(int(row["ticket_id"])), "rated", who, kind, rating_word(int(value)))


def rating_word(value: int) -> str:
    """good | neutral | bad, on the classic scale (1 to 3) and on the present one (-103 to 103). Raises ValueError."""
    if value in _CLASSIC:
        return _CLASSIC[value]
    if abs(value) not in range(_NEUTRAL, _NEUTRAL + 4):
        raise ValueError(f"no rating: {value}")
    return "neutral" if value == _NEUTRAL else "good" if value > 0 else "bad"


def presence(rows: Iterable[Any], before: Mapping[str, tuple[str, str]], context: Context) -> tuple[Out, Snapshot]:
    """`availability` for each agent whose word changed since `before`, and the snapshot to compare with next time.

    Reads both forms of the list of agents. Changes between two snapshots stay unseen.
    """
    out: Out = Columns(context)
    snapshot = dict(before)
    for row in rows:
        _one(row, out, lambda row: _present(row, snapshot, out))
    return out, snapshot


def _present(row: Any, snapshot: Snapshot, out: Out) -> None:
    agent = str(int(row["id"]))
    word, since = _word_and_since(row)
    if since is None or row.get("deactivated") is True:
        return
    at = epoch(since)
    known = snapshot.get(agent)
    if known is not None and known[0] != word:  # who is seen for the first time hasn't changed as far as we know
        index = _add(out, f"availability:{agent}:{at}", at, None, "availability", agent, "agent", word)
        out.before[index] = known[0]
    snapshot[agent] = (word, since)


def _word_and_since(row: Mapping[str, Any]) -> tuple[str, str | None]:
    said = row.get("availability")
    if not isinstance(said, dict):
        return "online" if row["available"] is True else "away", row.get("available_since")
    channels = [one for one in said.get("channel_availability") or () if isinstance(one, dict)]
    stamps = [one["availability_updated_at"] for one in channels if one.get("availability_updated_at")]
    since = said.get("status_updated_at") or max(stamps, key=epoch, default=None)
    if any(one.get("available") is True for one in channels):
        return "online", since
    return "away" if any(one.get("logged_in") is True for one in channels) else "offline", since


def _one(row: Any, out: Out, read: Callable[[Any], None]) -> None:
    """Read one row; a row that can't be read is counted, and what it gave before is taken back."""
    rows = len(out.ids)
    try:
        read(row)
    except TROUBLE:
        out.cut(rows)
        out.unreadable += 1


def _add(
    out: Out, name: str, at: int, ticket: str | None, kind: str, actor: str | None, actor_kind: str, after: str | None
) -> int:
    index = len(out.ids)
    out.ids.append(name)
    out.at.append(at)
    out.ticket.append(ticket)
    out.actor.append(actor)
    out.actor_kind.append(actor_kind)
    out.kind.append(kind)
    out.before.append(None)
    out.after.append(after)
    out.batch.append(None)
    return index
