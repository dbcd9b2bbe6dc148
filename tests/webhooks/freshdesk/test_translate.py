from __future__ import annotations

import json
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
    return [{k: v for k, v in row.items() if k not in ("id", "ticket", "grade", "batch")} for row in delivery.events]


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
                   "at": "2026-03-01T17:00:00+00:00"}  # fmt: skip
    assert told(forwarded("onTimeEntryCreate", record | {"timer_running": True})) == []


def test_somebody_without_an_id_is_nobody():
    [row] = told(forwarded("onTicketDelete", {"id": 5}, {"id": 0, "type": "agent"}))
    [system] = told(forwarded("onTicketDelete", {"id": 5}, {"id": 0, "type": "system"}))

    assert (row["actor_kind"], "actor" in row) == ("unknown", False)
    assert system["actor_kind"] == "system"


def test_a_forward_that_is_repeated_has_the_same_key():
    record = {"id": 5, "changes": {"status": [2, 4]}}

    assert forwarded("onTicketUpdate", record).key == forwarded("onTicketUpdate", record).key
    assert forwarded("onTicketUpdate", record).key != forwarded("onTicketUpdate", record | {"id": 6}).key


@pytest.mark.parametrize("kind", ["onTicketCreate", "onTicketUpdate", "onConversationCreate", "onTimeEntryCreate",
                                  "onTimeEntryUpdate"])  # fmt: skip
def test_the_platforms_own_samples_are_read(shared, kind):
    sample = json.loads((shared / f"specs/freshdesk-event-{kind}.json").read_text("utf-8"))
    sample = sample.get("payload", sample)
    name = next(name for name in ("ticket", "conversation", "time_entry") if name in sample["data"])
    whole = sample["data"][name]
    record = {field: whole[field] for field in freshdesk.RECORD_FIELDS if field in whole}
    actor = {field: sample["data"]["actor"].get(field) for field in ("id", "type")}

    delivery = freshdesk.translate(
        {"event": kind, "timestamp": sample["timestamp"], "actor": actor, "record": record}, {}, NOW
    )

    assert delivery is not None
    assert delivery.tickets
    assert bool(delivery.events) is (kind != "onTimeEntryUpdate")


def test_the_guide_shows_what_the_rule_must_send():
    guide = (Path(__file__).parents[3] / "webhooks/freshdesk/README.md").read_text("utf-8")

    assert freshdesk.RULE_BODY in guide
