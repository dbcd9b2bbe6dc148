"""The state of the pipeline's work: a row an account, what it found last, and the processes that do it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import now, upsert
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import accounts, answers, runs, workers


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


def of(connection: Connection, owner: Owner) -> Run:
    """The account's run; an empty one before the first."""
    row = connection.execute(sa.select(runs).where(runs.c.account == owner.number)).one_or_none()
    return Run(owner.name) if row is None else _run(owner.name, row)


def listed(connection: Connection) -> list[Run]:
    """One for every account, by name."""
    query = sa.select(accounts.c.name, runs).select_from(accounts.outerjoin(runs))
    rows = connection.execute(query)
    return sorted((_run(row.name, row) for row in rows), key=lambda run: run.account)


def due(connection: Connection, at: datetime) -> dict[str, datetime | None]:
    """By account what was due at `at` and is not paused; None for connected accounts that nobody has planned yet."""
    # began later than now: the clock was put back since, and what is planned was planned by the other one
    planned = sa.or_(runs.c.due_at <= micros(at), runs.c.began_at > micros(at + CLOCKS_DIFFER))
    unplanned = sa.and_(runs.c.due_at.is_(None), accounts.c.platform.is_not(None))
    query = sa.select(accounts.c.name, runs.c.due_at).select_from(accounts.outerjoin(runs))
    found = connection.execute(query.where(runs.c.paused_at.is_(None), sa.or_(planned, unplanned)))
    return {name: None if due_at is None else instant(due_at) for name, due_at in found}


def note(connection: Connection, owner: Owner, changes: Mapping[str, Any]) -> None:
    """Change some of the columns of `Run`."""
    unknown = set(changes).difference(_COLUMNS)
    if unknown:
        raise ValueError(f"not columns of a run: {', '.join(sorted(unknown))}")
    values = {name: micros(value) if isinstance(value, datetime) else value for name, value in changes.items()}
    mine = runs.c.account == owner.number
    if connection.execute(sa.select(runs.c.account).where(mine)).one_or_none() is None:
        connection.execute(upsert(connection, runs), {"account": owner.number, "quiet_pulls": 0, "failures": 0})
    connection.execute(runs.update().where(mine).values(**values))


def _run(name: str, row: sa.Row[Any]) -> Run:
    def value(column: str) -> Any:
        stored = getattr(row, column)
        return instant(stored) if stored is not None and column.endswith(("_at", "_until")) else stored

    known: dict[str, Any] = {column: value(column) for column in _COLUMNS}
    return Run(name, **{column: stored for column, stored in known.items() if stored is not None})


def keep_answer(connection: Connection, owner: Owner, made_at: datetime, answer: Mapping[str, Any]) -> None:
    """Keep what an evaluation found in the place of what the one before found."""
    row = {"account": owner.number, "made_at": micros(made_at), "body": json.dumps(answer, ensure_ascii=False)}
    connection.execute(upsert(connection, answers), row)


def answer_of(connection: Connection, owner: Owner) -> dict[str, Any] | None:
    """What the latest evaluation found; None before the first."""
    body = connection.execute(sa.select(answers.c.body).where(answers.c.account == owner.number)).scalar()
    return None if body is None else dict(json.loads(body))


def answers_made(connection: Connection) -> dict[str, datetime]:
    """When each account's answer was kept, by name."""
    query = sa.select(accounts.c.name, answers.c.made_at).join_from(answers, accounts)
    return {row.name: instant(row.made_at) for row in connection.execute(query)}


def beat(
    connection: Connection, name: str, *, role: str, version: str, host: str, pid: int, counts: Mapping[str, Any]
) -> None:
    """Say that this process is alive, and what it has counted so far."""
    at = now(connection)
    fresh = {"role": role, "version": version, "host": host, "pid": pid, "counts": json.dumps(counts)}
    known = connection.execute(workers.update().where(workers.c.name == name).values(heartbeat=at, **fresh))
    if known.rowcount == 0:
        connection.execute(upsert(connection, workers), {"name": name, "since": at, "heartbeat": at, **fresh})


def alive(connection: Connection) -> list[Worker]:
    """All processes that have not said goodbye, by name; those with an old heartbeat are dead.

    So are those with one of the future: the clock was put back, and who lives has beaten again since.
    """
    at = now(connection)
    return [
        Worker(
            row.name, row.role, row.version, row.host, row.pid, row.since, row.heartbeat, abs(at - row.heartbeat),
            json.loads(row.counts),
        )
        for row in connection.execute(sa.select(workers).order_by(workers.c.since, workers.c.name))
    ]  # fmt: skip


def gone(connection: Connection, name: str) -> bool:
    """Forget a process; false when somebody else has forgotten it already, so that one of several takes over."""
    return connection.execute(workers.delete().where(workers.c.name == name)).rowcount == 1
