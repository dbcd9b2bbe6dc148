"""Who opened somebody's page that is not theirs to see, why, and whether that person has been told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import break_glass


@dataclass(frozen=True)
class Opened:
    """One agent's page, open to one person for a while."""

    id: str
    who: str  # as in `members`
    name: str  # of who opened it
    agent: str  # whose page
    reason: str
    at: datetime
    until: datetime
    told_at: datetime | None  # when the agent was told

    @property
    def is_file(self) -> bool:
        """Nothing was opened: a file with everything held about them was taken, at once."""
        return self.until == self.at


class Glass:
    """What was opened in every account."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def add(self, account: str, opened: Opened) -> None:
        """Note it."""
        row = {
            "id": opened.id, "who": opened.who, "name": opened.name, "agent": opened.agent, "reason": opened.reason,
            "at": micros(opened.at), "until": micros(opened.until), "told_at": None,
        }  # fmt: skip
        with self._write(account) as (connection, owner):
            connection.execute(break_glass.insert(), {"account": owner.number, **row})

    def of(self, account: str, agent: str) -> list[Opened]:
        """Whoever opened this agent's page, the latest first."""
        return self._found(account, break_glass.c.agent == agent)

    def open_to(self, account: str, who: str, at: datetime) -> list[Opened]:
        """What is open to this person now, the latest first."""
        return self._found(account, sa.and_(break_glass.c.who == who, break_glass.c.until > micros(at)))

    def told(self, account: str, id: str, at: datetime) -> bool:
        """Note that the agent knows; whether that is new."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(
                break_glass.c.account == owner.number, break_glass.c.id == id, break_glass.c.told_at.is_(None)
            )
            return connection.execute(break_glass.update().where(mine).values(told_at=micros(at))).rowcount == 1

    def close(self, account: str, id: str, at: datetime) -> bool:
        """Shut it before its time; whether it was open."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(
                break_glass.c.account == owner.number, break_glass.c.id == id, break_glass.c.until > micros(at)
            )
            return connection.execute(break_glass.update().where(mine).values(until=micros(at))).rowcount == 1

    def _found(self, account: str, which: sa.ColumnElement[bool]) -> list[Opened]:
        query = sa.select(break_glass).where(which).order_by(break_glass.c.at.desc(), break_glass.c.id)
        with self._read(account) as (connection, owner):
            rows = connection.execute(query.where(break_glass.c.account == owner.number))
            return [_opened(row) for row in rows]


def _opened(row: sa.Row[Any]) -> Opened:
    told = None if row.told_at is None else instant(row.told_at)
    return Opened(row.id, row.who, row.name, row.agent, row.reason, instant(row.at), instant(row.until), told)
