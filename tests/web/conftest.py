"""An installation of two accounts whose every value bears the account's mark, and the web side over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient

from helpdesk_wellbeing import app
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.feed import TICKETS
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.glass import Opened
from helpdesk_wellbeing.store.notices import Notice
from helpdesk_wellbeing.store.proposals import Kept
from helpdesk_wellbeing.store.said import Contest
from helpdesk_wellbeing.store.writes import Planned
from helpdesk_wellbeing.surveys.model import Invitation, Kind, Place, State, Theme, Venue, Wave
from webhooks.known import SECRET
from webhooks.zendesk.signature import SIGNATURE, TIMESTAMP, sign

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOTH = ("acme", "globex")


def secret_of(account: str) -> str:
    return f"{account}-signs-with-this"


def row_of(schema: pl.Schema, **values: Any) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | values], schema=schema)


def events_of(account: str, ident: str = "1") -> pl.DataFrame:
    mark = f"mark-{account}"
    return row_of(
        SCHEMA, id=f"{mark}-{ident}", account=account, at=MONDAY, ticket=mark, actor=mark, actor_kind="agent",
        kind="replied", channel="email", grade="A", after=mark,
    )  # fmt: skip


def flag_of(agent: str, signal: str = "WT4", kind: str = "agent", level: str = "critical") -> dict[str, Any]:
    subject = {"kind": kind, "id": agent}
    return {"signal": signal, "rule": "short_daily_rest", "subject": subject, "level": level, "state": "active",
            "since": "2026-03-01", "values": {}, "evidence": [], "grade": "A"}  # fmt: skip


def answer_of(account: str, *flags: dict[str, Any]) -> dict[str, Any]:
    return {"account": account, "as_of": "2026-03-02T09:00:00Z", "flags": list(flags), "not_assessable": []}


def fill(store: Store, account: str) -> None:
    """Something of every kind, all of it with the account's mark."""
    mark = f"mark-{account}"
    if not store.has_account(account):
        store.create_account(account, platform="zendesk", settings={"subdomain": mark})
    store.put_secret(account, SECRET, secret_of(account))
    store.add_events(account, events_of(account))
    store.add_provisional(account, events_of(account, "webhook:early"))
    store.replace_people(account, "platform", row_of(PEOPLE, agent=mark, name=mark))
    store.replace_groups(account, "platform", row_of(GROUPS, group=mark, name=mark))
    store.replace_leave(
        account, "file", row_of(LEAVE, agent=mark, **{"from": date(2026, 3, 2), "to": date(2026, 3, 3)})
    )
    store.replace_on_call(
        account, "file", row_of(ON_CALL, agent=mark, **{"from": MONDAY, "to": MONDAY + timedelta(hours=8)})
    )
    store.write_pieces(account, MONDAY, {"days": pl.DataFrame({"piece": [MONDAY.date()], "agent": [mark]})})
    store.write_checkpoint(account, MONDAY, {mark: mark.encode()})
    store.set_meta(account, "k", mark)
    store.work.note_run(account, pulled_at=MONDAY, due_at=MONDAY, problem=mark, quota_left=len(account))
    store.work.keep_answer(account, MONDAY, answer_of(account, flag_of(mark), flag_of(mark, "ES1", "queue")))
    store.surveys.add(account, *wave_of(account, "w"))
    store.surveys.advance(account, "w", State.OPEN, MONDAY.date())
    store.surveys.use(account, "w", mark, mark.encode(), MONDAY)
    store.surveys.settle(account, "earlier", [], {"c": {"mark": mark}})
    store.surveys.add_theme(account, Theme("t", "w", mark, mark, MONDAY.date()))
    store.proposals.add(account, proposal_of(account))
    store.proposals.ask(account, "p", [mark], MONDAY)
    store.proposals.keep_policy(account, {"public_url": mark})
    store.writes.plan(account, [Planned("k", "p", "move", mark, {"note": mark})], MONDAY)
    store.writes.made_ticket(account, f"{mark}-ours", MONDAY)
    store.installed.keep(account, "field", "ticket_field", mark, MONDAY)
    store.installed.add_token(account, "h", mark, MONDAY)
    store.notices.add(account, notice_of(account))
    store.agreements.add(account, MONDAY, {"state": "in force", "by": mark, "widens": [], "agreement": {}})
    store.said.object_to(account, mark, "LD3", MONDAY)
    day, later = MONDAY.date(), MONDAY + timedelta(days=7)
    store.said.contest(account, Contest("c", mark, "agent", mark, day, "other", True, MONDAY, later))
    store.said.say(account, mark, "read", {"mark": mark}, MONDAY)
    store.seen.note(account, {(mark, "agent", mark, day)}, MONDAY)
    store.audit.add(account, MONDAY, "proposed", agent=Person(mark), by=mark)
    store.access.put_member(account, Member(mark, mark, mark, frozenset(), MONDAY, mark))
    store.access.begin_session(account, mark, mark, mark, "oidc", MONDAY, MONDAY + timedelta(hours=9))
    store.access.make_link(account, MONDAY, MONDAY + timedelta(hours=9))
    store.access.keep_leavers(account, [], [f"{mark}-left"], MONDAY)
    opened = (f"of-{account}", mark, mark, mark, mark, MONDAY, MONDAY + timedelta(hours=9), None)
    store.glass.add(account, Opened(*opened))
    store.inbox.add_many([Receipt(account, Delivery(mark, tickets=(mark,)), MONDAY)])


