"""A platform that sends many proven calls, some twice, among forged ones and garbage, and does not give up."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from webhooks.door import PLATFORMS
from webhooks.freshdesk.proof import HEADER
from webhooks.zendesk.signature import SIGNATURE, TIMESTAMP, sign

THREADS = 12
PATIENCE_S = 0.5  # a platform waits as long as Retry-After says; we have less time
TIMEOUT_S = 10.0
WRONG_SECRET = "guessed-by-somebody-else"
GENUINE, FORGED, GARBAGE = "genuine", "forged", "garbage"
# Which answers are right in the end, by what was sent.
RIGHT = {GENUINE: {200}, FORGED: {401}, GARBAGE: {400, 413, 415, 422}}


@dataclass(frozen=True)
class Call:
    """One call to make; it is signed when it is sent."""

    kind: str  # GENUINE | FORGED | GARBAGE
    account: str
    body: bytes
    secret: str
    content_type: str = "application/json"
    age: timedelta = timedelta()
    tampered: bool = False  # one byte is changed after it was signed
    signed: bool = True
    platform: str = "zendesk"

    def request(self) -> tuple[bytes, dict[str, str]]:
        """Body and headers, signed now."""
        stamp = (datetime.now(UTC) - self.age).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = {"Content-Type": self.content_type}
        if self.signed and self.platform == "freshdesk":
            headers[HEADER] = self.secret
        elif self.signed:
            headers |= {SIGNATURE: sign(self.secret, stamp, self.body), TIMESTAMP: stamp}
        body = self.body.replace(b'"id"', b'"Id"', 1) if self.tampered else self.body
        return body, headers


@dataclass(frozen=True)
class Truth:
    """What should be stored in the end, by account: keys of the inbox, and events by id."""

    keys: dict[str, set[str]]
    events: dict[str, dict[str, dict[str, str]]]


def plan(
    count: int,
    secrets: Mapping[str, str],
    *,
    repeated: float = 0.1,
    forged: float = 0.05,
    garbage: float = 0.05,
    seed: int = 1,
    platform: str = "zendesk",
) -> list[Call]:
    """`count` calls to the accounts of `secrets`; the shares are those of `count`. The same seed, the same calls."""
    rng = random.Random(seed)
    accounts = sorted(secrets)
    event = _EVENTS[platform]
    wrong = [FORGED] * round(count * forged) + [GARBAGE] * round(count * garbage)
    again = round(count * repeated)
    calls = [
        Call(GENUINE, account, event(number, rng), secrets[account], platform=platform)
        for number in range(count - len(wrong) - again)
        for account in (accounts[number % len(accounts)],)
    ]
    calls += rng.choices(calls, k=again)
    for number, kind in enumerate(wrong):
        account = accounts[number % len(accounts)]
        like = Call(kind, account, event(10_000_000 + number, rng), secrets[account], platform=platform)
        make = _FORGERIES[platform] if kind == FORGED else _GARBAGE
        calls.append(make[number % len(make)](like))
    rng.shuffle(calls)
    return calls


def truth(calls: Sequence[Call]) -> Truth:
    """What the genuine calls say, each once."""
    found = Truth({}, {})
    for call in calls:
        if call.kind != GENUINE:
            continue
        delivery = PLATFORMS[call.platform].translate(json.loads(call.body), {}, datetime.now(UTC))
        assert delivery is not None
        found.keys.setdefault(call.account, set()).add(delivery.key)
        events = found.events.setdefault(call.account, {})
        events.update({event["id"]: dict(event) for event in delivery.events})
    return found


def _signed_event(number: int, rng: random.Random) -> bytes:
    """An event of one of three kinds, about one of many tickets, of the last minutes."""
    at = (datetime.now(UTC) - timedelta(seconds=rng.randrange(240))).strftime("%Y-%m-%dT%H:%M:%SZ")
    ticket, agent = str(1 + rng.randrange(2000)), str(8001 + rng.randrange(40))
    author = {"id": agent, "is_staff": True, "name": "x"}
    kind, said = rng.choice(
        [
            ("status_changed", {"current": "OPEN", "previous": "NEW"}),
            ("comment_added", {"comment": {"id": str(number), "body": "x" * 40, "is_public": True, "author": author}}),
            ("tags_changed", {"tags_added": ["vip", "late"], "tags_removed": ["new"]}),
        ]
    )
    detail = {"id": ticket, "actor_id": agent, "assignee_id": agent, "group_id": "900", "status": "OPEN",
              "subject": "x" * 60, "description": "y" * 200, "via": {"channel": "email"}}  # fmt: skip
    meta = {"meta": {"sequence": {"id": f"S{number}", "position": 1}}}
    payload: dict[str, Any] = {
        "type": f"zen:event-type:ticket.{kind}", "account_id": 1, "id": f"{number:032x}", "time": at,
        "zendesk_event_version": "2022-11-06", "subject": f"zen:ticket:{ticket}", "detail": detail,
        "event": said | meta,
    }  # fmt: skip
    return json.dumps(payload).encode()


def _app_event(number: int, rng: random.Random) -> bytes:
    """The same as an app of Freshdesk forwards it."""
    at = datetime.now(UTC) - timedelta(seconds=rng.randrange(240))
    ticket, when = 1 + rng.randrange(2000), at.strftime("%Y-%m-%dT%H:%M:%SZ")
    spoken = {"id": number + 1, "ticket_id": ticket, "incoming": False, "private": False, "created_at": when}
    kind, record = rng.choice(
        [
            ("onTicketUpdate", {"id": ticket, "updated_at": when, "changes": {"status": [2, 4], "priority": [1, 3]}}),
            ("onTicketUpdate", {"id": ticket, "updated_at": when, "changes": {"tags": [["new"], ["vip", "late"]]}}),
            ("onConversationCreate", spoken),
        ]
    )
    actor = {"id": 8001 + rng.randrange(40), "type": "agent", "name": "x", "email": "y"}
    timestamp = at.timestamp() + number * 1e-6  # no two events are the same
    return json.dumps({"event": kind, "timestamp": timestamp, "actor": actor, "record": record}).encode()


_EVENTS = {"freshdesk": _app_event, "zendesk": _signed_event}


def _like(call: Call, **changes: Any) -> Call:
    return Call(**{**call.__dict__, **changes})


_UNPROVEN: tuple[Callable[[Call], Call], ...] = (
    lambda call: _like(call, secret=WRONG_SECRET),
    lambda call: _like(call, signed=False),
    lambda call: _like(call, account="nobody"),
)
_FORGERIES: dict[str, tuple[Callable[[Call], Call], ...]] = {
    "freshdesk": _UNPROVEN,
    "zendesk": (
        *_UNPROVEN,
        lambda call: _like(call, tampered=True),
        lambda call: _like(call, age=timedelta(minutes=6)),
        lambda call: _like(call, age=-timedelta(minutes=6)),
    ),
}
_UNFIT = {
    "freshdesk": b'{"event": "onTicketUpdate", "timestamp": "soon", "record": []}',
    "zendesk": b'{"type": "zen:event-type:ticket.status_changed", "id": 7, "detail": []}',
}
_GARBAGE: tuple[Callable[[Call], Call], ...] = (
    lambda call: _like(call, body=b"\x00\xff\xfe{{{{"),
    lambda call: _like(call, body=call.body[: len(call.body) // 2]),
    lambda call: _like(call, body=b"[" * 5000),
    lambda call: _like(call, content_type="text/plain"),
    lambda call: _like(call, body=_UNFIT[call.platform]),
    lambda call: _like(call, body=b"x" * (300 * 1024)),
)


@dataclass
class Hammer:
    """Sends calls from several threads to several addresses; asks again, elsewhere, when a call is not answered or
    answered 503, as the platform does.

    `answers` counts the last answer of each call by (kind, status), `unanswered` broken connections, `busy` the 503s;
    `without_retry_after` the 503s that did not say when to come again. `wrong` holds what should not have been
    answered so.
    """

    ports: Sequence[int]
    calls: Sequence[Call]
    patience_s: float = PATIENCE_S
    give_up_s: float = 300.0
    threads: int = THREADS
    a_second: float | None = None  # at most so many calls
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    unanswered: int = 0
    busy: int = 0
    without_retry_after: int = 0
    wrong: list[str] = field(default_factory=list)
    done: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._deadline = 0.0

    def run(self, beside: Callable[[Hammer], None] = lambda hammer: None) -> Hammer:
        """Send all; `beside` runs meanwhile in this thread."""
        began = time.monotonic()
        self._deadline = began + self.give_up_s
        threads = [threading.Thread(target=self._work, args=(number, began)) for number in range(self.threads)]
        for thread in threads:
            thread.start()
        try:
            beside(self)
        except BaseException:
            self._deadline = 0.0
            raise
        finally:
            for thread in threads:
                thread.join()
        self.seconds = time.monotonic() - began
        return self

    def reached(self, done: int) -> bool:
        """Wait until so many calls are answered; false when it has given up before."""
        while self.done < done:
            if time.monotonic() > self._deadline:
                return False
            time.sleep(0.005)
        return True

    def told(self) -> str:
        """One line about it."""
        answers = ", ".join(f"{kind} {status}: {n:,}" for (kind, status), n in sorted(self.answers.items()))
        return (
            f"{self.done:,} calls in {self.seconds:.1f} s ({self.done / self.seconds:,.0f}/s); {answers}; "
            f"{self.unanswered:,} times no answer, {self.busy:,} times 503; slowest answer {self.slowest_s:.2f} s"
        )

    def _work(self, number: int, began: float) -> None:
        connections: dict[int, http.client.HTTPConnection] = {}
        while True:
            with self._lock:
                place, self._next = self._next, self._next + 1
            if place >= len(self.calls):
                break
            if self.a_second is not None:
                time.sleep(max(0.0, began + place / self.a_second - time.monotonic()))
            self._until_answered(self.calls[place], number + place, connections)
        for connection in connections.values():
            connection.close()

    def _until_answered(self, call: Call, start: int, connections: dict[int, http.client.HTTPConnection]) -> None:
        tries = 0
        while time.monotonic() < self._deadline:
            port = self.ports[(start + tries) % len(self.ports)]
            tries += 1
            status = self._send(call, port, connections)
            if status is not None and status != 503:
                self._note(call, status)
                return
            time.sleep(self.patience_s * min(1.0, tries / 5))
        self._note(call, 0)

    def _note(self, call: Call, status: int) -> None:
        with self._lock:
            self.done += 1
            self.answers[call.kind, status] += 1
            if status not in RIGHT[call.kind]:
                self.wrong.append(f"{call.kind} answered {status}: {call.body[:80]!r}")

    def _send(self, call: Call, port: int, connections: dict[int, http.client.HTTPConnection]) -> int | None:
        body, headers = call.request()
        began = time.monotonic()
        connection = connections.get(port)
        if connection is None:
            connection = connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", f"/webhooks/{call.platform}/{call.account}", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            connections.pop(port, None)
            with self._lock:
                self.unanswered += 1
            return None
        took = time.monotonic() - began
        with self._lock:
            self.slowest_s = max(self.slowest_s, took)
            if answer.status == 503:
                self.busy += 1
                self.without_retry_after += answer.headers.get("Retry-After") is None
        if answer.will_close or answer.status == 413:
            connection.close()
            connections.pop(port, None)
        return answer.status
