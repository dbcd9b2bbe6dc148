"""The steps of a run, without anything that runs them."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk_wellbeing import arrivals, flags
from helpdesk_wellbeing.acting import proposing
from helpdesk_wellbeing.acting.proposing import Looked
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.errors import ConfigError, PlatformError, Refused, RetryLater
from helpdesk_wellbeing.pipeline import schedule, steps
from helpdesk_wellbeing.pipeline.steps import Means
from helpdesk_wellbeing.plan.planning import Planned
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KNOWN = Catalogue(SIGNALS, load_rules(SIGNALS))


@pytest.fixture
def means(store, helpdesk) -> Means:
    return Means(store, lambda account: helpdesk, chance=lambda: 0.5)


@pytest.fixture
def evaluate(means):
    engine = Engine(means.store, "acme", KNOWN)
    return lambda pulled=None: steps.evaluate(means, "acme", engine, KNOWN, pulled)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_pull_that_brings_news_says_when_to_come_again(means, store, helpdesk):
    helpdesk.brings("acme", now())

    assert steps.pull(means, "acme") == "news"

    run = store.work.run_of("acme")
    assert run.began_at <= run.pulled_at == run.news_at
    assert 2 * MINUTE < run.due_at - run.pulled_at < 8 * MINUTE
    assert store.event_span("acme")[2] == 13


def test_pulls_without_news_are_counted(means, store):
    assert [steps.pull(means, "acme") for _ in range(3)] == ["quiet"] * 3
    assert store.work.run_of("acme").quiet_pulls == 3
    assert store.work.run_of("acme").news_at is None


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_pause_the_account_until_it_is_connected_again(means, store, helpdesk, status):
    helpdesk.trouble = Refused(f"zendesk: {status} for GET /api/v2/users")
    helpdesk.trouble.status = status

    assert [steps.pull(means, "acme") for _ in range(3)] == ["paused"] * 3

    run = store.work.run_of("acme")
    assert helpdesk.asked == 1
    assert run.problem == (f"zendesk: {status} for GET /api/v2/users; pulling is paused until this account "
                           "is connected again (helpdesk-wellbeing connect)")  # fmt: skip
    assert run.paused_at is not None
    assert store.work.due(now() + 24 * HOUR) == {}

    helpdesk.trouble = None
    steps.resume(store, "acme")
    assert list(store.work.due(now())) == ["acme"]
    assert steps.pull(means, "acme") == "quiet"


@pytest.mark.parametrize(
    ("trouble", "line", "minutes"),
    [
        (PlatformError("zendesk: no answer"), "zendesk: no answer", 1),
        (RetryLater("zendesk: 429", after=600.0), "zendesk: 429", 10),
        (Refused("zendesk: 422"), "zendesk: 422", 1),
        (ConfigError("acme: no client secret is stored; run connect again"),
         "acme: no client secret is stored; run connect again", 1),
    ],
)  # fmt: skip
def test_other_trouble_is_tried_again_later(means, store, helpdesk, trouble, line, minutes):
    helpdesk.trouble = trouble
    began = now()

    assert steps.pull(means, "acme") == "failed"

    run = store.work.run_of("acme")
    assert (run.failures, run.problem, run.paused_at) == (1, line, None)
    assert timedelta(0) <= run.due_at - began - minutes * MINUTE < timedelta(seconds=30)


def test_a_defect_is_named_by_its_place_and_not_by_what_it_says(means, store, helpdesk):
    helpdesk.trouble = ValueError("Jane Doe wrote: help")

    steps.pull(means, "acme")

    assert store.work.run_of("acme").problem.startswith("pull: ValueError in pull, line ")
    assert "Jane" not in store.work.run_of("acme").problem


def test_failures_are_forgotten_when_pull_and_evaluation_went_well(means, store, helpdesk, evaluate):
    helpdesk.trouble = PlatformError("zendesk: no answer")
    for _ in range(3):
        steps.pull(means, "acme")
    assert store.work.run_of("acme").failures == 3
    helpdesk.trouble = None

    evaluate(steps.pull(means, "acme"))

    assert (store.work.run_of("acme").failures, store.work.run_of("acme").problem) == (0, None)


def test_an_account_that_another_process_writes_is_left_for_later(means, store, settings, monkeypatch, evaluate):
    monkeypatch.setattr(steps, "TURN_WAIT_S", 0.0)
    with open_store(settings) as other, other.writer("acme", "import"):
        assert steps.pull(means, "acme") == "busy"
        assert evaluate() == "busy"
    assert timedelta(0) < store.work.run_of("acme").due_at - now() < MINUTE
    assert store.work.run_of("acme").failures == 0


def test_a_long_history_is_read_in_turns(store, helpdesk):
    for age in range(5):
        helpdesk.brings("acme", now() - age * HOUR)
    clock = iter(range(0, 10_000, 70))
    means = Means(store, lambda account: helpdesk, clock=lambda: float(next(clock)))
    helpdesk.pages = [page.__class__(**{**page.__dict__, "stream": f"s{n}"}) for n, page in enumerate(helpdesk.pages)]

    assert steps.pull(means, "acme") == "more"
    assert list(store.work.due(now())) == ["acme"]
    assert store.event_span("acme")[2] < 12 + 5
    assert store.work.run_of("acme").pulled_at is None


def test_imported_accounts_are_not_pulled(store, means, helpdesk):
    store.create_account("files")

    assert steps.pull(means, "files") == "off"

    assert "files" not in store.work.due(now() + 24 * HOUR)
    assert helpdesk.asked == 0


def test_deliveries_are_worked_off_and_evaluated(means, store, webhook, evaluate):
    assert evaluate() == "done"
    assert evaluate() == "not needed"
    for key in ("a", "b", "c"):
        webhook("acme", key, now() - MINUTE)

    assert steps.take_in(means, "acme") == 3
    assert steps.take_in(means, "acme") == 0
    assert evaluate() == "done"
    assert evaluate() == "not needed"

    assert store.all_events_span("acme")[2] == 15
    assert json.dumps(store.work.answer_of("acme"))
    run = store.work.run_of("acme")
    assert run.hook_at <= run.evaluated_at <= run.evaluated_until


def test_hints_bring_the_next_pull_forward_but_never_closer_than_a_minute_to_the_last_one(means, store):
    began = now()
    for due, last, expected in ((HOUR, -HOUR, began), (HOUR, -MINUTE / 2, began + MINUTE / 2), (-MINUTE, None, None)):
        store.work.note_run("acme", due_at=began + due, began_at=None if last is None else began + last)
        store.inbox.add_many([Receipt("acme", Delivery(f"hint {due} {last}", (), ("7",)), began)])

        steps.take_in(means, "acme")

        due_at = store.work.run_of("acme").due_at
        assert abs(due_at - (expected or began + due)) < timedelta(seconds=5)


@pytest.mark.parametrize("look", [True, False])
def test_a_delivery_that_names_no_ticket_may_ask_for_a_pull_and_what_was_told_whole_does_not(means, store, look):
    began = now()
    store.work.note_run("acme", due_at=began + HOUR, began_at=began - HOUR)
    event = {"id": "app:1", "at": began.isoformat(), "ticket": "7", "kind": "replied", "actor": "11"}
    store.inbox.add_many([Receipt("acme", Delivery("one", () if look else (event,), look=look), began)])

    steps.take_in(means, "acme")

    due_in = store.work.run_of("acme").due_at - began
    assert abs(due_in - (timedelta() if look else HOUR)) < timedelta(seconds=5)


def test_deliveries_over_which_the_program_stumbles_are_set_aside_after_some_tries(means, store, webhook, monkeypatch):
    def stumble(store, account):
        raise KeyError("Jane Doe")

    monkeypatch.setattr(arrivals, "take_in", stumble)
    webhook("acme", "odd", now())

    assert [steps.take_in(means, "acme") for _ in range(6)] == [0] * 6
    assert (store.inbox.depth()["acme"].waiting, store.inbox.depth()["acme"].set_aside) == (0, 1)


def test_an_account_without_events_has_no_answer_yet(store, helpdesk):
    store.create_account("new", platform="zendesk")
    means = Means(store, lambda account: helpdesk)

    assert steps.evaluate(means, "new", Engine(store, "new", KNOWN), KNOWN, "quiet") == "no events"
    assert store.work.answer_of("new") is None


def test_silent_webhooks_stand_beside_the_account_until_one_comes(means, store, webhook, evaluate):
    store.work.note_run("acme", hook_at=now() - 5 * HOUR, news_at=now())

    evaluate("quiet")

    assert store.work.run_of("acme").problem.startswith(schedule.HOOKS_SILENT)
    webhook("acme", "again", now())
    steps.take_in(means, "acme")
    assert store.work.run_of("acme").problem is None


def test_agents_are_left_out_without_an_agreement(means, store, evaluate):
    evaluate()
    assert store.work.answer_of("acme")["withheld"] == []

    store.update_account("acme", settings={"subdomain": "acme"})
    store.mark_dirty("acme")
    evaluate()

    assert "WT4" in store.work.answer_of("acme")["withheld"]


def test_an_evaluation_obeys_what_was_agreed_and_what_agents_object_to(means, store, evaluate):
    store.update_account("acme", settings={"subdomain": "acme"})  # no longer on this machine
    evaluate()
    closed = store.work.answer_of("acme")
    body = {"parties": ["council"], "agreed_on": "2026-01-01", "signals": ["WT4", "LD3"]}
    store.agreements.add("acme", now(), {"state": "in force", "by": "admin", "widens": [], "agreement": body})
    store.said.object_to("acme", "7", "LD3", now())
    store.work.note_run("acme", evaluated_at=None)
    evaluate()

    def gaps(answer):
        return {(one["signal"], one["reason"]) for one in answer["not_assessable"] if one["subject"]["id"] == "7"}

    assert gaps(closed) == set()
    assert {signal for signal, _ in gaps(store.work.answer_of("acme"))} <= {"WT4", "LD3"}
    assert ("LD3", "not available") in gaps(store.work.answer_of("acme"))


def test_an_evaluation_notes_when_a_flag_was_first_seen(means, store, evaluate, monkeypatch):
    flag = {"signal": "ES1", "rule": "escalation_heavy_queue", "subject": {"kind": "queue", "id": "11"},
            "level": "warn", "state": "active", "since": "2026-03-01"}  # fmt: skip
    monkeypatch.setattr(flags, "check", lambda outcome, catalogue, *, gate: {"flags": [flag], "not_assessable": []})
    before = now()

    evaluate()

    ((spell, first_at),) = store.seen.first_seen("acme").items()
    assert spell == ("escalation_heavy_queue", "queue", "11", date(2026, 3, 1))
    assert before <= first_at <= now()


def test_nothing_is_proposed_from_a_history_that_is_half_read(store, helpdesk, monkeypatch):
    looked = []
    monkeypatch.setattr(
        proposing, "look_again", lambda *a: looked.append(a) or Looked([], [], [], Planned((), ()), False)
    )
    for name, age in (("first", 2), ("second", 1)):
        helpdesk.brings("acme", now() - age * HOUR)
        helpdesk.pages[-1] = dataclasses.replace(helpdesk.pages[-1], stream=name)
    clock = iter(range(0, 10_000, 130))
    means = Means(store, lambda account: helpdesk, acts=True, clock=lambda: float(next(clock)))
    engine = Engine(store, "acme", KNOWN)

    assert steps.pull(means, "acme") == "more"
    assert steps.plan(means, "acme", engine, KNOWN) == "half read"
    assert not looked
    assert store.work.run_of("acme").plan_due_at <= now() + MINUTE

    store.work.note_run("acme", pulled_at=now())
    assert steps.plan(means, "acme", engine, KNOWN) == "done"
    assert len(looked) == 1


def test_what_is_said_of_people_is_heeded_though_somebody_else_has_folded_it(means, store, helpdesk, evaluate):
    helpdesk.brings("acme", now())
    steps.pull(means, "acme")
    assert evaluate() == "done"
    assert evaluate() == "not needed"

    store.update_account("acme", zone="Europe/Paris")
    with store.writer("acme", "check"):
        Engine(store, "acme", KNOWN).update()  # as the command line does

    assert store.dirty_since("acme") is None
    assert evaluate() == "done"
