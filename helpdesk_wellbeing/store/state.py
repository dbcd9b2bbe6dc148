"""What the engine keeps (pieces, checkpoints, what is dirty, values) and the connector's watermarks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.facts.schema import SCHEMAS
from helpdesk_wellbeing.store import blobs
from helpdesk_wellbeing.store.clock import MICROSECONDS_A_DAY, day_number, instant, micros
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import accounts, checkpoints, meta, pieces, watermarks

LONGEST_SLICE_DAYS = 7


def write_pieces(connection: Connection, owner: Owner, since: datetime, frames: Mapping[str, pl.DataFrame]) -> None:
    """Keep each kind's frame of a slice of time that begins at `since`; its column `piece` is the UTC day."""
    rows = [
        {"account": owner.number, "kind": kind, "since": micros(since), "data": blobs.pack(frame)}
        for kind, frame in frames.items()
    ]
    if rows:
        connection.execute(upsert(connection, pieces), rows)


def read_pieces(
    connection: Connection, owner: Owner, kind: str, from_day: date | None, until: datetime | None
) -> pl.DataFrame:
    """The rows of `from_day` and later from slices that begin before `until`, in the order of time."""
    where: list[sa.ColumnElement[bool]] = [sa.true()]
    if from_day is not None:
        where.append(pieces.c.since > (day_number(from_day) - LONGEST_SLICE_DAYS) * MICROSECONDS_A_DAY)
    if until is not None:
        where.append(pieces.c.since < micros(until))
    rows = _slices(connection, owner, kind, sa.and_(*where))
    return rows if from_day is None else rows.filter(pl.col("piece") >= from_day)


def _slices(connection: Connection, owner: Owner, kind: str, where: sa.ColumnElement[bool]) -> pl.DataFrame:
    query = sa.select(pieces.c.since, pieces.c.data).where(
        pieces.c.account == owner.number, pieces.c.kind == kind, where
    )
    frames = [
        blobs.unpack(data, f"the piece {kind} of {owner.name} from {instant(since).isoformat()}")
        for since, data in connection.execute(query.order_by(pieces.c.since).execution_options(yield_per=16))
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={**SCHEMAS.get(kind, {}), "piece": pl.Date()})


def piece_marks(connection: Connection, owner: Owner, kind: str, from_day: date) -> dict[datetime, int]:
    """The slices that may hold rows of `from_day` and later, by their beginning in order, each with a number that
    changes with what is in it."""
    since, head = pieces.c.since, sa.func.substr(pieces.c.data, 1, blobs.CRC_BYTES)
    query = sa.select(since, head).where(pieces.c.account == owner.number, pieces.c.kind == kind)
    query = query.where(since > (day_number(from_day) - LONGEST_SLICE_DAYS) * MICROSECONDS_A_DAY).order_by(since)
    return {instant(row[0]): int.from_bytes(bytes(row[1]), "little") for row in connection.execute(query)}


def read_piece(
    connection: Connection, owner: Owner, kind: str, since: datetime, columns: Collection[str] | None
) -> pl.DataFrame | None:
    """One slice, or those columns of it; None when it is not there (any more)."""
    query = sa.select(pieces.c.data).where(pieces.c.account == owner.number, pieces.c.kind == kind)
    data = connection.execute(query.where(pieces.c.since == micros(since))).scalar()
    what = f"the piece {kind} of {owner.name} from {since.isoformat()}"
    if data is None:
        return None
    rows = blobs.unpack(data, what)  # a piece is small: to find the columns in it takes as long as to read them all
    return rows if columns is None else rows.select(name for name in rows.columns if name in columns)


def join_pieces(connection: Connection, owner: Owner, since: datetime, until: datetime) -> None:
    """Make one slice of those that begin in [since, until): fewer, larger blobs are read faster."""
    here = sa.and_(pieces.c.since >= micros(since), pieces.c.since < micros(until))
    mine = pieces.c.account == owner.number
    counted = sa.select(pieces.c.kind).where(mine, here).group_by(pieces.c.kind).having(sa.func.count() > 1)
    for kind in connection.execute(counted).scalars().all():
        joined = _slices(connection, owner, kind, here)
        connection.execute(pieces.delete().where(mine, here, pieces.c.kind == kind))
        write_pieces(connection, owner, since, {kind: joined})


def drop_pieces_from(connection: Connection, owner: Owner, since: datetime) -> None:
    """Forget the slices of every kind that begin at `since` or later."""
    connection.execute(pieces.delete().where(pieces.c.account == owner.number, pieces.c.since >= micros(since)))


