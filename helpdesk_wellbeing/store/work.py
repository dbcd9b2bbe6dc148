"""The state of the pipeline's work: a row an account, what it found last, and the processes that do it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import now, upsert
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.tables import accounts, answers, meta, runs, workers
from helpdesk_wellbeing.store.upkeep import UNFINISHED

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from helpdesk_wellbeing.store.database import Database


@dataclass(frozen=True)
class Run:
    """What is known of the work for an account."""

    account: str
    due_at: datetime | None = None  # of the next pull
    began_at: datetime | None = None  # of the latest pull
    pulled_at: datetime | None = None  # a pull came to its end
    news_at: datetime | None = None  # a pull brought something new
    hook_at: datetime | None = None  # a webhook brought something
    evaluated_at: datetime | None = None
    evaluated_until: datetime | None = None  # the instant that the latest answer is about
    quiet_pulls: int = 0  # in a row without news
    failures: int = 0  # in a row
    problem: str | None = None  # of the latest run
    paused_at: datetime | None = None
    quota_left: int | None = None  # API calls in the present minute, as the platform said last
    plan_due_at: datetime | None = None  # when proposals are to be looked at again


@dataclass(frozen=True)
class Worker:
    """A process of this installation; times are seconds since 1970 by the database's clock."""

    name: str
    role: str  # all | web | worker
    version: str
    host: str
    pid: int
    since: float
    heartbeat: float
    age_s: float  # since the heartbeat
    counts: dict[str, Any]


CLOCKS_DIFFER = timedelta(minutes=5)  # those of hosts; more is a jump

_COLUMNS = tuple(field.name for field in fields(Run) if field.name != "account")


def forget_evaluation(connection: Connection, owner: Owner) -> None:
    """The kept answer rests on what has changed: `serve` makes another, though somebody else folds before."""
    connection.execute(runs.update().where(runs.c.account == owner.number).values(evaluated_at=None))


