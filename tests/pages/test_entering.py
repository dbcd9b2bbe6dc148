from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.web.cookies import local

HOUR = timedelta(hours=1)


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def enter(browser, link: str, token: str | None = None):
    page = browser.get(f"/a/acme/enter/{link}").text
    return browser.post("/a/acme/enter", data={"token": link, "csrf_token": token or token_in(page)})


def test_whoever_has_not_signed_in_is_asked_to(app):
    answer = app.test_client().get("/a/acme/")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/a/acme/sign-in?back=/a/acme/"


def test_an_account_that_is_not_there_has_no_pages(app):
    assert app.test_client().get("/a/globex/").status_code == 404


def test_an_entry_link_lets_one_admin_in_once(app, store):
    now = datetime.now(UTC)
    link = store.access.make_link("acme", now, now + HOUR)
    first, second = app.test_client(), app.test_client()

    assert enter(first, link).status_code == 303
    again = enter(second, link)
    assert again.status_code == 403
    looked = second.get(f"/a/acme/enter/{link}")
    assert looked.status_code == 410
    assert "Come in" not in looked.text
    for page in (again, looked):
        assert "This link was used or has ended" in page.text
        assert "access link --account acme" in page.text


def test_looking_at_an_entry_link_does_not_use_it_up(app, store):
    now = datetime.now(UTC)
    link = store.access.make_link("acme", now, now + HOUR)
    app.test_client().get(f"/a/acme/enter/{link}")

    assert enter(app.test_client(), link).status_code == 303


def test_a_form_of_another_site_changes_nothing(app, store):
    now = datetime.now(UTC)
    link = store.access.make_link("acme", now, now + HOUR)

    assert enter(app.test_client(), link, token="made-up").status_code == 400
    assert enter(app.test_client(), link).status_code == 303


def test_the_cookie_goes_to_the_pages_of_its_account_only(app, store):
    now = datetime.now(UTC)
    link = store.access.make_link("acme", now, now + HOUR)
    cookie = enter(app.test_client(), link).headers["Set-Cookie"]

    assert "Path=/a/acme/" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_who_signed_out_has_to_sign_in_again(app, signed_in):
    browser = signed_in("1")
    page = browser.get("/a/acme/", follow_redirects=True).text
    browser.post("/a/acme/sign-out", data={"csrf_token": token_in(page)})

    assert browser.get("/a/acme/").status_code == 303


def test_a_form_that_is_sent_after_the_sign_out_leads_to_the_sign_in(app, signed_in):
    browser = signed_in("1")
    form = {"csrf_token": token_in(browser.get("/a/acme/", follow_redirects=True).text)}
    browser.post("/a/acme/sign-out", data=form)
    answer = browser.post("/a/acme/language", data=form)

    assert answer.status_code == 400
    assert 'href="/a/acme/sign-in"' in answer.text


def test_pages_come_in_the_language_of_the_reader(app):
    in_dutch = app.test_client().get("/a/acme/sign-in", headers={"Accept-Language": "nl"}).text

    assert '<html lang="nl">' in in_dutch


def test_nothing_from_elsewhere_runs_in_a_page(app):
    policy = app.test_client().get("/a/acme/sign-in").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/a/acme/", "//evil.example/", "/a/globex/", "/a/acme/../globex/", "\\\\evil", ""]
)
def test_nobody_is_sent_elsewhere(elsewhere):
    assert local(elsewhere, "acme") is None


def test_a_page_of_the_account_may_be_gone_back_to():
    assert local("/a/acme/flags/x?week=2", "acme") == "/a/acme/flags/x?week=2"


@pytest.mark.parametrize("path", ["/nix", "/a/acme/nix", "/a/nix/x", "/setup/nix"])
def test_an_address_that_no_page_has_is_answered_by_a_page_in_the_readers_language(app, path):
    answer = app.test_client().get(path, headers={"Accept-Language": "nl"})

    assert answer.status_code == 404
    assert '<html lang="nl">' in answer.text
    assert "stylesheet" in answer.text


def test_a_method_that_no_page_takes_is_answered_by_a_page(app):
    answer = app.test_client().put("/a/acme/today")

    assert (answer.status_code, "stylesheet" in answer.text) == (405, True)
    assert "GET" in answer.headers["Allow"]


def test_programs_get_no_pages(app):
    answer = app.test_client().get("/api/v1/nix")

    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_the_front_door_leads_to_the_only_helpdesk_and_names_none_of_several(app, store):
    assert app.test_client().get("/").headers["Location"] == "/a/acme/"
    store.create_account("globex")
    answer = app.test_client().get("/")

    assert answer.status_code == 200
    assert "Several helpdesks" in answer.text
    assert "globex" not in answer.text
