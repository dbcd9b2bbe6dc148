"""What one viewer may see of other people, and what they may decide: the same answer for every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.agreement.audience import Audience, Teams, audience, audience_of_all, teams_on
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.agreement.showing import Spell, contributors, guessable, spell_of, visible_to_lead_from

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.agreement.gate import Gate
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.plan.proposal import Because, Proposal
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.store import Store


class Part(StrEnum):
    """How much of a proposal somebody sees."""

    DECIDES = "decides"  # all of it, and they may decide
    OWN = "own"  # all of it, to read: it is about them
    CONCERNS = "concerns"  # only what says something of them


@dataclass(frozen=True)
class Sight:
    """What one viewer may see at an instant."""

    viewer: Viewer
    directory: Directory
    gate: Gate  # what may be said at all
    first_seen: Mapping[Spell, datetime]
    at: datetime

    @property
    def own_groups(self) -> frozenset[str]:
        """The groups that the viewer is in."""
        return frozenset(self._teams.groups.get(self.viewer.agent or "", ()))

    @property
    def _teams(self) -> Teams:
        return teams_on(self.directory, self.at.date())

    @property
    def _is_ops(self) -> bool:
        return self.viewer.has(Role.OPS)

    def leads(self, kind: str, id: str) -> bool:
        """Whether what is said of this subject is theirs to decide about: never of themselves."""
        found = audience({"subject": {"kind": kind, "id": id}}, self.directory, self.at)
        if not found.reaches(self.viewer.agent, is_ops=self._is_ops):
            return False
        return kind != "agent" or self._may_see_person(found)

    def _may_see_person(self, found: Audience) -> bool:
        """Whether it was agreed that the role in which one person's reaches them sees what is said of that person."""
        as_lead, as_ops = self.viewer.agent in found.leads, self._is_ops and found.ops
        return (as_lead and self.gate.shows_to(Role.LEAD)) or (as_ops and self.gate.shows_to(Role.OPS))

    def sees_loads(self, proposal: Proposal) -> bool:
        """Whether it was agreed that they, who decide about it, see how much single people have."""
        subject = proposal.subject
        found = audience({"subject": {"kind": subject.kind, "id": subject.id}}, self.directory, self.at)
        return self._may_see_person(found)

    def is_self(self, kind: str, id: str) -> bool:
        """Whether the subject is the viewer."""
        return kind == "agent" and id == self.viewer.agent

    def sees_flag(self, flag: Mapping[str, Any], rule: Rule | None) -> bool:
        """Whether a flag (of `flags.check`) is theirs to see as the one who leads, by now."""
        kind, id = flag["subject"]["kind"], flag["subject"]["id"]
        if not self.gate.lets(flag) or not self.leads(kind, id):
            return False
        if guessable(flag, contributors(flag, len(self._teams.members(id)))):
            return False
        first_at = self.first_seen.get(spell_of(flag))
        if first_at is None:  # nobody knows when the agent's head start began, so it is not over
            return kind != "agent" or (rule is not None and rule.statutory)
        return visible_to_lead_from(flag, rule, first_at) <= self.at

    def tells(self, proposal: Proposal, because: Because, rule: Rule | None) -> bool:
        """Whether one who decides is told this reason: a team's proposal comes at once, but may rest on what an agent
        sees first."""
        kind, id = because.subject.kind, because.subject.id
        if kind != "agent" or proposal.subject.kind == "agent":
            return True  # an agent's own takes up later only what they need not see first (`plan.standing`)
        return self.leads(kind, id) and self.told_from(proposal, because, rule) <= self.at

    def told_from(self, proposal: Proposal, because: Because, rule: Rule | None) -> datetime:
        """From when on."""
        flag = {"subject": {"kind": because.subject.kind, "id": because.subject.id}}
        return visible_to_lead_from(flag, rule, because.added_at or proposal.made_at)

    def part_of(self, proposal: Proposal) -> Part | None:
        """What they see of a proposal; None: nothing, as if there were none."""
        subject = proposal.subject
        concerned = [(one.kind, one.id) for one in (subject, *(because.subject for because in proposal.because))]
        found = audience_of_all(concerned, self.directory, self.at)
        is_theirs = found.reaches(self.viewer.agent, is_ops=self._is_ops)
        if subject.kind == "agent":
            is_theirs = is_theirs and self._may_see_person(found)
        if is_theirs and proposal.lead_from <= self.at:
            return Part.DECIDES
        if self.is_self(subject.kind, subject.id):
            return Part.OWN
        return Part.CONCERNS if self.viewer.agent in people_in(proposal) else None


def sight_of(store: Store, viewer: Viewer, directory: Directory, at: datetime) -> Sight:
    """What the viewer may see now."""
    gate = gate_of(store, viewer.account, at, directory=directory)
    return Sight(viewer, directory, gate, store.seen.first_seen(viewer.account), at)


def people_in(proposal: Proposal) -> frozenset[str]:
    """Every agent of whom a proposal says anything by name."""
    subjects = [proposal.subject, *(because.subject for because in proposal.because)]
    named = {one.id for one in subjects if one.kind == "agent"}
    return frozenset(named | {agent for move in proposal.moves for agent in (move.giver, move.receiver)})
