"""Users, groups, memberships, schedules and availability of the simulated account, as it answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import polars as pl

from connectors.simulating.hours import intervals
from connectors.simulating.text import numbers_of
from connectors.simulating.zones import rails_name

from .options import Account, Options
from .words import CANARY, STATUS_IDS

CREATED = "2024-01-08T09:00:00Z"
Object = dict[str, Any]


@dataclass(frozen=True)
class Staff:
    """Everybody and every group, as lists of objects in id order."""

    users: list[Object]
    groups: list[Object]
    memberships: list[Object]
    schedules: list[Object]

    @cached_property
    def by_id(self) -> dict[int, Object]:
        """Users by id."""
        return {user["id"]: user for user in self.users}

    @cached_property
    def group_ids(self) -> frozenset[int]:
        """Groups there are."""
        return frozenset(group["id"] for group in self.groups)

    @cached_property
    def members(self) -> dict[int, set[int]]:
        """Users of each group."""
        found: dict[int, set[int]] = {}
        for membership in self.memberships:
            found.setdefault(membership["group_id"], set()).add(membership["user_id"])
        return found


def staff(
    events: pl.DataFrame, children: pl.DataFrame, people: pl.DataFrame, groups: pl.DataFrame,
    roles: Mapping[str, Account], options: Options, base: str,
) -> Staff:  # fmt: skip
    """People and groups from the frames, and whoever else acts in the events."""
    known = {row["agent"]: row for row in people.iter_rows(named=True)}
    acting = events.filter(pl.col("actor_kind").cast(pl.String).is_in(["agent", "integration"]))
    words = sorted({*known, *roles, *_words(acting["actor"]), *_words(events["assignee"]),
                    *_words(_after(events, "assigned"))} - {str(options.service_user)})  # fmt: skip
    numbers = dict(zip(words, numbers_of(words), strict=True))
    of_people = {group for row in known.values() for group in row["groups"] or ()}
    group_words = sorted({*_words(groups["group"]), *_words(events["group"]), *of_people,
                          *_words(_after(events, "moved"))})  # fmt: skip
    group_numbers = dict(zip(group_words, numbers_of(group_words), strict=True))
    worked = _groups_by_agent(events, known)
    users = [_service_user(options, base)]
    for word in words:
        role = roles.get(word, Account())
        mine = [group_numbers[g] for g in worked.get(word, ()) if g in group_numbers]
        users.append(_user(numbers[word], role, known.get(word, {}), options, base, mine))
    taken = {user["id"] for user in users}
    ends = children.group_by("requester_no").agg(pl.col("sec").min()).iter_rows()
    users += [_end_user(no, first, options, base) for no, first in ends if no not in taken]
    names = {row["group"]: row for row in groups.iter_rows(named=True)}
    return Staff(
        users=sorted(users, key=_by_id),
        groups=sorted((_group(group_numbers[g], names.get(g, {}), g, base) for g in group_words), key=_by_id),
        memberships=_memberships({numbers[w]: [group_numbers[g] for g in worked.get(w, ())] for w in words}, base),
        schedules=_schedules(groups, options),
    )


def _by_id(thing: Object) -> int:
    return int(thing["id"])


def _words(column: pl.Series) -> set[str]:
    return set(column.drop_nulls().cast(pl.String).unique().to_list()) - {""}


def _after(events: pl.DataFrame, kind: str) -> pl.Series:
    return events.filter(pl.col("kind").cast(pl.String) == kind)["after"]


def _groups_by_agent(events: pl.DataFrame, known: Mapping[str, Object]) -> dict[str, list[str]]:
    """Groups as told by the people frame, else those of the tickets that they were assigned to."""
    seen = events.filter(pl.col("assignee").is_not_null() & pl.col("group").is_not_null())
    result = {agent: sorted(gs) for agent, gs in seen.group_by("assignee").agg(pl.col("group").unique()).iter_rows()}
    result.update({agent: list(row["groups"]) for agent, row in known.items() if row["groups"]})
    return result


def _user(no: int, role: Account, person: Mapping[str, Any], options: Options, base: str, groups: list[int]) -> Object:
    zone = person.get("time_zone") or options.time_zone
    staffed = role.role != "end-user"
    return {
        "id": no,
        "url": f"{base}/api/v2/users/{no}.json",
        "name": role.name or person.get("name") or f"Agent {no}",
        "email": f"user{no}@example.com",
        "created_at": CREATED,
        "updated_at": CREATED,
        "time_zone": rails_name(zone),
        "iana_time_zone": zone,
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": role.role,
        "verified": True,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": role.active,
        "shared": False,
        "shared_agent": False,
        "last_login_at": CREATED if staffed else None,
        "two_factor_auth_enabled": None,
        "signature": None,
        "details": None,
        "notes": f"{CANARY}-notes",
        "role_type": role.role_type if staffed else None,
        "custom_role_id": 8000 + (role.role_type or 0) if staffed else None,
        "moderator": staffed,
        "ticket_restriction": None if staffed else "requested",
        "only_private_comments": role.role_type == 1,
        "restricted_agent": not staffed,
        "suspended": role.suspended,
        "default_group_id": groups[0] if groups else None,
        "report_csv": False,
        "user_fields": {},
    }


def _service_user(options: Options, base: str) -> Object:
    account = Account(role="admin", role_type=4, name="Wellbeing service")
    return _user(options.service_user, account, {}, options, base, []) | {"email": options.service_email}


def _end_user(no: int, first: int, options: Options, base: str) -> Object:
    """A customer, known since the first ticket (epoch seconds)."""
    time = datetime.fromtimestamp(first, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    account = Account(role="end-user", role_type=None, name=f"{CANARY}-customer-{no}")
    return _user(no, account, {}, options, base, []) | {"created_at": time, "updated_at": time}


def _group(no: int, row: Mapping[str, Any], word: str, base: str) -> Object:
    return {
        "url": f"{base}/api/v2/groups/{no}.json",
        "id": no,
        "is_public": True,
        "name": row.get("name") or f"Group {word}",
        "description": "",
        "default": False,
        "deleted": False,
        "created_at": CREATED,
        "updated_at": CREATED,
    }


def _memberships(groups: Mapping[int, list[int]], base: str) -> list[Object]:
    result: list[Object] = []
    for user, members in sorted(groups.items()):
        for place, group in enumerate(members):
            no = 70_000_000 + len(result)
            result.append(
                {
                    "url": f"{base}/api/v2/group_memberships/{no}.json",
                    "id": no,
                    "user_id": user,
                    "group_id": group,
                    "default": place == 0,
                    "created_at": CREATED,
                    "updated_at": CREATED,
                }
            )
    return result


def custom_statuses(base: str) -> list[Object]:
    """The five default statuses, and one of the account's own that means waiting for a third party."""
    result = [_custom_status(no, category, category.title(), True, base) for category, no in STATUS_IDS.items()]
    return [*result, _custom_status(520, "pending", "Waiting for supplier", False, base)]


