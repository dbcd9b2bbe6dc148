"""Privacy: nothing about single agents without an agreement, except where the operator brought the log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk_wellbeing.agreement.gate import CLOSED, OPEN
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.flags import changes, check
from helpdesk_wellbeing.privacy import needs_agreement
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import Account, open_store

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
PERSONAL = sorted(signal.id for signal in SIGNALS.values() if signal.subject == "agent")


def an_account(platform: str | None, base_url: str | None = None) -> Account:
    return Account("acme", platform, "UTC", 0, datetime(2026, 1, 1, tzinfo=UTC), {"base_url": base_url})


@pytest.mark.parametrize(
    ("account", "gated"),
    [
        (an_account(None), False),
        (an_account("zendesk", "http://127.0.0.1:8080"), False),
        (an_account("zendesk", "http://localhost:8080"), False),
        (an_account("zendesk", "http://[::1]:8080"), False),
        (an_account("zendesk"), True),
        (an_account("zendesk", "https://acme.zendesk.com"), True),
        (an_account("zendesk", "https://127.0.0.1.example.com"), True),
    ],
)
def test_only_imported_logs_and_this_machine_go_without_an_agreement(account, gated):
    assert needs_agreement(account) is gated


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, world):
    home = tmp_path_factory.mktemp("private")
    with open_store(Settings(home, f"sqlite:///{home}/wellbeing.db")) as store:
        store.create_account("acme", zone=world.zone)
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(store, f"replace_{kind}")("acme", "file", getattr(world.roster, kind))
        store.add_events("acme", world.events.with_columns(account=world.events["account"].str.replace("demo", "acme")))
        engine = Engine(store, "acme", CATALOGUE)
        yield engine.assess(world.as_of), engine


def test_behind_the_gate_nothing_is_said_about_single_agents(outcome):
    assessed, engine = outcome

    answer = check(assessed, CATALOGUE, gate=CLOSED)
    history = changes(engine.history(assessed.since, assessed.as_of), assessed, CATALOGUE, gate=CLOSED)

    assert answer["withheld"] == PERSONAL
    assert answer["flags"]
    assert {flag["subject"]["kind"] for flag in answer["flags"]} <= {"team", "queue"}
    assert {gap["subject"]["kind"] for gap in answer["not_assessable"]} <= {"team", "queue"}
    assert {row["subject"]["kind"] for row in history} <= {"team", "queue"}


def test_behind_the_gate_no_account_is_put_up_for_review(outcome):
    assessed, _ = outcome

    assert check(assessed, CATALOGUE, gate=OPEN)["identity_review"]
    assert check(assessed, CATALOGUE, gate=CLOSED)["identity_review"] == []


def test_evidence_about_a_team_names_nobody(outcome, world):
    assessed, _ = outcome
    people = set(world.roster.users["user"])

    for flag in check(assessed, CATALOGUE, gate=OPEN)["flags"]:
        if flag["subject"]["kind"] != "agent":
            assert not people & {str(value) for entry in flag["evidence"] for value in entry.values()}
