"""How an installation is doing: what `status`, `doctor`, /readyz and /metrics tell, made from the store's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.pipeline.schedule import silent_webhooks
from helpdesk_wellbeing.process import ALIVE_S

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.inbox import Depth
    from helpdesk_wellbeing.store.work import Run, Worker

WORKING = ("all", "worker")  # roles that pull and evaluate
LATE = timedelta(minutes=10)  # a pull that has been due for longer is late
FEW = 5  # agents: in a smaller account a count of flagged agents nearly names them


@dataclass(frozen=True)
class Condition:
    """How the work for one account goes. Times are aware."""

    run: Run
    lag: timedelta | None  # since the last pull came to its end
    waiting: int  # deliveries
    oldest: datetime | None  # of those
    set_aside: int  # deliveries that failed for good
    is_paused: bool
    is_late: bool
    is_silent: bool  # webhooks bring nothing while pulls do


def condition_of(run: Run, depth: Depth | None, now: datetime) -> Condition:
    """The condition of an account at `now`; `depth` is None where nothing waits."""
    return Condition(
        run=run,
        lag=None if run.pulled_at is None else now - run.pulled_at,
        waiting=0 if depth is None else depth.waiting,
        oldest=None if depth is None else depth.oldest,
        set_aside=0 if depth is None else depth.set_aside,
        is_paused=run.paused_at is not None,
        is_late=run.paused_at is None and run.due_at is not None and now - run.due_at > LATE,
        is_silent=silent_webhooks(run) is not None,
    )


def is_pulling(run: Run, workers: Iterable[Worker], now: datetime) -> bool:
    """Whether a pull has begun, has neither ended nor failed since, and somebody is there who does it."""
    began = run.began_at
    if began is None or run.paused_at is not None or now - began > LATE:
        return False
    ended = run.pulled_at is not None and run.pulled_at >= began
    planned_since = run.due_at is not None and run.due_at > began
    return not ended and not planned_since and any(works(worker) for worker in workers)


def is_alive(worker: Worker) -> bool:
    """Whether a process has been heard of lately."""
    return worker.age_s < ALIVE_S


def works(worker: Worker) -> bool:
    """Whether a process is alive and one of those that pull and evaluate."""
    return is_alive(worker) and worker.role in WORKING


def active_levels(answer: Mapping[str, Any] | None) -> Counter[str]:
    """How many flags of each level an answer of `check` has; those that ended and are being watched don't count."""
    return Counter(flag["level"] for flag in (answer or {}).get("flags", ()) if flag["state"] == "active")


def tally(answer: Mapping[str, Any], agents: int) -> Counter[tuple[str, str]]:
    """Flags by (signal, level), fit to be shown to anybody who reads metrics.

    Flags about agents have the level "any", and are left out where there are fewer than `FEW` agents: who knows a small
    team knows whom a count means.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for flag in answer.get("flags", ()):
        if flag["state"] != "active":
            continue
        if flag["subject"]["kind"] != "agent":
            counts[flag["signal"], flag["level"]] += 1
        elif agents >= FEW:
            counts[flag["signal"], "any"] += 1
    return counts
