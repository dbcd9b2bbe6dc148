"""Business-hours schedules: minutes since Sunday 00:00 in the schedule's zone -> the words of our files.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/schedules/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from connectors.schedules import Schedule, hours
from connectors.zendesk.client import ZendeskApi, optional
from connectors.zones import iana
from helpdesk_wellbeing.errors import BadPayload


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
                hours(_minutes(interval) for interval in row.get("intervals") or ()),
                _holidays(api, row, note),
            )
        )
    return found


def _minutes(interval: dict[str, Any]) -> tuple[int, int]:
    return int(interval["start_time"]), int(interval["end_time"])


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
