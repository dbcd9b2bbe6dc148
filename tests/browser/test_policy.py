"""What a real browser refuses of our pages, whom it asks, and what it shows after signing out."""

from __future__ import annotations

import pytest

from tests.browser.pages import pages_of
from tests.browsing import NOBODY, PEOPLE, context_of

COUNT = """window.refused = [];
document.addEventListener("securitypolicyviolation", one => window.refused.push(one.effectiveDirective));"""
OF_EVERYBODY = ("", "today", "teams", "teams/36000", "esat", "me", "audit", "settings", "settings/people",
                "settings/access", "settings/acting", "settings/agreement", "settings/backtest", "settings/hours",
                "settings/connection", "sessions", "break-glass", "nothing/here")  # fmt: skip
OF_NOBODY = ("/setup/", "/setup/enter/x", "/pulse/x", "/consent/x", "/nothing", "/a/demo/enter/x", "/a/nobody/")


class Watched:
    """A window that notes what its pages try."""

    def __init__(self, context, address):
        self.context, self.page = context, context.new_page()
        self.page.add_init_script(COUNT)
        self.elsewhere = []
        self.page.on("request", lambda one: self._note(one.url, address))

    def _note(self, url, address):
        if not url.startswith((address, "data:")):
            self.elsewhere.append(url)

    def refused(self, url):
        self.page.goto(url)
        return self.page.evaluate("window.refused")


@pytest.fixture
def watched(browser, here):
    opened = []

    def watch(person, language="en"):
        opened.append(Watched(context_of(browser, here, person, language, "wide"), here.address))
        return opened[-1]

    yield watch
    for one in opened:
        one.context.close()


def tried(watched, here, people):
    found, elsewhere = {}, []
    for person, paths in people.items():
        window = watched(person)
        for path in paths:
            url = f"{here.address}{path}" if path.startswith("/") else here.url(path)
            refused = window.refused(url)
            if refused:
                found[f"{path} for {person}"] = refused
        elsewhere += window.elsewhere
    return found, elsewhere


def test_no_page_tries_what_its_policy_forbids_or_asks_another_host(watched, here):
    """What the other tests in a browser complain of is not looked at again here."""
    people = {NOBODY: ("sign-in", *OF_NOBODY), "agent": ("me", "sessions", "nothing/here"),
              "admin": ("settings/people", "settings/access", "break-glass")}  # fmt: skip

    assert tried(watched, here, people) == ({}, [])


@pytest.mark.prove
def test_no_page_of_anybody_tries_what_its_policy_forbids(watched, here):
    people = {person: list(OF_EVERYBODY) for person in PEOPLE}
    for shot in pages_of(here):
        people.setdefault(shot.person, []).append(shot.path)

    assert tried(watched, here, people) == ({}, [])


def test_what_is_slipped_into_a_page_does_not_run(watched, here):
    window = watched("lead")
    window.refused(here.url("today"))
    window.page.evaluate(
        """() => { const one = document.createElement("div");
        one.innerHTML = '<img src="https://evil.example/x" onerror="window.ran = 1" style="color:red">';
        const script = document.createElement("script"); script.textContent = "window.ran = 1";
        const far = document.createElement("script"); far.src = "https://evil.example/x.js";
        document.body.append(one, script, far); }"""
    )
    window.page.wait_for_function("window.refused.length >= 4")

    assert window.page.evaluate("window.ran") is None
    assert {"img-src", "script-src-elem", "style-src-attr"} <= set(window.page.evaluate("window.refused"))


def test_no_page_of_another_host_shows_ours_in_a_frame(watched, here):
    window = watched("lead")
    places = [here.url("today"), here.url("sign-in"), f"{here.address}/setup/enter/x", f"{here.address}/pulse/x",
              f"{here.address}/nothing", f"{here.address}/static/x/wellbeing.css"]  # fmt: skip
    frames = "".join(f'<iframe src="{place}"></iframe>' for place in places)
    window.page.route("https://evil.example/", lambda route: route.fulfill(body=frames, content_type="text/html"))
    window.page.goto("https://evil.example/")

    shown = [frame.url for frame in window.page.frames[1:] if frame.url.startswith(here.address)]
    assert shown == []


def test_going_back_after_signing_out_shows_nothing(watched, here):
    window = watched("agent")
    page = window.page
    page.goto(here.url("me"))
    assert page.get_by_role("heading", name="About me", exact=True, level=1).count() == 1
    page.locator('form[action$="/sign-out"] button').click()
    page.wait_for_url("**/sign-in**")
    page.go_back()

    assert "/sign-in" in page.url
    assert page.get_by_role("heading", name="About me", exact=True, level=1).count() == 0
