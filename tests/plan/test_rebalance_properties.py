"""What holds for every desk, however odd; the limits are worked out here again, in another way."""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.plan.rebalance import STAYED, VERDICTS, Question, explain, rebalance
from helpdesk_wellbeing.plan.rebalance.costs import SCALE
from helpdesk_wellbeing.plan.rebalance.desk import desk_of
from helpdesk_wellbeing.plan.rebalance.hands import Hands
from helpdesk_wellbeing.plan.rebalance.whole import greedy

GROUPS, SKILLS, LANGUAGES = ("g", "h", "i"), ("s", "u"), ("en", "nl")
HOURS = (None, -2, 0.5, 1, 3, 6)
few = settings(max_examples=120, deadline=None)


@pytest.fixture(scope="module")
def questions(desk):
    """Desks of up to six agents and twelve tickets."""

    def some(of):
        return st.lists(st.sampled_from(of), unique=True)

    def instant(hours):
        return None if hours is None else desk.now + timedelta(hours=hours)

    rarely = st.sampled_from([False] * 6 + [True])

    @st.composite
    def draw_question(draw, most_tickets=12, most_agents=6):
        names = [f"a{n}" for n in range(draw(st.integers(1, most_agents)))]
        tickets = [
            desk.ticket(
                f"t{n:02}",
                draw(st.sampled_from([*names, *names, *names, None, "left"])),
                draw(st.sampled_from([0.0, 0.25, 0.8, 1.0, 1.3, 1.95, 3.21])),
                group=draw(st.sampled_from(["g", "g", "g", "h", "i", None])),
                skills=draw(st.one_of(st.just([]), some(SKILLS))),
                language=draw(st.sampled_from([None, None, *LANGUAGES])),
                hard=draw(st.booleans()),
                next_sla=instant(draw(st.sampled_from(HOURS))),
                call_back=draw(rarely),
                known_by=draw(some(names)),
                last_move=instant(draw(st.sampled_from([None, None, -1, -24 * 8]))),
                made_by_plugin=draw(rarely),
            )
            for n in range(draw(st.integers(0, most_tickets)))
        ]
        agents = []
        for name in names:
            own = [t for t in tickets if t["assignee"] == name and not t["made_by_plugin"]]
            row = desk.agent(
                name,
                draw(st.sampled_from([0, 0, 1, 2.5, 7])),
                draw(st.sampled_from([0, 8, 20, 40])),
                draw(st.sampled_from([None, None, 0, 2, 5])),
                groups=draw(st.sampled_from([["g"], ["g"], ["g", "h"], ["h"], ["i"], []])),
                skills=draw(some(SKILLS)),
                languages=draw(some(LANGUAGES)),
                light=draw(rarely),
                on_leave=draw(rarely),
                over_legal_hours=draw(rarely),
                works_from=instant(draw(st.sampled_from([-1, -1, -1, 0, 2, 5, None]))),
            )
            row["effort"] += sum(t["effort"] for t in own)
            row["hard"] = sum(t["hard"] for t in own) + draw(st.integers(0, 2))
            agents.append(row)
        asked = draw(st.one_of(st.none(), st.none(), st.frozensets(st.sampled_from(names))))
        return desk.question(
            tickets,
            agents,
            asked,
            most_moves=draw(st.sampled_from([None, None, 0, 1, 3])),
            hard_share=draw(st.sampled_from([0.5, 1.0, 2.0])),
            **draw(st.sampled_from([{}, {"move_cost": 0.0, "continuity_bonus": 0.0}, {"move_cost": 0.5}])),
        )

    return draw_question


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
@given(data=st.data())
def test_every_limit_holds_and_every_ticket_moves_or_stays_with_a_reason(questions, data):
    question = data.draw(questions())
    plan = rebalance(question)

    check_limits(question, plan)
    assert sorted([*(move.ticket for move in plan.moves), *plan.stayed]) == sorted(question.tickets["ticket"])
    assert set(plan.stayed.values()) <= set(STAYED)
    assert plan.verdict in VERDICTS
    for ticket in question.tickets["ticket"]:
        assert all(explain(plan, ticket, language) for language in ("en", "nl"))


@few
@given(data=st.data())
def test_a_plan_is_never_worse_than_leaving_everything_nor_than_the_greedy_way(questions, data):
    question = data.draw(questions())
    plan = rebalance(question)

    assert plan.objective <= plan.cost_before
    assert plan.objective <= greedy(desk_of(question)).cost() / SCALE
    assert plan.bound <= plan.objective


@few
@given(data=st.data())
def test_the_order_of_rows_changes_nothing(questions, data):
    question = data.draw(questions())
    shuffled = Question(
        _shuffled(question.tickets, data), _shuffled(question.agents, data), question.settings, question.from_whom
    )
    one, other = rebalance(question), rebalance(shuffled)

    assert (one.moves, one.stayed, one.objective, one.bound) == (
        other.moves,
        other.stayed,
        other.objective,
        other.bound,
    )
    assert one.loads.equals(other.loads)


def _shuffled(frame: pl.DataFrame, data) -> pl.DataFrame:
    return frame[data.draw(st.permutations(range(frame.height)))] if frame.height else frame


@few
@given(data=st.data())
def test_the_bound_is_below_every_plan_and_the_plan_close_to_the_best(questions, data):
    question = data.draw(questions(most_tickets=5, most_agents=4))
    plan = rebalance(question)
    best = best_of_all(question)

    assert plan.bound <= best + 1e-9
    assert best <= plan.objective + 1e-9
    if plan.verdict in ("optimal", "nothing_better"):
        assert plan.objective == pytest.approx(best, rel=2e-6, abs=1e-9)


def best_of_all(question) -> float:
    """The cost of the best plan, found by trying every one."""
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
