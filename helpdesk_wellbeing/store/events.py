"""Events at rest: for each account and UTC day a few Arrow chunks, sorted by (at, id).

A new chunk swallows the day's chunks that are not larger than itself with what it swallowed so far, so a day
has at most about log2(its events) chunks and an event is rewritten about as often. That reads several times
faster than one database row per event, takes a fraction of the space, and is the same on every database.

Words of a closed list are kept as their position: a list may get words at its end, and is never reordered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeAlias

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.events import SCHEMA, empty
from helpdesk_wellbeing.store import blobs, fingerprints
from helpdesk_wellbeing.store.clock import MICROSECONDS_A_DAY, day_of, instant, micros
from helpdesk_wellbeing.store.dialect import numbers, pairs
from helpdesk_wellbeing.store.tables import event_chunks, event_ids

SLICE = 200_000  # events written at a time; bounds the memory beside the caller's frame
_CHUNK_SCHEMA = pl.Schema({name: dtype for name, dtype in SCHEMA.items() if name != "account"})
_ORDER = ("at", "id")


@dataclass(frozen=True)
class Added:
    """What became of the events offered: taken, or repeated, as their id was there (the first one stays)."""

    new: int
    repeated: int
    oldest_new: datetime | None


@dataclass(frozen=True)
class Owner:
    """The account whose rows are meant."""

    number: int
    name: str


Owned: TypeAlias = Callable[[str], AbstractContextManager[tuple[Connection, Owner]]]  # opens a transaction for one


def add(
    connection: Connection,
    owner: Owner,
    events: pl.DataFrame,
    fingerprint: Callable[[pl.Series, int], pl.Series] = fingerprints.fingerprints,
) -> Added:
    """Store the events whose id the account does not have; `events` is of `events.SCHEMA`, in any order."""
    _check(owner, events)
    first_of_each = events.unique("id", keep="first", maintain_order=True)
    if not first_of_each["at"].is_sorted():
        first_of_each = first_of_each.sort("at")
    new = 0
    oldest: datetime | None = None
    for part in first_of_each.iter_slices(SLICE):
        part = part.with_columns(pl.col("at").dt.epoch("d").alias("day"))
        fresh = _unknown(connection, owner, part, fingerprint)
        if fresh.is_empty():
            continue
        _remember(connection, owner, fresh)
        _write_days(connection, owner, fresh.drop("fingerprint"))
        new += fresh.height
        if oldest is None:  # the slices come in order of time
            oldest = instant(fresh.select(pl.col("at").min().to_physical()).item())
    return Added(new, events.height - new, oldest)


def _check(owner: Owner, events: pl.DataFrame) -> None:
    if events.schema != SCHEMA:
        odd = sorted(name for name, _ in set(events.schema.items()) ^ set(SCHEMA.items()))
        raise BadPayload(f"store: events for {owner.name} do not fit the schema: {', '.join(odd) or 'order'}")
    for name in ("id", "at"):
        if events[name].has_nulls():
            raise BadPayload(f"store: {events[name].null_count()} events for {owner.name} have no {name}")
    if (events["account"] != owner.name).any():
        raise BadPayload(f"store: events of another account were offered to {owner.name}; nothing was stored")


def _unknown(
    connection: Connection,
    owner: Owner,
    events: pl.DataFrame,
    fingerprint: Callable[[pl.Series, int], pl.Series],
) -> pl.DataFrame:
    """The events whose id is not stored, with the `fingerprint` under which it will be remembered."""
    unknown = []
    salt = 0
    while not events.is_empty():
        events = events.with_columns(fingerprint(events["id"], salt).alias("fingerprint"))
        taken = _taken(connection, owner, events["fingerprint"])
        free = events.join(taken, on="fingerprint", how="anti", maintain_order="left")
        first = free["fingerprint"].is_first_distinct()
        unknown.append(free.filter(first))
        held = events.join(taken, on="fingerprint", how="semi", maintain_order="left")
        stored = _ids_of_days(connection, owner, taken["held_on"].unique().to_list())
        others = held.join(stored, on="id", how="anti", maintain_order="left")
        events = pl.concat([others, free.filter(~first)]).drop("fingerprint")
        salt += 1
    return pl.concat(unknown) if unknown else events.with_columns(pl.lit(0, pl.Int64).alias("fingerprint"))


def _taken(connection: Connection, owner: Owner, wanted: pl.Series) -> pl.DataFrame:
    array = sa.bindparam("array", _json_array(wanted), sa.Text)
    query = sa.select(event_ids.c.fingerprint, event_ids.c.day).where(
        event_ids.c.account == owner.number, event_ids.c.fingerprint.in_(numbers(connection, array))
    )
    schema = {"fingerprint": pl.Int64, "held_on": pl.Int32}
    parts = connection.execute(query.execution_options(yield_per=50_000)).partitions()
    frames = [pl.DataFrame([tuple(row) for row in part], schema=schema, orient="row") for part in parts]
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)


def _ids_of_days(connection: Connection, owner: Owner, days: Sequence[int]) -> pl.DataFrame:
    frames = [pl.DataFrame(schema={"id": pl.String})]
    for day in days:
        frames += [chunk for _, chunk in _chunks(connection, owner, {"id"}, event_chunks.c.day == day)]
    return pl.concat(frames)


def _remember(connection: Connection, owner: Owner, fresh: pl.DataFrame) -> None:
    """One statement, with all rows as one parameter, in the order of the index: a single sweep over it."""
    ordered = fresh.select("fingerprint", "day").sort("fingerprint")
    texts = ordered.select(pl.format('"{}":{}', "fingerprint", "day").str.join(",")).item()
    found = pairs(connection, sa.bindparam("mapping", f"{{{texts}}}", sa.Text)).subquery()
    rows = sa.select(sa.literal(owner.number), found.c.key, found.c.value)
    connection.execute(event_ids.insert().from_select(["account", "fingerprint", "day"], rows))


def withdraw(connection: Connection, owner: Owner, which: pl.Expr, in_days: Collection[int]) -> pl.DataFrame:
    """Take stored events out again: of these UTC days (their numbers) those whose `id` is meant by `which`.

    What was taken out. The fingerprints stay; the caller marks dirty what rested on the events.
    """
    found = [empty()]
    mine = event_chunks.c.account == owner.number
    for day in sorted(set(in_days)):
        seqs = connection.execute(sa.select(event_chunks.c.seq).where(mine, event_chunks.c.day == day)).scalars().all()
        for seq in seqs:
            this = sa.and_(event_chunks.c.day == day, event_chunks.c.seq == seq)
            if not any(chunk.select(which.any()).item() for _, chunk in _chunks(connection, owner, {"id"}, this)):
                continue
            [(_, chunk)] = _chunks(connection, owner, None, this)
            found.append(_shaped(owner, chunk.filter(which), list(SCHEMA)))
            connection.execute(event_chunks.delete().where(mine, this))
            stays = chunk.filter(~which)
            if not stays.is_empty():
                connection.execute(event_chunks.insert(), _chunk_row(owner, day, seq, stays))
    return pl.concat(found)


def rewrite(connection: Connection, owner: Owner, day: int, change: Callable[[pl.DataFrame], pl.DataFrame]) -> bool:
    """Put what `change` makes of the stored events of a UTC day (`events.SCHEMA`) in their place, under the same ids.

    It may leave events out; whether anything is now different.
    """
    mine = sa.and_(event_chunks.c.account == owner.number, event_chunks.c.day == day)
    different = False
    for seq in connection.execute(sa.select(event_chunks.c.seq).where(mine)).scalars().all():
        this = event_chunks.c.seq == seq
        [(_, chunk)] = _chunks(connection, owner, None, event_chunks.c.day == day, this)
        before = _shaped(owner, chunk, list(SCHEMA))
        after = change(before)
        if after.equals(before):
            continue
        different = True
        connection.execute(event_chunks.delete().where(mine, this))
        if not after.is_empty():
            row = _chunk_row(owner, day, seq, after.select(_CHUNK_SCHEMA.names()))
            connection.execute(event_chunks.insert(), row)
    return different


def _json_array(values: pl.Series) -> str:
    return f"[{values.cast(pl.String).str.join(',').item()}]"


def _write_days(connection: Connection, owner: Owner, fresh: pl.DataFrame) -> None:
    mine = event_chunks.c.account == owner.number
    days = fresh.sort("day", *_ORDER).partition_by("day", as_dict=True, include_key=False)
    numbers_of_days = [int(key[0]) for key in days]
    known = _sizes(connection, mine, min(numbers_of_days), max(numbers_of_days))
    for day, events in zip(numbers_of_days, days.values(), strict=True):
        there = known.get(day, [])
        swallowed: list[int] = []
        height = events.height
        for rows, seq in sorted(there):
            if rows > height:
                break
            swallowed.append(seq)
            height += rows
        if swallowed:
            these = sa.and_(event_chunks.c.day == day, event_chunks.c.seq.in_(swallowed))
            old = [chunk for _, chunk in _chunks(connection, owner, None, these)]
            chunk_events = pl.concat([*old, events.select(_CHUNK_SCHEMA.names())]).sort(_ORDER)
            connection.execute(event_chunks.delete().where(mine, these))
        else:
            chunk_events = events.select(_CHUNK_SCHEMA.names())
        seq = 1 + max((seq for _, seq in there), default=0)
        connection.execute(event_chunks.insert(), _chunk_row(owner, day, seq, chunk_events))


def _sizes(
    connection: Connection, mine: sa.ColumnElement[bool], first: int, last: int
) -> dict[int, list[tuple[int, int]]]:
    query = sa.select(event_chunks.c.day, event_chunks.c.rows, event_chunks.c.seq)
    known: dict[int, list[tuple[int, int]]] = {}
    for day, rows, seq in connection.execute(query.where(mine, event_chunks.c.day.between(first, last))):
        known.setdefault(day, []).append((rows, seq))
    return known


def _chunk_row(owner: Owner, day: int, seq: int, events: pl.DataFrame) -> dict[str, object]:
    at = events["at"].to_physical()
    return {
        "account": owner.number,
        "day": day,
        "seq": seq,
        "rows": events.height,
        "first_at": at[0],
        "last_at": at[-1],
        "data": blobs.pack(_to_codes(events)),
    }


def _to_codes(events: pl.DataFrame) -> pl.DataFrame:
    """Words as their position; a column without any value is left out."""
    used = [pl.col(s.name) for s in events if s.null_count() < events.height]
    return events.select(used).with_columns(pl.selectors.enum().to_physical())


def _from_codes(chunk: pl.DataFrame, columns: Collection[str] | None) -> pl.DataFrame:
    wanted = [
        _column(name, dtype, name in chunk.columns)
        for name, dtype in _CHUNK_SCHEMA.items()
        if columns is None or name in columns
    ]
    return chunk.select(wanted) if chunk.columns else pl.select(wanted)


def _column(name: str, dtype: pl.DataType, there: bool) -> pl.Expr:
    if not there:
        return pl.lit(None, dtype).alias(name)
    return pl.col(name).cat.to(dtype) if isinstance(dtype, pl.Enum) else pl.col(name)


def _chunks(
    connection: Connection, owner: Owner, columns: Collection[str] | None, *where: sa.ColumnElement[bool]
) -> Iterator[tuple[int, pl.DataFrame]]:
    """(day, its events) chunk by chunk, in order of the days; several chunks of a day are not yet merged."""
    query = (
        sa.select(event_chunks.c.day, event_chunks.c.data)
        .where(event_chunks.c.account == owner.number, *where)
        .order_by(event_chunks.c.day, event_chunks.c.seq)
    )
    if columns is not None and "id" not in columns:
        columns = {*columns, "at"}  # always there, so that the height is known
    for day, data in connection.execute(query.execution_options(yield_per=4)):
        what = f"the events of {owner.name} on {day_of(day).isoformat()}"
        yield day, _from_codes(blobs.unpack(data, what, columns), columns)


def days(
    connection: Connection,
    owner: Owner,
    since: datetime | None,
    until: datetime | None,
    columns: Sequence[str] | None = None,
    agent: str | None = None,
) -> Iterator[pl.DataFrame]:
    """One frame for each UTC day with events in [since, until), sorted by (at, id), in order of the days."""
    low = None if since is None else micros(since)
    high = None if until is None else micros(until)
    where = []
    if low is not None:
        where.append(event_chunks.c.last_at >= low)
        where.append(event_chunks.c.day >= low // MICROSECONDS_A_DAY)
    if high is not None:
        where.append(event_chunks.c.first_at < high)
        where.append(event_chunks.c.day <= high // MICROSECONDS_A_DAY)
    names = _named(columns)
    needed = None if columns is None else {*names, "at", "id", *(["actor"] if agent is not None else [])}
    for day, chunks in groupby(_chunks(connection, owner, needed, *where), key=lambda chunk: chunk[0]):
        parts = [chunk for _, chunk in chunks]
        events = parts[0] if len(parts) == 1 else pl.concat(parts).sort(_ORDER)
        events = _within(events, day, low, high)
        if agent is not None:
            events = events.filter(pl.col("actor") == agent)
        if not events.is_empty():
            yield _shaped(owner, events, names)


def _named(columns: Sequence[str] | None) -> list[str]:
    names = list(SCHEMA) if columns is None else list(columns)
    unknown = [name for name in names if name not in SCHEMA]
    if unknown:
        raise ValueError(f"not columns of an event: {', '.join(unknown)}")
    return names


def _within(events: pl.DataFrame, day: int, low: int | None, high: int | None) -> pl.DataFrame:
    at = pl.col("at").to_physical()
    start = day * MICROSECONDS_A_DAY
    if low is not None and low > start:
        events = events.filter(at >= low)
    if high is not None and high < start + MICROSECONDS_A_DAY:
        events = events.filter(at < high)
    return events


def _shaped(owner: Owner, events: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return events.select(
        pl.lit(owner.name, pl.String).alias(name) if name == "account" else pl.col(name) for name in names
    )


def read(
    connection: Connection,
    owner: Owner,
    since: datetime | None,
    until: datetime | None,
    columns: Sequence[str] | None = None,
    agent: str | None = None,
) -> pl.DataFrame:
    """All of `days` in one frame."""
    frames = list(days(connection, owner, since, until, columns, agent))
    if not frames:
        return empty().select(_named(columns))
    return pl.concat(frames)


def batches(
    connection: Connection, owner: Owner, since: datetime | None, until: datetime | None, batch: int
) -> Iterator[pl.DataFrame]:
    """Frames of `batch` events, the last one smaller; holds one day and one batch in memory."""
    waiting: list[pl.DataFrame] = []
    height = 0
    for events in days(connection, owner, since, until):
        waiting.append(events)
        height += events.height
        if height < batch:
            continue
        together = pl.concat(waiting)
        whole = height - height % batch
        for start in range(0, whole, batch):
            yield together.slice(start, batch)
        height -= whole
        waiting = [together.slice(whole)] if height else []
    if waiting:
        yield pl.concat(waiting)


def span(connection: Connection, owner: Owner) -> tuple[datetime | None, datetime | None, int]:
    """(first, last, number of) events; the content is not read."""
    chunk = event_chunks.c
    query = sa.select(sa.func.min(chunk.first_at), sa.func.max(chunk.last_at), sa.func.sum(chunk.rows))
    first, last, count = connection.execute(query.where(chunk.account == owner.number)).one()
    if count is None:
        return None, None, 0
    return instant(first), instant(last), int(count)
