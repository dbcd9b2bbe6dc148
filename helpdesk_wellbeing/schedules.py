"""Weekly working hours as people write them: "Mon-Fri 09:00-12:00, 13:00-17:30; Sat 10:00-14:00", or "ma-vr …"."""

from __future__ import annotations

import re
from functools import lru_cache

from helpdesk_wellbeing.errors import ConfigError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DUTCH = ("ma", "di", "wo", "do", "vr", "za", "zo")
DAY_MINUTES = 24 * 60

Window = tuple[int, int, int]  # weekday (Monday is 0), first minute, minute it ends before (up to 1440)

_PART = re.compile(r"(?P<days>[^\d]+?)\s*(?P<hours>\d.*)", re.DOTALL)
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_EXAMPLE = 'write it as "Mon-Fri 09:00-17:30; Sat 10:00-14:00"'


@lru_cache(maxsize=4096)
def parse_schedule(text: str) -> tuple[Window, ...]:
    """The windows of a week in local time, in order: (weekday 0..6, start minute, end minute).

    Parts are separated by ";", days and windows inside a part by ",". A range of days may run over the
    weekend ("Fri-Mon"), a window over midnight ("Mon-Thu 22:00-06:00"; it belongs to the day on which it
    begins and is split there). "24:00" ends a day. Windows that touch become one; windows that overlap are
    refused, because "Mon-Fri 09:00-17:00; Fri 09:00-13:00" may mean one of two things.

    Raises ConfigError.
    """
    windows: list[Window] = []
    for part in text.split(";"):
        if part.strip():
            windows.extend(_windows_of(part.strip(), text))
    if not windows:
        raise ConfigError(f'schedule "{_short(text)}" names no hours; {_EXAMPLE}')
    return _joined(sorted(windows), text)


def schedule_minutes(text: str) -> int:
    """Minutes of a week inside the schedule."""
    return sum(end - start for _, start, end in parse_schedule(text))


def _windows_of(part: str, text: str) -> list[Window]:
    match = _PART.fullmatch(part)
    if match is None:
        raise _refused(text, f'"{_short(part)}" needs days and then hours')
    days = [day for word in match["days"].split(",") for day in _days_of(word.strip(), text)]
    hours = [_hours_of(word.strip(), text) for word in match["hours"].split(",")]
    windows: list[Window] = []
    for day in days:
        for start, end in hours:
            if end > start:
                windows.append((day, start, end))
                continue
            windows.append((day, start, DAY_MINUTES))
            if end:
                windows.append(((day + 1) % 7, 0, end))
    return windows


def _days_of(word: str, text: str) -> list[int]:
    ends = [_day(name.strip(), text) for name in re.split(r"[-–]", word)]
    if len(ends) > 2:
        raise _refused(text, f'"{_short(word)}" is not a range of days')
    first, last = ends[0], ends[-1]
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _day(name: str, text: str) -> int:
    for names in (WEEKDAYS, FULL_NAMES, DUTCH):
        if name.lower() in names:
            return names.index(name.lower())
    raise _refused(text, f'"{_short(name)}" is not a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)')


def _hours_of(word: str, text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(word)
    if match is None:
        raise _refused(text, f'"{_short(word)}" is not a window such as 09:00-17:30')
    start, end = _minute(match[1], match[2], text), _minute(match[3], match[4], text)
    if start in (DAY_MINUTES, end):
        raise _refused(text, f'"{_short(word)}" is empty; a whole day is 00:00-24:00')
    return start, end


def _minute(hour: str, minute: str, text: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > DAY_MINUTES:
        raise _refused(text, f'"{hour}:{minute}" is not a time of day')
    return value


def _joined(windows: list[Window], text: str) -> tuple[Window, ...]:
    joined: list[Window] = []
    for day, start, end in windows:
        if joined and joined[-1][0] == day and start <= joined[-1][2]:
            if start < joined[-1][2]:
                raise _refused(text, f"two windows overlap on {WEEKDAYS[day].capitalize()}")
            joined[-1] = (day, joined[-1][1], end)
            continue
        joined.append((day, start, end))
    return tuple(joined)


def _refused(text: str, why: str) -> ConfigError:
    return ConfigError(f'schedule "{_short(text)}": {why}; {_EXAMPLE}')


def _short(text: str, limit: int = 80) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
