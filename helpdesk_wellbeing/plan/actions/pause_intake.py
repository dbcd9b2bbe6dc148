"""No new tickets for a while: the shift's last hour, an hour to finish what is open, or all time that is free."""

from __future__ import annotations

from datetime import timedelta

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.slots import coming, person_at_work, plain, slot
from helpdesk_wellbeing.plan.actions.words import Slot, say, together
from helpdesk_wellbeing.plan.people_now import Person, now
from helpdesk_wellbeing.plan.proposal import Proposal

HOUR = timedelta(hours=1)
OPEN_WORK = frozenset(["LD1", "LD3"])
OFF_TIME = "WT7"


def propose(case: Case) -> Proposal | str:
    """When nothing new should arrive, or why no time is proposed."""
    if all(flag["signal"] == OFF_TIME for flag in case.flags):
        return _off_time(case)
    person = person_at_work(case)
    if isinstance(person, str):
        return person
    shift = next((one for one in coming(case, person, from_now=True) if one[1] - one[0] >= HOUR), None)
    if shift is None:
        return "not scheduled soon"
    key = "pause_close_out" if case.flags[0]["signal"] in OPEN_WORK else "pause_last_hour"
    return _proposal(case, key, slot(person, shift[1] - HOUR, shift[1]))


def _off_time(case: Case) -> Proposal | str:
    """From the end of the shift to the next one, or until the return from leave."""
    person = now(case.situation).people.get(case.subject.id)
    if person is None or not person.scheduled:
        return "no schedule"
    start = case.lead_from
    if person.on_leave:
        back = person.works_from(start)
        return (
            "on leave" if back is None or back <= start else _proposal(case, "pause_leave", slot(person, start, back))
        )
    found = _free_time(person, case)
    return found if isinstance(found, str) else _proposal(case, "pause_off", found)


def _free_time(person: Person, case: Case) -> Slot | str:
    """The first stretch between two shifts that ends after the lead may see the proposal."""
    shifts = person.shifts(case.lead_from)
    if shifts and shifts[0][0] > case.lead_from:
        return slot(person, case.lead_from, shifts[0][0])
    if len(shifts) < 2 or shifts[0][1] > case.latest:
        return "not scheduled soon"
    return slot(person, shifts[0][1], shifts[1][0])


def _proposal(case: Case, key: str, found: Slot) -> Proposal:
    languages = case.situation.languages
    texts = together(languages, say(languages, key, name=case.name, slot=found))
    return case.proposal(texts, details={"slot": plain(found)}, expires_at=found.end)


WAY = Way(own_subject, propose)
