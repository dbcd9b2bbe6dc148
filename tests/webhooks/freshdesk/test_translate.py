from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import webhooks.freshdesk.translate as freshdesk
from helpdesk_wellbeing.errors import BadPayload

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def forwarded(event: str, record: dict[str, Any], actor: dict[str, Any] | None = None) -> Any:
    sent = {"event": event, "timestamp": 1772443800.5, "actor": actor or {"id": 81, "type": "agent"}, "record": record}
    return freshdesk.translate(sent, {}, NOW)


def told(delivery: Any) -> list[dict[str, str]]:
    said = ("id", "ticket", "grade", "batch", "before_code", "after_code", "status_code")
    return [{k: v for k, v in row.items() if k not in said} for row in delivery.events]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_rule_only_hints(wrapped):
    said = {"ticket_id": "205", "event": "{status:{from:4,to:6}}"}

    delivery = freshdesk.translate({"freshdesk_webhook": said} if wrapped else said, {}, NOW)

    assert (delivery.events, delivery.tickets) == ((), ("205",))


def test_the_same_words_about_a_ticket_in_one_minute_are_one_call():
    said = {"ticket_id": "205", "event": "{status:{from:4,to:6}}"}
    keys = [
        freshdesk.translate(said | changes, {}, NOW + timedelta(seconds=late)).key
        for changes, late in [({}, 0), ({}, 59), ({}, 60), ({"event": "{note_type:private}"}, 0), ({"ticket_id": 9}, 0)]
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_a_rule_whose_placeholder_was_not_filled_is_refused():
    with pytest.raises(BadPayload, match=r"^ticket_id: "):
        freshdesk.translate(json.loads(freshdesk.RULE_BODY), {}, NOW)


def test_a_new_ticket_has_its_first_state_and_the_one_who_made_it():
    record = {"id": 165, "status": 2, "priority": 4, "source": 1, "group_id": 9, "responder_id": None, "tags": ["vip"],
              "created_at": "2026-03-02T09:00:00Z"}  # fmt: skip
    delivery = forwarded("onTicketCreate", record, {"id": 7, "type": "user"})

    shared = {"at": "2026-03-02T09:00:00+00:00", "channel": "email", "actor": "7", "actor_kind": "requester"}
    assert told(delivery) == [
        shared | {"kind": "created", "status": "open", "priority": "urgent", "group": "9"},
        shared | {"kind": "tagged", "after": "vip"},
    ]
    assert {row["batch"] for row in delivery.events} == {delivery.key}


def test_one_save_gives_one_event_a_change():
    changes = {"status": [2, 6], "responder_id": [None, 81], "priority": [1, 1], "cf_secret": ["a", "b"]}
    delivery = forwarded("onTicketUpdate", {"id": 5, "updated_at": "2026-03-02T09:00:00Z", "changes": changes})

    who = {"at": "2026-03-02T09:00:00+00:00", "actor": "81", "actor_kind": "agent"}
    assert told(delivery) == [
        who | {"kind": "assigned", "after": "81"},
        who | {"kind": "status", "before": "open", "after": "pending"},
    ]


@pytest.mark.parametrize("field", ["deleted", "spam"])
def test_deleting_and_calling_it_spam_are_one_deletion(field):
    changes = {field: [False, True], "status": [2, 5]}

    assert [row["kind"] for row in told(forwarded("onTicketUpdate", {"id": 5, "changes": changes}))] == ["deleted"]


@pytest.mark.parametrize(
    ("record", "actor", "kind"),
    [
        ({"incoming": False, "private": True}, "agent", "noted"),
        ({"incoming": False, "private": False}, "agent", "replied"),
        ({"incoming": True, "private": False}, "user", "customer_replied"),
        ({"incoming": False, "private": False}, "user", "customer_replied"),
    ],
)
def test_a_conversation_is_the_actors(record, actor, kind):
    delivery = forwarded("onConversationCreate", {"id": 1, "ticket_id": 5, **record}, {"id": 81, "type": actor})

    [row] = delivery.events
    assert (row["kind"], row["actor"], row["ticket"]) == (kind, "81", "5")


def test_entered_time_is_dated_at_its_end_and_belongs_to_the_agent_it_was_entered_for():
    record = {"id": 2, "ticket_id": 5, "agent_id": 82, "time_spent": 600, "timer_running": False,
              "executed_at": "2026-03-01T17:00:00Z"}  # fmt: skip
    [row] = told(forwarded("onTimeEntryCreate", record))

    assert row == {"kind": "handled", "after": "600", "actor": "82", "actor_kind": "agent",
                   "at": "2026-03-01T17:00:00+00:00", "started_at": "2026-03-01T16:50:00+00:00"}  # fmt: skip


def test_somebody_without_an_id_is_nobody():
    [row] = told(forwarded("onTicketDelete", {"id": 5}, {"id": 0, "type": "agent"}))
    [system] = told(forwarded("onTicketDelete", {"id": 5}, {"id": 0, "type": "system"}))

    assert (row["actor_kind"], "actor" in row) == ("unknown", False)
    assert system["actor_kind"] == "system"


def test_a_forward_that_is_repeated_has_the_same_key():
    record = {"id": 5, "changes": {"status": [2, 4]}}

    assert forwarded("onTicketUpdate", record).key == forwarded("onTicketUpdate", record).key
    assert forwarded("onTicketUpdate", record).key != forwarded("onTicketUpdate", record | {"id": 6}).key


def test_events_have_the_ids_that_a_pull_gives_to_the_same():
    created = forwarded("onTicketCreate", {"id": 165, "tags": ["vip"]})
    reply = forwarded("onConversationCreate", {"id": 9, "ticket_id": 5, "incoming": False, "private": False})
    entry = {"id": 2, "ticket_id": 5, "agent_id": 82, "time_spent": 600, "timer_running": False}
    changes = {"status": [2, 4], "priority": [1, 2]}
    update = forwarded("onTicketUpdate", {"id": 5, "changes": changes})

    ids = [[row["id"] for row in one.events] for one in (created, reply, forwarded("onTimeEntryCreate", entry), update)]
    assert ids == [
        ["ticket:165:created", "ticket:165:created:tagged:vip"],
        ["conversation:9"],
        ["time_entry:2"],
        [f"{update.key}.0", f"{update.key}.1"],
    ]


def test_ids_of_one_second_sort_by_the_time_of_the_call():
    record = {"id": 5, "updated_at": "2026-03-02T09:30:00Z", "changes": {"status": [2, 4]}}
    sent = [{"event": "onTicketUpdate", "timestamp": 1772443800 + part, "actor": {"id": 81, "type": "agent"},
             "record": record} for part in (0.001, 0.25, 0.999)]  # fmt: skip
    found = [freshdesk.translate(call, {}, NOW).events[0] for call in sent]

    assert [row["id"] for row in found] == sorted(row["id"] for row in found)
    assert {row["at"] for row in found} == {"2026-03-02T09:30:00+00:00"}


def test_statuses_of_the_accounts_own_wait_for_their_meaning():
    [row] = forwarded("onTicketUpdate", {"id": 5, "changes": {"status": [6, "7"]}}).events

    assert (row["before"], row["before_code"], row["after"], row["after_code"]) == ("pending", "6", "pending", "7")


def test_tags_are_told_one_by_one_and_a_ticket_can_come_back():
    changes = {"tags": [["a", "b"], ["b", "c"]]}
    who = {"actor": "81", "actor_kind": "agent", "at": "2026-03-02T09:30:00.500000+00:00"}

    assert told(forwarded("onTicketUpdate", {"id": 5, "changes": changes})) == [
        who | {"kind": "tagged", "after": "c"},
        who | {"kind": "untagged", "before": "a"},
    ]
    assert told(forwarded("onTicketUpdate", {"id": 5, "status": 4, "changes": {"spam": [True, False]}})) == [
        who | {"kind": "status", "before": "deleted", "after": "solved"}
    ]


def test_what_is_told_is_no_hint_and_what_is_not_told_is_one():
    told_event = forwarded("onTicketUpdate", {"id": 5, "changes": {"status": [2, 4]}})
    late = forwarded("onTicketUpdate", {"id": 5, "changes": {"is_escalated": [False, True]}})
    edited = forwarded("onConversationUpdate", {"id": 9, "ticket_id": 5})
    survey = {"id": 9, "ticket_id": 5, "incoming": True, "private": False, "source": 6}
    rating = forwarded("onConversationCreate", survey)

    assert (len(told_event.events), told_event.tickets) == (1, ())
    assert [(one.events, one.tickets) for one in (late, edited, rating)] == [((), ("5",))] * 3


@pytest.mark.parametrize(
    ("kind", "name", "record"),
    [
        ("onConversationCreate", "conversation", {"id": 9, "ticket_id": 5, "incoming": False, "private": False}),
        ("onTicketCreate", "ticket", {"id": 5, "status": 2, "tags": ["vip"]}),
    ],
)
def test_what_nobody_is_named_for_is_left_to_the_pull_that_knows_who_it_was(kind, name, record):
    delivery = freshdesk.translate({"event": kind, "timestamp": 1772443800, "data": {name: record}}, {}, NOW)

    assert (delivery.events, delivery.tickets) == ((), ("5",))


def test_a_change_whose_author_is_not_named_is_less_sure():
    record = {"id": 5, "changes": {"status": [2, 4]}}
    sent = {"event": "onTicketUpdate", "timestamp": 1772443800000, "data": {"ticket": record}}
    [row] = freshdesk.translate(sent, {}, NOW).events

    assert (row["actor_kind"], row["grade"], "actor" in row) == ("unknown", "B", False)


@pytest.mark.parametrize(
    ("kind", "record", "actor"),
    [
        ("onTicketDelete", {"id": 5, "archive": True}, {"id": 0, "type": "system"}),
        ("onConversationDelete", {"id": 9}, {"id": 81, "type": "agent"}),
        ("onTimeEntryCreate", {"id": 2, "ticket_id": 5, "timer_running": True}, {"id": 81, "type": "agent"}),
        ("onTicketFieldUpdate", {"id": 1, "name": "cf_color", "field_type": "custom_dropdown"}, {"id": 81}),
        ("onAgentAvailabilityUpdate", {"id": 81}, {"id": 81}),
        ("onCannedResponseCreate", {"id": 81}, {"id": 81}),
        ("onScheduledEvent", {}, {}),
    ],
)
def test_what_nobody_need_look_at_is_ignored(kind, record, actor):
    assert forwarded(kind, record, actor) is None


def test_that_statuses_were_changed_asks_for_a_look_at_the_account():
    delivery = forwarded("onTicketFieldUpdate", {"id": 1, "name": "status", "field_type": "default_status"})

    assert (delivery.events, delivery.tickets, delivery.look) == ((), (), True)


# ---- the platform's own samples -------------------------------------------------------------------------------------


def samples(shared: Path) -> list[tuple[str, dict[str, Any]]]:
    files = [*shared.glob("specs/freshdesk-event-*.json"), *shared.glob("data/freshworks-product-events/**/*.json")]
    found = []
    for file in sorted(files):
        said = json.loads(file.read_text("utf-8"))
        if isinstance(said.get("event"), str) and isinstance(said.get("data"), dict):
            found.append((file.stem, said))
    return found


def test_the_platforms_own_samples_are_read(shared, fits_the_schema):
    counted = Counter()
    for name, sample in samples(shared):
        kind = sample["event"]
        if "ticket_field" in sample["data"] or not sample["data"].keys() & {"ticket", "conversation", "time_entry"}:
            continue
        delivery = freshdesk.translate(sample, {}, NOW)
        is_named = "actor" in sample["data"] or "agent" in sample["data"]
        counted[kind, is_named, "ignored" if delivery is None else "told" if delivery.events else "hint"] += 1
        if delivery is None:
            continue
        assert bool(delivery.events) is not bool(delivery.tickets), name
        fits_the_schema([delivery])
        assert {row["grade"] for row in delivery.events} <= {"A" if is_named else "B"}, name
        kept = json.dumps([dict(row) for row in delivery.events])
        for word in ("freshdesk.com", "Minerva", "Rachel", "13.2", "0987654321", "Support"):
            assert word not in kept, name

    assert {(kind, what) for kind, is_named, what in counted if is_named} == {
        ("onConversationCreate", "told"), ("onConversationDelete", "ignored"), ("onConversationUpdate", "hint"),
        ("onTicketCreate", "told"), ("onTicketDelete", "ignored"), ("onTicketUpdate", "told"),
        ("onTimeEntryCreate", "told"), ("onTimeEntryDelete", "hint"), ("onTimeEntryUpdate", "hint"),
    }  # fmt: skip
    assert {(kind, what) for kind, is_named, what in counted if not is_named} == {
        ("onConversationCreate", "hint"), ("onTicketCreate", "hint"), ("onTicketUpdate", "told"),
        ("onTicketUpdate", "hint"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["onTicketCreate", "onTicketUpdate", "onConversationCreate", "onTimeEntryCreate"])
def test_both_forms_of_an_event_are_one(shared, kind):
    sample = json.loads((shared / f"specs/freshdesk-event-{kind}.json").read_text("utf-8"))
    name = next(name for name in ("ticket", "conversation", "time_entry") if name in sample["data"])
    whole = sample["data"][name]
    record = {field: whole[field] for field in freshdesk.RECORD_FIELDS if field in whole}
    actor = {field: sample["data"]["actor"].get(field) for field in ("id", "type")}
    sent = {"event": kind, "timestamp": sample["timestamp"], "actor": actor, "record": record}

    assert freshdesk.translate(sent, {}, NOW) == freshdesk.translate(sample, {}, NOW)
    assert freshdesk.translate(sent | {"timestamp": sample["timestamp"] * 1000}, {}, NOW).key.startswith("app:")


def test_the_guide_shows_what_the_rule_must_send():
    guide = (Path(__file__).parents[3] / "webhooks/freshdesk/README.md").read_text("utf-8")

    assert freshdesk.RULE_BODY in guide
