"""Taking everything of ours out of a Freshdesk account, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import BadPayload, PlatformError
from tests.freshdesk_admin import Faults
from webhooks import known
from webhooks.freshdesk import cleaning, provisioning, removal
from webhooks.freshdesk.proof import HEADER
from webhooks.freshdesk.things import CREATION_RULE, FIELD, UPDATE_RULE

URL = "https://wellbeing.example.com"


def used(here: Any) -> str:
    """Installed, and written to; a merge has given one tag to a ticket that we never wrote on."""
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    here.write("3", "wellbeing_moved", "moved")
    here.server.held.tickets["4"]["tags"].append("wellbeing_moved")
    return here.survey()


def test_after_install_use_and_uninstall_the_account_is_as_before(place: Callable[..., Any]) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.server.state()
    survey = used(here)
    planned = here.planned()
    assert [step.name for step in planned.steps] == [CREATION_RULE, UPDATE_RULE, FIELD]
    assert "for ever" in planned.steps[-1].why
    assert (planned.tickets, planned.own, planned.secret) == (("2", "3", "4", survey), (survey,), True)
    removed = here.uninstall()
    assert removed.is_whole
    assert (removed.tickets.cleaned, removed.tickets.deleted) == (3, [survey])
    assert here.server.configuration() == configuration
    assert here.server.state() == tickets
    assert here.store.installed.things("acme") == {}
    assert [here.store.get_secret("acme", name) for name in (known.SECRET, "update_rule_shows")] == [None, None]
    assert here.store.get_meta("acme", provisioning.FIELD_NAME) is None
    assert policy.policy_of(here.store, "acme").stopped
    assert here.store.audit.verify("acme").problem is None
    assert here.planned().is_nothing


def test_installed_again_and_taken_out_again_only_what_was_written_since_is_looked_at(
    place: Callable[..., Any],
) -> None:
    here = place()
    configuration = here.server.configuration()
    used(here)
    here.uninstall()
    here.install()
    assert here.planned().tickets == ()
    assert here.uninstall().is_whole
    assert here.server.configuration() == configuration


def test_killed_after_any_request_the_next_uninstall_goes_on_to_the_end(
    place: Callable[..., Any], killing: Callable[..., int]
) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.server.state()
    used(here)
    assert killing(here.uninstall) > 10
    here.uninstall()
    assert here.server.configuration() == configuration
    assert here.server.state() == tickets
    assert here.store.get_secret("acme", known.SECRET) is None
    assert here.planned().is_nothing


@pytest.mark.parametrize("number", range(6, 24, 3))
def test_killed_once_one_more_uninstall_is_enough(
    place: Callable[..., Any], killed_at: Callable[..., bool], number: int
) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.server.state()
    used(here)
    killed_at(here.uninstall, number)
    assert here.uninstall().is_whole
    assert (here.server.configuration(), here.server.state()) == (configuration, tickets)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_a_hostile_server_it_comes_to_the_same_end(place: Callable[..., Any], seed: int) -> None:
    here = place()
    configuration, tickets = here.server.configuration(), here.server.state()
    hostile = {"lost": 0.2, "late_error": 0.1, "refuse": 0.1, "broken": 0.1, "error": 0.1, "html": 0.1, "cut_json": 0.1}
    for act in (here.install, here.uninstall):
        here.server.faults = Faults(share=hostile, seed=seed)
        if act == here.uninstall:
            here.server.faults = Faults()
            used(here)
            here.server.faults = Faults(share=hostile, seed=seed)
        persisting(act)
    here.server.faults = Faults()
    assert here.server.configuration() == configuration
    assert here.server.state() == tickets


def persisting(act: Callable[[], Any]) -> None:
    """Run it again until it says that all is done, as an admin would."""
    for _ in range(40):
        with suppress(PlatformError, BadPayload):
            done = act()
            if not (done.failed if hasattr(done, "failed") else not done.is_whole):
                return
    raise AssertionError("it never came to its end")


def test_tickets_that_cannot_be_reached_are_said(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    here.write("3", "wellbeing_suggested", "suggested")
    del here.server.held.tickets["2"]  # archived
    here.server.held.tickets["3"]["spam"] = True
    removed = here.uninstall()
    assert removed.tickets.away == ["2", "3"]
    assert any("lets nobody change an archived ticket" in line for line in removed.tickets.lines())
    assert removed.is_whole


def test_tickets_that_may_not_be_written_are_named_for_the_next_run(place: Callable[..., Any]) -> None:
    here = place(unwritable=("2",))
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    removed = here.uninstall()
    assert removed.tickets.failed == {"2": "invalid"}
    assert not removed.is_whole
    here.server.odd.unwritable = ()
    assert here.uninstall().tickets.cleaned == 1


def test_more_tickets_than_a_search_shows_are_found_day_by_day(place: Callable[..., Any]) -> None:
    here = place()
    for number in range(1000, 1700):
        day = f"2026-0{1 + number % 9}-1{number % 10}T08:00:00Z"
        here.server.ticket(str(number), "wellbeing_moved", created_at=day)
    found = cleaning.search(here.admin, date(2026, 10, 6))
    assert (len(found.tickets), found.unseen) == (700, ())


def test_more_tickets_of_one_day_than_a_search_shows_are_said(place: Callable[..., Any]) -> None:
    here = place()
    for number in range(1000, 1310):
        here.server.ticket(str(number), "wellbeing_moved")
    found = cleaning.search(here.admin, date(2026, 10, 6))
    assert len(found.tickets) == 300
    assert ["run uninstall again" in line for line in found.unseen] == [True]


def test_without_a_search_what_we_wrote_on_is_cleaned_and_the_rest_is_said(place: Callable[..., Any]) -> None:
    here = place(forbids=("/search/tickets",))
    here.install()
    here.write("2", "wellbeing_suggested", "suggested")
    planned, unseen = removal.plan(here.account())
    assert planned.tickets == ("2",)
    assert ["could not be searched" in line for line in unseen] == [True] * 3
    assert here.uninstall().tickets.cleaned == 1


def test_what_was_written_after_the_plan_is_cleaned_too(place: Callable[..., Any]) -> None:
    here = place()
    tickets = here.server.state()
    here.install()
    account = here.account()
    planned, _ = removal.plan(account)
    here.write("3", "wellbeing_moved", "moved")
    survey = here.survey()
    done = removal.carry_out(account, planned, "Admin 01")
    assert (done.tickets.cleaned, done.tickets.deleted) == (1, [survey])
    assert here.server.state() == tickets


def test_a_rule_made_by_hand_is_named_and_stays(place: Callable[..., Any]) -> None:
    here = place()
    call = {"field_name": "trigger_webhook", "url": f"{URL}/webhooks/freshdesk/acme", "custom_headers": {HEADER: "x"}}
    here.server.held.rules["4"].append(here.server.rule("By hand", [], [call], 9))
    here.install()
    assert ["By hand" in line for line in provisioning.left_by_hand(here.account())] == [True]
    assert here.uninstall().is_whole
    assert here.server.held.rules["4"][-1]["name"] == "By hand"


def test_uninstall_of_what_an_admin_has_deleted_forgets_it(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    here.server.held.fields.remove(here.thing(FIELD))
    assert here.uninstall().is_whole
    assert here.store.installed.things("acme") == {}
    assert here.server.ours() == []


def test_a_secret_that_somebody_keeps_without_an_installation_is_left(place: Callable[..., Any]) -> None:
    here = place()
    here.store.put_secret("acme", known.SECRET, "for-rules-made-by-hand")
    assert here.planned().is_nothing