def write_checkpoint(
    connection: Connection, owner: Owner, at: datetime, parts: Mapping[str, pl.DataFrame | bytes]
) -> None:
    """Put these parts in the place of whatever checkpoint there was at this instant."""
    table = checkpoints
    connection.execute(table.delete().where(table.c.account == owner.number, table.c.at == micros(at)))
    rows = [
        {
            "account": owner.number,
            "at": micros(at),
            "name": name,
            "form": "bytes" if isinstance(part, bytes) else "frame",
            "data": blobs.seal(part) if isinstance(part, bytes) else blobs.pack(part),
        }
        for name, part in parts.items()
    ]
    if rows:
        connection.execute(table.insert(), rows)


def checkpoint_times(connection: Connection, owner: Owner) -> list[datetime]:
    """The instants that have a checkpoint, oldest first."""
    query = sa.select(checkpoints.c.at).where(checkpoints.c.account == owner.number).distinct()
    return [instant(at) for at in connection.execute(query.order_by(checkpoints.c.at)).scalars()]


def latest_checkpoint(connection: Connection, owner: Owner, not_after: datetime) -> datetime | None:
    """The newest checkpoint at `not_after` or before, or None."""
    query = sa.select(sa.func.max(checkpoints.c.at))
    query = query.where(checkpoints.c.account == owner.number, checkpoints.c.at <= micros(not_after))
    at = connection.execute(query).scalar()
    return None if at is None else instant(at)


def checkpoint_parts(connection: Connection, owner: Owner, at: datetime) -> list[str]:
    """The names of a checkpoint's parts."""
    query = sa.select(checkpoints.c.name)
    query = query.where(checkpoints.c.account == owner.number, checkpoints.c.at == micros(at))
    return sorted(connection.execute(query).scalars())


def read_checkpoint_part(connection: Connection, owner: Owner, at: datetime, name: str) -> pl.DataFrame | bytes:
    """One part as it was written; the others stay on disk. Raises StoreError when there is none."""
    query = sa.select(checkpoints.c.form, checkpoints.c.data).where(
        checkpoints.c.account == owner.number, checkpoints.c.at == micros(at), checkpoints.c.name == name
    )
    row = connection.execute(query).one_or_none()
    what = f"the checkpoint part {name} of {owner.name} at {at.isoformat()}"
    if row is None:
        raise StoreError(f"store: {what} is missing; mark the account dirty and evaluate again")
    return blobs.unseal(row.data, what) if row.form == "bytes" else blobs.unpack(row.data, what)


def drop_checkpoints(
    connection: Connection, owner: Owner, *, after: datetime | None = None, at: datetime | None = None
) -> None:
    """Forget the checkpoints later than `after`, or the one `at`."""
    column = checkpoints.c.at
    which = column > micros(after) if after is not None else column == (micros(at) if at else None)
    connection.execute(checkpoints.delete().where(checkpoints.c.account == owner.number, which))


def dirty_since(connection: Connection, owner: Owner) -> datetime | None:
    """Where the facts stop to hold, or None when all are clean."""
    query = sa.select(accounts.c.dirty_since).where(accounts.c.number == owner.number)
    since = connection.execute(query).scalar_one()
    return None if since is None else instant(since)


def mark_dirty(connection: Connection, owner: Owner, since: datetime) -> None:
    """Facts from `since` on don't hold any more; an earlier mark stays."""
    us = micros(since)
    earlier = sa.and_(accounts.c.dirty_since.is_not(None), accounts.c.dirty_since <= us)
    connection.execute(
        accounts.update().where(accounts.c.number == owner.number, sa.not_(earlier)).values(dirty_since=us)
    )


def set_clean(connection: Connection, owner: Owner) -> None:
    """All facts hold."""
    connection.execute(accounts.update().where(accounts.c.number == owner.number).values(dirty_since=None))


def get_meta(connection: Connection, owner: Owner, key: str) -> str | None:
    """A value of the engine's, or None."""
    query = sa.select(meta.c.value).where(meta.c.account == owner.number, meta.c.key == key)
    return connection.execute(query).scalar()


def set_meta(connection: Connection, owner: Owner, key: str, value: str | None) -> None:
    """Keep a value; None forgets it."""
    if value is None:
        connection.execute(meta.delete().where(meta.c.account == owner.number, meta.c.key == key))
    else:
        connection.execute(upsert(connection, meta), {"account": owner.number, "key": key, "value": value})


def all_watermarks(connection: Connection, owner: Owner) -> dict[str, str]:
    """Where each stream goes on."""
    query = sa.select(watermarks.c.stream, watermarks.c.value).where(watermarks.c.account == owner.number)
    return {row.stream: row.value for row in connection.execute(query)}


def set_watermark(connection: Connection, owner: Owner, stream: str, value: str | None) -> None:
    """Move a stream on; None leaves it where it is."""
    if value is not None:
        row = {"account": owner.number, "stream": stream, "value": value}
        connection.execute(upsert(connection, watermarks), row)
