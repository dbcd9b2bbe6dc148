"""Freshdesk over HTTP by the commands alone: install, accept, write, pull it back, undo, ask a team, uninstall."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import polars as pl
import pytest
from flask import Flask

from connectors.freshdesk.simulated import Options, SimulatedFreshdesk, Site
from helpdesk_wellbeing.acting import asking, review
from helpdesk_wellbeing.acting.helpdesk import MOVED, MOVED_TAG, SUGGESTED_TAG, SURVEY_TAG
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.cli.outbound import described, write
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.surveys.page import pulse
from tests.dying import killed_in_turn

TICKETS = ("9001", "9002")
TEAM = [f"100{number}" for number in range(1, 7)]
ACCOUNT = ("--account", "acme")


class Desk:
    """A Freshdesk account with open tickets of agent 1001, and a program whose clock goes with its."""

    def __init__(self, front, commands):
        self.front, self.commands = front, commands
        self.later = timedelta(0)

    def now(self):
        return datetime.now(UTC) + self.later

    def run(self, *words):
        ran = self.commands.here(*words)
        assert ran.code == 0, ran.err
        return ran

    def connect(self):
        self.commands.patch.setenv("HELPDESK_WELLBEING_API_KEY", self.front.api_key)
        self.run("connect", "freshdesk", *ACCOUNT, "--domain", "acme.freshdesk.com", "--base-url", self.front.base_url)

    def row(self, ticket):
        return self.front.record.ticket(int(ticket))

    def tickets(self):
        """What a removal has to leave as it was, of every ticket of theirs."""
        rows = {ticket: self.row(ticket) for ticket in (*TICKETS, "9003")}
        return {ticket: (row["tags"], row["responder_id"], row["group_id"], row["status"], row["priority"],
                         {name: value for name, value in row["custom_fields"].items() if value})
                for ticket, row in rows.items()}  # fmt: skip

    def written(self):
        """Rounds, as a running serve makes them, until nothing is due; their lines."""
        lines = []
        for _ in range(20):
            with open_store() as store:
                if "acme" not in store.writes.due(self.now()):
                    break
                lines.append(described(write(store, "acme", tell=lambda line: None, now=self.now, sleep=self.passes)))
            self.passes(61)
        return lines

    def passes(self, seconds):
        self.later += timedelta(seconds=seconds)

    def notes(self, ticket):
        return [talk for talk in self.front.record.conversations(int(ticket)) if talk["source"] == 2]

    def accept(self, proposal):
        return self.run("proposals", "accept", *ACCOUNT, proposal, "--by", "a lead").err


@pytest.fixture
def desk(commands, unfolded):
    """Connected and pulled."""
    now = datetime.now(UTC).replace(microsecond=0)
    usual = dict.fromkeys(SCHEMA) | {"account": "a", "channel": "email", "grade": "A"}
    rows = [
        usual | {"id": f"{ticket}1", "at": now - timedelta(days=3, seconds=int(ticket)), "ticket": ticket,
                 "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "open", "group": "11",
                 "assignee": "1001", "priority": "normal"}
        for ticket in (*TICKETS, "9003")
    ]  # fmt: skip
    plain = {name: (kind if isinstance(kind, pl.Datetime) else pl.String()) for name, kind in SCHEMA.items()}
    people = pl.DataFrame([dict.fromkeys(PEOPLE) | {"agent": agent, "groups": ["11"]} for agent in TEAM], schema=PEOPLE)
    site = Site(pl.DataFrame(rows, schema=plain).cast(SCHEMA).sort("at"), people, options=Options(unlimited=True))
    made = []
    with SimulatedFreshdesk(site, now=lambda: made[0].now() if made else datetime.now(UTC)) as front:
        made.append(Desk(front, commands))
        made[0].connect()
        made[0].run("pull", *ACCOUNT)
        yield made[0]


def install(desk):
    desk.run("install", "freshdesk", *ACCOUNT, "--url", "https://hooks.example.com", "--yes")


def proposed(tickets=TICKETS):
    """A proposal to move tickets from 1001 to 1002; its id."""
    at = datetime.now(UTC)
    because = Because("open_work_overload", "v1", "LD1", Subject("agent", "1001"), "warn", "2026-11-01", "A", {})
    moves = tuple(Move(ticket, "11", "1001", "1002") for ticket in tickets)
    proposal = Proposal("rebalance", Subject("team", "11"), (because,), at, at + timedelta(hours=8), at, {}, moves)
    with open_store() as store:
        review.keep(store, "acme", [proposal], at)
    return proposal.id


def test_what_was_accepted_is_written_comes_back_as_nobodys_work_and_is_undone(desk):
    configuration, tickets = desk.front.configuration(), desk.tickets()
    install(desk)
    desk.run("act", "set", *ACCOUNT, "--mode", "rebalance=approve")
    move = proposed()
    assert move in desk.run("proposals", "list", *ACCOUNT).out
    assert "2 writes to be made" in desk.accept(move)
    assert desk.written() == ["2 writes made"]

    for ticket in TICKETS:
        row, (note,) = desk.row(ticket), desk.notes(ticket)
        assert (row["responder_id"], MOVED_TAG in row["tags"]) == (1002, True)
        assert MOVED in row["custom_fields"].values()
        assert note["private"] is True
        assert re.search(r"wb-[0-9a-f]{16}", note["body_text"])

    desk.passes(300)
    desk.run("pull", *ACCOUNT)
    rows = csv.DictReader(io.StringIO(desk.commands.exported()))
    ours = [row for row in rows if row["ticket"] == "9001" and row["kind"] != "created"]
    assert {"assigned", "noted", "tagged"} <= {row["kind"] for row in ours}
    assert {row["actor_kind"] for row in ours} <= {"integration", "unknown"}  # a difference names nobody

    assert "done by a lead" in desk.run("proposals", "show", *ACCOUNT, move).out
    undone = desk.run("proposals", "undo", *ACCOUNT, move, "--by", "a lead")
    assert "2 writes to be taken back" in undone.err
    assert desk.written() == ["2 writes made"]
    assert desk.tickets() == tickets

    desk.run("uninstall", "freshdesk", *ACCOUNT, "--yes")
    assert (desk.front.configuration(), desk.tickets()) == (configuration, tickets)
    assert "whole" in desk.run("audit", "verify", *ACCOUNT).out
    told = [line.split()[3] for line in desk.run("audit", "list", *ACCOUNT).out.splitlines()]
    assert told.count("written") == 4
    assert {"installed", "proposed", "accepted", "undo", "uninstalled"} <= set(told)


def test_a_team_is_asked_by_private_tickets_answers_and_its_result_is_shown(desk):
    configuration, tickets = desk.front.configuration(), desk.tickets()
    install(desk)
    ask(desk)
    desk.written()

    with open_store() as store:
        asked = sorted(store.writes.made_tickets("acme"))
    rows = [desk.row(ticket) for ticket in asked]
    assert sorted(str(row["responder_id"]) for row in rows) == TEAM
    assert {row["requester_id"] for row in rows} == {desk.front.site.options.service_user}
    assert {(*row["tags"], row["priority"], row["source"]) for row in rows} == {(SURVEY_TAG, 1, 2)}
    assert desk.front.api.writes.contacts == []

    answered(desk, [re.search(r"https://[^\s<\"]+", row["description_text"])[0] for row in rows])
    desk.passes(86_400 * 9)
    with open_store() as store:
        assert any("closed and published" in line for line in asking.look_after_waves(store, "acme", desk.now()))
    number = desk.run("esat", "list", *ACCOUNT).out.split()[0]
    shown = desk.run("esat", "results", *ACCOUNT, number).out
    assert "6 of 6" in shown
    assert "hidden" not in shown

    desk.run("uninstall", "freshdesk", *ACCOUNT, "--yes")
    assert all(desk.row(ticket) is None or desk.row(ticket)["deleted"] for ticket in asked)
    assert (desk.front.configuration(), desk.tickets()) == (configuration, tickets)
    assert "whole" in desk.run("audit", "verify", *ACCOUNT).out


def ask(desk):
    """A wave is proposed and accepted, and it is late enough for everybody to be asked."""
    desk.run("act", "set", *ACCOUNT, "--mode", "esat_wave=approve", "--public-url", "https://wellbeing.example.com")
    assert desk.commands.here("act", *ACCOUNT).code == 1, "something waits"
    listed = json.loads(desk.run("proposals", "list", *ACCOUNT, "--format", "json").out)["proposals"]
    (wave,) = [one["id"] for one in listed if one["action"] == "esat_wave"]
    desk.accept(wave)
    desk.passes(86_400 * 4)  # each is asked in their own working hours


def answered(desk, links):
    """Everybody opens their link and sends the form, as a browser does."""
    with open_store() as store:
        app = Flask("pulse", static_folder=None)
        app.register_blueprint(pulse(store, desk.now))
        browser = app.test_client()
        for place, link in enumerate(links):
            path = urlsplit(link).path
            assert browser.get(path).status_code == 200
            form = {
                "link": path.rpartition("/")[2],
                "lang": "en",
                **{f"q{n}": "234455"[(place + n) % 6] for n in range(5)},
            }
            assert browser.post("/pulse/", data=form).status_code == 200


def test_a_key_that_is_revoked_loses_nothing_and_the_next_step_is_said(desk):
    desk.run("act", "set", *ACCOUNT, "--mode", "rebalance=approve")
    desk.accept(proposed())
    desk.front.api.revoke()
    (line, *_) = desk.written()
    assert "connect the account again" in line
    desk.connect()
    desk.passes(900)
    desk.written()

    with open_store() as store:
        assert store.writes.counts("acme") == {"written": 2}
        assert store.audit.verify("acme").problem is None
    assert [desk.row(ticket)["responder_id"] for ticket in TICKETS] == [1002, 1002]


def test_killed_after_each_request_in_turn_all_of_it_comes_to_its_end(desk, monkeypatch):
    def killed(*words):
        return killed_in_turn(monkeypatch, lambda: desk.run(*words))

    def killed_writing():
        def one():
            desk.passes(200)  # a claim ends, and so does what may be on its way
            desk.written()

        return killed_in_turn(monkeypatch, one)

    configuration, tickets = desk.front.configuration(), desk.tickets()
    assert killed("install", "freshdesk", *ACCOUNT, "--url", "https://hooks.example.com", "--yes") > 4
    desk.run("act", "set", *ACCOUNT, "--mode", "rebalance=approve")
    move = proposed()
    desk.accept(move)
    assert killed_writing() > 4
    assert [desk.row(ticket)["responder_id"] for ticket in TICKETS] == [1002, 1002]
    desk.run("proposals", "undo", *ACCOUNT, move)
    assert killed_writing() > 4
    assert [desk.row(ticket)["responder_id"] for ticket in TICKETS] == [1001, 1001]
    assert [len(desk.notes(ticket)) for ticket in TICKETS] == [2, 2]

    desk.run("act", "set", *ACCOUNT, "--mode", "rebalance=suggest")
    proposed(("9003",))
    assert killed_writing() > 3
    assert SUGGESTED_TAG in desk.row("9003")["tags"]
    ask(desk)
    assert killed_writing() > 4
    with open_store() as store:
        asked = sorted(store.writes.made_tickets("acme"))
    assert sorted(str(desk.row(ticket)["responder_id"]) for ticket in asked) == TEAM

    desk.passes(600)
    assert killed("uninstall", "freshdesk", *ACCOUNT, "--yes") > 10
    assert (desk.front.configuration(), desk.tickets()) == (configuration, tickets)
    assert all(desk.row(ticket)["deleted"] for ticket in asked)
    assert "whole" in desk.run("audit", "verify", *ACCOUNT).out
