"""An account that only webhooks reach, because it has no key: what the commands say of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.deliveries import Receipt
from helpdesk_wellbeing.pipeline import steps
from helpdesk_wellbeing.pipeline.steps import Means
from helpdesk_wellbeing.store import open_store
from webhooks.freshdesk.translate import translate
from webhooks.known import SECRET
from webhooks.zendesk import translate as zendesk

HINT = {"ticket_id": "35", "event": "priority changed"}


def solved(at):
    return {
        "event": "onTicketUpdate",
        "timestamp": at.timestamp(),
        "actor": {"id": 81, "type": "agent"},
        "record": {"id": 205, "changes": {"status": [2, 4]}},
    }


@pytest.fixture
def store(commands):
    commands.without_a_key()
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as opened:
        here = {**opened.account("fd").settings, "base_url": "http://127.0.0.1:9"}  # needs no agreement
        opened.update_account("fd", settings=here)
        opened.put_secret("fd", SECRET, "fd-shows-this-secret")
        opened.work.beat("w", role="worker", version="1", host="desk-1", pid=42, counts={})
        yield opened


@pytest.fixture
def bring(store):
    """Lets webhooks come, and works them off unless told otherwise."""

    def call(*payloads, work=True):
        now = datetime.now(UTC)
        store.inbox.add_many([Receipt("fd", translate(payload, {}, now), now) for payload in payloads])
        if work:
            steps.take_in(Means(store, now=lambda: now), "fd")

    return call


def minutes_ago(number):
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=number)


def row_of(said):
    [row] = [line for line in said.splitlines() if line.startswith("fd ")]
    return row


def test_status_says_that_webhooks_are_its_source_when_the_last_came_and_how_many_wait(commands, bring):
    fresh = commands.here("status")
    bring(HINT, work=False)
    unread = row_of(commands.here("status").out)
    bring(HINT)
    bring(HINT | {"event": "a"}, HINT | {"event": "b"}, work=False)
    ran = commands.here("status")
    told = json.loads(commands.here("status", "--format", "json").out)["accounts"][0]

    assert (fresh.code, ran.code) == (0, 0), ran.out
    assert row_of(fresh.out).endswith("webhooks only, none came yet")
    assert "1 since" in unread
    assert unread.endswith("webhooks only, none worked off yet")
    cells = row_of(ran.out).split()
    assert cells[:6] == ["fd", "-", "-", "-", "2", "since"]
    assert "webhooks only, last " in ran.out
    assert "not pulled yet" not in ran.out
    assert (told["source"], told["next_pull_at"], told["inbox"]["waiting"]) == ("webhooks", None, 2)
    assert told["webhook_at"] is not None


def test_status_speaks_of_no_pulls_where_there_are_none(commands, store):
    store.drop_secret("fd", SECRET)
    store.work.note_run("fd", due_at=minutes_ago(30))

    ran = commands.here("status")

    assert ran.code == 1
    assert "no webhook secret, so whatever comes is refused; run helpdesk-wellbeing secrets set --account fd" in ran.out
    assert "it should have been looked at" in ran.out
    assert "pull has been due" not in ran.out


@pytest.mark.parametrize(
    ("come", "said"),
    [
        ((), "fd: no events yet; its webhooks bring them: run helpdesk-wellbeing serve"),
        ((HINT,), "but said only which tickets to look at; events come from the app"),
        (None, "fd: no events yet, but 1 webhook waits; run helpdesk-wellbeing serve"),
    ],
)
def test_without_events_it_is_said_what_stands(commands, bring, come, said):
    bring(*([HINT] if come is None else come), work=come is not None)

    checked = commands.here("check", "--account", "fd")
    tested = commands.here("backtest", "--account", "fd", "--from", "2026-01-01", "--to", "2026-02-01")
    exported = commands.here("export", "events", "--account", "fd")
    looked = commands.here("doctor", "--account", "fd")

    assert (checked.code, tested.code, exported.code, looked.code) == (2, 2, 0, 1)
    for text in (checked.line, tested.line, exported.line, looked.out):
        assert said.removeprefix("fd: ") in text
        assert "run pull" not in text
    assert exported.out.count("\n") == 1


def test_what_webhooks_brought_is_checked_and_exported_and_can_be_imported(commands, bring, tmp_path):
    bring(solved(minutes_ago(40)), solved(minutes_ago(10)))
    bring(HINT, work=False)

    checked = commands.here("check", "--account", "fd")
    exported = commands.here("export", "events", "--account", "fd")
    of_agent = commands.here("export", "events", "--account", "fd", "--agent", "82")
    early = commands.here("export", "events", "--account", "fd", "--until", minutes_ago(20).isoformat())
    (tmp_path / "log.csv").write_text(exported.out)
    back = commands.here("import", str(tmp_path / "log.csv"), "--account", "again")

    assert checked.code == 0, checked.err
    assert "fd: 1 webhook not worked off yet; run serve, then they count" in checked.lines
    assert (exported.code, exported.err) == (0, "")
    assert [row.split(",")[6:9] for row in exported.out.splitlines()[1:]] == [["status", "open", "solved"]] * 2
    assert [ran.out.count("\n") for ran in (of_agent, early)] == [1, 2]
    assert (back.code, back.line) == (0, "again: 2 rows read, 2 events new")


def test_an_account_that_is_pulled_exports_what_was_pulled_and_says_what_it_leaves_out(commands, store):
    store.create_account("acme", platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
    now = datetime.now(UTC)
    event = {
        "type": "zen:event-type:ticket.status_changed",
        "id": "1",
        "time": minutes_ago(1).isoformat(),
        "detail": {"id": "205"},
        "event": {"previous": "OPEN", "current": "SOLVED"},
    }
    store.inbox.add_many([Receipt("acme", zendesk.translate(event, {}, now), now)])
    steps.take_in(Means(store), "acme")

    ran = commands.here("export", "events", "--account", "acme")

    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert ran.line == "acme: left out until a pull has it: 1 event that webhooks told about"


def test_pulling_says_how_to_add_the_key_and_so_do_doctor_status_and_install(commands, store):
    says = "add the key: helpdesk-wellbeing connect freshdesk --account fd --domain acme.freshdesk.com"

    pulled = commands.here("pull", "--account", "fd")
    looked = commands.here("doctor", "--account", "fd")
    installed = commands.here("install", "freshdesk", "--account", "fd", "--url", "https://wellbeing.example.com")

    assert (pulled.code, looked.code, installed.code) == (2, 1, 2)
    assert says in commands.here("status").out
    assert says in pulled.line
    assert says in looked.out
    assert says in installed.line
    assert "freshdesk at http://127.0.0.1:9, webhooks only, without an API key" in looked.out
