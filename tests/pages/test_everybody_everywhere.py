"""Everything is asked for as everybody: which page opens for which role, and what stands on it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.access.roles import GIVEN, Role
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.web import cookies

NOW = datetime.now(UTC).replace(microsecond=0)
AGENT, LEAD, OTHER_LEAD = "1", "2", "8"
NOBODY = "nobody"
# Who looks: an agent's id, and a role that was given.
EVERYBODY = {"agent": (AGENT, None), "lead": (LEAD, None), **{role.value: (None, role) for role in GIVEN}}
# The pages that open for each; the others answer 403.
OPENS = {
    "today": {"lead", "ops"},
    "teams": {"lead", "ops", "hr", "council"},
    "esat": {"agent", "lead", "ops", "hr", "council"},
    "me": {"agent", "lead"},
    "letter": {"agent", "lead"},
    "audit": {"council", "admin", "dpo"},
    "audit.csv": {"council", "admin", "dpo"},
    "settings": {"admin", "council", "dpo"},
    "break-glass": {"hr", "admin", "dpo"},
}
FREE = {"pages.sign_in", "pages.begin_sign_in", "pages.end_sign_in", "pages.enter_by", "pages.enter_now",
        "pages.choose_language", "pages.sign_out"}  # fmt: skip


@pytest.fixture
def everybody(signed_in):
    found = {}
    for person, (agent, role) in EVERYBODY.items():
        found[person] = signed_in(agent, *([role] if role else []))
    return found


@pytest.mark.parametrize("page", OPENS)
def test_a_page_opens_for_its_roles_and_for_nobody_else(everybody, page):
    answers = {person: browser.get(f"/a/acme/{page}").status_code for person, browser in everybody.items()}

    assert answers == {person: 200 if person in OPENS[page] else 403 for person in EVERYBODY}


def test_the_menu_shows_what_opens_and_nothing_else(everybody):
    for person, browser in everybody.items():
        page = browser.get("/a/acme/", follow_redirects=True).text
        shown = set(re.findall(r'<li><a href="/a/acme/([a-z]+)"', page))
        assert shown == {page for page in OPENS if person in OPENS[page]} - {"audit.csv", "break-glass", "letter"}, (
            person
        )


def filled(rule):
    values = {"account": "acme", "kind": "agent", "rule": "short_daily_rest", "subject": "1", "way": "oidc"}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "0" * 12), rule.rule)


def test_without_signing_in_no_page_shows_anything(app):
    browser, tried = app.test_client(), 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and rule.endpoint not in FREE and "GET" in rule.methods:
            answer = browser.get(filled(rule))
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/a/acme/sign-in"), rule
            tried += 1
    assert tried > 10


def test_no_form_does_anything_without_its_page(app, everybody):
    for person, browser in everybody.items():
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith("pages.") and "POST" in rule.methods:
                assert browser.post(filled(rule), data={"csrf_token": "made up"}).status_code == 400, (person, rule)


def test_a_session_of_one_account_is_nothing_in_another(app, store):
    store.create_account("globex", platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
    everything = frozenset(GIVEN)
    store.access.put_member("globex", Member("email:all@example.com", "All", None, everything, NOW, "a test"))
    token = store.access.begin_session(
        "globex", "email:all@example.com", "All", None, "test", NOW, NOW + timedelta(hours=1)
    )
    browser = app.test_client()
    browser.set_cookie(cookies.NAME, token, path="/")

    assert browser.get("/a/globex/settings").status_code == 200
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and rule.endpoint not in FREE and "GET" in rule.methods:
            assert browser.get(filled(rule)).status_code == 303, rule


def test_a_role_that_is_taken_back_is_gone_at_the_next_click(signed_in, store):
    browser = signed_in(None, Role.ADMIN)
    assert browser.get("/a/acme/audit").status_code == 200

    store.access.put_member("acme", Member("email:admin@example.com", "x", None, frozenset({Role.HR}), NOW, "a test"))

    assert browser.get("/a/acme/audit").status_code == 403
