"""No new tickets for a while: a shift where too much is open, the last hour of a long day, all time that is free.

A pause moves nothing; what comes in meanwhile goes to colleagues. So where too much is open it is only proposed for
who has more than the fair share by hours, and for a time in which some who are within their own limits are there, in
each of the person's groups and for all their skills.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from helpdesk_wellbeing.plan.actions.base import Case, Way, own_subject
from helpdesk_wellbeing.plan.actions.loads import OPEN_WORK_NOW, above_limit, flagged, loads_of, open_work_now
from helpdesk_wellbeing.plan.actions.slots import begins_from, coming, gaps, person_at_work, plain, slot
from helpdesk_wellbeing.plan.actions.words import Slot, say, together
from helpdesk_wellbeing.plan.limits import OPEN_WORK, limits
from helpdesk_wellbeing.plan.people_now import Person, Window, now
from helpdesk_wellbeing.plan.proposal import Proposal

HOUR = timedelta(hours=1)
TOO_MUCH_OPEN = frozenset([OPEN_WORK, OPEN_WORK_NOW])
OFF_TIME = "WT7"


def propose(case: Case) -> Proposal | str:
    """When nothing new should arrive, or why no time is proposed."""
    if all(flag["signal"] == OFF_TIME for flag in case.flags):
        return _off_time(case)
    person = person_at_work(case)
    if isinstance(person, str):
        return person
    shifts = [one for one in coming(case, person, from_now=True) if one[1] - one[0] >= HOUR]
    if not shifts:
        return "not scheduled soon"
    of_load = [flag["signal"] in TOO_MUCH_OPEN for flag in case.flags]
    if any(of_load):
        found = (
            _while_others_are_there(case, person, shifts) if _above_share(case, person) else "no better distribution"
        )
        if not isinstance(found, str) or all(of_load):
            return found
    return _proposal(case, "pause_last_hour", slot(person, shifts[0][1] - HOUR, shifts[0][1]))


def _while_others_are_there(case: Case, person: Person, shifts: Sequence[Window]) -> Proposal | str:
    """The first of the shifts in which others are there, or as much of it as they are."""
    if not _above_share(case, person):
        return "no better distribution"
    found = next((window for shift in shifts for window in _covered(case, person, shift)), None)
    if found is None:
        return "nobody can take work"
    own = limits(case.situation).get(person.agent)
    key = "pause_open_work" if own is None else "pause_until_below"
    return _proposal(case, key, slot(person, *found), until_below=own)


def _above_share(case: Case, person: Person) -> bool:
    """Whether somebody has more than the fair share by hours, in each group. Else a pause would load colleagues who are
    no better off, and customers wait longer for it."""
    situation, here = case.situation, now(case.situation)
    ends = situation.as_of + timedelta(days=situation.policy.rebalance.capacity_days)
    effort = loads_of(situation).effort

    def is_above(group: str) -> bool:
        members = [here.people[agent] for agent in here.members.get(group, ()) if agent not in situation.light]
        minutes = {one.agent: one.minutes(situation.as_of, ends) for one in members if not one.on_leave}
        total = sum(effort.get(agent, 0) for agent, own in minutes.items() if own)
        return effort.get(person.agent, 0) * sum(minutes.values()) > total * minutes.get(person.agent, 0)

    return bool(person.groups) and all(is_above(group) for group in person.groups)


def _covered(case: Case, person: Person, shift: Window) -> list[Window]:
    """Stretches of at least an hour in which colleagues can take whatever the person would get."""
    here, windows = now(case.situation), [shift]
    barred = {person.agent, *above_limit(case.situation), *flagged(case.situation), *case.situation.light}
    for group in person.groups:
        others = [here.people[agent] for agent in here.members.get(group, ()) if agent not in barred]
        for ability in (None, *_abilities(person)):
            able = [one for one in others if ability is None or ability in _abilities(one)]
            windows = _both(windows, [window for one in able for window in one.shifts(shift[0])])
    return [(start, end) for start, end in windows if end - start >= HOUR]


def _abilities(person: Person) -> list[tuple[str, str]]:
    return [*(("skill", skill) for skill in person.skills), *(("language", word) for word in person.languages)]


def _both(one: Sequence[Window], other: Iterable[Window]) -> list[Window]:
    """Where windows overlap others, which may overlap each other."""
    joined: list[Window] = []
    for start, end in sorted(other):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    both = [(max(a, start), min(b, end)) for a, b in one for start, end in joined]
    return [(start, end) for start, end in both if start < end]


def _off_time(case: Case) -> Proposal | str:
    """From the end of the shift to the next one, or until the return from leave."""
    person = now(case.situation).people.get(case.subject.id)
    if person is None or not person.scheduled:
        return "no schedule"
    start = begins_from(case)
    if person.on_leave:
        back = person.works_from(start)
        if back is None or back <= start:
            return "on leave"
        return _proposal(case, "pause_leave", slot(person, start, back), back)
    found = next((gap for gap in gaps(person.shifts(start)) if gap[0] <= case.latest), None)
    return "not scheduled soon" if found is None else _proposal(case, "pause_off", slot(person, *found))


def _proposal(
    case: Case, key: str, found: Slot, expires_at: datetime | None = None, until_below: float | None = None
) -> Proposal:
    languages = case.situation.languages
    texts = together(languages, say(languages, key, name=case.name, slot=found, limit=until_below))
    ends = {} if until_below is None else {"until_below": round(until_below, 4)}
    return case.proposal(texts, details={"slot": plain(found), **ends}, expires_at=expires_at or found.start)


WAY = Way(own_subject, propose, more=open_work_now)
