"""Rebalancing: how long a plan takes, how near the optimum it is, and what plainer ways do on the same desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from bench.measuring import Rows, hand_over, load, row, seconds
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.rebalance import AGENTS, TICKETS, Plan, Question, Settings, rebalance
from helpdesk_wellbeing.plan.rebalance.costs import SCALE
from helpdesk_wellbeing.plan.rebalance.desk import Desk, desk_of
from helpdesk_wellbeing.plan.rebalance.hands import Hands
from helpdesk_wellbeing.plan.rebalance.whole import greedy

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
WEIGHTS = np.array([0.8, 1.0, 1.0, 1.0, 1.2, 1.3, 1.6, 1.95])


def question(tickets: int, agents: int, seed: int, settings: Settings | None = None) -> Question:
    """A desk of whose agents two in five carry too much and hold all `tickets`, which are all movable.

    One group for every 25 agents; an agent is in one or two. A third of the tickets needs a skill that half of the
    agents have, a quarter a second language, a tenth is hard, a fifth is known to a colleague.
    """
    rng = np.random.default_rng(seed)
    groups = max(agents // 25, 1)
    names = [f"a{n:04}" for n in range(agents)]
    home = rng.integers(0, groups, agents)
    second = np.where(rng.random(agents) < 0.5, rng.integers(0, groups, agents), home)
    busy = np.arange(agents) % 5 < 2
    owner = rng.choice(np.flatnonzero(busy), tickets)
    effort = (rng.choice(WEIGHTS, tickets) * ONE_TICKET).astype(np.int64)
    hard = rng.random(tickets) < 0.1
    held = np.bincount(owner, effort, agents).astype(np.int64)
    usual = int(held.sum() / busy.sum())
    own = np.where(busy, held, (usual * rng.uniform(0.1, 0.6, agents)).astype(np.int64))
    hard_of = np.bincount(owner, hard, agents).astype(np.int64) + np.where(busy, 0, rng.integers(0, 3, agents))
    here = [[f"g{x}", f"g{y}"] for x, y in zip(home, second, strict=True)]
    known_by = np.where(rng.random(tickets) < 0.2, rng.integers(0, agents, tickets), -1)
    people = {
        "agent": names,
        "groups": [sorted(set(pair)) for pair in here],
        "skills": [["billing"] if yes else [] for yes in rng.random(agents) < 0.5],
        "languages": [["en", "nl"] if yes else ["en"] for yes in rng.random(agents) < 0.6],
        "light": [False] * agents,
        "minutes": rng.choice([1200, 1800, 2400], agents),
        "effort": own,
        "cap": [int(x) if yes else None for x, yes in zip(own + usual // 3, rng.random(agents) < 0.2, strict=True)],
        "works_from": [NOW + timedelta(hours=int(h)) for h in rng.integers(-3, 4, agents)],
        "on_leave": [False] * agents,
        "over_legal_hours": [False] * agents,
        "hard": hard_of,
    }
    work = {
        "ticket": [f"t{n:05}" for n in range(tickets)],
        "effort": effort,
        "assignee": [names[n] for n in owner],
        "group": [here[n][int(second)] for n, second in zip(owner, rng.random(tickets) < 0.3, strict=True)],
        "skills": [["billing"] if yes else [] for yes in rng.random(tickets) < 0.33],
        "language": ["nl" if yes else "en" for yes in rng.random(tickets) < 0.25],
        "hard": hard,
        "next_sla": [NOW + timedelta(hours=float(h)) for h in rng.uniform(1.5, 60, tickets)],
        "call_back": [False] * tickets,
        "known_by": [[names[n]] if n >= 0 else [] for n in known_by],
        "last_move": [None] * tickets,
        "made_by_plugin": [False] * tickets,
    }
    chosen = settings or Settings(NOW)
    carry_too_much = frozenset(name for name, yes in zip(names, busy, strict=True) if yes)
    return Question(pl.DataFrame(work, schema=TICKETS), pl.DataFrame(people, schema=AGENTS), chosen, carry_too_much)


def least_open_count(desk: Desk) -> Hands:
    """Peer: to the colleague with the fewest open tickets (told by effort where tickets are not listed)."""
    counts = desk.load // ONE_TICKET

    def next_one(hands: Hands, pool: np.ndarray) -> np.ndarray:
        return counts[pool]

    def given(source: int, receiver: int) -> None:
        counts[source] -= 1
        counts[receiver] += 1

    return _one_by_one(desk, next_one, given)


def percent_spare(desk: Desk) -> Hands:
    """Peer: to the colleague with the largest part of the capacity free."""

    def next_one(hands: Hands, pool: np.ndarray) -> np.ndarray:
        return hands.load[pool] / np.maximum(desk.fair[pool], 1)

    return _one_by_one(desk, next_one, lambda source, receiver: None)


def _one_by_one(
    desk: Desk, order: Callable[[Hands, np.ndarray], np.ndarray], given: Callable[[int, int], None]
) -> Hands:
    """Tickets as they come, while their owner is above the fair share; limits are kept, gains are not weighed."""
    hands = Hands(desk)
    for number, bundle in enumerate(desk.bundles):
        pool = desk.pools[bundle.pool]
        for _ in bundle.tickets:
            if hands.load[bundle.source] <= desk.fair[bundle.source]:
                break
            ranked = pool[np.argsort(order(hands, pool), kind="stable")].tolist()
            receiver = next((r for r in ranked if hands.fits(number, r)), None)
            if receiver is None:
                break
            hands.give(number, receiver)
            given(bundle.source, receiver)
    return hands


def overload(desk: Desk, loads: np.ndarray) -> float:
    """Effort above fair shares, in tickets."""
    return float(np.maximum(loads - desk.fair, 0).sum() / ONE_TICKET)


@dataclass(frozen=True)
class Proven:
    """What the MILP found in its time, in tickets times load: the best plan's cost, and what none can be below."""

    objective: float
    bound: float


