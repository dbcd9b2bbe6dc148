"""The planner used on a rough team for two weeks, against leaving all tickets where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bench import acting
from helpdesk_wellbeing.demo.rough import rough_team
from helpdesk_wellbeing.demo.rough_desk import Desk, Office
from helpdesk_wellbeing.plan.policy import Rebalancing

SEED, SETUP = 1, acting.Setup(weeks=2, before=4)


@pytest.fixture(scope="module")
def without():
    return acting.run(SEED, None, SETUP)


@pytest.fixture(scope="module")
def acted():
    return acting.run(SEED, acting.Mover(acting.ours, Rebalancing()), SETUP)


def test_acting_saves_overload_hours_with_few_moves(without, acted):
    assert without[0].over_limit > 20
    assert acted[0].over_limit < 0.8 * without[0].over_limit
    assert 0 < acted[0].moves < 0.05 * acted[0].arrived


def test_acting_makes_answers_no_later(without, acted):
    assert acted[0].late / acted[0].answers < without[0].late / without[0].answers + 0.005


def test_the_same_seed_gives_the_same_figures(acted):
    assert acting.run(SEED, acting.Mover(acting.ours, Rebalancing()), SETUP) == acted


def test_the_same_tickets_come_in_whether_somebody_acts_or_not(without, acted):
    assert without[0].arrived == acted[0].arrived
    assert without[0].hours == acted[0].hours


def test_nobody_moves_anything_before_the_weeks_that_count():
    asked = []
    team = rough_team(SEED, acting.MONDAY, 2)
    first = acting.MONDAY + timedelta(days=7)

    def mover(desk, now):
        asked.append(datetime.fromtimestamp(now, UTC).date())
        return []

    Desk(team, first, lambda desk: {p.agent.id: 20.0 for p in desk.people}, mover, (9.0, 13.0)).run()
    assert asked == [first + timedelta(days=n) for n in range(5) for _ in range(2)]


def test_moves_go_to_people_who_may_take_them_and_end_in_their_hands():
    team, seen = rough_team(SEED, acting.MONDAY, 8), []
    first, ours = acting.MONDAY + timedelta(days=42), acting.Mover(acting.ours, Rebalancing())

    def mover(desk, now):
        moves = ours(desk, now)
        for case, person in moves:
            assert case.ticket.group in person.agent.groups
            assert set(case.ticket.skills) <= set(person.agent.skills)
            given = sum(c.weight for c, p in moves if p is person)
            assert person.open_weight + given <= desk.limits[person.agent.id]
        seen.extend(moves)
        return moves

    Desk(team, first, acting.limits, mover, acting.LOOKS).run()
    assert seen
    for case, person in {case.ticket.id: (case, person) for case, person in seen}.values():
        assert case.holder is person


def test_targets_run_in_office_hours():
    office = Office(acting.MONDAY, acting.MONDAY + timedelta(days=14))
    friday_half_past_five = int(datetime(2026, 3, 6, 16, 30, tzinfo=UTC).timestamp())
    monday_half_past_nine = int(datetime(2026, 3, 9, 8, 30, tzinfo=UTC).timestamp())
    saturday = int(datetime(2026, 3, 7, 11, 0, tzinfo=UTC).timestamp())
    assert office.after(friday_half_past_five, 2 * 3600) == monday_half_past_nine
    assert office.after(saturday, 90 * 60) == monday_half_past_nine
