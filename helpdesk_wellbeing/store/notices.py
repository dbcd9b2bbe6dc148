"""Notices on their way: who is told what by which channel, what was tried, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import insert_if_free, upsert
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import accounts, break_glass, notices

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.database import Database

LOOK = "look"  # the key and the kind of the row that says when an account is looked at next
OPEN = ("planned", "sending")


@dataclass(frozen=True)
class Notice:
    """One message to one recipient by one channel. Times aware UTC."""

    key: str
    who: str
    kind: str  # digest | urgent
    channel: str  # mail | slack | teams
    made_at: datetime
    due_at: datetime
    body: Mapping[str, Any]
    state: str = "planned"  # planned | sending | sent | unsure | dropped
    sent_at: datetime | None = None
    tries: int = 0
    problem: str | None = None


class Notices:
    """Notices of every account."""

    def __init__(self, database: Database, read: Owned, write: Owned) -> None:
        self._database = database
        self._read = read
        self._write = write

    # when an account is looked at

    def look_at(self, account: str, at: datetime | None) -> None:
        """Look at the account then; None: never, until this is called again."""
        with self._write(account) as (connection, owner):
            if at is None:
                mine = sa.and_(notices.c.account == owner.number, notices.c.key == LOOK)
                connection.execute(notices.delete().where(mine))
                return
            row = {"account": owner.number, "key": LOOK, "who": "", "kind": LOOK, "channel": "", "state": "planned",
                   "made_at": micros(at), "due_at": micros(at), "tries": 0, "body": "{}"}  # fmt: skip
            connection.execute(upsert(connection, notices), row)

    def due(self, at: datetime) -> dict[str, datetime]:
        """Accounts for which something was to be looked at or sent by `at`, and since when."""
        query = sa.select(accounts.c.name, sa.func.min(notices.c.due_at).label("since")).join_from(notices, accounts)
        query = query.where(notices.c.state.in_(OPEN), notices.c.due_at <= micros(at)).group_by(accounts.c.name)
        with self._database.reading() as connection:
            return {row.name: instant(row.since) for row in connection.execute(query)}

    # the life of a notice

    def add(self, account: str, new: Notice) -> bool:
        """Keep a new notice; false when there is one of this key."""
        with self._write(account) as (connection, owner):
            row = {
                "account": owner.number, "key": new.key, "who": new.who, "kind": new.kind, "channel": new.channel,
                "state": new.state, "made_at": micros(new.made_at), "due_at": micros(new.due_at),
                "tries": new.tries, "problem": new.problem, "body": json.dumps(new.body, ensure_ascii=False),
            }  # fmt: skip
            return insert_if_free(connection, notices, row)

    def waiting(self, account: str, at: datetime) -> list[Notice]:
        """Those that are due at `at`, the oldest first; one in the state `sending` was begun by a process that is
        gone."""
        return self._listed(account, notices.c.state.in_(OPEN), notices.c.due_at <= micros(at))

    def claim(self, account: str, key: str, at: datetime, until: datetime) -> bool:
        """Begin to send; false when another process has. If nothing more is said, it is found again after `until`."""
        with self._write(account) as (connection, owner):
            this = (notices.c.account == owner.number, notices.c.key == key)
            free = (notices.c.state.in_(OPEN), notices.c.due_at <= micros(at))
            values = {"state": "sending", "due_at": micros(until), "tries": notices.c.tries + 1}
            return connection.execute(notices.update().where(*this, *free).values(**values)).rowcount == 1

    def sent(self, account: str, key: str, at: datetime) -> None:
        """It is out; of what it said only the marks of what it was about are kept."""
        self._end(account, key, {"state": "sent", "sent_at": micros(at), "problem": None})

    def later(self, account: str, key: str, due: datetime, problem: str | None) -> None:
        """It is tried (again) then; nobody is sending it now."""
        values: dict[str, Any] = {"state": "planned", "due_at": micros(due)}
        if problem is not None:
            values["problem"] = problem
        with self._write(account) as (connection, owner):
            this = (notices.c.account == owner.number, notices.c.key == key)
            connection.execute(notices.update().where(*this).values(**values))

    def put_off(self, account: str, due: datetime) -> None:
        """Nothing of the account is looked at or sent before then."""
        with self._write(account) as (connection, owner):
            early = (notices.c.state.in_(OPEN), notices.c.due_at < micros(due))
            change = notices.update().where(notices.c.account == owner.number, *early)
            connection.execute(change.values(due_at=micros(due)))

    def give_up(self, account: str, key: str, state: str, problem: str) -> None:
        """It is not tried any more: dropped, or unsure where it may have arrived."""
        self._end(account, key, {"state": state, "problem": problem})

    def _end(self, account: str, key: str, values: Mapping[str, Any]) -> None:
        with self._write(account) as (connection, owner):
            this = sa.and_(notices.c.account == owner.number, notices.c.key == key)
            body = connection.execute(sa.select(notices.c.body).where(this)).scalar()
            about = json.dumps({"about": json.loads(body).get("about", [])}) if body is not None else "{}"
            connection.execute(notices.update().where(this).values(body=about, **values))

    def listed(self, account: str, since: datetime, who: str | None = None) -> list[Notice]:
        """Those made at `since` or later (for one recipient), the oldest first."""
        mine = () if who is None else (notices.c.who == who,)
        return self._listed(account, notices.c.made_at >= micros(since), *mine)

    def _listed(self, account: str, *which: sa.ColumnElement[bool]) -> list[Notice]:
        query = sa.select(notices).where(notices.c.kind != LOOK, *which).order_by(notices.c.made_at, notices.c.key)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(notices.c.account == owner.number))
            return [_notice(row) for row in found]

    def drop_waiting(self, account: str) -> int:
        """Forget all that was not sent yet, and when to look; how many notices that was."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(notices.c.account == owner.number, notices.c.state.in_(OPEN))
            waiting = sa.select(sa.func.count()).where(mine, notices.c.kind != LOOK)
            number = connection.execute(waiting).scalar_one()
            connection.execute(notices.delete().where(mine))
            return int(number)

    def tidy(self, account: str, before: datetime) -> int:
        """Forget those that ended and were made before then; their number."""
        with self._write(account) as (connection, owner):
            old = sa.and_(notices.c.account == owner.number, notices.c.made_at < micros(before),
                          notices.c.state.not_in(OPEN))  # fmt: skip
            return connection.execute(notices.delete().where(old)).rowcount

    def forget(self, account: str, who: str) -> int:
        """Forget every notice to this recipient; their number."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(notices.c.account == owner.number, notices.c.who == who)
            return connection.execute(notices.delete().where(mine)).rowcount

    # what other rooms keep

    def opened(self, account: str, since: datetime) -> list[tuple[str, str]]:
        """Ids of what broke the glass at `since` or later, and whose page was opened."""
        query = sa.select(break_glass.c.id, break_glass.c.agent).where(break_glass.c.at >= micros(since))
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(break_glass.c.account == owner.number).order_by(break_glass.c.at))
            return [(row.id, row.agent) for row in found]


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        key=row.key,
        who=row.who,
        kind=row.kind,
        channel=row.channel,
        made_at=instant(row.made_at),
        due_at=instant(row.due_at),
        body=json.loads(row.body),
        state=row.state,
        sent_at=None if row.sent_at is None else instant(row.sent_at),
        tries=row.tries,
        problem=row.problem,
    )
