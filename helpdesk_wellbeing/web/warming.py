"""Reads anew what pages need after an evaluation, so that nobody who opens one has to wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from helpdesk_wellbeing.pages import audit, funnel, held

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

EVERY_S = 5.0
IDLE_S = 3600.0  # after so long without a call an account is left alone until the next one
STOP_S = 5.0
_log = structlog.get_logger(__name__)


class Warmth:
    """A thread that looks every few seconds whether an account that somebody looks at was evaluated."""

    def __init__(self, known: Known, now: Callable[[], datetime]) -> None:
        self._known = known
        self._now = now
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
        is_told = False
        while not self._stopped.wait(EVERY_S):
            for account in self._known.asked_for(IDLE_S):
                try:
                    warm(self._known, account, self._now(), self._stopped.is_set)
                except Exception as error:  # pages read it themselves, and say what is wrong
                    if not is_told:
                        _log.warning("could not read ahead", error=type(error).__name__)
                    is_told = True


def warm(known: Known, account: str, now: datetime, stopping: Callable[[], bool] = lambda: False) -> None:
    """Everything that pages share and that is kept until the next evaluation; quick where it is there."""
    if known.answer(account) is None:
        return
    steps: tuple[Callable[[], object], ...] = (
        lambda: known.names(account),
        *((lambda kind=kind: held.facts(known, account, kind)) for kind in ("shifts", "days", "queues", "loads")),
        lambda: held.hard_handled(known, account),
        lambda: funnel.hard_by_queue(known, account, now),
        lambda: audit.look_over(known, account, now),
    )
    for step in steps:
        if stopping():
            return
        step()
