"""From a flow of effort back to whole tickets."""

from __future__ import annotations

import heapq

import numpy as np

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.desk import Desk
from helpdesk_wellbeing.plan.rebalance.flow import Flow
from helpdesk_wellbeing.plan.rebalance.hands import Hands


def whole_tickets(desk: Desk, flow: Flow) -> Hands:
    """The tickets that the flow moves whole, given to where it takes them; a ticket that it splits stays for now.

    In each pool the heaviest ticket goes to the receiver to whom the flow still owes most. Every step keeps the limits,
    so what does not fit whole is left to `Hands.improve`.
    """
    hands = Hands(desk)
    for (number, receiver), amount in sorted(flow.straight.items()):
        for _ in range(amount // desk.bundles[number].effort):
            if hands.fits(number, receiver):
                hands.give(number, receiver)
    members: dict[tuple[int, bool], list[int]] = {}
    for number in sorted(range(len(desk.bundles)), key=lambda n: (-desk.bundles[n].effort, n)):
        members.setdefault((desk.bundles[number].pool, desk.bundles[number].hard), []).append(number)
    for (pool, hard), into in sorted(flow.into.items()):
        owed = [(-amount, receiver) for amount, receiver in zip(into.tolist(), desk.pools[pool].tolist(), strict=True)]
        heapq.heapify(owed)
        for number in members[pool, hard]:
            effort = desk.bundles[number].effort
            for _ in range(int(flow.from_bundle[number]) // effort):
                _give_to_whom_most_is_owed(hands, number, effort, owed)
    return hands


def _give_to_whom_most_is_owed(hands: Hands, number: int, effort: int, owed: list[tuple[int, int]]) -> None:
    passed = []
    while owed:
        amount, receiver = heapq.heappop(owed)
        if hands.fits(number, receiver):
            hands.give(number, receiver)
            passed.append((amount + effort, receiver))
            break
        passed.append((amount, receiver))
    for entry in passed:
        heapq.heappush(owed, entry)


def greedy(desk: Desk) -> Hands:
    """The plain way: givers with the highest load first, their heaviest ticket to the lowest load, ties by id, while
    the giver is more than a quarter over the fair share."""
    hands = Hands(desk)
    fair = np.maximum(desk.fair, 1)
    for source in sorted(hands.of_source, key=lambda agent: (-desk.load[agent] / fair[agent], agent)):
        for number in sorted(hands.of_source[source], key=lambda n: (-desk.bundles[n].effort, desk.bundles[n].tickets)):
            _give_to_the_lowest(hands, number, fair)
    return hands


def _give_to_the_lowest(hands: Hands, number: int, fair: Ints) -> None:
    bundle = hands.desk.bundles[number]
    pool = hands.desk.pools[bundle.pool]
    for _ in bundle.tickets:
        if 4 * hands.load[bundle.source] <= 5 * hands.desk.fair[bundle.source]:
            return
        lowest = int(pool[np.argmin(hands.load[pool] / fair[pool])])
        if hands.fits(number, lowest):
            hands.give(number, lowest)
