"""What people said about what is said of them: objections, "this is wrong", hours of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.people import OWN_HOURS
from helpdesk_wellbeing.store import accounts, state
from helpdesk_wellbeing.store.clock import BEGINNING, day_number, day_of, instant, micros
from helpdesk_wellbeing.store.dialect import insert_if_free, upsert
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.tables import contests, objections, own_words

HOURS = "hours"  # their own: the words that facts rest on
READ = "told at go-live"  # they have read what they were told
NO_FIXED_HOURS = "no fixed hours"  # what an admin said of them: no schedule is missing


@dataclass(frozen=True)
class Objection:
    """An agent wants nothing of a signal computed about them."""

    agent: str
    signal: str
    at: datetime


@dataclass(frozen=True)
class Contest:
    """Somebody said that a flag is wrong."""

    id: str
    rule: str
    kind: str
    subject: str
    since: date  # of the flag
    reason: str
    by_agent: bool  # whom it is about
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Words:
    """What an agent said about themselves."""

    agent: str
    what: str
    at: datetime
    body: dict[str, Any]


class Said:
    """What people of every account said."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    # objections

    def object_to(self, account: str, agent: str, signal: str, at: datetime) -> bool:
        """Keep an objection; false when there is one already."""
        with self._write(account) as (connection, owner):
            row = {"account": owner.number, "agent": agent, "signal": signal, "at": micros(at)}
            return insert_if_free(connection, objections, row)

    def withdraw(self, account: str, agent: str, signal: str) -> bool:
        """Forget an objection; whether there was one."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(
                objections.c.account == owner.number, objections.c.agent == agent, objections.c.signal == signal
            )
            return connection.execute(objections.delete().where(mine)).rowcount == 1

    def objections(self, account: str) -> list[Objection]:
        """All that stand, by agent and signal."""
        with self._read(account) as (connection, owner):
            query = sa.select(objections).where(objections.c.account == owner.number)
            found = connection.execute(query.order_by(objections.c.agent, objections.c.signal))
            return [Objection(row.agent, row.signal, instant(row.at)) for row in found]

    # contests

    def contest(self, account: str, new: Contest) -> bool:
        """Keep a contest; false when there is one of this id."""
        with self._write(account) as (connection, owner):
            row = {
                "account": owner.number, "id": new.id, "rule": new.rule, "kind": new.kind, "subject": new.subject,
                "since": day_number(new.since), "reason": new.reason, "by_agent": int(new.by_agent),
                "at": micros(new.at), "until": micros(new.until),
            }  # fmt: skip
            return insert_if_free(connection, contests, row)

    def contests(self, account: str, at: datetime | None = None) -> list[Contest]:
        """Those that hold at an instant (default: all there ever were), oldest first."""
        query = sa.select(contests).order_by(contests.c.at, contests.c.id)
        if at is not None:
            query = query.where(contests.c.at <= micros(at), contests.c.until > micros(at))
        with self._read(account) as (connection, owner):
            return [_contest(row) for row in connection.execute(query.where(contests.c.account == owner.number))]

    def end_contest(self, account: str, id: str, at: datetime) -> bool:
        """The flag speaks again from then on; whether there was such a contest and it still held."""
        with self._write(account) as (connection, owner):
            this = sa.and_(
                contests.c.account == owner.number, contests.c.id == id, contests.c.until > micros(at)
            )  # fmt: skip
            return connection.execute(contests.update().where(this).values(until=micros(at))).rowcount == 1

    # their own words

    def say(self, account: str, agent: str, what: str, body: Mapping[str, Any], at: datetime) -> None:
        """Keep what an agent says about themselves in the place of what they said before."""
        with self._write(account) as (connection, owner):
            text = json.dumps(dict(body), sort_keys=True, ensure_ascii=False)
            row = {"account": owner.number, "agent": agent, "what": what, "at": micros(at), "body": text}
            connection.execute(upsert(connection, own_words), row)
            _all_rests_on_it(connection, owner, what)

    def unsay(self, account: str, agent: str, what: str) -> bool:
        """Forget it; whether there was something."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(own_words.c.account == owner.number, own_words.c.agent == agent, own_words.c.what == what)
            was_there = connection.execute(own_words.delete().where(mine)).rowcount == 1
            if was_there:
                _all_rests_on_it(connection, owner, what)
            return was_there

    def words(self, account: str, agent: str | None = None) -> list[Words]:
        """What agents (or one of them) said about themselves."""
        query = sa.select(own_words).order_by(own_words.c.agent, own_words.c.what)
        if agent is not None:
            query = query.where(own_words.c.agent == agent)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(own_words.c.account == owner.number))
            return [Words(row.agent, row.what, instant(row.at), dict(json.loads(row.body))) for row in found]


def own_hours(connection: Connection, owner: Owner) -> pl.DataFrame:
    """`people.OWN_HOURS` of an account."""
    mine = sa.and_(own_words.c.account == owner.number, own_words.c.what == HOURS)
    query = sa.select(own_words.c.agent, own_words.c.body).where(mine).order_by(own_words.c.agent)
    rows = [(row.agent, json.loads(row.body)["schedule"]) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=OWN_HOURS, orient="row")


def _all_rests_on_it(connection: Connection, owner: Owner, what: str) -> None:
    if what == HOURS:
        accounts.revise(connection, owner.number)
        state.mark_dirty(connection, owner, BEGINNING)


def _contest(row: sa.Row[Any]) -> Contest:
    return Contest(row.id, row.rule, row.kind, row.subject, day_of(row.since), row.reason, bool(row.by_agent),
                   instant(row.at), instant(row.until))  # fmt: skip
