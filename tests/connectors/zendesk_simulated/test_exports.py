"""The incremental exports: complete, in order, whatever the page size."""

from __future__ import annotations

import base64
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.zendesk.simulated.pages import Rows


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_every_ticket_comes_once_by_cursor(serve, world, size):
    _, reader = serve(world)
    rows = reader.export(f"incremental/tickets/cursor.json?start_time=0&per_page={size}", "tickets")
    assert sorted(row["id"] for row in rows) == [1, 2, 3, 4, 5, 6, 7]
    stamps = [row["generated_timestamp"] for row in rows]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_every_event_comes_at_least_once_by_time(serve, world, size):
    _, reader = serve(world)
    rows = reader.export(f"incremental/ticket_events?start_time=0&per_page={size}", "ticket_events")
    whole = reader.export("incremental/ticket_events?start_time=0", "ticket_events")
    assert {row["id"] for row in rows} == {row["id"] for row in whole}
    assert len(whole) == len({row["id"] for row in whole}) == 7 * 6 + 2


def test_the_cursor_at_the_end_is_where_the_next_poll_begins(serve, world):
    _, reader = serve(world)
    page = reader.get("incremental/tickets/cursor?start_time=0")
    assert page["end_of_stream"] is True
    again = reader.get(f"incremental/tickets/cursor?cursor={page['after_cursor']}")
    assert (again["tickets"], again["end_of_stream"], again["after_cursor"]) == (
        [],
        True,
        page["after_cursor"],
    )
    assert base64.b64decode(page["after_cursor"]).decode().count("|") == 3


def test_the_newest_minute_is_not_returned(serve, world):
    last = world["at"].max()
    clock = [last + timedelta(seconds=59)]
    _, reader = serve(world, now=lambda: clock[0])
    path = "incremental/ticket_events?start_time=0"
    before = len(reader.export(path, "ticket_events"))
    clock[0] = last + timedelta(seconds=61)
    assert len(reader.export(path, "ticket_events")) == before + 1


def test_a_start_less_than_a_minute_ago_is_refused(serve, world):
    front, reader = serve(world)
    now = int(front.now().timestamp())
    answer = reader.raw(f"incremental/ticket_events?start_time={now - 30}")
    assert (answer.status_code, answer.json()["error"]) == (400, "StartTimeTooRecent")
    assert reader.raw("incremental/tickets/cursor?cursor=nonsense").status_code == 400
    assert reader.raw("incremental/tickets/cursor").status_code == 400


def test_the_time_page_goes_on_from_its_end_time_and_repeats_the_border(serve, world):
    _, reader = serve(world)
    first = reader.get("incremental/ticket_events?start_time=0&per_page=3")
    second = reader.get(first["next_page"])
    assert f"start_time={first['end_time']}" in first["next_page"]
    assert second["ticket_events"][0]["id"] == first["ticket_events"][-1]["id"]


def test_an_empty_time_page_has_no_end_time(serve, world):
    _, reader = serve(world)
    late = int(world["at"].max().timestamp()) + 300
    page = reader.get(f"incremental/ticket_events?start_time={late}")
    assert (page["count"], page["end_time"], page["end_of_stream"]) == (0, None, True)


def test_metric_events_never_say_that_they_end(serve, world):
    _, reader = serve(world)
    page = reader.get("incremental/ticket_metric_events.json?start_time=0")
    assert "end_of_stream" not in page
    assert page["count"] == len(page["ticket_metric_events"]) < 1000
    breaches = [row for row in page["ticket_metric_events"] if row["type"] == "breach"]
    assert {row["metric"] for row in breaches} == {"reply_time"}
    assert len(breaches) == 7
    late = page["end_time"] + 60
    quiet = reader.get(f"incremental/ticket_metric_events?start_time={late}")
    assert (quiet["count"], quiet["end_time"]) == (0, late)


def test_deleted_tickets_stay_in_the_export_and_not_in_the_list(serve, world):
    _, reader = serve(world)
    exported = reader.export("incremental/tickets/cursor?start_time=0", "tickets")
    gone = next(row for row in exported if row["id"] == 2)
    assert (gone["status"], gone["subject"], gone["description"]) == ("deleted", "SCRUBBED", "X")
    listed = reader.listed("tickets?page[size]=2", "tickets")
    assert [row["id"] for row in listed] == [1, 3, 4, 5, 6, 7]
    kept = reader.export("incremental/tickets/cursor?start_time=0&exclude_deleted=true", "tickets")
    assert 2 not in {row["id"] for row in kept}
    assert reader.raw("tickets/2").status_code == 404


def test_a_ticket_shows_its_state_at_the_time_asked(serve, world):
    clock = [world["at"].max() + timedelta(hours=1)]
    _, reader = serve(world, now=lambda: clock[0])
    done = reader.get("tickets/3.json")["ticket"]
    assert (done["status"], done["group_id"], done["assignee_id"], done["priority"]) == (
        "solved",
        12,
        1001,
        "high",
    )
    assert done["tags"] == ["vip"]
    clock[0] = world.filter(pl.col("ticket") == "3")["at"].min() + timedelta(seconds=90)
    early = reader.get("tickets/3.json")["ticket"]
    assert (early["status"], early["group_id"], early["tags"]) == ("open", 11, ["routed"])


def test_the_user_export_has_end_users_and_the_agents(serve, world):
    _, reader = serve(world)
    rows = reader.export("incremental/users/cursor.json?start_time=0&per_page=1", "users")
    assert {row["id"]: row["role"] for row in rows} == {1001: "agent", 5001: "end-user", 900_000_001: "admin"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 13))
def test_time_windows_cover_everything_and_always_move_on(stamps, size, since):
    stamps = sorted(stamps)
    rows = Rows.of(
        pl.DataFrame({"stamp": stamps, "id": list(range(len(stamps)))}),
        "stamp",
        "id",
        pl.Series([str(n) for n in range(len(stamps))], dtype=pl.String),
    )
    begin = rows.start(since)
    seen: set[int] = set()
    for _ in range(len(stamps) + 2):
        low = rows.start(since)
        high = rows.time_window(low, len(rows), size, keep_ties=True)
        seen |= set(range(low, high))
        if high == len(rows):
            break
        assert stamps[high - 1] > since or low == high
        since = stamps[high - 1]
    assert seen == set(range(begin, len(rows)))
