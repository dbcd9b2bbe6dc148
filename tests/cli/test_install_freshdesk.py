"""`install freshdesk` and `uninstall freshdesk` as an admin runs them, against the simulated Freshdesk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.freshdesk.simulated import Faults, SimulatedFreshdesk
from helpdesk_wellbeing.acting.helpdesk import SUGGESTED_TAG, Change, Half
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.freshdesk_account import site_of

FRESHDESK = ("freshdesk", "--account", "fd")
URL = ("--url", "https://wellbeing.example.com")
LOCAL = ("--url", "http://127.0.0.1:8080")


@pytest.fixture
def serving(commands: Any) -> Iterator[Callable[..., SimulatedFreshdesk]]:
    """A simulated account, connected as fd."""
    running: list[SimulatedFreshdesk] = []

    def serve(faults: Faults | None = None, **options: Any) -> SimulatedFreshdesk:
        front = SimulatedFreshdesk(site_of(**options), faults=faults).start()
        running.append(front)
        commands.patch.setenv("HELPDESK_WELLBEING_API_KEY", front.api_key)
        ran = commands.here("connect", *FRESHDESK, "--domain", "acme.freshdesk.com", "--base-url", front.base_url)
        assert ran.code == 0, ran.err
        return front

    yield serve
    for front in running:
        front.stop()


def secret_of(commands: Any) -> str:
    return str(commands.here("secrets", "show", "--account", "fd", "webhook_secret").out.strip())


def test_without_a_terminal_and_without_yes_the_plan_is_printed_and_nothing_is_made(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    front = serving()
    before = front.configuration()
    ran = commands.here("install", *FRESHDESK, *URL)
    assert ran.code == 2
    assert "create  custom field  Wellbeing: what was suggested" in ran.out
    assert "create  rule          Helpdesk wellbeing: a ticket was touched" in ran.out
    assert "--yes" in ran.line
    assert front.configuration() == before


def test_the_plan_names_their_rules_and_says_what_is_to_be_done_by_hand_step_by_step(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    serving()
    ran = commands.here("install", *FRESHDESK, *URL, "--dry-run")
    assert ran.code == 0
    assert "Reopen on reply" in ran.out
    assert "Tag · does not contain · wellbeing_survey" in ran.out
    assert "Admin > Workflows > Automations > Ticket Updates" in ran.out
    assert re.search(r"  a view of what is suggested:\n    1\. Tickets: open Filters", ran.out)
    assert "act set --account fd --survey-group ID" in ran.out
    assert "Trigger Webhook" not in ran.out  # as long as the API may take the rules
    groups = commands.home.parent / "groups.csv"
    groups.write_text("group,name\n11,Surveys\n")
    assert commands.here("import", "--groups", str(groups), "--account", "fd").code == 0
    assert commands.here("act", "set", "--account", "fd", "--survey-group", "11").code == 0
    assert "--survey-group ID" not in commands.here("install", *FRESHDESK, *URL, "--dry-run").out


def test_installed_once_there_is_nothing_to_do_the_next_time(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    front = serving()
    ran = commands.here("install", *FRESHDESK, *URL, "--yes", "--by", "Admin 01")
    assert ran.code == 0, ran.err
    assert "fd: installed" in ran.out
    assert secret_of(commands) not in ran.out + ran.err
    after = front.configuration()
    again = commands.here("install", *FRESHDESK, *URL)
    assert (again.code, front.configuration()) == (0, after)
    assert "nothing is to be changed" in again.out
    assert "Admin 01" in commands.here("audit", "list", "--account", "fd", "--format", "json").out


@pytest.mark.parametrize("url", ["", " "])
def test_an_address_that_is_empty_mends_no_rule(
    commands: Any, serving: Callable[..., SimulatedFreshdesk], url: str
) -> None:
    front = serving()
    assert commands.here("install", *FRESHDESK, *URL, "--yes").code == 0
    before = front.configuration()
    ran = commands.here("install", *FRESHDESK, "--url", url, "--yes")
    assert (ran.code, len(ran.lines)) == (2, 1)
    assert "fd: --url is https://host, without a path" in ran.line
    assert front.configuration() == before


@pytest.mark.parametrize("bare_rules", [True, False])
def test_install_use_and_uninstall_leave_the_account_as_it_was(
    commands: Any, serving: Callable[..., SimulatedFreshdesk], bare_rules: bool
) -> None:
    from helpdesk_wellbeing.cli.outbound import helpdesk_of

    front = serving(bare_rules=bare_rules)
    before = front.configuration()
    assert commands.here("install", *FRESHDESK, *LOCAL, "--yes").code == 0
    assert front.configuration() != before
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        helpdesk = helpdesk_of(store, "fd")
        seen = helpdesk.look("3")
        change = Change(
            tags=seen.tags | {SUGGESTED_TAG}, label="suggested", note="It may go to somebody with more room."
        )
        done = helpdesk.change(seen, change, "key")
        assert isinstance(done, Half)
        record_the_write(store, "3")
        assert helpdesk.look("3").label == "suggested"
    planned = commands.here("uninstall", *FRESHDESK)
    assert planned.code == 2
    assert "Freshdesk drops what stands in it on every ticket" in planned.out
    assert "forget  the webhook secret" in planned.out
    ran = commands.here("uninstall", *FRESHDESK, "--yes")
    assert ran.code == 0, ran.err
    assert "tickets cleaned: 1; survey tickets deleted: 0" in ran.out
    assert "fd: uninstalled" in ran.out
    assert front.configuration() == before
    assert front.record.ticket(3)["tags"] == ["vip"]
    assert "nothing of ours is there" in commands.here("uninstall", *FRESHDESK, "--yes").out


def record_the_write(store: Any, ticket: str) -> None:
    now = datetime.now(UTC)
    store.writes.plan("fd", [Planned("key", "p", "suggest", ticket, {})], now)
    store.writes.claim("fd", now, now, "me")
    store.writes.sending("fd", "key", {}, now, now, "me")
    store.writes.end("fd", "key", "written", {}, now, "me")


def test_where_the_api_takes_no_rules_the_steps_by_hand_have_every_value_but_the_secret(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    serving()
    commands.patch.setattr("connectors.freshdesk.simulated.setup.Setup._check_rule", refusing)
    ran = commands.here("install", *FRESHDESK, *URL, "--yes")
    assert ran.code == 1
    said = ran.out.partition("not accepted:")[2]
    assert "Trigger Webhook; request type POST; URL https://wellbeing.example.com/webhooks/freshdesk/fd" in said
    assert 'content Advanced: {"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}' in said
    assert "X-Helpdesk-Wellbeing-Secret: the secret, which this shows: helpdesk-wellbeing secrets show" in said
    assert secret_of(commands) not in ran.out + ran.err
    assert "installed in part, without creation_rule, update_rule" in commands.here("doctor").out


def refusing(*_: Any) -> None:
    from connectors.freshdesk.simulated.answers import invalid
    from connectors.freshdesk.simulated.updates import Denied

    raise Denied(invalid(("actions", "It should be one of these values", "invalid_value")))


def test_as_json_the_plan_the_work_by_hand_and_what_came_of_it_are_one_object(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    serving()
    planned = json.loads(commands.here("install", *FRESHDESK, *URL, "--format", "json").out)
    assert [(step["do"], step["kind"]) for step in planned["plan"]] == [
        ("create", "ticket_field"), ("create", "rule"), ("create", "rule"),
    ]  # fmt: skip
    assert planned["done"] is False
    assert {rule["kind"] for rule in planned["guard"]["rules"]} == {"rule on creation", "rule on updates"}
    assert [task["title"] for task in planned["by_hand"]] == [
        "a group for survey tickets, before the first survey", "a view of what is suggested",
    ]  # fmt: skip
    made = json.loads(commands.here("install", *FRESHDESK, *URL, "--yes", "--format", "json").out)
    assert made["done"] is True
    assert all(step["id"] for step in made["plan"])


def test_after_a_rotation_install_gives_the_rules_the_new_secret(
    commands: Any, serving: Callable[..., SimulatedFreshdesk]
) -> None:
    front = serving()
    assert commands.here("install", *FRESHDESK, *URL, "--yes").code == 0
    commands.patch.setenv("HELPDESK_WELLBEING_WEBHOOK_SECRET", "a-new-secret-of-the-account")
    assert commands.here("secrets", "rotate", "--account", "fd").code == 0
    ran = commands.here("install", *FRESHDESK, *URL, "--yes")
    assert ran.code == 0
    assert ran.out.count("changed: its secret") == 2
    assert json.dumps(front.configuration()).count("a-new-secret-of-the-account") == 2


def test_a_key_that_is_no_admins_is_told_so(commands: Any, serving: Callable[..., SimulatedFreshdesk]) -> None:
    front = serving()
    front.api.options = front.record.options = front.site.options.__class__(unlimited=True, admin=False)
    ran = commands.here("install", *FRESHDESK, *URL)
    assert ran.code == 2
    assert "must be an admin" in ran.line


@pytest.mark.parametrize("url", ["http://wellbeing.example.com", "https://wellbeing.example.com/path"])
def test_an_address_that_freshdesk_cannot_call_is_refused(
    commands: Any, serving: Callable[..., SimulatedFreshdesk], url: str
) -> None:
    serving()
    assert "--url is https://host" in commands.here("install", *FRESHDESK, "--url", url).line


def test_the_wrong_platform_is_told(commands: Any, serving: Callable[..., SimulatedFreshdesk]) -> None:
    serving()
    ran = commands.here("install", "zendesk", "--account", "fd", *URL)
    assert ran.line.endswith("fd: nothing can be set up in Zendesk, because it is a freshdesk account")


def test_doctor_says_whether_it_is_installed(commands: Any, serving: Callable[..., SimulatedFreshdesk]) -> None:
    serving()
    assert "not installed" in commands.here("doctor").out
    assert commands.here("install", *FRESHDESK, *URL, "--yes").code == 0
    said = commands.here("doctor").out
    assert "not installed" not in said
    assert "install freshdesk … --dry-run names them" in said
