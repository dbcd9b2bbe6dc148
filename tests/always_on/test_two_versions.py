"""A rolling upgrade and the way back: an older and a newer version at work on one database."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.store import open_store
from tests.always_on.helpdesks import Gated, connect
from tests.fleet import until
from tests.hammer import Hammer, plan, truth

OLD, NEW = {"version": "0.0.9"}, {}
TAKEN_OVER_S = 60.0


@pytest.mark.prove
@pytest.mark.parametrize("kind", ["on_sqlite", "on_postgresql"])
def test_what_an_old_version_had_begun_is_finished_by_a_new_one_and_the_other_way_round(
    kind, request, monkeypatch, is_the_truth, capsys
):
    installation = request.getfixturevalue(kind)
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(installation.home))
    calls = plan(800, installation.secrets)
    before, after = calls[:600], calls[600:]
    killed = []
    with Gated() as site, open_store(installation.database) as store:
        connect(store, "pulled", site)
        for account in installation.secrets:  # so that only webhooks make work for these
            store.work.note_run(account, due_at=datetime.now(UTC) + timedelta(hours=1))

        def beside(hammer):
            assert hammer.reached(200)
            old.kill_for_good("worker-0.0.9")
            killed.append(time.monotonic())
            site.gate.set()

        with installation.fleet_as_if(OLD, "web", "worker") as old:
            assert site.asked.wait(30)
            with installation.fleet_as_if(NEW, "worker"):
                hammer = Hammer(old.ports, before, a_second=150).run(beside)
                installation.wait_until_worked_off(TAKEN_OVER_S)
                until(lambda: store.work.run_of("pulled").pulled_at, TAKEN_OVER_S)
                took = time.monotonic() - killed[0]
        first = store.work.run_of("pulled").pulled_at
        with installation.fleet_as_if(OLD, "web", "worker") as back:
            store.work.note_run("pulled", due_at=datetime.now(UTC))
            again = Hammer(back.ports, after, a_second=150).run()
            installation.wait_until_worked_off(TAKEN_OVER_S)
            until(lambda: store.work.run_of("pulled").pulled_at > first, TAKEN_OVER_S)
        assert store.event_span("pulled")[2] > 0
        assert store.work.run_of("pulled").problem is None

    with capsys.disabled():
        print(f"\n{kind}: an older version's work was finished within {took:.0f} s of its end")
    assert took < TAKEN_OVER_S
    assert hammer.wrong == again.wrong == []
    is_the_truth(installation, truth(calls))


def test_an_old_version_keeps_nothing_in_tables_that_a_newer_one_made_for_itself(on_sqlite, is_the_truth):
    calls = plan(200, on_sqlite.secrets)  # ten seconds at the pace below: nobody notices a newer version after so many
    complaint = "a newer version of helpdesk-wellbeing made this database (revision 9999"

    def made_by(revision):
        with closing(sqlite3.connect(on_sqlite.home / "wellbeing.db")) as connection, connection:
            [(before,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.execute("UPDATE compatibility SET revision = ?, oldest = ?", (revision, revision))
        return before

    def both_complain():
        log = running.log()
        return log.count(complaint) == 2 and "worker stopped" in log

    def beside(hammer):
        assert hammer.reached(20)
        before = made_by("9999")
        until(both_complain, 60)
        stored, refused = on_sqlite.keys(), hammer.busy
        until(lambda: hammer.busy > refused + 2 * hammer.threads, 60)
        assert on_sqlite.keys() == stored
        assert hammer.done < len(calls)
        made_by(before)
        hammer.a_second = None

    with on_sqlite.fleet("all") as running:
        hammer = Hammer(running.ports, calls, a_second=20).run(beside)
        assert [program.starts for program in running.programs] == [1]
    on_sqlite.work_off()

    assert running.log().count(complaint) == 2  # web and worker
    assert hammer.wrong == []
    assert hammer.without_retry_after == 0
    assert running.exit_codes == {"all-0": 0}
    is_the_truth(on_sqlite, truth(calls))
