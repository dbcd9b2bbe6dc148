"""Workers at work, on both databases; `worker_process.py` is one in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from helpdesk_wellbeing.errors import Refused, RetryLater
from helpdesk_wellbeing.pipeline import durable
from helpdesk_wellbeing.pipeline import worker as module
from helpdesk_wellbeing.pipeline.steps import resume
from helpdesk_wellbeing.pipeline.worker import Worker
from helpdesk_wellbeing.store.writes import Planned
from tests.fleet import until

LATER = timedelta(hours=1)


@pytest.fixture
def start(settings, store, monkeypatch) -> Iterator[Callable[..., Worker]]:
    """Start this process's worker; it is stopped at the end."""
    started: list[Worker] = []

    def run(helpdesks, **options) -> Worker:
        worker = Worker(settings, store, helpdesks.__getitem__, role="worker", **options)
        worker.start()
        started.append(worker)
        return worker

    yield run
    for worker in started:
        worker.stop(10.0)
    monkeypatch.setattr(durable._Impatient, "sleep", _end_this_thread)
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("dbos-executor")])


def _end_this_thread(self, seconds) -> None:
    """One of DBOS's threads may wait for ever for a run that was another process's; `serve` does not wait for it."""
    raise SystemExit


@pytest.fixture
def looks_often(monkeypatch) -> None:
    """For what is not about how soon something is done: a worker looks five times as often."""
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    monkeypatch.setattr(module, "DUE_S", 0.2)
    monkeypatch.setattr(durable, "POLL_HOOKS_S", 0.05)
    monkeypatch.setattr(durable, "POLL_DUE_S", 0.2)


@pytest.fixture
def not_due(store) -> None:
    store.work.note_run("acme", due_at=datetime.now(UTC) + LATER, pulled_at=datetime.now(UTC))


def test_what_a_delivery_brought_is_evaluated_within_seconds(start, store, webhook, helpdesk, not_due):
    worker = start({"acme": helpdesk})
    webhook("acme", "first")
    until(lambda: store.work.answer_of("acme"))

    webhook("acme", "second")

    def is_answered() -> bool:
        run = store.work.run_of("acme")
        return run.evaluated_at > run.hook_at - timedelta(seconds=0.5) and "acme" not in store.inbox.depth()

    took = until(is_answered)

    assert took < 5.0
    assert store.work.answer_of("acme")["account"] == "acme"
    until(lambda: store.all_events_span("acme")[2] == 14)
    assert worker.counts()["evaluations"]["acme"]["count"] >= 1
    assert worker.alive()
    assert helpdesk.asked == 0


@pytest.mark.usefixtures("looks_often")
def test_a_due_pull_brings_news_into_the_answer(start, store, helpdesk):
    helpdesk.brings("acme", datetime.now(UTC) - timedelta(minutes=1))
    store.work.note_run("acme", due_at=datetime.now(UTC))

    worker = start({"acme": helpdesk})

    until(lambda: store.work.run_of("acme").evaluated_at)
    run = store.work.run_of("acme")
    assert (run.quiet_pulls, run.failures, run.problem) == (0, 0, None)
    assert run.due_at > datetime.now(UTC) + timedelta(minutes=2)
    assert worker.counts()["pulls"] == {"acme": {"news": 1}}


def test_an_account_whose_helpdesk_fails_does_not_delay_another(
    start, store, webhook, helpdesk, another_helpdesk, another_account
):
    another_account("beta")
    helpdesk.trouble = RetryLater("zendesk: 500 for GET /api/v2/users; try again later")
    another_helpdesk.brings("beta", datetime.now(UTC) - timedelta(minutes=1))
    now = datetime.now(UTC)
    store.work.note_run("acme", due_at=now)
    store.work.note_run("beta", due_at=now)

    start({"acme": helpdesk, "beta": another_helpdesk})

    assert until(lambda: store.work.run_of("beta").evaluated_at) < 20.0  # acme alone is asked again after 40 s
    webhook("beta", "told")
    assert until(lambda: "beta" not in store.inbox.depth()) < 5.0
    run = store.work.run_of("acme")
    assert (run.failures, run.problem) == (1, "zendesk: 500 for GET /api/v2/users; try again later")
    assert timedelta(seconds=40) < run.due_at - now < timedelta(seconds=90)


@pytest.mark.usefixtures("looks_often")
def test_a_paused_account_goes_on_after_it_is_connected_again(start, store, helpdesk, caplog):
    helpdesk.trouble = Refused("zendesk: 401 for GET /api/v2/users/me: connect the account again")
    helpdesk.trouble.status = 401
    store.work.note_run("acme", due_at=datetime.now(UTC))
    start({"acme": helpdesk})
    until(lambda: store.work.run_of("acme").paused_at)
    time.sleep(1.5)
    assert helpdesk.asked == 1

    helpdesk.trouble = None
    resume(store, "acme")

    until(lambda: store.work.run_of("acme").pulled_at)
    assert store.work.run_of("acme").problem is None


