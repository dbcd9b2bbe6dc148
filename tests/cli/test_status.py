"""`status`: what a person reads in the morning."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from helpdesk_wellbeing.cli import outbound
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.errors import ConfigError, Refused
from helpdesk_wellbeing.pipeline import steps
from helpdesk_wellbeing.pipeline.steps import Means
from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.acting_helpdesk import a_desk
from webhooks.known import SECRET


@pytest.fixture
def store(commands):
    commands.home.mkdir()
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as opened:
        opened.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        yield opened


def minutes(number):
    return datetime.now(UTC) + timedelta(minutes=number)


def at_minutes(run):
    """Times are minutes from now: the file may have been read long ago."""
    return {name: minutes(value) if name.endswith("_at") else value for name, value in run.items()}


def work(store, role="worker", version="1"):
    store.work.beat(f"{role}-{version}", role=role, version=version, host="desk-1", pid=42, counts={})


FLAG = {"signal": "WT4", "rule": "r", "subject": {"kind": "agent", "id": "person-1"}, "level": "critical"}


def test_all_is_well(commands, store):
    store.work.note_run("acme", pulled_at=minutes(-4), due_at=minutes(1), evaluated_at=minutes(-3), news_at=minutes(-4))
    store.work.keep_answer("acme", minutes(-3), {"flags": [FLAG | {"state": "active"}, FLAG | {"state": "cooling"}]})
    store.inbox.add_many([Receipt("acme", Delivery("k"), minutes(-1))])
    work(store)

    ran = commands.here("status")

    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[0].endswith("nothing to do")
    row = next(line for line in ran.out.splitlines() if line.startswith("acme")).split("  ")
    cells = [cell.strip() for cell in row if cell.strip()]
    assert cells[2] == "4 min"
    assert cells[4].startswith("1 since ")
    assert cells[6:] == ["1 critical", "fine"]
    assert "worker desk-1 process 42, 1, since" in ran.out
    assert "person-1" not in ran.out


def test_what_is_paused_says_why_and_what_to_do(commands, store):
    work(store)
    store.work.note_run("acme", paused_at=minutes(-60), failures=3, problem="zendesk: the client id isn't accepted")

    ran = commands.here("status")

    assert ran.code == 1
    to_do = next(line for line in ran.out.splitlines() if "TO DO" in line)
    assert "acme: paused since" in to_do
    assert "the client id isn't accepted" in to_do
    assert "`helpdesk-wellbeing connect zendesk --account acme …` again" in to_do
    assert "PAUSED" in ran.out


def test_how_a_paused_account_goes_on_is_said_once(commands, store):
    def connect(account):
        refused = Refused("zendesk: 401 for GET /api/v2/users: the client id or its secret isn't accepted")
        refused.status = 401
        raise refused

    work(store)
    assert steps.pull(Means(store, connect), "acme") == "paused"

    to_do = next(line for line in commands.here("status").out.splitlines() if "TO DO" in line)

    assert "isn't accepted; run `helpdesk-wellbeing connect zendesk --account acme …` again, then it" in to_do
    assert to_do.count("connect") == 1


@pytest.mark.parametrize(
    ("run", "said", "state"),
    [
        ({"failures": 2, "problem": "it answers 500"}, "the last 2 runs failed: it answers 500", "2 runs failed"),
        ({"due_at": -30}, "a pull has been due since", "late"),
        ({"hook_at": -300, "news_at": -1}, "the last webhook came", "webhooks silent"),
    ],
)
def test_trouble_is_said_with_the_next_step(commands, store, run, said, state):
    work(store)
    store.work.note_run("acme", pulled_at=minutes(-1), **at_minutes(run))

    ran = commands.here("status")

    assert ran.code == 1
    assert said in ran.out
    assert state in ran.out


@pytest.mark.parametrize(
    ("run", "state"),
    [
        ({"pulled_at": -30, "due_at": -3, "began_at": -2}, "pulling now"),
        ({"due_at": -30, "began_at": -2}, "pulling now"),
        ({"due_at": -3, "began_at": -2, "failures": 1}, "1 run failed, pulling now"),
    ],
)
def test_a_pull_that_is_under_way_is_said_and_the_next_one_is_not_in_the_past(commands, store, run, state):
    work(store)
    store.work.note_run("acme", **at_minutes(run))

    ran = commands.here("status")
    row = next(line for line in ran.out.splitlines() if line.startswith("acme"))
    told = json.loads(commands.here("status", "--format", "json").out)["accounts"][0]

    assert row.endswith(state)
    assert "  now  " in row
    assert "pull has been due" not in ran.out
    assert (told["next_pull_at"], told["pulling_since"] is None) == (None, False)


@pytest.mark.parametrize(
    "run",
    [
        {"began_at": -9, "pulled_at": -8, "due_at": 1},
        {"began_at": -2, "due_at": 1, "failures": 1},
        {"began_at": -2, "paused_at": -1},
        {"began_at": -40, "due_at": -41},
    ],
)
def test_a_pull_that_has_ended_is_not_under_way(commands, store, run):
    work(store)
    store.work.note_run("acme", **at_minutes(run))

    assert "pulling now" not in commands.here("status").out


def test_doctor_says_that_an_account_is_paused_why_and_how_it_goes_on(commands, store):
    store.work.note_run("acme", paused_at=minutes(-60), failures=3, problem="zendesk: the client id isn't accepted")

    ran = commands.here("doctor")

    assert ran.code == 1
    to_do = next(line for line in ran.out.splitlines() if "TO DO" in line)
    assert "paused since" in to_do
    assert "the client id isn't accepted; run `helpdesk-wellbeing connect zendesk --account acme …` again" in to_do


def test_doctor_tells_in_short_how_the_pulls_go(commands, store):
    store.work.note_run("acme", pulled_at=minutes(-4), due_at=minutes(1))

    line = next(line for line in commands.here("doctor").out.splitlines() if line.startswith("  work  "))

    assert re.fullmatch(r"  work +fine; last pull [0-9:]{8} \(4 min ago\); next [0-9:]{8}", line), line


def a_round(store, monkeypatch, desk):
    """A round of writes to `desk`, or to none for a reason; what was logged."""

    def helpdesk_of(*given):
        if isinstance(desk, Exception):
            raise desk
        return desk

    logged = []
    monkeypatch.setattr(outbound, "helpdesk_of", helpdesk_of)
    outbound.rounds(store, lambda event, **about: logged.append((event, about)), lambda: False)("acme")
    return logged


def waits(store, key="k"):
    asked = {"giver": "carl", "receiver": "ben", "group": "g1", "note": ""}  # anna has it: a round skips it
    store.writes.plan("acme", [Planned(key, "p", "move", "1", asked)], minutes(-1))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (ConfigError("acme: no API token is stored; run connect again"), "acme: no API token is stored; run connect"),
        (ValueError("what Mrs Smith wrote"), "writing: ValueError in helpdesk_of, line "),
    ],
)
def test_writing_that_fails_is_said_with_its_reason_until_it_does_not(commands, store, monkeypatch, trouble, said):
    work(store)
    store.work.note_run("acme", pulled_at=minutes(-1), due_at=minutes(4))
    waits(store)
    ((event, about),) = a_round(store, monkeypatch, trouble)

    assert (event, about["account"]) == ("writing failed", "acme")
    assert about["problem"].startswith(said)
    assert store.writes.due(minutes(9)) == {}
    for command in ("status", "doctor"):
        ran = commands.here(command)
        assert ran.code == 1
        to_do = next(line for line in ran.out.splitlines() if "TO DO" in line)
        assert f"writing fails since {minutes(0):%Y-%m-%d}" in to_do
        assert said in to_do
        assert "1 write waits, tried again at" in to_do
        assert "Smith" not in ran.out

    waits(store, "another")
    a_round(store, monkeypatch, a_desk(["1"]))
    assert "writing fails" not in commands.here("status").out


def test_one_write_that_fails_is_said_until_it_has_ended_though_others_are_made(commands, store, monkeypatch):
    store.writes.plan("acme", [Planned("defect", "p", "move", "1", {})], minutes(-1))
    waits(store)
    a_round(store, monkeypatch, a_desk(["1"]))
    first = commands.here("status").out
    waits(store, "another")
    a_round(store, monkeypatch, a_desk(["1"]))

    assert store.writes.counts("acme") == {"planned": 1, "skipped": 2}
    for shown in (first, commands.here("status").out):
        assert "writing (move): KeyError in _why_not_from" in shown
    store.writes.cancel("acme", "p", "withdrawn", minutes(0))
    assert "writing fails" not in commands.here("status").out


def test_what_cannot_be_written_to_is_no_trouble_where_nothing_waits(commands, store, monkeypatch):
    a_round(store, monkeypatch, ConfigError("acme: imported from a file"))

    assert "writing fails" not in commands.here("status").out


def test_without_a_worker_nothing_happens_and_that_is_said(commands, store):
    work(store, "web")

    ran = commands.here("status", "--format", "json")

    report = json.loads(ran.out)
    assert ran.code == 1
    assert report["to_do"] == [
        "nothing is pulled or evaluated, because no worker is alive; run helpdesk-wellbeing serve"
    ]
    assert report["accounts"][0]["state"] == "not pulled yet"
    assert report["processes"][0]["alive"]


def test_two_versions_side_by_side_are_noted(commands, store):
    work(store, version="1")
    work(store, version="2")

    assert "versions 1, 2 work side by side" in commands.here("status").out


def test_it_works_while_another_process_writes(commands, store):
    work(store)
    with store.writer("acme", "pull"), store.transaction():
        store.set_meta("acme", "k", "v")
        ran = commands.apart("status")

    assert ran.code == 0, ran.err
    assert "acme" in ran.out


def test_where_nothing_is_stored_the_place_is_named_and_nothing_is_made(commands):
    ran = commands.here("status")

    assert (ran.code, ran.out, len(ran.lines)) == (2, "", 1)
    assert ran.line == (
        f"helpdesk-wellbeing: store: {commands.home / 'wellbeing.db'}: there is no database yet; run import or connect "
        "first, or set HELPDESK_WELLBEING_HOME to the folder that has it"
    )
    assert not commands.home.exists()


def test_a_database_without_accounts_is_told_how_to_begin(commands):
    commands.home.mkdir()
    open_store(f"sqlite:///{commands.home / 'wellbeing.db'}").close()

    ran = commands.here("status")

    assert ran.code == 0
    assert "no account yet" in ran.out


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_key_that_is_gone_is_said_with_what_it_stops(commands, store, command):
    work(store)
    key = commands.home / "secret.key"
    with open_store(load_settings()) as kept:
        kept.put_secret("acme", SECRET, "acme-signs-with-this")
    store.work.note_run("acme", pulled_at=minutes(-4), due_at=minutes(1))
    before = commands.here(command).out
    held = key.read_bytes()
    key.unlink()

    ran = commands.here(command)

    assert "503" not in before
    assert ran.code == 1
    to_do = next(line for line in ran.out.splitlines() if "TO DO" in line)
    assert "acme: webhooks are answered with 503 and pulls fail: " in to_do
    assert f"{key} is missing, HELPDESK_WELLBEING_KEY is not set; bring the key back" in to_do
    assert not key.exists()
    key.write_bytes(held)
    key.chmod(0o600)
    assert "503" not in commands.here(command).out


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_another_key_than_the_one_of_the_secrets_is_said(commands, store, command):
    work(store)
    with open_store(load_settings()) as kept:
        kept.put_secret("acme", SECRET, "acme-signs-with-this")
    commands.patch.setenv("HELPDESK_WELLBEING_KEY", Fernet.generate_key().decode())

    ran = commands.here(command)

    assert ran.code == 1
    assert "was encrypted with another key than the one in HELPDESK_WELLBEING_KEY; bring back that key" in ran.out
