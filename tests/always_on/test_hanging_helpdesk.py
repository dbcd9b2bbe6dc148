"""Helpdesks that take a call and never answer it, beside one that does."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime

import pytest

from connectors.zendesk.simulated import SimulatedZendesk
from helpdesk_wellbeing.store import open_store
from tests.always_on.helpdesks import connect, small_site
from tests.fleet import until
from tests.hammer import Hammer, plan, truth

HANGING = 2 * (os.cpu_count() or 2) - 1  # a worker pulls one more at a time
DRIP_S = 1.0


class Hanging:
    """A port that takes calls; on every other one it sends a byte now and then, on the others nothing."""

    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.calls = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                call, _ = self._server.accept()
            except OSError:
                return
            self.calls.append(call)
            if len(self.calls) % 2:
                threading.Thread(target=self._drip, args=(call,), daemon=True).start()

    def _drip(self, call):
        try:
            call.sendall(b"HTTP/1.1 200 OK\r\nX-Padding: ")
            while True:
                time.sleep(DRIP_S)
                call.sendall(b"x")
        except OSError:
            return

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        for each in (*self.calls, self._server):
            each.close()


@pytest.fixture
def hanging():
    one = Hanging()
    yield one
    one.close()


@pytest.mark.prove
def test_a_helpdesk_that_hangs_delays_neither_others_nor_the_end(on_sqlite, hanging, monkeypatch, is_the_truth, capsys):
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(on_sqlite.home))
    calls = plan(100, on_sqlite.secrets)
    with SimulatedZendesk(small_site()) as site, open_store(on_sqlite.database) as store:
        for name in ("good", *(f"hung-{number}" for number in range(HANGING))):
            connect(store, name, site)
            if name != "good":
                store.update_account(name, settings={**store.account(name).settings, "base_url": hanging.base_url})
        with on_sqlite.fleet("all", more=()) as running:
            until(lambda: len(hanging.calls) >= HANGING, 20)
            pulls = []
            for _ in range(3):
                before = store.work.run_of("good").pulled_at
                store.work.note_run("good", due_at=datetime.now(UTC))
                pulls.append(until(lambda before=before: store.work.run_of("good").pulled_at != before, 10))
                time.sleep(1.0)
            hammer = Hammer(running.ports, calls, a_second=100).run()
            on_sqlite.wait_until_worked_off(10)
            told = time.monotonic()
        took = time.monotonic() - told
        left = [run.account for run in store.work.runs() if run.account.startswith("hung") and run.due_at is not None]

    with capsys.disabled():
        print(f"\n{HANGING} helpdesks hang: pulls of another wait {max(pulls):.1f} s at most; ended in {took:.1f} s")
    assert hammer.wrong == []
    is_the_truth(on_sqlite, truth(calls))
    assert running.exit_codes == {"all-0": 0}
    assert took < 10
    assert len(left) == HANGING
