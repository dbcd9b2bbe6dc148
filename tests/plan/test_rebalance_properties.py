"""What holds for every desk, however odd; the limits are worked out here again, in another way."""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from fractions import Fraction
from random import Random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.plan.rebalance import STAYED, VERDICTS, Question, explain, rebalance
from helpdesk_wellbeing.plan.rebalance import desk as desk_module
from helpdesk_wellbeing.plan.rebalance.costs import SCALE
from helpdesk_wellbeing.plan.rebalance.desk import desk_of
from helpdesk_wellbeing.plan.rebalance.hands import Hands
from helpdesk_wellbeing.plan.rebalance.whole import greedy

SEEDS = st.integers(0, 10**9)
few = settings(max_examples=120, deadline=None)


@pytest.fixture(scope="module")
def random_question(desk):
    """`random_question(seed)`: three to six agents and two to twelve tickets, most of which can move."""

    def make(seed, most_tickets=12, most_agents=6):
        dice = Random(seed)

        def mostly(usual, *others):
            return usual if dice.random() < 0.93 else dice.choice(others)

        def instant(hours):
            return None if hours is None else desk.now + timedelta(hours=hours)

        names = [f"a{n}" for n in range(dice.randint(min(3, most_agents), most_agents))]
        tickets = [
            desk.ticket(
                f"t{n:02}",
                mostly("a0", "a1", "a1", names[-1], None, "left"),
                dice.choice([0.25, 0.8, 1.0, 1.3, 1.95, 3.21, 0.0]),
                group=mostly("g", "h", "i", None),
                skills=mostly([], ["s"], ["s", "u"]),
                language=mostly(None, "en", "nl"),
                hard=mostly(False, True, True),
                next_sla=instant(mostly(None, 3, 1, 0.5, -2)),
                call_back=mostly(False, True),
                known_by=mostly([], names[:1], names[-1:], names),
                last_move=instant(mostly(None, -1, -24 * 8)),
                made_by_plugin=mostly(False, True),
            )
            for n in range(dice.randint(2, most_tickets))
        ]
        agents = []
        for number, name in enumerate(names):
            own = [t for t in tickets if t["assignee"] == name and not t["made_by_plugin"]]
            row = desk.agent(
                name,
                dice.choice([0, 1, 2.5, 7]) if number else 4,
                mostly(40, 20, 8, 0),
                mostly(None, 0, 3, 5),
                groups=mostly(["g"], ["g", "h"], ["h"], ["g", "i"], []),
                skills=mostly(["s"], ["s", "u"], []),
                languages=mostly(["en"], ["en", "nl"], []),
                light=mostly(False, True),
                on_leave=mostly(False, True),
                over_legal_hours=mostly(False, True),
                works_from=instant(mostly(-1, 2, 5, None)),
            )
            row["effort"] += sum(t["effort"] for t in own)
            row["hard"] = sum(t["hard"] for t in own) + dice.randint(0, 2)
            agents.append(row)
        return desk.question(
            tickets,
            agents,
            mostly(None, frozenset({"a0"}), frozenset(names[:2]), frozenset()),
            most_moves=mostly(None, 0, 1, 3),
            hard_share=mostly(1.0, 0.5, 2.0),
            **mostly({}, {"move_cost": 0.0, "continuity_bonus": 0.0}, {"move_cost": 0.5}),
        )

    return make


def colleagues(agents, name):
    """All who share a group with the agent, be it through others."""
    groups = {a["agent"]: set(a["groups"]) for a in agents if not a["light"]}
    found = {name}
    while True:
        more = {n for n, g in groups.items() if any(g & groups.get(f, set()) for f in found)} | found
        if more == found:
            return found
        found = more


def fair_part(agents, name):
    """The agent's part of the hours of the colleagues, and those who count."""
    counting = [
        a
        for a in agents
        if a["agent"] in colleagues(agents, name) and not a["light"] and not a["on_leave"] and a["minutes"]
    ]
    own = next(a for a in agents if a["agent"] == name)
    return Fraction(own["minutes"], sum(a["minutes"] for a in counting)), counting


