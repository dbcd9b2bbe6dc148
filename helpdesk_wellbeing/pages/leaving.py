"""Disconnecting an account from a page: the work goes on when its pages are gone, and its end can still be seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import structlog

from helpdesk_wellbeing.errors import StoreBusy, WellbeingError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.upkeep import disconnect
from helpdesk_wellbeing.upkeep.disconnect import Remains, remains

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.upkeep.beside import Beside

LONGEST_WAIT_S = 300.0  # for whoever works with the account
WHO = "disconnecting the account"
State = Literal["running", "done", "cut off"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LeavingPage:
    """What goes, and what stays."""

    platform: str | None
    events: int
    people: int
    remains: Remains
    is_begun: bool  # an earlier one was cut off


class Leaving:
    """One for a web process."""

    def __init__(self, known: Known, beside: Beside | None) -> None:
        self._known = known
        self._beside = beside
        self._at_it: dict[str, bool] = {}  # by account: whether this process is still at it; False: it gave up
        self._lock = threading.Lock()

    def page(self, viewer: Viewer) -> LeavingPage:
        """Before it is done."""
        store, account = self._known.store, viewer.account
        return LeavingPage(
            store.account(account).platform, store.all_events_span(account)[2],
            self._known.directory(account).people["agent"].n_unique(), remains(store, account),
            store.work.run_of(account).problem == disconnect.BEING_DISCONNECTED,
        )  # fmt: skip

    def begin(self, account: str, now: Callable[[], datetime]) -> bool:
        """Do it in a thread; False when this process is at it already."""
        with self._lock:
            if self._at_it.get(account):
                return False
            self._at_it[account] = True
        threading.Thread(target=self._run, args=(account, now), name="disconnect", daemon=True).start()
        return True

    def state_of(self, account: str, created_at: datetime) -> State:
        """How far the account that was made at that instant is. One of the same name may be there again."""
        store = self._known.store
        if not store.has_account(account) or store.account(account).created_at != created_at:
            return "done"
        if account in self._at_it:
            return "running" if self._at_it[account] else "cut off"
        try:
            with store.writer(account, WHO, wait_s=0.0, on_wait=lambda line: None):
                pass
        except StoreBusy:  # another web process, or whoever it waits for
            return "running"
        return "cut off"

    def _run(self, account: str, now: Callable[[], datetime]) -> None:
        store = self._known.store
        try:
            with store.writer(account, WHO, wait_s=LONGEST_WAIT_S, on_wait=lambda line: None, alone=True):
                disconnect.disconnect(store, account, now())
            del self._at_it[account]
            self._known.forget(account)
            if self._beside is not None:
                self._beside.forget_runs(account)
            _log.info("account disconnected", account=account)
        except Exception as trouble:
            problem = {"problem": str(trouble)} if isinstance(trouble, WellbeingError) else {}
            error, place = type(trouble).__name__, place_of(trouble)
            _log.error("disconnecting was cut off", account=account, error=error, place=place, **problem)
            if account in self._at_it:
                self._at_it[account] = False
