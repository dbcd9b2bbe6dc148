"""Accounts side by side: while one platform answers 500 only, the others stay fresh. Over real HTTP."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import timedelta

import pytest

from connectors.zendesk.simulated import Faults, SimulatedZendesk
from helpdesk_wellbeing.store import open_store
from tests.always_on.helpdesks import BEGAN, connect, small_site
from tests.fleet import until

SPEED = 60  # minutes of the simulated accounts in one of ours
ALWAYS = 10**9


def fast_clock():
    began = time.monotonic()
    start = BEGAN + timedelta(hours=1)
    return lambda: start + timedelta(seconds=SPEED * (time.monotonic() - began))


@pytest.fixture
def worker_beside(home, monkeypatch):
    """A store, simulated accounts by name, and a worker that pulls each every other second."""
    import connectors.session
    from helpdesk_wellbeing.cli.platforms import connector_of
    from helpdesk_wellbeing.pipeline import durable
    from helpdesk_wellbeing.pipeline.schedule import Pace
    from helpdesk_wellbeing.pipeline.worker import Worker
    from helpdesk_wellbeing.settings import load_settings

    patient = connectors.session.Limits(attempts=3, first_backoff_s=0.5, longest_backoff_s=1.0)
    monkeypatch.setattr(connectors.session, "Limits", lambda: patient)
    monkeypatch.setattr(durable, "PULLS_A_MINUTE", durable.PULLS_A_MINUTE * SPEED)  # their minutes
    with ExitStack() as stack:

        def begin(*names):
            settings = load_settings()
            store = stack.enter_context(open_store(settings))
            sites = {}
            for name in names:
                sites[name] = stack.enter_context(SimulatedZendesk(small_site(), now=fast_clock()))
                connect(store, name, sites[name])
            every = timedelta(seconds=2)
            worker = Worker(
                settings, store, lambda account: connector_of(store, account, lambda line: None),
                role="worker", pace=Pace(every, every), at_once=2,
            )  # fmt: skip
            stack.callback(worker.stop, 10.0)
            return store, sites, worker

        yield begin


def touch_and_wait(store, site, account, seconds):
    """How long a touch takes to be stored by a pull; the newest minute of the account is a second of ours."""
    before = store.event_span(account)[2]
    site.touch("1", "1001")
    return until(lambda: store.event_span(account)[2] > before, seconds)


def run(minutes, worker_beside):
    """The longest wait of the good account while others answer 500 for so many of their minutes."""
    store, sites, worker = worker_beside("bad-1", "bad-2", "bad-3", "good")
    for name, site in sites.items():
        if name != "good":
            site.faults = site.api.faults = Faults(share={"error": 1.0}, in_a_row=ALWAYS)
    worker.start()
    until(lambda: store.event_span("good")[2] > 0)
    waits, began = [], time.monotonic()
    while time.monotonic() - began < minutes * 60 / SPEED:
        waits.append(touch_and_wait(store, sites["good"], "good", 30))
    runs = {one.account: one for one in store.work.runs()}
    assert all(runs[name].failures > 0 and runs[name].pulled_at is None for name in sites if name != "good")
    assert all(store.event_span(name)[2] == 0 for name in sites if name != "good")
    assert runs["good"].failures == 0
    assert runs["good"].problem is None
    return waits


def test_accounts_that_answer_500_do_not_keep_another_one_waiting(worker_beside):
    waits = run(6, worker_beside)

    assert max(waits) < 12


@pytest.mark.prove
def test_accounts_that_answer_500_for_an_hour_do_not_keep_another_one_waiting(worker_beside, capsys):
    waits = run(60, worker_beside)

    with capsys.disabled():
        print(f"\nthree accounts answer 500 for an hour of theirs; longest wait of the fourth: {max(waits):.1f} s")
    assert max(waits) < 12
