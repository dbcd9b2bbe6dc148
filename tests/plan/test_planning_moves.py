"""The action `rebalance`: who is asked to give and take, what is said about it, and when nothing is proposed."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from helpdesk_wellbeing.agreement.gate import CLOSED, Gate
from helpdesk_wellbeing.plan.planning import History
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import Subject

TODAY = date(2026, 3, 4)
ONE = {"rebalance": {"most_moves": 1}}


def moves(planned):
    return [m for p in planned.proposals if p.action == "rebalance" for m in p.moves]


def reason(planned):
    return next(s.reason for s in planned.skipped if s.action == "rebalance")


def test_a_flagged_team_is_levelled_within_its_group_until_its_working_day_ends(crowded):
    planned = crowded.plan()
    (proposal,) = planned.proposals
    assert proposal.subject == Subject("team", "support")
    assert {m.giver for m in proposal.moves} == {"A"}
    assert {m.receiver for m in proposal.moves} <= {"B", "C", "D"}
    assert {m.group for m in proposal.moves} == {"support"}
    assert proposal.expires_at == crowded.now.replace(hour=16)
    assert proposal.lead_from == crowded.now
    assert "tickets change hands within Team support" in proposal.texts["en"]
    assert "tickets gaan binnen Team support naar een ander" in proposal.texts["nl"]
    assert "Name of A" in proposal.moves[0].reasons["en"]


def test_what_is_said_of_a_team_holds_nobodys_share(crowded):
    for proposal in (crowded.plan().proposals[0], crowded.plan(policy=Policy.model_validate(ONE)).proposals[0]):
        assert set(proposal.texts) == {"en", "nl"}
        for text in proposal.texts.values():
            said = text.replace(str(len(proposal.moves)), "", 1)
            assert not re.search(r"fullest|volste|2[.,]2|0[.,]6", said)
            assert "%" not in re.sub(r"[^.]*(most|hoogstens)[^.]*\.", "", said)  # how much better another plan could be


def test_nobody_above_their_fair_share_receives(crowded):
    (proposal,) = crowded.plan().proposals
    loads = [row for row in proposal.details["loads"] if row["effort_after"] > row["effort_before"]]
    assert loads
    assert all(row["share_after"] <= 1 for row in loads)


def test_names_stand_only_at_the_loads_of_who_gives_or_receives(crowded):
    crowded.leave.append(("B", TODAY, TODAY))
    (proposal,) = crowded.plan().proposals
    named = {row["agent"] for row in proposal.details["loads"]} - {None}
    assert named == {m.giver for m in proposal.moves} | {m.receiver for m in proposal.moves}
    assert len(proposal.details["loads"]) == 4


@pytest.mark.parametrize(
    "why",
    [
        lambda s: s.leave.append(("B", TODAY, TODAY)),
        lambda s: s.flag("WT2", "B"),
        lambda s: s.flag("ES2", "B"),
        lambda s: s.people[1].update(schedule="Thu-Fri 09:00-17:00"),
        lambda s: s.people[1].update(time_zone="America/Los_Angeles"),  # sleeps
        lambda s: s.people[1].update(excluded=True),
        lambda s: s.people[1].update(groups=["other"]),
        lambda s: s.people[1].update(schedule=None),
    ],
)
def test_who_cannot_or_should_not_take_work_receives_none(crowded, why):
    why(crowded)
    found = moves(crowded.plan())
    assert found
    assert "B" not in {m.receiver for m in found}


def test_light_agents_receive_none(crowded):
    assert "B" not in {m.receiver for m in moves(crowded.plan(light=frozenset("B")))}


def test_an_overloaded_agent_gives_and_the_flag_of_another_is_not_answered_with_it(crowded):
    crowded.flags.clear()
    crowded.flag("LD1", "D")  # four tickets are few here, but D is the one who is flagged
    planned = crowded.plan()
    assert reason(planned) == "no better distribution"
    crowded.flag("LD1", "A", open_weight=12.0, median_weight=6.0, z=4.0, days_of_work=5.0)
    (proposal,) = [p for p in crowded.plan().proposals if p.action == "rebalance"]
    assert {b.subject.id for b in proposal.because} == {"A", "D"}
    assert "D" not in {m.receiver for m in proposal.moves}
    assert "Name of" not in proposal.texts["en"]


def test_no_more_moves_than_lies_above_the_limit_from_which_open_work_is_flagged(crowded):
    crowded.flags.clear()
    crowded.flag("LD1", "A", open_weight=12.0, median_weight=6.0, z=4.0, days_of_work=5.0)  # warns from 9.6 on
    assert len(moves(crowded.plan())) == 3
    crowded.tickets[:] = [t for t in crowded.tickets if t["ticket"] not in ("A00", "A01", "A02")]
    assert reason(crowded.plan()) == "no better distribution"


def test_nobody_is_filled_up_to_their_own_limit(crowded):
    for scene_flag in (("B", 3.5), ("C", 3.2)):
        agent, limit = scene_flag
        shift = {"open_weight": limit, "median_weight": limit - 1, "z": 2.5, "days_of_work": 1.0}
        crowded.flag("LD1", agent, state="cooling", **shift)
    found = moves(crowded.plan(policy=Policy(rebalance={"fill": 1.0})))
    assert {m.receiver for m in found} == {"D"}


def test_a_declined_move_goes_to_somebody_else_and_is_explained_without_it(crowded):
    before = moves(crowded.plan())
    first = before[0]
    refused = {(first.ticket, first.receiver): crowded.now + timedelta(days=3)}
    after = moves(crowded.plan(history=History(refused=refused)))
    assert (first.ticket, first.receiver) not in {(m.ticket, m.receiver) for m in after}
    assert all("needs" not in m.reasons["en"] for m in after)
    over = dict.fromkeys(refused, crowded.now)
    assert moves(crowded.plan(history=History(refused=over))) == before


def test_a_ticket_that_everybody_declined_stays(crowded):
    ticket = moves(crowded.plan())[0].ticket
    refused = {(ticket, agent): crowded.now + timedelta(days=3) for agent in "BCD"}
    found = moves(crowded.plan(history=History(refused=refused)))
    assert found
    assert ticket not in {m.ticket for m in found}


def test_a_ticket_that_this_app_moved_lately_stays(crowded):
    lately = {f"A{number:02}": crowded.now - timedelta(hours=2) for number in range(12)}
    assert reason(crowded.plan(history=History(moved=lately))) == "nothing to move"


def test_what_is_on_its_way_already_counts_as_the_receivers_work(crowded):
    on_the_way = {f"A{number:02}": "B" for number in range(4)}
    found = moves(crowded.plan(history=History(pending=on_the_way)))
    assert found
    assert not {m.ticket for m in found} & set(on_the_way)
    assert "B" not in {m.receiver for m in found}


def test_what_one_team_gives_somebody_counts_when_another_does(make_scene):
    scene = make_scene()
    for team in ("north", "south"):
        scene.person(f"{team} A", groups=[team])
        for number in range(12):
            scene.ticket(f"{team}{number:02}", f"{team} A", group=team)
        scene.flag("LD4", team, kind="team")
    scene.person("B", groups=["north", "south"])
    taken = [m.group for m in moves(scene.plan(policy=Policy(rebalance={"move_cost": 0.1}))) if m.receiver == "B"]
    assert taken.count("north") == 6
    assert taken.count("south") == 3  # (12 + 6) / 2 is a fair share then


def test_a_team_without_schedules_cannot_be_planned_for(crowded):
    for person in crowded.people:
        person["schedule"] = None
    assert reason(crowded.plan()) == "no schedule"


def test_at_night_nobody_can_take_work(crowded):
    assert reason(crowded.plan(now=crowded.now.replace(hour=23))) == "nobody can take work"


def test_promised_calls_stay(crowded):
    for ticket in crowded.tickets:
        ticket["call_back"] = True
    assert reason(crowded.plan()) == "nothing to move"


def test_a_level_team_has_no_better_distribution(crowded):
    crowded.tickets[:] = [t for t in crowded.tickets if t["ticket"][1:] in ("00", "01", "02")]
    assert reason(crowded.plan()) == "no better distribution"


def test_little_is_not_worth_asking_for(crowded):
    for ticket in crowded.tickets:
        ticket["effort"] //= 6
    assert reason(crowded.plan(policy=Policy(rebalance={"move_cost": 0.1}))) == "nothing to move"
    assert moves(crowded.plan(policy=Policy(rebalance={"move_cost": 0.1, "least_effort": 0})))


def test_the_greatest_number_of_moves_is_kept(crowded):
    assert len(moves(crowded.plan(policy=Policy(rebalance={"most_moves": 2})))) == 2


@pytest.mark.parametrize("gate", [CLOSED, Gate(signals=frozenset({"LD1"}), roles=frozenset({"agent"}))])
def test_where_it_is_not_agreed_moves_say_nothing_about_anybodys_load(crowded, gate):
    (proposal,) = crowded.plan(gate=gate).proposals
    assert proposal.details["loads"] == []
    assert "%" not in proposal.texts["en"].split("Proposed:")[1].split("ends above")[0]
    assert all("fair share" not in m.reasons["en"] for m in proposal.moves)
    assert proposal.moves


def test_a_store_of_tickets_is_nobodys_work(crowded):
    crowded.ticket("heap", "B", 20_000)
    found = moves(crowded.plan())
    assert "B" not in {m.receiver for m in found}
