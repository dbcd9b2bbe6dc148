"""When each flag was first seen, from which the head start of the agent counts, and when it was gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import day_number, day_of, instant, micros
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import flags_seen

Spell = tuple[str, str, str, date]  # rule, subject kind, subject, since


@dataclass(frozen=True)
class Seen:
    """One spell of a flag."""

    rule: str
    kind: str
    subject: str
    since: date
    first_at: datetime
    gone_at: datetime | None


class SeenFlags:
    """The flags of every account."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def note(self, account: str, on: Collection[Spell], at: datetime) -> None:
        """These flags are on: those not seen before are from now on, all others are gone.

        A late event may show that a spell began earlier than was thought; it keeps the time at which it was seen. What
        was gone and is on again is the same spell.
        """
        with self._write(account) as (connection, owner):
            mine = flags_seen.c.account == owner.number
            query = sa.select(flags_seen).where(mine, flags_seen.c.gone_at.is_(None))
            known = {_spell(row): row for row in connection.execute(query)}
            before = {spell[:3]: row for spell, row in known.items()}
            for spell in sorted(set(on) - known.keys()):
                came_back = connection.execute(flags_seen.update().where(mine, _is(spell)).values(gone_at=None))
                if came_back.rowcount == 0:
                    row = {
                        "account": owner.number, "rule": spell[0], "kind": spell[1], "subject": spell[2],
                        "since": day_number(spell[3]), "first_at": _first_at(spell, before, at),
                    }  # fmt: skip
                    connection.execute(flags_seen.insert(), row)
            for spell in sorted(known.keys() - set(on)):
                connection.execute(flags_seen.update().where(mine, _is(spell)).values(gone_at=micros(at)))

    def first_seen(self, account: str) -> dict[Spell, datetime]:
        """When each flag that is on was first seen."""
        found, query = flags_seen.c, sa.select(flags_seen).where(flags_seen.c.gone_at.is_(None))
        with self._read(account) as (connection, owner):
            on = connection.execute(query.where(found.account == owner.number))
            return {_spell(row): instant(row.first_at) for row in on}

    def spells(self, account: str, subject: tuple[str, str] | None = None) -> list[Seen]:
        """All spells ever seen, or those of one subject (kind, id), oldest first."""
        query = sa.select(flags_seen).order_by(flags_seen.c.first_at, flags_seen.c.rule, flags_seen.c.subject)
        if subject is not None:
            query = query.where(flags_seen.c.kind == subject[0], flags_seen.c.subject == subject[1])
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(flags_seen.c.account == owner.number))
            return [
                Seen(row.rule, row.kind, row.subject, day_of(row.since), instant(row.first_at),
                     None if row.gone_at is None else instant(row.gone_at))
                for row in found
            ]  # fmt: skip


def _spell(row: sa.Row[Any]) -> Spell:
    return row.rule, row.kind, row.subject, day_of(row.since)


def _is(spell: Spell) -> sa.ColumnElement[bool]:
    rule, kind, subject, since = spell
    return sa.and_(
        flags_seen.c.rule == rule, flags_seen.c.kind == kind, flags_seen.c.subject == subject,
        flags_seen.c.since == day_number(since),
    )  # fmt: skip


def _first_at(spell: Spell, before: Mapping[tuple[str, str, str], sa.Row[Any]], at: datetime) -> int:
    known = before.get(spell[:3])
    return int(known.first_at) if known is not None and spell[3] < day_of(known.since) else micros(at)
