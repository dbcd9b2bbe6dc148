"""The daily export of activities: who changed what, where an account still has it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from connectors.freshdesk import FreshdeskSettings
from connectors.freshdesk.activities import Names, read, strangers
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.diffs import Context
from connectors.freshdesk.export import links_of
from connectors.freshdesk.simulated import SimulatedFreshdesk, Site
from connectors.session import Limits
from helpdesk_wellbeing.pulling import pull
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store

NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 24 * 3600
NAMES = Names({"open": "open", "resolved": "solved"}, {"Billing": "11"}, {"7": "email"})
CONTEXT = Context("acme", frozenset({"1", "2", "9"}), own_user="9")
NINE = "19-11-2026 09:00:00 +0000"
NINE_S = int(datetime(2026, 11, 19, 9, tzinfo=UTC).timestamp())
EXPORT = "/api/v2/export/ticket_activities"


def row(done, who=1, ticket=7, at=NINE, performer="user"):
    return {"performed_at": at, "ticket_id": ticket, "performer_type": performer, "performer_id": who, "activity": done}


def told(*rows):
    return read(rows, CONTEXT, NAMES, NOW).frame().to_dicts()


def facts(*rows):
    return [(event["kind"], event["before"], event["after"]) for event in told(*rows)]


def exports(freshdesk):
    return [line.split("=")[1] for line in freshdesk.asked if line.startswith(EXPORT)]


# Rows


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ({"status": "Resolved"}, [("status", None, "solved")]),
        ({"status": "RESOLVED ", "due_by": "x", "ticket_type": "y"}, [("status", None, "solved")]),
        ({"priority": 4, "group": "Billing"}, [("priority", None, "urgent"), ("moved", None, "11")]),
        ({"agent_id": 2}, [("assigned", None, "2")]),
        ({"agent_id": None}, [("assigned", None, None)]),
        ({"group": None}, [("moved", None, None)]),
        ({"added_tags": ["b", "a"], "removed_tags": ["c"]},
         [("tagged", None, "a"), ("tagged", None, "b"), ("untagged", "c", None)]),
        ({"spam": True, "status": "Resolved"}, [("deleted", None, None)]),
        ({"deleted": False}, []),
        ({"note": {"id": 5, "type": 4}}, [("noted", None, None)]),
        ({"note": {"id": 5, "type": 3}}, []),
        ({"status": "No such label", "priority": 4}, [("priority", None, "urgent")]),
        ({"group": "No such group"}, []),
        ({"send_email": {"agent_ids": [1]}, "Eigenes Feld": "x"}, []),
    ],
)  # fmt: skip
def test_a_row_says_what_its_save_set(done, expected):
    assert facts(row(done)) == expected


def test_names_that_nobody_knows_are_counted():
    out = read([row({"status": "?", "group": "?"})], CONTEXT, NAMES, NOW)
    assert out.unknown == {"status": 1, "group": 1}
    assert out.unreadable == 0


@pytest.mark.parametrize(
    ("raw", "actor", "kind"),
    [
        (row({"priority": 1}), "1", "agent"),
        (row({"priority": 1}, who=9), "9", "integration"),
        (row({"status": "Open"}, who=500), "500", "requester"),
        (row({"agent_id": 2}, who=500), "500", "unknown"),  # no customer can have done it
        (row({"priority": 1, "automation": {"type": 1, "rule": "Route VIP"}}, None, performer="system"),
         "Route VIP", "system"),
        (row({"priority": 1}, None, performer="system"), None, "system"),
        (row({"priority": 1}, None), None, "unknown"),
        (row({"priority": 1}, performer="robot"), None, "unknown"),
    ],
)  # fmt: skip
def test_each_change_is_its_doers(raw, actor, kind):
    (event,) = told(raw)
    assert (event["actor"], event["actor_kind"], event["grade"], event["channel"]) == (actor, kind, "A", "email")


def test_a_note_has_the_id_of_the_conversation_and_what_others_wrote_is_left_to_conversations():
    events = told(row({"note": {"id": 5, "type": 0}}), row({"note": {"id": 6, "type": 0}}, who=500))
    assert [(event["id"], event["kind"], event["actor"]) for event in events] == [("conversation:5", "replied", "1")]


def test_a_beginning_counts_where_all_of_the_first_state_is_said():
    whole = {"new_ticket": True, "status": "Open", "priority": 2, "agent_id": None, "group": "Billing", "source": 3}
    (event,) = told(row(whole, who=500))
    state = [event[name] for name in ("kind", "status", "priority", "assignee", "group", "channel", "actor_kind")]
    assert state == ["created", "open", "normal", None, "11", "phone", "requester"]
    assert told(row({**whole, "group": "No such group"}), row({"new_ticket": True, "status": "Open"})) == []


def test_what_happened_in_one_second_stays_in_order_behind_the_beginning():
    first = {"new_ticket": True, "status": "Open", "priority": 2, "agent_id": None, "group": None}
    rows = [row({"status": "Resolved"}), row({"status": "Open"}), row(first), row({"status": "Resolved"}, ticket=8)]
    events = sorted(told(*rows), key=lambda event: (event["at"], event["id"]))
    assert [event["kind"] for event in events if event["ticket"] == "7"] == ["created", "status", "status"]
    assert [event["after"] for event in events if event["ticket"] == "7"] == [None, "solved", "open"]


def test_times_are_day_first_and_carry_their_offset():
    (event,) = told(row({"priority": 1}, at="02-11-2026 00:30:00 +0530"))
    assert event["at"].replace(microsecond=0) == datetime(2026, 11, 1, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "garbage",
    [
        None, 7, "x", [], {}, row(None), row([]), row({"priority": "x"}), row({"agent_id": "x"}), row({"note": {}}),
        row({"status": 5}), row({"priority": 1}, at="2026-11-19T09:00:00Z"), row({"priority": 1}, ticket=None),
        row({"priority": 1}, at=None), row({"priority": 1}, at="01-01-2099 00:00:00 +0000"),
        row({"added_tags": "x", "priority": 9, "note": {"type": 0, "id": None}}),
        row({"automation": {"rule": ["x"]}, "group": 7}),
    ],
)  # fmt: skip
def test_garbage_costs_its_own_row_only(garbage):
    out = read([garbage, row({"priority": 1})], CONTEXT, NAMES, NOW)
    assert out.kind == ["priority"]
    assert out.unreadable + sum(out.unknown.values()) >= 1
    strangers([garbage], CONTEXT)


def test_a_row_that_comes_twice_is_one_event():
    events = told(row({"priority": 1}), dict(reversed(row({"priority": 1}).items())))
    assert len({event["id"] for event in events}) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"export": {"url": "u"}}, ["u"]), ({"export": [{"url": "u"}]}, ["u"]), ({"export": []}, []), ({}, []),
        ([], []), (None, []), ({"export": {}}, []), ({"export": [None, {"url": 7}, {"url": ""}]}, []),
        ({"export": [{"created_at": "18-11-2026", "url": "a"}, {"created_at": "9-11-2026", "url": "b"}]}, ["b"]),
    ],
)  # fmt: skip
def test_the_address_comes_in_several_shapes(answer, expected):
    assert links_of(answer, date(2026, 11, 9)) == expected


# Files


def test_days_are_read_once_newest_first_without_our_key(freshdesk, store):
    freshdesk.history(5, every_s=HOUR)
    freshdesk.files = {f"2026-11-{day:02}": [] for day in range(10, 20)}
    freshdesk.files["2026-11-19"] = [row({"agent_id": 1}, who=2, ticket=1), row({"priority": 3}, who=2, ticket=1)]

    store.take(freshdesk.connector())

    read_days = [request.url.split("/")[-1][:10] for request in freshdesk.file_requests]
    assert read_days == [f"2026-11-{day}" for day in range(19, 9, -1)]
    assert not any("authorization" in {name.lower() for name in request.headers} for request in freshdesk.file_requests)
    assert [(event["actor"], event["after"]) for event in store.of("priority")] == [("2", "high")]
    freshdesk.asked.clear()
    store.take(freshdesk.connector())
    assert exports(freshdesk) == []
    freshdesk.now += DAY
    freshdesk.files["2026-11-20"] = []
    store.take(freshdesk.connector())
    assert exports(freshdesk) == ["2026-11-20"]


def test_an_account_without_it_is_asked_again_the_next_day_and_told_of_once(freshdesk, store):
    first = freshdesk.connector()
    store.take(first)
    freshdesk.asked.clear()
    freshdesk.now += 20 * HOUR
    store.take(freshdesk.connector())
    assert exports(freshdesk) == []
    freshdesk.now += 5 * HOUR
    later = freshdesk.connector()
    store.take(later)

    assert exports(freshdesk) == ["2026-11-20", "2026-11-19"]
    assert [sum("activity export" in note for note in one.notes) for one in (first, later)] == [1, 0]


@pytest.mark.parametrize("refusal", [(403, {"code": "require_feature"}), (404, {}), (200, {}), (200, {"export": []})])
def test_whatever_says_that_there_is_none_stops_nothing(freshdesk, store, refusal):
    freshdesk.history(3, every_s=HOUR)
    freshdesk.broken["/export"] = refusal
    pages = store.take(freshdesk.connector())
    assert pages[-1].stream == "absent"
    assert len(store.of("created")) == 3


def test_a_day_that_is_not_ready_is_asked_for_again_and_one_that_never_came_is_left(freshdesk, store):
    freshdesk.files = {"2026-11-18": [], "2026-11-15": []}
    store.take(freshdesk.connector())
    freshdesk.asked.clear()
    freshdesk.files["2026-11-19"] = [row({"priority": 3})]
    store.take(freshdesk.connector())

    assert exports(freshdesk) == ["2026-11-19", "2026-11-17"]
    assert len(store.of("priority")) == 1


def test_a_patient_pull_asks_for_what_is_not_ready_once_an_hour(freshdesk, store):
    freshdesk.files = {"2026-11-18": []}
    store.take(freshdesk.connector(patient=True))
    freshdesk.asked.clear()
    freshdesk.now += HOUR // 2
    store.take(freshdesk.connector(patient=True))
    assert exports(freshdesk) == []
    freshdesk.now += HOUR
    store.take(freshdesk.connector(patient=True))
    assert "2026-11-19" in exports(freshdesk)


def file(rows, count=None, **metadata):
    said = {"metadata": {"activities_count": len(rows) if count is None else count, **metadata}}
    return json.dumps({**said, "activities_data": rows}).encode()


@pytest.mark.parametrize(
    "broken",
    [
        (200, file([row({"priority": 3})])[:-20]), (200, b""), (200, b"[]"), (200, b"{}"), (200, b"null"),
        (200, b'{"activities_data": 7}'), (403, b"<Error>AccessDenied</Error>"), (200, b"<html>"), (404, b""),
        (200, b"\xff\xfe"),
    ],
)  # fmt: skip
def test_a_broken_file_costs_its_day_for_now_and_its_address_is_never_said(freshdesk, store, broken):
    freshdesk.history(3, every_s=HOUR)
    freshdesk.files = {"2026-11-19": broken, "2026-11-18": [row({"priority": 3}, at="18-11-2026 09:00:00 +0000")]}
    said: list[str] = []
    connector = freshdesk.connector(say=said.append)
    store.take(connector)

    assert len(store.of("priority")) == 1
    assert len(store.of("created")) == 3
    assert any("the activities of 2026-11-19" in note for note in connector.notes)
    assert not any(word in line for line in said for word in ("s3cret", "signature", "storage.example"))
    freshdesk.files["2026-11-19"] = [row({"priority": 4})]
    store.take(freshdesk.connector())
    assert len(store.of("priority")) == 2


def test_a_storage_that_does_not_answer_is_left_alone_until_the_next_pull(freshdesk, store):
    freshdesk.history(3, every_s=HOUR)
    freshdesk.files = {f"2026-11-{day}": (503, b"") for day in range(10, 20)}
    store.take(freshdesk.connector())
    assert len(freshdesk.file_requests) == 3
    assert len(store.of("created")) == 3
    freshdesk.files = {day: [] for day in freshdesk.files}
    store.take(freshdesk.connector())
    assert len(freshdesk.file_requests) == 3 + 10


def test_a_file_with_fewer_rows_than_it_counts_is_read_again_and_each_row_counts_once(freshdesk, store):
    freshdesk.files = {"2026-11-19": (200, file([row({"priority": 3})], count=2))}
    store.take(freshdesk.connector())
    freshdesk.files["2026-11-19"] = [row({"priority": 3}), row({"priority": 3}), row({"priority": 4})]
    store.take(freshdesk.connector())
    assert sorted(event["after"] for event in store.of("priority")) == ["high", "urgent"]


def test_a_file_that_is_too_large_is_not_read(freshdesk, store):
    freshdesk.files = {"2026-11-19": [row({"priority": 3}, ticket=number) for number in range(3000)]}
    connector = freshdesk.connector(limits=Limits(max_bytes=100_000))
    store.take(connector)
    assert store.of("priority") == []
    assert any("larger than is read" in note for note in connector.notes)


@pytest.mark.parametrize(
    "link",
    [
        "http://files.storage.example/x?signature=s3cret", "https://127.0.0.1/x?signature=s3cret", "https://10.0.0.1/x",
        "http://localhost:8000/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://storage/x",
        "https://user:word@files.storage.example/x", "https://files.storage.example:8443/x", "ftp://a.example/x",
        "file:///etc/passwd", "//files.storage.example/x", "/api/v2/agents", "https://a.example:port/x", "x" * 9000,
        "https://files.storage.example/a b",
    ],
)  # fmt: skip
def test_an_address_that_is_not_https_on_a_public_host_is_not_asked(freshdesk, store, link):
    freshdesk.broken["/export"] = (200, {"export": {"url": link}})
    connector = freshdesk.connector()
    store.take(connector)
    assert freshdesk.file_requests == []
    assert any("an address that isn't asked" in note and "s3cret" not in note for note in connector.notes)


def test_who_did_what_only_staff_can_do_and_left_since_is_looked_up(freshdesk, store):
    freshdesk.contacts[77] = {"id": 77, "name": "Agent 03"}
    freshdesk.files = {"2026-11-19": [row({"agent_id": 1}, who=77), row({"agent_id": 2}, who=78)]}
    pages = store.take(freshdesk.connector())

    assert [(event["actor"], event["actor_kind"]) for event in store.of("assigned")] == [
        ("77", "agent"), ("78", "unknown"),
    ]  # fmt: skip
    assert [page.people["agent"].to_list() for page in pages if page.people is not None] == [["77"]]


def test_groups_of_one_name_are_nobodys(freshdesk, store):
    freshdesk.groups.append({"id": 12, "name": "Billing", "agent_ids": []})
    freshdesk.files = {"2026-11-19": [row({"group": "Billing"}), row({"group": "Support"})]}
    connector = freshdesk.connector()
    store.take(connector)
    assert [event["after"] for event in store.of("moved")] == ["10"]
    assert any("activities with a group that isn't known" in note for note in connector.notes)


# In the simulated account


@pytest.fixture(scope="module")
def three_days(world) -> Site:
    whole = Site.from_world(world, unlimited=True, activities="list")
    begin = world.as_of.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    born = whole.events.filter((pl.col("kind") == "created") & (pl.col("at") >= begin))["ticket"].to_list()[::6][:60]
    return replace(whole, events=whole.events.filter(pl.col("ticket").is_in(born)))


def changes(events: pl.DataFrame, before: datetime) -> Counter:
    kinds = ["created", "status", "assigned", "moved", "priority", "tagged", "deleted"]
    some = events.filter(pl.col("kind").is_in(kinds) & (pl.col("at") < before))
    return Counter(some.select(pl.col("at").dt.truncate("1s"), "ticket", "kind", "after").rows())


@pytest.mark.parametrize(("shape", "looks"), [("list", 1), ("object", 3)])
def test_with_the_export_every_change_of_past_days_is_one_event_by_its_doer(three_days, world, tmp_path, shape, looks):
    """However often tickets were compared before: what was inferred gives way."""
    there = [world.as_of]
    today = world.as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    site = replace(three_days, options=replace(three_days.options, activities=shape))
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'w.db'}")
    with SimulatedFreshdesk(site, now=lambda: there[0]) as front, open_store(settings) as opened:
        opened.create_account("acme", zone="UTC")
        for look in reversed(range(looks)):
            there[0] = world.as_of - timedelta(hours=15 * look)
            theirs = FreshdeskSettings("acme", "acme.freshdesk.com", front.api_key, front.base_url)
            connector = FreshdeskConnector(theirs, sleep=lambda seconds: None)
            pull(opened, "acme", connector)
        ours, truth = opened.all_events("acme", None, None), front.events_so_far()

    assert connector.notes == []
    assert changes(ours, today) == changes(truth, today)
    past = ours.filter((pl.col("at") < today) & pl.col("kind").is_in(["status", "assigned", "moved"]))
    assert past.height > 20
    assert past.filter(pl.col("actor_kind") == "unknown").is_empty()
