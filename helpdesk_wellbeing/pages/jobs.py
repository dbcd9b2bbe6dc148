"""Work that takes longer than a page may: done in the background, its state kept where every web process sees it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import structlog

from helpdesk_wellbeing.errors import WellbeingError, in_a_line

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

FILLING = "job_filling"
BACKTEST = "job_backtest"
ERASING = "job_erasing"
HELPDESK = "job_helpdesk"
SILENT = timedelta(minutes=2)  # a job that has said nothing for so long was cut off with its process
PULSE_S = 30.0  # a job whose work says nothing says so itself
State = Literal["running", "done", "failed"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """One piece of work. `result` is JSON that the work gave."""

    state: State
    began_at: datetime
    said_at: datetime
    step: str = ""  # what it does now, or what is wrong
    result: Any = None

    def is_running(self, now: datetime) -> bool:
        """Whether somebody is still at it."""
        return self.state == "running" and now - self.said_at < SILENT

    def was_cut_off(self, now: datetime) -> bool:
        """Whether it ended without saying so."""
        return self.state == "running" and not self.is_running(now)


def job_of(store: Store, account: str, kind: str) -> Job | None:
    """The latest one of its kind."""
    stored = store.get_meta(account, kind)
    if stored is None:
        return None
    said = json.loads(stored)
    times = {name: datetime.fromisoformat(said[name]) for name in ("began_at", "said_at")}
    return Job(said["state"], times["began_at"], times["said_at"], said.get("step", ""), said.get("result"))


def begin(
    store: Store, account: str, kind: str, work: Callable[[Callable[[str], None]], Any], now: Callable[[], datetime],
) -> bool:  # fmt: skip
    """Do it in a thread; False when another one is at it. `work` gets a function that tells what it does now."""
    began = now()
    with store.transaction():
        known = job_of(store, account, kind)
        if known is not None and known.is_running(began):
            return False
        _keep(store, account, kind, Job("running", began, began))
    threading.Thread(target=_run, args=(store, account, kind, work, now, began), name=kind, daemon=True).start()
    return True


def _run(
    store: Store, account: str, kind: str, work: Callable[[Callable[[str], None]], Any], now: Callable[[], datetime],
    began: datetime,
) -> None:  # fmt: skip
    steps, over = [""], threading.Event()

    def tell(step: str) -> None:
        steps[0] = step
        _keep(store, account, kind, Job("running", began, now(), step))

    def beat() -> None:
        while not over.wait(PULSE_S):
            with suppress(WellbeingError):  # the work itself will say what is wrong
                tell(steps[0])

    pulse = threading.Thread(target=beat, name=f"{kind} pulse", daemon=True)
    pulse.start()
    try:
        result = work(tell)
        end = Job("done", began, now(), result=result)
    except Exception as trouble:
        if not isinstance(trouble, WellbeingError):
            _log.error("work in the background failed", account=account, kind=kind, problem=in_a_line(trouble, kind))
        end = Job("failed", began, now(), in_a_line(trouble, kind))
    over.set()
    pulse.join()
    try:
        _keep(store, account, kind, end)
    except WellbeingError as error:  # the database is away, or the account is: nobody waits for the end
        _log.warning("the end of work in the background was not noted", account=account, problem=str(error))


def _keep(store: Store, account: str, kind: str, job: Job) -> None:
    said = {"state": job.state, "began_at": job.began_at.isoformat(), "said_at": job.said_at.isoformat(),
            "step": job.step, "result": job.result}  # fmt: skip
    store.set_meta(account, kind, json.dumps(said))
