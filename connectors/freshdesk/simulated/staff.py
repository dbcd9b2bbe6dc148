"""Agents, groups, opening hours and roles of the account, as it answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.simulating.text import number_of, numbers_of
from connectors.simulating.zones import rails_name

from .options import Account, Options
from .rows import Object, iso
from .site import Site
from .words import CANARY

CREATED = "2024-01-08T09:00:00Z"
ROLES = {"admin": 48_000_000_001, "supervisor": 48_000_000_002, "agent": 48_000_000_003}


@dataclass(frozen=True)
class Person:
    """Somebody who works here, or did."""

    no: int
    account: Account
    name: str
    email: str
    zone: str  # IANA
    groups: tuple[int, ...]
    updated: str = CREATED


@dataclass(frozen=True)
class Staff:
    """Everybody and every group; replaced as a whole when somebody changes."""

    people: Mapping[int, Person]
    groups: tuple[Object, ...]

    def members(self, group: int) -> list[int]:
        """Agents of a group, of those who still are agents."""
        return [p.no for p in self.people.values() if group in p.groups and p.account.state == "active"]

    def agent(self, no: int) -> Person | None:
        """Somebody who is an agent now, deactivated or not."""
        person = self.people.get(no)
        return None if person is None or person.account.state == "removed" else person

    @property
    def agents(self) -> list[Person]:
        """Who is listed as an agent."""
        return [person for person in self.people.values() if person.account.state != "removed"]

    def with_person(self, person: Person) -> Staff:
        """The same account, in which somebody has changed."""
        return replace(self, people={**self.people, person.no: person})


def staff_of(site: Site) -> Staff:
    """People and groups from the frames, and whoever else acts in the events."""
    events, options = site.events, site.options
    known = {row["agent"]: row for row in site.people.iter_rows(named=True)}
    kinds = events["actor_kind"].cast(pl.String).is_in(["agent", "integration"])
    assigned = events.filter(pl.col("kind").cast(pl.String) == "assigned")["after"]
    words = sorted({*known, *site.roles, *_words(events.filter(kinds)["actor"]), *_words(events["assignee"]),
                    *_words(assigned)})  # fmt: skip
    moved = events.filter(pl.col("kind").cast(pl.String) == "moved")["after"]
    named = {row["group"]: row for row in site.groups.iter_rows(named=True)}
    of_people = {group for row in known.values() for group in row["groups"] or ()}
    groups = sorted({*named, *of_people, *_words(events["group"]), *_words(moved)})
    people = [_service(options)]
    for word, no in zip(words, numbers_of(words), strict=True):
        if no == options.service_user:
            continue
        row = known.get(word, {})
        role = site.roles.get(word, Account())
        mine = tuple(numbers_of(row.get("groups") or ()))
        zone = row.get("time_zone") or options.time_zone
        name = role.name or row.get("name") or f"Agent {no}"
        people.append(Person(no, role, name, f"user{no}@example.com", zone, mine))
    listed = sorted(people, key=lambda person: person.no)
    return Staff(
        {person.no: person for person in listed},
        tuple(_group(number_of(word), named.get(word, {}), word, place) for place, word in enumerate(groups)),
    )


def _service(options: Options) -> Person:
    account = Account("admin" if options.admin else "agent", name="Wellbeing service", ticket_scope=options.scope)
    groups = tuple(numbers_of(options.groups))
    return Person(options.service_user, account, "Wellbeing service", options.service_email, options.time_zone, groups)


def _words(column: pl.Series) -> set[str]:
    return set(column.drop_nulls().cast(pl.String).unique().to_list()) - {""}


def _group(no: int, row: Mapping[str, Any], word: str, place: int) -> Object:
    hours = HOURS + place + 1 if row.get("schedule") else None
    return {
        "id": no, "name": row.get("name") or f"Group {word}", "description": None, "escalate_to": None,
        "unassigned_for": None, "business_hour_id": hours, "group_type": "support_agent_group",
        "created_at": CREATED, "updated_at": CREATED, "auto_ticket_assign": 0,
    }  # fmt: skip


HOURS = 7000  # ids of business hours


def agent(person: Person, presence: tuple[str, int] | None = None) -> Object:
    """An agent as listed. `presence`: the latest availability and since when; null: nobody ever said."""
    here, since = presence or ("online", None)
    account, active = person.account, person.account.state == "active"
    return {
        "available": here == "online", "occasional": account.occasional, "id": person.no, "signature": None,
        "ticket_scope": account.ticket_scope, "type": account.type, "group_ids": list(person.groups),
        "contribution_group_ids": [], "skill_ids": [], "role_ids": [ROLES[account.role]], "focus_mode": True,
        "available_since": None if since is None else iso(since), "deactivated": not active,
        "created_at": CREATED, "updated_at": person.updated, "last_active_at": None, "contact": contact_of(person),
    }  # fmt: skip


def contact_of(person: Person) -> Object:
    """The person behind an agent."""
    return {
        "active": person.account.state == "active", "email": person.email, "job_title": None, "language": "en",
        "last_login_at": None, "mobile": None, "phone": None, "name": person.name,
        "time_zone": rails_name(person.zone), "created_at": CREATED, "updated_at": person.updated,
    }  # fmt: skip


def contact(no: int, staff: Staff) -> Object:
    """A contact: a customer, or somebody who was an agent here."""
    person = staff.people.get(no)
    known = {} if person is None else contact_of(person) | {"active": False}
    return {
        "id": no, "active": True, "address": None, "company_id": None, "description": None,
        "email": f"customer{no}@example.com", "job_title": None, "language": "en", "mobile": None, "phone": None,
        "name": f"{CANARY}-customer-{no}", "time_zone": "Copenhagen", "twitter_id": None, "custom_fields": {},
        "tags": [], "other_emails": [], "view_all_tickets": None, "unique_external_id": None,
        "created_at": CREATED, "updated_at": CREATED,
    } | known  # fmt: skip


def availability(person: Person, presence: tuple[str, int] | None, load: int) -> Object:
    """What routing knows of an agent."""
    here, since = presence or ("online", None)
    at = None if since is None else iso(since)
    channel = {
        "channel": "freshdesk", "available": here == "online", "logged_in": here != "offline",
        "round_robin_enabled": True, "assignment_limit": 10, "current_assignment_load": load,
        "availability_updated_at": at, "status_id": None,
    }  # fmt: skip
    return {"agent_ref": str(person.no), "channel_availability": [channel], "status_updated_at": at,
            "availability_control": "agent_controlled"}  # fmt: skip


def roles() -> list[Object]:
    """The account's roles."""
    names = {"admin": "Administrator", "supervisor": "Supervisor", "agent": "Agent"}
    return [
        {"id": no, "name": names[word], "description": "", "default": True, "agent_type": 1, "created_at": CREATED,
         "updated_at": CREATED}
        for word, no in ROLES.items()
    ]  # fmt: skip


def presences(events: pl.DataFrame, now: datetime) -> dict[int, tuple[str, int]]:
    """Per agent the latest availability up to `now`, and since when."""
    kind = events["kind"].cast(pl.String) == "availability"
    told = events.filter(kind & (events["at"] <= now.astimezone(UTC))).sort("at")
    latest = told.group_by("actor").agg(pl.col("after").last(), pl.col("at").last())
    return {
        number_of(actor): (state, int(at.timestamp())) for actor, state, at in latest.iter_rows() if actor and state
    }
