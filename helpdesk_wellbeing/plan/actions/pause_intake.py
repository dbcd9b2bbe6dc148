"""No new tickets for a while: the shift's last hour, an hour to finish what is open, or all time that is free."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.slots import coming, gaps, person_at_work, plain, slot, up_to_quarter
from helpdesk_wellbeing.plan.actions.words import Slot, say, together
from helpdesk_wellbeing.plan.people_now import now
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
    start = up_to_quarter(case.lead_from)
    if person.on_leave:
        back = person.works_from(start)
        if back is None or back <= start:
            return "on leave"
        return _proposal(case, "pause_leave", slot(person, start, back), back)
    found = next((gap for gap in gaps(person.shifts(start)) if gap[0] <= case.latest), None)
    return "not scheduled soon" if found is None else _proposal(case, "pause_off", slot(person, *found))


def _proposal(case: Case, key: str, found: Slot, expires_at: datetime | None = None) -> Proposal:
    languages = case.situation.languages
    texts = together(languages, say(languages, key, name=case.name, slot=found))
    return case.proposal(texts, details={"slot": plain(found)}, expires_at=expires_at or found.start)


WAY = Way(own_subject, propose)
