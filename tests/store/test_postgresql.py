"""What only PostgreSQL can do to us: a server that is elsewhere, several writers at once, passwords."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from helpdesk_wellbeing.errors import ConfigError, StoreBusy, StoreError
from helpdesk_wellbeing.store import failures, open_store
from tests.postgresql import Server


@pytest.fixture
def url(new_database) -> str:
    return new_database()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that this test may stop."""
    if os.name != "posix":
        pytest.skip("the server is started on POSIX systems only")
    server = Server.make()
    server.watch(os.getpid())
    server.start()
    yield server
    server.remove()


@contextmanager
def role(server: Server, name: str, options: str = "") -> Iterator[str]:
    server.execute(f"CREATE ROLE {{}} LOGIN {options}", name)
    yield name
    server.execute("DROP ROLE {}", name)


def error_of(url: str, **options) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(url, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert "hunter2" not in "".join(traceback.format_exception(caught.value)).replace(repr(url), "")
    return text


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_address_leads_to_the_same_driver(url, scheme):
    with open_store(url.replace("postgresql", scheme, 1)) as store:
        store.create_account("acme")
        assert store.has_account("acme")
        assert store.file is None


def test_the_place_names_no_user_and_no_password(own_server):
    own_server.execute("CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'hunter2'")

    with open_store(own_server.url("postgres", "locked:hunter2")) as store:
        assert store.place == f"{own_server.folder}/postgres"

    for wrong in ("locked:hunter22", "locked"):
        assert "the user or the password was not accepted" in error_of(own_server.url("postgres", wrong))


def test_a_database_or_user_that_is_not_there_is_said(postgresql_server, url):
    assert "the database does not exist; create it first" in error_of(postgresql_server.url("nowhere"))
    assert "the user or the password was not accepted" in error_of(url.replace("postgres@", "nobody-here:hunter2@"))
    with role(postgresql_server, "unwanted"):
        assert "pg_hba.conf" in error_of(url.replace("postgres@", "unwanted:hunter2@"))


def test_a_role_without_rights_is_told_what_it_lacks(postgresql_server, new_database):
    empty = new_database(tables=False)
    with role(postgresql_server, f"guest{os.getpid()}") as guest:
        assert "access is denied; give this role its tables" in error_of(empty.replace("postgres@", f"{guest}@"))


def test_reading_needs_tables_that_are_there(new_database):
    assert "there are no tables yet; run import or connect first" in error_of(
        new_database(tables=False), read_only=True
    )


def test_a_server_without_room_is_said(postgresql_server, url):
    with role(postgresql_server, f"narrow{os.getpid()}", "CONNECTION LIMIT 0") as narrow:
        assert "takes no more connections" in error_of(url.replace("postgres@", f"{narrow}@"))


def test_a_server_that_is_not_there_is_said():
    text = error_of("postgresql://u:hunter2@127.0.0.1:1/wellbeing")

    assert text.startswith("store: 127.0.0.1:1/wellbeing: the server does not answer")


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ("53100", StoreError, "the disk is full; free some space"),
        ("53300", StoreError, "takes no more connections"),
        ("57P03", StoreError, "starting or stopping"),
        ("57P01", StoreError, "does not answer"),
        ("40001", StoreBusy, "another process was quicker"),
        ("40P01", StoreBusy, "another process was quicker"),
        ("22001", StoreError, "does not fit"),
        ("XX001", StoreError, "is damaged"),
    ],
)
def test_what_the_server_says_is_one_line_with_the_next_step(state, kind, said):
    error = psycopg.errors.lookup(state)("the server's own words, with hunter2")
    wrapped = DBAPIError.instance("INSERT …", {}, error, psycopg.Error, dialect=None)

    line = failures.explain(wrapped, "h/d")

    assert type(line) is kind
    assert said in str(line)
    assert "hunter2" not in str(line)


def test_a_statement_of_ours_that_is_wrong_is_a_defect_not_trouble_of_the_database():
    wrapped = DBAPIError.instance("SELEKT", {}, psycopg.errors.SyntaxError("SELEKT"), psycopg.Error, dialect=None)

    assert failures.explain(wrapped, "h/d") is None


def test_text_that_the_database_cannot_hold_is_said_and_nothing_is_stored(store):
    for text in ("a\0b", "x" * 201):
        with pytest.raises(StoreError, match="a value does not fit its column"):
            store.set_meta("acme", text, "v")

    store.set_meta("acme", "k", "v")


