"""Ticket fields and opening hours of the account."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.simulating.hours import intervals
from connectors.simulating.text import number_of
from connectors.simulating.zones import rails_name

from .options import STATUSES, Options
from .record import Record
from .rows import Object
from .staff import CREATED, HOURS

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_CUSTOMERS = {2: "Being Processed", 3: "Awaiting your Reply", 4: "This ticket has been Resolved",
              5: "This ticket has been Closed"}  # fmt: skip
_DEFAULTS = (
    ("requester", "Search a requester", "default_requester"), ("subject", "Subject", "default_subject"),
    ("ticket_type", "Type", "default_ticket_type"), ("source", "Source", "default_source"),
    ("status", "Status", "default_status"), ("priority", "Priority", "default_priority"),
    ("group", "Group", "default_group"), ("agent", "Agent", "default_agent"),
    ("description", "Description", "default_description"),
)  # fmt: skip
PRIORITIES = {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}
SOURCES = {"Email": 1, "Portal": 2, "Phone": 3, "Chat": 7, "Feedback Widget": 9, "Outbound Email": 10}


def ticket_fields(record: Record) -> list[Object]:
    """Fields that every account has, then the account's own."""
    groups = {group["name"]: group["id"] for group in record.staff.groups}
    agents = {person.name: person.no for person in record.staff.agents}
    choices: Mapping[str, object] = {
        "default_status": {str(no): [label, _CUSTOMERS.get(no, label)] for no, label in STATUSES.items()},
        "default_priority": PRIORITIES, "default_source": SOURCES, "default_group": groups, "default_agent": agents,
        "default_ticket_type": ["Question", "Incident", "Problem"],
    }  # fmt: skip
    rows = [
        _field(70_000 + place, name, label, kind, place) | ({"choices": choices[kind]} if kind in choices else {})
        for place, (name, label, kind) in enumerate(_DEFAULTS, start=1)
    ]
    return [*rows, *record.fields]


def _field(no: int, name: str, label: str, kind: str, place: int) -> Object:
    return {
        "id": no, "name": name, "label": label, "description": None, "position": place, "type": kind, "default": True,
        "required_for_closure": False, "required_for_agents": name != "agent", "customers_can_edit": False,
        "label_for_customers": label, "required_for_customers": False, "displayed_to_customers": True,
        "created_at": CREATED, "updated_at": CREATED,
    }  # fmt: skip


def business_hours(record: Record) -> list[Object]:
    """The default calendar, and one for each group that has a schedule.

    Clock formats differ from one to the next, as live accounts show them.
    """
    options = record.options
    rows = [_calendar(HOURS, "Default", options.time_zone, "Mon-Fri 09:00-17:00", 0, options, True)]
    told = {number_of(row["group"]): row for row in record.site.groups.iter_rows(named=True) if row["schedule"]}
    for group in record.staff.groups:
        row = told.get(group["id"])
        if row is not None:
            no, zone = group["business_hour_id"], row["time_zone"] or options.time_zone
            rows.append(_calendar(no, group["name"], zone, row["schedule"], no - HOURS, options, False))
    return rows


def _calendar(no: int, name: str, zone: str, schedule: str, look: int, options: Options, usual: bool) -> Object:
    slots: dict[str, list[tuple[int, int]]] = {}
    for interval in intervals(schedule):
        day = DAYS[interval["start_time"] // 1440]
        slots.setdefault(day, []).append((interval["start_time"] % 1440, (interval["end_time"] - 1) % 1440 + 1))
    form = _long if look % 2 == 0 else _short
    hours = {day: {"start_time": form(times[0][0]), "end_time": form(times[-1][1])} for day, times in slots.items()}
    row: Object = {
        "id": str(no) if options.quoted_ids else no, "name": name, "description": None, "is_default": usual,
        "time_zone": rails_name(zone), "business_hours": hours, "created_at": CREATED, "updated_at": CREATED,
        "holidays": [{"name": "New Year", "date": "Jan 1"}, {"name": "Christmas Day", "date": "Dec 25"}],
    }  # fmt: skip
    if look % 3 == 2:
        parts = [{"day": day, "slots": [{"start_time": _full(a), "end_time": _full(b)} for a, b in times]}
                 for day, times in slots.items()]  # fmt: skip
        row["source_business_hours"] = parts
    return row


def _long(minute: int) -> str:
    """08:00:00 am"""
    return f"{_twelve(minute):02d}:{minute % 60:02d}:00 {_half(minute)}"


def _short(minute: int) -> str:
    """8:00 am"""
    return f"{_twelve(minute)}:{minute % 60:02d} {_half(minute)}"


def _full(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _twelve(minute: int) -> int:
    return (minute // 60 - 1) % 12 + 1


def _half(minute: int) -> str:
    return "pm" if minute % 1440 >= 720 else "am"
