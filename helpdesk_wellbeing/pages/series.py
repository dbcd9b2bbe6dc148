"""What charts are made of: plain numbers, without words, colours or widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Side = Literal["above", "below"]  # where a value lies that the limit is about


@dataclass(frozen=True)
class Point:
    """One value and what it could be as well; None: nothing was seen, which is not zero."""

    at: date
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A value that the points are held against. `word`: limit | warns | usual | fair."""

    word: str
    value: float


@dataclass(frozen=True)
class OverTime:
    """One subject against its own past."""

    measure: str  # a key of the words for values, such as "active_h"
    each: Literal["shift", "day", "week", "rest"]
    points: tuple[Point, ...]
    lines: tuple[Line, ...] = ()
    side: Side = "above"


@dataclass(frozen=True)
class Load:
    """One holder of work, before and after a change; in normal tickets or as a share of what is fair."""

    name: str
    before: float
    after: float


@dataclass(frozen=True)
class Loads:
    """Of all that a change touches, by name."""

    measure: str
    each: tuple[Load, ...]
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Heat:
    """A share of the whole for every hour of a week: 7 rows (Monday first) of 24; the whole is 1."""

    shares: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Backlog:
    """A queue day by day."""

    days: tuple[date, ...]
    open: tuple[int | None, ...]
    created: tuple[int, ...]
    solved: tuple[int, ...]


Place = Literal["inside", "alert", "alarm"]


@dataclass(frozen=True)
class Queue:
    """One queue in a funnel."""

    name: str
    tickets: int
    hard: int
    place: Place
    is_own: bool = False

    @property
    def rate(self) -> float:
        return self.hard / self.tickets


@dataclass(frozen=True)
class Limits:
    """What chance alone leaves inside at this number of tickets: 95 % and 99.8 %."""

    tickets: int
    alert: tuple[float, float]
    alarm: tuple[float, float]


@dataclass(frozen=True)
class Funnel:
    """Queues of one tier around what they share."""

    pooled: float
    queues: tuple[Queue, ...]
    limits: tuple[Limits, ...]  # by tickets, ascending


@dataclass(frozen=True)
class Distribution:
    """How many answered what, from the worst to the best; None: held back."""

    counts: tuple[int | None, ...]


def median(values: Sequence[float]) -> float | None:
    """The middle one; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
