"""What webhooks brought: kept at once, worked off later, each key of an account once.

A row keeps its key after its work is done, because platforms send calls again for hours; `forget` ends that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningInsert

from helpdesk_wellbeing.deliveries import Delivery, Receipt, from_json, to_json
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.database import Database
from helpdesk_wellbeing.store.dialect import insert_unless_there, records
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.tables import accounts, inbox

MOST_TRIES = 5  # a delivery that failed so often is set aside; the pull brings the truth anyway
KEYS_KEPT = timedelta(days=7)  # Freshdesk sends again for a day, Zendesk for minutes

_Place: TypeAlias = tuple[int, str]  # the account's number and the key
_COLUMNS = (inbox.c.account, inbox.c.key, inbox.c.received, inbox.c.body, inbox.c.tries)
_waits = sa.and_(inbox.c.body.is_not(None), inbox.c.tries < MOST_TRIES)


@dataclass(frozen=True)
class Waiting:
    """A delivery that is still to be worked off."""

    delivery: Delivery
    received: datetime
    tries: int  # that failed


@dataclass(frozen=True)
class Depth:
    """How much of an account waits, since when, and how much was set aside after failing."""

    waiting: int
    oldest: datetime | None
    set_aside: int


class Inbox:
    """The inbox of every account. Each method is one transaction; inside `Store.transaction` they share it."""

    def __init__(
        self, database: Database, owner: Callable[[Connection, str], Owner], read: Owned, write: Owned
    ) -> None:
        self._database = database
        self._owner = owner
        self._read = read
        self._write = write

    def add_many(self, receipts: Sequence[Receipt]) -> list[bool]:
        """Keep deliveries of any accounts, all or none; for each whether it is new (else it was there).

        On return they are on the disk. Needs no lease. Raises ConfigError for an unknown account.
        """
        with self._database.writing(durable=True) as connection:
            rows: dict[_Place, Sequence[object]] = {}
            places: list[_Place] = []
            for receipt in receipts:
                place = (self._owner(connection, receipt.account).number, receipt.delivery.key)
                places.append(place)
                if place not in rows:
                    rows[place] = (*place, micros(receipt.at), to_json(receipt.delivery), 0)
            unseen = _insert(connection, rows)
        return [_taken_out(place, unseen) for place in places]

    def take(self, account: str, most: int = 1000) -> list[Waiting]:
        """What waits, oldest first. It goes on waiting until `finish`, so work that is cut off is done again."""
        query = sa.select(inbox.c.key, inbox.c.received, inbox.c.body, inbox.c.tries)
        with self._read(account) as (connection, owner):
            query = query.where(inbox.c.account == owner.number, _waits)
            found = connection.execute(query.order_by(inbox.c.received, inbox.c.key).limit(most))
            return [Waiting(from_json(row.key, row.body), instant(row.received), row.tries) for row in found]

    def finish(self, account: str, keys: Collection[str]) -> None:
        """The work of these is done; only their keys stay. Belongs into one transaction with the work."""
        self._set(account, keys, {"body": None, "problem": None})

    def fail(self, account: str, keys: Collection[str], problem: str) -> None:
        """The work of these failed, for a reason without personal data; after `MOST_TRIES` they are set aside."""
        self._set(account, keys, {"tries": inbox.c.tries + 1, "problem": problem})

    def forget(self, account: str, before: datetime) -> int:
        """Drop the keys received before, of what is done or set aside; their number. See `KEYS_KEPT`."""
        with self._write(account) as (connection, owner):
            old = inbox.delete().where(inbox.c.account == owner.number, inbox.c.received < micros(before))
            return connection.execute(old.where(sa.not_(_waits))).rowcount

    def depth(self) -> dict[str, Depth]:
        """For each account by name where something waits or was set aside."""
        is_waiting = inbox.c.tries < MOST_TRIES
        oldest = sa.func.min(sa.case((is_waiting, inbox.c.received)))
        count = sa.func.count().filter(is_waiting)
        query = sa.select(accounts.c.name, count, oldest, sa.func.count().filter(sa.not_(is_waiting)))
        query = query.join_from(inbox, accounts).where(inbox.c.body.is_not(None))
        with self._database.reading() as connection:
            found = connection.execute(query.group_by(accounts.c.name))
            return {name: Depth(n, None if at is None else instant(at), aside) for name, n, at, aside in found}

    def _set(self, account: str, keys: Collection[str], values: dict[str, object]) -> None:
        rows = [{"its_key": key} for key in sorted(keys)]
        if not rows:
            return
        with self._write(account) as (connection, owner):
            these = sa.and_(inbox.c.account == owner.number, inbox.c.key == sa.bindparam("its_key"))
            connection.execute(inbox.update().where(these).values(values), rows)


def _insert(connection: Connection, rows: Mapping[_Place, Sequence[object]]) -> set[_Place]:
    """Insert what is not there; its places."""
    ordered = [rows[place] for place in sorted(rows)]  # in the same order everywhere: no deadlock
    found = connection.execute(_insertion(connection.dialect.name), {"rows": json.dumps(ordered)})
    return {(row.account, row.key) for row in found}


@cache  # making and compiling it costs several times what running it does
def _insertion(dialect: str) -> ReturningInsert[Any]:
    offered = records(dialect, sa.bindparam("rows", type_=sa.Text), _COLUMNS)
    return insert_unless_there(dialect, inbox, offered).returning(inbox.c.account, inbox.c.key)


def _taken_out(place: _Place, unseen: set[_Place]) -> bool:
    """Whether it was in; the next one of the same place is a repetition."""
    if place not in unseen:
        return False
    unseen.remove(place)
    return True
