"""Who gets what, and why the others stay, on desks small enough to see through."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.rebalance import STAYED, VERDICTS, explain, rebalance
from helpdesk_wellbeing.plan.rebalance.desk import desk_of
from helpdesk_wellbeing.plan.rebalance.explain import TEXTS
from helpdesk_wellbeing.plan.rebalance.whole import greedy


def went(plan):
    return {move.ticket: move.receiver for move in plan.moves}


@pytest.fixture
def overload(desk):
    """A has 20 tickets of which one is listed, B has 2; the fair share of each is 11."""

    def asked(of_ticket=None, of_b=None, others=(), **settings):
        people = [desk.agent("A", 20, hard=5), desk.agent("B", 2, **(of_b or {})), *others]
        return desk.question([desk.ticket("t", **(of_ticket or {}))], people, **settings)

    return asked


@pytest.fixture
def four(desk):
    """A 18, B 9, C 6 and D 12 tickets' effort in 30, 30, 24 and 36 hours; six tickets of A are listed."""
    people = zip("ABCD", (18, 9, 6, 12), (30, 30, 24, 36), strict=True)
    efforts = (2.0, 1.5, 1.3, 1.0, 1.0, 0.8)
    return desk.question(
        [desk.ticket(f"t{n}", effort=effort) for n, effort in enumerate(efforts)],
        [desk.agent(name, effort, hours) for name, effort, hours in people],
    )


def test_the_greedy_way_moves_the_heaviest_to_the_lowest_load_until_a_quarter_over(four):
    hands = greedy(desk_of(four))

    assert (hands.load / ONE_TICKET).tolist() == [13.5, 10.5, 9.0, 12.0]


def test_four_queues_come_closer_and_nobody_rises_above_the_fair_share(four):
    plan = rebalance(four)

    assert plan.loads["share_before"].round(4).to_list() == [1.6, 0.8, 0.6667, 0.8889]
    assert plan.loads["share_after"][0] < 1.2
    assert plan.loads["share_after"][1:].max() <= 1.0
    assert plan.loads["effort_after"].sum() == 45 * ONE_TICKET
    assert plan.objective < greedy(desk_of(four)).cost() / (10_000 * ONE_TICKET) < plan.cost_before
    assert plan.bound <= plan.objective


def test_a_ticket_goes_to_who_has_room(overload):
    plan = rebalance(overload())

    assert went(plan) == {"t": "B"}
    assert plan.verdict == "optimal"
    assert plan.stayed == {}
    assert plan.moves[0].why.from_before == pytest.approx(20 / 11)
    assert plan.moves[0].why.to_after == pytest.approx(3 / 11)
    assert plan.moves[0].why.gain == pytest.approx(plan.cost_before - plan.objective)


@pytest.mark.parametrize(
    ("of_ticket", "reason"),
    [
        ({"assignee": None}, "unassigned"),
        ({"assignee": "somebody"}, "unknown_assignee"),
        ({"made_by_plugin": True}, "made_by_plugin"),
        ({"assignee": "B"}, "within_share"),
        ({"call_back": True}, "call_back_promised"),
        ({"effort": 0.0}, "no_effort"),
        ({"group": None}, "nobody_eligible"),
        ({"group": "billing"}, "nobody_eligible"),
        ({"skills": ["refunds"]}, "nobody_eligible"),
        ({"language": "nl"}, "nobody_eligible"),
        ({"effort": 9.5}, "no_room"),
    ],
)
def test_a_ticket_stays_with_its_reason(overload, of_ticket, reason):
    plan = rebalance(overload(of_ticket))

    assert plan.stayed == {"t": reason}
    assert plan.moves == ()
    assert plan.objective == plan.cost_before


@pytest.mark.parametrize(("minutes", "stays"), [(-61, False), (-60, True), (0, True), (60, True), (61, False)])
def test_nothing_moves_within_an_hour_of_a_breach(overload, desk, minutes, stays):
    plan = rebalance(overload({"next_sla": desk.now + timedelta(minutes=minutes)}))

    assert (plan.stayed.get("t") == "sla_near") == stays


@pytest.mark.parametrize(("days", "stays"), [(0, True), (6.9, True), (7, False), (30, False)])
def test_a_ticket_that_changed_hands_stays_for_a_week(overload, desk, days, stays):
    plan = rebalance(overload({"last_move": desk.now - timedelta(days=days)}))

    assert (plan.stayed.get("t") == "moved_lately") == stays


@pytest.mark.parametrize(
    "of_b",
    [{"light": True}, {"on_leave": True}, {"over_legal_hours": True}, {"hours": 0}, {"works_from": None}],
)
def test_who_is_away_or_has_worked_enough_receives_nothing(overload, desk, of_b):
    others = [desk.agent("C", 20)]  # without another, A would be alone with the share

    assert went(rebalance(overload(of_b=of_b, others=others))) == {}


