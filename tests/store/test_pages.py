from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.feed import TICKETS, Page
from helpdesk_wellbeing.store import open_store

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def tickets(*rows):
    return pl.DataFrame([{"ticket": t, "updated_at": at, "status": s} for t, at, s in rows], schema=TICKETS)


def test_a_page_brings_events_tickets_and_its_watermark(store, a_series):
    page = Page("tickets", a_series(3), 3, "cursor-1", tickets(("1", MONDAY, "open")))

    assert store.commit_page("acme", page).new == 3

    assert store.watermarks("acme") == {"tickets": "cursor-1"}
    assert store.tickets("acme").equals(tickets(("1", MONDAY, "open")))
    assert store.event_span("acme")[2] == 3


def test_a_null_watermark_never_overwrites_one(store, a_series):
    store.commit_page("acme", Page("a", a_series(1), 1, "5"))
    store.commit_page("acme", Page("a", a_series(2), 2, None))
    store.commit_page("acme", Page("b", a_series(2), 2, None))

    assert store.watermarks("acme") == {"a": "5"}


def test_the_newest_snapshot_of_a_ticket_wins_in_any_order(store, a_series):
    later = MONDAY + timedelta(hours=1)
    frames = [
        tickets(("1", later, "solved"), ("1", MONDAY, "open"), ("2", None, "new")),
        tickets(("1", MONDAY, "pending"), ("2", MONDAY, "open")),
        tickets(("2", None, "hold"), ("1", later, "closed")),
    ]
    for frame in frames:
        store.commit_page("acme", Page("tickets", a_series(0), 2, "w", frame))

    assert store.tickets("acme").select("ticket", "status").rows() == [("1", "closed"), ("2", "open")]


def test_a_page_that_fails_half_way_leaves_nothing(store, a_series):
    bad = pl.DataFrame({"ticket": ["1"]})

    with pytest.raises(BadPayload, match="snapshots"):
        store.commit_page("acme", Page("a", a_series(3), 3, "5", bad))

    assert store.event_span("acme")[2] == 0
    assert store.watermarks("acme") == {}
    assert store.dirty_since("acme") is None


PULL = textwrap.dedent(
    """
    import sys
    from datetime import datetime, timedelta, timezone
    import polars as pl
    from helpdesk_wellbeing.events import SCHEMA
    from helpdesk_wellbeing.feed import Page
    from helpdesk_wellbeing.store import open_store

    url, pages, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    start = datetime(2026, 3, 2, tzinfo=timezone.utc)
    with open_store(url) as store, store.writer("acme", "pull --account acme"):
        first = int(store.watermarks("acme").get("events", "0"))
        print("ready", flush=True)
        for number in range(first, pages):
            ids = range(number * rows, (number + 1) * rows)
            page = pl.DataFrame(
                [
                    {"id": f"e{i}", "account": "acme", "at": start + timedelta(seconds=90 * i), "ticket": "1",
                     "actor": "7", "actor_kind": "agent", "kind": "replied", "channel": "email", "grade": "A"}
                    for i in ids
                ],
                schema=SCHEMA,
            )
            store.commit_page("acme", Page("events", page, rows, str(number + 1)))
    """
)


@pytest.mark.parametrize("wanted", [2, pytest.param(40, marks=pytest.mark.prove)])
def test_a_pull_killed_again_and_again_loses_nothing_and_doubles_nothing(url, store, wanted):
    pages, rows, kills = 40 * wanted, 50, 0
    chance = random.Random(7)
    for _ in range(wanted + 30):
        process = subprocess.Popen(
            [sys.executable, "-c", PULL, url, str(pages), str(rows)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if kills < wanted:
            time.sleep(chance.uniform(0.0, 0.15))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
        code = process.wait()
        process.stdout.close()
        done = int(store.watermarks("acme").get("events", "0"))
        assert store.event_span("acme")[2] == done * rows  # the watermark and the events always agree
        if code == 0:
            break
        kills += 1

    ids = store.read_events("acme")["id"]
    assert kills >= wanted // 2
    assert sorted(ids.to_list()) == sorted(f"e{i}" for i in range(pages * rows))


HALF = PULL.replace(
    "store.commit_page(", "inside = store.transaction(); inside.__enter__(); store.commit_page("
).replace("str(number + 1)))", "str(number + 1))); import os; os.kill(os.getpid(), 9)")


def test_a_write_killed_before_its_end_leaves_a_whole_store_without_it(url, store):
    killed = subprocess.run([sys.executable, "-c", HALF, url, "3", "50"], check=False, capture_output=True)

    assert killed.returncode == -signal.SIGKILL
    with open_store(url) as again:
        assert again.event_span("acme")[2] == 0
        assert again.watermarks("acme") == {}
        with again._read("acme") as (connection, _):
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_short_stretch_reads_the_tickets_it_is_about(store, a_series):
    day = timedelta(days=1)
    known = tickets(("1", MONDAY, "open"), ("2", MONDAY, "open"), ('it\'s "3"', MONDAY, "open"), ("4", None, "new"))
    created = known.with_columns(
        created_at=pl.Series([MONDAY - day, MONDAY, MONDAY + day, None], dtype=TICKETS["created_at"])
    )
    store.commit_page("acme", Page("tickets", a_series(1), 4, "cursor-1", created))

    named = pl.Series(['it\'s "3"', "5", None])
    found = store.tickets_among("acme", named, MONDAY, MONDAY + day)

    assert found["ticket"].to_list() == ["2", 'it\'s "3"']
    assert found.equals(created.filter(pl.col("ticket").is_in(found["ticket"].implode())))
