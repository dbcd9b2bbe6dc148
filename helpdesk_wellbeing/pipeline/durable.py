"""The one file that knows DBOS: queues that survive, and who does what was begun by a process that is gone.

Three kinds of workflow. `attend`: pull if that is why it was asked for, then evaluate; after a pull, what is due once a
day. It has two queues, so that a long pull never stands before a webhook. `act`: look at proposals again, then write
what was decided. `notify`: tell people; it shares the queue of `act`, as each queue is looked at all the time. Which
account needs work stands in the store, not here: should all of this be lost, the next look finds the same work again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from dbos import _sys_db as dbos_database
from sqlalchemy.engine import make_url

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.settings import PIPELINE_FILE
from helpdesk_wellbeing.store import dialect

if TYPE_CHECKING:
    from pathlib import Path

    from dbos import WorkflowStatus

Why = Literal["hooks", "due", "acts", "notices"]
QUEUES: dict[Why, str] = {"hooks": "accounts", "due": "pulls", "acts": "acts", "notices": "acts"}
SCHEMA = "dbos"
APPLICATION = "helpdesk-wellbeing"

POLL_HOOKS_S, POLL_DUE_S = 0.2, 1.0
# Shared by all workers: one pull of an account at a time, and not more of them in a minute than this, so that what a
# pull does not know of its predecessor's requests cannot exceed the platform's limits.
PULLS_A_MINUTE = 3
ACTS_A_MINUTE = 30  # rounds for an account; each writes as much as the account's budget allows
# Evaluations of an account; that there is a limit also makes DBOS look for work in a third of the time.
EVALUATIONS_A_MINUTE = 120
ASLEEP_S = 600.0  # of what DBOS offers and we do not use
_BUSY_S = 30.0
LONGEST_SLEEP_S = 3.0
_KEPT = timedelta(minutes=5)  # what is done; keys are never used again after that
_AT_ONCE = 500
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


@dataclass(frozen=True)
class Work:
    """The parts of a run. Each returns a word that is kept, and raises when it should be found again."""

    pull: Callable[[str], str]
    evaluate: Callable[[str, str | None], str]
    plan: Callable[[str], str]
    write: Callable[[str], str]
    notify: Callable[[str], str]
    attended: Callable[[str, str, Why, bool], None]  # run, account, why; True: begins, False: has ended
    upkeep: Callable[[str], str]  # does what is due once a day


class _Impatient:
    """Time, for DBOS, in which nobody sleeps long.

    While its database is away DBOS tries again after 1, 2, 4 … 60 s and half as long again, which nothing can set: a
    run would sleep on for as long as the outage was after the database has come back.
    """

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, LONGEST_SLEEP_S))

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


_work: Work | None = None


@DBOS.workflow(name="attend")
def _attend(account: str, why: Why, key: str) -> str:
    """See to an account. `key` is why in this very moment; it only tells runs apart."""
    with _attended(account, why) as work:
        pulled = DBOS.run_step({"name": "pull"}, work.pull, account) if why == "due" else None
        evaluated = DBOS.run_step({"name": "evaluate"}, work.evaluate, account, pulled)
        if why == "due":
            DBOS.run_step({"name": "upkeep"}, work.upkeep, account)
        return evaluated


@DBOS.workflow(name="act")
def _act(account: str, why: Why, key: str) -> str:
    """Look at an account's proposals, and write what was decided."""
    with _attended(account, why) as work:
        DBOS.run_step({"name": "plan"}, work.plan, account)
        return DBOS.run_step({"name": "write"}, work.write, account)


@DBOS.workflow(name="notify")
def _notify(account: str, why: Why, key: str) -> str:
    """Tell people what waits for them."""
    with _attended(account, why) as work:
        return DBOS.run_step({"name": "notify"}, work.notify, account)


