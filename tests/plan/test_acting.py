"""The planner used on a rough team for two weeks, against leaving all tickets where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bench import acting
from helpdesk_wellbeing.demo.rough import rough_team
from helpdesk_wellbeing.demo.rough_desk import Acts, Desk, Office
from helpdesk_wellbeing.plan.policy import Rebalancing

SEED, SETUP = 1, acting.Setup(weeks=2, before=4)
WAYS = acting.ways(Rebalancing())


@pytest.fixture(scope="module")
def without():
    return acting.run(SEED, None, SETUP)


@pytest.fixture(scope="module")
def acted():
    return acting.run(SEED, WAYS[acting.BOTH], SETUP)


@pytest.fixture(scope="module")
def paused():
    return acting.run(SEED, WAYS["pausing only"], SETUP)


def test_acting_saves_overload_hours_with_few_moves(without, acted):
    assert without[0].over_limit > 20
    assert acted[0].over_limit < 0.8 * without[0].over_limit
    assert 0 < acted[0].moves < 0.05 * acted[0].arrived


def test_acting_makes_answers_no_later(without, acted):
    assert acted[0].late / acted[0].answers < without[0].late / without[0].answers + 0.005


def test_pausing_alone_helps_and_moves_nothing(without, paused):
    assert paused[0].over_limit < 0.95 * without[0].over_limit
    assert paused[0].moves == 0
    assert 0 < paused[0].paused < 0.1 * paused[0].hours
    assert paused[0].late / paused[0].answers < without[0].late / without[0].answers + 0.005


def test_the_same_seed_gives_the_same_figures(paused):
    assert acting.run(SEED, WAYS["pausing only"], SETUP) == paused


def test_the_same_tickets_come_in_whether_somebody_acts_or_not(without, acted):
    assert without[0].arrived == acted[0].arrived
    assert without[0].hours == acted[0].hours


def test_what_could_not_be_changed_is_part_of_the_overload(without):
    assert 0 <= without[0].alone <= without[0].together <= without[0].over_limit


def test_nobody_acts_before_the_weeks_that_count():
    asked = []
    team = rough_team(SEED, acting.MONDAY, 2)
    first = acting.MONDAY + timedelta(days=7)

    def actor(desk, now):
        asked.append(datetime.fromtimestamp(now, UTC).date())
        return Acts()

    Desk(team, first, lambda desk: {p.agent.id: 20.0 for p in desk.people}, actor, (9.0, 13.0)).run()
    assert asked == [first + timedelta(days=n) for n in range(5) for _ in range(2)]


def test_who_is_paused_gets_no_new_tickets_until_the_pause_ends():
    team = rough_team(SEED, acting.MONDAY, 2)
    first = acting.MONDAY + timedelta(days=7)
    held = []

    def actor(desk, now):
        person = next(p for p in desk.people if p.present)
        for name, until, before in held:
            arrived = [i for i, case in desk.by_id[name].own.items() if case.ticket.created > before]
            assert (not arrived) == (now <= until)
        held[:] = held or [(person.agent.id, now + 2 * 3600, now)]
        return Acts(pauses={held[0][0]: held[0][1]})

    Desk(team, first, lambda desk: {p.agent.id: 20.0 for p in desk.people}, actor, (10.0, 11.0, 11.9, 16.0)).run()
    assert held


def test_moves_and_pauses_are_for_people_above_their_limit_while_others_can_take_what_comes():
    team, moved, paused = rough_team(SEED, acting.MONDAY, 6), [], []
    first, both = acting.MONDAY + timedelta(days=28), WAYS[acting.BOTH]

    def actor(desk, now):
        acts = both(desk, now)
        for case, person in acts.moves:
            assert case.ticket.group in person.agent.groups
            assert set(case.ticket.skills) <= set(person.agent.skills)
            assert case.holder.open_weight > desk.limits[case.holder.agent.id]
            given = sum(c.weight for c, p in acts.moves if p is person)
            assert person.open_weight + given <= desk.limits[person.agent.id]
        for name, until in acts.pauses.items():
            person = desk.by_id[name]
            assert person.open_weight > desk.limits[name]
            assert now < until <= desk.leaves(person, now)
            for group in person.agent.groups:
                there = [p for p in desk.people if p.present and group in p.agent.groups and p is not person]
                assert any(p.open_weight <= desk.limits[p.agent.id] for p in there)
        moved.extend(acts.moves)
        paused.extend(acts.pauses)
        return acts

    Desk(team, first, acting.limits, actor, acting.LOOKS).run()
    assert paused
    for case, person in {case.ticket.id: (case, person) for case, person in moved}.values():
        assert case.holder is person


def test_a_lead_reads_why_a_ticket_moves_and_why_another_stays(monkeypatch):
    monkeypatch.setattr(acting, "BEFORE", 3)
    text = [line["what"].strip() for line in acting.as_a_lead_reads_it(SEED)]
    assert any("would go from Agent" in sentence for sentence in text)
    assert any("stays where it is" in sentence for sentence in text)


def test_targets_run_in_office_hours():
    office = Office(acting.MONDAY, acting.MONDAY + timedelta(days=14))
    friday_half_past_five = int(datetime(2026, 3, 6, 16, 30, tzinfo=UTC).timestamp())
    monday_half_past_nine = int(datetime(2026, 3, 9, 8, 30, tzinfo=UTC).timestamp())
    saturday = int(datetime(2026, 3, 7, 11, 0, tzinfo=UTC).timestamp())
    assert office.after(friday_half_past_five, 2 * 3600) == monday_half_past_nine
    assert office.after(saturday, 90 * 60) == monday_half_past_nine
