"""Who reviews a proposal, as far as the alert budget needs to know it."""

from __future__ import annotations

from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Proposal, Subject
from helpdesk_wellbeing.plan.situation import Situation

EVERYBODY = ""  # where nobody leads: the account has one reviewer


def reviewer_of(situation: Situation, subject: Subject) -> str:
    """The one who leads the subject's team (an agent's: the first of theirs that is led), else `EVERYBODY`."""
    here = now(situation)
    if subject.kind != "agent":
        return here.leads.get(subject.id, EVERYBODY)
    person = here.people.get(subject.id)
    groups = person.groups if person else ()
    return next((here.leads[group] for group in groups if group in here.leads), EVERYBODY)


def is_statutory(situation: Situation, proposal: Proposal) -> bool:
    """Whether it rests on a statutory rule, so that no budget limits it."""
    rules = (situation.rules.get(because.rule) for because in proposal.because)
    return any(rule is not None and rule.statutory for rule in rules)
