"""Who works in the account: agents and admins, those who left, groups, custom statuses, schedules and
holidays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.rosters import account_zone, groups_frame, holidays_frame, people_frame
from connectors.schedules import Schedule
from connectors.zendesk.client import ZendeskApi, optional
from connectors.zendesk.schedules import read_schedules
from connectors.zones import iana
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.feed import Roster

_STAFF_ROLES = frozenset({"agent", "admin"})
_LIGHT_AGENT = 1  # may write private notes only
_LOOKUP = 100  # ids that show_many takes


@dataclass
class Book:
    """Who is staff, as far as has been read. `former`: staff that the list of agents doesn't show."""

    current: dict[str, dict[str, Any]] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)  # of former staff
    not_staff: set[str] = field(default_factory=set)  # looked up and found to be nobody of ours
    statuses: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)

    def staff(self) -> frozenset[str]:
        """Ids of everybody who works or worked here."""
        return frozenset(self.current) | frozenset(self.former)

    def take_export(self, rows: Iterable[Any]) -> pl.DataFrame | None:
        """Note the former staff in a page of the user export; their rows for the people table, if there are
        any."""
        found = []
        for row in rows:
            if not isinstance(row, dict) or row.get("role") not in _STAFF_ROLES or not row.get("id"):
                continue
            identity = str(row["id"])
            if identity not in self.current:
                self.former.add(identity)
                self.details[identity] = _reduced(row)
                found.append(self.details[identity])
        return people_frame(found, {}) if found else None


def read_current(api: ZendeskApi, book: Book, note: Callable[[str], None]) -> None:
    """Agents, admins and custom statuses of today."""
    client = api.zenpy()
    rows = _through_zenpy("users", lambda: client.users(role=["agent", "admin"]))
    book.current = {str(row["id"]): _reduced(row) for row in rows if row.get("id")}
    book.former -= book.current.keys()
    statuses = optional(
        "the list of custom statuses", lambda: _through_zenpy("custom_statuses", client.custom_statuses), note
    )
    wishes = {key.strip().lower(): word for key, word in api.settings.statuses.items()}
    for row in statuses or ():
        identity = str(row["id"])
        book.statuses[identity] = str(row.get("status_category") or "pending")
        wish = wishes.get(identity) or wishes.get(str(row.get("agent_label") or "").strip().lower())
        if wish:
            book.overrides[identity] = wish
    book.overrides |= {key: word for key, word in wishes.items() if key.isdigit()}


def look_up(api: ZendeskApi, book: Book, ids: Iterable[str]) -> bool:
    """Ask for users whose acts don't fit what we know of them. True when some turn out to be staff."""
    asked = sorted(identity for identity in ids if identity not in book.not_staff and identity.isdigit())
    before = len(book.former)
    for start in range(0, len(asked), _LOOKUP):
        some = asked[start : start + _LOOKUP]
        book.take_export(_shown(api, some))
        book.not_staff.update(identity for identity in some if identity not in book.former)
    return len(book.former) > before


def read_roster(api: ZendeskApi, book: Book, automation: frozenset[str]) -> Roster:
    """Everything known of people and groups. Collectors that the plan lacks leave a note."""
    notes: list[str] = []
    client = api.zenpy()
    unknown_former = [identity for identity in book.former if identity not in book.details]
    optional("the look-up of people who left", lambda: _fill_details(api, book, unknown_former), notes.append)
    groups = optional("the list of groups", lambda: _through_zenpy("groups", client.groups), notes.append) or []
    memberships = (
        optional(
            "the list of group memberships",
            lambda: _through_zenpy("group_memberships", client.group_memberships),
            notes.append,
        )
        or []
    )
    schedules: list[Schedule] = (
        optional("the list of business-hours schedules", lambda: read_schedules(api, notes.append), notes.append) or []
    )
    everybody = [*book.current.values(), *(book.details.get(i, {"id": i}) for i in sorted(book.former))]
    belongs: dict[str, list[str]] = {}
    light = {str(row["id"]) for row in everybody if row.get("is_light")}
    for row in memberships:
        if str(row.get("user_id")) in light:  # they can be in a group, and hold no ticket of it
            continue
        belongs.setdefault(str(row.get("user_id")), []).append(str(row.get("group_id")))
    nameless = sorted(str(row["id"]) for row in everybody if row.get("wrong_zone"))
    if nameless:
        shown = ", ".join(nameless[:5])
        notes.append(
            f"zendesk: {len(nameless)} people carry a zone name that isn't known (users {shown}); give "
            f"theirs in the people file"
        )
    people = people_frame(everybody, belongs)
    zone = account_zone(schedules, people)
    return Roster(
        people=people,
        groups=_groups_frame(groups, schedules, notes.append),
        zone=zone,
        automation=automation,
        notes=tuple(notes),
        holidays=holidays_frame(schedules),
        left=frozenset(book.former) | {identity for identity, row in book.current.items() if row.get("is_barred")},
    )


def _reduced(row: dict[str, Any]) -> dict[str, Any]:
    """What we keep of a user: no address, no phone, no photo."""
    named = row.get("iana_time_zone") or row.get("time_zone")
    zone = iana(row.get("iana_time_zone")) or iana(row.get("time_zone"))
    return {
        "id": str(row["id"]),
        "name": str(row["name"]) if row.get("name") else None,
        "zone": zone,
        "wrong_zone": bool(named) and zone is None,
        "is_light": row.get("role_type") == _LIGHT_AGENT,
        "is_barred": row.get("suspended") is True or row.get("active") is False,
    }


def _fill_details(api: ZendeskApi, book: Book, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _LOOKUP):
        for row in _shown(api, ids[start : start + _LOOKUP]):
            if isinstance(row, dict) and row.get("id"):
                book.details[str(row["id"])] = _reduced(row)


def _shown(api: ZendeskApi, ids: Sequence[str]) -> list[Any]:
    """These users, as far as there are any. An answer without a list says nothing about them: BadPayload."""
    path = "/api/v2/users/show_many"
    answer = api.session.answer("GET", path, params={"ids": ",".join(ids)})
    users = answer.get("users") if isinstance(answer, dict) else None
    if not isinstance(users, list):
        raise BadPayload(f'zendesk: the answer to GET {path} has no list "users"; report it with this line')
    return users


def _through_zenpy(what: str, ask: Callable[[], Iterable[Any]]) -> list[dict[str, Any]]:
    """A list read by zenpy, as plain dictionaries."""
    from zenpy.lib.exception import ZenpyException

    try:
        return [item.to_dict() for item in ask()]
    except (ZenpyException, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadPayload(
            f"zendesk: the list of {what} isn't in a shape that can be read; report it with this line"
        ) from error


def _groups_frame(
    rows: Sequence[dict[str, Any]], schedules: Sequence[Schedule], note: Callable[[str], None]
) -> pl.DataFrame:
    """Groups; a schedule goes to all where the account has one, else to the group of its name."""
    by_name = {schedule.name.strip().lower(): schedule for schedule in schedules}
    only = schedules[0] if len(schedules) == 1 else None
    matched = [only or by_name.get(str(row.get("name") or "").strip().lower()) for row in rows]
    unmatched = sum(1 for schedule in matched if schedule is None)
    if len(schedules) > 1 and unmatched:
        note(
            f"zendesk: {len(schedules)} schedules, and {unmatched} groups without one of their name; "
            "say which hours hold for them in the groups file"
        )
    return groups_frame(rows, matched)
