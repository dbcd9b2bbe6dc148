"""`pull` when all goes well, and when only the evaluation does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from connectors.zendesk.simulated.answers import Answer
from helpdesk_wellbeing import events
from helpdesk_wellbeing.cli import pull as pull_command
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.pulling import Pulled
from helpdesk_wellbeing.store import open_store

HINT = "acme: no need to wait for the end: check answers meanwhile from what is stored so far"


def zone_of(commands):
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        return store.account("acme").zone


def test_a_pull_says_what_came_and_a_second_one_brings_nothing_new(commands, zendesk, undisturbed, unfolded):
    commands.connect(zendesk)

    first = commands.here("pull", "--account", "acme")
    second = commands.here("pull", "--account", "acme")

    assert (first.code, first.out) == (0, "")
    assert first.line.startswith("acme: 44 users, 2,431 ticket events, 405 tickets")
    assert " replies and notes; " in first.line
    assert first.line.endswith("events new, 1 known")
    assert "; 0 events new, " in second.line
    notes = [line for line in first.lines if "is not available here" in line]
    assert len(notes) == len(set(notes))
    assert commands.exported() == undisturbed


def test_the_platforms_zone_is_taken_but_gives_way_to_the_admins(commands, zendesk, unfolded):
    commands.connect(zendesk)
    commands.here("pull", "--account", "acme")
    assert zone_of(commands) == "Europe/Berlin"

    assert commands.here("import", "--account", "acme", "--time-zone", "America/Chicago").code == 0
    assert commands.here("pull", "--account", "acme").code == 0

    assert zone_of(commands) == "America/Chicago"


def test_a_pull_by_hand_is_seen_by_status_and_doctor(commands, zendesk, unfolded):
    commands.connect(zendesk)
    before = datetime.now(UTC)
    assert commands.here("pull", "--account", "acme").code == 0

    row = json.loads(commands.here("status", "--format", "json").out)["accounts"][0]
    assert (row["state"], row["pulled_at"] is not None) == ("fine", True)
    assert datetime.fromisoformat(row["next_pull_at"]) > before
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        run = store.work.run_of("acme")
        assert run.pulled_at >= run.began_at >= before
        assert run.news_at is not None
    assert "not pulled yet" not in commands.here("doctor").out


def test_a_pull_by_hand_that_fails_is_noted_and_the_next_good_one_mends_it(commands, zendesk, unfolded, impatient):
    commands.connect(zendesk)
    zendesk.spoil = lambda request: Answer.of({"error": "down"}, status=500)
    assert commands.here("pull", "--account", "acme").code == 2
    failed = commands.here("status").out

    zendesk.spoil = lambda request: Answer.of({"error": "Couldn't authenticate you"}, status=401)
    assert commands.here("pull", "--account", "acme").code == 2
    paused = commands.here("status").out

    zendesk.behave()
    assert commands.here("pull", "--account", "acme").code == 0

    assert "acme: the last 1 run failed: zendesk: " in failed
    assert "PAUSED" in paused
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        run = store.work.run_of("acme")
    assert (run.failures, run.problem, run.paused_at) == (0, None, None)


def test_since_bounds_how_far_back_history_goes(commands, zendesk, undisturbed, unfolded):
    commands.connect(zendesk)
    assert commands.here("pull", "--account", "acme", "--since", "2026-11-02").code == 0

    days = {line.split(",")[2][:10] for line in commands.exported().splitlines()[1:]}

    assert min(days) == "2026-11-02"
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


@pytest.mark.parametrize("text", ["id = [", ""])
def test_a_broken_rule_does_not_keep_activity_from_coming_in(commands, zendesk, undisturbed, text):
    commands.connect(zendesk)
    (commands.home / "rules").mkdir()
    (commands.home / "rules" / "mine.toml").write_text(text)

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 1
    assert "acme: everything is stored, but it could not be evaluated: " in ran.err
    assert "acme: the last 1 run failed: " in commands.here("status").out
    assert f"{commands.home / 'rules' / 'mine.toml'}: " in ran.err
    assert commands.exported() == undisturbed


def page_of(stream, rows, *kinds):
    said = [{"at": "2026-11-20T09:00:00Z", "ticket": str(n), "kind": kind} for n, kind in enumerate(kinds)]
    return Page(stream, events.conform(pl.DataFrame(said), "acme")[0] if said else events.empty(), rows, None)


def test_what_was_said_counts_the_same_whichever_stream_tells_it_and_empty_streams_are_left_out():
    pulled = Pulled()
    for page in (
        page_of("roster", 0),
        page_of("tickets", 3, "created", "replied", "noted", "customer_replied"),
        page_of("conversations", 2, "noted", "replied"),
        page_of("absent", 0),
    ):
        pulled.add(page)

    assert pull_command.brought(pulled) == "3 tickets, 5 replies and notes"
    assert pull_command.brought(Pulled()) == "nothing new"


def told_by_a_meter(patch, seconds, *, watched):
    said, clock = [], iter([0.0, *seconds])
    patch.setattr(pull_command, "say", said.append)
    patch.setattr(pull_command, "watched", lambda: watched)
    meter = pull_command.Meter("acme", lambda: "tickets: 20 rows", lambda: next(clock))
    for _ in seconds:
        meter.page(page_of("tickets", 20), Pulled())
    return said


def test_a_long_pull_that_nobody_watches_says_once_a_minute_how_far_it_is(monkeypatch):
    line = "acme: tickets: 20 rows"

    assert told_by_a_meter(monkeypatch, [2, 59], watched=False) == []
    assert told_by_a_meter(monkeypatch, [30, 61, 90, 122, 150], watched=False) == [line, HINT, line]
    assert told_by_a_meter(monkeypatch, [0.1, 0.5, 1.2, 61], watched=True) == [line, line, line, HINT]
