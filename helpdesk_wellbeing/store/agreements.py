"""What was agreed, entry by entry: entries are only added, the last one that is no mere wish holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.tables import agreements

WAITING = "waiting"  # asked for, without effect until it is agreed to


@dataclass(frozen=True)
class Kept:
    """One entry; `body`: state (in force | waiting), by, widens, agreement."""

    seq: int  # from 1
    at: datetime
    body: dict[str, Any]

    @property
    def is_waiting(self) -> bool:
        return bool(self.body["state"] == WAITING)


class Agreements:
    """Agreements of every account."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def add(self, account: str, at: datetime, body: Mapping[str, Any]) -> int:
        """Add an entry; its number."""
        with self._write(account) as (connection, owner):
            newest = sa.select(sa.func.max(agreements.c.seq)).where(agreements.c.account == owner.number)
            seq = int(connection.execute(newest).scalar() or 0) + 1
            text = json.dumps(dict(body), sort_keys=True, ensure_ascii=False)
            row = {"account": owner.number, "seq": seq, "at": micros(at), "body": text}
            connection.execute(agreements.insert(), row)
            return seq

    def entries(self, account: str) -> list[Kept]:
        """All entries, oldest first."""
        with self._read(account) as (connection, owner):
            return _entries(connection, owner)

    def in_force(self, account: str, at: datetime) -> Kept | None:
        """The entry that held at an instant; None when nothing was agreed by then."""
        held = [one for one in self.entries(account) if one.at <= at and not one.is_waiting]
        return held[-1] if held else None

    def waiting(self, account: str) -> Kept | None:
        """What was asked for last and is not agreed to (nor overtaken) yet."""
        newest = self.entries(account)[-1:]
        return newest[0] if newest and newest[0].is_waiting else None


def _entries(connection: Connection, owner: Owner) -> list[Kept]:
    query = sa.select(agreements).where(agreements.c.account == owner.number).order_by(agreements.c.seq)
    return [Kept(row.seq, instant(row.at), dict(json.loads(row.body))) for row in connection.execute(query)]
