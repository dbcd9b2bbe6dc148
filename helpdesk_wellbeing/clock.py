"""Local time for many people at once: columnar, over an account's few zones, exact across clock changes.

Instants are whole microseconds since 1970 (UTC) in int64 arrays, zones are positions in the clock's list of
names, dates are whole days since 1970. Offsets come from the IANA data through `zoneinfo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from helpdesk_wellbeing.errors import ConfigError

Ints = npt.NDArray[np.int64]

MICRO = 1
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REACH = 4 * DAY  # how far beyond the asked range a clock answers


def micros(at: datetime) -> int:
    """An aware instant as microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(at: int) -> datetime:
    """Microseconds since 1970 as an aware instant."""
    return _EPOCH + timedelta(microseconds=at)


def day_number(day: date) -> int:
    """A date as days since 1970."""
    return day.toordinal() - _EPOCH.toordinal()


class Clock:
    """Local times of several zones between two instants (and four days beyond on both sides).

    Raises ConfigError for a zone that the IANA data does not know.
    """

    def __init__(self, zones: Sequence[str], first: int, last: int) -> None:
        self.zones = tuple(zones)
        self._low = first - _REACH
        self._span = last - first + 2 * _REACH + 1
        starts, offsets = [], []
        for number, zone in enumerate(self.zones):
            for at, offset in _offsets_between(zone, self._low, last + _REACH):
                starts.append(number * self._span + max(at - self._low, 0))
                offsets.append(offset)
        self._starts = np.array(starts, dtype=np.int64)
        self._offsets = np.array(offsets, dtype=np.int64)

    def local(self, zone: Ints, at: Ints) -> Ints:
        """Wall-clock time as microseconds since 1970-01-01 00:00 on that wall."""
        return at + self._offsets[self._row(zone, at)]

    def date(self, zone: Ints, at: Ints) -> Ints:
        """Local dates as days since 1970."""
        return self.local(zone, at) // DAY

    def utc(self, zone: Ints, local: Ints, *, later: bool = False) -> Ints:
        """The instant at which the wall shows `local`.

        A time that occurs twice is the first of the two, or the second with `later`. A time that the clock
        leaps over is the instant of the leap.
        """
        before_row = self._row(zone, local - DAY)
        after_row = self._row(zone, local + DAY)
        before, after = local - self._offsets[before_row], local - self._offsets[after_row]
        found = before.copy()
        changed = before_row != after_row
        if not changed.any():
            return found
        zone = np.broadcast_to(zone, local.shape)
        fits_before = self.local(zone, before) == local
        fits_after = self.local(zone, after) == local
        leap = self._starts[after_row] - np.asarray(zone) * self._span + self._low
        preferred, other = (after, before) if later else (before, after)
        fits_preferred, fits_other = (fits_after, fits_before) if later else (fits_before, fits_after)
        resolved = np.where(fits_preferred, preferred, np.where(fits_other, other, leap))
        found[changed] = resolved[changed]
        return found

    def day_start(self, zone: Ints, day: Ints) -> Ints:
        """The first instant of local dates."""
        return self.utc(zone, day * DAY)

    def _row(self, zone: Ints, at: Ints) -> Ints:
        if len(self._starts) == 1:
            return np.zeros(np.shape(at), dtype=np.int64)
        place = np.clip(at - self._low, 0, self._span - 1)
        return np.searchsorted(self._starts, zone * self._span + place, side="right") - 1


def check_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; ConfigError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f'time zone "{name}" is not an IANA zone such as Europe/Amsterdam; correct it') from error


def _offsets_between(zone: str, first: int, last: int) -> list[tuple[int, int]]:
    """(instant from which it holds, UTC offset) in order; the first one holds at `first` or earlier."""
    rows: list[tuple[int, int]] = []
    for year in range(instant(first).year, instant(last).year + 1):
        for at, offset in _offsets_of_year(zone, year):
            if not rows or rows[-1][1] != offset:
                rows.append((at, offset))
    current = max((index for index, (at, _) in enumerate(rows) if at <= first), default=0)
    return [row for row in rows[current:] if row[0] <= last]


@lru_cache(maxsize=4096)
def _offsets_of_year(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    info = check_zone(zone)
    low, high = (micros(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    rows = [(low, _offset(info, low))]
    for at in range(low + DAY, high + 1, DAY):
        offset = _offset(info, at)
        if offset != rows[-1][1]:
            rows.append((_change_between(info, at - DAY, at), offset))
    return tuple(rows)


def _change_between(info: ZoneInfo, low: int, high: int) -> int:
    """The whole second at which the offset changes; low has the old one, high the new one."""
    new = _offset(info, high)
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        low, high = (low, middle) if _offset(info, middle) == new else (middle, high)
    return high


def _offset(info: ZoneInfo, at: int) -> int:
    offset = instant(at).astimezone(info).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)
