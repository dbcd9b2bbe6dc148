"""The same commands on PostgreSQL give the same answers; nothing but the address differs."""

from __future__ import annotations

import os
import signal
import time

import pytest

from helpdesk_wellbeing.store import open_store

ENDING = ("--as-of", "2026-11-13T23:00:00Z")
CHECK = ("check", "--account", "acme", *ENDING, "--format", "json")


@pytest.fixture
def url(new_database) -> str:
    return new_database()


def move(commands, url):
    commands.environment["HELPDESK_WELLBEING_DATABASE_URL"] = url
    commands.patch.setenv("HELPDESK_WELLBEING_DATABASE_URL", url)


def test_an_imported_log_is_answered_exported_and_told_as_on_sqlite(imported, log, url):
    people = log.with_name("people.csv")
    people.write_text("agent,name,time_zone\n1003,Agent Ž 李,Europe/Berlin\n", encoding="utf-8")
    backtest = ("backtest", "--account", "acme", "--from", "2026-11-01", "--to", "2026-11-13", "--format", "json")
    asked = [CHECK, backtest] + [
        ("export", "facts", kind, "--account", "acme") for kind in ("days", "shifts", "queues")
    ]
    on_sqlite = [imported.here(*arguments) for arguments in asked]
    events = imported.exported()

    move(imported, url)
    ran = imported.here(
        "import", str(log), "--people", str(people), "--account", "acme", "--time-zone", "Europe/Berlin"
    )

    assert ran.code == 0, ran.err
    assert [(one.code, one.out) for one in [imported.here(*arguments) for arguments in asked]] == [
        (one.code, one.out) for one in on_sqlite
    ]
    assert imported.exported() == events
    assert on_sqlite[0].code == 1
    doctor = imported.here("doctor")
    assert (doctor.code, "acme" in doctor.out) == (0, True)


def test_a_pull_killed_in_the_middle_completes_the_same_events(commands, zendesk, undisturbed, unfolded, url):
    move(commands, url)
    commands.connect(zendesk)
    process = commands.start("pull", "--account", "acme")
    with open_store(url) as store:
        while process.poll() is None and not store.watermarks("acme"):
            time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


def test_a_second_writer_says_who_holds_the_account_and_readers_go_on(commands, log, url):
    move(commands, url)
    commands.home.mkdir()
    (commands.home / "settings.toml").write_text("lease_wait_seconds = 0.3\n")

    with open_store(url) as store:
        store.create_account("acme")
        with store.writer("acme", "pull"), store.transaction():
            store.set_meta("acme", "k", "v")
            ran = commands.apart("import", str(log), "--account", "acme")
            exported = commands.here("export", "events", "--account", "acme")

    assert ran.code == 2
    assert f"account acme is being written by pull (process {os.getpid()} on " in ran.line
    assert exported.code == 0


def test_a_database_without_tables_is_told_as_on_sqlite(commands, new_database):
    move(commands, new_database(tables=False))

    looked, asked = commands.here("status"), commands.here("doctor")

    assert (looked.code, looked.out, len(looked.lines)) == (2, "", 1)
    assert "there are no tables yet; run import or connect first, or set HELPDESK_WELLBEING_DATABASE_URL" in looked.line
    assert (asked.code, "no account yet" in asked.out) == (0, True)


def test_a_server_that_does_not_answer_or_knows_us_not_is_one_line(commands, postgresql_server):
    nowhere = "postgresql://wellbeing:hunter2@127.0.0.1:1/wellbeing"
    for address, said in (
        (nowhere, "127.0.0.1:1/wellbeing: the server does not answer"),
        (postgresql_server.url("nowhere", "postgres:hunter2"), "the database does not exist; create it first"),
    ):
        move(commands, address)
        for arguments in (CHECK, ("doctor",), ("pull", "--account", "acme")):
            ran = commands.here(*arguments)

            assert (ran.code, ran.out) == (2, "")
            assert said in ran.line
            assert len(ran.lines) == 1
            assert "hunter2" not in ran.err
