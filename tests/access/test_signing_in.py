"""Signing in with the simulated Zendesk and a real OpenID Connect provider, over HTTP, through the application."""

from __future__ import annotations

import pytest

from helpdesk_wellbeing.access import doors, members
from helpdesk_wellbeing.errors import ConfigError


def who_is_in(store):
    return [one.who for one in store.access.sessions("acme", one_clock.at)]


@pytest.fixture(autouse=True)
def _the_clock(clock):
    global one_clock
    one_clock = clock


def test_an_agent_signs_in_with_the_helpdesk_and_comes_to_the_page_they_wanted(app, store, tools):
    browser = app.test_client()

    answer = tools.with_zendesk(browser, tools.ADA, "/a/acme/flags/x")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/a/acme/flags/x")
    assert who_is_in(store) == [f"zendesk:{tools.ADA}"]
    assert browser.get("/a/acme/sessions").status_code == 200


def test_the_helpdesk_offers_those_who_work_there(app, tools):
    people = tools.offered(tools.begun(app.test_client(), "zendesk"))

    assert people == ["Ada (agent)", "Bo (admin)", "Wellbeing service (admin)", "nobody, I refuse"]


@pytest.mark.parametrize("who", ["CUSTOMER", "LEFT"])
def test_who_is_no_agent_there_is_not_let_in(app, store, tools, who):
    assert tools.with_zendesk(app.test_client(), getattr(tools, who)).status_code == 403
    assert who_is_in(store) == []


def test_who_refuses_at_the_helpdesk_may_begin_again(app, tools):
    answer = tools.with_zendesk(app.test_client(), "nobody")

    assert answer.status_code == 403
    assert "did not confirm who you are" in answer.text


def test_only_the_least_is_asked_of_the_helpdesk(app, tools, zendesk):
    page = tools.begun(app.test_client(), "zendesk")
    before = len(zendesk.calls)
    tools.came_back(app.test_client(), tools.chosen(page, tools.ADA))

    assert tools.argument(page, "scope") == "users:read"
    assert tools.argument(page, "code_challenge_method") == "S256"
    assert all("ticket" not in path for _, path, _ in list(zendesk.calls)[before:])


def test_a_member_signs_in_by_a_verified_address(app, store, tools, with_provider, clock):
    members.add(store, "acme", "email:Hanna@Example.com", ["hr"], by="a test", at=clock.at, name="Hanna")

    answer = with_provider(app.test_client(), "h", email="hanna@example.COM", email_verified=True)

    assert answer.status_code == 303
    assert who_is_in(store) == ["email:hanna@example.com"]


def test_an_address_that_the_provider_has_not_verified_is_nobodys(app, store, with_provider, clock):
    members.add(store, "acme", "email:hanna@example.com", ["hr"], by="a test", at=clock.at)

    assert with_provider(app.test_client(), "h2", email="hanna@example.com").status_code == 403
    assert with_provider(app.test_client(), "h3", email="hanna@example.com", email_verified="true").status_code == 403


def test_a_member_may_be_known_by_the_subject_alone(app, store, with_provider, provider, clock):
    members.add(store, "acme", f"oidc:{provider}:s|7", ["dpo"], by="a test", at=clock.at, name="Dee")

    assert with_provider(app.test_client(), "s|7").status_code == 303


def test_whom_nobody_let_in_stays_out_and_is_told_so(app, store, with_provider):
    answer = with_provider(app.test_client(), "x", email="x@example.com", email_verified=True)

    assert answer.status_code == 403
    assert "nobody here has let you in" in answer.text
    assert who_is_in(store) == []


def test_an_agent_who_is_a_member_by_address_sees_themselves(app, store, tools, with_provider, clock):
    members.add(store, "acme", "email:ada@example.com", [], by="a test", at=clock.at, agent=tools.ADA)
    browser = app.test_client()
    with_provider(browser, "a", email="ada@example.com", email_verified=True)

    assert store.access.sessions("acme", clock.at)[0].agent == tools.ADA
    assert ">Ada</a>" in browser.get("/a/acme/sessions").text


def test_signing_in_again_replaces_what_the_browser_had(app, store, tools):
    browser = app.test_client()
    tools.with_zendesk(browser, tools.ADA)
    tools.with_zendesk(browser, tools.BO)

    assert who_is_in(store) == [f"zendesk:{tools.BO}"]


def test_a_cookie_that_somebody_else_put_there_is_not_what_one_gets(app, store, tools):
    browser = app.test_client()
    browser.set_cookie("wellbeing", "chosen-by-somebody-else", path="/a/acme/")
    tools.with_zendesk(browser, tools.ADA)

    assert browser.get_cookie("wellbeing", path="/a/acme/").value != "chosen-by-somebody-else"


def test_over_tls_cookies_say_so_and_others_do_not_count(app, store, tools, clock):
    from helpdesk_wellbeing.acting import policy

    policy.change(store, "acme", "a test", clock.at, public_url="https://wellbeing.example.com")
    browser = app.test_client()
    answer = browser.get("/a/acme/sign-in/zendesk")
    until = clock.at + tools.HOUR
    token = store.access.begin_session("acme", "zendesk:1001", "Ada", "1001", "zendesk", clock.at, until)
    browser.set_cookie("wellbeing", token, path="/a/acme/")

    assert answer.headers["Set-Cookie"].startswith("__Secure-wellbeing_away=")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert tools.argument(answer.headers["Location"], "redirect_uri").startswith(
        "https://wellbeing.example.com/a/acme/"
    )
    assert browser.get("/a/acme/sessions").status_code == 303
    browser.set_cookie("__Secure-wellbeing", token, path="/a/acme/")
    assert browser.get("/a/acme/sessions").status_code == 200


def test_without_an_address_nobody_is_sent_back_to_what_a_header_says(app):
    answer = app.test_client().get("/a/acme/sign-in/zendesk", headers={"Host": "evil.example"})

    assert answer.status_code == 503
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "issuer", ["http://login.example.com", "https://u:p@x.example", "file:///etc/passwd", "https://x.example?a=b", "",
               "https://x.example:99999"],
)  # fmt: skip
def test_a_provider_that_is_not_https_is_not_taken(store, clock, issuer):
    with pytest.raises(ConfigError):
        doors.change(store, "acme", "a test", clock.at, oidc={"issuer": issuer, "client_id": "c"})


def test_a_provider_on_this_machine_is_for_accounts_on_this_machine(store, clock):
    store.create_account("far", platform="zendesk", settings={"subdomain": "far", "client_id": "c"})

    with pytest.raises(ConfigError):
        doors.change(store, "far", "a test", clock.at, oidc={"issuer": "http://localhost:9", "client_id": "c"})


def test_changing_a_way_signs_out_who_came_by_it(app, store, tools, clock):
    tools.with_zendesk(app.test_client(), tools.ADA)
    doors.change(store, "acme", "a test", clock.at, zendesk=None)

    assert who_is_in(store) == []
    assert app.test_client().get("/a/acme/sign-in/zendesk").status_code == 404
