"""Whether feedback is answered (TM2) and what became of it (TM3): pure, from what may be shown and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from helpdesk_wellbeing.statistics import wilson
from helpdesk_wellbeing.surveys.model import Theme
from helpdesk_wellbeing.surveys.results import REPRESENTATIVE, Hidden, Shown

_LATE, _VERY_LATE = 10, 20  # business days
_SHARE_LATE, _FROM_ITEMS = 0.30, 5
_DROP, _LARGE_DROP = 0.10, 0.20
_SLACK = 1e-12


@dataclass(frozen=True)
class Unanswered:
    """TM2: the age of the eldest theme without an answer, in business days, and the share of those above ten."""

    level: str | None  # None | warn | critical
    oldest_days: int
    open10: float


@dataclass(frozen=True)
class Change:
    """TM3: shares of favourable answers now and before (0..1), their difference and its 95 % interval."""

    level: str | None  # None | warn | critical
    now: float
    before: float
    difference: float
    ci_low: float
    ci_high: float
    response_rate: float  # now


class NoChange(StrEnum):
    """Why a change cannot be told."""

    HIDDEN = "hidden"
    FEW_ANSWERED = "fewer than half of those asked answered"


def unanswered(themes: Sequence[Theme], today: date, holidays: Collection[date] = ()) -> Unanswered:
    """TM2 of these themes. Business days are Monday to Friday without `holidays`."""
    ages = [_business_days(one.raised_on, today, holidays) for one in themes if one.answered_on is None]
    late = sum(age > _LATE for age in ages)
    share = late / len(ages) if ages else 0.0
    oldest = max(ages, default=0)
    many = share >= _SHARE_LATE and len(ages) >= _FROM_ITEMS
    level = "critical" if oldest > _VERY_LATE or many else "warn" if oldest > _LATE else None
    return Unanswered(level, oldest, share)


def change(now: Shown | Hidden, before: Shown | Hidden, question: int = 0) -> Change | NoChange:
    """TM3 of two waves of one team; also the effect of an answer, looked at in the wave after it.

    Counts are taken back from whole per cents: exact up to a hundred answers, and within half a point above.
    """
    if isinstance(now, Hidden) or isinstance(before, Hidden):
        return NoChange.HIDDEN
    score, earlier = now.scores[question], before.scores[question]
    if score is None or earlier is None:
        return NoChange.HIDDEN
    if min(100 * now.answered / now.asked, 100 * before.answered / before.asked) < REPRESENTATIVE:
        return NoChange.FEW_ANSWERED
    x1, n1 = round(score.percent * now.answered / 100), now.answered
    x2, n2 = round(earlier.percent * before.answered / 100), before.answered
    p1, p2 = x1 / n1, x2 / n2
    difference, low, high = newcombe(x1, n1, x2, n2)
    has_dropped = high < 0
    level = None
    if has_dropped and difference <= -_LARGE_DROP + _SLACK:
        level = "critical"
    elif has_dropped and difference <= -_DROP + _SLACK:
        level = "warn"
    return Change(level, p1, p2, difference, low, high, now.answered / now.asked)


def newcombe(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float, float]:
    """x1/n1 - x2/n2 with its 95 % interval by Newcombe's hybrid of two Wilson intervals."""
    counts, totals = np.array([x1, x2], dtype=np.float64), np.array([n1, n2], dtype=np.float64)
    (low1, low2), (high1, high2) = (ends.tolist() for ends in wilson(counts, totals))
    p1, p2 = x1 / n1, x2 / n2
    down = float(np.hypot(p1 - low1, high2 - p2))
    up = float(np.hypot(high1 - p1, p2 - low2))
    return p1 - p2, p1 - p2 - down, p1 - p2 + up


def _business_days(since: date, today: date, holidays: Collection[date]) -> int:
    off = np.array(sorted(holidays), dtype="datetime64[D]")
    return int(np.busday_count(np.datetime64(since), np.datetime64(today), holidays=off))
