"""The commands of upkeep, as a person calls them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile

import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.cli import cli
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.settings import PIPELINE_FILE, load_settings
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.upkeep.purposes import OF_PART, Purpose, stated
from tests.upkeep_desk import NOOR


def run(*arguments: str, answers: str | None = None):
    return CliRunner().invoke(cli, list(arguments), input=answers)


@pytest.fixture
def runs(home):
    """What the pipeline keeps of two accounts' runs."""
    with sqlite3.connect(home / PIPELINE_FILE) as file:
        file.execute("CREATE TABLE workflow_status (workflow_uuid TEXT, status TEXT, queue_partition_key TEXT)")
        file.execute("CREATE TABLE operation_outputs (workflow_uuid TEXT, error TEXT)")
        file.executemany("INSERT INTO workflow_status VALUES (?, ?, ?)",
                         [("due:acme:1", "ERROR", "acme"), ("due:acme:2", "PENDING", "acme"),
                          ("due:globex:1", "ERROR", "globex")])  # fmt: skip
        file.execute("INSERT INTO operation_outputs VALUES ('due:acme:1', ?)", [f"agent {NOOR}"])
    file.close()

    def left() -> list[str]:
        with sqlite3.connect(home / PIPELINE_FILE) as file:
            return [row[0] for row in file.execute("SELECT workflow_uuid FROM workflow_status ORDER BY 1")]

    return left


def test_erase_shows_asks_and_leaves_no_file_that_names_the_agent(home, runs):
    (home / "notes.txt").write_text(f"call {NOOR}")
    asked = run("erase", "agent", "--account", "acme", "--agent", NOOR, answers="n\n")
    assert asked.exit_code == 1
    assert "Noor Zwanenburg" in asked.stderr

    done = run("erase", "agent", "--account", "acme", "--agent", NOOR, "--yes", "--by", "Ida")

    assert (done.exit_code, done.exception) == (0, None)
    assert "notes.txt still names them" in done.stderr
    assert runs() == ["due:acme:2", "due:globex:1"]
    (home / "notes.txt").unlink()
    for file in home.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert NOOR.encode() not in content, file
        assert b"Zwanenburg" not in content, file


def test_erase_refuses_somebody_of_whom_nothing_is_known(home):
    refused = run("erase", "agent", "--account", "acme", "--agent", "999", "--yes")

    assert isinstance(refused.exception, ConfigError)
    assert "nothing is known of an agent 999" in str(refused.exception)
    assert refused.stderr == ""


def test_disconnect_takes_out_an_account_and_its_runs(home, runs):
    done = run("disconnect", "--account", "acme", "--yes")

    assert (done.exit_code, done.exception) == (0, None)
    assert runs() == ["due:globex:1"]
    with open_store(load_settings()) as store:
        assert store.accounts() == []


def test_all_that_is_held_about_an_agent_is_in_a_zip_and_the_audit_says_so(home):
    file = home / "held.zip"
    done = run("export", "agent", "--account", "acme", "--agent", NOOR, "--output", str(file), "--by", "Ida")

    assert (done.exit_code, done.exception) == (0, None)
    with zipfile.ZipFile(file) as archive:
        whole = json.loads(archive.read("held.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode())))
    assert whole["purpose"] == "legal_duty"
    assert len(rows) == len(whole["records"]["events"]) > 300
    assert {row["purpose"] for row in rows} == {"working_time"}
    with open_store(load_settings()) as store:
        last = store.audit.entries("acme")[-1]
        assert (last.what, last.body["by"]) == ("exported", "Ida")
        assert last.body["agent"] == store.audit.word_of("acme", NOOR)


def test_an_export_carries_the_stated_purpose_and_any_other_is_refused(home):
    shown = run("export", "events", "--account", "acme", "--purpose", "workload")
    assert {row["purpose"] for row in csv.DictReader(io.StringIO(shown.stdout))} == {"workload"}
    assert "purpose" not in run("export", "events", "--account", "acme").stdout.splitlines()[0]

    for code in ("appraisal", "team_survey"):
        refused = run("export", "events", "--account", "acme", "--purpose", code)
        assert isinstance(refused.exception, ConfigError)
        assert refused.stdout == ""


def test_a_legal_duty_opens_every_part_and_nothing_else_does():
    for part, own in OF_PART.items():
        assert stated(None, part) == own
        assert stated("legal_duty", part) == Purpose.LEGAL
    with pytest.raises(ConfigError):
        stated("working_time", "audit")


def test_retention_is_shown_and_set(home):
    set_ = run("retention", "--account", "acme", "--keep", "audit=400", "--keep", "events=30", "--format", "json")

    days = json.loads(set_.stdout)["days"]
    assert days["audit"] == {"set": 400, "holds": 400}
    assert days["events"]["set"] < days["events"]["holds"]
    assert "(set to 30; signals look back so far)" in run("retention", "--account", "acme").stdout
    assert "not carried out yet" in run("status").stdout
    assert "retention               not carried out yet" in run("doctor", "--account", "acme").stdout
