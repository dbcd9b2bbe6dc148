"""Tell your agents: what the admin sees and does, what the agent reads, and people without fixed hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.model import Agreement
from helpdesk_wellbeing.cli.status import about_telling
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store.said import NO_FIXED_HOURS

HERE = "/a/acme/settings/telling"
NOW = datetime.now(UTC)
CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
NAMES = ("Ada", "Chen", "Gus")


@pytest.fixture
def admin(signed_in):
    return signed_in(None, Role.ADMIN)


@pytest.fixture
def agreed(store):
    agree(store, NOW - timedelta(days=1), "WT4")
    return store


def agree(store, at, *signals):
    body = Agreement(parties=("council",), agreed_on=at.date(), signals=signals)
    recording.record(store, "acme", body, "an admin", at, CATALOGUE)


def ready(store):
    store.installed.keep("acme", "field", "ticket_field", "1", NOW)
    policy.change(store, "acme", "an admin", NOW, public_url="http://127.0.0.1:8765")


def send(browser, page, **fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/a/acme/settings/acting").text)
    return browser.post(f"/a/acme/settings/{page}", data={"csrf_token": token.group(1), **fields})


def step(browser, title):
    page = browser.get("/a/acme/settings").text
    return re.search(rf'<li class="card step([^"]*)">(?:(?!</li>).)*{title}', page, re.DOTALL).group(1)


def test_the_admin_sees_names_and_others_only_how_many(agreed, signed_in, admin):
    page = admin.get(HERE).text
    assert all(name in page for name in NAMES)
    assert "10 people" in page
    assert "nobody was told" in page
    for role in (Role.COUNCIL, Role.DPO):
        theirs = signed_in(None, role).get(HERE)
        assert theirs.status_code == 200
        assert "10 people" in theirs.text
        assert not any(f"<bdi>{name}</bdi>" in theirs.text for name in NAMES)
        assert "<form" not in theirs.text.split("<main")[1]
    assert signed_in("2").get(HERE).status_code == 403


def test_the_step_is_done_once_everybody_was_told(agreed, admin):
    assert "is-done" not in step(admin, "Tell your agents")
    assert "nobody was told yet" in admin.get("/a/acme/settings").text
    assert len(about_telling(agreed, "acme")) == 1

    wrong = send(admin, "telling/otherwise", on="2999-01-01", how="in the meeting")
    assert (wrong.status_code, "Take a day that is not yet to come." in wrong.text) == (422, True)
    assert "acme: agents told on" not in wrong.text
    assert send(admin, "telling/otherwise", on=NOW.date().isoformat(), how="").status_code == 422
    assert send(admin, "telling/otherwise", on=NOW.date().isoformat(), how="in the meeting").status_code == 303

    assert "is-done" in step(admin, "Tell your agents")
    assert "told in another way on" in admin.get(HERE).text
    assert about_telling(agreed, "acme") == []


def test_tickets_are_asked_for_once_and_only_where_they_can_be_written(agreed, admin):
    assert "Nothing is set up in the helpdesk yet" in admin.get(HERE).text
    send(admin, "telling/tickets")
    assert agreed.writes.counts("acme") == {}
    ready(agreed)

    assert "Write to 10 people" in admin.get(HERE).text
    for _ in range(2):
        assert send(admin, "telling/tickets").status_code == 303

    assert agreed.writes.counts("acme") == {"planned": 10}
    assert "a ticket is on its way" in admin.get(HERE).text
    assert "is-done" not in step(admin, "Tell your agents")


def test_nothing_is_told_before_anything_is_agreed(store, admin, monkeypatch):
    monkeypatch.setattr("helpdesk_wellbeing.pages.settings.telling.needs_agreement", lambda account: True)
    assert "Record what was agreed on first" in admin.get(HERE).text
    ready(store)
    send(admin, "telling/tickets")
    assert send(admin, "telling/otherwise", on=NOW.date().isoformat(), how="so").status_code == 422
    assert store.writes.counts("acme") == {}


def test_agents_read_the_whole_letter_and_are_asked_again_when_more_is_agreed(agreed, signed_in, admin):
    ada = signed_in("1")
    assert "I have read it" in ada.get("/a/acme/me").text
    letter = ada.get("/a/acme/letter").text
    assert "Short daily rest" in letter
    assert "I have read it" in letter
    token = re.search(r'name="csrf_token" value="([^"]+)"', letter).group(1)
    ada.post("/a/acme/me/read", data={"csrf_token": token})
    assert "I have read it" not in ada.get("/a/acme/me").text
    assert "has read it on" in admin.get(HERE).text

    agree(agreed, datetime.now(UTC) + timedelta(milliseconds=1), "WT4", "LD1")

    assert "reaches further than when you read this" in ada.get("/a/acme/me").text
    assert "Everybody is to be told again" in admin.get(HERE).text
    assert signed_in(None, Role.ADMIN).get("/a/acme/letter").status_code == 403


def test_the_letter_is_there_in_both_languages_and_to_download(agreed, admin):
    assert "Waar bij je werk naar wordt gekeken" in admin.get(f"{HERE}?language=nl").text
    assert 'lang="en"' in admin.get(f"{HERE}?language=xx").text
    paper = admin.get("/a/acme/settings/documents/agents/nl")
    assert paper.status_code == 200
    assert paper.text.startswith("# Waar bij je werk")
    assert send(admin, "telling/contact", contact="Ask <Ida>").status_code == 303
    assert "Ask &lt;Ida&gt;" in admin.get(HERE).text
    assert send(admin, "telling/contact", contact="x" * 201).status_code == 422


def test_people_without_fixed_hours_hold_nothing_up_and_are_said_to_be_so(store, admin):
    assert "is-done" not in step(admin, "3. People")
    send(admin, "people/no-fixed-hours")
    assert [one.agent for one in store.said.words("acme") if one.what == NO_FIXED_HOURS] == ["10"]
    assert "is-done" in step(admin, "3. People")
    page = admin.get("/a/acme/settings/people").text
    assert "One person has no fixed hours" in page
    assert "cannot be assessed" in page

    send(admin, "people/no-fixed-hours", forget="1")
    assert "is-done" not in step(admin, "3. People")

    send(admin, "people/no-fixed-hours")
    people = store.told_by("acme", "people", "file")
    filled = people.with_columns(schedule=pl.col("schedule").fill_null("Mon-Fri 09:00-17:00"))
    store.replace_people("acme", "file", filled)
    assert "no fixed hours" not in admin.get("/a/acme/settings/people").text  # a schedule says more