def _custom_status(no: int, category: str, label: str, default: bool, base: str) -> Object:
    names = dict.fromkeys(("agent_label", "raw_agent_label", "end_user_label", "raw_end_user_label"), label)
    texts = ("description", "raw_description", "end_user_description", "raw_end_user_description")
    return {
        "url": f"{base}/api/v2/custom_statuses/{no}.json",
        "id": no,
        "status_category": category,
        **names,
        **dict.fromkeys(texts, ""),
        "active": True,
        "default": default,
        "created_at": CREATED,
        "updated_at": CREATED,
    }


def _schedules(groups: pl.DataFrame, options: Options) -> list[Object]:
    """One schedule per group that has one; the platform itself doesn't tie schedules to groups."""
    result: list[Object] = []
    for row in groups.filter(pl.col("schedule").is_not_null()).iter_rows(named=True):
        zone = row["time_zone"] or options.time_zone
        result.append(
            {
                "id": 360_000 + len(result),
                "name": row["name"] or row["group"],
                "time_zone": rails_name(zone),
                "intervals": intervals(row["schedule"]),
                "created_at": CREATED,
                "updated_at": CREATED,
            }
        )
    return result


def availabilities(events: pl.DataFrame, users: list[Object], now: int, base: str) -> tuple[list[Object], list[Object]]:
    """Agents' present states (data, included channels); the platform keeps no history of them."""
    told = events.filter((pl.col("kind").cast(pl.String) == "availability") & (pl.col("at").dt.epoch("s") <= now))
    latest = told.sort("at").group_by("actor").agg(pl.col("after").last(), pl.col("at").last())
    states = {no: (state, at) for no, state, at in zip(
        numbers_of(latest["actor"].fill_null("0")), latest["after"], latest["at"], strict=True)}  # fmt: skip
    data: list[Object] = []
    included: list[Object] = []
    for user in users:
        if user["role"] == "end-user" or user["role_type"] == 1:
            continue
        no = user["id"]
        state, at = states.get(no, ("offline", None))
        data.append(_availability(no, state, at.isoformat().replace("+00:00", "Z") if at else CREATED, base))
        for channel in ("support", "messaging", "talk"):
            attributes = {"name": channel, "status": state, "work_item_count": 0, "max_capacity": 5}
            key = f"agent_availabilities|{no}|channels|{channel}"
            included.append({"type": "channels", "id": key, "attributes": attributes})
    return data, included


def _availability(no: int, state: str, time: str, base: str) -> Object:
    key = f"agent_availabilities|{no}"
    channels = [{"type": "channels", "id": f"{key}|channels|{c}"} for c in ("support", "messaging", "talk")]
    status = {
        "id": {"online": 1, "away": 2}.get(state, 3),
        "name": state,
        "reason": "UNKNOWN",
        "updated_at": time,
    }
    return {
        "type": "agent_availabilities",
        "id": key,
        "attributes": {"agent_id": no, "group_ids": [], "skills": [], "version": 1, "agent_status": status},
        "relationships": {"channels": {"data": channels}},
        "links": {"self": f"{base}/api/v2/agent_availabilities/{no}"},
    }
