"""Reads what pages need when a process begins and after each evaluation, so that nobody who opens one has to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from babel.dates import format_date

from helpdesk_wellbeing.pages import audit, funnel, held
from helpdesk_wellbeing.web import language

if TYPE_CHECKING:
    from flask import Flask

    from helpdesk_wellbeing.pages.known import Known

EVERY_S = 5.0
IDLE_S = 3600.0  # after so long without a call an account is left alone until the next one
STOP_S = 5.0
_log = structlog.get_logger(__name__)


class Warmth:
    """A thread that looks every few seconds whether an account that somebody looks at was evaluated."""

    def __init__(self, known: Known, now: Callable[[], datetime], app: Flask | None = None) -> None:
        self._known = known
        self._now = now
        self._app = app  # whose templates are compiled ahead
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web-warmth", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being read is waited for."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        is_told = has_begun = False
        while not self._stopped.wait(EVERY_S):
            try:
                if not has_begun:
                    self._begin()
                    has_begun = True
                for account in self._known.asked_for(IDLE_S):
                    warm(self._known, account, self._now(), self._stopped.is_set)
            except Exception as error:  # pages read it themselves, and say what is wrong
                if not is_told:
                    _log.warning("could not read ahead", error=type(error).__name__)
                is_told = True

    def _begin(self) -> None:
        """Whoever was at it before this process began goes on in it."""
        note_sessions(self._known, self._now())
        if self._app is not None and self._known.asked_for(IDLE_S):
            read_words(self._app, self._stopped.is_set)


def note_sessions(known: Known, now: datetime) -> None:
    """Accounts at which somebody looked of late, in another process, are looked at."""
    store, lately = known.store, now - timedelta(seconds=IDLE_S)
    for one in store.accounts():
        if any(session.seen_at >= lately for session in store.access.sessions(one.name, now)):
            known.note_asked(one.name)


def read_words(app: Flask, stopping: Callable[[], bool] = lambda: False) -> None:
    """Templates, catalogues and the names of months, of which the first page of a process would read its own."""
    for code in language.LANGUAGES:
        language.catalogue(code)
        format_date(date(2026, 1, 1), "d MMM y", locale=code)
    for name in app.jinja_env.list_templates():
        if stopping():
            return
        app.jinja_env.get_template(name)


def warm(known: Known, account: str, now: datetime, stopping: Callable[[], bool] = lambda: False) -> None:
    """Everything that pages share and that is kept until the next evaluation; quick where it is there."""
    if known.answer(account) is None:
        return
    steps: tuple[Callable[[], object], ...] = (
        lambda: known.names(account),
        lambda: held.members(known, account, now.date()),
        *((lambda kind=kind: held.facts(known, account, kind)) for kind in ("shifts", "days", "queues", "loads")),
        lambda: held.hard_handled(known, account),
        lambda: funnel.hard_by_queue(known, account, now),
        lambda: audit.look_over(known, account, now),
    )
    for step in steps:
        if stopping():
            return
        step()