@pytest.mark.parametrize(("hours", "moves"), [(3, 1), (4, 1), (5, 0)])
def test_who_starts_late_receives_nothing(overload, desk, hours, moves):
    assert len(rebalance(overload(of_b={"works_from": desk.now + timedelta(hours=hours)})).moves) == moves


def test_a_ticket_goes_to_nobody_who_starts_within_the_guard_of_its_sla(overload, desk):
    sla = {"next_sla": desk.now + timedelta(hours=3)}

    assert went(rebalance(overload(sla, {"works_from": desk.now + timedelta(hours=2)}))) == {"t": "B"}
    assert went(rebalance(overload(sla, {"works_from": desk.now + timedelta(hours=2, minutes=1)}))) == {}


def test_colleagues_who_carry_too_much_themselves_are_no_room_rather_than_not_able(desk):
    people = [desk.agent("A", 20), desk.agent("B", 20), desk.agent("C", 2, over_legal_hours=True)]

    assert rebalance(desk.question([desk.ticket("t")], people)).stayed == {"t": "no_room"}


def test_an_own_limit_is_kept(overload):
    assert went(rebalance(overload(of_b={"cap": 3}))) == {"t": "B"}
    assert rebalance(overload(of_b={"cap": 2.9})).stayed == {"t": "no_room"}


def test_who_is_above_the_own_limit_gives_within_the_fair_share(desk):
    people = [desk.agent("A", 10, cap=5), desk.agent("B", 10), desk.agent("C", 30)]
    plan = rebalance(desk.question([desk.ticket("t", assignee="A")], people))

    assert went(plan) == {"t": "B"}


def test_hard_tickets_are_spread(overload):
    assert went(rebalance(overload({"hard": True}, {"hard": 4}))) == {"t": "B"}
    assert rebalance(overload({"hard": True}, {"hard": 5})).stayed == {"t": "hard_ones_spread"}


def test_who_knows_a_ticket_comes_first(overload, desk):
    others = [desk.agent("C", 2)]

    assert went(rebalance(overload(others=others))) == {"t": "B"}
    known = rebalance(overload({"known_by": ["C", "somebody who left"]}, others=others))
    assert went(known) == {"t": "C"}
    assert known.moves[0].why.knows


def test_a_move_must_gain_more_than_it_costs(desk):
    people = [desk.agent("A", 11.5), desk.agent("B", 10.5), desk.agent("C", 10.5)]
    asked = {"tickets": [desk.ticket("t", effort=0.3)], "agents": people}

    assert rebalance(desk.question(**asked)).stayed == {"t": "not_worth_it"}
    assert rebalance(desk.question(**asked)).verdict == "nothing_better"
    assert went(rebalance(desk.question(**asked, move_cost=0.0, continuity_bonus=0.0))) == {"t": "B"}


def test_the_greatest_number_of_moves_is_kept_and_the_best_ones_are_taken(desk):
    tickets = [desk.ticket(f"t{n}", effort=1 + n / 4) for n in range(8)]
    people = [desk.agent("A", 30), desk.agent("B", 2), desk.agent("C", 2)]
    plan = rebalance(desk.question(tickets, people, most_moves=3))

    assert set(went(plan)) == {"t5", "t6", "t7"}
    assert set(plan.stayed.values()) == {"most_moves_reached"}
    assert rebalance(desk.question(tickets, people, most_moves=0)).moves == ()


def test_only_tickets_of_those_asked_for_move(desk):
    tickets = [desk.ticket("a", "A"), desk.ticket("b", "B")]
    people = [desk.agent("A", 20), desk.agent("B", 20), desk.agent("C", 2)]
    plan = rebalance(desk.question(tickets, people, frozenset({"B"})))

    assert went(plan) == {"b": "C"}
    assert plan.stayed == {"a": "not_asked"}


def test_groups_that_share_no_colleague_have_fair_shares_of_their_own(desk):
    people = [desk.agent("A", 30), desk.agent("B", 20), desk.agent("C", 1, groups=["other"])]
    plan = rebalance(desk.question([desk.ticket("t")], people))

    assert went(plan) == {"t": "B"}
    assert plan.loads["share_before"].to_list() == pytest.approx([1.2, 0.8, 1.0])


def test_tickets_of_who_has_no_hours_go_to_who_has(desk):
    people = [desk.agent("A", 3, hours=0, on_leave=True), desk.agent("B", 9), desk.agent("C", 11)]
    plan = rebalance(desk.question([desk.ticket("t")], people))

    assert went(plan) == {"t": "B"}
    assert plan.moves[0].why.from_before is None
    assert "No hours are scheduled" in explain(plan, "t")[1]


