"""The min-cost flow: effort flows from who carries too much, through tickets, to who has room.

A unit of flow is a unit of effort. A ticket may be split here, which no helpdesk can do: so the cheapest flow costs
no more than the best plan, and what it costs is the lower bound that plans are held against. Limits of effort hold
exactly; the limit of hard tickets holds as so many of the heaviest; a limit of moves is paid for (a price a move,
raised until few enough are left), which keeps the bound a bound.

    start ─ relief, dearest first ─▶ giver ─ cost of moving ─▶ pool ─▶ [hard] ─▶ receiver ─ load, cheapest first ─▶ end
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ortools.graph.python import min_cost_flow

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.costs import SCALE
from helpdesk_wellbeing.plan.rebalance.desk import Desk

PRICES = 10  # flows looked at to keep to the most moves


@dataclass(frozen=True)
class Flow:
    """How much effort should go where. `bound`: no plan changes the cost by less (0: none gains anything)."""

    from_bundle: Ints  # effort that leaves each bundle for its pool
    straight: dict[tuple[int, int], int]  # effort by bundle and receiver who knows the tickets
    into: dict[tuple[int, bool], Ints]  # effort by pool, hard or not, for each receiver of the pool
    moves: float  # split tickets count in part
    bound: int


def best_flow(desk: Desk) -> Flow:
    """The cheapest flow that keeps to the most moves, with the highest bound found."""
    most = desk.settings.most_moves
    flow = _solve(desk, 0)
    if most is None or flow.moves <= most:
        return flow
    low, high, bound = 0, _dearest(desk), flow.bound
    for _ in range(PRICES):
        price = (low + high) // 2
        tried = _solve(desk, price)
        bound = max(bound, tried.bound - price * most)
        if tried.moves > most:
            low = price
        else:
            high, flow = price, tried
    if flow.moves > most:
        flow = _solve(desk, high)
    return Flow(flow.from_bundle, flow.straight, flow.into, flow.moves, max(bound, flow.bound - high * most))


def _dearest(desk: Desk) -> int:
    """A price of a move that no ticket is worth."""
    heaviest = max(bundle.effort for bundle in desk.bundles)
    steepest = max(slope for agent in np.flatnonzero(desk.gives).tolist() for slope in _slopes(desk, agent))
    return heaviest * steepest + SCALE


def _slopes(desk: Desk, agent: int) -> list[int]:
    load = int(desk.load[agent])
    return [slope for _, slope in desk.costs.segments(agent, max(load - 1, 0), load)] or [0]


def _solve(desk: Desk, price: int) -> Flow:
    """The cheapest flow when each move costs `price` more. Its bound counts the price in."""
    if not desk.bundles:
        return Flow(np.zeros(0, dtype=np.int64), {}, {}, 0.0, 0)
    network = _Network(desk, price)
    network.solve()
    effort = np.array([bundle.effort for bundle in desk.bundles], dtype=np.int64)
    from_bundle = network.flows(network.out)
    straight = {key: network.flow(arc) for key, arc in network.straight.items()}
    into = {key: network.flows(arcs) for key, arcs in network.into.items()}
    moves = float((from_bundle / effort).sum())
    moves += sum(amount / desk.bundles[bundle].effort for (bundle, _), amount in straight.items())
    return Flow(from_bundle, straight, into, moves, network.cost())


@dataclass
class _Network:
    desk: Desk
    price: int
    out: list[int] = field(default_factory=list)
    straight: dict[tuple[int, int], int] = field(default_factory=dict)
    into: dict[tuple[int, bool], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._arcs: list[tuple[int, int, int, int]] = []
        agents = len(self.desk.agents)
        self._start, self._end, self._hard, self._next = 2 * agents, 2 * agents + 1, agents, 2 * agents + 2
        self._givers()
        self._bundles()
        self._pools()
        self._receivers()

    def _arc(self, tail: int, head: int, most: int, cost: int) -> int:
        self._arcs.append((tail, head, most, cost))
        return len(self._arcs) - 1

    def _node(self) -> int:
        self._next += 1
        return self._next - 1

    def _givers(self) -> None:
        movable: dict[int, int] = {}
        for bundle in self.desk.bundles:
            movable[bundle.source] = movable.get(bundle.source, 0) + bundle.effort * len(bundle.tickets)
        for agent, most in movable.items():
            load = int(self.desk.load[agent])
            for width, slope in self.desk.costs.segments(agent, load - most, load):
                self._arc(self._start, agent, width, -slope)
        self._supply = sum(movable.values())
        self._arc(self._start, self._end, self._supply, 0)

    def _bundles(self) -> None:
        pools = sorted({(bundle.pool, bundle.hard) for bundle in self.desk.bundles})
        self._pool_node = {key: self._node() for key in pools}
        for number, bundle in enumerate(self.desk.bundles):
            most = bundle.effort * len(bundle.tickets)
            tail = bundle.source
            if bundle.known_to:
                tail = self._node()
                self._arc(bundle.source, tail, most, 0)
            for receiver in bundle.known_to:
                head = receiver + self._hard if bundle.hard else receiver
                cost = (bundle.cost - self.desk.bonus + self.price) // bundle.effort
                self.straight[number, receiver] = self._arc(tail, head, most, cost)
            # Rounded down, so that the flow never pays more for a move than a plan does.
            cost = (bundle.cost + self.price) // bundle.effort
            self.out.append(self._arc(tail, self._pool_node[bundle.pool, bundle.hard], most, cost))

    def _pools(self) -> None:
        for (pool, hard), node in self._pool_node.items():
            shift = self._hard if hard else 0
            self.into[pool, hard] = [
                self._arc(node, receiver + shift, self._supply, 0) for receiver in self.desk.pools[pool].tolist()
            ]

    def _receivers(self) -> None:
        desk = self.desk
        heaviest = max((bundle.effort for bundle in desk.bundles if bundle.hard), default=0)
        used = sorted({receiver for pool, _ in self._pool_node for receiver in desk.pools[pool].tolist()})
        for agent in used:
            if heaviest:
                slots = max(int(desk.hard_room[agent] - desk.hard[agent]), 0)
                self._arc(agent + self._hard, agent, slots * heaviest, 0)
            for width, slope in desk.costs.segments(agent, int(desk.load[agent]), int(desk.room[agent])):
                self._arc(agent, self._end, width, slope)

    def solve(self) -> None:
        """Find the cheapest flow. The graph always has one: everything may stay."""
        self._table = np.array(self._arcs, dtype=np.int64)
        tails, heads = self._table[:, 0].astype(np.int32), self._table[:, 1].astype(np.int32)
        solver = min_cost_flow.SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, self._table[:, 2], self._table[:, 3])
        solver.set_node_supply(self._start, self._supply)
        solver.set_node_supply(self._end, -self._supply)
        status = solver.solve()
        if status != solver.OPTIMAL:
            raise RuntimeError(f"the rebalancing flow ended with {status.name}, though leaving everything is a flow")
        self._flows: Ints = np.asarray(solver.flows(arcs), dtype=np.int64)

    def flow(self, arc: int) -> int:
        """Effort along one arc."""
        return int(self._flows[arc])

    def flows(self, arcs: list[int]) -> Ints:
        """Effort along several arcs."""
        flows: Ints = self._flows[np.array(arcs, dtype=np.int64)]
        return flows

    def cost(self) -> int:
        """Of the whole flow; at most 0."""
        used = np.flatnonzero(self._flows)
        return sum(f * c for f, c in zip(self._flows[used].tolist(), self._table[used, 3].tolist(), strict=True))
