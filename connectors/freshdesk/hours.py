"""Freshdesk's business hours, in all the forms they come in -> the words of our files. Pure.

https://developers.freshdesk.com/api/#business-hours
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from connectors.schedules import DAY_MINUTES, Schedule, hours
from connectors.zones import iana

_DAYS = {
    name: number
    for number, name in enumerate(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))
}
_CLOCK = re.compile(r"\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap])?\.?m?\.?\s*", re.IGNORECASE)
_WEEK = 7 * DAY_MINUTES
_YEARLY = ("%b %d", "%d %b", "%B %d", "%d %B")
_TROUBLE = (KeyError, TypeError, ValueError, AttributeError)

Named = tuple[str, date, date]


def schedule_of(row: Mapping[str, Any], year: int, note: Callable[[str], None]) -> Schedule:
    """One row of the list of business hours. What can't be read leaves a note; `year` is the present one, for holidays
    that come every year."""
    identity = str(row["id"])
    zone = iana(row.get("time_zone"))
    if zone is None:
        note(f"freshdesk: business hours {identity} carry a zone name that isn't known; the account's zone is used")
    try:
        words = hours(sorted(_slots(row.get("business_hours") or row.get("source_business_hours") or {})))
    except _TROUBLE:
        note(f"freshdesk: business hours {identity} are in a form that isn't known; give theirs in the groups file")
        words = None
    return Schedule(str(row.get("name") or identity), zone, words, _holidays(identity, row.get("holidays"), year, note))


def minute(clock: str) -> int:
    """Minutes since midnight of "08:00:00 am", "8:00 am", "17:30" or "24:00". Raises ValueError."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(clock)
    hour, rest, half = int(match[1]), int(match[2]), (match[3] or "").lower()
    if half and hour <= 12:  # "17:30 pm" is seen, too, and means what it says
        hour = hour % 12 + (12 if half == "p" else 0)
    if rest > 59 or hour * 60 + rest > DAY_MINUTES:
        raise ValueError(clock)
    return hour * 60 + rest


def _slots(said: Any) -> Iterator[tuple[int, int]]:
    """Minutes since Sunday 00:00; over Saturday's midnight they are cut."""
    for day, slot in _by_day(said):
        start, end = minute(slot["start_time"]), minute(slot["end_time"])
        if end in (0, DAY_MINUTES - 1):  # the last minute of a day stands for its end
            end = DAY_MINUTES
        if end <= start:
            end += DAY_MINUTES
        begin = day * DAY_MINUTES
        yield begin + start, min(begin + end, _WEEK)
        if begin + end > _WEEK:
            yield 0, begin + end - _WEEK


def _by_day(said: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Days with their slots: {day: slot}, {day: [slots]}, or a list of slots that name their day."""
    if isinstance(said, Mapping):
        for name, slots in said.items():
            for slot in slots if isinstance(slots, list) else [slots]:
                if slot:
                    yield _DAYS[name.strip().lower()], slot
        return
    for slot in said:
        yield _day(slot.get("day", slot.get("weekday"))), slot


def _day(value: Any) -> int:
    return _DAYS[value.strip().lower()] if isinstance(value, str) and not value.isdigit() else int(value) % 7


def _holidays(identity: str, said: Any, year: int, note: Callable[[str], None]) -> tuple[Named, ...]:
    found: list[Named] = []
    for name, first, last in _named_days(said):
        try:
            found += _dates(str(name), first, last, year)
        except _TROUBLE:
            note(f"freshdesk: a holiday of business hours {identity} has no readable date; left out")
    return tuple(found)


def _named_days(said: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(name, first day, last day) from rows with names, from pairs (day, name), or from {day: name}."""
    rows: Iterable[Any] = said.items() if isinstance(said, Mapping) else said or ()
    for row in rows:
        if isinstance(row, Mapping):
            first = row.get("date") or row.get("start_date")
            yield row.get("name") or row.get("holiday_name") or "", first, row.get("end_date") or first
        elif isinstance(row, list | tuple) and len(row) == 2:
            yield row[1], row[0], row[0]
        else:
            yield "", None, None


def _dates(name: str, first: str, last: str, year: int) -> list[Named]:
    try:
        return [(name, date.fromisoformat(first[:10]), date.fromisoformat(last[:10]))]
    except ValueError:
        return [(name, _yearly(first, some), _yearly(last, some)) for some in (year - 1, year, year + 1)]


def _yearly(text: str, year: int) -> date:
    for form in _YEARLY:
        try:
            return datetime.strptime(f"{text.strip()} {year}", f"{form} %Y").date()
        except ValueError:
            continue
    raise ValueError(text)
