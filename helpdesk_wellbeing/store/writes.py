"""Writes to helpdesks: decided once, claimed by one process at a time, kept with what came back.

`planned`: nothing has been sent. `sent`: a request may have arrived; before another one, the helpdesk is asked whether
it has. `written` and `skipped` are ends.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.database import Database
from helpdesk_wellbeing.store.dialect import insert_if_free
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import accounts, made_tickets, writes

OPEN = ("planned", "sent")


@dataclass(frozen=True)
class Write:
    """One write, by its key."""

    key: str
    proposal: str
    kind: str
    target: str
    state: str
    asked: dict[str, Any]
    receipt: dict[str, Any]  # empty before the first request
    tries: int
    due_at: datetime
    sent_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True)
class Planned:
    """A write to be made; the same key again is the same write."""

    key: str
    proposal: str
    kind: str
    target: str
    asked: Mapping[str, Any]
    due_at: datetime | None = None  # None: at once


class Writes:
    """The writes of every account. Each method is one transaction; inside `Store.transaction` they share it."""

    def __init__(self, database: Database, read: Owned, write: Owned) -> None:
        self._database = database
        self._read = read
        self._write = write

    def plan(self, account: str, new: Iterable[Planned], at: datetime) -> int:
        """Keep writes to be made; the number of those whose key is new."""
        added = 0
        with self._write(account) as (connection, owner):
            for one in new:
                row = {
                    "account": owner.number, "key": one.key, "proposal": one.proposal, "kind": one.kind,
                    "target": one.target, "state": "planned", "asked": json.dumps(one.asked, ensure_ascii=False),
                    "tries": 0, "due_at": micros(one.due_at or at), "made_at": micros(at), "changed_at": micros(at),
                }  # fmt: skip
                added += insert_if_free(connection, writes, row)
        return added

    def claim(self, account: str, at: datetime, until: datetime, who: str) -> Write | None:
        """The write that has been due longest, for this process alone until then; None when none is due."""
        with self._write(account) as (connection, owner):
            query = sa.select(writes).where(
                writes.c.account == owner.number, writes.c.state.in_(OPEN), writes.c.due_at <= micros(at), _is_free(at)
            )
            row = connection.execute(query.order_by(writes.c.due_at, writes.c.key).limit(1)).one_or_none()
            if row is None:
                return None
            this = sa.and_(writes.c.account == owner.number, writes.c.key == row.key)
            connection.execute(writes.update().where(this).values(claimed_until=micros(until), claimed_by=who))
            return _write(row)

    def sending(
        self, account: str, key: str, receipt: Mapping[str, Any], at: datetime, until: datetime, who: str
    ) -> bool:
        """A request is about to be made, and the claim holds until then. On return that is on the disk, power cuts
        included. False: the claim has gone to another process, or the write has ended; make no request.
        """
        with self._database.writing(durable=True):
            return self._set(
                account, key, writes.c.claimed_by == who, writes.c.state.in_(OPEN), state="sent",
                receipt=json.dumps(receipt, ensure_ascii=False), sent_at=micros(at), claimed_until=micros(until),
                tries=writes.c.tries + 1, changed_at=micros(at),
            )  # fmt: skip

    def unsent(self, account: str, key: str, receipt: Mapping[str, Any], who: str) -> bool:
        """The request that `sending` was for was surely not made; the receipt says so. False: not ours any more."""
        mine = (writes.c.claimed_by == who, writes.c.state.in_(OPEN))
        return self._set(account, key, *mine, receipt=json.dumps(receipt, ensure_ascii=False))

    def later(self, account: str, key: str, due_at: datetime, who: str) -> bool:
        """Not now: give the claim back until then. False: it was not ours any more."""
        mine = (writes.c.claimed_by == who, writes.c.state.in_(OPEN))
        return self._set(account, key, *mine, due_at=micros(due_at), claimed_until=None, claimed_by=None)

    def put_off(self, account: str, until: datetime) -> int:
        """The helpdesk takes nothing before then: what would be due earlier and nobody works on is due then."""
        with self._write(account) as (connection, owner):
            free = sa.or_(writes.c.claimed_by.is_(None), writes.c.claimed_until < micros(until))
            mine = sa.and_(writes.c.account == owner.number, writes.c.state.in_(OPEN), free)
            put_off = writes.update().where(mine, writes.c.due_at < micros(until)).values(due_at=micros(until))
            return connection.execute(put_off).rowcount

    def end(self, account: str, key: str, state: str, receipt: Mapping[str, Any], at: datetime, who: str) -> bool:
        """It is written, or skipped for a reason in the receipt; whether that was news.

        That it is written is true whoever finds it out; skipped it is only by the process that holds the claim.
        """
        mine = sa.and_(writes.c.state.in_(OPEN), writes.c.claimed_by == who)
        so_far = writes.c.state != "written" if state == "written" else mine
        return self._set(
            account, key, so_far, state=state, receipt=json.dumps(receipt, ensure_ascii=False), claimed_until=None,
            claimed_by=None, changed_at=micros(at),
        )  # fmt: skip

    def get(self, account: str, key: str) -> Write | None:
        """One write; None when there is none of this key."""
        with self._read(account) as (connection, owner):
            query = sa.select(writes).where(writes.c.account == owner.number, writes.c.key == key)
            row = connection.execute(query).one_or_none()
            return None if row is None else _write(row)

    def of_proposal(self, account: str, proposal: str) -> list[Write]:
        """All writes of a proposal, by key."""
        with self._read(account) as (connection, owner):
            mine = sa.and_(writes.c.account == owner.number, writes.c.proposal == proposal)
            return [_write(row) for row in connection.execute(sa.select(writes).where(mine).order_by(writes.c.key))]

    def cancel(
        self, account: str, proposal: str, reason: str, at: datetime, targets: Collection[str] | None = None
    ) -> int:
        """Skip what of a proposal, or of its writes to these targets, was never sent and is not being worked on; how
        many writes that was."""
        which = writes.c.proposal == proposal
        if targets is not None:
            which = sa.and_(which, writes.c.target.in_(sorted(targets)))
        return self._cancel(account, which, reason, at)

    def cancel_all(self, account: str, reason: str, at: datetime) -> int:
        """Skip whatever was never sent and is not being worked on; how many writes that was."""
        return self._cancel(account, sa.true(), reason, at)

    def _cancel(self, account: str, which: sa.ColumnElement[bool], reason: str, at: datetime) -> int:
        with self._write(account) as (connection, owner):
            mine = sa.and_(writes.c.account == owner.number, writes.c.state == "planned", _is_free(at), which)
            values = {"state": "skipped", "receipt": json.dumps({"reason": reason}), "changed_at": micros(at)}
            return connection.execute(writes.update().where(mine).values(values)).rowcount

    def sent_since(self, account: str, at: datetime) -> list[datetime]:
        """When the requests after this instant were made, oldest first."""
        with self._read(account) as (connection, owner):
            query = sa.select(writes.c.sent_at).where(writes.c.account == owner.number, writes.c.sent_at > micros(at))
            return [instant(row.sent_at) for row in connection.execute(query.order_by(writes.c.sent_at))]

    def written(self, account: str, kind: str, since: datetime) -> list[Write]:
        """Writes of a kind that ended as written at `since` or later."""
        with self._read(account) as (connection, owner):
            query = sa.select(writes).where(
                writes.c.account == owner.number, writes.c.state == "written", writes.c.kind == kind,
                writes.c.changed_at >= micros(since),
            )  # fmt: skip
            return [_write(row) for row in connection.execute(query.order_by(writes.c.key))]

    def touched(self, account: str, since: datetime) -> set[str]:
        """The tickets for which a request was ever made, where that was changed at `since` or later."""
        with self._read(account) as (connection, owner):
            query = sa.select(writes.c.target).where(
                writes.c.account == owner.number, writes.c.kind != "invite", writes.c.sent_at.is_not(None),
                writes.c.changed_at >= micros(since),
            )  # fmt: skip
            return set(connection.execute(query.distinct()).scalars())

    def counts(self, account: str) -> dict[str, int]:
        """How many writes are in each state."""
        with self._read(account) as (connection, owner):
            query = sa.select(writes.c.state, sa.func.count().label("n")).where(writes.c.account == owner.number)
            return {row.state: row.n for row in connection.execute(query.group_by(writes.c.state))}

    def waiting_since(self, account: str) -> datetime | None:
        """Since when the first write that has not ended is due; None when all have ended."""
        with self._read(account) as (connection, owner):
            query = sa.select(sa.func.min(writes.c.due_at))
            first = connection.execute(query.where(writes.c.account == owner.number, writes.c.state.in_(OPEN))).scalar()
            return None if first is None else instant(first)

    def due(self, at: datetime) -> dict[str, datetime]:
        """Accounts with writes that are due and that nobody works on, and since when."""
        query = sa.select(accounts.c.name, sa.func.min(writes.c.due_at).label("since")).join_from(writes, accounts)
        query = query.where(writes.c.state.in_(OPEN), writes.c.due_at <= micros(at), _is_free(at))
        with self._database.reading() as connection:
            found = connection.execute(query.group_by(accounts.c.name))
            return {row.name: instant(row.since) for row in found}

    # tickets that we made

    def made_ticket(self, account: str, ticket: str, at: datetime) -> None:
        """Remember a ticket as this program's own."""
        with self._write(account) as (connection, owner):
            row = {"account": owner.number, "ticket": ticket, "made_at": micros(at)}
            insert_if_free(connection, made_tickets, row)

    def made_tickets(self, account: str) -> dict[str, datetime]:
        """The tickets that this program made, and when."""
        with self._read(account) as (connection, owner):
            query = sa.select(made_tickets).where(made_tickets.c.account == owner.number)
            return {row.ticket: instant(row.made_at) for row in connection.execute(query)}

    def _set(self, account: str, key: str, *so_far: sa.ColumnElement[bool], **values: Any) -> bool:
        """Whether it was as it had to be `so_far`, and is changed now."""
        with self._write(account) as (connection, owner):
            this = sa.and_(writes.c.account == owner.number, writes.c.key == key, *so_far)
            return connection.execute(writes.update().where(this).values(**values)).rowcount == 1


def _is_free(at: datetime) -> sa.ColumnElement[bool]:
    """Whether no process works on a write at `at`."""
    return sa.or_(writes.c.claimed_until.is_(None), writes.c.claimed_until < micros(at))


def _write(row: sa.Row[Any]) -> Write:
    return Write(
        key=row.key,
        proposal=row.proposal,
        kind=row.kind,
        target=row.target,
        state=row.state,
        asked=json.loads(row.asked),
        receipt={} if row.receipt is None else json.loads(row.receipt),
        tries=row.tries,
        due_at=instant(row.due_at),
        sent_at=None if row.sent_at is None else instant(row.sent_at),
        changed_at=instant(row.changed_at),
    )
