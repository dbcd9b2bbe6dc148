"""Events that webhooks brought: they count until the pulled stream covers their second, and then give way to it.

Webhook ids share nothing with those of the pulled stream, so one is never matched with the other by id: time decides.
What comes late, for a second that is covered already, is not taken at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.store import state
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import texts, upsert
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import provisional

_COVERED = "covered_until"
# The platform dates a call a little after the change that it tells about, which the pulled stream dates to the second.
CALL_AFTER_CHANGE = timedelta(seconds=2)


def add(connection: Connection, owner: Owner, events: pl.DataFrame) -> int:
    """Keep events of `events.SCHEMA` that no pull has covered; those kept before stay as they are. Their number."""
    covered = covered_until(connection, owner)
    ahead = events if covered is None else events.filter(pl.col("at") >= covered + CALL_AFTER_CHANGE)
    offered = ahead.unique("id", keep="first", maintain_order=True)
    known = _known(connection, owner, offered["id"])
    new = offered.filter(~pl.col("id").is_in(known))
    if new.is_empty():
        return 0
    rows = [
        {"account": owner.number, "id": row["id"], "at": micros(row["at"]), "body": body(row)}
        for row in new.drop("account").iter_rows(named=True)
    ]
    connection.execute(upsert(connection, provisional), rows)
    state.mark_dirty(connection, owner, instant(min(row["at"] for row in rows)))
    return new.height


def read(connection: Connection, owner: Owner, since: datetime | None, until: datetime | None) -> pl.DataFrame:
    """Those in [since, until) as `events.SCHEMA`, sorted by (at, id)."""
    query = sa.select(provisional.c.body).where(provisional.c.account == owner.number)
    if since is not None:
        query = query.where(provisional.c.at >= micros(since))
    if until is not None:
        query = query.where(provisional.c.at < micros(until))
    return from_bodies(owner, connection.execute(query).scalars())


def from_bodies(owner: Owner, bodies: Iterable[str]) -> pl.DataFrame:
    """The events that `body` wrote, as `events.SCHEMA`, sorted by (at, id)."""
    rows = [{**json.loads(body), "account": owner.name} for body in bodies]
    times = [name for name, kind in SCHEMA.items() if isinstance(kind, pl.Datetime)]
    raw = {name: pl.Int64() if name in times else pl.String() for name in SCHEMA}
    frame = pl.DataFrame(rows, schema=raw) if rows else pl.DataFrame(schema=raw)
    return frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()).sort("at", "id")


def span(connection: Connection, owner: Owner) -> tuple[datetime | None, datetime | None, int]:
    """(first, last, number of) them."""
    at = provisional.c.at
    query = sa.select(sa.func.min(at), sa.func.max(at), sa.func.count()).where(provisional.c.account == owner.number)
    first, last, count = connection.execute(query).one()
    return (None, None, 0) if count == 0 else (instant(first), instant(last), int(count))


def covered_until(connection: Connection, owner: Owner) -> datetime | None:
    """Up to where the pulled stream has everything."""
    stored = state.get_meta(connection, owner, _COVERED)
    return None if stored is None else instant(int(stored))


def give_way(connection: Connection, owner: Owner, covers: datetime) -> int:
    """The pulled stream has everything before `covers`: forget what webhooks said about that time. Their number."""
    before = covered_until(connection, owner)
    if before is not None and covers <= before:
        return 0
    state.set_meta(connection, owner, _COVERED, str(micros(covers)))
    told = sa.and_(provisional.c.account == owner.number, provisional.c.at < micros(covers + CALL_AFTER_CHANGE))
    oldest = connection.execute(sa.select(sa.func.min(provisional.c.at)).where(told)).scalar()
    if oldest is None:
        return 0
    state.mark_dirty(connection, owner, instant(oldest))
    return connection.execute(provisional.delete().where(told)).rowcount


def _known(connection: Connection, owner: Owner, ids: pl.Series) -> list[str]:
    named = texts(connection, sa.bindparam("ids", json.dumps(ids.to_list()), sa.Text))
    query = sa.select(provisional.c.id).where(provisional.c.account == owner.number, provisional.c.id.in_(named))
    return list(connection.execute(query).scalars())


def body(row: dict[str, object]) -> str:
    """An event (a row of `events.SCHEMA` without its account) as compact JSON."""
    said = {name: micros(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return json.dumps({name: value for name, value in said.items() if value is not None}, separators=(",", ":"))
