"""A queue day by day, as the backlog chart shows it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.series import Backlog

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

DAYS = 56


def backlog_of(known: Known, account: str, group: str) -> Backlog | None:
    """The last eight weeks of a queue; None when nothing is known of it. Days without a row have nothing known."""
    rows = held.of_subject(held.facts(known, account, "queues"), group, "group").tail(DAYS)
    if rows.is_empty():
        return None
    by_day = {day: counts for day, *counts in rows.select("date", "open_at_end", "created", "solved").iter_rows()}
    last: date = rows["date"][-1]
    first = max(rows["date"][0], last - timedelta(days=DAYS - 1))
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    counts = [by_day.get(day, (None, 0, 0)) for day in days]
    return Backlog(days, *(tuple(of_one) for of_one in zip(*counts, strict=True)))