@contextmanager
def _attended(account: str, why: Why) -> Iterator[Work]:
    """The work of this process, which is told that a run begins and ends."""
    work = _work
    if work is None:
        raise RuntimeError("the worker of this process is not running")
    run = str(DBOS.workflow_id)
    work.attended(run, account, why, True)
    try:
        with structlog.contextvars.bound_contextvars(run=run):
            yield work
    finally:
        work.attended(run, account, why, False)


_WORKFLOWS: dict[Why, Callable[[str, Why, str], str]] = {"acts": _act, "notices": _notify}


class Durable:
    """DBOS in this process, under the name of its worker."""

    def __init__(
        self, database_url: str, name: str, work: Work, *, hooks_at_once: int, pulls_at_once: int, acts_at_once: int
    ) -> None:
        """Launch; work begins to come at once. There is one a process."""
        global _work
        self._name = name
        self._engine = _engine(database_url)
        dbos_database.time = _Impatient()  # type: ignore[assignment, attr-defined]
        _log_like_us()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "dbos_system_schema": SCHEMA,
            "application_version": __version__,
            "executor_id": name,
            "use_listen_notify": False,
            "log_level": "WARNING",
            "enable_otlp": False,
            "scheduler_polling_interval_sec": ASLEEP_S,
        }
        _work = work
        try:
            self._dbos = DBOS(config=config)
            DBOS.launch()
            DBOS.register_queue(
                QUEUES["hooks"],
                partition_concurrency=1,
                partition_limiter={"limit": EVALUATIONS_A_MINUTE, "period": 60.0},
                worker_concurrency=hooks_at_once,
                polling_interval_sec=POLL_HOOKS_S,
            )
            DBOS.register_queue(
                QUEUES["due"],
                partition_concurrency=1,
                partition_limiter={"limit": PULLS_A_MINUTE, "period": 60.0},
                worker_concurrency=pulls_at_once,
                polling_interval_sec=POLL_DUE_S,
            )
            DBOS.register_queue(
                QUEUES["acts"],
                partition_concurrency=1,
                partition_limiter={"limit": ACTS_A_MINUTE, "period": 60.0},
                worker_concurrency=acts_at_once,
                polling_interval_sec=POLL_DUE_S,
            )
        except BaseException:
            self.close()
            raise

    def ask(self, account: str, why: Why, key: str) -> None:
        """Ask for a run; the same key again asks for nothing."""
        with SetWorkflowID(f"{why}:{account}:{key}"), SetEnqueueOptions(queue_partition_key=account):
            DBOS.enqueue_workflow(QUEUES[why], _WORKFLOWS.get(why, _attend), account, why, key)

    def asked_for(self, why: Why, versions: Iterable[str], *, begun: bool) -> set[str]:
        """Accounts for which a run waits that somebody of these versions will do, or, with `begun`, does."""
        status = ["ENQUEUED", "PENDING"] if begun else ["ENQUEUED"]
        found = _listed(status=status, queue_name=QUEUES[why], app_version=sorted({__version__, *versions}))
        return {workflow.queue_partition_key for workflow in found if workflow.queue_partition_key is not None}

    def begun_by(self, workers: Sequence[str]) -> list[WorkflowStatus]:
        """What these processes have begun and not ended."""
        return _listed(status="PENDING", executor_id=list(workers)) if workers else []

    def hand_over(self, runs: Iterable[WorkflowStatus]) -> int:
        """Let others do what was begun; their number.

        Runs of another version are forgotten instead: what they were to do is found again by those who are there, and
        a run that is gone is asked for at once, while the key of one that was cancelled would be taken for a while.
        """
        by_queue: dict[str, list[str]] = defaultdict(list)
        foreign = []
        for run in runs:
            if run.app_version == __version__:
                by_queue[run.queue_name or QUEUES["hooks"]].append(run.workflow_id)
            else:
                foreign.append(run.workflow_id)
        for queue, ids in by_queue.items():
            DBOS.resume_workflows(ids, queue_name=queue)
        if foreign:
            DBOS.delete_workflows(foreign)
        return sum(map(len, by_queue.values())) + len(foreign)

    def begun_by_none_of(self, workers: Iterable[str]) -> list[WorkflowStatus]:
        """What was begun by processes that nobody knows."""
        known = set(workers)
        return [run for run in _listed(status="PENDING") if run.executor_id not in known]

    def forget_other_versions(self, versions: Iterable[str]) -> int:
        """Forget what waits for a version that nobody has any more (these and ours are there); how much that was.

        Others would look at each of its accounts in every round without taking it, and after a rollback it would be
        done long after its time.
        """
        there = {__version__, *versions}
        waiting = _listed(status="ENQUEUED", queue_name=sorted(set(QUEUES.values())), limit=_AT_ONCE)
        lost = [run.workflow_id for run in waiting if run.app_version is not None and run.app_version not in there]
        if lost:
            DBOS.delete_workflows(lost)
        return len(lost)

    def tidy(self) -> int:
        """Forget what was done some minutes ago; how much that was."""
        before = (datetime.now(UTC) - _KEPT).isoformat()
        old = _listed(status=_FINISHED, completed_before=before, limit=_AT_ONCE)
        if old:
            DBOS.delete_workflows([run.workflow_id for run in old])
        return len(old)

    def stop_taking(self) -> None:
        """No more work is begun here; what is going on goes on."""
        for event in self._dbos.background_thread_stop_events:
            event.set()

    def close(self) -> None:
        """Give everything back."""
        global _work
        DBOS.destroy()
        self._engine.dispose()
        _work = None


