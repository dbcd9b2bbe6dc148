"""The simulated team after its tickets changed hands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.demo import Change, LivingTeam, simulate
from helpdesk_wellbeing.errors import ConfigError

END = date(2026, 11, 20)
MOVED = datetime(2026, 11, 12, 10, 3, tzinfo=UTC)
LATER = MOVED + timedelta(days=2)
ARRIVAL = ("at", "ticket", "actor", "priority", "channel", "group")


@pytest.fixture(scope="module")
def team():
    return LivingTeam(1, end=END, weeks=9)


@pytest.fixture(scope="module")
def unchanged(world):
    return world


@pytest.fixture(scope="module")
def moves(team, unchanged):
    """Four open tickets of the desk to which work was pushed go to its colleague, and a waiting one of the first line
    goes to one of its people."""
    team.begin_again()
    team.run(MOVED)
    tickets, staff = team.tickets(), team.staff()
    pushed = next(p.subject for p in unchanged.planted if p.signal == "LD1")
    groups = dict(staff.select("agent", pl.col("groups").list.first()).iter_rows())
    colleague = next(agent for agent, group in groups.items() if group == groups[pushed] and agent != pushed)
    theirs = tickets.filter(pl.col("assignee") == pushed)["ticket"].to_list()[-4:]
    orders = unchanged.roster.groups.filter(pl.col("name") == "Orders")["group"][0]
    waiting = tickets.filter((pl.col("group") == orders) & pl.col("assignee").is_null())["ticket"][-1]
    helper = staff.filter(pl.col("present") & (pl.col("groups").list.first() == orders))["agent"][0]
    return [
        *(Change(MOVED, ticket, colleague, actor="api") for ticket in theirs),
        Change(MOVED, waiting, helper, actor="api"),
    ]


@pytest.fixture(scope="module")
def changed(team, moves):
    return team.world(moves)


def before(world, instant):
    return world.events.filter(pl.col("at") < instant)


def test_run_step_by_step_without_changes_the_record_is_that_of_one_run(team, unchanged):
    team.begin_again()
    for days in (0, 1, 5, 9):
        team.run(MOVED + timedelta(days=days))
    assert team.events().equals(unchanged.events)


def test_the_record_before_a_change_stays_as_it_was_and_goes_on_otherwise(unchanged, changed):
    assert before(changed, MOVED).equals(before(unchanged, MOVED))
    assert not changed.events.equals(unchanged.events)


@pytest.mark.prove
def test_a_second_change_leaves_the_record_between_the_two_as_it_was(team, moves, changed):
    ticket = changed.events.filter((pl.col("kind") == "created") & (pl.col("at") < LATER))["ticket"][-1]
    both = team.world([*moves, Change(LATER, ticket, moves[0].agent, actor="api")])
    assert before(both, LATER).equals(before(changed, LATER))
    assert not both.events.equals(changed.events)


@pytest.mark.prove
def test_the_same_changes_give_the_same_world_in_one_call(moves, changed):
    assert simulate(1, end=END, weeks=9, changes=moves).events.equals(changed.events)


def test_the_same_tickets_come_in_whatever_is_changed(unchanged, changed):
    first = pl.col("kind") == "created"
    assert changed.events.filter(first).select(ARRIVAL).equals(unchanged.events.filter(first).select(ARRIVAL))


def test_teams_that_a_change_does_not_reach_go_on_as_before(unchanged, changed):
    others = unchanged.roster.groups.filter(pl.col("name").is_in(["Chat", "Deliveries"]))["group"]
    days = pl.col("at") < LATER
    words = ("at", "ticket", "actor", "kind", "before", "after")
    here = [w.events.filter(pl.col("group").is_in(others.implode()) & days).select(words) for w in (unchanged, changed)]
    assert here[0].equals(here[1])


def test_tickets_are_answered_by_who_has_them_now(moves, changed):
    after = changed.events.filter((pl.col("at") > MOVED) & (pl.col("kind") == "replied"))
    for move in moves:
        answers = after.filter(pl.col("ticket") == move.ticket)
        assert answers["actor"].to_list()[:1] in ([move.agent], [])
    helped = moves[-1]
    assert helped.agent in after.filter(pl.col("ticket") == helped.ticket)["actor"].to_list()


def test_the_record_shows_the_change_where_somebody_is_named_for_it(moves, changed):
    saves = changed.events.filter((pl.col("actor") == "api") & (pl.col("kind") == "assigned"))
    assert saves["ticket"].to_list() == [move.ticket for move in moves]
    assert saves["after"].to_list() == [move.agent for move in moves]


@pytest.mark.prove
def test_the_record_keeps_quiet_about_a_change_that_nobody_is_named_for(team, moves):
    team.begin_again()
    for move in moves:
        team.reassigned(move.ticket, move.agent, None, move.at)
    assert team.events().filter(pl.col("actor") == "api").is_empty()


def test_no_two_saves_share_a_batch(changed):
    saves = changed.events.group_by("batch").agg(pl.col("ticket").n_unique(), pl.col("at").n_unique())
    assert saves["ticket"].max() == 1
    assert saves["at"].max() == 1


@pytest.mark.prove
def test_a_relieved_desk_has_less_open_work_and_its_colleague_more(team, moves):
    team.begin_again()
    team.run(MOVED)
    weights = [dict(team.staff().select("agent", "open_weight").iter_rows())]
    held = dict(team.tickets().select("ticket", "assignee").iter_rows())
    effort = dict(team.tickets().select("ticket", "open_weight").iter_rows())
    for move in moves[:4]:
        team.reassigned(move.ticket, move.agent, move.group, move.at)
    weights.append(dict(team.staff().select("agent", "open_weight").iter_rows()))
    moved = sum(effort[move.ticket] for move in moves[:4])
    change = {agent: weights[1][agent] - weight for agent, weight in weights[0].items() if weights[1][agent] != weight}
    assert change == pytest.approx({held[moves[0].ticket]: -moved, moves[0].agent: moved})


def test_nothing_follows_from_a_change_of_what_is_closed_or_unknown(team, unchanged):
    closed = unchanged.events.filter(pl.col("after") == "closed")["ticket"][0]
    agent = unchanged.roster.users["user"][0]
    team.begin_again()
    closed_at = unchanged.events.filter(pl.col("after") == "closed")["at"][0] + timedelta(hours=1)
    assert not team.reassigned(closed, agent, None, closed_at)
    assert not team.reassigned("nothing", agent, None, closed_at)
    open_one = team.tickets()["ticket"][-1]
    assert not team.reassigned(open_one, agent, "no such group", closed_at)


def test_the_past_cannot_be_changed(team):
    team.begin_again()
    team.run(MOVED - timedelta(days=40))
    with pytest.raises(ConfigError, match="lived on since"):
        team.reassigned("1", None, None, MOVED - timedelta(days=41))


def test_changes_are_for_one_company(moves):
    with pytest.raises(ConfigError, match="scale 1"):
        simulate(1, end=END, scale=2, changes=moves)
