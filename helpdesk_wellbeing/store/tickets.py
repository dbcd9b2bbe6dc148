"""Ticket snapshots, one row a ticket: the newest the platform has shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.feed import MEMORY, TICKETS
from helpdesk_wellbeing.store import state
from helpdesk_wellbeing.store.clock import BEGINNING, instant, micros
from helpdesk_wellbeing.store.dialect import texts, upsert
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import made_tickets, ticket_memory, tickets

_TIMES = ("created_at", "updated_at")
_ROWS = 50_000
_FOLLOWED = "followed_since"


def keep(connection: Connection, owner: Owner, snapshots: pl.DataFrame) -> None:
    """Store `feed.TICKETS` rows; an older `updated_at` never replaces a newer one; an equal one does."""
    if snapshots.schema != TICKETS or snapshots["ticket"].has_nulls():
        raise BadPayload(f"store: ticket snapshots for {owner.name} do not fit the schema")
    statement = upsert(connection, tickets, newest_by="updated_at")
    rows = snapshots.with_columns(
        pl.lit(owner.number).alias("account"), *(pl.col(name).to_physical() for name in _TIMES)
    )
    for part in rows.iter_slices(_ROWS):
        connection.execute(statement, part.to_dicts())


def remember(connection: Connection, owner: Owner, memory: pl.DataFrame) -> None:
    """Store `feed.MEMORY` rows in place of what was stored of the same tickets; the last of a ticket's rows counts."""
    if memory.schema != MEMORY or memory.null_count().sum_horizontal().item():
        raise BadPayload(f"store: what is to be remembered of tickets of {owner.name} does not fit the schema")
    statement = upsert(connection, ticket_memory)
    rows = memory.unique("ticket", keep="last", maintain_order=True).with_columns(pl.lit(owner.number).alias("account"))
    for part in rows.iter_slices(_ROWS):
        connection.execute(statement, part.to_dicts())


def remembered(connection: Connection, owner: Owner, named: Sequence[str]) -> dict[str, str]:
    """What is stored of these tickets."""
    array = sa.bindparam("named", json.dumps(list(named)), sa.Text)
    memory = ticket_memory.c
    query = sa.select(memory.ticket, memory.memory).where(
        memory.account == owner.number, memory.ticket.in_(texts(connection, array))
    )
    return {row.ticket: row.memory for row in connection.execute(query)}


def read(connection: Connection, owner: Owner) -> pl.DataFrame:
    """All snapshots, by ticket."""
    return _read(connection, owner, sa.true())


def read_some(
    connection: Connection, owner: Owner, named: pl.Series, created_from: datetime, created_before: datetime
) -> pl.DataFrame:
    """The snapshots of the tickets `named` and of those created in a stretch of time, by ticket."""
    array = sa.bindparam("named", json.dumps(named.drop_nulls().unique().to_list()), sa.Text)
    created = tickets.c.created_at.between(micros(created_from), micros(created_before) - 1)
    return _read(connection, owner, sa.or_(created, tickets.c.ticket.in_(texts(connection, array))))


def follow_since(connection: Connection, owner: Owner, since: datetime) -> None:
    """How tickets stood is known from then on; an earlier instant that was said before holds."""
    before = followed_since(connection, owner)
    if before is None or since < before:
        state.set_meta(connection, owner, _FOLLOWED, str(micros(since)))
        state.mark_dirty(connection, owner, BEGINNING)


def followed_since(connection: Connection, owner: Owner) -> datetime | None:
    """The instant that was said; None: nothing was."""
    stored = state.get_meta(connection, owner, _FOLLOWED)
    return None if stored is None else instant(int(stored))


def ours(connection: Connection, owner: Owner) -> list[str]:
    """The tickets that this program made: invitations are nobody's work."""
    query = sa.select(made_tickets.c.ticket).where(made_tickets.c.account == owner.number)
    return list(connection.execute(query).scalars())


def _read(connection: Connection, owner: Owner, which: sa.ColumnElement[bool]) -> pl.DataFrame:
    names = TICKETS.names()
    query = sa.select(*(tickets.c[name] for name in names)).where(tickets.c.account == owner.number, which)
    query = query.execution_options(yield_per=_ROWS)
    schema = {name: pl.Int64() if name in _TIMES else dtype for name, dtype in TICKETS.items()}
    frames = [pl.DataFrame(schema=schema)]
    for part in connection.execute(query).partitions():
        frames.append(pl.DataFrame([tuple(row) for row in part], schema=schema, orient="row"))
    # databases sort text by their own rules
    return pl.concat(frames).sort("ticket").with_columns(pl.col(name).cast(UTC) for name in _TIMES)
