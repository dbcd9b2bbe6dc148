"""When somebody may be told something: in their own time zone, on days they work, never at night; pure.

A day's notices lie between the end of the quiet hours and their beginning. Whatever is set, nothing is sent between
22:00 and 07:00. Minutes are minutes of a local day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.schedules import DAY_MINUTES, parse_schedule

NIGHT_ENDS, NIGHT_BEGINS = 7 * 60, 22 * 60
DIGEST_LATE = timedelta(hours=4)  # a digest that could not go out by then is left out; tomorrow's says the same
DIGESTS_A_DAY, URGENT_A_DAY = 1, 2
_BEFORE_THE_EVENING = 60  # who begins in the quiet hours finds the digest there: sent so many minutes before them
_LONGEST_REST_OF_A_SHIFT = 12 * 60  # minutes after midnight
_FURTHEST = 400  # days ahead that are looked at for a working day


@dataclass(frozen=True)
class Hours:
    """When somebody works. `leave` are dates, both inside; a schedule that is not known is Monday to Friday."""

    zone: str  # IANA
    schedule: str | None = None
    leave: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True)
class Quiet:
    """The hours in which nobody is told anything, of which the night is always part."""

    begins: int = 18 * 60
    ends: int = 8 * 60

    @property
    def first(self) -> int:
        """The first minute at which something may be sent."""
        return max(self.ends, NIGHT_ENDS)

    @property
    def last(self) -> int:
        """The minute from which on nothing may be sent."""
        return min(self.begins, NIGHT_BEGINS)


def works_on(hours: Hours, day: date) -> bool:
    """Whether the day is a working day of theirs, and not one of leave."""
    if any(first <= day <= last for first, last in hours.leave):
        return False
    return _begins(hours, day) is not None


def open_on(hours: Hours, quiet: Quiet, day: date) -> tuple[datetime, datetime] | None:
    """From when until when (UTC) something may be sent on a local date; None: not on this day."""
    if not works_on(hours, day):
        return None
    first, last = _at(hours, day, quiet.first), _at(hours, day, quiet.last)
    return None if first is None or last is None or first >= last else (first, last)


def may_send(hours: Hours, quiet: Quiet, at: datetime) -> bool:
    """Whether something may be sent at this instant."""
    span = open_on(hours, quiet, local_date(hours, at))
    return span is not None and span[0] <= at < span[1]


def next_moment(hours: Hours, quiet: Quiet, at: datetime) -> datetime | None:
    """The first instant from `at` on at which something may be sent; None: not within a year."""
    today = local_date(hours, at)
    for ahead in range(_FURTHEST):
        span = open_on(hours, quiet, today + timedelta(days=ahead))
        if span is not None and at < span[1]:
            return max(at, span[0])
    return None


def digest_at(hours: Hours, quiet: Quiet, day: date, usual: int) -> datetime | None:
    """When the digest of a local date goes out: as their work begins, or at the minute `usual` where that is not known.

    Who begins in the quiet hours gets it an hour before those begin.
    """
    span = open_on(hours, quiet, day)
    if span is None:
        return None
    begins = _begins(hours, day) if hours.schedule else usual
    minute = max(usual if begins is None else begins, quiet.first)
    if minute >= quiet.last:
        minute = max(quiet.first, quiet.last - _BEFORE_THE_EVENING)
    at = _at(hours, day, minute)
    return None if at is None or not span[0] <= at < span[1] else at


def digest_is_due(hours: Hours, quiet: Quiet, usual: int, since: datetime, at: datetime) -> bool:
    """Whether the time of this local date's digest came after `since`, when it was looked last, and it may go out yet.

    So there is one look a day: what comes up after it waits for tomorrow's.
    """
    due = digest_at(hours, quiet, local_date(hours, at), usual)
    return due is not None and since < due <= at < due + DIGEST_LATE and may_send(hours, quiet, at)


def local_date(hours: Hours, at: datetime) -> date:
    """The date on their wall."""
    return at.astimezone(ZoneInfo(hours.zone)).date()


def _begins(hours: Hours, day: date) -> int | None:
    """The minute at which their work of a day begins; None: no working day. A shift from the day before is not this
    day's."""
    if hours.schedule is None:
        return 0 if day.weekday() < 5 else None
    windows = parse_schedule(hours.schedule)
    until_midnight = {weekday for weekday, _, end in windows if end == DAY_MINUTES}
    starts = [
        start
        for weekday, start, end in windows
        if weekday == day.weekday()
        and not (start == 0 and end <= _LONGEST_REST_OF_A_SHIFT and (weekday - 1) % 7 in until_midnight)
    ]
    return min(starts, default=None)


def _at(hours: Hours, day: date, minute: int) -> datetime | None:
    """The instant of a local minute (of two, the first); None on a date that the zone leapt over."""
    zone = ZoneInfo(hours.zone)
    at = datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
    return at if at.astimezone(zone).date() == day else None
