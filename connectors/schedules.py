"""Business hours in the words of our files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

DAY_MINUTES = 1440
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_FROM_MONDAY = (1, 2, 3, 4, 5, 6, 0)


@dataclass(frozen=True)
class Schedule:
    """`hours` such as "Mon-Fri 09:00-17:30; Sat 10:00-14:00"; None without any."""

    name: str
    zone: str | None
    hours: str | None
    holidays: tuple[tuple[str, date, date], ...] = ()


def hours(intervals: Iterable[tuple[int, int]]) -> str | None:
    """Weekly hours in words, from (start, end) in minutes since Sunday 00:00.

    An interval over midnight is cut there, touching ones are joined.
    """
    by_day: dict[int, list[tuple[int, int]]] = {day: [] for day in range(7)}
    for start, end in intervals:
        while start < end:
            stop = min(end, (start // DAY_MINUTES + 1) * DAY_MINUTES)
            by_day[start // DAY_MINUTES % 7].append((start % DAY_MINUTES, stop - start // DAY_MINUTES * DAY_MINUTES))
            start = stop
    spans = {day: _joined(by_day[day]) for day in range(7)}
    words: list[str] = []
    position = 0
    while position < 7:
        first = _FROM_MONDAY[position]
        last = position
        while last + 1 < 7 and spans[_FROM_MONDAY[last + 1]] == spans[first]:
            last += 1
        if spans[first]:
            days = _DAYS[first] if last == position else f"{_DAYS[first]}-{_DAYS[_FROM_MONDAY[last]]}"
            words += [f"{days} {_clock(start)}-{_clock(end)}" for start, end in spans[first]]
        position = last + 1
    return "; ".join(words) or None


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
