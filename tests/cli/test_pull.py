"""`pull` when all goes well, and when only the evaluation does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.zendesk.simulated.answers import Answer
from helpdesk_wellbeing.store import open_store


def zone_of(commands):
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        return store.account("acme").zone


def test_a_pull_says_what_came_and_a_second_one_brings_nothing_new(commands, zendesk, undisturbed, unfolded):
    commands.connect(zendesk)

    first = commands.here("pull", "--account", "acme")
    second = commands.here("pull", "--account", "acme")

    assert (first.code, first.out) == (0, "")
    assert first.line.startswith("acme: 44 users, 2,431 ticket_events, 405 tickets")
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
