"""Who works in the account: agents, those who left, groups with their members, own statuses, business hours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.freshdesk.client import FreshdeskApi, is_absent, optional
from connectors.freshdesk.hours import schedule_of
from connectors.positions import Position
from connectors.rosters import account_zone, groups_frame, holidays_frame, people_frame
from connectors.schedules import Schedule
from connectors.session import HttpRefused
from connectors.zones import iana
from helpdesk_wellbeing.events import STATUSES
from helpdesk_wellbeing.feed import Roster

GLOBAL_SCOPE = 1
STATUS_WORDS = {"2": "open", "3": "pending", "4": "solved", "5": "closed"}
_USUAL_LABELS = {"2": "Open", "3": "Pending", "4": "Resolved", "5": "Closed"}
_SCOPES = {2: "the tickets of its groups", 3: "tickets assigned to it"}
_HOLD = re.compile(r"\bhold\b|third.?part|vendor|supplier|paused", re.IGNORECASE)

Note = Callable[[str], None]


@dataclass
class Book:
    """What rows are read with: who is staff, and what the account's own statuses mean. Ids are strings."""

    staff: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)  # staff that the list of agents doesn't show
    strangers: set[str] = field(default_factory=set)  # looked up and found to be nobody of ours
    statuses: dict[str, str] = field(default_factory=dict)  # id of an own status -> our word
    labels: dict[str, str] = field(default_factory=dict)  # what statuses are called, in small letters -> id
    groups: dict[str, str] = field(default_factory=dict)  # names that only one group has -> id
    own: str | None = None  # the agent that the key belongs to
    scope: int | None = None
    read_at: int | None = None  # epoch seconds
    is_blind: bool = False  # the key may not read the list of agents

    def position(self) -> Position:
        """As the place of the stream `roster`; no names of people."""
        kept = {
            "staff": sorted(self.staff), "former": sorted(self.former), "strangers": sorted(self.strangers),
            "statuses": self.statuses, "own": self.own, "scope": self.scope,
            "blind": self.is_blind, "labels": self.labels, "groups": self.groups,
        }  # fmt: skip
        return Position(low=0, forward=self.read_at, kept=kept)

    @staticmethod
    def of(position: Position) -> Book:
        """What was read before."""
        kept = position.kept
        sets = {name: {str(one) for one in kept.get(name, ())} for name in ("staff", "former", "strangers")}
        return Book(
            **sets, statuses=dict(kept.get("statuses", {})), own=kept.get("own"), scope=kept.get("scope"),
            read_at=position.forward, is_blind=bool(kept.get("blind")), labels=dict(kept.get("labels", {})),
            groups=dict(kept.get("groups", {})),
        )  # fmt: skip

    def everybody(self) -> frozenset[str]:
        """Ids of all who work or worked here."""
        return frozenset(self.staff | self.former)


def partial(scope: Any) -> str | None:
    """What a key sees that doesn't see all tickets."""
    return None if scope in (GLOBAL_SCOPE, None) else _SCOPES.get(scope, "some of the tickets")


def read_roster(api: FreshdeskApi, book: Book, year: int) -> Roster:
    """Everything known of people and groups, noted in `book`, too. What plan or rights lack leaves a note."""
    notes: list[str] = []
    me = api.me()
    book.own, book.scope = str(me["id"]), me.get("ticket_scope")
    sees = partial(book.scope)
    if sees is not None:
        notes.append(
            f"freshdesk: the key's agent sees only {sees}; what is judged is a part of the picture. Give that agent "
            "global scope, or connect with the key of one who has it"
        )
    agents = optional("the list of agents", lambda: _all(api, "/api/v2/agents"), notes.append)
    present = [_person(row) for row in (agents if agents is not None else [me]) if _identity(row)]
    book.is_blind = agents is None
    if agents is not None:
        book.staff = {person["id"] for person in present}
        book.former -= book.staff
    else:  # who answers must work here
        book.staff.add(book.own)
    labels = _status_labels(api, notes.append)
    book.statuses = _status_words(api, labels)
    book.labels = {label.strip().lower(): number for number, label in {**_USUAL_LABELS, **labels}.items()}
    left = [(None if book.is_blind else _looked_up(api, one)) or {"id": one} for one in sorted(book.former)]
    groups = _groups(api, notes.append)
    if not any(person.get("groups") for person in present) and not any("agent_ids" in group for group in groups):
        groups = [_group_with_members(api, group) for group in groups]
    book.groups = _ids_by_name(groups)
    schedules = _schedules(api, year, notes.append)
    everybody = [*present, *left]
    people = people_frame(everybody, _memberships(everybody, groups))
    _tell_zones(everybody, notes.append)
    listed = list(schedules.values())
    return Roster(
        people=people,
        groups=groups_frame(groups, [_hours_of(group, schedules) for group in groups]),
        zone=account_zone([schedule for schedule, _ in listed], people),
        notes=tuple(notes),
        statuses=book.statuses,
        holidays=holidays_frame([schedule for schedule, _ in listed]),
        left=None if book.is_blind else frozenset(book.former) | {one["id"] for one in present if one["is_barred"]},
    )


def _status_labels(api: FreshdeskApi, note: Note) -> dict[str, str]:
    """Ids of statuses -> what agents read."""
    fields = optional("the list of ticket fields", lambda: api.rows("/api/v2/ticket_fields"), note) or []
    labels: dict[str, str] = {}
    for row in fields:
        if isinstance(row, dict) and row.get("type") == "default_status":
            labels |= _labels(row.get("choices"))
    return labels


