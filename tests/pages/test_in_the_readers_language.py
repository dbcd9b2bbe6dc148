"""What goes wrong is said in the reader's language, in the words of the page, also before there is an account."""

from __future__ import annotations

import re
from html import unescape

import pytest

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.web.language import COOKIE

DUTCH = {"Accept-Language": "nl"}


def form_of(browser, path):
    page = browser.get(path, headers=DUTCH).text
    return {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1]}


def alerts(page):
    found = re.findall(r'role="alert">(.*?)</(?:p|div)>', page, re.S)
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found]


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("settings/access/ways",
         {"what": "oidc", "issuer": "http://login.example.com", "client_id": "x", "secret": "s3cret"},
         "Adres van de provider: een adres dat begint met https://, zonder vraagteken erin"),
        ("settings/access/members", {"who": "somebody", "roles": "hr"}, "“somebody” is niemand die zich kan"),
        ("settings/access/members", {"who": "a@example.com"}, "kies minstens één rol"),
        ("settings/notices", {"host": "mail.example.com", "port": "99999", "sender": "a@example.com"},
         "Poort: hoogstens 65535"),
        ("settings/notices", {"host": "mail.example.com", "sender": "nobody"}, "Afzender: een gewoon adres"),
        ("settings/notices", {"urgent_a_day": "many"}, "dit is geen heel getal"),
        ("settings/notices", {"on": "yes"}, "Meldingen leiden naar deze pagina's."),
        ("settings/notices/rooms", {"name": "leads", "kind": "slack", "role": "ops", "url": "https://example.com/x"},
         "Zo'n adres geeft Slack niet uit."),
        ("settings/keeping", {"events": "0"}, "van 1 tot"),
        ("settings/telling/contact", {"contact": "x" * 300}, "hoogstens 200 tekens aan wie"),
        ("settings/telling/otherwise", {"on": "1999-01-01", "how": "in the meeting"}, "niet in de toekomst ligt"),
    ],
)  # fmt: skip
def test_a_dutch_admin_reads_in_dutch_what_does_not_fit(signed_in, path, given, said):
    browser = signed_in(None, Role.ADMIN)
    place = {"settings/access/ways": "access", "settings/access/members": "access"}.get(path, path.split("/")[1])
    usual = {"quiet_from": "18:00", "quiet_until": "08:00", "digest_at": "08:00", "urgent_a_day": "2"}
    sent = form_of(browser, f"/a/acme/settings/{place}") | (usual if path == "settings/notices" else {}) | given

    answer = browser.post(f"/a/acme/{path}", data=sent, headers=DUTCH)

    assert answer.status_code == 422
    assert any(said in text for text in alerts(answer.text)), alerts(answer.text)
    assert "--" not in " ".join(alerts(answer.text))


@pytest.mark.parametrize(
    "path", ["/setup/", "/setup/enter/made-up", "/nothing-here", "/a/acme/sign-in", "/a/nobody/today"]
)
def test_every_page_offers_the_other_language_also_without_an_account(app, store, path):
    browser = app.test_client()
    page = browser.get(path).text

    assert "Nederlands</" in page
    if "/setup/language" in page:
        sent = form_of(browser, path) | {"language": "nl", "back": path}
        assert browser.post("/setup/language", data=sent).headers["Location"] == path
        assert browser.get_cookie(COOKIE).value == "nl"
    elif "/language" in page:
        sent = form_of(browser, path) | {"language": "nl", "back": path}
        assert browser.post("/a/acme/language", data=sent).headers["Location"] == path
    else:
        assert 'lang="nl"' in browser.get(f"{path}?lang=nl").text
    assert '<html lang="nl"' in browser.get(path if browser.get_cookie(COOKIE) else f"{path}?lang=nl").text


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("settings/helpdesk/plan", {"do": "install", "url": "x"}),
        ("settings/people/files", {}),
        ("settings/notices/rooms", {"name": "Leads!"}),
        ("settings/keeping", {"events": "0"}),
    ],
)
def test_a_language_chosen_on_a_page_of_errors_leads_to_the_page_that_the_form_stands_on(signed_in, store, path, given):
    browser = signed_in(None, Role.ADMIN)
    page = "/a/acme/" + "/".join(path.split("/")[:2])
    wrong = browser.post(f"/a/acme/{path}", data=form_of(browser, page) | given)
    assert wrong.status_code == 422

    back = re.search(r'name="back" value="([^"]+)"', wrong.text)[1]
    sent = form_of(browser, page) | {"language": "nl", "back": back}
    where = browser.post("/a/acme/language", data=sent).headers["Location"]

    assert (where, browser.get(where).status_code) == (page, 200)


def test_whoever_opens_the_address_of_a_form_anew_comes_to_the_page_above_it(signed_in, store, app):
    browser = signed_in(None, Role.ADMIN)
    for path, above in {
        "/a/acme/settings/requests/erase/now": "/a/acme/settings/requests", "/a/acme/proposals/p1/accept":
        "/a/acme/proposals/p1", "/a/acme/language": "/a/acme", "/setup/language": "/setup",
    }.items():  # fmt: skip
        answer = browser.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (303, above)


@pytest.mark.parametrize("back", ["/a/acme/settings", "https://example.com/", "//example.com", "/setup/../a/acme/"])
def test_a_choice_of_language_in_the_set_up_leads_nowhere_else(app, store, back):
    browser = app.test_client()
    sent = form_of(browser, "/setup/") | {"language": "nl", "back": back}

    assert browser.post("/setup/language", data=sent).headers["Location"] == "/setup/"


def test_rules_and_their_limits_are_in_dutch_with_their_sources(signed_in):
    page = signed_in(None, Role.COUNCIL).get("/a/acme/settings/rules", headers=DUTCH).text

    assert "van 100 zulke bevindingen zijn er naar verwachting hoogstens 10 toeval" in page
    assert "Arbeidstijdenwet art. 5:3" in page
    assert not re.search(r"[a-z]+_[a-z0-9_]+ (&[gl]t;|[<>])=? ", page)
    assert 'lang="en"' not in page.replace('value="en" lang="en"', "")
