"""Who holds what while a plan is made: whole tickets, every limit kept at every step."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.desk import Bools, Desk

ROUNDS = 12
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Offers:
    """All moves out of one giver's bundles, one a row, bundle by bundle."""

    bundle: Ints
    receiver: Ints
    effort: Ints
    hard: Bools
    cost: Ints


class Hands:
    """A plan in the making. `taken[b]` lists the receivers of bundle b's tickets, in the order of the tickets' ids."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.load, self.hard = desk.load.copy(), desk.hard.copy()
        self.taken: list[list[int]] = [[] for _ in desk.bundles]
        self.left = np.array([len(bundle.tickets) for bundle in desk.bundles], dtype=np.int64)
        self.moves = 0
        self.paid = 0  # for the moves themselves
        self.of_source: dict[int, list[int]] = {}
        for number, bundle in enumerate(desk.bundles):
            self.of_source.setdefault(bundle.source, []).append(number)
        self._offers: dict[int, _Offers] = {}

    def cost(self) -> int:
        """Of all loads and moves; exact."""
        return self.desk.load_cost(self.load) + self.paid

    def may_move_more(self) -> bool:
        """Whether the most moves are not reached."""
        most = self.desk.settings.most_moves
        return most is None or self.moves < most

    def fits(self, bundle: int, receiver: int) -> bool:
        """Whether one more ticket of the bundle may go there now."""
        of = self.desk.bundles[bundle]
        return bool(
            self.left[bundle] > 0
            and self.may_move_more()
            and self.load[receiver] + of.effort <= self.desk.room[receiver]
            and (not of.hard or self.hard[receiver] < self.desk.hard_room[receiver])
        )

    def give(self, bundle: int, receiver: int) -> None:
        """One ticket of the bundle goes to the receiver."""
        self._shift(bundle, receiver, 1)
        self.taken[bundle].append(receiver)

    def take_back(self, bundle: int, receiver: int) -> None:
        """One ticket of the bundle returns from the receiver to its owner."""
        self._shift(bundle, receiver, -1)
        self.taken[bundle].remove(receiver)

    def improve(self) -> None:
        """Better in single steps until none is left: one ticket more, one less, or one in the place of another."""
        for _ in range(ROUNDS):
            more = self._fill()
            other = [
                self._reconsider(number, receiver)
                for number in range(len(self.taken))
                for receiver in sorted(set(self.taken[number]))
            ]
            if not more and not any(other):
                return

    def best_offer(self, source: int) -> tuple[int, int, int]:
        """The move out of these hands that lowers the cost most: change of cost, bundle, receiver; NEVER: none fits."""
        if source not in self._offers:
            self._offers[source] = self._all_offers(self.of_source[source])
        offers, desk = self._offers[source], self.desk
        after = self.load[offers.receiver] + offers.effort
        fits = (self.left[offers.bundle] > 0) & (after <= desk.room[offers.receiver])
        fits &= ~offers.hard | (self.hard[offers.receiver] < desk.hard_room[offers.receiver])
        rows = np.flatnonzero(fits)
        if not self.may_move_more() or len(rows) == 0:
            return NEVER, -1, -1
        receiver, after, effort = offers.receiver[rows], after[rows], offers.effort[rows]
        load = self.load[source]
        change = desk.costs.cost(receiver, after) - desk.costs.cost(receiver, after - effort) + offers.cost[rows]
        change += desk.costs.cost(source, load - effort) - desk.costs.cost(source, load)
        best = int(np.argmin(change))
        return int(change[best]), int(offers.bundle[rows[best]]), int(receiver[best])

    def _all_offers(self, numbers: list[int]) -> _Offers:
        bundles = [self.desk.bundles[number] for number in numbers]
        pools = [self.desk.pools[bundle.pool] for bundle in bundles]
        sizes = [len(pool) for pool in pools]
        return _Offers(
            np.repeat(np.array(numbers, dtype=np.int64), sizes),
            np.concatenate(pools),
            np.repeat(np.array([bundle.effort for bundle in bundles], dtype=np.int64), sizes),
            np.repeat(np.array([bundle.hard for bundle in bundles], dtype=np.bool_), sizes),
            np.concatenate([self.desk.move_costs(bundle) for bundle in bundles]),
        )

    def _shift(self, bundle: int, receiver: int, count: int) -> None:
        of = self.desk.bundles[bundle]
        self.load[of.source] -= count * of.effort
        self.load[receiver] += count * of.effort
        self.hard[of.source] -= count * of.hard
        self.hard[receiver] += count * of.hard
        self.left[bundle] -= count
        self.moves += count
        self.paid += count * (of.cost - (self.desk.bonus if receiver in of.known_to else 0))

    def _fill(self) -> bool:
        """The best move of all, as long as one gains; whether there was one.

        While work is only given, no move becomes better: so what stood first and is still as good is the best.
        """
        heap = [(self.best_offer(source)[0], source) for source in self.of_source]
        heapq.heapify(heap)
        filled = False
        while heap and heap[0][0] < 0:
            known, source = heap[0]
            change, bundle, receiver = self.best_offer(source)
            if change == known:
                self.give(bundle, receiver)
                filled = True
                change = self.best_offer(source)[0]
            heapq.heapreplace(heap, (change, source))
        return filled

    def _reconsider(self, bundle: int, receiver: int) -> bool:
        """Take one ticket back and do the best instead; whether that was better."""
        source = self.desk.bundles[bundle].source
        before = self._cost_of(source, receiver)
        self.take_back(bundle, receiver)
        returned = self._cost_of(source, receiver) - before
        change, other, to = self.best_offer(source)
        if min(change, 0) + returned >= 0:
            self.give(bundle, receiver)
            return False
        if change < 0:
            self.give(other, to)
        return True

    def _cost_of(self, *agents: int) -> int:
        places = np.array(agents, dtype=np.int64)
        return int(self.desk.costs.cost(places, self.load[places]).sum()) + self.paid
