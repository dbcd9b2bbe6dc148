"""`proposals`, `act`, `audit` and `esat` as people run them."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.cli import cli
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.errors import WellbeingError
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject

pytestmark = pytest.mark.usefixtures("home")
AT = datetime.now(UTC) - timedelta(minutes=1)


def run(*words):
    return CliRunner().invoke(cli, [*words[:2], "--account", "acme", *words[2:]])


def refused(*words):
    ran = run(*words)
    assert isinstance(ran.exception, WellbeingError), ran.output
    return str(ran.exception)


@pytest.fixture
def proposed(home):
    """An account with one proposal to move two tickets from anna to ben."""
    store = open_store()
    store.create_account("acme")
    store.replace_groups("acme", "file", pl.DataFrame([dict.fromkeys(GROUPS) | {"group": "g1"}], schema=GROUPS))
    because = Because(
        "open_work_overload", "v1", "LD1", Subject("agent", "anna"), "warn", "2026-03-01", "A", {"z": 2.9}
    )
    moves = tuple(
        Move(ticket, "g1", "anna", "ben", {"en": f"Ticket {ticket} would go.", "nl": f"Ticket {ticket} gaat."})
        for ticket in ("11", "12")
    )
    proposal = Proposal(
        "rebalance", Subject("team", "g1"), (because,), AT, AT + timedelta(hours=9), AT,
        {"en": "Two tickets change hands.", "nl": "Twee tickets gaan over."}, moves,
    )  # fmt: skip
    review.keep(store, "acme", [proposal], AT)
    return proposal.id


def test_what_waits_is_listed_with_the_next_step(proposed):
    shown = run("proposals", "list").stdout

    assert re.search(rf"^{proposed}  .* rebalance +team g1, 2 tickets \(warn\)$", shown, re.MULTILINE)
    assert f"proposals show --account acme {proposed}" in shown


def test_a_proposal_says_why_what_and_until_when(proposed):
    shown = run("proposals", "show", proposed).stdout

    assert "Two tickets change hands." in shown
    assert "because LD1 (open_work_overload v1) is warn since 2026-03-01\n" in shown
    assert "ticket 11: anna → ben\n  Ticket 11 would go." in shown
    assert "open until" in shown
    assert "Twee tickets" in run("proposals", "show", proposed, "--language", "nl").stdout


def test_accepting_says_that_nothing_is_written_in_a_dry_run(proposed):
    ran = run("proposals", "accept", proposed, "--by", "a lead")

    assert "the mode of rebalance is dry_run, so nothing is written" in ran.stderr
    assert "accepted by a lead" in run("proposals", "show", proposed).stdout


def test_accepting_some_moves_plans_those_and_says_who_writes_them(proposed):
    run("act", "set", "--mode", "rebalance=approve")
    ran = run("proposals", "accept", proposed, "--only", "12")

    assert "1 write to be made" in ran.stderr
    assert "no worker is alive" in ran.stderr
    assert re.search(r"move +ticket 12: planned", run("proposals", "show", proposed).stdout)


def test_declining_needs_a_reason_of_the_list_and_is_counted(proposed):
    assert "take one of: not needed, wrong moment" in refused("proposals", "decline", proposed, "--reason", "no")
    run("proposals", "decline", proposed, "--reason", "wrong moment")

    found = json.loads(run("proposals", "list", "--state", "declined", "--format", "json").stdout)
    assert found["declined"] == {"rebalance": {"wrong moment": 1}}
    assert run("proposals", "list").stdout == "nothing waits for a decision\n"


def test_a_proposal_is_put_aside_and_is_still_listed(proposed):
    run("proposals", "snooze", proposed)

    assert "[snoozed]" in run("proposals", "list").stdout


@pytest.mark.parametrize(
    "command", [["show"], ["accept"], ["decline", "--reason", "other"], ["snooze"], ["undo"], ["put-back"]]
)
def test_an_unknown_proposal_is_said_with_the_next_step(proposed, command):
    assert "there is no proposal 000; see proposals list" in refused("proposals", command[0], "000", *command[1:])


@pytest.mark.parametrize("decision", [["accept"], ["decline", "--reason", "other"], ["snooze"]])
def test_what_nothing_was_written_for_waits_again_when_it_is_put_back(proposed, decision):
    assert "cannot be put back" in refused("proposals", "put-back", proposed)
    run("proposals", decision[0], proposed, *decision[1:])

    assert "waits for a decision again" in run("proposals", "put-back", proposed, "--by", "a lead").stderr
    assert "open until" in run("proposals", "show", proposed).stdout


def test_undo_of_what_was_never_written_says_so(proposed):
    run("proposals", "accept", proposed)

    assert "no ticket was moved" in refused("proposals", "undo", proposed)


def test_what_was_only_tried_in_a_dry_run_can_be_accepted_for_good(proposed):
    run("proposals", "accept", proposed)
    run("act", "set", "--mode", "rebalance=approve")

    assert "2 writes to be made" in run("proposals", "accept", proposed).stderr


@pytest.mark.parametrize("who", ["", " ", "n" * 101, "a\nb"])
def test_who_decides_has_a_name_that_fits_into_a_line(proposed, who):
    assert "1 to 100 signs" in refused("proposals", "decline", proposed, "--reason", "other", "--by", who)


def test_an_approval_in_advance_is_for_a_group_that_there_is(proposed):
    until = (AT + timedelta(days=3)).isoformat()

    assert "there is no group zzz; there are: g1" in refused(
        "act", "approve", "--group", "zzz", "--until", until, "--an-hour", "5"
    )


SOME_GROUPS = [
    {"group": "11", "name": "Payments"},
    {"group": "12", "name": "Surveys"},
    {"group": "13", "name": "surveys "},
]


def with_groups():
    blank = dict.fromkeys(GROUPS)
    open_store().replace_groups("acme", "file", pl.DataFrame([blank | row for row in SOME_GROUPS], schema=GROUPS))


@pytest.mark.parametrize("said", ["Pay;ments", "999999", ""])
def test_invitations_belong_to_a_group_that_there_is(proposed, said):
    with_groups()

    problem = refused("act", "set", "--survey-group", said)

    assert f"there is no group {said}; there are: 11 Payments, 12 Surveys" in problem
    assert "import --account acme --groups FILE" in problem
    assert json.loads(run("act", "show", "--format", "json").stdout)["survey_group"] is None


def test_a_group_may_be_named_where_only_one_has_the_name_and_who_is_in_it_is_said(proposed):
    with_groups()
    people = [dict.fromkeys(PEOPLE) | {"agent": one, "groups": ["11"], "excluded": False} for one in ("anna", "ben")]
    left = [people[1] | {"groups": ["12"], "valid_from": AT.date()}]
    open_store().replace_people("acme", "file", pl.DataFrame([*people, *left], schema=PEOPLE))

    ran = run("act", "set", "--survey-group", "pAYMENTS")

    assert json.loads(run("act", "show", "--format", "json").stdout)["survey_group"] == "11"
    assert "1 known person is in it; they, and whoever may see all tickets, can open" in ran.stderr
    assert "is the name of groups 12, 13; give the id" in refused("act", "set", "--survey-group", "Surveys")


def test_where_no_groups_are_known_the_next_step_is_said(home):
    open_store().create_account("acme", platform="freshdesk", settings={"domain": "acme.freshdesk.com"})

    assert "run helpdesk-wellbeing pull --account acme first" in refused("act", "set", "--survey-group", "11")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x", "http://example.com", "https://u:p@h/x?y#z", "", " "]
)
def test_links_lead_to_an_address_that_is_one(proposed, url):
    assert "must be https://host" in refused("act", "set", "--public-url", url)


def test_how_an_account_acts_is_shown_and_changed(proposed):
    run("act", "set", "--mode", "rebalance=auto", "--mode", "check_in=off", "--consent", "--language", "nl")
    run("act", "approve", "--group", "g1", "--until", (AT + timedelta(days=3)).isoformat(), "--an-hour", "5")
    shown = run("act", "show").stdout

    assert re.search(r"rebalance +auto", shown)
    assert re.search(r"check in +off", shown)
    assert "5 an hour" in shown
    assert "consent of receivers: asked; language nl" in shown


@pytest.mark.parametrize("word", ["rebalance", "rebalance=yolo", "nothing=off", "="])
def test_a_mode_that_does_not_exist_is_refused(proposed, word):
    ran = run("act", "set", "--mode", word)

    assert ran.exit_code == 2
    assert "is not ACTION=MODE" in ran.stderr


def test_what_planning_is_told_is_checked_at_the_door(proposed):
    run("act", "set", "--planning", '{"rebalance": {"at_once": true}, "tags": {"call_back": ["callback"]}}')
    assert json.loads(run("act", "show", "--format", "json").stdout)["planning"]["rebalance"] == {"at_once": True}

    assert "planning" in refused("act", "set", "--planning", '{"rebalance": {"at_nonce": true}}')
    assert run("act", "set", "--planning", "at once").exit_code == 2


def test_the_switch_is_one_command_each_way(proposed):
    run("act", "stop")
    assert run("act", "show").stdout.startswith("STOPPED")
    run("act", "go")
    assert run("act", "show").stdout.startswith("acting")


def test_the_audit_is_listed_and_proved_until_one_byte_is_changed(proposed, home):
    run("proposals", "decline", proposed, "--reason", "other", "--by", "a lead")
    whole = run("audit", "verify")
    head = re.search(r"(\d+:[0-9a-f]{64})", whole.stdout)[1]
    assert "whole: 2 entries" in whole.stdout
    assert "anna" not in run("audit", "list").stdout

    with sqlite3.connect(home / "wellbeing.db") as database:
        database.execute("UPDATE audit SET body = replace(body, 'other', 'othen') WHERE seq = 2")
    broken = run("audit", "verify")
    assert (broken.exit_code, broken.stdout) == (1, "NOT WHOLE: entry 2 is not as it was written\n")
    assert run("audit", "verify", "--head", head).exit_code == 1

    with sqlite3.connect(home / "wellbeing.db") as database:
        database.execute("UPDATE audit SET body = substr(body, 1, 30) || '~' WHERE seq = 2")
    shown = run("audit", "list")
    assert "some entries cannot be read" in shown.stderr
    assert "damaged" in shown.stdout


def test_an_account_without_waves_says_how_one_comes(proposed):
    assert "a proposal brings one" in run("esat", "list").stdout
    assert "hidden: no such wave or team" in run("esat", "results", "none").stdout


def test_an_imported_account_cannot_be_written_to_and_says_why(proposed):
    run("act", "set", "--mode", "rebalance=approve")
    run("proposals", "accept", proposed)
    ran = CliRunner().invoke(cli, ["act", "--account", "acme"])

    assert "no events yet; run import" in str(ran.exception)
