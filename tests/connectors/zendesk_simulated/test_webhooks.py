"""What is touched in the simulated account: seen in its answers, told by signed calls, delivered as badly as on the
platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from connectors.zendesk.simulated.webhooks import Breaker, Habits, Sender, signature

SECRET = "shared-with-nobody"
NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


class Receiver:
    """Keeps what is posted; answers from a list of (status, headers), then 200."""

    def __init__(self, answers: list[tuple[int, dict[str, str]]], seconds: float) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers = answers
        receiver = self
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                threading.Event().wait(seconds)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def ids(self) -> list[str]:
        return [orjson.loads(body)["id"] for _, body in self.calls]


@contextmanager
def receiving(*answers: tuple[int, dict[str, str]], seconds: float = 0.0) -> Iterator[Receiver]:
    receiver = Receiver(list(answers), seconds)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def payloads(count: int) -> list[dict[str, Any]]:
    return [{"type": "zen:event-type:ticket.status_changed", "id": f"e{number}"} for number in range(count)]


def test_a_touch_stands_in_the_export_a_minute_later_with_its_own_second(serve, world):
    clock = [NOW]
    front, reader = serve(world, now=lambda: clock[0])
    before = reader.export("incremental/ticket_events.json?start_time=0", "ticket_events")

    touch = front.touch("3", "1001", "noted")
    clock[0] += timedelta(seconds=61)

    after = reader.export("incremental/ticket_events.json?start_time=0", "ticket_events")
    assert after[:-1] == before
    assert after[-1]["created_at"] == "2026-10-05T12:00:00Z"
    assert (after[-1]["ticket_id"], after[-1]["updater_id"]) == (3, 1001)
    assert touch.at == NOW


def test_the_newest_minute_is_not_exported(serve, world):
    front, reader = serve(world, now=lambda: NOW)
    before = reader.export("incremental/ticket_events.json?start_time=0", "ticket_events")

    front.touch("3", "1001")

    assert reader.export("incremental/ticket_events.json?start_time=0", "ticket_events") == before


def test_a_touched_ticket_shows_its_new_state_at_once(serve, world):
    front, reader = serve(world, now=lambda: NOW)

    front.touch("3", "1001", "status", "open")

    assert reader.get("tickets/3.json")["ticket"]["status"] == "open"


@pytest.mark.parametrize(
    ("kind", "value", "word", "told"),
    [
        ("status", "open", "status_changed", {"current": "OPEN", "previous": "SOLVED"}),
        ("moved", "11", "group_assignment_changed", {"current": "11", "previous": "12"}),
        ("assigned", "1002", "agent_assignment_changed", {"current": "1002", "previous": "1001"}),
        ("priority", "urgent", "priority_changed", {"current": "URGENT", "previous": "HIGH"}),
        ("tagged", "late", "tags_changed", {"tags_added": ["late"], "tags_removed": []}),
        ("untagged", "vip", "tags_changed", {"tags_added": [], "tags_removed": ["vip"]}),
    ],
)
def test_each_kind_of_change_is_told_in_the_platforms_words(serve, world, kind, value, word, told):
    front, _ = serve(world, now=lambda: NOW)

    payload = front.touch("3", "1001", kind, value).payload

    assert payload["type"] == f"zen:event-type:ticket.{word}"
    assert (payload["time"], payload["subject"]) == ("2026-10-05T12:00:00Z", "zen:ticket:3")
    assert {name: payload["event"][name] for name in told} == told


def test_a_comment_names_its_author_and_who_that_is(serve, world):
    front, _ = serve(world, now=lambda: NOW)

    agent = front.touch("3", "1001", "noted").payload["event"]["comment"]
    customer = front.touch("3", "5001", "customer_replied").payload["event"]["comment"]

    assert (agent["author"]["id"], agent["author"]["is_staff"], agent["is_public"]) == ("1001", True, False)
    assert (customer["author"]["id"], customer["author"]["is_staff"], customer["is_public"]) == ("5001", False, True)


def test_what_webhooks_do_not_tell_cannot_be_touched(serve, world):
    front, _ = serve(world, now=lambda: NOW)

    with pytest.raises(ValueError, match="no webhook tells handled"):
        front.touch("3", "1001", "handled")


def test_a_call_is_signed_over_its_time_and_its_raw_bytes(serve, world):
    front, _ = serve(world, now=lambda: NOW)
    with receiving() as receiver, Sender(front, receiver.url, SECRET) as sender:
        touch = front.touch("3", "1001")
        assert sender.wait(5)

    [(headers, body)] = receiver.calls
    assert orjson.loads(body) == touch.payload
    stamp = headers["x-zendesk-webhook-signature-timestamp"]
    assert headers["x-zendesk-webhook-signature"] == signature(SECRET, stamp, body)
    assert {"x-zendesk-account-id", "x-zendesk-webhook-id", "x-zendesk-webhook-invocation-id"} <= headers.keys()


def test_the_signature_is_the_one_of_the_public_test_vector():
    secret, stamp = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "2021-03-25T05:09:27Z"

    made = signature(secret, stamp, b'{"event":"ticket.updated","id":123}')

    assert made == "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="


@pytest.mark.parametrize("status", [409, 429, 503])
def test_a_call_that_should_come_again_does_after_the_time_it_was_told(status):
    with receiving((status, {"Retry-After": "0.2"})) as receiver, Sender(None, receiver.url, SECRET) as sender:
        sender.send(payloads(1)[0])
        assert sender.wait(5)
        first, second = sender.attempts

    assert receiver.ids() == ["e0", "e0"]
    assert [dict(h)["x-zendesk-webhook-invocation-id"] for h, _ in receiver.calls] == 2 * [
        receiver.calls[0][0]["x-zendesk-webhook-invocation-id"]
    ]
    assert (first.status, second.status, second.retry) == (status, 200, 1)
    assert second.at - first.at >= timedelta(seconds=0.2)


def test_three_tries_more_are_all():
    with receiving(*[(503, {"Retry-After": "0"})] * 9) as receiver, Sender(None, receiver.url, SECRET) as sender:
        sender.send(payloads(1)[0])
        assert sender.wait(5)

    assert len(receiver.calls) == 4


@pytest.mark.parametrize("status", [400, 401, 500])
def test_other_errors_are_not_tried_again(status):
    with receiving((status, {})) as receiver, Sender(None, receiver.url, SECRET) as sender:
        sender.send(payloads(1)[0])
        assert sender.wait(5)

    assert len(receiver.calls) == 1


def test_an_answer_that_takes_too_long_counts_as_504():
    with receiving(seconds=0.5) as receiver, Sender(None, receiver.url, SECRET, timeout_s=0.1) as sender:
        sender.send(payloads(1)[0])
        assert sender.wait(5)

    assert sender.outcomes == {504: 1}


def test_calls_are_repeated_and_disordered_as_told_and_none_is_lost():
    habits = Habits(repeated=0.3, disordered=0.3, held_s=0.2, seed=4)
    with receiving() as receiver, Sender(None, receiver.url, SECRET, habits=habits) as sender:
        for payload in payloads(100):
            sender.send(payload)
        assert sender.wait(10)

    ids = receiver.ids()
    assert set(ids) == {f"e{number}" for number in range(100)}
    assert 110 < len(ids) < 150
    assert ids != sorted(ids, key=lambda name: int(name[1:]))


def make_breaker(clock: Callable[[], float] = lambda: 0.0, **changes: Any) -> Breaker:
    return Breaker(clock=clock, **changes)


def test_the_circuit_breaker_keeps_calls_back_and_lets_them_through_after_its_pause():
    clock = [0.0]
    breaker = make_breaker(lambda: clock[0], least=10)
    for _ in range(6):
        breaker.note(failed=False)
    for _ in range(13):
        breaker.note(failed=True)
    assert breaker.lets_through()

    breaker.note(failed=True)

    assert not breaker.lets_through()
    clock[0] = 5.0
    assert breaker.lets_through()


def test_errors_of_more_than_five_minutes_ago_do_not_trip_it():
    clock = [0.0]
    breaker = make_breaker(lambda: clock[0], least=10)
    for _ in range(9):
        breaker.note(failed=True)
    clock[0] = 301.0

    breaker.note(failed=True)

    assert breaker.lets_through()


def test_what_the_circuit_breaker_keeps_back_is_dropped():
    with receiving(*[(500, {})] * 20) as receiver:
        breaker = Breaker(least=10, pause_s=60)
        with Sender(None, receiver.url, SECRET, threads=1, breaker=breaker) as sender:
            for payload in payloads(30):
                sender.send(payload)
            assert sender.wait(10)

    assert sender.outcomes == {500: 10, "dropped": 20}
