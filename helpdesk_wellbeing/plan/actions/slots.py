"""Concrete times in a person's own schedule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from helpdesk_wellbeing.plan.actions.base import Case
from helpdesk_wellbeing.plan.actions.words import Slot
from helpdesk_wellbeing.plan.people_now import Person, Window, now

_QUARTER = timedelta(minutes=15)


def person_at_work(case: Case) -> Person | str:
    """The person that a case is about, or why no slot can be found for them."""
    person = now(case.situation).people.get(case.subject.id)
    if person is None or not person.scheduled:
        return "no schedule"
    return "on leave" if person.on_leave else person


def coming(case: Case, person: Person, *, from_now: bool = False) -> list[Window]:
    """Shifts that begin after a lead may see the proposal and end before it expires; with `from_now` also what is left
    of a running one, if the lead sees it at once."""
    earliest = max(case.situation.as_of, case.lead_from)
    shifts = [shift for shift in person.shifts(earliest) if shift[1] <= case.latest]
    if from_now:
        return [(max(start, up_to_quarter(earliest)), end) for start, end in shifts if end - earliest > _QUARTER]
    return [shift for shift in shifts if shift[0] >= earliest]


def up_to_quarter(at: datetime) -> datetime:
    """The next full quarter of an hour."""
    past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + _QUARTER


def gaps(shifts: Iterable[Window]) -> list[Window]:
    """What lies between shifts."""
    ordered = list(shifts)
    return [(ended, begins) for (_, ended), (begins, _) in zip(ordered, ordered[1:], strict=False)]


def slot(person: Person, start: datetime, end: datetime) -> Slot:
    """A time as texts show it."""
    return Slot(start, end, person.zone)


def plain(found: Slot) -> dict[str, str]:
    """A time as details hold it."""
    return {"start": found.start.isoformat(), "end": found.end.isoformat(), "zone": found.zone}
