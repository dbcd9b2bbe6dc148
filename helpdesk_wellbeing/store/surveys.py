"""Waves, whom they ask, their answers under seal, and what of them may be shown.

A link's use and its answer are one transaction, and no query leads from one to the other. While a wave is open its
answers are unreadable without the wave's secret; when it closes they are counted and deleted together.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.store.clock import day_number, day_of, instant, micros
from helpdesk_wellbeing.store.dialect import insert_if_free
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.tables import (
    survey_invitations,
    survey_results,
    survey_sealed,
    survey_themes,
    survey_used,
    survey_waves,
)
from helpdesk_wellbeing.surveys.model import (
    Asked,
    History,
    Invitation,
    Kind,
    PastWave,
    Place,
    State,
    Theme,
    Venue,
    Wave,
)

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.database import Database

_DAY_OF = {State.CLOSED: "closed_on", State.PUBLISHED: "published_on", State.ANSWERED: "answered_on"}


class Used(StrEnum):
    """What became of an answer."""

    COUNTED = "counted"
    BEFORE = "used before"
    CLOSED = "closed"  # or not open yet


class Surveys:
    """The surveys of every account. Each method is one transaction; inside `Store.transaction` they share it."""

    def __init__(
        self, database: Database, owner: Callable[[Connection, str], Owner], read: Owned, write: Owned
    ) -> None:
        self._database = database
        self._owner = owner
        self._read = read
        self._write = write

    # ---- waves ------------------------------------------------------------------------------------------------------

    def add(self, account: str, wave: Wave, invitations: Sequence[Invitation]) -> None:
        """Keep a wave and whom it asks."""
        with self._write(account) as (connection, owner):
            connection.execute(
                survey_waves.insert().values(
                    account=owner.number,
                    wave=wave.wave,
                    state=wave.state.value,
                    kind=wave.kind.value,
                    venue=wave.venue.value,
                    teams=json.dumps(wave.teams),
                    places=json.dumps([_place_out(place) for place in wave.places]),
                    invited=wave.invited,
                    opens_at=micros(wave.opens_at),
                    closes_at=micros(wave.closes_at),
                    remind_at=None if wave.remind_at is None else micros(wave.remind_at),
                    triggers=json.dumps(wave.triggers),
                    question_set=wave.question_set,
                )
            )
            rows = [
                {"account": owner.number, "wave": wave.wave, "person": one.person,
                 "place": json.dumps(_place_out(one.place)), "not_before": micros(one.not_before)}
                for one in invitations
            ]  # fmt: skip
            connection.execute(survey_invitations.insert(), rows)

    def wave(self, account: str, wave: str) -> Wave | None:
        """A wave; None when there is none of that name."""
        with self._read(account) as (connection, owner):
            row = connection.execute(sa.select(survey_waves).where(*_one(survey_waves, owner, wave))).one_or_none()
            return None if row is None else _wave(owner.name, row)

    def waves(self, account: str) -> list[Wave]:
        """All waves, the earliest first."""
        with self._read(account) as (connection, owner):
            rows = connection.execute(sa.select(survey_waves).where(survey_waves.c.account == owner.number))
            return sorted((_wave(owner.name, row) for row in rows), key=lambda one: (one.opens_at, one.wave))

    def advance(self, account: str, wave: str, to: State, on: date) -> None:
        """The wave's next state; nobody else changes the wave until the transaction ends.

        Raises ConfigError when the wave is not in the state before.
        """
        before = list(State)[list(State).index(to) - 1]
        changes: dict[str, Any] = {"state": to.value}
        if to in _DAY_OF:
            changes[_DAY_OF[to]] = day_number(on)
        with self._write(account) as (connection, owner):
            mine = survey_waves.update().where(*_one(survey_waves, owner, wave), survey_waves.c.state == before.value)
            if connection.execute(mine.values(changes)).rowcount == 0:
                raise ConfigError(f"surveys: account {account}: wave {wave} is not {before}, so it cannot be {to} now")

    def invitations(self, account: str, wave: str) -> list[Invitation]:
        """Whom a wave asks, by person."""
        with self._read(account) as (connection, owner):
            rows = connection.execute(sa.select(survey_invitations).where(*_one(survey_invitations, owner, wave)))
            found = [Invitation(row.person, _place_in(json.loads(row.place)), instant(row.not_before)) for row in rows]
            return sorted(found, key=lambda one: one.person)

    def history(self, account: str) -> History:
        """Earlier waves, and who was asked when."""
        waves = self.waves(account)
        past = tuple(PastWave(w.wave, w.teams, w.kind, w.opens_at.date(), w.state) for w in waves)
        by_wave = {one.wave: Asked(one.on, one.kind) for one in past}
        asked: dict[str, tuple[Asked, ...]] = {}
        with self._read(account) as (connection, owner):
            columns = survey_invitations.c
            query = sa.select(columns.person, columns.wave).where(columns.account == owner.number)
            for person, wave in connection.execute(query):
                if wave in by_wave:
                    asked[person] = (*asked.get(person, ()), by_wave[wave])
        return History(past, asked)

    def rename_person(self, account: str, person: str, other: str) -> None:
        """Put another name in a person's place in every invitation, for erasing: the size of groups stays known."""
        mine = survey_invitations.c
        with self._write(account) as (connection, owner):
            theirs = survey_invitations.update().where(mine.account == owner.number, mine.person == person)
            connection.execute(theirs.values(person=other))

    # ---- answers ----------------------------------------------------------------------------------------------------

    def use(self, account: str, wave: str, mark: str, sealed: bytes, at: datetime) -> Used:
        """Use a link up and keep its answer, both or neither; on return they are on the disk. Needs no lease."""
        with self._database.writing(durable=True) as connection:
            owner = self._owner(connection, account)
            now = micros(at)
            # shared with other answers; a wave that is being closed makes them wait, and is closed then
            query = sa.select(survey_waves).where(*_one(survey_waves, owner, wave)).with_for_update(read=True)
            found = connection.execute(query).one_or_none()
            if found is None or found.state != State.OPEN or not found.opens_at <= now < found.closes_at:
                return Used.CLOSED
            if not insert_if_free(connection, survey_used, {"account": owner.number, "mark": mark}):
                return Used.BEFORE
            row = {"account": owner.number, "wave": wave, "slot": secrets.token_hex(16), "sealed": sealed}
            connection.execute(survey_sealed.insert(), row)
            return Used.COUNTED

    def sealed(self, account: str, wave: str) -> list[bytes]:
        """The answers of an open wave, unreadable, in the order of random numbers."""
        with self._read(account) as (connection, owner):
            query = sa.select(survey_sealed.c.sealed).where(*_one(survey_sealed, owner, wave))
            return list(connection.execute(query.order_by(survey_sealed.c.slot)).scalars())

    def settle(self, account: str, wave: str, marks: Collection[str], results: Mapping[str, Mapping[str, Any]]) -> None:
        """Put results in the place of the wave's answers and of the marks of its links."""
        with self._write(account) as (connection, owner):
            connection.execute(survey_sealed.delete().where(*_one(survey_sealed, owner, wave)))
            gone = [{"its_mark": mark} for mark in sorted(marks)]
            if gone:
                these = sa.and_(survey_used.c.account == owner.number, survey_used.c.mark == sa.bindparam("its_mark"))
                connection.execute(survey_used.delete().where(these), gone)
            rows = [
                {"account": owner.number, "wave": wave, "cell": cell, "body": json.dumps(body, ensure_ascii=False)}
                for cell, body in sorted(results.items())
            ]
            if rows:
                connection.execute(survey_results.insert(), rows)

    def result(self, account: str, wave: str, cell: str) -> dict[str, Any] | None:
        """What may be shown of a cell; None: nothing. Only `surveys.results` reads it: it knows the wave's state."""
        with self._read(account) as (connection, owner):
            query = sa.select(survey_results.c.body).where(*_one(survey_results, owner, wave))
            body = connection.execute(query.where(survey_results.c.cell == cell)).scalar()
            return None if body is None else dict(json.loads(body))

    def all_results(self, account: str, wave: str) -> dict[str, dict[str, Any]]:
        """The same of all cells of which anything may be shown."""
        with self._read(account) as (connection, owner):
            query = sa.select(survey_results.c.cell, survey_results.c.body).where(*_one(survey_results, owner, wave))
            return {row.cell: json.loads(row.body) for row in connection.execute(query)}

    # ---- themes -----------------------------------------------------------------------------------------------------

    def add_theme(self, account: str, theme: Theme) -> None:
        """Keep a theme."""
        with self._write(account) as (connection, owner):
            row = survey_themes.insert().values(
                account=owner.number,
                theme=theme.theme,
                wave=theme.wave,
                title=theme.title,
                owner=theme.owner,
                raised_on=day_number(theme.raised_on),
                question=theme.question,
            )
            connection.execute(row)

    def answer_theme(self, account: str, theme: str, answer: str, on: date) -> bool:
        """Keep the answer to a theme; false when there is no such theme or it has one."""
        mine = survey_themes.c
        with self._write(account) as (connection, owner):
            change = survey_themes.update().where(mine.account == owner.number, mine.theme == theme)
            change = change.where(mine.answered_on.is_(None)).values(answer=answer, answered_on=day_number(on))
            return connection.execute(change).rowcount == 1

    def themes(self, account: str) -> list[Theme]:
        """All themes, the eldest first."""
        with self._read(account) as (connection, owner):
            rows = connection.execute(sa.select(survey_themes).where(survey_themes.c.account == owner.number))
            found = [
                Theme(row.theme, row.wave, row.title, row.owner, day_of(row.raised_on), row.answer,
                      None if row.answered_on is None else day_of(row.answered_on), row.question)
                for row in rows
            ]  # fmt: skip
            return sorted(found, key=lambda one: (one.raised_on, one.theme))


def _one(table: sa.Table, owner: Owner, wave: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.account == owner.number, table.c.wave == wave


def _place_out(place: Place) -> list[Any]:
    return [list(place.teams), [list(trait) for trait in place.traits]]


def _place_in(stored: Sequence[Any]) -> Place:
    teams, traits = stored
    return Place(tuple(teams), tuple((dimension, value) for dimension, value in traits))


def _wave(account: str, row: sa.Row[Any]) -> Wave:
    def day(stored: int | None) -> date | None:
        return None if stored is None else day_of(stored)

    return Wave(
        account=account,
        wave=row.wave,
        state=State(row.state),
        kind=Kind(row.kind),
        venue=Venue(row.venue),
        teams=tuple(json.loads(row.teams)),
        places=tuple(_place_in(one) for one in json.loads(row.places)),
        invited=row.invited,
        opens_at=instant(row.opens_at),
        closes_at=instant(row.closes_at),
        remind_at=None if row.remind_at is None else instant(row.remind_at),
        triggers=tuple(json.loads(row.triggers)),
        question_set=row.question_set,
        closed_on=day(row.closed_on),
        published_on=day(row.published_on),
        answered_on=day(row.answered_on),
    )
