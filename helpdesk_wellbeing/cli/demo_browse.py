"""How `demo` ends where a person watches: the team's installation in the browser, on a Monday morning that begins when
they look."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing import logs
from helpdesk_wellbeing.cli.common import catalogue, open_store, say
from helpdesk_wellbeing.cli.demo_morning import MORNING, furnish
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, Part, Running, served
from helpdesk_wellbeing.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.engine import Catalogue, Engine
    from helpdesk_wellbeing.store import Store

PORT = 8765
EVERY_S = 1.0  # what was decided is written, and what somebody said is heeded


class Evaluating:
    """A worker's part where somebody contests, objects, or sets hours, groups or rules: evaluating and planning anew.

    It begins with the first of these, so that nobody waits for it before.
    """

    def __init__(self, store: Store, known: Catalogue, now: Callable[[], datetime]) -> None:
        from helpdesk_wellbeing.pipeline import steps

        self._store, self._known, self._means = store, known, steps.Means(store, acts=True, now=now)

    @cached_property
    def _engine(self) -> Engine:
        from helpdesk_wellbeing.engine import Engine

        return Engine(self._store, ACCOUNT, self._known)

    def go_on(self) -> None:
        """What is due by now."""
        from helpdesk_wellbeing.pipeline import steps

        run = self._store.work.run_of(ACCOUNT)
        if run.evaluated_at is None or self._store.dirty_since(ACCOUNT) is not None:
            steps.evaluate(self._means, ACCOUNT, self._engine, self._known)
            run = self._store.work.run_of(ACCOUNT)
        if run.plan_due_at is not None and run.plan_due_at <= self._means.now():
            steps.plan(self._means, ACCOUNT, self._engine, self._known)


@dataclass(frozen=True)
class Open:
    """An installation that can be looked at."""

    address: str
    store: Store
    time: Running
    process: Process
    evaluating: Evaluating


def browse(world: World, part: Part) -> None:
    """Until Ctrl-C. In the home folder of the environment, whose database has pulled the world (see `copy`)."""
    logs.only_trouble()
    say("\npreparing the Monday morning after, for the browser …")
    with opened(world, part) as here, suppress(KeyboardInterrupt):
        click.echo(f"\nIN THE BROWSER\n  {here.address}/a/{ACCOUNT}/\n")
        click.echo(
            "  Sign in with the simulated helpdesk as Team lead A, who leads seven teams and finds what waits for"
        )
        click.echo(
            "  a decision; as an agent, Agent 53 for example; as Team lead B, who is ops; or as Observer, who is"
        )
        click.echo(
            "  of the works council; as Agent 55 for human resources, Agent 56 for data protection; as Wellbeing"
        )
        click.echo(
            "  service, who is the admin. What is accepted is written into the simulated helpdesk.   Ctrl-C ends this"
        )
        while True:
            time.sleep(EVERY_S)
            stay_alive(here)
            here.evaluating.go_on()
            write(here)


@contextmanager
def opened(world: World, part: Part, port: int = PORT) -> Iterator[Open]:
    """The installation, served on loopback; on another port where this one is taken."""
    from helpdesk_wellbeing import app as web_side
    from helpdesk_wellbeing.access import doors
    from helpdesk_wellbeing.acting import policy
    from helpdesk_wellbeing.settings import load_settings

    settings = load_settings()
    time_there = Running(world.as_of + MORNING)
    with part.front(world, time_there.now) as front, open_store() as store:
        part.connect(store, front)
        known = catalogue(try_examples=False)
        furnish(store, world, known)
        app = web_side.web(settings, role="web", now=time_there.now)
        try:
            with served(app, _free(port)) as address:
                policy.change(store, ACCOUNT, "the demo", time_there.now(), public_url=address)
                if store.account(ACCOUNT).platform == "zendesk":
                    doors.change(store, ACCOUNT, "the demo", time_there.now(), zendesk={})
                evaluating = Evaluating(store, known, time_there.now)
                here = Open(address, store, time_there, Process(store, "worker", dict), evaluating)
                stay_alive(here)
                yield here
                here.process.say_goodbye()
        finally:
            web_side.close(app)


def stay_alive(here: Open) -> None:
    """Say that this process does a worker's part, and that the simulated helpdesk, which changes by nobody else, has
    been read up to now: in the time of the demo."""
    here.process.beat()
    here.store.work.note_run(ACCOUNT, pulled_at=here.time.now(), due_at=None)


def write(here: Open) -> None:
    """What was decided goes into the helpdesk, as a worker does it."""
    from helpdesk_wellbeing.cli.outbound import write as make

    if ACCOUNT in here.store.writes.due(here.time.now()):
        make(here.store, ACCOUNT, tell=lambda line: None, now=here.time.now)


def _free(port: int) -> int:
    """This port, or 0 where somebody else has it."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def copy(kept: Path, home: Path) -> None:
    """The database as it is, with its key."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(kept / "wellbeing.db")) as here,
        closing(sqlite3.connect(home / "wellbeing.db")) as there,
    ):
        here.backup(there)
    shutil.copy(kept / "secret.key", home)
