"""What `install` made in helpdesks, and who may use the JSON API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import api_tokens, installed


@dataclass(frozen=True)
class Thing:
    """One thing in a helpdesk that is ours."""

    name: str  # ours
    kind: str  # ticket_field | view | webhook | trigger
    platform_id: str
    made_at: datetime


@dataclass(frozen=True)
class Token:
    """Who may use the API; the token itself is nowhere."""

    hash: str
    name: str
    made_at: datetime


class Installed:
    """What is ours in the helpdesk of every account."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def keep(self, account: str, name: str, kind: str, platform_id: str, at: datetime) -> None:
        """Remember a thing under our name for it."""
        with self._write(account) as (connection, owner):
            row = {"account": owner.number, "name": name, "kind": kind, "platform_id": platform_id,
                   "made_at": micros(at)}  # fmt: skip
            connection.execute(upsert(connection, installed), row)

    def things(self, account: str) -> dict[str, Thing]:
        """All that is ours, by our name, in the order in which it was made."""
        with self._read(account) as (connection, owner):
            query = sa.select(installed).where(installed.c.account == owner.number)
            found = connection.execute(query.order_by(installed.c.made_at, installed.c.name))
            return {row.name: Thing(row.name, row.kind, row.platform_id, instant(row.made_at)) for row in found}

    def forget(self, account: str, name: str) -> None:
        """It is gone from the helpdesk."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(installed.c.account == owner.number, installed.c.name == name)
            connection.execute(installed.delete().where(mine))

    # tokens of the JSON API

    def add_token(self, account: str, hash: str, name: str, at: datetime) -> None:
        """Let whoever has the token with this hash decide in the name of `name`."""
        with self._write(account) as (connection, owner):
            row = {"account": owner.number, "hash": hash, "name": name, "made_at": micros(at)}
            connection.execute(upsert(connection, api_tokens), row)

    def tokens(self, account: str) -> list[Token]:
        """All tokens of the account, oldest first."""
        query = sa.select(api_tokens).order_by(api_tokens.c.made_at, api_tokens.c.name)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(api_tokens.c.account == owner.number))
            return [Token(row.hash, row.name, instant(row.made_at)) for row in found]

    def drop_tokens(self, account: str, name: str) -> int:
        """Take back all tokens of a name; how many there were."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(api_tokens.c.account == owner.number, api_tokens.c.name == name)
            return connection.execute(api_tokens.delete().where(mine)).rowcount
