"""Who reviews a proposal, as far as the alert budget needs to know it; `agreement.audience` knows who leads whom."""

from __future__ import annotations

from helpdesk_wellbeing.agreement.audience import NOBODY, teams_on
from helpdesk_wellbeing.plan.proposal import Proposal, Subject
from helpdesk_wellbeing.plan.situation import Situation

EVERYBODY = ""  # where nobody leads: the account has one reviewer


def reviewer_of(situation: Situation, subject: Subject) -> str:
    """The first who leads the subject's team (an agent's: the first of theirs that another leads), else `EVERYBODY`."""
    teams = teams_on(situation.facts.directory, situation.as_of.date())
    groups = teams.groups.get(subject.id, NOBODY) if subject.kind == "agent" else (subject.id,)
    leads = (lead for group in groups for lead in teams.leads.get(group, NOBODY))
    return next((lead for lead in leads if subject.kind != "agent" or lead != subject.id), EVERYBODY)


def is_statutory(situation: Situation, proposal: Proposal) -> bool:
    """Whether it rests on a statutory rule, so that no budget limits it."""
    rules = (situation.rules.get(because.rule) for because in proposal.because)
    return any(rule is not None and rule.statutory for rule in rules)
