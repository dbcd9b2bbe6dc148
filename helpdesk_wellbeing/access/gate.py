"""What one viewer may see of other people, and what they may decide: the same answer for every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.access.roles import Role

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.plan.proposal import Because, Proposal
    from helpdesk_wellbeing.store import Store

AGENT_FIRST = timedelta(hours=24)  # so long only the agent sees what no law asks for
Spell = tuple[str, str, str, date]  # rule, subject kind, subject, since


class Part(StrEnum):
    """How much of a proposal somebody sees."""

    DECIDES = "decides"  # all of it, and they may decide
    OWN = "own"  # all of it, to read: it is about them
    CONCERNS = "concerns"  # only what says something of them


@dataclass(frozen=True)
class Sight:
    """What one viewer may see at an instant."""

    viewer: Viewer
    groups_of: Mapping[str, frozenset[str]]  # by agent
    first_seen: Mapping[Spell, datetime]
    at: datetime

    def leads(self, kind: str, id: str) -> bool:
        """Whether decisions about this subject are theirs: never about themselves."""
        if kind == "agent":
            if id == self.viewer.agent:
                return False
            return self.viewer.has(Role.OPS) or not self.groups_of.get(id, frozenset()).isdisjoint(self.viewer.teams)
        return self.viewer.has(Role.OPS) or id in self.viewer.teams

    def is_self(self, kind: str, id: str) -> bool:
        """Whether the subject is the viewer."""
        return kind == "agent" and id == self.viewer.agent

    def sees_flag(self, flag: Mapping[str, Any], statutory: bool) -> bool:
        """Whether a flag (of `flags.check`) is theirs to see as the one who leads."""
        kind, id = flag["subject"]["kind"], flag["subject"]["id"]
        if not self.leads(kind, id):
            return False
        spell = (flag["rule"], kind, id, date.fromisoformat(flag["since"]))
        return kind != "agent" or statutory or self.is_leads_turn(self.first_seen.get(spell))

    def tells(self, proposal: Proposal, because: Because, statutory: bool) -> bool:
        """Whether one who decides is told this reason: a team's proposal comes at once, but may rest on what an agent
        sees first."""
        kind, id = because.subject.kind, because.subject.id
        if kind != "agent" or proposal.subject.kind == "agent":
            return True
        return self.leads(kind, id) and (statutory or self.is_leads_turn(proposal.made_at))

    def is_leads_turn(self, first_seen: datetime | None) -> bool:
        """Whether the agent's head start is over; where nobody knows when it began, it is not."""
        return first_seen is not None and first_seen + AGENT_FIRST <= self.at

    def part_of(self, proposal: Proposal) -> Part | None:
        """What they see of a proposal; None: nothing, as if there were none."""
        subject = proposal.subject
        is_theirs = self.leads(subject.kind, subject.id) and not self.is_only_about_self(proposal)
        if is_theirs and proposal.lead_from <= self.at:
            return Part.DECIDES
        if self.is_self(subject.kind, subject.id):
            return Part.OWN
        return Part.CONCERNS if self.viewer.agent in people_in(proposal) else None

    def is_only_about_self(self, proposal: Proposal) -> bool:
        """Whether whatever it rests on is said of the viewer alone: then somebody else decides, or nobody."""
        about = [(proposal.subject.kind, proposal.subject.id)]
        about += [(because.subject.kind, because.subject.id) for because in proposal.because]
        persons = {id for kind, id in about if kind == "agent"}
        others = any(kind != "agent" for kind, _ in about[1:])
        return self.viewer.agent is not None and persons == {self.viewer.agent} and not others


def sight_of(store: Store, viewer: Viewer, groups_of: Mapping[str, frozenset[str]], at: datetime) -> Sight:
    """What the viewer may see now; `groups_of` as of `groups_in`."""
    return Sight(viewer, groups_of, first_seen(store, viewer.account), at)


def first_seen(store: Store, account: str) -> Mapping[Spell, datetime]:
    """When each flag that is on could first be seen by whom it is about."""
    kept = getattr(store, "seen", None)
    found: Mapping[Spell, datetime] = {} if kept is None else kept.first_seen(account)
    return found


def groups_in(directory: Directory, on: date) -> dict[str, frozenset[str]]:
    """The groups of each agent on a day."""
    holds = pl.col("valid_from").is_null() | (pl.col("valid_from") <= on)
    rows = directory.people.filter(holds).sort("valid_from", nulls_last=False, maintain_order=True)
    rows = rows.unique("agent", keep="last", maintain_order=True).select("agent", "groups")
    return {agent: frozenset(groups or ()) for agent, groups in rows.iter_rows()}


def people_in(proposal: Proposal) -> frozenset[str]:
    """Every agent of whom a proposal says anything by name."""
    subjects = [proposal.subject, *(because.subject for because in proposal.because)]
    named = {one.id for one in subjects if one.kind == "agent"}
    return frozenset(named | {agent for move in proposal.moves for agent in (move.giver, move.receiver)})
