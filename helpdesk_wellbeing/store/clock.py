"""Between Python's dates and the whole numbers in the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)  # before every event
MICROSECONDS_A_DAY = 86_400_000_000
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC; a naive time is a mistake of the caller (ValueError)."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no zone")
    return (at - EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """The UTC time so many microseconds after 1970."""
    return EPOCH + us * _MICROSECOND


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH.date()).days


def day_of(number: int) -> date:
    """The date so many days after 1970-01-01."""
    return EPOCH.date() + timedelta(days=number)
