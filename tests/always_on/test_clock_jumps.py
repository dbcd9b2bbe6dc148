"""A web process whose clock is an hour off, beside a worker whose clock is right."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.pipeline import worker as module
from helpdesk_wellbeing.store import open_store
from tests.fleet import until
from tests.hammer import FORGED, Hammer, plan, truth

HOUR = 3600


@pytest.mark.prove
@pytest.mark.parametrize("ahead", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_what_comes_by_a_wrong_clock_is_worked_off_as_fast(on_sqlite, is_the_truth, ahead):
    calls = plan(100, on_sqlite.secrets, forged=0, garbage=0)
    by_that_clock = [replace(call, age=timedelta(seconds=-ahead)) for call in calls]
    with (
        on_sqlite.fleet_as_if({"clock": ahead}, "web") as web,
        on_sqlite.fleet("worker"),
        open_store(on_sqlite.database) as store,
    ):
        refused = Hammer(web.ports, [replace(call, kind=FORGED) for call in calls[:5]]).run()
        taken = Hammer(web.ports, by_that_clock, a_second=100).run()
        on_sqlite.wait_until_worked_off(10)
        time.sleep(6)  # a heartbeat, and a look at those of others
        roles = sorted(one.role for one in store.work.workers())
        until(lambda: all(store.work.run_of(account).evaluated_at for account in on_sqlite.secrets), 10)

    assert refused.wrong == []  # signed now: outside the window by that clock
    assert taken.wrong == []
    assert roles == ["web", "worker"]
    is_the_truth(on_sqlite, truth(calls))


def test_a_dead_worker_is_found_although_the_clock_was_put_back_since(on_sqlite, monkeypatch):
    """As after a start with a hardware clock that is an hour behind."""
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(on_sqlite.home))
    monkeypatch.setattr(module, "BEAT_S", 0.3)
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.store import work

    settings = load_settings()
    with open_store(settings) as store:
        with monkeypatch.context() as before:
            before.setattr(work, "now", lambda connection: time.time() + HOUR)
            store.work.beat("gone", role="worker", version="0.1.0", host="h", pid=1, counts={})
        for account in on_sqlite.secrets:
            store.work.note_run(account, due_at=datetime.now(UTC) + timedelta(hours=1))
        worker = module.Worker(settings, store, lambda account: None, role="worker")
        worker.start()
        try:
            until(lambda: [one.name for one in store.work.workers()] == [worker.name])
        finally:
            worker.stop(5)


def test_an_account_is_pulled_at_once_when_the_clock_was_put_back_since_its_last_pull(on_sqlite):
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    with open_store(on_sqlite.database) as store:
        store.work.note_run("acme", began_at=now + hour, pulled_at=now + hour, due_at=now + hour + timedelta(minutes=5))
        store.work.note_run("globex", began_at=now + timedelta(seconds=2), due_at=now + timedelta(minutes=5))

        assert list(store.work.due(now)) == ["acme"]
