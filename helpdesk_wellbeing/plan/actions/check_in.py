"""A talk about the work, with what was seen and how to go about it. It is never about health."""

from __future__ import annotations

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.words import say, together
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Proposal

GUIDE = ("guide_1", "guide_2", "guide_3", "guide_4")
_MORE = {"LD3": "check_in_LD3"}


def propose(case: Case) -> Proposal | str:
    """A prompt to talk, or why not now."""
    person = now(case.situation).people.get(case.subject.id)
    if person is not None and person.on_leave:
        return "on leave"
    languages = case.situation.languages
    more = [say(languages, _MORE[flag["signal"]]) for flag in case.flags if flag["signal"] in _MORE]
    guide = together(languages, *(say(languages, line) for line in GUIDE))
    return case.proposal(together(languages, say(languages, "check_in"), *more), details={"guide": guide})


WAY = Way(own_subject, propose)
