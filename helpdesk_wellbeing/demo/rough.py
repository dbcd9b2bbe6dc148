"""A rougher team than the demo's: what comes to it from outside over some weeks, all drawn up front.

The demo's team is steered so that whoever has no story stays unmistakably normal, its first line keeps no open work,
and where work piles up a script piles it up again. So it cannot show what moving tickets is worth. Here nothing is
steered: people hold their tickets until these are solved; volume swings by the day and surges; people are away, start
at different hours and work part-time; hard tickets come as they come. What happens then is up to `rough_desk.Desk`,
which draws nothing: whoever moves tickets, the same tickets ask for the same work, and customers answer as fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from statistics import NormalDist

from helpdesk_wellbeing.demo.cast import dates
from helpdesk_wellbeing.demo.dice import Dice
from helpdesk_wellbeing.demo.record import CHANNEL_WEIGHT, PRIORITY_WEIGHT
from helpdesk_wellbeing.demo.rota import epoch, week
from helpdesk_wellbeing.demo.team import ZONE
from helpdesk_wellbeing.demo.words import BY_HOUR, HOUR, PRIORITIES

MINUTE = 60
GROUPS, AGENTS_A_GROUP = 3, 10
ROTAS = (
    ("Mon-Fri 09:00-17:30", 0.34),
    ("Mon-Fri 08:00-16:30", 0.18),
    ("Mon-Fri 08:30-17:00", 0.16),
    ("Mon-Fri 10:00-18:30", 0.12),
    ("Mon-Thu 09:00-17:30", 0.10),
    ("Mon-Wed 09:00-17:30", 0.05),
    ("Mon-Fri 09:00-13:30", 0.05),
)
CHANNELS = (("email", 0.66), ("web", 0.22), ("phone", 0.06), ("messaging", 0.06))
TURNS = ((1, 0.45), (2, 0.25), (3, 0.15), (4, 0.10), (5, 0.05))  # answers that a ticket takes
HARD, MORE_TURNS = 0.07, 2  # share of hard tickets; turns that they take on top
A_TURN = 15 * MINUTE  # of a normal ticket, before its own luck
LUCK, SWING = 0.6, 0.12  # spread (log) of a turn's length; of a day's volume
UTILISATION = (
    0.82  # work that comes in, of what the people present can do on average: within the 80 to 85 % held healthy
)
SURGE, SURGE_DAYS = 1.35, 3  # once in four weeks in each group
BY_WEEKDAY = (1.2, 1.05, 1.0, 0.95, 0.9, 0.25, 0.2)
SKILLED, NEEDS_SKILL = 0.5, 0.25  # shares of agents who have the skill "technical", of tickets that need it
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Agent:
    """One person. `spans`: work by local day as seconds since 1970, without lunch breaks, leave and illness."""

    id: str
    groups: tuple[str, ...]
    skills: tuple[str, ...]
    slowness: float  # 1.0: usual
    spans: dict[date, tuple[tuple[int, int], ...]]
    leave: frozenset[date]  # known beforehand; days of illness are not


@dataclass(frozen=True)
class Ticket:
    """What a ticket asks for, whoever has it."""

    id: str
    group: str
    skills: tuple[str, ...]
    priority: str
    hard: bool  # shows in the first turn
    created: int
    weight: float  # of the ticket, hardness and status left out
    work: tuple[int, ...]  # seconds of each turn
    waits: tuple[int, ...]  # seconds from each answer but the last to what the customer writes next


@dataclass(frozen=True)
class RoughTeam:
    """Everything that comes from outside."""

    start: date
    end: date
    agents: tuple[Agent, ...]
    tickets: tuple[Ticket, ...]  # by creation


def rough_team(seed: int, start: date, weeks: int, utilisation: float = UTILISATION) -> RoughTeam:
    """The people and tickets of `seed` for so many weeks from `start`, a Monday."""
    end = start + timedelta(days=7 * weeks - 1)
    groups = [f"g{n}" for n in range(GROUPS)]
    dice = Dice(seed * 6007 + 3)
    agents = tuple(
        _agent(dice, f"a{n:02}", groups[n // AGENTS_A_GROUP], groups, start, end)
        for n in range(GROUPS * AGENTS_A_GROUP)
    )
    tickets = [ticket for group in groups for ticket in _tickets(dice, group, agents, start, end, utilisation)]
    tickets.sort(key=lambda t: (t.created, t.id))
    return RoughTeam(start, end, agents, tuple(tickets))


def _agent(dice: Dice, name: str, home: str, groups: list[str], start: date, end: date) -> Agent:
    hours = week(dice.weighted(ROTAS))
    also = (dice.pick(groups),) if dice.chance(0.2) else ()
    leave: set[date] = set()
    ill: set[date] = set()
    for monday in (d for d in dates(start, end) if d.weekday() == 0):
        if dice.chance(0.07):
            leave |= set(dates(monday, monday + timedelta(days=6)))
    for day in dates(start, end):
        if dice.chance(0.008):
            ill |= set(dates(day, day + timedelta(days=int(dice.between(0, 4)))))
    spans: dict[date, tuple[tuple[int, int], ...]] = {}
    for day in dates(start, end):
        if day.weekday() in hours and day not in leave and day not in ill:
            shift = hours[day.weekday()]
            first, last = epoch(day, shift.start, ZONE), epoch(day, shift.end, ZONE)
            noon = (first + last) // 2
            lunch = shift.hours > 5
            spans[day] = ((first, noon - 900), (noon + 900, last)) if lunch else ((first, last),)
    skills = ("technical",) if dice.chance(SKILLED) else ()
    return Agent(name, tuple(dict.fromkeys((home, *also))), skills, dice.between(0.88, 1.12), spans, frozenset(leave))


def _tickets(
    dice: Dice, group: str, agents: tuple[Agent, ...], start: date, end: date, utilisation: float
) -> Iterator[Ticket]:
    able = sum(b - a for x in agents if x.groups[0] == group for spans in x.spans.values() for a, b in spans)
    days = (end - start).days + 1
    a_week = utilisation * able / _work_of_one() / (days / 7)
    hours = [(hour, share / sum(BY_HOUR)) for hour, share in enumerate(BY_HOUR)]
    surges = {
        first + timedelta(days=n)
        for four_weeks in range(0, days, 28)
        for first in (start + timedelta(days=four_weeks + 7 * int(dice.between(0, 4)) + int(dice.between(0, 3))),)
        for n in range(SURGE_DAYS)
    }
    number = 0
    for day in dates(start, end):
        mean = a_week * BY_WEEKDAY[day.weekday()] / sum(BY_WEEKDAY) * exp(SWING * _normal(dice))
        midnight = epoch(day, 0, ZONE)
        for _ in range(dice.whole(mean * (SURGE if day in surges else 1.0))):
            number += 1
            yield _ticket(dice, f"{group}-{number:05}", group, midnight + dice.weighted(hours) * HOUR)


def _ticket(dice: Dice, name: str, group: str, hour: int) -> Ticket:
    priority, channel, hard = dice.weighted(PRIORITIES), dice.weighted(CHANNELS), dice.chance(HARD)
    weight = CHANNEL_WEIGHT.get(channel, 1.0) * PRIORITY_WEIGHT[priority]
    turns = dice.weighted(TURNS) + (MORE_TURNS if hard else 0)
    usual = A_TURN * weight * (1.5 if hard else 1.0)
    work = tuple(int(usual * exp(LUCK * _normal(dice))) for _ in range(turns))
    waits = tuple(int(min(120.0, max(0.5, 9 * exp(_normal(dice)))) * HOUR) for _ in range(turns - 1))
    skills = ("technical",) if dice.chance(NEEDS_SKILL) else ()
    return Ticket(name, group, skills, priority, hard, hour + int(dice.u() * HOUR), weight, work, waits)


def _normal(dice: Dice) -> float:
    return _NORMAL.inv_cdf(min(max(dice.u(), 1e-9), 1 - 1e-9))


def _work_of_one() -> float:
    """Seconds that a ticket takes on average, over all its turns."""
    weight = sum(PRIORITY_WEIGHT[p] * share for p, share in PRIORITIES)
    weight *= sum(CHANNEL_WEIGHT.get(c, 1.0) * share for c, share in CHANNELS)
    turns = sum(n * share for n, share in TURNS)
    turns = (1 - HARD) * turns + HARD * 1.5 * (turns + MORE_TURNS)
    return A_TURN * weight * turns * exp(LUCK * LUCK / 2)
