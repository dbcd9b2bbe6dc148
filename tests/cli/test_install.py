"""`install zendesk` and `uninstall zendesk` as an admin runs them."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.zendesk.simulated import SimulatedZendesk, Site

ZENDESK = ("zendesk", "--account", "acme")
URL = ("--url", "https://wellbeing.example.com")
HERE = ("--url", "https://wellbeing.acme.example")
LOCAL = ("--url", "http://127.0.0.1:8080")


@pytest.fixture
def serving(desk: Site) -> Iterator[Callable[..., SimulatedZendesk]]:
    running: list[SimulatedZendesk] = []

    def serve(**options: Any) -> SimulatedZendesk:
        own = (
            replace(desk.options, allowed_scopes=("read", "write"), **options)
            if "allowed_scopes" not in options
            else (replace(desk.options, **options))
        )
        running.append(SimulatedZendesk(replace(desk, options=own)).start())
        return running[-1]

    yield serve
    for server in running:
        server.stop()


def asked(commands: Any, answer: bool) -> list[str]:
    """From now on a person sits at the terminal and answers so; what they were asked."""
    questions: list[str] = []
    commands.patch.setattr(sys.stdin, "isatty", lambda: True)

    def confirm(question: str, **how: Any) -> bool:
        questions.append(question)
        return answer

    commands.patch.setattr("click.confirm", confirm)
    return questions


def test_without_a_terminal_and_without_yes_the_plan_is_printed_and_nothing_is_made(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    server = serving()
    commands.connect(server)
    before = server.configuration()
    ran = commands.here("install", *ZENDESK, *URL)
    assert ran.code == 2
    assert "create  custom field  Wellbeing: what was suggested" in ran.out
    assert "create  webhook       Helpdesk wellbeing: acme" in ran.out
    assert "--yes" in ran.line
    assert server.configuration() == before


@pytest.mark.parametrize("url", ["", " "])
def test_an_address_that_is_empty_mends_no_webhook(
    commands: Any, serving: Callable[..., SimulatedZendesk], url: str
) -> None:
    server = serving()
    commands.connect(server)
    assert commands.here("install", *ZENDESK, *URL, "--yes").code == 0
    before = server.configuration()
    ran = commands.here("install", *ZENDESK, "--url", url, "--yes")
    assert (ran.code, len(ran.lines)) == (2, 1)
    assert "acme: --url is https://host, without a path" in ran.line
    assert server.configuration() == before


def test_the_plan_names_the_rules_that_an_admin_must_complete(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    commands.connect(serving())
    ran = commands.here("install", *ZENDESK, *URL, "--dry-run")
    assert ran.code == 0
    assert "Notify requester" in ran.out
    assert "Tags · Contains none of the following · wellbeing_survey" in ran.out
    assert "Admin Center > Objects and rules > Business rules > Automations" in ran.out


def test_with_a_yes_it_is_installed_and_the_next_time_there_is_nothing_to_do(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    server = serving()
    commands.connect(server)
    questions = asked(commands, answer=True)
    ran = commands.here("install", *ZENDESK, *URL, "--by", "Admin 01")
    assert (ran.code, questions) == (0, ["acme: set this up?"])
    assert "acme: installed" in ran.out
    after = server.configuration()
    again = commands.here("install", *ZENDESK, *URL)
    assert again.code == 0
    assert "nothing is to be changed" in again.out
    assert (len(questions), server.configuration()) == (1, after)
    audit = json.loads(commands.here("audit", "list", "--account", "acme", "--format", "json").out)
    assert "Admin 01" in json.dumps(audit)


def test_with_a_no_nothing_is_made(commands: Any, serving: Callable[..., SimulatedZendesk]) -> None:
    server = serving()
    commands.connect(server)
    before = server.configuration()
    asked(commands, answer=False)
    ran = commands.here("install", *ZENDESK, *URL)
    assert (ran.code, ran.line) == (2, "helpdesk-wellbeing: nothing was changed")
    assert server.configuration() == before


def test_as_json_the_plan_and_what_came_of_it_are_one_object(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    commands.connect(serving())
    planned = json.loads(commands.here("install", *ZENDESK, *URL, "--format", "json").out)
    assert [(step["do"], step["kind"]) for step in planned["plan"]] == [
        ("create", "ticket_field"), ("create", "view"), ("create", "webhook"),
    ]  # fmt: skip
    assert planned["done"] is False
    assert {rule["kind"] for rule in planned["guard"]["rules"]} == {"trigger", "automation", "SLA policy"}
    made = json.loads(commands.here("install", *ZENDESK, *URL, "--yes", "--format", "json").out)
    assert made["done"] is True
    assert all(step["id"] for step in made["plan"])


def test_install_and_uninstall_leave_the_account_as_it_was(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    server = serving()
    commands.connect(server)
    before = server.configuration()
    assert commands.here("install", *ZENDESK, *LOCAL, "--yes").code == 0
    assert server.configuration() != before
    planned = commands.here("uninstall", *ZENDESK)
    assert planned.code == 2
    assert "remove  webhook       Helpdesk wellbeing: acme" in planned.out
    assert "forget  the webhook secret" in planned.out
    ran = commands.here("uninstall", *ZENDESK, "--yes")
    assert ran.code == 0, ran.err
    assert "acme: uninstalled" in ran.out
    assert server.configuration() == before
    assert "nothing of ours is there" in commands.here("uninstall", *ZENDESK, "--yes").out


def test_what_the_app_brings_with_it_is_found_by_install_and_not_made_twice(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    server = serving()
    commands.connect(server)
    before = server.configuration()
    ran = commands.here("package", *ZENDESK, *HERE, "--output", "app.zip")
    assert ran.code == 0, ran.err

    server.install_app(Path("app.zip").read_bytes())

    planned = json.loads(commands.here("install", *ZENDESK, *HERE, "--dry-run", "--format", "json").out)
    assert [(step["do"], step["why"]) for step in planned["plan"]] == [
        ("keep", "found again"), ("keep", "found again"), ("create", ""),
    ]  # fmt: skip
    assert commands.here("install", *ZENDESK, *HERE, "--yes").code == 0
    titles = [row.get("title") for kind in ("ticket_fields", "views") for row in server.configuration()[kind]]
    assert sorted(titles.count(title) for title in ("Wellbeing: what was suggested", "Wellbeing: suggested")) == [1, 1]
    assert "nothing is to be changed" in commands.here("install", *ZENDESK, *HERE).out
    assert commands.here("package", *ZENDESK, *HERE, "--output", "later.zip").code == 0
    with zipfile.ZipFile("later.zip") as later:
        assert "requirements.json" not in later.namelist()

    gone = commands.here("uninstall", *ZENDESK, "--yes")
    assert gone.code == 0, gone.err
    assert server.configuration() == before
    assert "an admin takes it out in Admin Center > Apps and integrations > Zendesk Support apps" in gone.out


def test_what_is_being_done_from_the_page_is_not_done_by_command_at_the_same_time(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    from helpdesk_wellbeing.cli.common import open_store

    server = serving()
    commands.connect(server)
    before = server.configuration()
    now = datetime.now(UTC).isoformat()
    open_store().set_meta("acme", "job_helpdesk", json.dumps({"state": "running", "began_at": now, "said_at": now}))
    ran = commands.here("install", *ZENDESK, *URL, "--yes")
    assert (ran.code, "right now; run it again when that is done" in ran.line) == (2, True)
    assert server.configuration() == before


def test_a_client_that_may_only_read_is_told_how_to_widen_its_scopes(
    commands: Any, serving: Callable[..., SimulatedZendesk]
) -> None:
    commands.connect(serving(allowed_scopes=("read",)))
    ran = commands.here("install", *ZENDESK, *URL)
    assert ran.code == 2
    assert "may only read; allow `write` besides `read`" in ran.line
    assert "OAuth clients" in ran.line


def test_pulls_go_on_asking_for_the_read_scope_alone(commands: Any, serving: Callable[..., SimulatedZendesk]) -> None:
    from helpdesk_wellbeing.cli.common import open_store
    from helpdesk_wellbeing.cli.platforms import zendesk_settings

    commands.connect(serving())
    assert commands.here("install", *ZENDESK, *URL, "--yes").code == 0
    assert zendesk_settings(open_store(), "acme").scopes == ("read",)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://wellbeing.example.com", "--url is https://host"),
        ("https://wellbeing.example.com/path", "--url is https://host"),
        ("wellbeing.example.com", "--url is https://host"),
    ],
)
def test_an_address_that_zendesk_cannot_call_is_refused(
    commands: Any, serving: Callable[..., SimulatedZendesk], url: str, says: str
) -> None:
    commands.connect(serving())
    ran = commands.here("install", *ZENDESK, "--url", url)
    assert ran.code == 2
    assert says in ran.line


def test_an_address_of_this_machine_is_refused_for_a_real_zendesk(commands: Any) -> None:
    from helpdesk_wellbeing.cli.common import open_store
    from helpdesk_wellbeing.cli.setting_up import checked_url
    from helpdesk_wellbeing.errors import ConfigError

    store = open_store()
    store.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
    with pytest.raises(ConfigError, match="Zendesk cannot reach localhost"):
        checked_url(store, "acme", "https://localhost")
    assert checked_url(store, "acme", "https://wellbeing.example.com/") == "https://wellbeing.example.com"


def test_an_imported_account_has_nothing_to_install(imported: Any) -> None:
    ran = imported.here("install", *ZENDESK, *URL)
    assert ran.code == 2
    assert "imported from a file" in ran.line


def test_doctor_says_whether_it_is_installed(commands: Any, serving: Callable[..., SimulatedZendesk]) -> None:
    commands.connect(serving())
    assert "not installed" in commands.here("doctor").out
    assert commands.here("install", *ZENDESK, *URL, "--yes").code == 0
    said = commands.here("doctor").out
    assert "not installed" not in said
    assert "set off by survey tickets" in said