def wave_of(account: str, name: str) -> tuple[Wave, list[Invitation]]:
    mark = f"mark-{account}"
    place, end = Place((mark,)), MONDAY + timedelta(days=7)
    wave = Wave(account, name, State.PLANNED, Kind.REGULAR, Venue.OWN, (mark,), (place,), 1, MONDAY, end, None,
                (mark,), "pulse-1")  # fmt: skip
    return wave, [Invitation(mark, place, MONDAY)]


def notice_of(account: str, key: str = "n") -> Notice:
    mark = f"mark-{account}"
    return Notice(key, mark, "digest", "mail", MONDAY, MONDAY, {"subject": mark, "about": [mark]})


def proposal_of(account: str, id: str = "p") -> Kept:
    mark = f"mark-{account}"
    return Kept(id, "rebalance", "team", mark, "open", MONDAY, MONDAY + timedelta(days=1), None, MONDAY, mark, None,
                {"mark": mark})  # fmt: skip


def tickets_of(account: str) -> pl.DataFrame:
    return row_of(TICKETS, ticket=f"mark-{account}", created_at=MONDAY, updated_at=MONDAY)


def signed(account: str, body: bytes, secret: str | None = None) -> dict[str, str]:
    """The headers of a call that the account's helpdesk makes now."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Content-Type": "application/json",
        TIMESTAMP: stamp,
        SIGNATURE: sign(secret or secret_of(account), stamp, body),
    }


def call_of(account: str, number: int = 1) -> bytes:
    detail = {"id": f"9{number}", "actor_id": "81", "status": "OPEN", "priority": "HIGH", "via": {"channel": "email"},
              "subject": f"mark-{account}", "description": f"mark-{account}", "is_public": True}  # fmt: skip
    return json.dumps({
        "type": "zen:event-type:ticket.status_changed", "account_id": 1, "id": f"{account}-{number}",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:9{number}", "detail": detail,
        "event": {"current": "OPEN", "previous": "NEW", "meta": {"sequence": {"id": "C", "position": 1}}},
    }).encode()  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path / 'wellbeing.db'}"
    return Settings(tmp_path, url if request.param == "sqlite" else request.getfixturevalue("new_database")())


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        for account in BOTH:
            fill(opened, account)
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[FlaskClient]:
    web = app.web(settings)
    yield web.test_client()
    app.close(web)


@pytest.fixture
def tools() -> Any:
    """The helpers above, for tests."""
    import types

    return types.SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})
