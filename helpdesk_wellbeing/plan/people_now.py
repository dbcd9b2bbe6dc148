"""Who works here now: groups, skills, and the scheduled time of the next days in their own zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from helpdesk_wellbeing.plan.situation import Situation
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.schedules import parse_schedule

AHEAD = timedelta(days=35)  # how far schedules are looked at
SAME_SHIFT = timedelta(hours=4)  # a longer gap in a schedule parts two shifts
_DAY = timedelta(days=1)
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Person:
    """Somebody as of now. Windows are aware UTC, disjoint, in order, without leave."""

    agent: str
    name: str
    zone: str
    elsewhere: bool  # the zone is not the account's
    scheduled: bool  # a schedule is known
    groups: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    on_leave: bool  # today
    windows: tuple[Window, ...]  # from yesterday on

    def shifts(self, after: datetime) -> list[Window]:
        """Shifts that end after an instant, breaks of the schedule among them."""
        return _shifts(self.windows, after)

    def minutes(self, start: datetime, end: datetime) -> int:
        """Scheduled time in a stretch."""
        inside = [min(last, end) - max(first, start) for first, last in self.windows if last > start and first < end]
        return sum(inside, timedelta()) // timedelta(minutes=1)

    def works_from(self, now: datetime) -> datetime | None:
        """Since when, if working; else from when on; None where it is not known."""
        return next((first for first, last in self.windows if last > now), None)


def _shifts(windows: Sequence[Window], after: datetime) -> list[Window]:
    found: list[Window] = []
    for start, end in windows:
        if found and start - found[-1][1] < SAME_SHIFT:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [shift for shift in found if shift[1] > after]


@dataclass(frozen=True)
class Now:
    """Everybody of whom something may be said, by id, and what things are called."""

    people: Mapping[str, Person]
    members: Mapping[str, tuple[str, ...]]  # by group, sorted; without those left out
    left_out: frozenset[str]  # excluded, shared, or perhaps more than one person: nothing is said about them
    agent_names: Mapping[str, str]  # where known
    group_names: Mapping[str, str]
    zones: Mapping[str, str]  # of groups
    schedules: Mapping[str, str]  # of groups, where known


@once_per_object
def now(situation: Situation) -> Now:
    """Made once for a situation."""
    facts, as_of = situation.facts, situation.as_of
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in facts.directory.people.sort("valid_from", nulls_last=False, maintain_order=True).iter_rows(named=True):
        rows[row["agent"]].append(row)
    leave: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for agent, first, last in facts.directory.leave.iter_rows():
        leave[agent].append((first, last))
    latest = {agent: _holding(own, as_of.date()) for agent, own in rows.items()}
    left_out = {agent for agent, row in latest.items() if row["excluded"]}
    left_out |= {*facts.shared, *(entry["agent"] for entry in facts.review)}
    people = {
        agent: _person(agent, own, leave.get(agent, ()), situation)
        for agent, own in sorted(rows.items())
        if agent not in left_out
    }
    members: dict[str, list[str]] = defaultdict(list)
    for person in people.values():
        for group in person.groups:
            members[group].append(person.agent)
    groups = facts.directory.groups
    return Now(
        people=people,
        members={group: tuple(agents) for group, agents in members.items()},
        left_out=frozenset(left_out),
        agent_names={agent: _one_line(row["name"]) for agent, row in latest.items() if row["name"]},
        group_names=_column(groups, "name"),
        zones=_column(groups, "time_zone"),
        schedules=_column(groups, "schedule"),
    )


def group_shifts(situation: Situation, group: str) -> list[Window]:
    """A group's own working days that are not over; none where its schedule is not known."""
    here, first = now(situation), _from(situation.as_of)
    dated = _scheduled(here.zones.get(group, situation.zone), here.schedules.get(group), first)
    return _shifts(_joined([(start, end) for _, start, end in dated], first), situation.as_of)


def _from(as_of: datetime) -> datetime:
    """Since when windows are looked at: a UTC midnight, so that few stretches are asked for."""
    return as_of.replace(hour=0, minute=0, second=0, microsecond=0) - _DAY


def _column(groups: pl.DataFrame, name: str) -> dict[str, str]:
    return {group: _one_line(value) for group, value in groups.select("group", name).iter_rows() if value}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _holding(rows: Sequence[dict[str, Any]], day: date) -> dict[str, Any]:
    """The row that holds on a date; the first one before any does."""
    begun = [row for row in rows if row["valid_from"] is None or row["valid_from"] <= day]
    return begun[-1] if begun else rows[0]


def _person(
    agent: str, rows: Sequence[dict[str, Any]], leave: Sequence[tuple[date, date]], situation: Situation
) -> Person:
    row = _holding(rows, situation.as_of.date())
    zone = row["time_zone"] or situation.zone
    today = situation.as_of.astimezone(ZoneInfo(zone)).date()
    row = _holding(rows, today)
    return Person(
        agent=agent,
        name=_one_line(row["name"] or agent),
        zone=zone,
        elsewhere=zone != situation.zone,
        scheduled=bool(row["schedule"]),
        groups=tuple(sorted(set(row["groups"] or ()))),
        skills=tuple(row["skills"] or ()),
        languages=tuple(row["languages"] or ()),
        on_leave=any(begin <= today <= end for begin, end in leave),
        windows=_windows(rows, leave, situation.zone, _from(situation.as_of)),
    )


def _windows(
    rows: Sequence[dict[str, Any]], leave: Sequence[tuple[date, date]], account_zone: str, first: datetime
) -> tuple[Window, ...]:
    if len(rows) == 1 and not leave:
        zone, schedule = rows[0]["time_zone"] or account_zone, rows[0]["schedule"]
        return _joined([(start, end) for _, start, end in _scheduled(zone, schedule, first)], first)
    free = {begin + timedelta(n) for begin, end in leave for n in range(min((end - begin).days, 400) + 1)}
    found: list[Window] = []
    for row in rows:
        dated = _scheduled(row["time_zone"] or account_zone, row["schedule"], first)
        found += [(start, end) for day, start, end in dated if _holding(rows, day) is row and day not in free]
    return _joined(sorted(found), first)


@lru_cache(maxsize=4096)
def _scheduled(zone: str, schedule: str | None, first: datetime) -> tuple[tuple[date, datetime, datetime], ...]:
    """Local date and window of every scheduled stretch from the day of `first` on."""
    if not schedule:
        return ()
    place = ZoneInfo(zone)
    start = first.astimezone(place).date()
    week: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for weekday, begin, end in parse_schedule(schedule):
        week[weekday].append((begin, end))
    days = [start + timedelta(n) for n in range(AHEAD // _DAY + 2)]
    return tuple(
        (day, _instant(day, begin, place), _instant(day, end, place))
        for day in days
        for begin, end in week.get(day.weekday(), ())
    )


def _instant(day: date, minute: int, place: ZoneInfo) -> datetime:
    on = day + timedelta(minute // 1440)
    return datetime.combine(on, time(minute % 1440 // 60, minute % 60), place).astimezone(UTC)


def _joined(windows: Sequence[Window], first: datetime) -> tuple[Window, ...]:
    """Touching windows (a night shift is split at midnight) as one, those in the past left out."""
    found: list[Window] = []
    for start, end in windows:
        if end <= first or end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