def test_a_server_that_went_away_in_the_middle_is_used_again_when_it_is_back(own_server, a_series):
    own_server.execute("CREATE DATABASE {}", "ours")
    with open_store(own_server.url("ours")) as store:
        store.create_account("acme")
        store.add_events("acme", a_series(10))

        def write_while_it_stops():
            with store.transaction():
                store.add_events("acme", a_series(20))
                own_server.stop()
                store.set_meta("acme", "k", "v")

        with pytest.raises(StoreError, match="the server does not answer"):
            write_while_it_stops()
        with pytest.raises(StoreError, match="the server does not answer"):
            store.get_meta("acme", "k")

        own_server.start()

        assert store.event_span("acme")[2] == 10
        assert store.get_meta("acme", "k") is None
        assert store.add_events("acme", a_series(20)).new == 10


def test_a_lease_outlives_a_restart_of_the_server(own_server):
    own_server.execute("CREATE DATABASE {}", "ours")
    with open_store(own_server.url("ours")) as store:
        store.create_account("acme")
        with store.writer("acme", "pull", wait_s=0):
            own_server.stop(gently=True)
            own_server.start()
            store.set_meta("acme", "k", "v")
        assert store.writer_of("acme") is None


def test_who_writes_an_account_holds_up_its_writers_only(url, store):
    store.create_account("other")
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with open_store(url) as second, second.transaction():
            second.set_meta("acme", "k", "held")
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    try:
        with open_store(url, busy_s=0.05) as hasty:
            hasty.set_meta("other", "k", "v")
            assert hasty.get_meta("acme", "k") is None
            with pytest.raises(StoreBusy, match="another process keeps it locked"):
                hasty.set_meta("acme", "other key", "v")
    finally:
        leave.set()
        thread.join()

    assert store.get_meta("acme", "k") == "held"


def test_what_is_called_clean_was_read_under_the_lock(url, store, a_series):
    """An event that comes while facts are computed without a lease is either in them or marks them dirty."""
    store.add_events("acme", a_series(5))
    late = threading.Thread(target=lambda: open_store(url).add_events("acme", a_series(5, prefix="late")))

    with store.transaction():
        seen = store.read_events("acme").height
        late.start()
        time.sleep(0.2)
        store.set_clean("acme")
    late.join()

    assert seen == 5
    assert store.event_span("acme")[2] == 10
    assert store.dirty_since("acme") is not None


def test_two_that_wait_for_each_other_are_told_apart(url, store):
    store.create_account("other")
    both = threading.Barrier(2)
    ended = []

    def write(first, second):
        with open_store(url) as mine:
            try:
                with mine.transaction():
                    mine.set_meta(first, "k", first)
                    both.wait(10)
                    mine.set_meta(second, "k", first)
                ended.append("done")
            except StoreBusy as error:
                ended.append(str(error))

    threads = [threading.Thread(target=write, args=order) for order in (("acme", "other"), ("other", "acme"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 2
    assert "done" in ended
    assert any("another process was quicker" in text for text in ended)
    assert store.get_meta("acme", "k") == store.get_meta("other", "k") is not None


def test_an_undone_part_gives_its_lock_back_and_the_next_part_takes_it_again(url, store):
    def fail_inside():
        with store.transaction():
            store.set_meta("acme", "k", "v")
            store.account("nobody")

    with open_store(url, busy_s=0.05) as hasty, store.transaction():
        with pytest.raises(ConfigError):
            fail_inside()
        hasty.set_meta("acme", "k", "from outside")
        assert store.get_meta("acme", "k") == "from outside"
        with pytest.raises(StoreBusy):
            hasty.set_meta("acme", "k", "too late")


RACE = """
import sys
from helpdesk_wellbeing.errors import ConfigError, StoreBusy
from helpdesk_wellbeing.store import open_store
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    made = taken = 0
    for n in range(20):
        try:
            store.create_account(f"account-{n}")
            made += 1
        except ConfigError:
            pass
        try:
            with store.writer(f"account-{n}", "race", wait_s=0):
                taken += store.get_meta(f"account-{n}", "k") is None
                store.set_meta(f"account-{n}", "k", "v")
        except StoreBusy:
            pass
    print(made, taken)
"""


def test_of_processes_that_start_together_each_account_and_lease_has_one(url, store):
    racing = [
        subprocess.Popen([sys.executable, "-c", RACE, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in racing:
        assert process.stdout.readline() == "ready\n"
    for process in racing:
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate()[0].split() for process in racing]

    assert all(process.returncode == 0 for process in racing)
    assert sum(int(made) for made, _ in ended) == 20
    assert sum(int(taken) for _, taken in ended) == 20


def test_more_threads_than_connections_take_turns(url, store):
    failed = []

    def work(name):
        try:
            for n in range(5):
                store.set_meta("acme", f"{name} {n}", "v")
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert all(store.get_meta("acme", f"t{n} 4") == "v" for n in range(40))
