"""A break of its own in the next shift: at the schedule's own break, else in the middle, after four hours at most."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.slots import coming, gaps, person_at_work, plain, slot, up_to_quarter
from helpdesk_wellbeing.plan.actions.words import say, together
from helpdesk_wellbeing.plan.people_now import Person, Window
from helpdesk_wellbeing.plan.proposal import Proposal

LATEST_AFTER = timedelta(hours=4)
_WITHIN = timedelta(minutes=30)  # a break this close to the end of a shift is none


def propose(case: Case) -> Proposal | str:
    """A break, or why there is none."""
    person = person_at_work(case)
    if isinstance(person, str):
        return person
    length = timedelta(minutes=minutes(case))
    languages = case.situation.languages
    whole = person.shifts(case.situation.as_of)
    for shift in coming(case, person, from_now=True):
        planned = _planned(person, shift, length)
        began = next(start for start, end in whole if end == shift[1])
        found = planned or _middle(began, shift, length)
        if found is None:
            continue
        here = slot(person, *found)
        key = "break_planned" if planned else "break_new"
        text = say(languages, key, name=case.name, minutes=length / timedelta(minutes=1), slot=here)
        return case.proposal(together(languages, text), details={"slot": plain(here)}, expires_at=found[0])
    return "not scheduled soon"


def minutes(case: Case) -> float:
    """The break that a rule asks for, at least the account's own."""
    needed = [flag["values"].get("needed_min") or 0 for flag in case.flags]
    return float(max(case.situation.policy.break_min, *needed))


def _planned(person: Person, shift: Window, length: timedelta) -> Window | None:
    """The first break of the schedule in what is left of a shift that is long enough."""
    inside = [window for window in person.windows if window[1] > shift[0] and window[0] < shift[1]]
    return next(((start, end) for start, end in gaps(inside) if start >= shift[0] and end - start >= length), None)


def _middle(began: datetime, shift: Window, length: timedelta) -> Window | None:
    """As near to the middle of the whole shift as what is left of it allows."""
    left, end = shift
    begin = max(left, up_to_quarter(began + min((end - began) / 2 - length / 2, LATEST_AFTER)))
    return (begin, begin + length) if begin + length + _WITHIN <= end else None


WAY = Way(own_subject, propose)
