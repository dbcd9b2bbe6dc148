"""How long somebody stays in, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_wellbeing.access import members
from helpdesk_wellbeing.store.audit import Person


@pytest.fixture
def ada(app, tools):
    browser = app.test_client()
    assert tools.with_zendesk(browser, tools.ADA).status_code == 303
    return browser


def is_in(browser):
    return browser.get("/a/acme/sessions").status_code == 200


def test_a_session_ends_after_twelve_hours_however_busy(ada, clock):
    for _ in range(12):
        assert is_in(ada)
        clock.at += timedelta(minutes=59)
    assert is_in(ada)
    clock.at += timedelta(minutes=15)

    assert not is_in(ada)


def test_a_session_that_nobody_uses_ends_after_two_hours(ada, clock):
    clock.at += timedelta(hours=2, minutes=1)

    assert not is_in(ada)


def test_who_left_the_helpdesk_is_out_at_the_next_request(ada, store, tools, clock):
    clock.at += timedelta(minutes=1)
    assert is_in(ada)
    store.access.keep_leavers("acme", [tools.ADA, tools.BO], [tools.ADA], clock.at)

    assert not is_in(ada)
    assert store.access.sessions("acme", clock.at) == []


def test_who_is_no_longer_listed_there_is_out_too(ada, store, tools, clock):
    store.access.keep_leavers("acme", [tools.BO], [], clock.at + timedelta(seconds=1))

    assert not is_in(ada)


def test_who_came_back_to_the_helpdesk_may_sign_in_again(app, store, tools, clock):
    store.access.keep_leavers("acme", [tools.BO], [tools.ADA], clock.at)
    clock.at += timedelta(minutes=5)
    browser = app.test_client()
    tools.with_zendesk(browser, tools.ADA)

    assert is_in(browser)
    store.access.keep_leavers("acme", [tools.BO, tools.ADA], [], clock.at)
    assert is_in(browser)
    assert store.access.left_at("acme", tools.ADA) is None


def test_a_member_whose_helpdesk_account_ended_is_out_however_they_sign_in(app, store, tools, with_provider, clock):
    members.add(store, "acme", "email:ada@example.com", ["ops"], by="a test", at=clock.at, agent=tools.ADA)
    store.access.keep_leavers("acme", [tools.BO], [tools.ADA], clock.at)
    browser = app.test_client()
    with_provider(browser, "a", email="ada@example.com", email_verified=True)

    assert not is_in(browser)


def test_a_pull_tells_who_left(store, zendesk, tools):
    from types import SimpleNamespace

    from connectors.zendesk.connector import ZendeskConnector
    from connectors.zendesk.settings import ZendeskSettings
    from helpdesk_wellbeing.pulling import pull

    known = ZendeskSettings("acme", "acme", zendesk.base_url, zendesk.client_id, zendesk.client_secret)
    real = ZendeskConnector(known)
    with store.writer("acme", "a test"):
        pull(store, "acme", SimpleNamespace(roster=real.roster, pull=lambda *_: iter(()), notes=()))

    assert store.access.left_at("acme", tools.BARRED) is not None
    assert store.access.left_at("acme", tools.ADA) is None


def test_roles_are_looked_up_at_each_request(ada, store, tools, clock):
    assert ada.get("/a/acme/break-glass").status_code == 403
    members.add(store, "acme", f"zendesk:{tools.ADA}", ["dpo"], by="a test", at=clock.at)
    assert ada.get("/a/acme/break-glass").status_code == 200
    members.add(store, "acme", f"zendesk:{tools.ADA}", [], by="a test", at=clock.at)

    assert ada.get("/a/acme/break-glass").status_code == 403


def test_signing_out_everywhere_ends_all_sessions_and_says_so(app, ada, store, tools):
    other = app.test_client()
    tools.with_zendesk(other, tools.ADA)
    page = ada.get("/a/acme/sessions").text
    answer = ada.post("/a/acme/sessions/end-all", data={"csrf_token": tools.token_in(page)})

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(ada)
    assert not is_in(other)
    assert store.audit.entries("acme")[-1].what == "signed out everywhere"


def test_one_session_may_be_ended_from_another_but_only_ones_own(app, ada, store, tools, clock):
    import re

    bo, other = app.test_client(), app.test_client()
    tools.with_zendesk(bo, tools.BO)
    tools.with_zendesk(other, tools.ADA)
    page = ada.get("/a/acme/sessions").text
    of_other = re.search(r'name="session" value="(\w+)"', page).group(1)
    bos = next(one.hash for one in store.access.sessions("acme", clock.at) if one.agent == tools.BO)
    token = tools.token_in(page)

    assert bos not in page
    assert ada.post("/a/acme/sessions/end", data={"csrf_token": token, "session": bos}).status_code == 404
    assert ada.post("/a/acme/sessions/end", data={"csrf_token": token, "session": of_other}).status_code == 303
    assert (is_in(ada), is_in(bo), is_in(other)) == (True, True, False)


def test_an_admin_may_end_somebody_elses_sessions(ada, store, tools, clock):
    assert members.sign_out(store, "acme", f"zendesk:{tools.ADA}", by="Bo", at=clock.at) == 1
    assert not is_in(ada)


def test_the_audit_names_agents_by_a_word(ada, store, tools):
    entry = store.audit.entries("acme")[-1]

    assert (entry.what, entry.body["by"]) == ("signed in", store.audit.word_of("acme", tools.ADA))
    assert Person(tools.ADA).id not in str(dict(entry.body))
