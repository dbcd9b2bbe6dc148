"""The kinds of members and groups that a simulated team is cast from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from helpdesk_wellbeing.demo.rota import Pace, Week, week

T = TypeVar("T")
OFFICE = "Mon-Fri 09:00-17:30"


@dataclass
class Group:
    """A queue and how its people take work from it."""

    id: str
    name: str
    tier: int | None
    zone: str
    schedule: str
    channels: tuple[tuple[str, float], ...] = (("email", 0.7), ("web", 0.3))
    escalations: bool = True  # takes what lower tiers move up
    holds: bool = False  # True: tickets are routed to people, who keep them; False: people pull from the queue
    waiting: float = 0.8  # unassigned tickets at the start of a day that demand is steered to, in days of work
    hard: float = 0.05  # chance that an answered ticket turns out hard
    staffed: bool = True
    steered: bool = True  # False: takes part in nothing but what is planted
    surplus_from: date | None = None  # from here on more comes in than the group can do
    members: list[Member] = field(default_factory=list)


@dataclass
class Member:
    """One account with a seat in a group, its rota, its habits, and what it carries."""

    id: str
    name: str
    zone: str
    home: Group
    rota: list[tuple[date | None, str]] = field(default_factory=lambda: [(None, OFFICE)])  # from a date on
    preset: str = "eu_floor"
    contract: float = 40.0
    budget: float = 9.0  # weight of the tickets touched on a full day
    room: int = 5  # tickets waiting for a customer that a person keeps at a time
    target: float = 5.5  # open weight that the routing keeps a person at, in groups that hold
    also: tuple[str, ...] = ()  # further groups
    pace: list[tuple[date | None, Pace]] = field(default_factory=lambda: [(None, Pace())])
    leave: list[tuple[date, date]] = field(default_factory=list)
    extra: dict[date, list[str]] = field(default_factory=dict)  # work besides the rota: local spans
    on_call: list[tuple[date, date]] = field(default_factory=list)  # Monday 18:00 to Monday 08:00
    hard_from: date | None = None  # hard tickets land here from this date on
    more_from: date | None = None  # takes on more than before from this date on
    pushed_from: date | None = None  # the routing pushes waiting work to this person
    waits_on_leave: bool = False  # the routing does not know that this person is away
    truth: str = "person"

    def week_of(self, day: date) -> Week:
        """The rota that holds on `day`."""
        return week(_holding(self.rota, day))

    def pace_of(self, day: date) -> Pace:
        """The pace that holds on `day`."""
        return _holding(self.pace, day)

    def away(self, day: date) -> bool:
        """On leave, or off by the rota."""
        return day.weekday() not in self.week_of(day) or any(a <= day <= b for a, b in self.leave)


def _holding(rows: list[tuple[date | None, T]], day: date) -> T:
    return [value for since, value in rows if since is None or since <= day][-1]


def back(day: date, workdays: int) -> date:
    """The date so many Mondays to Fridays before `day` (negative: after); weekends count as Fridays."""
    while day.weekday() > 4:
        day -= timedelta(days=1)
    for _ in range(workdays):
        day -= timedelta(days=3 if day.weekday() == 0 else 1)
    for _ in range(-workdays):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def monday(day: date, weeks_back: int = 0) -> date:
    """Monday of the week of `day`, or of an earlier one."""
    return day - timedelta(days=day.weekday() + 7 * weeks_back)


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
