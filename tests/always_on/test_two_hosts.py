"""Workers on two hosts, whose processes happen to have the same number."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.store import open_store
from tests.always_on.helpdesks import Gated, connect
from tests.fleet import until
from tests.hammer import Hammer, plan, truth

TAKEN_OVER_S = 60.0


@pytest.mark.prove
def test_what_a_worker_had_begun_is_finished_on_another_host(on_postgresql, monkeypatch, is_the_truth, capsys):
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(on_postgresql.home))
    calls = plan(300, on_postgresql.secrets)
    killed = []
    with Gated() as site, open_store(on_postgresql.database) as store:
        connect(store, "pulled", site)
        for account in on_postgresql.secrets:
            store.work.note_run(account, due_at=datetime.now(UTC) + timedelta(hours=1))

        def beside(hammer):
            assert hammer.reached(100)
            killed.append(time.monotonic())
            on_a.kill_for_good("worker-a-4242")
            site.gate.set()

        with on_postgresql.fleet_as_if({"host": "a", "pid": 4242}, "worker") as on_a:
            assert site.asked.wait(30)
            on_b = on_postgresql.fleet_as_if({"host": "b", "pid": 4242}, "worker")
            with on_b, on_postgresql.fleet("web") as web:
                names = [one.name for one in store.work.workers() if one.role == "worker"]
                hammer = Hammer(web.ports, calls, a_second=150).run(beside)
                on_postgresql.wait_until_worked_off(TAKEN_OVER_S)
                hooks = time.monotonic() - killed[0]
                until(lambda: store.work.run_of("pulled").pulled_at, 120)
                took = time.monotonic() - killed[0]

    with capsys.disabled():
        print(f"\na host is gone: its webhooks' work was finished within {hooks:.0f} s, its pull within {took:.0f} s")
    assert sorted(name.rpartition(":")[0] for name in names) == ["a:4242", "b:4242"]
    assert hammer.wrong == []
    is_the_truth(on_postgresql, truth(calls))
    assert took < TAKEN_OVER_S