def proven(desk: Desk, time_limit: float) -> Proven:
    """The same model as a mixed integer program: how many tickets of each bundle go to each receiver (HiGHS)."""
    model = _Milp(desk)
    result = milp(
        model.cost,
        integrality=model.whole,
        bounds=Bounds(0, model.most),
        constraints=model.constraints(),
        options={"time_limit": time_limit, "mip_rel_gap": 1e-6},
    )
    base = desk.load_cost(desk.load) / SCALE
    return Proven(base + result.fun, base + result.mip_dual_bound)


class _Milp:
    """Variables: moves by bundle and receiver, relief by giver and segment, added load by receiver and segment."""

    def __init__(self, desk: Desk) -> None:
        cost: list[float] = []
        most: list[float] = []
        entries: list[tuple[int, int, float]] = []
        bounds: list[tuple[float, float]] = []
        agents, bundles = len(desk.agents), len(desk.bundles)
        # Rows: effort out of or into each agent equals its segments; tickets of a bundle; hard tickets of an agent.
        bounds += [(0.0, 0.0)] * agents
        bounds += [(0.0, float(len(bundle.tickets))) for bundle in desk.bundles]
        bounds += [(0.0, float(max(room - has, 0))) for room, has in zip(desk.hard_room, desk.hard, strict=True)]
        for number, bundle in enumerate(desk.bundles):
            effort = bundle.effort / ONE_TICKET
            for receiver, price in zip(desk.pools[bundle.pool].tolist(), desk.move_costs(bundle).tolist(), strict=True):
                column = len(cost)
                cost.append(price / SCALE)
                most.append(len(bundle.tickets))
                entries += [(bundle.source, column, effort), (receiver, column, effort), (agents + number, column, 1.0)]
                if bundle.hard:
                    entries.append((agents + bundles + receiver, column, 1.0))
        self._moves = len(cost)
        movable = np.zeros(agents, dtype=np.int64)
        for bundle in desk.bundles:
            movable[bundle.source] += bundle.effort * len(bundle.tickets)
        for agent in range(agents):
            now, room = int(desk.load[agent]), int(desk.room[agent])
            sign = -1 if desk.gives[agent] else 1
            low, high = (now - int(movable[agent]), now) if desk.gives[agent] else (now, max(now, room))
            for width, slope in desk.costs.segments(agent, low, high):
                entries.append((agent, len(cost), -1.0))
                cost.append(sign * slope * ONE_TICKET / SCALE)
                most.append(width / ONE_TICKET)
        self.cost, self.most = np.array(cost), np.array(most)
        self.whole = (np.arange(len(cost)) < self._moves).astype(np.int64)
        rows, columns, values = zip(*entries, strict=True)
        self._matrix = coo_array((values, (rows, columns)), shape=(len(bounds), len(cost))).tocsr()
        self._bounds = np.array(bounds)

    def constraints(self) -> LinearConstraint:
        """All rows."""
        return LinearConstraint(self._matrix, self._bounds[:, 0], self._bounds[:, 1])


