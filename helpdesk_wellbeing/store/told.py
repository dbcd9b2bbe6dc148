"""One change is one event, whether an app told it, an export told it, a pull inferred it, or all, in any order.

Beside the events stands a row for each of the latest changes (`inferences.Change`), found by its ticket, so that the
cost follows the page or the arrival. An inferred event that is explained is kept here instead of among the events: it
comes back when something told late shows that it was none of what had been told.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.events import SCHEMA, empty
from helpdesk_wellbeing.inferences import EXPORTED, INFERRED, Change, corrections, repeated, unexplained
from helpdesk_wellbeing.store import events, provisional, state
from helpdesk_wellbeing.store.clock import MICROSECONDS_A_DAY, instant, micros
from helpdesk_wellbeing.store.dialect import insert_unless_there, records, texts
from helpdesk_wellbeing.store.events import Added, Owner
from helpdesk_wellbeing.store.tables import tickets, told

FIRST_SIGHT = "ticket:"  # how the ids begin of what a pull makes of the first sight of a ticket
KEPT = timedelta(days=10)  # behind what pulls have come to; the door takes nothing that is older than a week
KEPT_FOR_EXPORT = timedelta(days=40)  # a first pull reads a month of it, newest first
_BEGUN = "told"  # set when the first app event or activity of the account has come
_EXPORTS = "told_by_export"  # set when its first activity has

_STATE = {"status": "status", "assigned": "assignee", "moved": "group", "priority": "priority"}  # kind -> its state
_NEVER_NULL = ("status", "priority")
_GONE, _BACK = "deleted", "back"  # whether a ticket is deleted is a state of its own, beside the status
_TAGS = ("tagged", "untagged")
_CHANGES = (*_STATE, *_TAGS, "created", "deleted")
_ROWS = 20_000

_Row: TypeAlias = tuple[str, str, str, str | None, int, int | None]  # id, key, ticket, value, at, since


@dataclass(frozen=True)
class _Known:
    change: Change
    gave_way: bool  # and is kept in the table


@dataclass(frozen=True)
class _Sight:
    """A ticket as the platform listed it last; times in microseconds."""

    at: int
    channel: str | None
    state: Mapping[str, str | None]


def arrive(connection: Connection, owner: Owner, new: pl.DataFrame) -> Added:
    """Store what app events told (`events.SCHEMA`); inferred events that they explain give way."""
    state.set_meta(connection, owner, _BEGUN, "1")
    fresh = _unheard(connection, owner, _unknown(connection, owner, new))
    changes = _hear(connection, owner, fresh)
    back = _settle(connection, owner, _tickets_of(changes), empty())
    added = events.add(connection, owner, fresh)
    _mark_dirty(connection, owner, [added, events.add(connection, owner, back)])
    return Added(added.new, new.height - added.new, added.oldest_new)


def commit(connection: Connection, owner: Owner, new: pl.DataFrame, listed: pl.DataFrame | None) -> Added:
    """Store a page's events, without those that were told; `listed` are its ticket snapshots, which are stored.

    What it brings of the platform's export of activities was told.
    """
    is_exported = pl.col("id").str.starts_with(EXPORTED)
    is_inferred = pl.col("id").str.starts_with(INFERRED) & pl.col("kind").is_in(_CHANGES)
    exported, seen = new.filter(is_exported), new.filter(is_inferred)
    if not exported.is_empty():
        for name in (_BEGUN, _EXPORTS):
            state.set_meta(connection, owner, name, "1")
    if state.get_meta(connection, owner, _BEGUN) is None:  # nothing can have been told
        _register(connection, owner, seen)
        stands = new
    else:
        exported = _unheard(connection, owner, _unknown(connection, owner, exported))
        changes = _hear(connection, owner, exported)
        seen = _unknown(connection, owner, seen)
        _register(connection, owner, seen)
        named = {*_tickets_of(changes), *_tickets_of(seen), *([] if listed is None else listed["ticket"])}
        back = _settle(connection, owner, named, seen)
        others = _without_told(connection, owner, new.filter(~(is_inferred | is_exported)))
        stands = pl.concat([exported, others, back])
    added = events.add(connection, owner, stands)
    _mark_dirty(connection, owner, [added])
    _forget(connection, owner, seen)
    return Added(added.new, max(new.height - added.new, 0), added.oldest_new)


def _hear(connection: Connection, owner: Owner, fresh: pl.DataFrame) -> pl.DataFrame:
    """Note the changes among what was told; they are returned."""
    changes = fresh.filter(pl.col("kind").is_in(_CHANGES))
    _withdraw_first_sights(connection, owner, changes.filter(pl.col("kind") == "created"))
    _register(connection, owner, changes)
    return changes


def _unheard(connection: Connection, owner: Owner, new: pl.DataFrame) -> pl.DataFrame:
    """Without changes that the other teller, app or export, has told: what came first stays."""
    changes = new.filter(pl.col("kind").is_in(_CHANGES))
    if changes.is_empty() or state.get_meta(connection, owner, _EXPORTS) is None:
        return new
    known = _known(connection, owner, _tickets_of(changes))
    offered: dict[str, list[Change]] = defaultdict(list)
    for event in changes.iter_rows(named=True):
        name, key, ticket, value, at, since = next(_rows(event))
        offered[ticket].append(Change(name, key, value, at, since))
    again: set[str] = set()
    for ticket, told_now in offered.items():
        again |= repeated(told_now, (row.change for row in known.get(ticket, ())))
    return new.filter(~pl.col("id").is_in(list(again)))


def _mark_dirty(connection: Connection, owner: Owner, several: Iterable[Added]) -> None:
    for added in several:
        if added.oldest_new is not None:
            state.mark_dirty(connection, owner, added.oldest_new)


# ---- what counts ----------------------------------------------------------------------------------------------------


def _settle(connection: Connection, owner: Owner, named: Collection[str], offered: pl.DataFrame) -> pl.DataFrame:
    """Decide anew which inferred events of these tickets count; `offered` are registered and not among the events.

    Those that do not are withdrawn and kept aside. Returned are those that do and are to be stored.
    """
    known = _known(connection, owner, named)
    sights = _sights(connection, owner, [ticket for ticket, rows in known.items() if _is_told_of(rows)])
    of_offered = set(offered["id"])
    goes: dict[str, int] = {}
    comes: list[str] = []
    kept: set[str] = set()
    corrected: list[dict[str, Any]] = []
    for ticket, rows in known.items():
        counting = unexplained(row.change for row in rows)
        kept |= counting
        comes += [row.change.id for row in rows if row.gave_way and row.change.id in counting]
        goes |= {
            row.change.id: row.change.at
            for row in rows
            if not (row.gave_way or row.change.is_told or row.change.id in counting or row.change.id in of_offered)
        }
        if ticket in sights:
            corrected += _corrected(ticket, rows, counting, sights[ticket])
    stands = pl.col("id").is_in(list(kept))
    gone = events.withdraw(connection, owner, pl.col("id").is_in(list(goes)), {_day(at) for at in goes.values()})
    _put_aside(connection, owner, pl.concat([gone, offered.filter(~stands)]))
    if goes:
        state.mark_dirty(connection, owner, instant(min(goes.values())))
    more = pl.DataFrame(corrected, schema=SCHEMA).with_columns(pl.lit(owner.name).alias("account"))
    _register(connection, owner, more)
    return pl.concat([offered.filter(stands), more, _take_back(connection, owner, comes)])


def _corrected(ticket: str, rows: Sequence[_Known], counting: set[str], sight: _Sight) -> Iterator[dict[str, Any]]:
    there = {row.change.id for row in rows}
    stands = (row.change for row in rows if row.change.is_told or row.change.id in counting)
    for change, before in corrections(ticket, stands, sight.state, sight.at):
        if change.id not in there:
            yield {
                "id": change.id,
                "at": instant(change.at),
                "started_at": None if change.since is None else instant(change.since),
                "ticket": ticket,
                **_said(change, before, sight),
                "actor_kind": "unknown",
                "channel": sight.channel or "other",
                "grade": "B",
            }


def _said(change: Change, before: str | None, sight: _Sight) -> dict[str, str | None]:
    if change.key != _GONE:
        return {"kind": change.key, "before": before, "after": change.value}
    if change.value == _GONE:
        return {"kind": "deleted"}
    return {"kind": "status", "before": _GONE, "after": sight.state["status"]}


def _is_told_of(rows: Iterable[_Known]) -> bool:
    return any(row.change.is_told for row in rows)


def _day(at: int) -> int:
    return at // MICROSECONDS_A_DAY


# ---- first sights ---------------------------------------------------------------------------------------------------


def _withdraw_first_sights(connection: Connection, owner: Owner, created: pl.DataFrame) -> None:
    """What pulls made of the first sight of these tickets: who created them is known better now."""
    for day, of_day in created.group_by(pl.col("at").dt.epoch("d")):
        gone = events.withdraw(connection, owner, _is_first_sight(_tickets_of(of_day)), [int(str(day[0]))])
        if not gone.is_empty():
            state.mark_dirty(connection, owner, min(gone["at"]))


def _without_told(connection: Connection, owner: Owner, new: pl.DataFrame) -> pl.DataFrame:
    """Without first sights of tickets whose creation was told."""
    first = new.filter(pl.col("id").str.starts_with(FIRST_SIGHT))
    if first.is_empty():
        return new
    known = _known(connection, owner, _tickets_of(first))
    told_of = [ticket for ticket, rows in known.items() if any(row.change.key == "created" for row in rows)]
    return new.filter(~_is_first_sight(told_of))


def _is_first_sight(of_tickets: Sequence[str]) -> pl.Expr:
    begins = pl.col("id").str.extract(rf"^({FIRST_SIGHT}[^:]*:)")
    return begins.is_in([f"{FIRST_SIGHT}{ticket}:" for ticket in of_tickets]).fill_null(False)


# ---- the table ------------------------------------------------------------------------------------------------------


def _unknown(connection: Connection, owner: Owner, new: pl.DataFrame) -> pl.DataFrame:
    """Each event once, without those that the table knows."""
    query = sa.select(told.c.id).where(told.c.account == owner.number, _among(connection, told.c.id, new["id"]))
    known = list(connection.execute(query).scalars())
    return new.unique("id", keep="first", maintain_order=True).filter(~pl.col("id").is_in(known))


def _known(connection: Connection, owner: Owner, named: Collection[str]) -> dict[str, list[_Known]]:
    row = told.c
    query = sa.select(row.ticket, row.id, row.key, row.value, row.at, row.since, row.body.is_not(None))
    query = query.where(row.account == owner.number, _among(connection, row.ticket, named))
    found: dict[str, list[_Known]] = defaultdict(list)
    for ticket, name, key, value, at, since, gave_way in connection.execute(query):
        found[ticket].append(_Known(Change(name, key, value, at, since), bool(gave_way)))
    return found


def _sights(connection: Connection, owner: Owner, named: Collection[str]) -> dict[str, _Sight]:
    query = sa.select(tickets).where(tickets.c.account == owner.number, _among(connection, tickets.c.ticket, named))
    found = {}
    for row in connection.execute(query).mappings():
        if row["updated_at"] is None:
            continue
        shown = {kind: row[column] for kind, column in _STATE.items()}
        shown = {kind: value for kind, value in shown.items() if value is not None or kind not in _NEVER_NULL}
        if row["status"] == _GONE:  # which status it has beside that isn't shown
            shown = {_GONE: _GONE}
        elif "status" in shown:
            shown[_GONE] = _BACK
        found[row["ticket"]] = _Sight(row["updated_at"], row["channel"], shown)
    return found


def _register(connection: Connection, owner: Owner, new: pl.DataFrame) -> None:
    rows = [[owner.number, *row] for event in new.iter_rows(named=True) for row in _rows(event)]
    columns = (told.c.account, told.c.id, told.c.key, told.c.ticket, told.c.value, told.c.at, told.c.since)
    for start in range(0, len(rows), _ROWS):
        dialect = connection.dialect.name
        offered = records(dialect, sa.bindparam("rows", type_=sa.Text), columns)
        statement = insert_unless_there(dialect, told, offered)
        connection.execute(statement, {"rows": json.dumps(rows[start : start + _ROWS])})


def _rows(event: Mapping[str, Any]) -> Iterator[_Row]:
    """What an event changed; a creation that was told also says what the ticket was like at first."""
    kind, at = event["kind"], micros(event["at"])
    since = micros(event["started_at"] or event["at"]) if event["id"].startswith(INFERRED) else None

    def row(key: str, value: str | None) -> _Row:
        return event["id"], key, event["ticket"], value, at, since

    if kind == "deleted":
        yield row(_GONE, _GONE)
    elif kind == "status" and event["before"] == _GONE:
        yield row(_GONE, _BACK)
    elif kind in _STATE:
        yield row(kind, event["after"])
    elif kind in _TAGS:
        yield row(f"tag {event['after'] or event['before']}", kind)
    elif kind in _CHANGES:
        yield row(kind, None)
    if kind == "created" and since is None:
        for changed, column in _STATE.items():
            if event[column] is not None or changed not in _NEVER_NULL:
                yield row(changed, event[column])


def _put_aside(connection: Connection, owner: Owner, gone: pl.DataFrame) -> None:
    rows = [
        {"its_id": row["id"], "its_body": provisional.body(row)} for row in gone.drop("account").iter_rows(named=True)
    ]
    if rows:
        this = sa.and_(told.c.account == owner.number, told.c.id == sa.bindparam("its_id"))
        connection.execute(told.update().where(this).values(body=sa.bindparam("its_body")), rows)


def _take_back(connection: Connection, owner: Owner, ids: Sequence[str]) -> pl.DataFrame:
    if not ids:
        return empty()
    these = sa.and_(told.c.account == owner.number, _among(connection, told.c.id, ids))
    bodies = connection.execute(sa.select(told.c.body).where(these)).scalars().all()
    connection.execute(told.update().where(these).values(body=None))
    return provisional.from_bodies(owner, (body for body in bodies if body is not None))


def _forget(connection: Connection, owner: Owner, seen: pl.DataFrame) -> None:
    """What is long behind: later sights infer nothing about it. Pulls that catch up go by where they are."""
    if not seen.is_empty():
        kept = KEPT if state.get_meta(connection, owner, _EXPORTS) is None else KEPT_FOR_EXPORT
        before = micros(max(seen["at"]) - kept)
        connection.execute(told.delete().where(told.c.account == owner.number, told.c.at < before))


def _tickets_of(frame: pl.DataFrame) -> list[str]:
    return frame["ticket"].drop_nulls().unique().to_list()


def _among(connection: Connection, column: sa.Column[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """A condition whose values are one parameter."""
    array = sa.literal(json.dumps(sorted(set(values))), sa.Text)
    return column.in_(texts(connection, array))
