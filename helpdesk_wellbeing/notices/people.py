"""Who may be told something: members with what they lead and when they work, and the channels of chat services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.instants import zone_problem
from helpdesk_wellbeing.notices.addresses import mail_address
from helpdesk_wellbeing.notices.timing import Hours

if TYPE_CHECKING:
    from helpdesk_wellbeing.notices.settings import Room, Settings
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store.access import Member

K = 5  # members of a team of which something may be said where others read along
ROOM = "room:"
_BY_MAIL = "email:"


@dataclass(frozen=True)
class Recipient:
    """A person with an address, or a channel (`team`: whose it is)."""

    who: str  # the member's key, or "room:<name>"
    channel: str  # mail | slack | teams
    name: str
    roles: frozenset[str]
    hours: Hours
    address: str | None = None  # of mail
    agent: str | None = None  # the platform's id of the same person
    leads: frozenset[str] = frozenset()  # groups
    room: Room | None = None

    @property
    def is_room(self) -> bool:
        """Whether others read along."""
        return self.room is not None


@dataclass(frozen=True)
class Team:
    """A group and the people in it, as far as they are spoken of."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    zone: str | None = None

    @property
    def is_large(self) -> bool:
        """Whether a statement about it is none about a person."""
        return len(self.members) >= K


@dataclass(frozen=True)
class Staff:
    """The people of an account on one day."""

    teams: Mapping[str, Team] = field(default_factory=dict)
    groups_of: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by agent
    leads_of: Mapping[str, frozenset[str]] = field(default_factory=dict)  # groups by agent
    hours: Mapping[str, Hours] = field(default_factory=dict)  # by agent
    zone: str = "UTC"

    def leads_for(self, groups: frozenset[str], but: str | None = None) -> bool:
        """Whether somebody (else) leads one of these groups."""
        return any(own & groups for agent, own in self.leads_of.items() if agent != but)


def staff_of(directory: Directory, day: date) -> Staff:
    """From the people, leave and groups that are known."""
    latest: dict[str, dict[str, Any]] = {}
    for row in directory.people.sort("valid_from", nulls_last=False, maintain_order=True).iter_rows(named=True):
        if row["valid_from"] is None or row["valid_from"] <= day:
            latest[row["agent"]] = row
    leave: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for agent, first, last in directory.leave.iter_rows():
        leave[agent].append((first, last))
    members: dict[str, set[str]] = defaultdict(set)
    for agent, row in latest.items():
        if not row["excluded"] and row["identity"] in (None, "person"):
            for group in row["groups"] or ():
                members[group].add(agent)
    known = {row["group"]: row for row in directory.groups.iter_rows(named=True)}
    return Staff(
        teams={
            id: Team(id, (known.get(id) or {}).get("name") or id, frozenset(members.get(id, ())),
                     (known.get(id) or {}).get("time_zone"))
            for id in sorted({*known, *members})
        },
        groups_of={agent: frozenset(row["groups"] or ()) for agent, row in latest.items()},
        leads_of={agent: frozenset(row["lead_of"]) for agent, row in latest.items() if row["lead_of"]},
        hours={
            agent: Hours(_zone(row["time_zone"], directory.zone), row["schedule"], tuple(leave.get(agent, ())))
            for agent, row in latest.items()
        },
        zone=directory.zone,
    )  # fmt: skip


def recipients(members: list[Member], staff: Staff, settings: Settings) -> list[Recipient]:
    """Everybody who may be told something, members by key and then rooms by name."""
    by_mail = _by_mail(members, staff, settings) if settings.smtp is not None else iter(())
    return [*by_mail, *(_room(room, staff) for room in sorted(settings.rooms, key=lambda room: room.name))]


def _by_mail(members: list[Member], staff: Staff, settings: Settings) -> Iterator[Recipient]:
    for member in members:
        address = mail_address(member.who.removeprefix(_BY_MAIL)) if member.who.startswith(_BY_MAIL) else None
        roles = frozenset(_roles(member, staff) & set(settings.mail_to))
        if address is None or not roles:
            continue
        leads = staff.leads_of.get(member.agent or "", frozenset()) if "lead" in roles else frozenset()
        hours = staff.hours.get(member.agent or "", Hours(staff.zone))
        yield Recipient(member.who, "mail", member.name, roles, hours, address, member.agent, leads)


def _roles(member: Member, staff: Staff) -> set[str]:
    """Those that were given to them, and those that follow from the helpdesk: see `access.viewer`."""
    follows = {"agent"} if member.agent in staff.groups_of else set()
    return {role.value for role in member.roles} | follows | ({"lead"} if member.agent in staff.leads_of else set())


def _room(room: Room, staff: Staff) -> Recipient:
    team = staff.teams.get(room.team or "")
    hours = Hours(_zone(team.zone if team else None, staff.zone))
    leads = frozenset({room.team} if room.team else ())
    return Recipient(f"{ROOM}{room.name}", room.kind, room.name, frozenset({room.role}), hours, leads=leads, room=room)


def _zone(zone: str | None, otherwise: str) -> str:
    return otherwise if zone is None or zone_problem(zone) else zone