def peers(asked: Question, plan: Plan) -> Rows:
    """Cost, overload and moves of the plan and of plainer ways, all under the same limits."""
    desk = desk_of(asked)
    ours = plan.loads["effort_after"].to_numpy()
    lines = [
        row("  nothing moved: cost, overload, moves", _figures(plan.cost_before, overload(desk, desk.load), 0)),
        row("  this plan", _figures(plan.objective, overload(desk, ours), len(plan.moves))),
    ]
    ways = {"greedy": greedy, "least open count": least_open_count, "percent spare": percent_spare}
    for name, way in ways.items():
        hands = way(desk)
        figures = _figures(hands.cost() / SCALE, overload(desk, hands.load), hands.moves)
        lines.append(row(f"  {name}", figures))
    return lines


def _figures(cost: float, over: float, moves: int) -> str:
    return f"{cost:,.0f} {over:,.0f} {moves:,}"


def speed(tickets: int, agents: int, target: str) -> tuple[Rows, Question, Plan]:
    """How long a plan takes, checked question and all, and how near it is to its bound."""
    asked = question(tickets, agents, seed=1)
    plan = rebalance(asked)
    took = seconds(lambda: rebalance(replace(asked)), repeats=3)
    name = f"{tickets:,} movable tickets x {agents} agents"
    lines = [
        row(f"plan, {name}, {load()}", f"{took:.2f} s", target),
        row("  cost above the LP bound", f"{plan.gap:.2%}", "< 3 %"),
        row("  the same, of what could be gained", f"{plan.gap_of_gain:.2%}"),
    ]
    return lines, asked, plan


def optimality(tickets: int, agents: int, time_limit: float, seeds: tuple[int, ...] = (1,)) -> Rows:
    """The plan against the MILP."""
    lines = []
    for seed in seeds:
        asked = question(tickets, agents, seed)
        plan, best = rebalance(asked), proven(desk_of(asked), time_limit)
        above = plan.objective / best.bound - 1
        of_gain = (plan.objective - best.bound) / (plan.cost_before - best.bound)
        found = best.objective / best.bound - 1
        lines += [
            row(f"plan, {tickets} x {agents}, seed {seed}: above the MILP's proven bound", f"{above:.3%}", "< 1 %"),
            row("  the same, of what could be gained", f"{of_gain:.3%}"),
            row(f"  the MILP's own plan after at most {time_limit:.0f} s", f"{found:.3%}"),
        ]
    return lines


def measure() -> Rows:
    """All rows."""
    lines, asked, plan = speed(5000, 300, "< 1 s")
    rows = [*lines, *peers(asked, plan), *speed(10_000, 500, "< 3 s")[0]]
    return rows + optimality(500, 50, 30.0, (1, 2, 3))


if __name__ == "__main__":
    hand_over(measure())
