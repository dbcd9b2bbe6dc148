"""Concrete times in a person's own schedule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from helpdesk_wellbeing.plan.actions.base import Case
from helpdesk_wellbeing.plan.actions.words import Slot
from helpdesk_wellbeing.plan.people_now import Person, Window, now

NOTICE = timedelta(hours=1)  # who plans a shift needs it before the shift begins
_QUARTER = timedelta(minutes=15)


def person_at_work(case: Case) -> Person | str:
    """The person that a case is about, or why no slot can be found for them."""
    person = now(case.situation).people.get(case.subject.id)
    if person is None or not person.scheduled:
        return "no schedule"
    return "on leave" if person.on_leave else person


def coming(case: Case, person: Person, *, from_now: bool = False) -> list[Window]:
    """Shifts that begin after a lead has seen the proposal and can still do something, and that end before it expires;
    with `from_now` also what is left of a running one."""
    earliest = begins_from(case, _QUARTER if from_now else NOTICE)
    shifts = [shift for shift in person.shifts(earliest) if shift[1] <= case.latest]
    if from_now:
        return [(max(start, earliest), end) for start, end in shifts]
    return [shift for shift in shifts if shift[0] >= earliest]


def begins_from(case: Case, notice: timedelta = timedelta()) -> datetime:
    """From when on a time may be proposed: who decides sees it before, and has had working hours for it."""
    seen = case.lead_from + notice
    return up_to_quarter(seen if case.decided_by is None else max(seen, case.decided_by))


def up_to_quarter(at: datetime) -> datetime:
    """The next full quarter of an hour."""
    past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + _QUARTER


def gaps(shifts: Iterable[Window]) -> list[Window]:
    """What lies between shifts."""
    return [(ended, begins) for (_, ended), (begins, _) in pairwise(shifts)]


def slot(person: Person, start: datetime, end: datetime) -> Slot:
    """A time as texts show it."""
    return Slot(start, end, person.zone, person.elsewhere)


def plain(found: Slot) -> dict[str, str]:
    """A time as details hold it."""
    return {"start": found.start.isoformat(), "end": found.end.isoformat(), "zone": found.zone}
