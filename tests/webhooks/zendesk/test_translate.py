from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import webhooks.zendesk.translate as zendesk
from helpdesk_wellbeing.errors import BadPayload

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DETAIL = {"id": "35", "group_id": "9", "assignee_id": "81", "requester_id": "7", "status": "OPEN", "priority": "HIGH",
          "tags": ["vip", "billing"], "via": {"channel": "email"}, "subject": "s", "description": "d"}  # fmt: skip


def read(kind: str, event: dict[str, Any], detail: dict[str, Any] | None = None) -> Any:
    payload = {"type": f"zen:event-type:{kind}", "id": "e1", "time": "2026-03-02T10:29:58+01:00", "event": event,
               "detail": DETAIL if detail is None else detail}  # fmt: skip
    return zendesk.translate(payload, {}, NOW)


def told(delivery: Any) -> list[dict[str, str]]:
    """What is special about each event."""
    common = ("id", "at", "grade", "ticket", "channel", "batch")
    rows = [{name: value for name, value in row.items() if name not in common} for row in delivery.events]
    return [
        row if row["actor_kind"] != "unknown" else {k: v for k, v in row.items() if k != "actor_kind"} for row in rows
    ]


def test_an_event_is_provisional_and_names_nobody():
    sequence = {"sequence": {"id": "CE4A", "position": 2}}
    delivery = read("ticket.status_changed", {"previous": "NEW", "current": "OPEN", "meta": sequence})

    assert delivery.key == "event:e1"
    assert delivery.tickets == ("35",)
    assert delivery.events == (
        {"id": "webhook:event:e1.0", "at": "2026-03-02T09:29:58+00:00", "ticket": "35", "kind": "status",
         "before": "new", "after": "open", "actor_kind": "unknown", "grade": "B", "channel": "email", "batch": "CE4A"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "event", "expected"),
    [
        ("ticket.status_changed", {"previous": "OPEN", "current": "DELETED"}, [{"kind": "deleted", "before": "open"}]),
        ("ticket.status_changed", {"previous": "OPEN", "current": "open"}, []),
        ("ticket.status_changed", {"previous": "OPEN", "current": "WAITING"},
         [{"kind": "status", "before": "open", "after": "pending"}]),
        ("ticket.status_changed", {"previous": "OPEN", "current": ""}, []),
        ("ticket.priority_changed", {"previous": None, "current": "URGENT"}, [{"kind": "priority", "after": "urgent"}]),
        ("ticket.agent_assignment_changed", {"previous": "0", "current": "81"}, [{"kind": "assigned", "after": "81"}]),
        ("ticket.agent_assignment_changed", {"previous": "81", "current": ""}, [{"kind": "assigned", "before": "81"}]),
        ("ticket.group_assignment_changed", {"previous": "9", "current": 10},
         [{"kind": "moved", "before": "9", "after": "10"}]),
        ("ticket.tags_changed", {"tags_added": ["vip"], "tags_removed": ["slow", 7]},
         [{"kind": "tagged", "after": "vip"}, {"kind": "untagged", "before": "slow"}]),
        ("ticket.soft_deleted", {}, [{"kind": "deleted"}]),
        ("ticket.marked_as_spam", {}, [{"kind": "deleted"}]),
        ("ticket.custom_status_changed", {"previous": "1", "current": "2"}, []),
        ("ticket.merged", {}, []),
        ("ticket.created", {}, [
            {"kind": "created", "group": "9", "assignee": "81", "status": "open", "priority": "high"},
            {"kind": "tagged", "after": "vip"}, {"kind": "tagged", "after": "billing"}]),
    ],
)  # fmt: skip
def test_each_kind_says_what_changed(kind, event, expected):
    delivery = read(kind, event)

    assert told(delivery) == expected
    assert delivery.tickets == ("35",)


@pytest.mark.parametrize(
    ("public", "staff", "expected"),
    [
        (True, True, [{"kind": "replied", "actor": "81", "actor_kind": "agent"}]),
        (False, True, [{"kind": "noted", "actor": "81", "actor_kind": "agent"}]),
        (True, False, [{"kind": "customer_replied", "actor": "81", "actor_kind": "requester"}]),
        (False, False, []),
        (True, None, []),
        (None, True, []),
    ],
)
def test_a_comment_names_its_author(public, staff, expected):
    author = {"id": "81", "is_staff": staff, "name": "Ada"}

    assert told(read("ticket.comment_added", {"comment": {"is_public": public, "author": author}})) == expected


def test_a_comment_whose_author_is_no_id_is_only_a_hint():
    author = {"id": "ada@example.com", "is_staff": False}
    delivery = read("ticket.comment_added", {"comment": {"is_public": True, "author": author}})

    assert (delivery.events, delivery.tickets) == ((), ("35",))


@pytest.mark.parametrize(
    ("new", "word"),
    [("online", "online"), ("OFFLINE", "offline"), ("away", "away"), ("transfers_only", "away"), ("lunch", "away")],
)
def test_availability_is_about_an_agent_and_no_ticket(new, word):
    detail = {"account_id": "1", "agent_id": "81", "version": "3"}
    delivery = read("agent.state_changed", {"previous_state": "offline", "new_state": new, "channel": "talk"}, detail)

    [event] = delivery.events
    assert (event["kind"], event["actor"], event["after"], event["channel"]) == ("availability", "81", word, "phone")
    assert event["actor_kind"] == "unknown"  # an admin or a time-out may have set it
    assert "ticket" not in event
    assert delivery.tickets == ()


def test_a_trigger_only_hints_and_is_told_apart_by_its_invocation():
    body = json.loads(zendesk.TRIGGER_BODY.replace("{{ticket.id}}", "35"))

    first, second = (zendesk.translate(body, {zendesk.INVOCATION: f"01F{n}"}, NOW) for n in (1, 2))

    assert (first.key, first.events, first.tickets) == ("invocation:01F1", (), ("35",))
    assert second.key == "invocation:01F2"


def test_a_trigger_whose_placeholder_was_not_filled_is_refused():
    with pytest.raises(BadPayload, match="ticket is not the id"):
        zendesk.translate(json.loads(zendesk.TRIGGER_BODY), {}, NOW)


def test_the_guide_shows_what_the_trigger_must_send_and_every_subscription():
    guide = (Path(__file__).parents[3] / "webhooks/zendesk/README.md").read_text("utf-8")

    assert zendesk.TRIGGER_BODY in guide
    for kind in zendesk.SUBSCRIPTIONS:
        assert kind.removeprefix("zen:event-type:") in guide
