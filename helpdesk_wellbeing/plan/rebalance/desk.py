"""The question as numbers: who may give and take, which tickets may move, and to whom each may go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.costs import STEPS, LoadCosts, whole
from helpdesk_wellbeing.plan.rebalance.pools import Matching, Pools
from helpdesk_wellbeing.plan.rebalance.question import Question, Settings

Bools = npt.NDArray[np.bool_]


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

    def best_alone(self, bundle: Bundle) -> int:
        """How much the cost changes at best when only one ticket of the bundle moves."""
        receivers, cost = self.pools[bundle.pool], self.costs.cost
        load, giver = self.load[receivers], self.load[bundle.source]
        change = cost(receivers, load + bundle.effort) - cost(receivers, load) + self.move_costs(bundle)
        relief = cost(bundle.source, giver) - cost(bundle.source, giver - bundle.effort)
        return int(change.min()) - int(relief)

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
    rows = tickets.to_dicts()
    fixed = _fixed(rows, owner, gives, question)
    movable = [number for number in range(len(owner)) if number not in fixed]
    receivers, full = np.flatnonzero(room > load), np.flatnonzero(asked & (room <= load))
    hard = agents["hard"].to_numpy().astype(np.int64)
    pools = Pools(Matching(people, settings), receivers, full, room - load, hard_room - hard)
    found = {number: pools.find(rows[number], int(owner[number])) for number in movable}
    fixed |= {number: pool for number, pool in found.items() if isinstance(pool, str)}
    placed = {number: pool for number, pool in found.items() if isinstance(pool, int)}
    costs = LoadCosts(np.maximum(full_at // STEPS, 1))
    bundles = _bundles(rows, placed, owner, pools.pools, place, settings)
    desk = Desk(
        settings,
        names,
        tuple(tickets["ticket"].to_list()),
        load,
        fair,
        hard,
        room,
        hard_room,
        costs,
        gives,
        fixed,
        tuple(np.array(pool, dtype=np.int64) for pool in pools.pools),
        bundles,
        whole(settings.continuity_bonus),
    )
    return _without_idle(desk)


def _without_idle(desk: Desk) -> Desk:
    """Without the tickets that gain nothing even if they were the only ones to move. With others moving, too, they gain
    still less, as loads cost the more the higher they are: so no best plan has them."""
    idle = {number for number, bundle in enumerate(desk.bundles) if desk.best_alone(bundle) >= 0}
    stays = {ticket: "not_worth_it" for number in idle for ticket in desk.bundles[number].tickets}
    left = tuple(bundle for number, bundle in enumerate(desk.bundles) if number not in idle)
    return replace(desk, bundles=left, fixed=desk.fixed | stays)


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


def _bundles(
    tickets: Sequence[dict[str, Any]],
    placed: dict[int, int],
    owner: Ints,
    pools: Sequence[tuple[int, ...]],
    place: dict[str, int],
    settings: Settings,
) -> tuple[Bundle, ...]:
    members = [frozenset(pool) for pool in pools]
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, pool in placed.items():
        ticket = tickets[number]
        knows = {place[name] for name in ticket["known_by"] if name in place}
        source = int(owner[number])
        known_to = tuple(sorted(knows & members[pool]))
        key = (source, -ticket["effort"], ticket["hard"], pool, known_to, source in knows)
        alike.setdefault(key, []).append(number)
    plain, bonus = whole(settings.move_cost), whole(settings.continuity_bonus)
    return tuple(
        Bundle(source, -effort, is_hard, pool, known_to, plain + bonus * owner_knows, tuple(numbers))
        for (source, effort, is_hard, pool, known_to, owner_knows), numbers in sorted(alike.items())
    )