def check_limits(question, plan):
    tickets = {t["ticket"]: t for t in question.tickets.to_dicts()}
    people = question.agents.to_dicts()
    agents = {a["agent"]: a for a in people}
    now, guard = question.settings.now, question.settings.sla_guard
    effort = {name: a["effort"] for name, a in agents.items()}
    hard = {name: a["hard"] for name, a in agents.items()}
    for move in plan.moves:
        ticket, giver, receiver = tickets[move.ticket], agents[move.giver], agents[move.receiver]
        assert ticket["assignee"] == move.giver != move.receiver
        assert not ticket["call_back"]
        assert not ticket["made_by_plugin"]
        assert ticket["next_sla"] is None or abs(ticket["next_sla"] - now) > guard
        assert ticket["last_move"] is None or now - ticket["last_move"] >= timedelta(days=7)
        assert ticket["group"] in receiver["groups"]
        assert set(ticket["skills"]) <= set(receiver["skills"])
        assert ticket["language"] is None or ticket["language"] in receiver["languages"]
        assert not any(receiver[word] for word in ("light", "on_leave", "over_legal_hours"))
        assert receiver["works_from"] <= now + question.settings.soon
        if ticket["next_sla"] is not None and ticket["next_sla"] > now:
            assert receiver["works_from"] <= ticket["next_sla"] - guard
        assert question.from_whom is None or giver["agent"] in question.from_whom
        effort[move.giver] -= ticket["effort"]
        effort[move.receiver] += ticket["effort"]
        hard[move.giver] -= ticket["hard"]
        hard[move.receiver] += ticket["hard"]
    givers, receivers = ({m.giver for m in plan.moves}, {m.receiver for m in plan.moves})
    assert not givers & receivers
    for name in receivers:
        part, counting = fair_part(people, name)
        assert effort[name] <= part * sum(a["effort"] for a in counting)
        of_all = sum(agents[n]["hard"] for n in colleagues(people, name))
        if hard[name] > agents[name]["hard"]:
            assert hard[name] <= math.ceil(part * of_all * Fraction(question.settings.hard_share))
    for name, agent in agents.items():
        assert agent["cap"] is None or effort[name] <= max(agent["cap"], agent["effort"])
    most = question.settings.most_moves
    assert most is None or len(plan.moves) <= most
    assert dict(plan.loads.select("agent", "effort_after").iter_rows()) == effort
    assert dict(plan.loads.select("agent", "hard_after").iter_rows()) == hard


@few
@given(seed=SEEDS)
def test_every_limit_holds_and_every_ticket_moves_or_stays_with_a_reason(random_question, seed):
    question = random_question(seed)
    plan = rebalance(question)

    check_limits(question, plan)
    assert sorted([*(move.ticket for move in plan.moves), *plan.stayed]) == sorted(question.tickets["ticket"])
    assert set(plan.stayed.values()) <= set(STAYED)
    assert plan.verdict in VERDICTS
    for ticket in question.tickets["ticket"]:
        assert all(explain(plan, ticket, language) for language in ("en", "nl"))


@few
@given(seed=SEEDS)
def test_a_plan_is_never_worse_than_leaving_everything_nor_than_the_greedy_way(random_question, seed):
    question = random_question(seed)
    plan = rebalance(question)

    assert plan.objective <= plan.cost_before
    assert plan.objective <= greedy(desk_of(question)).cost() / SCALE
    assert plan.bound <= plan.objective


@few
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(random_question, seed):
    question = random_question(seed)
    tickets = question.tickets.sample(fraction=1, shuffle=True, seed=seed)
    agents = question.agents.sample(fraction=1, shuffle=True, seed=seed)
    shuffled = Question(tickets, agents, question.settings, question.from_whom)
    one, other = rebalance(question), rebalance(shuffled)

    assert (one.moves, one.stayed, one.objective, one.bound) == (
        other.moves,
        other.stayed,
        other.objective,
        other.bound,
    )
    assert one.loads.equals(other.loads)


@few
@given(seed=SEEDS)
def test_the_bound_is_below_every_plan_and_what_is_called_best_is_the_best(random_question, seed):
    question = random_question(seed, most_tickets=5, most_agents=4)
    plan = rebalance(question)
    best = best_of_all(question)

    assert plan.bound <= best + 1e-9
    assert best <= plan.objective + 1e-9
    if plan.verdict in ("optimal", "nothing_better"):
        assert plan.objective == pytest.approx(best, rel=2e-6, abs=1e-9)


def best_of_all(question) -> float:
    """The cost of the best plan, found by trying every one, with those tickets, too, that seem to gain nothing."""
    with mock.patch.object(desk_module, "_without_idle", lambda desk: desk):
        desk = desk_of(question)
    choices = [[None, *desk.pools[bundle.pool].tolist()] for bundle in desk.bundles for _ in range(len(bundle.tickets))]
    numbers = [number for number, bundle in enumerate(desk.bundles) for _ in range(len(bundle.tickets))]
    costs = []
    for chosen in itertools.product(*choices):
        hands = Hands(desk)
        wanted = [(number, receiver) for number, receiver in zip(numbers, chosen, strict=True) if receiver is not None]
        for number, receiver in wanted:
            if hands.fits(number, receiver):
                hands.give(number, receiver)
        if hands.moves == len(wanted):
            costs.append(hands.cost() / SCALE)
    return min(costs)
