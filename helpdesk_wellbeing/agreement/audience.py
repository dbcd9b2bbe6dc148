"""Whom a finding is for: the agent, those who lead them, ops; a lead's own go to who leads the lead, or to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.people import holding
from helpdesk_wellbeing.remembered import once_per_object

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory


@dataclass(frozen=True)
class Audience:
    """Who may see something and decide about it. Agents by the platform's id."""

    agent: str | None  # whom it is about, who sees all of it
    leads: frozenset[str]
    ops: bool  # whether those with the role ops do

    def reaches(self, agent: str | None, *, is_ops: bool) -> bool:
        """Whether somebody sees it as a lead or as ops; whom it is about never does."""
        if agent is not None and agent == self.agent:
            return False
        return agent in self.leads or (is_ops and self.ops)


NOBODY: tuple[str, ...] = ()


@dataclass(frozen=True)
class Teams:
    """Who is in which group and who leads it, on one day."""

    leads: Mapping[str, tuple[str, ...]]  # by group, sorted; only groups that somebody leads
    groups: Mapping[str, tuple[str, ...]]  # by agent, sorted

    def leads_of(self, agent: str) -> frozenset[str]:
        """Who leads a group that the agent is in, without the agent."""
        found = {lead for group in self.groups.get(agent, NOBODY) for lead in self.leads.get(group, NOBODY)}
        return frozenset(found - {agent})

    def members(self, group: str) -> frozenset[str]:
        """Who is in a group."""
        return frozenset(agent for agent, groups in self.groups.items() if group in groups)

    def is_lead(self, agent: str) -> bool:
        """Whether somebody leads a group."""
        return any(agent in leads for leads in self.leads.values())


def teams_on(directory: Directory, day: date) -> Teams:
    """The teams of a day; people who begin later are in none."""
    return _by_day(directory)(day)


class _Days:
    """The teams of days that were asked for."""

    def __init__(self, directory: Directory) -> None:
        self._people = directory.people
        self._known: dict[date, Teams] = {}

    def __call__(self, day: date) -> Teams:
        if day not in self._known:
            self._known[day] = _teams(holding(self._people, day).select("agent", "groups", "lead_of").iter_rows())
        return self._known[day]


@once_per_object
def _by_day(directory: Directory) -> _Days:
    return _Days(directory)


def _teams(rows: Iterable[tuple[str, list[str] | None, list[str] | None]]) -> Teams:
    leads: dict[str, list[str]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for agent, member_of, lead_of in sorted(rows, key=lambda row: row[0]):
        groups[agent] = tuple(sorted(set(member_of or ())))
        for group in set(lead_of or ()):
            leads.setdefault(group, []).append(agent)
    return Teams({group: tuple(agents) for group, agents in leads.items()}, groups)


def audience(flag: Mapping[str, Any], directory: Directory, at: datetime) -> Audience:
    """Whom a flag (of `flags.check`) is for; also for whatever else has a `subject` with `kind` and `id`.

    Ops sees everybody's but those of leads: these go to who leads the lead, or to nobody.
    """
    return _audience(flag["subject"]["kind"], flag["subject"]["id"], teams_on(directory, at.date()))


def _audience(kind: str, id: str, teams: Teams) -> Audience:
    if kind != "agent":
        return Audience(None, frozenset(teams.leads.get(id, NOBODY)), ops=True)
    return Audience(id, teams.leads_of(id), ops=not teams.is_lead(id))


def audience_of_all(subjects: Sequence[tuple[str, str]], directory: Directory, at: datetime) -> Audience:
    """Who may see and decide a proposal: those whom its subject and all that it rests on (kind, id; its own first) are
    for. `agent` is whom it is about."""
    teams = teams_on(directory, at.date())
    found = _audience(*subjects[0], teams)
    for kind, id in subjects[1:]:
        if kind == "agent" and id != found.agent:
            theirs = _audience(kind, id, teams)
            found = Audience(found.agent, found.leads & theirs.leads, found.ops and theirs.ops)
    return found
