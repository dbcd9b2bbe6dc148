"""What happens in the account is told by rule webhooks and app events, as the platform tells it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.freshdesk.simulated.webhooks import AppForwarder, Habits, RuleWebhook

SECRET = "shared-with-nobody"


class Receiver:
    """Keeps what is posted; answers from a list of statuses, then 200."""

    def __init__(self, statuses: tuple[int, ...]) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        waiting, receiver, lock = list(statuses), self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    status = waiting.pop(0) if waiting else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.calls]


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    receiver = Receiver(statuses)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.mark.parametrize(
    ("kind", "value", "event"),
    [
        ("status", "pending", "{status:{from:4,to:3}}"),
        ("priority", "urgent", "{priority:{from:3,to:4}}"),
        ("assigned", "1002", "{responder_id:{from:1001,to:1002}}"),
        ("assigned", None, "{responder_id:{from:1001,to:}}"),
        ("moved", "11", "{group_id:{from:12,to:11}}"),
        ("noted", None, "{note_type:private}"),
        ("replied", None, "{reply_sent:sent}"),
        ("created", None, "{ticket_action:created}"),
    ],
)
def test_a_rule_says_which_ticket_in_a_notation_that_is_no_json(serve, kind, value, event):
    reader = serve()
    with receiving() as receiver, RuleWebhook(reader.front, receiver.url, SECRET) as rule:
        reader.front.touch("206" if kind == "created" else "205", "1002", kind, value)
        assert rule.wait(5)
    ((headers, body),) = receiver.calls
    assert json.loads(body) == {"ticket_id": "206" if kind == "created" else "205", "event": event}
    assert headers["x-helpdesk-wellbeing-secret"] == SECRET


def test_ticked_fields_come_wrapped_and_other_texts_are_filled_in(serve):
    reader = serve()
    with receiving() as receiver:
        with RuleWebhook(reader.front, receiver.url, content=None) as rule:
            reader.front.touch("205", "1002", "noted")
            assert rule.wait(5)
        with RuleWebhook(reader.front, receiver.url, content='{"id": {{ticket.id}}, "x": "{{nothing}}"}') as rule:
            reader.front.touch("205", "1002", "noted")
            assert rule.wait(5)
    assert receiver.bodies[0]["freshdesk_webhook"]["ticket_id"] == "205"
    assert receiver.bodies[1] == {"id": 205, "x": ""}


def test_rules_are_not_set_off_by_rules_nor_by_whom_they_leave_out(serve, events_of):
    reader = serve()
    late = {"ticket": "205", "min": 100, "kind": "priority", "after": "low", "id": "99"}
    with receiving() as receiver, RuleWebhook(reader.front, receiver.url, without=frozenset({1002})) as rule:
        reader.front.happen(events_of([late | {"actor": "rule:9", "actor_kind": "system"}]))
        reader.front.touch("205", "1002", "noted")
        reader.front.touch("205", "1001", "noted")
        assert rule.wait(5)
    assert len(receiver.calls) == 1


def test_executions_draw_on_the_quota_and_wait_for_the_next_hour_without_one(serve):
    reader = serve(unlimited=False, minute=0.005)
    with receiving() as receiver, RuleWebhook(reader.front, receiver.url) as rule:
        reader.front.touch("205", "1001")
        assert rule.wait(5)
        assert reader.front.credits["webhook"] == 1
        reader.front.drain()
        reader.front.touch("205", "1001")
        while not rule.outcomes["postponed"]:
            time.sleep(0.01)
        reader.ticks[0] += 60
        assert rule.wait(5)
    assert len(receiver.calls) == 2


def test_a_rule_is_tried_again_three_times(serve):
    reader = serve(minute=0.001)
    with receiving(500, 404, 503, 500) as receiver, RuleWebhook(reader.front, receiver.url) as rule:
        reader.front.touch("205", "1001")
        assert rule.wait(5)
    assert [attempt.status for attempt in rule.attempts] == [500, 404, 503, 500]
    assert len(receiver.calls) == 4


def test_our_app_forwards_what_happened_and_who_did_it_and_no_text(serve):
    reader = serve()
    with receiving() as receiver, AppForwarder(reader.front, receiver.url, SECRET, threads=1) as app:
        write = reader.front.touch("205", "1002", "status", "pending")
        said = reader.front.touch("205", "1002", "noted").conversation
        reader.front.touch("205", "5001", "customer_replied")
        reader.front.touch("205", "1002", "handled", "600")
        reader.front.touch("205", "1002", "deleted")
        assert app.wait(5)
    update, note, answer, booked, gone = receiver.bodies
    at = write.at.timestamp()
    assert update == {
        "event": "onTicketUpdate", "timestamp": at + 0.25, "actor": {"id": 1002, "type": "agent"},
        "record": {"id": 205, "changes": {"status": [4, 3]}, "status": 3, "priority": 3, "group_id": 12,
                   "responder_id": 1001, "source": 1, "tags": [], "created_at": "2026-10-05T08:00:00Z",
                   "updated_at": f"{write.at:%Y-%m-%dT%H:%M:%SZ}"},
    }  # fmt: skip
    assert (note["event"], note["record"]["id"], note["record"]["private"]) == ("onConversationCreate", said, True)
    assert (answer["actor"], answer["record"]["incoming"]) == ({"id": 5001, "type": "user"}, True)
    assert (booked["event"], booked["record"]["time_spent"], booked["record"]["agent_id"]) == (
        "onTimeEntryCreate",
        600,
        1002,
    )
    assert gone["record"]["changes"] == {"deleted": [False, True]}
    assert not any(b"CANARY" in body for _, body in receiver.calls)
    assert reader.get("tickets/205/conversations")[-2]["id"] == said


@pytest.mark.parametrize("name", ["onTicketCreate", "onTicketUpdate", "onConversationCreate", "onTimeEntryCreate"])
def test_events_of_either_platform_version_have_the_shape_of_the_vendors_samples(serve, shared, name):
    reader = serve()
    sample = json.loads((shared / f"specs/freshdesk-event-{name}.json").read_text())
    (part,) = {"ticket", "conversation", "time_entry"} & set(sample["data"])
    with receiving() as receiver:
        for shape in ("3.0", "2.x"):
            with AppForwarder(reader.front, receiver.url, shape=shape) as app:
                kind = {"ticket": "status", "conversation": "noted", "time_entry": "handled"}[part]
                new = name == "onTicketCreate"
                ticket = str(700 + len(receiver.calls)) if new else "205"
                value = {"status": "pending" if shape == "3.0" else "open", "handled": "60"}.get(kind)
                reader.front.touch(ticket, "1001", "created" if new else kind, None if new else value)
                assert app.wait(5)
    third, second = receiver.bodies
    assert set(sample) <= set(third)
    assert isinstance(third["timestamp"], float)
    assert isinstance(second["timestamp"], int)
    record = third["data"][part]
    known = {"id", "ticket_id", "status", "priority", "changes", "responder_id", "group_id", "private", "incoming",
             "user_id", "time_spent", "agent_id", "kind", "is_escalated", "reopened_count", "tags"}  # fmt: skip
    assert known & set(sample["data"][part]) <= set(record)
    assert third["data"]["actor"]["type"] == "agent"
    assert "actor" not in second["data"]


def test_an_app_that_is_not_answered_loses_the_event_unless_it_asks_for_more_tries(serve):
    reader = serve()
    with receiving(500) as receiver, AppForwarder(reader.front, receiver.url) as app:
        reader.front.touch("205", "1001")
        assert app.wait(5)
    assert (len(receiver.calls), dict(app.outcomes)) == (1, {500: 1})


def test_calls_may_come_twice(serve):
    reader = serve()
    with receiving() as receiver, AppForwarder(reader.front, receiver.url, habits=Habits(repeated=1.0)) as app:
        reader.front.touch("205", "1001")
        assert app.wait(5)
    assert receiver.bodies[0] == receiver.bodies[1]


def test_what_cannot_be_done_to_a_ticket_is_refused(serve):
    front = serve().front
    with pytest.raises(ValueError, match="rated"):
        front.touch("205", "1001", "rated", "good")
    with pytest.raises(ValueError, match="not there"):
        front.touch("777", "1001")
    with pytest.raises(ValueError, match="already"):
        front.touch("205", "1001", "created")


def test_what_is_touched_stands_everywhere_at_once_and_in_seconds_of_its_own(serve):
    reader = serve()
    first, second = reader.front.touch("205", "1001", "tagged", "vip"), reader.front.touch("205", "1001", "replied")
    assert (second.at - first.at).total_seconds() == 1
    row = reader.get("tickets?updated_since=2026-10-06T08:00:00Z&include=stats")[0]
    assert (row["tags"], row["updated_at"]) == (["vip"], f"{second.at:%Y-%m-%dT%H:%M:%SZ}")
    assert row["stats"]["agent_responded_at"] == row["updated_at"]
    assert reader.front.site.events["kind"].to_list()[-2:] == ["tagged", "replied"]
