"""The simulated team, seen by a lead on a Friday morning at seven: what is planted in it is answered, and truly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.agreement.gate import CLOSED, OPEN
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.plan.actions.loads import ABOVE_LIMIT, above_limit
from helpdesk_wellbeing.plan.limits import limits
from helpdesk_wellbeing.plan.open_work import COLUMNS, open_work
from helpdesk_wellbeing.plan.planning import Situation, propose
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.signals.ld1 import usual_now
from helpdesk_wellbeing.store import open_store

SEVEN = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def outcome(world, tmp_path_factory):
    home = tmp_path_factory.mktemp("planned")
    catalogue = Catalogue(SIGNALS, load_rules(SIGNALS))
    with open_store(Settings(home, f"sqlite:///{home}/wellbeing.db")) as store:
        store.create_account("demo", zone=world.zone)
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(store, f"replace_{kind}")("demo", "file", getattr(world.roster, kind))
        store.add_events("demo", world.events)
        found = Engine(store, "demo", catalogue).assess(SEVEN)
        events = store.read_events("demo", SEVEN - timedelta(weeks=8), SEVEN, list(COLUMNS))
    return found, check(found, catalogue, gate=OPEN), events, catalogue.rules


@pytest.fixture(scope="module")
def situation(outcome, world):
    found, answer, events, rules = outcome
    policy = Policy(alerts_a_day=100)
    work = open_work(found.standing.carry.tickets, events, found.facts.handled, policy.tags)
    return Situation("demo", SEVEN, world.zone, answer["flags"], rules, found.facts, work, policy)


@pytest.fixture(scope="module")
def planned(situation):
    return propose(situation)


def test_open_work_is_what_the_load_signals_count(situation, outcome):
    held = situation.work.filter(pl.col("assignee").is_not_null()).group_by("assignee").agg(pl.col("effort").sum())
    loads = outcome[0].standing.carry.loads
    compared = held.filter(pl.col("effort") > 0).join(loads, left_on="assignee", right_on="agent")
    assert compared.height == loads.height
    assert (compared["effort"] == compared["weight"]).all()


def test_every_planted_problem_has_an_answer(planned, world):
    answered = {(b.rule, b.subject.id) for p in planned.proposals for b in p.because}
    assert {(p.rule, p.subject) for p in world.planted} <= answered


def test_no_innocent_is_the_subject_of_anything(planned, world):
    subjects = {(b.subject.kind, b.subject.id) for p in planned.proposals for b in p.because}
    assert not subjects & {(i.subject_kind, i.subject) for i in world.innocents}


def test_the_uneven_team_is_levelled_by_tickets_that_are_really_there(planned, situation, world):
    team = next(p.subject for p in world.planted if p.signal == "LD4")
    (proposal,) = [p for p in planned.proposals if p.action == "rebalance" and p.subject.id == team]
    where = {t: (g, a) for t, g, a in situation.work.select("ticket", "group", "assignee").rows()}
    assert all(where[m.ticket] == (m.group, m.giver) for m in proposal.moves)
    (giver,) = {m.giver for m in proposal.moves}
    before, after = next(
        (row["share_before"], row["share_after"]) for row in proposal.details["loads"] if row["agent"] == giver
    )
    assert before > 2
    assert after < 1.4


def test_whoever_has_a_baseline_has_a_limit_well_above_what_is_usual(situation, outcome):
    own = limits(situation)
    usual = usual_now(outcome[0].facts)
    assert len(own) > 10
    assert set(own) >= set(usual)
    assert all(own[agent] >= 1.3 * usual[agent].median for agent in usual)


def test_who_is_above_the_limit_now_is_only_answered_at_once_where_the_account_wants_it(situation, planned):
    def rules(planned):
        return {b.rule for p in planned.proposals for b in p.because}

    low = 0.6  # so that somebody is above it
    at_once = [
        Policy(alerts_a_day=100, rebalance={"over": low, "at_once": wanted, "least_effort": 0.1})
        for wanted in (True, False)
    ]
    found = [propose(replace(situation, policy=policy)) for policy in at_once]
    assert ABOVE_LIMIT in rules(found[0])
    assert ABOVE_LIMIT not in rules(found[1]) | rules(planned)
    withheld = replace(situation, policy=at_once[0], gate=CLOSED)
    assert ABOVE_LIMIT not in rules(propose(withheld))
    above = above_limit(replace(situation, policy=at_once[0]))
    told = {b.subject.id for p in found[0].proposals for b in p.because if b.rule == ABOVE_LIMIT}
    assert told <= set(above)
