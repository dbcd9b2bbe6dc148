"""The weekly evaluations: Mondays at 04:00 of the account's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.signals.base import Facts

WINDOW_DAYS = 28  # evaluation days, 04:00 to 04:00


def at_four(day: date, zone: str) -> datetime:
    """04:00 local time as an instant."""
    return datetime.combine(day, time(4), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def last_monday(facts: Facts, at: datetime) -> date:
    """The Monday of the latest weekly evaluation at or before an instant."""
    day = at.astimezone(ZoneInfo(facts.zone)).date()
    monday = day - timedelta(days=day.weekday())
    return monday if at_four(monday, facts.zone) <= at else monday - timedelta(days=7)


def mondays(facts: Facts) -> list[date]:
    """The Mondays whose evaluation is inside the stretch."""
    last = last_monday(facts, facts.until)
    found: list[date] = []
    while at_four(last, facts.zone) > facts.since:
        found.append(last)
        last -= timedelta(days=7)
    return found[::-1]
