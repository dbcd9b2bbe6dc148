"""From the question to the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.answer import LOADED, LOADS, Move, Plan, Why
from helpdesk_wellbeing.plan.rebalance.costs import SCALE
from helpdesk_wellbeing.plan.rebalance.desk import Bundle, Desk, desk_of
from helpdesk_wellbeing.plan.rebalance.hands import Hands
from helpdesk_wellbeing.plan.rebalance.question import Question

PROVEN = 1e-6  # of the objective: as exact as costs a unit of effort in whole numbers are


def rebalance(question: Question) -> Plan:
    """The best distribution found, never worse than leaving all as it is nor than the greedy one."""
    from helpdesk_wellbeing.plan.rebalance.flow import best_flow
    from helpdesk_wellbeing.plan.rebalance.whole import greedy, whole_tickets

    desk = desk_of(question)
    flow = best_flow(desk)
    hands = Hands(desk)
    if flow.bound < 0:
        best = whole_tickets(desk, flow)
        best.improve()
        hands = min(hands, best, greedy(desk), key=lambda plan: (plan.cost(), plan.moves))
    before = desk.load_cost(desk.load)
    return answer(question, hands, before, before + flow.bound)


def answer(question: Question, hands: Hands, before: int, bound: int) -> Plan:
    """The plan that the hands hold. Costs in whole numbers."""
    objective = hands.cost()
    stayed = _stayed(hands)
    if hands.moves:
        verdict = "optimal" if objective - bound <= PROVEN * objective else "near_optimal"
    else:  # a single move that gains would have been found, and without one no plan gains (`desk_of`)
        verdict = "nothing_better" if set(LOADED) & set(stayed.values()) else "nothing_to_move"
        bound = objective
    return Plan(
        tuple(sorted(_moves(question, hands), key=lambda move: move.ticket)),
        _loads(question, hands),
        stayed,
        before / SCALE,
        objective / SCALE,
        bound / SCALE,
        verdict,
    )


def _moves(question: Question, hands: Hands) -> Iterator[Move]:
    desk = hands.desk
    rows = question.tickets.sort("ticket").select("group", "skills", "language").rows()
    before, after = _shares(desk, desk.load), _shares(desk, hands.load)
    for number, receivers in enumerate(hands.taken):
        bundle = desk.bundles[number]
        # Tickets of a bundle are alike: the first ids go, to receivers in the order of their ids.
        for ticket, to in zip(bundle.tickets, sorted(receivers), strict=False):
            group, skills, language = rows[ticket]
            why = Why(
                bundle.effort,
                group,
                tuple(sorted(skills)),
                language,
                bundle.hard,
                to in bundle.known_to,
                before[bundle.source],
                after[bundle.source],
                before[to] or 0.0,
                after[to] or 0.0,
                len(desk.pools[bundle.pool]) - 1,
                _gain(hands, bundle, to) / SCALE,
            )
            yield Move(desk.tickets[ticket], desk.agents[bundle.source], desk.agents[to], why)


def _gain(hands: Hands, bundle: Bundle, receiver: int) -> int:
    costs = hands.desk.costs
    agents = np.array([bundle.source, receiver], dtype=np.int64)
    back = hands.load[agents] + np.array([bundle.effort, -bundle.effort], dtype=np.int64)
    change = costs.cost(agents, back) - costs.cost(agents, hands.load[agents])
    return int(change.sum()) - bundle.cost + (hands.desk.bonus if receiver in bundle.known_to else 0)


def _shares(desk: Desk, load: Ints) -> list[float | None]:
    return [effort / fair if fair > 0 else None for effort, fair in zip(load.tolist(), desk.fair.tolist(), strict=True)]


def _loads(question: Question, hands: Hands) -> pl.DataFrame:
    desk = hands.desk
    columns: dict[str, Any] = {
        "agent": desk.agents,
        "minutes": question.agents.sort("agent")["minutes"],
        "effort_before": desk.load,
        "effort_after": hands.load,
        "share_before": _shares(desk, desk.load),
        "share_after": _shares(desk, hands.load),
        "hard_before": desk.hard,
        "hard_after": hands.hard,
    }
    return pl.DataFrame(columns, schema=LOADS)


def _stayed(hands: Hands) -> dict[str, str]:
    desk = hands.desk
    stayed = dict(desk.fixed)
    for number, bundle in enumerate(desk.bundles):
        reason = _why_left(hands, bundle)
        stayed |= dict.fromkeys(bundle.tickets[len(hands.taken[number]) :], reason)
    return {desk.tickets[number]: stayed[number] for number in sorted(stayed)}


def _why_left(hands: Hands, bundle: Bundle) -> str:
    desk, pool = hands.desk, hands.desk.pools[bundle.pool]
    room = hands.load[pool] + bundle.effort <= desk.room[pool]
    if not room.any():
        return "no_room"
    if bundle.hard and not (room & (hands.hard[pool] < desk.hard_room[pool])).any():
        return "hard_ones_spread"
    return "not_worth_it" if hands.may_move_more() else "most_moves_reached"
