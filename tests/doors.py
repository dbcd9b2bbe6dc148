"""A door over a real store with accounts of each platform, and calls with good defaults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from helpdesk_wellbeing.store import Store, open_store
from webhooks import wsgi
from webhooks.door import Door
from webhooks.known import PREVIOUS_SECRET, SECRET, Remembered, from_store
from webhooks.receipts import Receipts
from webhooks.zendesk.signature import SIGNATURE, TIMESTAMP, sign

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRETS = {"acme": "acme-signs-with-this", "globex": "globex-signs-with-that", "fresh": "fresh-shows-this"}
OLD_SECRET = "acme-signed-with-this"


@dataclass
class Desk:
    """The door as a platform meets it, and what is behind it."""

    store: Store
    client: FlaskClient
    receipts: Receipts
    counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    seconds: float = 0.0  # of the clock by which secrets are remembered

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        answer = self.client.post(path, data=body, headers={"Content-Type": "application/json", **headers})
        return answer.status_code, answer.get_json(silent=True)

    def zendesk(
        self, said: object, account: str = "acme", *, secret: str | None = None, at: datetime = NOW, **headers: str
    ) -> tuple[int, Any]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = sign(SECRETS[account] if secret is None else secret, stamp, body)
        signed = {SIGNATURE: signature, TIMESTAMP: stamp, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.post(f"/webhooks/zendesk/{account}", body, signed)

    def freshdesk(
        self, said: object, account: str = "fresh", *, secret: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        shown = SECRETS[account] if secret is None else secret
        more = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.post(f"/webhooks/freshdesk/{account}", body, {"X-Helpdesk-Wellbeing-Secret": shown, **more})

    def inbox(self, account: str = "acme") -> list[Any]:
        return [waiting.delivery for waiting in self.store.inbox.take(account)]


@contextmanager
def some_accounts(folder: Path) -> Iterator[Store]:
    """`acme` and `globex` on Zendesk, `fresh` on Freshdesk, with secrets; `log` and `unready` have none."""
    with open_store(f"sqlite:///{folder / 'wellbeing.db'}") as opened:
        for name in ("acme", "globex"):
            opened.create_account(name, platform="zendesk")
            opened.put_secret(name, SECRET, SECRETS[name])
        opened.put_secret("acme", PREVIOUS_SECRET, OLD_SECRET)
        opened.create_account("fresh", platform="freshdesk")
        opened.put_secret("fresh", SECRET, SECRETS["fresh"])
        opened.put_secret("fresh", PREVIOUS_SECRET, OLD_SECRET)
        opened.create_account("log")
        opened.create_account("unready", platform="zendesk")
        yield opened


@contextmanager
def a_door(store: Store) -> Iterator[Desk]:
    """The door of these accounts, at `NOW`."""
    receipts = Receipts(store.inbox.add_many, wait_s=5.0)
    counts: Counter[tuple[str, str | None]] = Counter()

    def count(outcome: str, account: str | None) -> None:
        counts[outcome, account] += 1

    app = Flask("door")
    desk = Desk(store, app.test_client(), receipts, counts)
    known = Remembered(from_store(store), clock=lambda: desk.seconds)
    app.wsgi_app = wsgi.before(app.wsgi_app, Door(known, receipts.keep, count, now=lambda: NOW))
    yield desk
    receipts.stop()


def make_status_change(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "type": "zen:event-type:ticket.status_changed",
        "account_id": 1,
        "id": f"2b24ef10-19d4-4740-93cf-{number:012}",
        "time": "2026-03-02T09:29:58Z",
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:35",
        "detail": {
            "id": "35", "actor_id": "81", "assignee_id": "81", "group_id": "9", "requester_id": "7", "status": "OPEN",
            "priority": "HIGH", "subject": "My invoice is wrong", "description": "Call Ms Smith, smith@example.com",
            "tags": ["vip"], "via": {"channel": "email"}, "is_public": True,
        },
        "event": {"current": "OPEN", "previous": "NEW", "meta": {"sequence": {"id": "CE4A", "position": 1}}},
    } | changes  # fmt: skip


def make_app_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    record = {"id": 205, "updated_at": "2026-03-02T09:29:58Z", "changes": {"status": [2, 4]}}
    actor = {"id": 81, "type": "agent"}
    timestamp = NOW.timestamp() - number / 1000
    return {"event": "onTicketUpdate", "timestamp": timestamp, "actor": actor, "record": record} | changes


@dataclass(frozen=True)
class Caller:
    """A platform as the door meets it: its account, how it calls, and an event with a number."""

    account: str
    call: Callable[..., tuple[int, Any]]
    event: Callable[..., dict[str, Any]]


def caller_of(name: str, desk: Desk) -> Caller:
    """A platform at this door."""
    callers = {
        "freshdesk": Caller("fresh", desk.freshdesk, make_app_event),
        "zendesk": Caller("acme", desk.zendesk, make_status_change),
    }
    return callers[name]
