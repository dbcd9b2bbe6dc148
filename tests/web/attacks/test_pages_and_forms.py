"""What comes of addresses, forms, headers and bodies that no page of ours made."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from markupsafe import escape

from helpdesk_wellbeing.web.cookies import local

EVIL = "evil.example"
OWN_PROOF = ("api.", "pulse.", "consent.", "zaf.")  # a token in header or body; no cookie counts there
WITHOUT_SESSION = {"pages.enter_now", "pages.choose_language", "pages.sign_out", "setup.enter_now"}


def filled(place, rule, account="acme"):
    values = {"account": account, "kind": "agent", "rule": "short_daily_rest", "subject": "1", "way": "oidc",
              "agent": "1", "group": "100", "wave": "w", "theme": "t", "platform": "zendesk",
              "id": place.proposal}  # fmt: skip
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: quote(values.get(found[1], "0" * 12)), rule.rule)


def rules(place, method):
    return [rule for rule in place.app.url_map.iter_rules() if method in rule.methods]


def test_every_answer_tells_the_browser_what_it_may_do_with_it_and_to_keep_none(place):
    lacking = {}
    for person, methods in (("", ("GET", "POST", "PUT")), ("admin", ("GET",))):
        browser = place.browser(person)
        for rule in place.app.url_map.iter_rules():
            for method in methods:
                answer = browser.open(filled(place, rule), method=method)
                policy = answer.headers.get("Content-Security-Policy", "")
                held = "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
                is_file = rule.endpoint in ("static_file", "zaf.static") and answer.status_code == 200
                held &= is_file or "no-store" in answer.headers.get("Cache-Control", "")
                if not held or answer.headers.get("X-Content-Type-Options") != "nosniff":
                    lacking[f"{method} {rule}"] = policy
    for path in ("/", "/nope", "/a/acme/nope", "/a/nobody/", "/static/x/../../site.py", "/a/acme/%00", "/%ff"):
        answer = place.browser().get(path)
        if "frame-ancestors 'none'" not in answer.headers.get("Content-Security-Policy", ""):
            lacking[path] = "none"
    assert lacking == {}


@pytest.mark.parametrize(
    "path", ["/setup", "/a/acme", "/a/acme//today", "//evil.example//a/acme/today", "/static/x//y"]
)
def test_no_redirect_leads_to_the_host_that_a_caller_names(place, path):
    answer = place.browser().get(path, headers={"Host": EVIL})

    where = answer.headers.get("Location", "")
    assert EVIL not in where.replace("%2F", "/").split("?")[0]
    assert not where.startswith("//")
    assert EVIL not in answer.text.replace(quote(f"//{EVIL}"), "")


def test_no_page_repeats_the_host_that_a_caller_names(place):
    browser = place.browser("admin")
    for rule in rules(place, "GET"):
        if rule.endpoint.startswith(("pages.", "setup.")):
            token = browser.get_cookie("wellbeing", path="/a/acme/").value
            answer = place.app.test_client().get(
                filled(place, rule), headers={"Host": EVIL, "Cookie": f"wellbeing={token}", "X-Forwarded-Host": EVIL}
            )
            assert EVIL not in answer.text.replace("http://evil.example&#34;", ""), rule
            assert EVIL not in answer.headers.get("Location", ""), rule


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/a/acme/", "//evil.example/a/acme/", "/\\evil.example/a/acme/", "/a/acme/../../setup/",
     "/a/acme/%2e%2e/%2e%2e/setup/", "/a/acme/%252e%252e/globex/", "/a/acme/.%2E/globex/",
     "/a/acme/x\r\nSet-Cookie: a=b",
     "/a/acme/\t//evil.example", "/a/globex/me", "/setup/", "javascript:alert(1)", "http:/a/acme/", "/a/acme", "",
     "https:///evil.example/a/acme/", "/a/acme/..\\..\\setup/", "///evil.example/a/acme/", "//[/a/acme/"],
)  # fmt: skip
def test_nobody_is_led_away_by_an_address_to_go_back_to(place, back):
    assert local(back, "acme") is None
    browser = place.browser("lead")
    answer = browser.post("/a/acme/language", data={"csrf_token": place.token(browser), "language": "nl", "back": back})
    assert answer.headers["Location"] == "/a/acme/"
    assert "evil" not in place.browser().get("/a/acme/sign-in", query_string={"back": back}).text


def test_every_form_is_proven_in_a_way_that_is_known(place):
    found = {rule.endpoint for rule in place.app.url_map.iter_rules() if not {"GET", "HEAD", "OPTIONS"} >= rule.methods}
    unknown = [one for one in found if not one.startswith((*OWN_PROOF, "pages.", "setup."))]

    assert unknown == []
    assert len(found) > 30


@pytest.mark.parametrize("how", ["without", "made up", "of another browser", "from a neighbour", "from elsewhere"])
def test_no_form_does_anything_that_no_page_of_this_browser_made(place, how):
    browser, stranger = place.browser("admin"), place.browser("lead")
    data = {"made up": {"csrf_token": "made.up.token"}, "of another browser": {"csrf_token": place.token(stranger)}}
    headers = {"from a neighbour": {"Sec-Fetch-Site": "same-site"}, "from elsewhere": {"Sec-Fetch-Site": "cross-site"}}
    own = {"csrf_token": place.token(browser)} if how in headers else {}
    before = place.store.audit.head("acme").seq
    for rule in rules(place, "POST"):
        if rule.endpoint.startswith(("pages.", "setup.")):
            answer = browser.post(filled(place, rule), data=data.get(how, own), headers=headers.get(how, {}))
            assert answer.status_code == 400, (how, rule)
    assert place.store.audit.head("acme").seq == before


def test_a_get_changes_nothing_but_who_looked(place):
    browser = place.browser("admin")
    before = place.store.audit.head("acme").seq
    for rule in rules(place, "GET"):
        if rule.endpoint.startswith("pages."):
            browser.get(filled(place, rule))
    what = {entry.what for entry in place.store.audit.entries("acme", before)}
    assert what <= {"looked", "audit downloaded"}


def test_other_methods_are_no_way_around(place):
    browser = place.browser("lead")
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND"):
        for rule in place.app.url_map.iter_rules():
            if rule.endpoint.startswith(("pages.", "setup.")):
                answer = browser.open(
                    filled(place, rule),
                    method=method,
                    headers={"X-HTTP-Method-Override": "POST"},
                    data={"_method": "POST"},
                )
                assert answer.status_code == 405, rule


@pytest.mark.parametrize(
    "body",
    [
        {"data": b"\xff\xfe%%%&&&=;;", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"--x\r\nContent-Disposition: form-data; name=", "content_type": "multipart/form-data; boundary=x"},
        {"data": b"--x" * 20000, "content_type": "multipart/form-data; boundary=" + "x" * 70},
        {"data": b"[" * 50_000, "content_type": "application/json"},
        {"data": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "content_type": "text/xml"},
        {"data": b"a=" + b"x" * (3 * 1024 * 1024), "content_type": "application/x-www-form-urlencoded"},
        {"data": b"&".join(b"a%d=1" % n for n in range(30_000)), "content_type": "application/x-www-form-urlencoded"},
    ],
)  # fmt: skip
def test_bodies_that_are_huge_or_malformed_are_refused(place, body):
    browser = place.browser("lead")
    for path in ("/setup/enter", f"/a/acme/proposals/{place.proposal}/accept"):
        assert browser.post(path, **body).status_code in (400, 413), path
    for path in ("/zaf/decision", "/pulse/", "/consent/"):
        assert browser.post(path, **body).status_code in (400, 403, 404, 413, 429), path


@pytest.mark.parametrize(
    "odd",
    ["%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "a" * 3000, "%F0%9F%92%A9", "'%20OR%201=1--", "%0d%0aX:%20y", "-1"],
)
def test_odd_ids_are_of_nothing(place, odd):
    browser = place.browser("ops")
    for path in ("proposals/{}", "teams/{}", "esat/{}", "me/{}", "flags/{}/agent/1", "flags/short_daily_rest/{}/1",
                 "flags/short_daily_rest/agent/{}", "sign-in/{}", "settings/people/{}"):  # fmt: skip
        answer = browser.get(f"/a/acme/{path.format(odd)}")
        assert answer.status_code in (403, 404), path
        assert "X" not in answer.headers


@pytest.mark.parametrize(
    "query",
    ["first=9999-12-31&last=9999-12-31", "first=0001-01-01", "last=0001-01-01", "before=99999999999999999999",
     "like=99999999999999999999", "word=person-zz", "what=%00", "head=1:" + "f" * 64, "head=" + "9" * 50 + ":x"],
)  # fmt: skip
def test_odd_filters_of_the_audit_are_answered(place, query):
    assert place.browser("dpo").get(f"/a/acme/audit?{query}").status_code in (200, 422)
    assert place.browser("dpo").get(f"/a/acme/audit.csv?{query}").status_code == 200


def test_static_files_are_those_of_the_folder(place):
    browser = place.browser()
    for path in ("../site.py", "..%2fsite.py", "%2e%2e/site.py", "..\\site.py", "/etc/passwd", "%2fetc%2fpasswd", "."):
        for folder in ("/static/x/", "/zaf/static/"):
            assert browser.get(f"{folder}{path}", follow_redirects=True).status_code == 404, path


class Page(HTMLParser):
    """What a browser would run or fetch of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.bad = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.bad += [f"{tag} {name}" for name in values if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction", "xlink:href", "data"):
            where = (values.get(name) or "").strip().lower()
            if where and not where.startswith(("/a/", "/static/", "/setup/", "#", "?")):
                self.bad.append(f"{tag} {name}={where}")
        if tag in ("img", "iframe", "object", "embed", "base", "style", "foreignobject", "b", "meta"):
            self.bad += [tag] if tag != "meta" or "http-equiv" in values else []
        if tag == "script" and "src" not in values:
            self.bad.append("inline script")


@pytest.mark.parametrize("languages", [("en",), pytest.param(("en", "nl"), marks=pytest.mark.prove)])
def test_names_tickets_titles_and_reasons_are_text_on_every_page(place, tools, languages):
    found, shown, opened = {}, "", 0
    people = tools.EVERYBODY if "nl" in languages else ("agent", "lead", "admin")
    for person in people:
        for language in languages:
            browser = place.browser(person)
            for rule in rules(place, "GET"):
                if rule.endpoint.startswith("pages.") and rule.endpoint != "pages.audit_csv":
                    answer = browser.get(filled(place, rule), headers={"Accept-Language": language}, query_string={
                        "evidence": "1", "find": tools.HOSTILE[0]} if "evidence" not in rule.rule else {})  # fmt: skip
                    if "zip" in answer.mimetype:
                        continue
                    shown += answer.text
                    opened += answer.status_code == 200
                    bad = Page(answer.text).bad
                    if bad or "<script>alert" in answer.text or "49%" in answer.text:
                        found[f"{person} {rule}"] = bad
    assert found == {}
    assert [name for name in (*tools.HOSTILE[:7], tools.TICKET) if str(escape(name)) not in shown] == []
    assert opened >= 9 * len(people)


def test_errors_do_not_repeat_what_was_sent(place):
    mark = "m4rk3d"
    for person in ("", "lead", "admin"):
        browser = place.browser(person)
        for path in (f"/a/{mark}/", f"/a/acme/{mark}", f"/a/acme/proposals/{mark}", f"/{mark}", f"/a/acme/me/{mark}",
                     f"/zaf/{mark}", f"/pulse/{mark}", f"/consent/{mark}", f"/a/acme/sign-in/{mark}",
                     f"/api/v1/accounts/{mark}/proposals"):  # fmt: skip
            answer = browser.get(path, follow_redirects=False)
            assert answer.status_code >= 300
            said = re.sub(r'<input type="hidden" name="back" value="[^"]*">', "", answer.text)  # its own address
            assert mark not in said or answer.status_code == 303, path
    upload = {"people": (io.BytesIO(b"agent,name\n1," + mark.encode() + b"<script>\n"), f"<{mark}>.csv")}
    answer = place.browser("admin").post("/a/acme/settings/people/files", data=upload)
    assert mark not in answer.text