def test_a_stopped_worker_says_goodbye(start, store, helpdesk, not_due):
    worker = start({"acme": helpdesk})
    assert [one.name for one in store.work.workers()] == [worker.name]

    began = time.monotonic()
    assert worker.stop(10.0)

    assert time.monotonic() - began < 6.0
    assert store.work.workers() == []
    assert not worker.alive()


@pytest.fixture
def process(settings, tmp_path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """A worker in a process of its own that stands still in the middle of "pull" or "evaluate", and says so."""
    started = []

    def run(stands_still_in: str) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("worker_process.py")
        command = [sys.executable, str(script), str(settings.home), settings.database_url, stands_still_in]
        started.append(subprocess.Popen(command, cwd=Path(__file__).parents[2]))
        return started[-1]

    yield run
    for one in started:
        one.kill()
        one.wait()


@pytest.mark.usefixtures("looks_often")
@pytest.mark.parametrize("stands_still_in", ["pull", "evaluate"])
def test_what_a_killed_worker_had_begun_is_finished_by_another_and_nothing_is_done_twice(
    start, store, process, helpdesk, tmp_path, monkeypatch, stands_still_in
):
    monkeypatch.setattr(module, "BEAT_S", 0.3)
    monkeypatch.setattr(module, "ALIVE_S", 1.5)
    store.work.note_run("acme", due_at=datetime.now(UTC))
    victim = process(stands_still_in)
    until(lambda: (tmp_path / "stands still").exists())
    victim.kill()
    victim.wait()

    for number in range(2):
        helpdesk.brings("acme", datetime.now(UTC) - timedelta(minutes=10 - number))
    worker = start({"acme": helpdesk})

    until(lambda: store.work.run_of("acme").evaluated_at)
    # both pages are there, each was read once: the first by the one that was killed
    assert store.event_span("acme")[2] == 14
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == (["page 1"] if stands_still_in == "pull" else ["page 1", "page 2"])
    assert helpdesk.asked == (1 if stands_still_in == "pull" else 0)
    assert worker.counts()["steps"]["take-over"] == 1
    assert [one.name for one in store.work.workers()] == [worker.name]


@pytest.mark.usefixtures("looks_often")
def test_a_write_that_is_due_is_made_by_a_worker_and_proposals_are_looked_at(start, store, helpdesk, webhook, not_due):
    made = []

    def write(account):
        key = store.writes.claim(account, datetime.now(UTC), datetime.now(UTC) + LATER, "me").key
        made.append(key)
        store.writes.end(account, key, "written", {}, datetime.now(UTC), "me")
        return "1 write made"

    store.writes.plan("acme", [Planned("p:move:1", "p", "move", "1", {})], datetime.now(UTC))
    webhook("acme", "first")
    worker = start({"acme": helpdesk}, write=write)

    until(lambda: made)
    until(lambda: worker.counts()["steps"].get("plan"))
    until(lambda: store.work.run_of("acme").plan_due_at > datetime.now(UTC) + timedelta(hours=20))
    assert made == ["p:move:1"]


@pytest.mark.usefixtures("looks_often")
def test_a_paused_account_is_looked_at_for_notices_when_that_is_due(start, store, helpdesk, not_due):
    told = []

    def notify(account):
        told.append(account)
        store.notices.look_at(account, datetime.now(UTC) + LATER)
        return "0 notices sent"

    store.work.note_run("acme", paused_at=datetime.now(UTC))
    store.notices.look_at("acme", datetime.now(UTC))
    worker = start({"acme": helpdesk}, notify=notify)

    until(lambda: told)
    assert told == ["acme"]
    assert worker.counts()["steps"]["notify"] == 1


@pytest.mark.usefixtures("looks_often")
def test_a_worker_that_may_not_write_proposes_nothing(start, store, helpdesk, webhook, not_due):
    store.writes.plan("acme", [Planned("p:move:1", "p", "move", "1", {})], datetime.now(UTC))
    worker = start({"acme": helpdesk})
    webhook("acme", "first")
    until(lambda: store.work.answer_of("acme"))

    assert store.work.run_of("acme").plan_due_at is None
    assert "plan" not in worker.counts()["steps"]


@pytest.mark.usefixtures("looks_often")
def test_an_erasure_that_was_cut_off_in_an_imported_account_comes_to_its_end(start, store, helpdesk, not_due):
    store.create_account("log")
    store.add_events("log", store.read_events("acme").with_columns(account=pl.lit("log")))
    store.upkeep.begin_erasing("log", "7", "Ida", datetime.now(UTC))
    store.work.note_run("log", due_at=datetime.now(UTC))
    start({"acme": helpdesk})

    until(lambda: store.upkeep.erasing("log") == {} and not store.upkeep.is_compact_due("log"))
    assert store.read_events("log", agent="7").is_empty()
