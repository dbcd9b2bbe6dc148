"""Our events, shown by the platform, and read back by hand with the settled rules."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.zendesk.simulated.audits import audited
from connectors.zendesk.simulated.events import Layout, rows

Fact = tuple[Any, ...]
KIND_OF = {"assignee_id": "assigned", "group_id": "moved", "priority": "priority", "status": "status"}


def read_back(saves: list[dict[str, Any]], agents: set[int]) -> list[Fact]:
    """(ticket, second, actor, kind, before, after) per event, from the ticket event layout."""
    facts: list[Fact] = []
    for save in saves:
        at, ticket = save["timestamp"], str(save["ticket_id"])
        creating = any(child["event_type"] == "Create" for child in save["child_events"])
        if creating:
            first = {}
            for child in save["child_events"]:
                if child["event_type"] == "Create":
                    first.update(child)
            state = tuple(first[name] for name in ("status", "group_id", "assignee_id", "priority"))
            facts.append((ticket, at, str(save["updater_id"]), "created", None, state))
            facts += [(ticket, at, str(save["updater_id"]), "tagged", None, tag) for tag in first.get("tags", [])]
        for child in save["child_events"]:
            by_rule = child["via"] == "Rule"
            actor = f"rule:{child['via_reference_id']}" if by_rule else str(save["updater_id"])
            if child["event_type"] == "Comment" and not creating:
                own = "replied" if save["updater_id"] in agents else "customer_replied"
                facts.append((ticket, at, actor, own if child["comment_public"] else "noted", None, None))
            if child["event_type"] == "Change":
                facts += read_change(child, ticket, at, actor)
    return facts


def read_change(child: dict[str, Any], ticket: str, at: int, actor: str) -> list[Fact]:
    if "tags" in child:
        added = [(ticket, at, actor, "tagged", None, tag) for tag in child["added_tags"]]
        return added + [(ticket, at, actor, "untagged", tag, None) for tag in child["removed_tags"]]
    for name, kind in KIND_OF.items():
        if name in child:
            if child[name] == "deleted":
                return [(ticket, at, actor, "deleted", child["previous_value"], None)]
            return [(ticket, at, actor, kind, child["previous_value"], child[name])]
    return []


def shown(events: pl.DataFrame, **layout: bool) -> list[dict[str, Any]]:
    import orjson

    return [orjson.loads(text) for text in rows(audited(events), Layout(**layout))["json"]]


def expected(events: pl.DataFrame) -> list[Fact]:
    facts: list[Fact] = []
    for row in events.iter_rows(named=True):
        if row["kind"] in ("rated", "sla_breached", "handled", "availability", "merged"):
            continue
        state = (row["status"], row["group"], row["assignee"], row["priority"])
        after = state if row["kind"] == "created" else row["after"]
        actor = row["actor"]
        facts.append((row["ticket"], int(row["at"].timestamp()), actor, row["kind"], row["before"], after))
    return facts


def in_order(facts: list[Fact]) -> list[Fact]:
    return sorted(facts, key=repr)


def test_what_went_in_comes_out(world):
    facts = read_back(shown(world), agents={1001})
    assert in_order(facts) == in_order(expected(world))


def test_one_save_is_one_audit(world):
    saves = shown(world)
    assert len(saves) == 7 * 6 + 2
    second = next(s for s in saves if s["ticket_id"] == 3 and s["updater_id"] == 1001)
    kinds = [c["event_type"] for c in second["child_events"] if c["event_type"] != "Notification"]
    assert kinds == [
        "Change",
        "Change",
        "Change",
        "Comment",
        "Change",
    ]  # assignee, status, its id, reply, the rule's
    assert second["child_events"][-1]["via_reference_id"] == 55
    assert (second["via"], second["event_type"]) == ("Web form", "Audit")


def test_without_a_batch_same_ticket_actor_and_second_are_one_audit(events_of):
    rows = [
        {"ticket": "1", "actor": "7", "kind": "replied"},
        {"ticket": "1", "actor": "7", "kind": "status", "before": "open", "after": "pending"},
        {"ticket": "1", "actor": "8", "kind": "noted"},
        {"ticket": "2", "actor": "7", "kind": "noted"},
    ]
    assert [(s["ticket_id"], s["updater_id"]) for s in shown(events_of(rows))] == [(1, 7), (1, 8), (2, 7)]


def test_a_batch_over_several_tickets_is_an_audit_each(events_of):
    rows = [
        {
            "ticket": str(n),
            "actor": "7",
            "kind": "status",
            "before": "solved",
            "after": "closed",
            "batch": "bulk",
        }
        for n in range(1, 4)
    ]
    assert [s["ticket_id"] for s in shown(events_of(rows))] == [1, 2, 3]


def test_the_system_alone_is_minus_one_by_a_rule(events_of):
    rows = [{"ticket": "1", "actor": "rule:9", "actor_kind": "system", "kind": "status", "before": "solved", "after": "closed"}]  # fmt: skip  # noqa: E501
    (save,) = shown(events_of(rows))
    (audit,) = shown(events_of(rows), audits=True)
    assert (save["updater_id"], save["via"], save["child_events"][0]["via_reference_id"]) == (-1, "Rule", 9)
    assert (audit["author_id"], audit["via"]["channel"], audit["via"]["source"]["from"]["id"]) == (
        -1,
        "rule",
        9,
    )
    assert audit["metadata"]["system"] == {}


def test_an_integration_writes_by_the_api(events_of):
    rows = [{"ticket": "1", "actor": "44", "actor_kind": "integration", "kind": "noted"}]
    (save,) = shown(events_of(rows))
    (audit,) = shown(events_of(rows), audits=True)
    assert (save["via"], audit["via"]["channel"]) == ("Web service", "api")


def test_a_merge_says_where_it_came_from(events_of):
    rows = [{"ticket": "1", "actor": "7", "kind": "merged", "after": "2"}]
    (save,) = shown(events_of(rows))
    (audit,) = shown(events_of(rows), audits=True)
    assert (save["via"], save["child_events"][0]["via_reference_id"]) == ("Merge", 2)
    assert audit["via"]["source"] == {"from": {"ticket_id": 2}, "to": {}, "rel": "merge"}


def test_first_tags_are_part_of_the_creation(events_of):
    rows = [
        {
            "ticket": "1",
            "actor": "5",
            "actor_kind": "requester",
            "kind": "created",
            "batch": "b",
            "status": "new",
        },
        {
            "ticket": "1",
            "actor": "5",
            "actor_kind": "requester",
            "kind": "tagged",
            "after": "z",
            "batch": "b",
        },
        {
            "ticket": "1",
            "actor": "5",
            "actor_kind": "requester",
            "kind": "tagged",
            "after": 'a"b',
            "batch": "b",
        },
    ]
    (save,) = shown(events_of(rows))
    creates = [c for c in save["child_events"] if c["event_type"] == "Create"]
    assert next(c["tags"] for c in creates if "tags" in c) == ['a"b', "z"]
    assert not [c for c in save["child_events"] if c["event_type"] == "Change"]


def test_a_ticket_from_before_the_log_keeps_what_its_changes_say(events_of):
    rows = [
        {"ticket": "1", "actor": "7", "kind": "replied"},
        {"ticket": "1", "actor": "7", "kind": "assigned", "before": "8", "after": "9", "min": 1},
        {"ticket": "1", "actor": "7", "kind": "untagged", "before": "old", "min": 2},
    ]
    saves = shown(events_of(rows))
    assert saves[1]["child_events"][0]["previous_value"] == "8"
    assert saves[2]["child_events"][0]["previous_value"] == ["old"]


def test_audits_have_the_ids_of_the_event_stream(serve, world):
    _, reader = serve(world)
    stream = {row["id"]: row for row in reader.export("incremental/ticket_events?start_time=0", "ticket_events")}
    audits = reader.listed("tickets/3/audits.json?page[size]=2", "audits")
    assert [a["id"] for a in audits] == sorted(i for i, row in stream.items() if row["ticket_id"] == 3)
    for audit in audits:
        same = stream[audit["id"]]
        assert [e["id"] for e in audit["events"]] == [c["id"] for c in same["child_events"]]
        assert audit["author_id"] == same["updater_id"]


def test_bodies_come_only_when_asked_for(serve, world):
    _, reader = serve(world)
    plain = reader.get("incremental/ticket_events?start_time=0")
    comments = [c for s in plain["ticket_events"] for c in s["child_events"] if c["event_type"] == "Comment"]
    assert all("body" not in c and c["comment_present"] for c in comments)
    full = reader.get("incremental/ticket_events?start_time=0&include=comment_events")
    comments = [c for s in full["ticket_events"] for c in s["child_events"] if c["event_type"] == "Comment"]
    assert all(c["body"].startswith("CANARY-") and c["audit_id"] for c in comments)


CHANGES = st.sampled_from(["replied", "noted", "assigned", "moved", "tagged", "priority", "status"])
WORDS = {"assigned": ["8", "9", None], "moved": ["11", "12"], "tagged": ["x", "y z", 'q"'],
         "priority": ["low", "high", None], "status": ["open", "pending", "solved"]}  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_history_survives_the_round_trip(data):
    """Histories in which every change changes something, as on the platform."""
    from datetime import UTC, datetime

    from helpdesk_wellbeing.events import SCHEMA

    held: dict[str, Any] = {"status": "new", "assigned": None, "moved": "11", "priority": None}
    tags: set[str] = set()
    rows = [{"kind": "created", "actor": "5001", "actor_kind": "requester", "batch": "b0", "status": "new",
             "group": "11"}]  # fmt: skip
    for step in range(data.draw(st.integers(1, 12)), 0, -1):
        for kind in data.draw(st.lists(CHANGES, min_size=1, max_size=4, unique=True)):
            row = {"kind": kind, "actor": "7", "actor_kind": "agent", "batch": f"b{100 - step}"}
            if kind in held:
                after = data.draw(st.sampled_from([w for w in WORDS[kind] if w != held[kind]]))
                row |= {"before": held[kind], "after": after}
                held[kind] = after
            elif kind == "tagged":
                tag = data.draw(st.sampled_from(WORDS["tagged"]))
                row |= {"kind": "untagged", "before": tag} if tag in tags else {"after": tag}
                tags ^= {tag}
            rows.append(row)
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    full = [
        dict.fromkeys(SCHEMA) | {"id": str(n), "account": "a", "ticket": "1", "grade": "A"} | row
        | {"at": datetime.fromtimestamp(1_790_000_000 + int(row["batch"][1:]), UTC)}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    events = pl.DataFrame(full, schema=plain).cast(SCHEMA)
    assert in_order(read_back(shown(events), agents={7})) == in_order(expected(events))


@pytest.mark.parametrize("numeric", [True, False])
def test_ids_in_children_are_strings_unless_asked_otherwise(world, numeric):
    save = shown(world, numeric_ids=numeric)[1]
    assert save["child_events"][0]["assignee_id"] == (1001 if numeric else "1001")
