"""Who may sign in, who has, the links that let the first one in, and what the whole installation's web keeps."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.secrets import Keyring
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.database import Database
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import entry_links, leavers, members, site, used_states, web_sessions

INSTALLATION = 0  # the number that stands for no account: the set-up of the installation
IDLE = timedelta(hours=2)  # a session that nobody used for so long has ended
_COOKIES = "cookies"


@dataclass(frozen=True)
class Member:
    """Somebody who may sign in, with the roles that were given to them."""

    who: str
    name: str
    agent: str | None
    roles: frozenset[Role]
    added_at: datetime
    added_by: str


@dataclass(frozen=True)
class Session:
    """A signed-in browser; the token itself is in its cookie only."""

    hash: str
    who: str
    name: str
    agent: str | None
    way: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime


class Access:
    """Members, sessions and entry links of every account. `account` None: the set-up of the installation."""

    def __init__(self, database: Database, keyring: Keyring, read: Owned, write: Owned) -> None:
        self._database = database
        self._keyring = keyring
        self._read = read
        self._write = write

    # members

    def put_member(self, account: str, member: Member) -> None:
        """Let somebody in, or change who they are here."""
        row = {
            "who": member.who, "name": member.name, "agent": member.agent, "roles": json.dumps(sorted(member.roles)),
            "added_at": micros(member.added_at), "added_by": member.added_by,
        }  # fmt: skip
        with self._write(account) as (connection, owner):
            connection.execute(upsert(connection, members), {"account": owner.number, **row})

    def drop_member(self, account: str, who: str) -> bool:
        """Let somebody in no more, and end their sessions; whether there was such a member."""
        with self._write(account) as (connection, owner):
            theirs = sa.and_(members.c.account == owner.number, members.c.who == who)
            _end(connection, owner.number, who)
            return connection.execute(members.delete().where(theirs)).rowcount == 1

    def member(self, account: str, who: str) -> Member | None:
        """The member who signs in as this."""
        query = sa.select(members).where(members.c.who == who)
        with self._read(account) as (connection, owner):
            row = connection.execute(query.where(members.c.account == owner.number)).one_or_none()
            return None if row is None else _member(row)

    def members(self, account: str) -> list[Member]:
        """All members, by name."""
        with self._read(account) as (connection, owner):
            rows = connection.execute(sa.select(members).where(members.c.account == owner.number))
            return sorted((_member(row) for row in rows), key=lambda one: (one.name, one.who))

    # sessions

    def begin_session(
        self, account: str | None, who: str, name: str, agent: str | None, way: str, at: datetime, ends_at: datetime
    ) -> str:
        """A new session; its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        row = {
            "hash": hash_of(token), "who": who, "name": name, "agent": agent, "way": way, "made_at": micros(at),
            "seen_at": micros(at), "ends_at": micros(ends_at),
        }  # fmt: skip
        with self._writing(account) as (connection, number):
            connection.execute(web_sessions.delete().where(sa.not_(_goes_on(at))))
            connection.execute(web_sessions.insert(), {"account": number, **row})
        return token

    def session(self, account: str | None, token: str, at: datetime) -> Session | None:
        """The session of this token, if it has not ended."""
        mine = sa.and_(web_sessions.c.hash == hash_of(token), _goes_on(at))
        with self._reading(account) as (connection, number):
            query = sa.select(web_sessions).where(mine, web_sessions.c.account == number)
            row = connection.execute(query).one_or_none()
            return None if row is None else _session(row)

    def sessions(self, account: str, at: datetime) -> list[Session]:
        """All that have not ended, the latest first."""
        with self._reading(account) as (connection, number):
            query = sa.select(web_sessions).where(_goes_on(at), web_sessions.c.account == number)
            found = [_session(row) for row in connection.execute(query)]
        return sorted(found, key=lambda one: one.seen_at, reverse=True)

    def saw_session(self, account: str | None, hash: str, at: datetime) -> None:
        """Note that it was used."""
        with self._writing(account) as (connection, number):
            mine = sa.and_(web_sessions.c.account == number, web_sessions.c.hash == hash)
            connection.execute(web_sessions.update().where(mine).values(seen_at=micros(at)))

    def end_session(self, account: str | None, hash: str) -> bool:
        """Sign it out; whether it was there."""
        with self._writing(account) as (connection, number):
            mine = sa.and_(web_sessions.c.account == number, web_sessions.c.hash == hash)
            return connection.execute(web_sessions.delete().where(mine)).rowcount == 1

    def end_sessions_of(self, account: str, whose: Iterable[str]) -> int:
        """Sign these people out everywhere; how many sessions that ended."""
        with self._writing(account) as (connection, number):
            return sum(_end(connection, number, who) for who in whose)

    def end_sessions_by(self, account: str, way: str) -> int:
        """Sign out whoever came in by this way; how many sessions that ended."""
        with self._write(account) as (connection, owner):
            theirs = sa.and_(web_sessions.c.account == owner.number, web_sessions.c.way == way)
            return connection.execute(web_sessions.delete().where(theirs)).rowcount

    # sign-ins at the helpdesk or another provider

    def use_state(self, account: str, state: str, at: datetime, ends_at: datetime) -> bool:
        """Whether this state of a sign-in came back for the first time; to be kept until it ends."""
        with self._write(account) as (connection, owner):
            connection.execute(used_states.delete().where(used_states.c.ends_at <= micros(at)))
            mine = sa.and_(used_states.c.account == owner.number, used_states.c.hash == hash_of(state))
            if connection.execute(sa.select(used_states.c.hash).where(mine)).first() is not None:
                return False
            row = {"account": owner.number, "hash": hash_of(state), "ends_at": micros(ends_at)}
            connection.execute(used_states.insert(), row)
            return True

    # those whose account at the helpdesk ended

    def keep_leavers(self, account: str, present: Iterable[str], left: Iterable[str], at: datetime) -> None:
        """Agents as the helpdesk lists them now. Whoever could sign in here and is not `present` has left, too."""
        here = set(present)
        with self._write(account) as (connection, owner):
            known = _agents(connection, leavers, owner.number)
            may = _agents(connection, web_sessions, owner.number) | _agents(connection, members, owner.number)
            gone = (set(left) | may | known) - (here - set(left))
            rows = [{"account": owner.number, "agent": agent, "at": micros(at)} for agent in gone - known]
            if rows:
                connection.execute(leavers.insert(), rows)
            for agent in known - gone:
                mine = sa.and_(leavers.c.account == owner.number, leavers.c.agent == agent)
                connection.execute(leavers.delete().where(mine))

    def leavers(self, account: str) -> list[str]:
        """Agents who were seen to have left."""
        with self._read(account) as (connection, owner):
            return sorted(_agents(connection, leavers, owner.number))

    def left_at(self, account: str, agent: str) -> datetime | None:
        """When an agent was seen to have left; None for those who work there."""
        query = sa.select(leavers.c.at).where(leavers.c.agent == agent)
        with self._read(account) as (connection, owner):
            at = connection.execute(query.where(leavers.c.account == owner.number)).scalar()
            return None if at is None else instant(at)

    # links that let the first admin in

    def make_link(self, account: str | None, at: datetime, ends_at: datetime) -> str:
        """A link's token, which is kept nowhere; those made before it open nothing any more."""
        token = secrets.token_urlsafe(32)
        row = {"hash": hash_of(token), "made_at": micros(at), "ends_at": micros(ends_at), "used_at": None}
        with self._writing(account) as (connection, number):
            connection.execute(entry_links.delete().where(entry_links.c.account == number))
            connection.execute(entry_links.insert(), {"account": number, **row})
        return token

    def use_link(self, account: str | None, token: str, at: datetime) -> bool:
        """Whether the link opens; it does so once."""
        with self._writing(account) as (connection, number):
            fresh = _opens(number, token, at)
            return connection.execute(entry_links.update().where(fresh).values(used_at=micros(at))).rowcount == 1

    def link_opens(self, account: str | None, token: str, at: datetime) -> bool:
        """Whether it would open; it is not used up by this."""
        with self._reading(account) as (connection, number):
            query = sa.select(entry_links.c.hash).where(_opens(number, token, at))
            return connection.execute(query).first() is not None

    # the web of the installation

    def cookie_secret(self) -> str:
        """What the web's own cookies and page tokens are signed with; made when first asked for."""
        found = self._site(_COOKIES)
        if found is None:
            with self._database.writing() as connection:
                self._database.claim(connection, INSTALLATION)
                row = {"name": _COOKIES, "value": self._keyring.encrypt(secrets.token_hex(32))}
                if self._site(_COOKIES) is None:
                    connection.execute(site.insert(), row)
            found = self._site(_COOKIES)
        assert found is not None
        return self._keyring.decrypt(found, "the secret of the web's cookies")

    def encrypt_anew(self, connection: Connection) -> int:
        """The same with the first key of the ring, in a transaction of `Store.encrypt_anew`; how many."""
        rows = connection.execute(sa.select(site)).all()
        for row in rows:
            value = self._keyring.encrypt_anew(row.value, "a secret of the web")
            connection.execute(site.update().where(site.c.name == row.name).values(value=value))
        return len(rows)

    def _site(self, name: str) -> bytes | None:
        with self._database.reading() as connection:
            found: bytes | None = connection.execute(sa.select(site.c.value).where(site.c.name == name)).scalar()
            return found

    @contextmanager
    def _reading(self, account: str | None) -> Iterator[tuple[Connection, int]]:
        if account is not None:
            with self._read(account) as (connection, owner):
                yield connection, owner.number
            return
        with self._database.reading() as connection:
            yield connection, INSTALLATION

    @contextmanager
    def _writing(self, account: str | None) -> Iterator[tuple[Connection, int]]:
        if account is not None:
            with self._write(account) as (connection, owner):
                yield connection, owner.number
            return
        with self._database.writing() as connection:
            self._database.claim(connection, INSTALLATION)
            yield connection, INSTALLATION


def hash_of(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _end(connection: Connection, number: int, who: str) -> int:
    theirs = sa.and_(web_sessions.c.account == number, web_sessions.c.who == who)
    return connection.execute(web_sessions.delete().where(theirs)).rowcount


def _opens(number: int, token: str, at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        entry_links.c.account == number, entry_links.c.hash == hash_of(token), entry_links.c.used_at.is_(None),
        entry_links.c.ends_at > micros(at),
    )  # fmt: skip


def _goes_on(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(web_sessions.c.ends_at > micros(at), web_sessions.c.seen_at > micros(at - IDLE))


def _agents(connection: Connection, table: sa.Table, number: int) -> set[str]:
    query = sa.select(table.c.agent).where(table.c.account == number, table.c.agent.is_not(None)).distinct()
    return set(connection.execute(query).scalars())


def _member(row: sa.Row[Any]) -> Member:
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    return Member(row.who, row.name, row.agent, roles, instant(row.added_at), row.added_by)


def _session(row: sa.Row[Any]) -> Session:
    times = (instant(row.made_at), instant(row.seen_at), instant(row.ends_at))
    return Session(row.hash, row.who, row.name, row.agent, row.way, *times)
