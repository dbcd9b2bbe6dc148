from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys

import polars as pl
import pytest

from helpdesk_wellbeing.errors import ConfigError, StoreBusy, StoreError
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.failures import explain
from helpdesk_wellbeing.store.tables import event_chunks

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def whole(url):
    with open_store(url, read_only=True) as store, store._read("acme") as (connection, _):
        return connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


@on_sqlite
def test_a_full_disk_is_said_in_one_line_and_leaves_the_store_whole(url, store, a_series):
    store.add_events("acme", a_series(10))
    with store._database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError, match="the disk is full; free some space") as caught:
        store.add_events("acme", a_series(20_000, prefix="more"))

    assert "\n" not in str(caught.value)
    assert store.event_span("acme")[2] == 10
    assert store.watermarks("acme") == {}
    assert whole(url)


@on_sqlite
def test_a_file_that_may_not_grow_is_said_and_leaves_the_store_whole(url, store, a_series):
    store.add_events("acme", a_series(10))
    code = """
import sys, polars as pl
from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.store import open_store
with open_store(sys.argv[1]) as store:
    try:
        for n in range(200):
            store.set_meta("acme", f"k{n}", "v" * 50_000)
    except StoreError as error:
        print(error)
"""
    limit = 2_000_000
    run = subprocess.run(
        [sys.executable, "-c", code, url],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )

    assert "what is stored is whole" in run.stdout, run.stderr
    assert run.stdout.count("\n") == 1
    assert store.event_span("acme")[2] == 10
    assert whole(url)


@on_sqlite
def test_a_damaged_file_is_called_damaged(url, tmp_path):
    (tmp_path / "wellbeing.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(StoreError, match="not a database; put back a backup"):
        open_store(url)


@on_sqlite
def test_a_file_damaged_in_the_middle_is_called_damaged(url, store, a_series):
    store.add_events("acme", a_series(5000))
    store.close()
    file = store.file
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        where = "SELECT rootpage FROM sqlite_master WHERE name = 'event_chunks'"
        [(page,)] = connection.execute(where).fetchall()
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
    connection.close()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)

    with open_store(url) as again, pytest.raises(StoreError, match="the file is damaged"):
        again.read_events("acme")


def test_damaged_events_are_named_by_account_and_day(url, store, a_series):
    store.add_events("acme", a_series(10))
    with store._database.writing() as connection:
        connection.execute(event_chunks.update().values(data=b"not what was stored"))

    with pytest.raises(StoreError, match="the events of acme on 2026-03-02 is damaged"):
        store.read_events("acme")


@on_sqlite
def test_a_locked_database_is_said_after_a_while(url, store):
    other = sqlite3.connect(store.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with open_store(url, busy_s=0.05) as hasty:
            with pytest.raises(StoreBusy, match="another process keeps it locked"):
                hasty.set_meta("acme", "k", "v")
            assert hasty.get_meta("acme", "k") is None  # readers always work
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_store_opened_for_reading_never_writes(url, store, a_series):
    store.add_events("acme", a_series(3))
    with open_store(url, read_only=True) as reader:
        assert reader.event_span("acme")[2] == 3
        with pytest.raises(StoreError, match="opened for reading only"):
            reader.add_events("acme", a_series(4))


@on_sqlite
def test_reading_needs_a_database_that_is_there(url, tmp_path):
    with pytest.raises(StoreError, match="no database yet"):
        open_store(url, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StoreError, match="check the folder"):
        open_store(f"sqlite:///{tmp_path}/nowhere/wellbeing.db")


def test_a_database_of_a_newer_version_is_left_alone(url, store):
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()

    with pytest.raises(StoreError, match="a newer version of helpdesk-wellbeing made this database"):
        open_store(url)


def test_urls_that_cannot_be_used_are_refused_without_showing_them():
    for url in (
        "nonsense",
        "mysql://user:hunter2@host/db",
        "sqlite://",
        "postgresql+nothing://u:hunter2@h/d",
        "postgresql://u:hunter2@h:hunter2/d",
        "postgresql://u:hunter2@127.0.0.1:1/d?nonsense=hunter2",
        "postgres+psycopg2://u:hunter2@h/d",
        "postgresql://u:hunter2@127.0.0.1:1/d?port=hunter2",
        "postgresql://u:hunter2@127.0.0.1:1/d?connect_timeout=hunter2",
        "postgresql://u:hunter2@127.0.0.1:1/d?sslmode=hunter2",
    ):
        with pytest.raises((ConfigError, StoreError)) as caught:
            open_store(url)
        assert "hunter2" not in str(caught.value)
        assert "URL" in str(caught.value) or "use " in str(caught.value) or "must be a file" in str(caught.value)


def test_a_mistake_of_ours_is_not_dressed_up_as_a_broken_store():
    assert explain(sqlite3.OperationalError("near SELEKT: syntax error"), "db") is None
    assert explain(pl.exceptions.ColumnNotFoundError("x"), "db") is None
