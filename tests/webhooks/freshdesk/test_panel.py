"""What the Freshworks app is told: that we are there, and what is about a ticket; never a name, never without proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk_wellbeing.acting import policy, review
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.store import Store
from tests.doors import NOW, OLD_SECRET, SECRETS
from webhooks.freshdesk.app.panel import panel

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def client(store: Store) -> FlaskClient:
    people = [dict.fromkeys(PEOPLE) | {"agent": agent, "name": name} for agent, name in (("1", "Gina"), ("2", "Rita"))]
    store.replace_people("fresh", "platform", pl.DataFrame(people, schema=PEOPLE))
    groups = pl.DataFrame([dict.fromkeys(GROUPS) | {"group": "9", "name": "Billing"}], schema=GROUPS)
    store.replace_groups("fresh", "platform", groups)
    app = Flask("panel")
    app.register_blueprint(panel(store, lambda: NOW))
    return app.test_client()


def suggest(store: Store, mode: str = "suggest", **changes: Any) -> str:
    policy.change(store, "fresh", "Admin", NOW, modes={"rebalance": mode})
    values: dict[str, Any] = {
        "subject": Subject("team", "9"),
        "because": (Because("open_work_overload", "v1", "LD1", Subject("agent", "1"), "warn", "2026-03-01", "A", {}),),
        "made_at": NOW - timedelta(hours=1), "expires_at": LATER, "lead_from": NOW - timedelta(hours=1),
        "texts": {"en": "Gina carries too much."}, "moves": (Move("205", "9", "1", "2", {"en": "Rita has room."}),),
    } | changes  # fmt: skip
    (id,) = review.keep(store, "fresh", [Proposal("rebalance", **values)], NOW)
    return id


def ask(client: FlaskClient, path: str, secret: str = SECRETS["fresh"], account: str = "fresh") -> Any:
    return client.get(f"/apps/freshdesk/{account}/{path}", headers={"X-Helpdesk-Wellbeing-Secret": secret})


def test_a_suggestion_is_about_the_ticket_and_names_nobody(client: FlaskClient, store: Store) -> None:
    id = suggest(store)

    answer = ask(client, "tickets/205?lang=nl").get_json()

    assert answer["path"] == f"/a/fresh/proposals/{id}"
    assert "iemand anders in Billing" in answer["text"]
    assert "Gina" not in answer["text"]
    assert "Rita" not in answer["text"]


def test_in_other_languages_it_speaks_english(client: FlaskClient, store: Store) -> None:
    suggest(store)

    for lang in ("", "en", "xx", "../../nl"):
        assert "somebody else in Billing" in ask(client, f"tickets/205?lang={lang}").get_json()["text"]


def test_of_other_tickets_nothing_is_said(client: FlaskClient, store: Store) -> None:
    suggest(store)

    for ticket in ("206", "0", "x", "205%00", "9" * 30):
        assert ask(client, f"tickets/{ticket}").get_json() == {"text": None, "path": None}


def test_what_is_only_tried_or_not_yet_to_be_seen_is_not_told(client: FlaskClient, store: Store) -> None:
    suggest(store, "dry_run")
    assert ask(client, "tickets/205").get_json()["text"] is None

    policy.change(store, "fresh", "Admin", NOW, modes={"rebalance": "approve"})
    assert ask(client, "tickets/205").get_json()["text"]


def test_before_leads_may_see_it_nobody_does(client: FlaskClient, store: Store) -> None:
    suggest(store, lead_from=NOW + timedelta(hours=1))

    assert ask(client, "tickets/205").get_json()["text"] is None


def test_what_was_decided_is_no_suggestion_any_more(client: FlaskClient, store: Store) -> None:
    id = suggest(store)
    review.decline(store, "fresh", id, "Lead", "other", NOW)

    assert ask(client, "tickets/205").get_json()["text"] is None


def test_the_page_hears_when_freshdesk_was_read(client: FlaskClient, store: Store) -> None:
    assert ask(client, "state").get_json() == {"read_at": None, "trouble": False}

    store.work.note_run("fresh", pulled_at=NOW, failures=2)
    assert ask(client, "state").get_json() == {"read_at": NOW.isoformat(), "trouble": True}


def test_without_the_accounts_own_secret_nothing_is_told(client: FlaskClient, store: Store) -> None:
    suggest(store)
    wrong = [
        ("", "fresh"), ("wrong", "fresh"), (SECRETS["acme"], "fresh"), (SECRETS["acme"], "acme"), ("é", "fresh"),
        (SECRETS["fresh"], "acme"), (SECRETS["fresh"], "nobody"), (SECRETS["fresh"], "log"),
    ]  # fmt: skip

    for secret, account in wrong:
        for path in ("state", "tickets/205"):
            answer = ask(client, path, secret, account)
            assert answer.status_code == 401
            assert answer.get_json() == {"error": "the call does not show this account's secret"}
            assert answer.headers["Cache-Control"] == "no-store"


def test_the_secret_before_the_last_change_is_taken_as_at_the_door(client: FlaskClient) -> None:
    assert ask(client, "state", OLD_SECRET).status_code == 200