class Work:
    """The work for every account. Each method is one transaction; inside `Store.transaction` they share it."""

    def __init__(self, database: Database, read: Owned, write: Owned) -> None:
        self._database = database
        self._read = read
        self._write = write

    # ---- runs -------------------------------------------------------------------------------------------------------

    def run_of(self, account: str) -> Run:
        """What is known of the work for an account; an empty `Run` before the first."""
        with self._read(account) as (connection, owner):
            row = connection.execute(sa.select(runs).where(runs.c.account == owner.number)).one_or_none()
            return Run(owner.name) if row is None else _run(owner.name, row)

    def runs(self) -> list[Run]:
        """The same for every account, by name."""
        query = sa.select(accounts.c.name, runs).select_from(accounts.outerjoin(runs))
        with self._database.reading() as connection:
            return sorted((_run(row.name, row) for row in connection.execute(query)), key=lambda run: run.account)

    def due(self, at: datetime) -> dict[str, datetime | None]:
        """Accounts whose next pull was due at `at`, and when; None: not planned yet, but connected or to be cleaned.

        None is paused, except where an erasure was begun: what a pull is followed by ends it.
        """
        # began later than now: the clock was put back since, and what is planned was planned by the other one
        planned = sa.or_(runs.c.due_at <= micros(at), runs.c.began_at > micros(at + CLOCKS_DIFFER))
        unplanned = sa.and_(runs.c.due_at.is_(None), accounts.c.platform.is_not(None))
        query = sa.select(accounts.c.name, runs.c.due_at).select_from(accounts.outerjoin(runs))
        to_clean = sa.exists().where(meta.c.account == accounts.c.number, meta.c.key.in_(UNFINISHED))
        is_unpulled = sa.or_(runs.c.paused_at.is_not(None), accounts.c.platform.is_(None))
        pulls = sa.and_(runs.c.paused_at.is_(None), sa.or_(planned, unplanned))
        query = query.where(sa.or_(pulls, sa.and_(is_unpulled, to_clean)))
        with self._database.reading() as connection:
            found = connection.execute(query)
            return {name: None if due_at is None else instant(due_at) for name, due_at in found}

    def plans_due(self, at: datetime) -> dict[str, datetime]:
        """Accounts whose proposals were to be looked at by `at`, and since when."""
        query = sa.select(accounts.c.name, runs.c.plan_due_at).join_from(runs, accounts)
        query = query.where(runs.c.plan_due_at <= micros(at), runs.c.paused_at.is_(None))
        with self._database.reading() as connection:
            return {row.name: instant(row.plan_due_at) for row in connection.execute(query)}

    def note_run(self, account: str, **changes: Any) -> None:
        """Change columns of the account's `Run`."""
        unknown = set(changes).difference(_COLUMNS)
        if unknown:
            raise ValueError(f"not columns of a run: {', '.join(sorted(unknown))}")
        values = {name: micros(value) if isinstance(value, datetime) else value for name, value in changes.items()}
        with self._write(account) as (connection, owner):
            change = runs.update().where(runs.c.account == owner.number).values(**values)
            if connection.execute(change).rowcount == 0:
                first = {"account": owner.number, "quiet_pulls": 0, "failures": 0}
                connection.execute(upsert(connection, runs), first)
                connection.execute(change)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def keep_answer(self, account: str, made_at: datetime, answer: Mapping[str, Any]) -> None:
        """Keep what an evaluation found (the object of `check --format json`) in the place of what was kept before."""
        with self._write(account) as (connection, owner):
            body = json.dumps(answer, ensure_ascii=False)
            row = {"account": owner.number, "made_at": micros(made_at), "body": body}
            connection.execute(upsert(connection, answers), row)

    def answer_of(self, account: str) -> dict[str, Any] | None:
        """What the latest evaluation found; None before the first."""
        with self._read(account) as (connection, owner):
            query = sa.select(answers.c.body).where(answers.c.account == owner.number)
            body = connection.execute(query).scalar()
            return None if body is None else dict(json.loads(body))

    def answers_made(self) -> dict[str, datetime]:
        """When the latest answer of each account was kept; accounts without one are left out."""
        query = sa.select(accounts.c.name, answers.c.made_at).join_from(answers, accounts)
        with self._database.reading() as connection:
            return {row.name: instant(row.made_at) for row in connection.execute(query)}

    # ---- processes --------------------------------------------------------------------------------------------------

    def beat(self, name: str, *, role: str, version: str, host: str, pid: int, counts: Mapping[str, Any]) -> None:
        """Say that a process is alive, and what it has counted so far."""
        fresh = {"role": role, "version": version, "host": host, "pid": pid, "counts": json.dumps(counts)}
        with self._database.writing() as connection:
            at = now(connection)
            known = connection.execute(workers.update().where(workers.c.name == name).values(heartbeat=at, **fresh))
            if known.rowcount == 0:
                connection.execute(upsert(connection, workers), {"name": name, "since": at, "heartbeat": at, **fresh})

    def workers(self) -> list[Worker]:
        """All processes that have not said goodbye, the eldest first; those with an old heartbeat are dead.

        So are those with one of the future: the clock was put back, and who lives has beaten again since.
        """
        with self._database.reading() as connection:
            at = now(connection)
            return [
                Worker(
                    row.name, row.role, row.version, row.host, row.pid, row.since, row.heartbeat,
                    abs(at - row.heartbeat), json.loads(row.counts),
                )
                for row in connection.execute(sa.select(workers).order_by(workers.c.since, workers.c.name))
            ]  # fmt: skip

    def forget_worker(self, name: str) -> bool:
        """Forget a process; false when another one has done so already, so that one of several takes over."""
        with self._database.writing() as connection:
            return connection.execute(workers.delete().where(workers.c.name == name)).rowcount == 1


def _run(name: str, row: sa.Row[Any]) -> Run:
    def value(column: str) -> Any:
        stored = getattr(row, column)
        return instant(stored) if stored is not None and column.endswith(("_at", "_until")) else stored

    known: dict[str, Any] = {column: value(column) for column in _COLUMNS}
    return Run(name, **{column: stored for column, stored in known.items() if stored is not None})
