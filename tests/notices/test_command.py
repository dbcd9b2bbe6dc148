"""`notices set`, `show` and `test`, as an operator runs them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.cli import cli
from helpdesk_wellbeing.cli.notices import about, rounds
from helpdesk_wellbeing.notices import settings as kept
from helpdesk_wellbeing.store import open_store

SECRET = "hooks-secret-part"


@pytest.fixture
def run(home, empty):
    """Runs a command against an installation with a simulated account."""
    home.mkdir()
    shutil.copy(empty, home / "wellbeing.db")
    with open_store(f"sqlite:///{home / 'wellbeing.db'}") as store:
        store.create_account("acme", platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
        store.create_account("real", platform="zendesk", settings={"subdomain": "real"})
        policy.change(store, "acme", "a test", datetime.now(UTC), public_url="https://wellbeing.example")

    def run(*words, **environment):
        return CliRunner().invoke(cli, ["notices", *words], env=environment, catch_exceptions=True)

    run.store = lambda: open_store(f"sqlite:///{home / 'wellbeing.db'}")
    return run


def set_mail(run, mail, password="correct horse"):
    return run(
        "set", "--account", "acme", "--smtp-host", "127.0.0.1", "--smtp-port", str(mail.port), "--smtp-user",
        "wellbeing", "--from", "wellbeing@example.com", "--by", "max", HELPDESK_WELLBEING_SMTP_PASSWORD=password,
    )  # fmt: skip


def test_a_mail_server_is_set_tried_and_shown_without_its_password(run, mail):
    assert set_mail(run, mail).exit_code == 0
    tried = run("test", "--account", "acme", "--to", "me@example.com")
    shown = run("show", "--account", "acme", "--format", "json")

    assert tried.exit_code == 0, tried.output
    assert mail.mails[0]["To"] == "me@example.com"
    assert "correct horse" not in shown.output + run("show", "--account", "acme").output
    assert json.loads(shown.stdout)["password_kept"] is True
    with run.store() as store:
        entry = store.audit.entries("acme")[-1]
        assert (entry.what, entry.body["by"], entry.body["of"]) == ("settings", "max", "notices")
        assert "correct horse" not in str(entry)


def test_a_test_that_fails_says_why_and_exits_with_1(run, mail):
    set_mail(run, mail, password="wrong horse")

    tried = run("test", "--account", "acme", "--to", "me@example.com")

    assert tried.exit_code == 1
    assert "user or password is not accepted" in tried.output


def test_a_room_is_added_tried_and_dropped_with_its_webhook(run, chat):
    given = {"HELPDESK_WELLBEING_NOTICES_WEBHOOK": f"{chat.url}/{SECRET}"}
    run("set", "--account", "acme", "--room", "ops", "--kind", "slack", "--role", "ops", "--on", **given)
    tried, shown = run("test", "--account", "acme"), run("show", "--account", "acme")

    assert [path for path, _ in chat.posted] == [f"/{SECRET}"]
    assert SECRET not in tried.output + shown.output
    assert "slack channel ops: for ops" in shown.output
    with run.store() as store:
        assert list(store.notices.due(datetime.now(UTC))) == ["acme"]
    assert run("set", "--account", "acme", "--drop-room", "ops").exit_code == 0
    with run.store() as store:
        assert not store.has_secret("acme", kept.room_secret("ops"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--on",), "neither a mail server nor a room"),
        (("--room", "x"), "--room goes with --kind and --role"),
        (("--room", "x", "--kind", "slack", "--role", "lead"), "the role lead goes with a team"),
        (("--kind", "slack"), "are for --room"),
        (("--mail-to", "agent,hr"), "mail_to"),
        (("--quiet-from", "07:00"), "there must be an hour"),
        (("--smtp-host", "a b"), "smtp.host"),
        (("--smtp-host", "mail.example.com", "--from", "a@b\nBcc: c@d"), "smtp.sender"),
        ((), "nothing to change"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_kept(run, words, said):
    tried = run("set", "--account", "acme", *words, HELPDESK_WELLBEING_NOTICES_WEBHOOK="https://hooks.slack.com/x")

    assert said in f"{tried.output}{tried.exception}"
    with run.store() as store:
        assert kept.settings_of(store, "acme") == kept.Settings()


def test_a_real_account_takes_no_webhook_of_this_machine(run, chat):
    given = {"HELPDESK_WELLBEING_NOTICES_WEBHOOK": f"{chat.url}/{SECRET}"}
    tried = run("set", "--account", "real", "--room", "ops", "--kind", "slack", "--role", "ops", **given)

    assert "only https" in str(tried.exception)
    assert SECRET not in str(tried.exception)
    with run.store() as store:
        assert not store.has_secret("real", kept.room_secret("ops"))


def test_a_password_is_not_given_to_another_server(run, mail):
    set_mail(run, mail)

    run("set", "--account", "acme", "--smtp-host", "mail.example.com")

    with run.store() as store:
        smtp = kept.settings_of(store, "acme").smtp
        assert (smtp.host, smtp.user) == ("mail.example.com", None)


def test_status_and_doctor_are_told_what_fails(desk, chat):
    desk.room("billing", chat)
    desk.propose("team", "billing")
    chat.answers.append(404)

    desk.on()

    (line,) = about(desk.store, "acme", desk.now)
    assert line.startswith("notices by slack (billing) fail since 2026-03-02 07:30 UTC: slack: the webhook")
    assert chat.url not in line


def test_a_worker_s_round_tells_nothing_personal_to_the_log(desk, chat):
    lines = []
    desk.room("billing", chat)
    desk.set(on=True)

    assert rounds(desk.store, lambda *a, **b: lines.append((a, b)), lambda: False)("acme") == (
        "0 notices sent, 0 later, 0 dropped"
    )
    assert lines == []