def test_nothing_at_all_is_a_plan(desk):
    plan = rebalance(desk.question([], []))

    assert (plan.moves, plan.verdict, plan.gap, plan.gap_of_gain) == ((), "nothing_to_move", 0.0, 0.0)


def test_a_move_is_explained_by_the_ticket_and_the_loads_of_queues(overload):
    skilled = {"skills": ["refunds"], "language": "nl", "hard": True, "known_by": ["B"], "effort": 1.95}
    plan = rebalance(overload(skilled, {"skills": ["refunds"], "languages": ["nl"]}))

    assert explain(plan, "t", names={"A": "Ann", "B": "Bea", "support": "Support"}) == [
        "Ticket t (1.95 × a normal ticket) would go from Ann to Bea.",
        "The queue of Ann goes from 182% to 164% of its fair share.",
        "The queue of Bea goes from 18% to 36% of its fair share, and so stays within it.",
        "Bea works in the ticket's group, Support.",
        "The ticket needs: refunds. Bea has it.",
        "The ticket is in nl, which Bea works in.",
        "Bea already knows this ticket or its requester.",
        "It is a hard ticket; Bea stays within a fair number of those.",
        "Nobody else could take it now.",
    ]
    assert "(1,95 × een gewoon ticket)" in explain(plan, "t", "nl")[0]
    assert explain(plan, "t", "nl")[3] == "B werkt in de groep van het ticket, support."


def test_a_ticket_that_stays_is_explained(overload):
    plan = rebalance(overload({"call_back": True}))

    assert explain(plan, "t", "nl") == [
        "Ticket t blijft waar het is.",
        "De behandelaar heeft de klant beloofd terug te bellen.",
    ]


def test_every_reason_to_stay_has_its_sentence_in_every_language():
    assert all(set(STAYED) <= set(texts) for texts in TEXTS.values())
    assert TEXTS["en"].keys() == TEXTS["nl"].keys()


def test_what_cannot_be_explained_is_refused(overload):
    plan = rebalance(overload())

    with pytest.raises(BadPayload, match="ticket x is not part of this plan"):
        explain(plan, "x")
    with pytest.raises(BadPayload, match="no texts in 'fy'; there are: en, nl"):
        explain(plan, "t", "fy")


def test_every_verdict_is_one_of_the_list(overload):
    assert {rebalance(overload(t)).verdict for t in ({}, {"call_back": True}, {"effort": 0.0})} <= set(VERDICTS)


@pytest.mark.parametrize(
    ("tickets", "people", "message"),
    [
        ([{"effort": -1.0}], {}, "ticket t0 has a negative effort"),
        ([{"hard": None}], {}, "ticket t0 has no hard"),
        ([{"effort": 3.0}, {"effort": 18.0}], {}, "agent A has less effort than the listed tickets together"),
        ([{"hard": True}], {}, "agent A has fewer hard tickets than are listed"),
        ([{}], {"minutes": 10**7}, "agent A has more than a year of minutes"),
        ([{}], {"effort": 10**13}, "agent A has more than 10,000 tickets' effort"),
    ],
)
def test_what_contradicts_itself_is_refused(desk, tickets, people, message):
    listed = [desk.ticket(f"t{n}", **values) for n, values in enumerate(tickets)]

    with pytest.raises(BadPayload, match=message):
        desk.question(listed, [{**desk.agent("A", 20), **people}, desk.agent("B", 2)])


def test_tables_of_another_shape_and_names_listed_twice_are_refused(desk):
    asked = desk.question([desk.ticket("t")], [desk.agent("A", 20)])

    with pytest.raises(BadPayload, match="does not fit its schema in: effort"):
        type(asked)(asked.tickets.with_columns(pl.col("effort").cast(pl.Float64)), asked.agents, asked.settings)
    with pytest.raises(BadPayload, match="does not fit its schema in: group"):
        type(asked)(asked.tickets.drop("group"), asked.agents, asked.settings)
    with pytest.raises(BadPayload, match="agent A is listed twice"):
        desk.question([], [desk.agent("A", 1), desk.agent("A", 2)])
    with pytest.raises(BadPayload, match="from_whom names agents that are not in the table: X"):
        desk.question([], [desk.agent("A", 1)], frozenset({"X"}))


@pytest.mark.parametrize(
    "settings",
    [
        {"move_cost": 0.1, "continuity_bonus": 0.2},
        {"most_moves": -1},
        {"hard_share": -1.0},
        {"sla_guard": timedelta(hours=-1)},
        {"ping_pong_days": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(desk, settings):
    with pytest.raises(BadPayload, match="rebalance settings"):
        desk.question([], [], **settings)
