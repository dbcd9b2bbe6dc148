"""The question as numbers: who may give and take, which tickets may move, and to whom each may go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.costs import STEPS, LoadCosts, whole
from helpdesk_wellbeing.plan.rebalance.question import Question, Settings

Bools = npt.NDArray[np.bool_]
_NEVER = datetime.min.replace(tzinfo=UTC)  # before anybody's start


@dataclass(frozen=True)
class Bundle:
    """Movable tickets that are alike in all that counts; places of `tickets` in the order of their ids."""

    source: int
    effort: int
    hard: bool
    pool: int  # place in `Desk.pools`
    known_to: tuple[int, ...]  # those of the pool's receivers who know these tickets
    cost: int  # of a move to somebody who does not know them
    tickets: tuple[int, ...]


@dataclass(frozen=True)
class Desk:
    """Agents and tickets by place in the order of their ids."""

    settings: Settings
    agents: tuple[str, ...]
    tickets: tuple[str, ...]
    owner: Ints  # of a ticket; -1: nobody, or somebody who is not in the table
    effort: Ints
    is_hard: Bools
    load: Ints  # of an agent, at present
    fair: Ints  # the effort that is the agent's fair share
    hard: Ints  # hard tickets of an agent at present
    room: Ints  # the most effort an agent may have by receiving; 0: receives nothing
    hard_room: Ints  # the most hard tickets an agent may have by receiving
    costs: LoadCosts
    gives: Bools
    fixed: dict[int, str]  # tickets that stay whatever the loads are, and why
    pools: tuple[Ints, ...]  # receivers that a kind of ticket may go to
    bundles: tuple[Bundle, ...]
    bonus: int  # for a receiver who knows the ticket

    def move_costs(self, bundle: Bundle) -> Ints:
        """What a move of such a ticket costs, for each receiver of its pool."""
        return bundle.cost - self.bonus * np.isin(self.pools[bundle.pool], bundle.known_to).astype(np.int64)

    def load_cost(self, load: Ints) -> int:
        """What these loads of all agents cost together."""
        return sum(self.costs.cost(np.arange(len(load), dtype=np.int64), load).tolist())


def desk_of(question: Question) -> Desk:
    """Everything in the order of ids, so that no answer hangs on the order of rows."""
    settings = question.settings
    agents, tickets = question.agents.sort("agent"), question.tickets.sort("ticket")
    people = agents.to_dicts()
    names = tuple(agents["agent"].to_list())
    place = {name: number for number, name in enumerate(names)}
    owner = np.array([place.get(name, -1) for name in tickets["assignee"].to_list()], dtype=np.int64)
    load = agents["effort"].to_numpy().astype(np.int64)
    fair, hard_room = _shares(people, settings.hard_share)
    gives = _givers(people, fair, question.from_whom)
    asked = _asked(people, settings)
    full_at = _full_at(people, fair)
    room = np.where(asked & ~gives, full_at, 0)
    fixed = _fixed(tickets.to_dicts(), owner, gives, question)
    movable = np.array([n for n in range(len(owner)) if n not in fixed], dtype=np.int64)
    receivers, full = np.flatnonzero(room > load), np.flatnonzero(asked & (room <= load))
    pools, found = _pools(tickets[movable], owner[movable], _Matching(people, settings), receivers, full)
    placed = list(zip(movable.tolist(), found, strict=True))
    fixed |= {number: reason for number, reason in placed if isinstance(reason, str)}
    kept = [(number, pool) for number, pool in placed if isinstance(pool, int)]
    return Desk(
        settings,
        names,
        tuple(tickets["ticket"].to_list()),
        owner,
        tickets["effort"].to_numpy().astype(np.int64),
        tickets["hard"].to_numpy().astype(np.bool_),
        load,
        fair,
        agents["hard"].to_numpy().astype(np.int64),
        room,
        hard_room,
        LoadCosts(np.maximum(full_at // STEPS, 1)),
        gives,
        fixed,
        pools,
        _bundles(tickets, kept, owner, pools, place, settings),
        whole(settings.continuity_bonus),
    )


def _shares(people: Sequence[dict[str, Any]], hard_share: float) -> tuple[Ints, Ints]:
    """The fair effort of each agent by scheduled minutes, and the most hard tickets.

    Fair is against those with whom work can be shared, be it through others: agents joined by common groups. Who is
    light, on leave or without hours adds nothing to what is shared out; nobody shares with those who are light.
    """
    team = _teams([() if p["light"] else p["groups"] for p in people])
    minutes: dict[int, int] = {}
    effort: dict[int, int] = {}
    hard: dict[int, int] = {}
    for person, name in zip(people, team, strict=True):
        hard[name] = hard.get(name, 0) + person["hard"]
        if not person["light"] and not person["on_leave"] and person["minutes"] > 0:
            minutes[name] = minutes.get(name, 0) + person["minutes"]
            effort[name] = effort.get(name, 0) + person["effort"]
    fair, most = [], []
    for person, name in zip(people, team, strict=True):
        own = 0 if person["light"] or name not in minutes else person["minutes"]
        total = minutes.get(name, 1)
        fair.append(effort.get(name, 0) * own // total)
        most.append(math.ceil(round(hard_share * hard[name] * own / total, 9)))
    return np.array(fair, dtype=np.int64), np.array(most, dtype=np.int64)


def _teams(groups: Sequence[Sequence[str]]) -> list[int]:
    """For each list the first place that it hangs together with, be it through others."""
    parent = list(range(len(groups)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for place, names in enumerate(groups):
        for name in names:
            one, other = root(first.setdefault(name, place)), root(place)
            parent[max(one, other)] = min(one, other)
    return [root(place) for place in range(len(groups))]


def _givers(people: Sequence[dict[str, Any]], fair: Ints, from_whom: frozenset[str] | None) -> Bools:
    if from_whom is not None:
        return np.array([person["agent"] in from_whom for person in people], dtype=np.bool_)
    over = [
        person["effort"] > share or (person["cap"] is not None and person["effort"] > person["cap"])
        for person, share in zip(people, fair.tolist(), strict=True)
    ]
    return np.array(over, dtype=np.bool_)


def _asked(people: Sequence[dict[str, Any]], settings: Settings) -> Bools:
    """Who could be asked to take something: works now or soon, and nothing forbids it."""
    latest = settings.now + settings.soon
    asked = [
        not (person["light"] or person["on_leave"] or person["over_legal_hours"])
        and person["works_from"] is not None
        and person["works_from"] <= latest
        for person in people
    ]
    return np.array(asked, dtype=np.bool_)


def _full_at(people: Sequence[dict[str, Any]], fair: Ints) -> Ints:
    """Effort at load 1.0: the fair share, or the own limit where that is less."""
    limits = [
        share if person["cap"] is None else min(share, person["cap"])
        for person, share in zip(people, fair.tolist(), strict=True)
    ]
    return np.array(limits, dtype=np.int64)


def _fixed(tickets: Sequence[dict[str, Any]], owner: Ints, gives: Bools, question: Question) -> dict[int, str]:
    reasons = {}
    for number, (ticket, holder) in enumerate(zip(tickets, owner.tolist(), strict=True)):
        reason = _why_fixed(ticket, holder, gives, question)
        if reason is not None:
            reasons[number] = reason
    return reasons


def _why_fixed(ticket: dict[str, Any], holder: int, gives: Bools, question: Question) -> str | None:
    settings = question.settings
    if ticket["assignee"] is None:
        return "unassigned"
    if holder < 0:
        return "unknown_assignee"
    if ticket["made_by_plugin"]:
        return "made_by_plugin"
    if not gives[holder]:
        return "within_share" if question.from_whom is None else "not_asked"
    if ticket["call_back"]:
        return "call_back_promised"
    if ticket["next_sla"] is not None and abs(ticket["next_sla"] - settings.now) <= settings.sla_guard:
        return "sla_near"
    if ticket["last_move"] is not None and _lately(ticket["last_move"], settings):
        return "moved_lately"
    return "no_effort" if ticket["effort"] == 0 else None


def _lately(moved: datetime, settings: Settings) -> bool:
    return moved > settings.now - timedelta(days=settings.ping_pong_days)


class _Matching:
    """Who is able to work on a kind of ticket: who belongs to its group, has all its skills and its language, and
    starts work before it comes within the guard of its SLA."""

    def __init__(self, people: Sequence[dict[str, Any]], settings: Settings) -> None:
        self._people = [(set(p["groups"]), set(p["skills"]), set(p["languages"]), p["works_from"]) for p in people]
        self._starts = sorted({p["works_from"] for p in people if p["works_from"] is not None})
        self._settings = settings

    def kind(self, group: str, skills: Sequence[str], language: str | None, sla: datetime | None) -> tuple[Any, ...]:
        """What tickets that the same people are able to work on have in common."""
        if sla is None or sla < self._settings.now:  # a target that is breached already is not missed by starting later
            return group, frozenset(skills), language, None
        in_time = [start for start in self._starts if start <= sla - self._settings.sla_guard]
        return group, frozenset(skills), language, in_time[-1] if in_time else _NEVER

    def able(self, kind: tuple[Any, ...], agents: Ints) -> tuple[int, ...]:
        """Those of the agents, all of whom have a start, who are able."""
        group, skills, language, latest = kind
        return tuple(
            agent
            for agent in agents.tolist()
            for groups, has, speaks, start in (self._people[agent],)
            if group in groups
            and skills <= has
            and (language is None or language in speaks)
            and (latest is None or start <= latest)
        )


def _pools(
    tickets: pl.DataFrame, owner: Ints, matching: _Matching, receivers: Ints, full: Ints
) -> tuple[tuple[Ints, ...], list[int | str]]:
    """Sets of receivers, and for each ticket the place of its set, or why it has none.

    `full`: agents who would be asked, too, if they did not carry too much themselves.
    """
    able: dict[tuple[Any, ...], tuple[int, ...]] = {}
    places: dict[tuple[int, ...], int] = {}
    found: list[int | str] = []
    rows = tickets.select("group", "skills", "language", "next_sla").iter_rows()
    for holder, row in zip(owner.tolist(), rows, strict=True):
        kind = matching.kind(*row)
        if kind not in able:
            able[kind] = matching.able(kind, receivers)
        if able[kind]:
            found.append(places.setdefault(able[kind], len(places)))
        else:
            found.append("no_room" if set(matching.able(kind, full)) - {holder} else "nobody_eligible")
    return tuple(np.array(members, dtype=np.int64) for members in places), found


def _bundles(
    tickets: pl.DataFrame,
    kept: Sequence[tuple[int, int]],
    owner: Ints,
    pools: Sequence[Ints],
    place: dict[str, int],
    settings: Settings,
) -> tuple[Bundle, ...]:
    efforts, hard, known_by = (tickets[name].to_list() for name in ("effort", "hard", "known_by"))
    members = [frozenset(pool.tolist()) for pool in pools]
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, pool in kept:
        knows = {place[name] for name in known_by[number] if name in place}
        source = int(owner[number])
        key = (source, -efforts[number], hard[number], pool, tuple(sorted(knows & members[pool])), source in knows)
        alike.setdefault(key, []).append(number)
    plain, bonus = whole(settings.move_cost), whole(settings.continuity_bonus)
    return tuple(
        Bundle(source, -effort, is_hard, pool, known_to, plain + bonus * owner_knows, tuple(numbers))
        for (source, effort, is_hard, pool, known_to, owner_knows), numbers in sorted(alike.items())
    )
