"""Business-hours schedules: minutes since Sunday 00:00 in the schedule's zone -> the words of our files.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/schedules/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.zendesk.client import ZendeskApi, optional
from connectors.zendesk.zones import iana
from helpdesk_wellbeing.errors import BadPayload

_DAY = 1440
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_FROM_MONDAY = (1, 2, 3, 4, 5, 6, 0)


@dataclass(frozen=True)
class Schedule:
    """`hours` such as "Mon-Fri 09:00-17:30; Sat 10:00-14:00"; None without any."""

    name: str
    zone: str | None
    hours: str | None
    holidays: tuple[tuple[str, date, date], ...] = ()


def read_schedules(api: ZendeskApi, note: Callable[[str], None]) -> list[Schedule]:
    """The account's schedules with their holidays. Zone names that aren't known leave a note."""
    answer = api.session.answer("GET", "/api/v2/business_hours/schedules")
    rows = answer.get("schedules") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise BadPayload('zendesk: the answer to GET /api/v2/business_hours/schedules has no list "schedules"')
    found = []
    for row in rows:
        zone = iana(row.get("time_zone"))
        if zone is None:
            note(f"zendesk: schedule {row.get('id')} carries a zone name that isn't known; the account's zone is used")
        found.append(
            Schedule(
                str(row.get("name") or row.get("id")),
                zone,
                hours(row.get("intervals") or ()),
                _holidays(api, row, note),
            )
        )
    return found


def hours(intervals: Iterable[dict[str, Any]]) -> str | None:
    """Weekly hours in words; an interval over midnight is cut there, touching ones are joined."""
    by_day: dict[int, list[tuple[int, int]]] = {day: [] for day in range(7)}
    for interval in intervals:
        start, end = int(interval["start_time"]), int(interval["end_time"])
        while start < end:
            stop = min(end, (start // _DAY + 1) * _DAY)
            by_day[start // _DAY % 7].append((start % _DAY, stop - start // _DAY * _DAY))
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


def _holidays(
    api: ZendeskApi, schedule: dict[str, Any], note: Callable[[str], None]
) -> tuple[tuple[str, date, date], ...]:
    identity = schedule.get("id")
    path = f"/api/v2/business_hours/schedules/{identity}/holidays"
    answer = optional(f"the list of holidays of schedule {identity}", lambda: api.session.answer("GET", path), note)
    rows = answer.get("holidays") if isinstance(answer, dict) else None
    found = []
    for row in rows or ():
        try:
            first, last = date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"])
        except (KeyError, TypeError, ValueError):
            note(f"zendesk: a holiday of schedule {identity} has no readable dates; left out")
            continue
        found.append((str(row.get("name") or ""), first, last))
    return tuple(found)
