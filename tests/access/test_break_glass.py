"""Opening somebody's page with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_wellbeing.access import break_glass
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import BY_LINK, Viewer
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.store.access import Member

REASON = "She asked me to look at her hours of May"


@pytest.fixture
def dpo(app, store, clock, tools):
    """A browser of the data protection officer."""
    store.access.put_member(
        "acme", Member("email:d@example.com", "Dee", None, frozenset({Role.DPO}), clock.at, "a test")
    )
    token = store.access.begin_session(
        "acme", "email:d@example.com", "Dee", None, "oidc", clock.at, clock.at + timedelta(hours=12)
    )
    browser = app.test_client()
    browser.set_cookie("wellbeing", token, path="/a/acme/")
    return browser


def ask(browser, tools, **form):
    token = tools.token_in(browser.get("/a/acme/break-glass").text)
    return browser.post("/a/acme/break-glass", data={"csrf_token": token, "sure": "yes", **form})


def viewer_of(*roles, agent=None, who="email:d@example.com"):
    return Viewer("acme", who, "Dee", agent, frozenset(roles))


def test_a_page_is_open_for_an_hour_to_who_gave_a_reason(dpo, store, tools, clock):
    assert ask(dpo, tools, agent="ada", reason=REASON).status_code == 303
    her = viewer_of(Role.DPO)

    assert break_glass.is_open(store, her, tools.ADA, clock.at).reason == REASON
    assert break_glass.is_open(store, her, tools.BO, clock.at) is None
    assert break_glass.is_open(store, viewer_of(Role.DPO, who="email:x@example.com"), tools.ADA, clock.at) is None
    assert break_glass.is_open(store, viewer_of(Role.COUNCIL), tools.ADA, clock.at) is None
    assert break_glass.is_open(store, her, tools.ADA, clock.at + timedelta(hours=1)) is None


def test_it_is_in_the_audit_without_names_and_without_the_reason(dpo, store, tools):
    ask(dpo, tools, agent="Ada", reason=REASON)
    entry = store.audit.entries("acme")[-1]

    assert entry.what == "page opened for a reason"
    assert entry.body["agent"] == store.audit.word_of("acme", tools.ADA)
    assert REASON not in str(dict(entry.body))


def test_the_agent_is_told_once_they_read_it(dpo, store, tools, clock):
    ask(dpo, tools, agent="Ada", reason=REASON)
    assert [one.told_at for one in store.glass.of("acme", tools.ADA)] == [None]
    ada = viewer_of(Role.AGENT, agent=tools.ADA, who=f"zendesk:{tools.ADA}")

    assert [(one.name, one.reason) for one in break_glass.see_own(store, ada, clock.at)] == [("Dee", REASON)]
    assert [one.told_at for one in store.glass.of("acme", tools.ADA)] == [clock.at]


@pytest.mark.parametrize(
    "form",
    [{"agent": "Ada", "reason": "too short"}, {"agent": "Ada", "reason": "x" * 40},
     {"agent": "Ada", "reason": "a " * 300}, {"agent": "Nobody", "reason": REASON}, {"agent": "", "reason": REASON},
     {"agent": "Ada", "reason": REASON, "sure": ""}],
)  # fmt: skip
def test_what_says_nothing_opens_nothing(dpo, store, tools, form):
    answer = ask(dpo, tools, **form)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert store.glass.of("acme", tools.ADA) == []


def test_it_can_be_shut_before_its_time(dpo, store, tools, clock):
    ask(dpo, tools, agent="Ada", reason=REASON)
    id = store.glass.of("acme", tools.ADA)[0].id
    token = tools.token_in(dpo.get("/a/acme/break-glass").text)

    assert dpo.post(f"/a/acme/break-glass/{id}/close", data={"csrf_token": token}).status_code == 303
    assert dpo.post(f"/a/acme/break-glass/{id}/close", data={"csrf_token": token}).status_code == 404
    assert break_glass.open_to(store, viewer_of(Role.DPO), clock.at) == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.OPS, Role.COUNCIL])
def test_other_roles_open_nothing(store, tools, clock, role):
    with pytest.raises(CannotDecide):
        break_glass.open_glass(store, viewer_of(role), tools.ADA, REASON, clock.at)


def test_who_came_by_an_entry_link_opens_nobodys_page(app, store, tools, clock):
    token = store.access.begin_session(
        "acme", "entry link", "Entry link", None, BY_LINK, clock.at, clock.at + timedelta(hours=12)
    )
    browser = app.test_client()
    browser.set_cookie("wellbeing", token, path="/a/acme/")

    assert browser.get("/a/acme/settings").status_code == 200
    assert browser.get("/a/acme/break-glass").status_code == 403
    assert "break-glass" not in browser.get("/a/acme/sessions").text
    nobody = Viewer("acme", "entry link", "Entry link", None, frozenset({Role.ADMIN}), is_by_link=True)
    with pytest.raises(CannotDecide, match="entry link"):
        break_glass.open_glass(store, nobody, tools.ADA, REASON, clock.at)


def test_a_hostile_reason_is_shown_as_text(dpo, tools):
    ask(dpo, tools, agent="Ada", reason="<script>alert('her hours')</script>")

    shown = dpo.get("/a/acme/break-glass").text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
