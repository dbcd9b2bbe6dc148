"""`agreement` as people run it, and how looks from the command line come into the audit."""

from __future__ import annotations

import getpass
import json

import polars as pl
import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.cli import cli, looking
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.store.audit import Audit

BY = ("record", "--by", "works council", "--by", "board", "--on", "2026-11-01")
SERVES = ("--purpose", "working_time")
RECORD = (*BY, "--role", "lead", *SERVES)


def run(*words, account="acme"):
    return CliRunner().invoke(cli, ["agreement", words[0], "--account", account, *words[1:]])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One for all tests here: `acme` is elsewhere, `here` on this machine with the simulated team, `log` imported."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HELPDESK_WELLBEING_HOME", str(tmp_path_factory.mktemp("home")))
        patched.delenv("HELPDESK_WELLBEING_DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def store(home, world):
    with open_store() as opened:
        opened.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        for name, platform in (("here", "zendesk"), ("log", None)):
            opened.create_account(name, platform=platform, settings={"base_url": "http://127.0.0.1:1"})
            opened.add_events(name, world.events.head(8_000).with_columns(account=pl.lit(name)))
        yield opened


def looks(store, account):
    return [entry.body for entry in store.audit.entries(account) if entry.what == "looked"]


def ended(store, account):
    return f"{store.event_span(account)[1]:%Y-%m-%dT%H:%M:%SZ}"


def test_an_agreement_is_recorded_shown_and_listed(store):
    assert "no agreement is recorded" in run("show").stdout

    made = run(
        *RECORD,
        "--signals",
        "WT4,ES1",
        "--dpia",
        "2026-10-01",
        "--keep",
        "events=30",
        "--keep",
        "facts=60",
    )

    assert made.exit_code == 0, made.output
    assert "it holds from now on" in made.stderr
    assert "signals          WT4\n" in made.stdout
    assert "seen by          agent, lead\n" in made.stdout
    assert "purposes         working_time\n" in made.stdout
    assert "missing: what the works council decided is not recorded" in made.stdout
    shown = json.loads(run("show", "--format", "json").stdout)
    assert shown["agreement"]["retention_weeks"]["events"] == 30
    assert "agreed on 2026-11-01 by works council, board: WT4" in run("list").stdout


def test_all_who_may_see_it_and_all_purposes_are_taken_where_that_is_said(store):
    made = run(*BY, "--signals", "WT4", "--role", "all", "--purpose", "all")

    assert "seen by          agent, lead, ops\n" in made.stdout
    assert "purposes         team_survey, working_time, workload\n" in made.stdout


def test_what_widens_is_said_to_wait(store):
    run(*RECORD, "--signals", "WT4")
    asked = run("propose", "--signals", "all")

    assert "waits for a new agreement, because it means more signals about single people: ES2" in asked.stderr
    assert "signals          WT4\n" in asked.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("record", "--by", "x", "--on", "soon", "--signals", "all"), '"soon" is not a date'),
        ((*BY, "--signals", "all", *SERVES), "Missing option '--role'"),
        ((*BY, "--signals", "all", "--role", "all"), "Missing option '--purpose'"),
        ((*RECORD, "--signals", "all", "--keep", "moods=3"), '"moods" is not a class of data'),
        ((*RECORD, "--signals", "all", "--keep", "events"), "write it as events=28"),
    ],
)
def test_what_does_not_fit_is_refused(store, words, said):
    refused = run(*words)

    assert refused.exit_code == 2
    assert said in refused.output


def test_who_looks_at_persons_stands_in_the_audit_before_they_are_shown(store):
    words = ["--account", "here", "--as-of", ended(store, "here"), "--format", "json"]
    answer = json.loads(CliRunner().invoke(cli, ["check", *words]).stdout)

    named = {one["subject"]["id"] for part in ("flags", "not_assessable") for one in answer[part]
             if one["subject"]["kind"] == "agent"}  # fmt: skip
    entry = looks(store, "here")[-1]
    assert (entry["by"], entry["command"]) == (f"command line: {getpass.getuser()}", "check")
    assert named
    persons = store.audit.persons("here")
    assert {persons[word] for word in entry["agents"]} >= named


def test_without_an_entry_nothing_of_a_person_is_shown(store, monkeypatch):
    def cannot(*_, **__):
        raise StoreError("the database cannot be written")

    monkeypatch.setattr(Audit, "add", cannot)
    words = ["--account", "here", "--as-of", ended(store, "here"), "--format", "json"]
    shown = CliRunner().invoke(cli, ["check", *words])

    assert shown.exit_code in (0, 1)
    assert "could not be written into the audit (the database cannot be written)" in shown.stderr
    answer = json.loads(shown.stdout)
    assert not [one for one in [*answer["flags"], *answer["not_assessable"]] if one["subject"]["kind"] == "agent"]
    with pytest.raises(ConfigError, match="export events is about persons"):
        looking.require_noted(store, "here", "export events")


def test_an_imported_log_is_the_operators_own(store):
    CliRunner().invoke(cli, ["check", "--account", "log", "--as-of", ended(store, "log")])
    CliRunner().invoke(cli, ["export", "events", "--account", "log", "--agent", "1"])

    assert looks(store, "log") == []


def test_an_export_of_one_agent_names_them_by_their_word(store, world):
    agent = world.events["actor"].drop_nulls()[0]
    ran = CliRunner().invoke(cli, ["export", "events", "--account", "here", "--agent", agent])
    CliRunner().invoke(cli, ["export", "facts", "queues", "--account", "here"])
    CliRunner().invoke(cli, ["export", "facts", "days", "--account", "here"])

    assert ran.exit_code == 0, ran.output
    of_one, of_all = looks(store, "here")[-2:]
    assert of_one["agents"] == [store.audit.word_of("here", agent)]
    assert (of_all["command"], of_all["agents"]) == ("export facts days", "everybody")


def test_without_an_agreement_nothing_that_is_about_each_person_is_exported(store, world):
    store.create_account("elsewhere", platform="zendesk", settings={"subdomain": "elsewhere"})
    store.add_events("elsewhere", world.events.head(2_000).with_columns(account=pl.lit("elsewhere")))
    for what in (["events"], ["facts", "days"], ["facts", "shifts"]):
        ran = CliRunner().invoke(cli, ["export", *what, "--account", "elsewhere"])
        assert isinstance(ran.exception, ConfigError), what
        assert "no agreement is recorded" in str(ran.exception)
        assert ran.stdout == ""

    assert CliRunner().invoke(cli, ["export", "facts", "queues", "--account", "elsewhere"]).exit_code == 0