def _status_words(api: FreshdeskApi, labels: Mapping[str, str]) -> dict[str, str]:
    """The account's own statuses -> our words: as the settings say, `hold` where the label says so, else `pending`."""
    wishes = {key.strip().lower(): word for key, word in api.settings.statuses.items() if word in STATUSES}
    words: dict[str, str] = {}
    for identity, label in labels.items():
        wish = wishes.get(identity) or wishes.get(label.strip().lower())
        if wish or identity not in STATUS_WORDS:
            words[identity] = wish or ("hold" if _HOLD.search(label) else "pending")
    return words | {key: word for key, word in wishes.items() if key.isdigit()}


def look_up(api: FreshdeskApi, book: Book, ids: Iterable[str]) -> pl.DataFrame | None:
    """Ask for people who did what only staff can; those who turn out to have been staff, for the people table.

    An agent who left is still found among agents, or has become a contact. Where the key may not read agents, nobody is
    asked for: what they did says that they are staff.
    """
    found: list[dict[str, Any]] = []
    for identity in sorted(set(ids) - book.strangers - book.staff - book.former):
        person = {"id": identity} if book.is_blind else _looked_up(api, identity)
        if person is None:
            book.strangers.add(identity)
        else:
            book.former.add(identity)
            found.append(person)
    return people_frame(found, {}) if found else None


def _looked_up(api: FreshdeskApi, identity: str) -> dict[str, Any] | None:
    for path in (f"/api/v2/agents/{identity}", f"/api/v2/contacts/{identity}"):
        try:
            row = api.object(path)
        except HttpRefused as refused:
            if not is_absent(refused):
                raise
            continue
        return _person({**row, "id": identity})
    return None


def _person(row: Mapping[str, Any]) -> dict[str, Any]:
    """What we keep of an agent: no address, no phone, no signature."""
    contact = row.get("contact")
    said: Mapping[str, Any] = contact if isinstance(contact, dict) else row
    zone = iana(said.get("time_zone"))
    return {
        "id": str(row["id"]),
        "name": str(said["name"]) if said.get("name") else None,
        "zone": zone,
        "wrong_zone": bool(said.get("time_zone")) and zone is None,
        "groups": [] if row.get("type") == "collaborator" else [str(one) for one in row.get("group_ids") or ()],
        "is_light": row.get("type") == "collaborator",  # writes private notes only
        "is_barred": row.get("deactivated") is True,
    }


def _groups(api: FreshdeskApi, note: Note) -> list[dict[str, Any]]:
    try:
        rows = _all(api, "/api/v2/admin/groups")
    except HttpRefused as refused:
        if not is_absent(refused):
            raise
        rows = optional("the list of groups", lambda: _all(api, "/api/v2/groups"), note) or []
    return [row for row in rows if _identity(row)]


def _ids_by_name(groups: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    named = [(str(group.get("name") or "").strip(), str(group["id"])) for group in groups]
    often = Counter(name for name, _ in named)
    return {name: number for name, number in named if name and often[name] == 1}


def _group_with_members(api: FreshdeskApi, group: dict[str, Any]) -> dict[str, Any]:
    """Where neither list names members, a group by itself does."""
    try:
        return {**group, **api.object(f"/api/v2/groups/{group['id']}")}
    except HttpRefused as refused:
        if not is_absent(refused):
            raise
        return group


def _memberships(people: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Where memberships stand differs: at the agents, at the groups, or at both."""
    light = {person["id"] for person in people if person.get("is_light")}
    belongs = {str(person["id"]): set(person.get("groups") or ()) for person in people}
    for group in groups:
        for agent in group.get("agent_ids") or ():
            if str(agent) in belongs and str(agent) not in light:
                belongs[str(agent)].add(str(group["id"]))
    return {agent: sorted(names) for agent, names in belongs.items()}


def _schedules(api: FreshdeskApi, year: int, note: Note) -> dict[str, tuple[Schedule, bool]]:
    """By id, with whether it is the account's default; the default comes first."""
    rows = optional("the list of business hours", lambda: _all(api, "/api/v2/business_hours"), note) or []
    readable = [row for row in rows if _identity(row)]
    ordered = sorted(readable, key=lambda row: not row.get("is_default"))
    return {str(row["id"]): (schedule_of(row, year, note), bool(row.get("is_default"))) for row in ordered}


def _hours_of(group: Mapping[str, Any], schedules: Mapping[str, tuple[Schedule, bool]]) -> Schedule | None:
    named = group.get("business_calendar_id") or group.get("business_hour_id")
    if named is not None and str(named) in schedules:
        return schedules[str(named)][0]
    usual = [schedule for schedule, is_default in schedules.values() if is_default or len(schedules) == 1]
    return usual[0] if usual else None


def _tell_zones(people: Sequence[Mapping[str, Any]], note: Note) -> None:
    nameless = sorted(str(person["id"]) for person in people if person.get("wrong_zone"))
    if nameless:
        shown = ", ".join(nameless[:5])
        note(
            f"freshdesk: {len(nameless)} people carry a zone name that isn't known (agents {shown}); give theirs in "
            "the people file"
        )


def _labels(choices: Any) -> dict[str, str]:
    """Ids and labels of a status field: {"6": ["label for agents", "for customers"]}, or rows."""
    if isinstance(choices, dict):
        return {str(key): str(said[0] if isinstance(said, list) and said else said) for key, said in choices.items()}
    if isinstance(choices, list):
        rows = [row for row in choices if isinstance(row, dict)]
        return {str(row.get("id")): str(row.get("label") or row.get("value") or "") for row in rows if row.get("id")}
    return {}


def _all(api: FreshdeskApi, path: str) -> list[Any]:
    return [row for page in api.listed(path) for row in page]


def _identity(row: Any) -> bool:
    return isinstance(row, dict) and bool(row.get("id"))
