"""Rest given back: a later start, a weekly rest, a night swapped, or a shift that ends earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.slots import NOTICE, coming, gaps, person_at_work, plain, slot, up_to_quarter
from helpdesk_wellbeing.plan.actions.words import Slot, say, together
from helpdesk_wellbeing.plan.people_now import Person, Window
from helpdesk_wellbeing.plan.proposal import Proposal
from helpdesk_wellbeing.plan.situation import Flag

MOST_BACK_H = 4.0
LEAST_BACK_H = 1.0
WEEK = timedelta(days=7)
NIGHT_ENDS_H = 6
_LATER_AT_MOST = timedelta(hours=6)  # a shift that would begin later than this is swapped instead
Answer = tuple[str, Slot, Mapping[str, object], datetime]  # key of the text, the slot, further values, expires at


def propose(case: Case) -> Proposal | str:
    """Rest at a certain time, for the worst of the flags, or why none is proposed."""
    person = person_at_work(case)
    if isinstance(person, str):
        return person
    flag = case.flags[0]
    found = _WAYS.get(flag["signal"], _short_slot)(case, person, flag)
    if isinstance(found, str):
        return found
    key, here, values, before = found
    languages = case.situation.languages
    texts = together(languages, say(languages, key, slot=here, **values))
    return case.proposal(texts, details={"slot": plain(here)}, expires_at=before)


def _later_start(case: Case, person: Person, flag: Flag) -> Answer | str:
    """Of the first shift that would come too early after the one before; else time back, while the rest is fresh."""
    required = timedelta(hours=flag["values"].get("required_h") or 0)
    shifts = coming(case, person)
    if not shifts:
        return "not scheduled soon"
    ended = [_last_end(case, person), *(end for _, end in shifts)]
    for before, (start, end) in zip(ended, shifts, strict=False):
        later = up_to_quarter(before + required)
        if start < later < end and later - start <= _LATER_AT_MOST:
            values = {"planned": slot(person, start, start), "required_h": required / timedelta(hours=1)}
            return "start_later", slot(person, later, later), values, start
    if case.situation.as_of - _ended(flag) > WEEK:
        return "too long ago"
    missing = required / timedelta(hours=1) - (flag["values"].get("rest_h") or 0)
    start, end = shifts[0]
    begin = min(up_to_quarter(start + _back(missing)), end)
    return "start_later_back", slot(person, begin, begin), {"planned": slot(person, start, start)}, start


def _last_end(case: Case, person: Person) -> datetime:
    """When the last shift ends or ended: as planned while it runs, as seen when it is over."""
    as_of = case.situation.as_of
    running = [end for start, end in person.windows if start <= as_of < end]
    seen = case.situation.facts.shifts_of(person.agent)["end"].max()
    return max([*running, *([seen] if isinstance(seen, datetime) else []), as_of - WEEK])


def _weekly_rest(case: Case, person: Person, flag: Flag) -> Answer | str:
    """The first rest that is long enough in the plan of the next week, or in that plan with one shift given away."""
    as_of = case.situation.as_of
    required = timedelta(hours=flag["values"].get("required_h") or 35)
    week = [shift for shift in person.shifts(as_of) if shift[0] < as_of + WEEK]
    following = [shift for shift in person.shifts(as_of + WEEK) if shift[0] >= as_of + WEEK][:1]
    if not week:
        return "not scheduled soon"
    planned = _rest([*week, *following], required)
    if planned is not None:
        return "rest_kept", slot(person, *planned), {}, planned[1]
    for number, shift in enumerate(week):
        rest = _rest([*week[:number], *week[number + 1 :], *following], required)
        if shift[0] >= as_of + NOTICE and rest is not None:
            return "rest_made", slot(person, *rest), {"shift": slot(person, *shift)}, shift[0]
    return "not scheduled soon"


def _rest(shifts: list[Window], required: timedelta) -> Window | None:
    return next((gap for gap in gaps(shifts) if gap[1] - gap[0] >= required), None)


def _night_swap(case: Case, person: Person, flag: Flag) -> Answer | str:
    """The next shift that reaches into the night."""
    place = ZoneInfo(person.zone)
    for start, end in coming(case, person):
        first, last = start.astimezone(place), end.astimezone(place)
        if first.hour < NIGHT_ENDS_H or (last.date() > first.date() and (last.hour, last.minute) > (0, 0)):
            return "night_swap", slot(person, start, end), {}, start
    return "not scheduled soon"


def _time_back(case: Case, person: Person, flag: Flag) -> Answer | str:
    """What was worked above the limit, at the end of the next shift."""
    values = flag["values"]
    worked = values.get("week_h") or values.get("average_h") or 0
    shifts = coming(case, person)
    if not shifts:
        return "not scheduled soon"
    start, end = shifts[0]
    back = min(_back(worked - (values.get("limit_h") or worked)), end - start)
    return "time_back", slot(person, end - back, end), {"hours": back / timedelta(hours=1)}, end - back


def _short_slot(case: Case, person: Person, flag: Flag) -> Answer | str:
    """Some minutes without customers in the middle of the next shift."""
    shifts = coming(case, person, from_now=True)
    if not shifts:
        return "not scheduled soon"
    start, end = shifts[0]
    begin = up_to_quarter(start + (end - start) / 2)
    length = timedelta(minutes=case.situation.policy.break_min)
    return "slot_free", slot(person, begin, begin + length), {}, begin


def _back(hours: float) -> timedelta:
    """Hours in halves, an hour at least and four at most."""
    return timedelta(hours=min(max(round(hours * 2) / 2, LEAST_BACK_H), MOST_BACK_H))


def _ended(flag: Flag) -> datetime:
    return datetime.fromisoformat(flag["window"]["end"])


_WAYS: Mapping[str, Callable[[Case, Person, Flag], Answer | str]] = {
    "WT2": _time_back,
    "WT3": _time_back,
    "WT4": _later_start,
    "WT5": _weekly_rest,
    "WT8": _night_swap,
}
WAY = Way(own_subject, propose)
