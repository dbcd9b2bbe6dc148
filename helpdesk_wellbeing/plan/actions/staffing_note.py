"""What a queue needs to come back to its usual size, or to carry its hard tickets."""

from __future__ import annotations

from typing import Any

import polars as pl

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.words import say, together
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Proposal
from helpdesk_wellbeing.plan.situation import Flag
from helpdesk_wellbeing.schedules import parse_schedule

BACK_WITHIN_DAYS = 10  # business days
SEEN_DAYS = 10
_OFFICE_DAYS = frozenset(range(5))


def propose(case: Case) -> Proposal | str:
    """A note with the numbers of the queue."""
    languages = case.situation.languages
    growing = next((flag for flag in case.flags if flag["signal"] == "LD6"), None)
    texts, details = [], {}
    if growing is not None and (queue := _queue(case)) is not None:
        details = _numbers(queue, growing)
        texts.append(say(languages, "staffing_backlog", **details))
        texts += [say(languages, "staffing_clear", **details)] if details["days_to_clear"] is not None else []
        texts.append(say(languages, "staffing_need", days=BACK_WITHIN_DAYS, **details))
        texts.append(say(languages, "staffing_ways"))
    if growing is None or len(case.flags) > 1:
        texts.append(say(languages, "staffing_hard" if _hard(case) else "staffing_ways"))
    return case.proposal(together(languages, *texts), details=details)


def _hard(case: Case) -> bool:
    return any(flag["signal"] == "ES1" for flag in case.flags)


def _queue(case: Case) -> pl.DataFrame | None:
    """The last business days of the queue that are over."""
    schedule = now(case.situation).schedules.get(case.subject.id)
    days = {weekday for weekday, _, _ in parse_schedule(schedule)} if schedule else _OFFICE_DAYS
    mine = case.situation.facts.queues.filter(
        (pl.col("group") == case.subject.id)
        & (pl.col("date").dt.weekday() - 1).is_in(sorted(days))
        & (pl.col("date") < case.situation.as_of.date())
    )
    found = mine.sort("date").tail(SEEN_DAYS)
    return found if found.height else None


def _numbers(queue: pl.DataFrame, flag: Flag) -> dict[str, Any]:
    """What it takes to be back at the usual size: what comes in above what is solved, and the surplus in ten days."""
    values = flag["values"]
    there = int(queue["open_at_end"][-1])
    usual = there / values["ratio"] if values.get("ratio") else float(there)
    surplus = max(there - usual, 0.0) / BACK_WITHIN_DAYS
    return {
        "open": there,
        "created": _mean(queue["created"]),
        "solved": _mean(queue["solved"]),
        "slope_per_day": values.get("slope_per_day"),
        "days_to_clear": values.get("days_to_clear"),
        "usual": round(usual),
        "more": round(max(values.get("slope_per_day") or 0.0, 0.0) + surplus, 1),
    }


def _mean(counts: pl.Series) -> float:
    return round(float(counts.sum()) / len(counts), 1)


WAY = Way(own_subject, propose, ("team", "queue"))
