"""From stored events to proposals before people, look after look, on the simulated team."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.acting import asking, policy, review, views
from helpdesk_wellbeing.acting.proposing import look_again
from helpdesk_wellbeing.agreement import saying
from helpdesk_wellbeing.cli.demo_browse import Evaluating
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.surveys.model import State

THURSDAY = datetime(2026, 11, 19, 9, tzinfo=UTC)
CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    """The team, folded once; each test works on a copy."""
    home = tmp_path_factory.mktemp("proposing")
    with open_store(Settings(home, f"sqlite:///{home}/wellbeing.db")) as store:
        store.create_account("demo", zone=world.zone)
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(store, f"replace_{kind}")("demo", "file", getattr(world.roster, kind))
        store.add_events("demo", world.events)
        Engine(store, "demo", CATALOGUE).update()
    return home


@pytest.fixture
def store(folder, tmp_path):
    shutil.copy(folder / "wellbeing.db", tmp_path)
    with open_store(Settings(tmp_path, f"sqlite:///{tmp_path}/wellbeing.db")) as opened:
        yield opened


def look(store, at=THURSDAY):
    return look_again(store, Engine(store, "demo", CATALOGUE).assess(at), CATALOGUE, at)


def loads(store):
    return dict(Engine(store, "demo", CATALOGUE).assess(THURSDAY).standing.carry.loads.rows())


def test_a_second_look_makes_nothing_that_is_there_already(store):
    first, second = look(store), look(store, THURSDAY + timedelta(minutes=15))

    assert len(first.made) > 10
    assert second.made == second.renewed == []
    reasons = {skipped.reason for skipped in second.planned.skipped}
    assert "already proposed" in reasons


def test_what_no_law_asks_for_is_five_a_day_and_reviewer_over_all_looks(store, world):
    for minutes in range(0, 60, 15):
        look(store, THURSDAY + timedelta(minutes=minutes))
    rules = CATALOGUE.rules
    made = [kept for kept in store.proposals.listed("demo") if kept.body["because"]]
    limited = [k for k in made if not any(b["rule"] in rules and rules[b["rule"]].statutory for b in k.body["because"])]
    leads = {row["lead_of"][0] for row in world.roster.people.iter_rows(named=True) if row["lead_of"]}

    assert len(limited) <= 5 * (len(leads) + 1)
    assert len(limited) < len(made)


def test_what_is_declined_is_not_proposed_the_next_day(store):
    look(store)
    first = next(p for p in views.listed(store, "demo") if p["action"] == "rebalance")
    review.decline(store, "demo", first["id"], "a lead", "wrong moment", THURSDAY)
    again = look(store, THURSDAY + timedelta(days=1))

    subject = first["subject"]["id"]
    assert not [p for p in again.planned.proposals if p.action == "rebalance" and p.subject.id == subject]
    assert ("rebalance", "declined lately") in {(s.action, s.reason) for s in again.planned.skipped}


def test_a_proposal_ends_with_its_flag(store, world):
    look(store)
    before = {p["id"] for p in views.listed(store, "demo") if p["because"]}
    later = look(store, world.as_of + timedelta(weeks=26))

    assert before <= set(later.ended)


def test_an_action_that_is_off_is_not_proposed(store):
    policy.change(store, "demo", "an admin", THURSDAY, modes={"check_in": "off"})

    assert "check_in" not in {p.action for p in look(store).planned.proposals}


def test_every_team_of_five_is_asked_every_three_months_and_none_before_it_was_answered(store):
    policy.change(store, "demo", "an admin", THURSDAY, modes={"esat_wave": "approve"}, public_url="http://127.0.0.1:1")
    look(store)
    regular = [p for p in views.listed(store, "demo") if p["action"] == "esat_wave" and not p["because"]]
    assert regular
    team = regular[0]["subject"]["id"]
    stays_out = asking.teams(store.directory("demo"), THURSDAY.date())[team][0].person
    policy.change(store, "demo", "an admin", THURSDAY, not_asked=[stays_out])
    assert stays_out not in str(store.audit.entries("demo", 0, 10_000)[-1])
    review.accept(store, "demo", regular[0]["id"], "a lead", THURSDAY)
    (wave,) = store.surveys.waves("demo")
    assert (wave.teams, wave.state) == ((team,), State.OPEN)
    invited = [w for w in store.writes.of_proposal("demo", regular[0]["id"]) if w.kind == "invite"]
    assert len(invited) == wave.invited >= 5
    assert stays_out not in {write.target for write in invited}

    look(store, THURSDAY + timedelta(days=8))
    assert store.surveys.waves("demo")[0].state == State.PUBLISHED
    later = look(store, THURSDAY + timedelta(days=120))
    assert not [p for p in later.made if store.proposals.get("demo", p).subject == team]


def test_a_ticket_that_this_program_made_is_nobodys_work(store):
    at = THURSDAY - timedelta(hours=1)
    open_work = loads(store)
    agent = min(open_work)
    row = store.read_events("demo", at - timedelta(days=7), at).filter(pl.col("kind") == "created").head(1)
    ours = row.with_columns(
        id=pl.lit("ours"), ticket=pl.lit("999999"), at=pl.lit(at).cast(row["at"].dtype), assignee=pl.lit(agent),
        status=pl.lit("open").cast(row["status"].dtype),
    )  # fmt: skip
    store.add_events("demo", ours)
    assert loads(store)[agent] > open_work[agent]

    store.writes.made_ticket("demo", "999999", at)
    store.mark_dirty("demo", at - timedelta(hours=1))
    assert loads(store) == open_work


def test_what_waits_says_what_is_so_the_next_day_as_old_as_it_was(store):
    look(store)
    before = {kept.id: kept for kept in store.proposals.listed("demo", ("open",))}
    later = look(store, THURSDAY + timedelta(days=1))
    renewed = [store.proposals.get("demo", id) for id in later.renewed]

    assert renewed
    for kept in renewed:
        old = before[kept.id]
        assert (kept.made_at, kept.changed_at, kept.state) == (old.made_at, old.changed_at, "open")
        assert kept.body["lead_from"] == old.body["lead_from"]
    assert look(store, THURSDAY + timedelta(days=1, minutes=15)).renewed == []


def test_the_demos_browser_part_heeds_what_somebody_says_as_a_worker_does(store):
    evaluating = Evaluating(store, CATALOGUE, lambda: THURSDAY)
    evaluating.go_on()
    flag = next(one for one in store.work.answer_of("demo")["flags"] if one["subject"]["kind"] == "agent")
    waiting = {kept.id for kept in store.proposals.listed("demo", ("open",))}
    assert waiting
    made = store.work.answers_made()
    evaluating.go_on()
    assert store.work.answers_made() == made

    agent = flag["subject"]["id"]
    saying.contest(store, "demo", flag, saying.CONTESTED_BECAUSE[0], THURSDAY, by="a test", agent=agent)
    saying.set_own_hours(store, "demo", agent, "Mon-Sun 06:00-23:00", THURSDAY)
    assert store.work.run_of("demo").evaluated_at is None
    evaluating.go_on()
    run = store.work.run_of("demo")
    assert (run.evaluated_at, run.plan_due_at > THURSDAY, store.dirty_since("demo")) == (THURSDAY, True, None)
