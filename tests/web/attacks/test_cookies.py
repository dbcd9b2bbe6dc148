"""What travels with each request, over TLS and without, and what a neighbour may put there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from helpdesk_wellbeing.acting import policy

TLS = {"X-Forwarded-Proto": "https"}
HOUR = timedelta(hours=1)


def set_in(answer):
    found = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        found.load(header)
    return found


def token_in(text):
    return re.search(r'name="csrf_token" value="([^"]+)"', text)[1]


@pytest.fixture
def public(place):
    """The admin said that people come over TLS."""
    policy.change(place.store, "acme", "a test", datetime.now(UTC), public_url="https://wellbeing.example.com")
    yield
    policy.change(place.store, "acme", "a test", datetime.now(UTC), public_url=None)


def entered(place, where, account, **headers):
    """All cookies of coming in by a link and choosing a language."""
    now = datetime.now(UTC)
    link = place.store.access.make_link(account, now, now + HOUR)
    browser = place.app.test_client()
    shown = browser.get(f"{where}enter/{link}", headers=headers)
    jar = set_in(shown)
    forms = "; ".join(f"{name}={one.value}" for name, one in jar.items())
    came = place.app.test_client(use_cookies=False).post(
        f"{where}enter", data={"token": link, "csrf_token": token_in(shown.text)}, headers={**headers, "Cookie": forms}
    )
    assert came.status_code == 303
    jar.load("; ".join(f"{name}={one.value}" for name, one in set_in(came).items()))
    return [*shown.headers.getlist("Set-Cookie"), *came.headers.getlist("Set-Cookie")]


@pytest.mark.parametrize(("where", "account"), [("/a/acme/", "acme"), ("/setup/", None)])
def test_over_tls_every_cookie_says_so_behind_a_proxy_too(place, where, account):
    for cookie in entered(place, where, account, **TLS):
        assert cookie.startswith("__Secure-")
        assert {"Secure", "HttpOnly", f"Path={where}", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
        assert "Domain" not in cookie


def test_without_tls_they_work_and_are_no_less_bound(place):
    for cookie in entered(place, "/a/acme/", "acme"):
        assert "Secure" not in cookie
        assert {"HttpOnly", "Path=/a/acme/", "SameSite=Lax"} <= set(cookie.split("; ")), cookie


def test_the_cookie_of_forms_is_for_tls_alone_once_the_admin_said_so(place, public):
    for cookie in entered(place, "/a/acme/", "acme"):
        assert cookie.startswith("__Secure-wellbeing")


def test_a_cookie_of_forms_that_was_put_there_without_tls_counts_for_nothing(place, public):
    """Whoever put it there knows the token that goes with it."""
    now = datetime.now(UTC)
    link = place.store.access.make_link("acme", now, now + HOUR)
    attacker = place.app.test_client().get("/a/acme/enter/x", headers=TLS)
    planted, token = set_in(attacker)["__Secure-wellbeing_forms"].value, token_in(attacker.text)
    victim = place.app.test_client(use_cookies=False)

    said = victim.post(
        "/a/acme/enter", data={"token": link, "csrf_token": token}, headers={"Cookie": f"wellbeing_forms={planted}"}
    )
    assert said.status_code == 400
    said = victim.post(
        "/a/acme/enter",
        data={"token": link, "csrf_token": token},
        headers={"Cookie": f"__Secure-wellbeing_forms={planted}", "Sec-Fetch-Site": "same-site"},
    )
    assert said.status_code == 400


def test_the_choice_of_a_language_is_the_only_cookie_for_all_accounts(place):
    browser = place.browser("lead")
    data = {"csrf_token": place.token(browser), "language": "nl"}
    cookie = browser.post("/a/acme/language", data=data, headers=TLS).headers.getlist("Set-Cookie")

    assert [one for one in cookie if "Path=/;" in one] == [
        one for one in cookie if one.startswith("wellbeing_language=nl")
    ]
    assert "Secure" in cookie[0]


def test_nobody_keeps_a_session_that_they_were_given(place):
    """Fixation: what the browser had before is over, and what it gets is new."""
    now = datetime.now(UTC)
    link = place.store.access.make_link("acme", now, now + HOUR)
    given = place.store.access.begin_session("acme", "zendesk:1", "x", "1", "test", now, now + HOUR)
    browser = place.app.test_client()
    browser.set_cookie("wellbeing", given, path="/a/acme/")
    token = token_in(browser.get(f"/a/acme/enter/{link}").text)
    came = browser.post("/a/acme/enter", data={"token": link, "csrf_token": token})

    assert set_in(came)["wellbeing"].value != given
    assert place.store.access.session("acme", given, now) is None


def test_after_signing_out_the_token_opens_nothing(place):
    browser = place.browser("lead")
    kept = browser.get_cookie("wellbeing", path="/a/acme/").value
    answer = browser.post("/a/acme/sign-out", data={"csrf_token": place.token(browser)})

    assert '"cache"' in answer.headers["Clear-Site-Data"]
    again = place.app.test_client()
    again.set_cookie("wellbeing", kept, path="/a/acme/")
    assert again.get("/a/acme/today").status_code == 303


@pytest.mark.parametrize("junk", ["", "x", "\x00", "é" * 50, "a" * 9000, "../../", "__Secure-", "=;,"])
def test_a_cookie_that_is_junk_is_nobodys(place, junk):
    browser = place.app.test_client(use_cookies=False)
    header = f"wellbeing={junk}; wellbeing_forms={junk}; wellbeing_away={junk}; wellbeing_language={junk}"
    answer = browser.get("/a/acme/today", headers={"Cookie": header.replace("\x00", "%00")})

    assert answer.status_code == 303
