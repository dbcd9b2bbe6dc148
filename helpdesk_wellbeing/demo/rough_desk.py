"""The rough team at work: plain routing, people who hold their tickets, customers who answer, and moves from outside.

New tickets go at once to people who are present, in turn or to the one with the fewest open tickets, up to a number
each; what waits goes to the first who comes in or has room again. These are what platforms do by default. Each person
takes the own ticket whose target is next. A ticket stays with its person, also while that person is away, unless
somebody moves it.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from helpdesk_wellbeing.demo.cast import dates
from helpdesk_wellbeing.demo.record import STATUS_WEIGHT
from helpdesk_wellbeing.demo.rota import epoch
from helpdesk_wellbeing.demo.rough import Agent, RoughTeam, Ticket
from helpdesk_wellbeing.demo.team import ZONE
from helpdesk_wellbeing.demo.words import HOUR

MOST_OPEN = 16  # open tickets that the routing gives one person at most
READ_IN = 5 * 60  # seconds that a ticket takes more in its first turn with somebody else
HARD_TIMES = 1.5
PENDING = STATUS_WEIGHT["pending"]
TARGETS = {"urgent": 2, "high": 4, "normal": 8, "low": 16}  # office hours from what a customer writes to the answer
OFFICE = (8 * 60, 18 * 60)  # Monday to Friday, minutes after midnight
SAMPLE = 900


@dataclass(slots=True, eq=False)
class Case:
    """A ticket on the desk."""

    ticket: Ticket
    status: str = "new"  # new (nobody's) | open | pending | solved
    holder: Person | None = None
    turn: int = 0
    since: int = 0  # the customer waits from here on
    due: int = 0
    moved: int | None = None
    known_by: list[Person] = field(default_factory=list)
    in_hand: bool = False

    @property
    def hard(self) -> bool:
        """Known to be hard."""
        return self.ticket.hard and self.turn > 0

    @property
    def weight(self) -> float:
        """As open work."""
        effort = self.ticket.weight * (HARD_TIMES if self.hard else 1.0)
        return effort if self.status == "open" else effort * PENDING if self.status == "pending" else 0.0


@dataclass(slots=True, eq=False)
class Person:
    """An agent on the desk."""

    agent: Agent
    own: dict[str, Case] = field(default_factory=dict)
    line: list[tuple[int, str, Case]] = field(default_factory=list)  # heap by target; may hold what is no longer own
    open_count: int = 0
    present: bool = False
    busy: bool = False
    got: int = 0  # when the routing gave something last
    paused_until: int = 0  # the routing gives nothing before
    snapshots: dict[date, float] = field(default_factory=dict)  # open weight at the start of each shift
    solved: dict[date, float] = field(default_factory=dict)  # weight by day
    hard_work: int = 0  # seconds of turns at hard tickets in the time that counts

    @property
    def open_weight(self) -> float:
        """Open work of this person."""
        return sum(case.weight for case in self.own.values())


# How new tickets find their person among those present who have room.
ROUTINGS: dict[str, Callable[[Person], tuple[object, ...]]] = {
    "in turn": lambda p: (p.got, p.agent.id),
    "fewest open": lambda p: (p.open_count, p.got, p.agent.id),
}


@dataclass(frozen=True)
class Acts:
    """What somebody does about a desk at one moment."""

    moves: Sequence[tuple[Case, Person]] = ()  # which cases go to whom; not those in hand, nor those that are nobody's
    pauses: Mapping[str, int] = field(default_factory=dict)  # who gets nothing new, and until when; nobody else


class Actor(Protocol):
    """Whoever may act on the desk, asked at set times."""

    def __call__(self, desk: Desk, now: int, /) -> Acts:
        """What is done now; pauses that are not named again end."""
        ...


@dataclass
class Tally:
    """What is counted from a day on."""

    hours: float = 0.0  # present, of all people together
    over_limit: float = 0.0  # hours present with more open weight than the own limit
    together: float = 0.0  # of the hours over the limit: all who were there with the same groups were, taken together
    alone: float = 0.0  # and: nobody who was there with a common group was below theirs
    arrived: int = 0
    moves: int = 0
    paused: float = 0.0  # hours present without new tickets
    answers: int = 0
    late: int = 0  # answers after the target, and none at all by the end
    waits: list[float] = field(default_factory=list)  # hours


class Desk:
    """The weeks of a team, one after the other.

    `actor` is asked at the local hours `hours` of weekdays from `counts_from` on, from which day on `tally` counts.
    `limits` (open weight by agent) are asked once on that day, with what was seen until then.
    """

    def __init__(
        self,
        team: RoughTeam,
        counts_from: date,
        limits: Callable[[Desk], dict[str, float]],
        actor: Actor | None = None,
        hours: tuple[float, ...] = (),
        routing: str = "in turn",
    ) -> None:
        self.routing = routing
        self.team, self.actor, self.tally = team, actor, Tally()
        self.people = [Person(agent) for agent in team.agents]
        self.by_id = {person.agent.id: person for person in self.people}
        self._of_group: dict[str, list[Person]] = {}
        for person in self.people:
            for group in person.agent.groups:
                self._of_group.setdefault(group, []).append(person)
        self.limits: dict[str, float] = {}
        self.office = Office(team.start, team.end + timedelta(days=21))
        self.begins, self.ends = epoch(counts_from, 0, ZONE), epoch(team.end + timedelta(days=1), 0, ZONE)
        self.cases: list[Case] = []
        self.counts_from, self._ask_limits = counts_from, limits
        self._queues: dict[str, list[Case]] = {}
        self._coming: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = 0
        self._days = list(dates(team.start, team.end))
        self._ahead = self._hours_ahead()
        for ticket in team.tickets:
            self._at(ticket.created, self._arrive, ticket)
        for person in self.people:
            for day, spans in person.agent.spans.items():
                for number, (first, last) in enumerate(spans):
                    self._at(first, self._come, person, day if number == 0 else None)
                    self._at(last, self._leave, person)
        self._at(self.begins, self._begin)
        for day in dates(counts_from, team.end):
            if day.weekday() < 5:
                for instant in range(epoch(day, OFFICE[0], ZONE), epoch(day, OFFICE[1] + 30, ZONE), SAMPLE):
                    self._at(instant, self._sample)
                for hour in hours if actor else ():
                    self._at(epoch(day, round(hour * 60), ZONE), self._ask)

    def run(self) -> Tally:
        """To the end."""
        while self._coming and self._coming[0][0] < self.ends:
            now, _, what, args = heapq.heappop(self._coming)
            what(now, *args)
        for case in self.cases:
            if case.status in ("new", "open") and case.due < self.ends:
                self._waited(case, self.ends)
        return self.tally

    def minutes_ahead(self, person: Person, now: int) -> int:
        """Scheduled minutes of today and the four weekdays after, known leave taken off."""
        return self._ahead[person.agent.id].get(self.day(now), 0)

    def day(self, now: int) -> date:
        """The local date."""
        return self._days[bisect_right(self._midnights, now) - 1]

    def works_from(self, person: Person, now: int) -> int | None:
        """When the person is there: `now`, later today, or None."""
        if person.present:
            return now
        spans = person.agent.spans.get(self.day(now), ())
        return next((first for first, _ in spans if first > now), None)

    def leaves(self, person: Person, now: int) -> int:
        """When the person's day is over; now, where it is."""
        return max((last for _, last in person.agent.spans.get(self.day(now), ())), default=now)

    # ---- what happens

    def _at(self, instant: int, what: Callable[..., None], *args: object) -> None:
        self._order += 1
        heapq.heappush(self._coming, (instant, self._order, what, args))

    def _hours_ahead(self) -> dict[str, dict[date, int]]:
        """By agent and day. A day of illness counts as worked: it was in the rota."""
        self._midnights = [epoch(day, 0, ZONE) for day in self._days]
        found = {}
        for agent in self.team.agents:
            usual: dict[int, int] = {}
            for day, spans in agent.spans.items():
                usual[day.weekday()] = sum(b - a for a, b in spans) // 60
            found[agent.id] = {
                day: sum(usual.get(d.weekday(), 0) for d in dates(day, day + timedelta(days=6)) if d not in agent.leave)
                for day in self._days
            }
        return found

    def _begin(self, now: int) -> None:
        self.limits = self._ask_limits(self)

    def _arrive(self, now: int, ticket: Ticket) -> None:
        case = Case(ticket, since=now, due=self.office.after(now, TARGETS[ticket.priority] * HOUR))
        self.cases.append(case)
        if now >= self.begins:
            self.tally.arrived += 1
        self._queues.setdefault(ticket.group, []).append(case)
        self._route(ticket.group, now)

    def _route(self, group: str, now: int) -> None:
        queue = self._queues.get(group, [])
        if not queue:
            return
        room = [p for p in self._of_group[group] if p.present and p.paused_until <= now and p.open_count < MOST_OPEN]
        for case in list(queue):
            able = [p for p in room if p.open_count < MOST_OPEN and set(case.ticket.skills) <= set(p.agent.skills)]
            if not able:
                continue
            person = min(able, key=ROUTINGS[self.routing])
            person.got = now
            queue.remove(case)
            case.status = "open"
            self._give(case, person, now)

    def _give(self, case: Case, person: Person, now: int) -> None:
        case.holder = person
        person.own[case.ticket.id] = case
        if case.status == "open":
            person.open_count += 1
            heapq.heappush(person.line, (case.due, case.ticket.id, case))
            self._work(person, now)

    def _come(self, now: int, person: Person, first_of: date | None) -> None:
        person.present = True
        if first_of is not None:
            person.snapshots[first_of] = person.open_weight
        for group in person.agent.groups:
            self._route(group, now)
        self._work(person, now)

    def _leave(self, now: int, person: Person) -> None:
        person.present = False

    def _work(self, person: Person, now: int) -> None:
        while person.present and not person.busy and person.line:
            _, _, case = heapq.heappop(person.line)
            if case.holder is person and case.status == "open" and not case.in_hand:
                person.busy = case.in_hand = True
                length = case.ticket.work[case.turn] * person.agent.slowness
                if case.known_by and person not in case.known_by:
                    length += READ_IN
                self._at(now + int(length), self._answered, person, case, int(length))

    def _answered(self, now: int, person: Person, case: Case, length: int) -> None:
        self._waited(case, now)
        person.busy = case.in_hand = False
        person.open_count -= 1
        if person not in case.known_by:
            case.known_by.append(person)
        if case.ticket.hard and now >= self.begins:
            person.hard_work += length
        case.turn += 1
        if case.turn == len(case.ticket.work):
            today = self.day(now)
            case.status = "open"
            person.solved[today] = person.solved.get(today, 0.0) + case.weight
            case.status = "solved"
            del person.own[case.ticket.id]
        else:
            case.status = "pending"
            self._at(now + case.ticket.waits[case.turn - 1], self._written, case)
        for group in person.agent.groups:
            self._route(group, now)
        self._work(person, now)

    def _waited(self, case: Case, now: int) -> None:
        if now >= self.begins:
            self.tally.answers += 1
            self.tally.late += now > case.due
            self.tally.waits.append((now - case.since) / HOUR)

    def _written(self, now: int, case: Case) -> None:
        case.status, case.since = "open", now
        case.due = self.office.after(now, TARGETS[case.ticket.priority] * HOUR)
        assert case.holder is not None
        case.holder.open_count += 1
        heapq.heappush(case.holder.line, (case.due, case.ticket.id, case))
        self._work(case.holder, now)

    # ---- what is asked and counted

    def _ask(self, now: int) -> None:
        assert self.actor is not None
        acts = self.actor(self, now)
        for person in self.people:
            until, was_paused = acts.pauses.get(person.agent.id, 0), person.paused_until > now
            person.paused_until = until
            if until > now:
                self._at(until, self._resume, person)
            elif was_paused:
                self._resume(now, person)
        for case, person in acts.moves:
            self._move(now, case, person)

    def _resume(self, now: int, person: Person) -> None:
        for group in person.agent.groups:
            self._route(group, now)

    def _move(self, now: int, case: Case, person: Person) -> None:
        giver = case.holder
        assert giver is not None
        assert not case.in_hand
        assert giver is not person
        del giver.own[case.ticket.id]
        giver.open_count -= case.status == "open"
        case.moved = now
        self.tally.moves += 1
        self._give(case, person, now)
        for group in giver.agent.groups:
            self._route(group, now)

    def _sample(self, now: int) -> None:
        hours, tally = SAMPLE / HOUR, self.tally
        weights = {person.agent.id: person.open_weight for person in self.people if person.present}
        for person in self.people:
            if person.present:
                name, weight = person.agent.id, weights[person.agent.id]
                tally.hours += hours
                tally.paused += hours * (person.paused_until > now)
                if weight > self.limits[name]:
                    tally.over_limit += hours
                    near = {p.agent.id for group in person.agent.groups for p in self._of_group[group] if p.present}
                    tally.together += hours * (sum(weights[n] - self.limits[n] for n in near) >= 0)
                    tally.alone += hours * all(weights[n] >= self.limits[n] for n in near)


class Office:
    """Office hours, for targets."""

    def __init__(self, first: date, last: date) -> None:
        days = [day for day in dates(first, last) if day.weekday() < 5]
        self._opens = [epoch(day, OFFICE[0], ZONE) for day in days]
        self._length = (OFFICE[1] - OFFICE[0]) * 60

    def after(self, instant: int, seconds: int) -> int:
        """The instant so many office seconds later."""
        place = max(0, bisect_right(self._opens, instant) - 1)
        passed = min(max(0, instant - self._opens[place]), self._length) + seconds
        days, rest = divmod(passed, self._length)
        if rest == 0:
            days, rest = days - 1, self._length
        return self._opens[place + days] + rest
