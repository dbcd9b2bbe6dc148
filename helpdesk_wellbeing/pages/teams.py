"""Teams in numbers from which nobody can be guessed; smaller groups have ticket facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.agreement.showing import ABOUT_TICKETS, LEAST_K, contributors, guessable
from helpdesk_wellbeing.flags import under
from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.differencing import shown
from helpdesk_wellbeing.pages.flag import said_of
from helpdesk_wellbeing.pages.funnel import funnel_with
from helpdesk_wellbeing.pages.queue_days import backlog_of
from helpdesk_wellbeing.pages.series import Backlog, Funnel, Heat
from helpdesk_wellbeing.pages.spread import Spread, spread_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.rules.model import Rule

HEAT = timedelta(weeks=4)
SEES_ALL_TEAMS = frozenset({Role.OPS, Role.HR, Role.COUNCIL})


@dataclass(frozen=True)
class TeamFlag:
    """A flag of a team or a queue."""

    rule: Rule
    kind: str
    level: str
    since: date
    said: Mapping[str, str]  # by language
    may_open: bool


@dataclass(frozen=True)
class Team:
    """One row of the list."""

    group: str
    name: str
    is_large: bool  # five people and more
    open: int | None
    flags: int


@dataclass(frozen=True)
class TeamPage:
    """One team."""

    group: str
    name: str
    is_large: bool
    is_apart: bool  # beside a larger team's, its numbers would tell of the few by which the two differ
    contributing: int | None  # who worked in the last four weeks; None where that is too few to be said
    heat: Heat | None
    backlog: Backlog | None
    funnel: Funnel | None
    spread: Spread | None  # for those alone who lead the team
    flags: tuple[TeamFlag, ...]
    missing: tuple[tuple[str, str, str], ...]  # (signal, kind, why)


def listed(known: Known, viewer: Viewer, now: datetime) -> list[Team]:
    """The viewer's teams, by name."""
    account = viewer.account
    members = held.members(known, account, now.date())
    flags = _flags(known, viewer, now)
    found = []
    for group in _groups(known, viewer):
        backlog = backlog_of(known, account, group)
        mine = [flag for flag in flags if flag["subject"]["id"] == group]
        is_large = len(members.get(group, ())) >= LEAST_K
        name = known.names(account).group(group)
        found.append(Team(group, name, is_large, _latest(backlog), len(mine)))
    return sorted(found, key=lambda team: team.name.casefold())


def build(known: Known, viewer: Viewer, group: str, now: datetime) -> TeamPage | None:
    """One team; None where there is none of this id, or none for this viewer."""
    if group not in _groups(known, viewer):
        return None
    account = viewer.account
    members = held.members(known, account, now.date()).get(group, [])
    heat, contributing = _heat(known, account, group, members, now)
    is_large = len(members) >= LEAST_K
    is_told = group in _told(known, account, "shifts", now)
    flags = [flag for flag in _flags(known, viewer, now) if flag["subject"]["id"] == group]
    return TeamPage(
        group=group, name=known.names(account).group(group), is_large=is_large,
        is_apart=is_large and contributing >= LEAST_K and not is_told,
        contributing=contributing if is_large and is_told else None,
        heat=heat if is_large and is_told else None,
        backlog=backlog_of(known, account, group), funnel=funnel_with(known, account, group, now),
        spread=_spread(known, account, members)
        if _leads(viewer, group) and group in _told(known, account, "loads", now) else None,
        flags=tuple(_flag(known, viewer, flag) for flag in flags),
        missing=_missing(known, account, group, is_large=is_large),
    )  # fmt: skip


def _leads(viewer: Viewer, group: str) -> bool:
    return viewer.has(Role.OPS) or group in viewer.teams


def _groups(known: Known, viewer: Viewer) -> list[str]:
    directory = known.directory(viewer.account)
    every = set(directory.groups["group"].drop_nulls()) | set(directory.people["groups"].explode().drop_nulls())
    return sorted(every if viewer.has(*SEES_ALL_TEAMS) else every & viewer.teams)


def _flags(known: Known, viewer: Viewer, now: datetime) -> list[dict[str, Any]]:
    """Flags of teams and queues from which nobody can be guessed; of rules that are there still."""
    answer = known.answer(viewer.account)
    if answer is None:
        return []
    members = held.members(known, viewer.account, now.date())
    found = []
    gate = gate_of(known.store, viewer.account, now, directory=known.directory(viewer.account))
    for flag in under(answer, gate)["flags"]:
        kind, id = flag["subject"]["kind"], flag["subject"]["id"]
        is_known = kind != "agent" and flag["rule"] in known.catalogue.rules
        if is_known and not guessable(flag, contributors(flag, len(members.get(id, ())))):
            found.append(flag)
    return found