def forget_account(database_url: str, account: str, *, done_only: bool = False) -> int:
    """Take out all that is kept of an account's runs, or of those that have ended; how many there were.

    Not through DBOS, which only processes that work launch.
    """
    file = dialect.sqlite_file(make_url(database_url))
    if file is not None and not file.with_name(PIPELINE_FILE).exists():
        return 0
    engine = _engine(database_url)
    schema = None if engine.dialect.name == "sqlite" else SCHEMA
    try:
        there = sa.MetaData(schema=schema)
        there.reflect(engine)
        tables = {table.name: table for table in there.tables.values()}
        runs = tables.get("workflow_status")
        if runs is None:
            return 0
        which = sa.and_(runs.c.queue_partition_key == account, runs.c.status.in_(_FINISHED) if done_only else sa.true())
        theirs = sa.select(runs.c.workflow_uuid).where(which)
        with engine.begin() as connection:
            for table in tables.values():
                if table is not runs and "workflow_uuid" in table.c:
                    connection.execute(table.delete().where(table.c.workflow_uuid.in_(theirs)))
            gone = connection.execute(runs.delete().where(which)).rowcount
        dialect.compact(engine)
        return gone
    finally:
        engine.dispose()


def _listed(**which: Any) -> list[WorkflowStatus]:
    return DBOS.list_workflows(**which, load_input=False, load_output=False)


def _engine(database_url: str) -> sa.Engine:
    """On SQLite a file beside the store's own, on PostgreSQL the same database."""
    url = make_url(database_url)
    file = dialect.sqlite_file(url)
    if file is None:
        return dialect.make_engine(url, read_only=False, busy_s=_BUSY_S)
    return _sqlite(file.with_name(PIPELINE_FILE))


def _sqlite(file: Path) -> sa.Engine:
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(f"sqlite:///{file}", pool_size=5, max_overflow=20, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: object) -> None:
        # What DBOS sets itself, and WAL: a power cut may cost the last runs, which the store's state asks for again.
        connection.isolation_level = "IMMEDIATE"
        for pragma in (f"busy_timeout = {_BUSY_S * 1000:.0f}", "foreign_keys = ON", "journal_mode = WAL",
                       "synchronous = NORMAL"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    return engine


class _AsOurs(logging.Handler):
    """DBOS's warnings in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("pipeline").log(record.levelno, "dbos", said=record.getMessage().splitlines()[0][:300])


def _log_like_us() -> None:
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, _AsOurs) for handler in logger.handlers):
        logger.handlers = [_AsOurs()]  # with one there, DBOS adds none of its own
    logger.propagate = False
