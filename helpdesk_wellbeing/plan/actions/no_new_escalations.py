"""A stretch of at most four hours in which no new escalation is given to somebody."""

from __future__ import annotations

from datetime import timedelta

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.slots import coming, person_at_work, plain, slot
from helpdesk_wellbeing.plan.actions.words import say, together
from helpdesk_wellbeing.plan.proposal import Proposal

LEAST = timedelta(hours=1)


def propose(case: Case) -> Proposal | str:
    """The first hours of the next shift that the team can still agree on."""
    person = person_at_work(case)
    if isinstance(person, str):
        return person
    shift = next((one for one in coming(case, person) if one[1] - one[0] >= LEAST), None)
    if shift is None:
        return "not scheduled soon"
    until = min(shift[0] + timedelta(hours=case.situation.policy.quiet_h), shift[1])
    found = slot(person, shift[0], until)
    languages = case.situation.languages
    texts = together(languages, say(languages, "no_escalations", slot=found))
    return case.proposal(texts, details={"slot": plain(found)}, expires_at=found.start)


WAY = Way(own_subject, propose)