def _flag(known: Known, viewer: Viewer, flag: Mapping[str, Any]) -> TeamFlag:
    rule = known.catalogue.rules[flag["rule"]]
    may_open = _leads(viewer, flag["subject"]["id"])
    said = said_of(known, viewer.account, flag)
    return TeamFlag(
        rule, flag["subject"]["kind"], flag["level"], date.fromisoformat(flag["since"]), said, may_open
    )  # fmt: skip


def _latest(backlog: Backlog | None) -> int | None:
    known = [count for count in backlog.open if count is not None] if backlog else []
    return known[-1] if known else None


def _heat(known: Known, account: str, group: str, members: list[str], now: datetime) -> tuple[Heat | None, int]:
    """When the team's shifts were in the last four weeks, as shares of all their hours; and of how many people."""
    until = known.evaluated(account)
    version = (until, known.store.revision(account))

    def spread() -> tuple[Heat | None, int]:
        first = ((until or now) - HEAT).date()
        mine = held.facts(known, account, "shifts").filter(pl.col("agent").is_in(members) & (pl.col("date") >= first))
        return _by_hour(mine, _zone(known, account, group)), mine["agent"].n_unique()

    return known.kept(("heat", account, group), version, spread)


def _told(known: Known, account: str, kind: str, now: datetime) -> frozenset[str]:
    """The groups of which numbers from `shifts` or `loads` may be told beside each other."""
    until = known.evaluated(account)
    version = (until, known.store.revision(account), now.date())

    def find() -> frozenset[str]:
        rows = held.facts(known, account, kind)
        first = ((until or now) - HEAT).date()
        recent = rows.filter(pl.col("date") >= first) if kind == "shifts" else rows
        seen = set(recent["agent"])
        members = held.members(known, account, now.date())
        return shown({group: seen.intersection(agents) for group, agents in members.items()})

    return known.kept(("told", account, kind), version, find)


def _zone(known: Known, account: str, group: str) -> str:
    directory = known.directory(account)
    told = directory.groups.filter(pl.col("group") == group)["time_zone"].drop_nulls()
    return str(told[0]) if len(told) else directory.zone


def _by_hour(shifts: pl.DataFrame, zone: str) -> Heat | None:
    """Each shift's minutes from its first to its last event put down in the hours of the week, on the zone's clock."""
    if shifts.is_empty():
        return None
    local = shifts.select(
        start=pl.col("start").dt.convert_time_zone(zone), end=pl.col("end").dt.convert_time_zone(zone)
    )
    hours = local.with_columns(
        hour=pl.datetime_ranges(pl.col("start").dt.truncate("1h"), pl.col("end"), "1h", time_zone=zone)
    ).explode("hour")
    inside = pl.min_horizontal(pl.col("end"), pl.col("hour").dt.offset_by("1h")) - pl.max_horizontal("start", "hour")
    sums = (
        hours.select(
            day=pl.col("hour").dt.weekday() - 1, hour=pl.col("hour").dt.hour(), spent=inside.dt.total_microseconds()
        )
        .group_by("day", "hour")
        .agg(pl.col("spent").sum())
    )
    whole = sums["spent"].sum()
    if not whole:
        return None
    cells = {(day, hour): spent / whole for day, hour, spent in sums.rows()}
    return Heat(tuple(tuple(round(cells.get((day, hour), 0.0), 5) for hour in range(24)) for day in range(7)))


def _spread(known: Known, account: str, members: list[str]) -> Spread | None:
    """Open work against the mean of those who have any, at the latest look."""
    loads = held.facts(known, account, "loads").filter(pl.col("agent").is_in(members))
    if loads.is_empty():
        return None
    latest = loads.filter(pl.col("at") == pl.col("at").max())["weight"]
    return spread_of([weight * len(latest) / latest.sum() for weight in latest]) if latest.sum() else None


def _missing(known: Known, account: str, group: str, *, is_large: bool) -> tuple[tuple[str, str, str], ...]:
    gaps = (known.answer(account) or {}).get("not_assessable", ())
    mine = {
        (gap["signal"], gap["subject"]["kind"], gap["reason"])
        for gap in gaps if gap["subject"]["kind"] != "agent" and gap["subject"]["id"] == group
    }  # fmt: skip
    return tuple(sorted(one for one in mine if is_large or one[0] in ABOUT_TICKETS))
