"""The set-up in the browser: helpdesks are connected over real HTTP, and what is wrong is kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import Queue

import polars as pl
import pytest

from connectors.freshdesk.simulated import SimulatedFreshdesk
from connectors.zendesk.simulated import SimulatedZendesk, Site
from connectors.zendesk.simulated.options import Account
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE
from tests.freshdesk_account import site_of

MINE = {"account": "new", "read": "yes"}


@pytest.fixture(scope="module")
def zendesk() -> Iterator[SimulatedZendesk]:
    people = pl.DataFrame([{"agent": "1002", "name": "Bo"}], schema=PEOPLE, orient="row")
    with SimulatedZendesk(
        Site(pl.DataFrame(schema=SCHEMA), people, roles={"1002": Account("admin", 4, "Bo")})
    ) as front:
        yield front


@pytest.fixture(scope="module")
def freshdesk() -> Iterator[SimulatedFreshdesk]:
    with SimulatedFreshdesk(site_of()) as front:
        yield front


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


@pytest.fixture
def installer(app, store):
    """A browser of whoever sets the installation up."""
    now = datetime.now(UTC)
    link = store.access.make_link(None, now, now + timedelta(hours=1))
    browser = app.test_client()
    page = browser.get(f"/setup/enter/{link}").text
    assert browser.post("/setup/enter", data={"token": link, "csrf_token": token_in(page)}).status_code == 303
    return browser


def send(browser, page, **fields):
    shown = browser.get(f"/setup/{page}")
    assert shown.status_code == 200
    return browser.post(f"/setup/{page}", data={"csrf_token": token_in(shown.text), **fields})


def test_zendesk_is_connected_and_its_admin_goes_on_in_settings(installer, store, zendesk):
    fields = {**MINE, "place": "https://globex.zendesk.com/admin", "client_id": zendesk.client_id,
              "secret": zendesk.client_secret, "base_url": zendesk.base_url, "email": "Ada@Example.com"}  # fmt: skip

    answer = send(installer, "connect/zendesk", **fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/a/new/settings"), answer.text
    known = store.account("new")
    assert (known.platform, known.settings["subdomain"]) == ("zendesk", "globex")
    assert store.get_secret("new", "client_secret") == zendesk.client_secret
    assert store.access.member("new", "email:ada@example.com").roles == {Role.ADMIN}
    assert store.work.run_of("new").due_at is not None
    overview = installer.get("/a/new/settings")
    assert overview.status_code == 200
    assert zendesk.client_secret not in overview.text
    assert installer.get("/a/acme/settings").status_code == 303

    twice = send(installer, "connect/zendesk", **{**fields, "account": "again"})
    assert (twice.status_code, "connected already, as new" in twice.text) == (422, True)


def test_freshdesk_is_connected_and_mended_with_another_key(installer, store, freshdesk):
    fields = {**MINE, "place": "globex.freshdesk.com", "secret": freshdesk.api_key, "base_url": freshdesk.base_url}

    wrong = send(installer, "connect/freshdesk", **{**fields, "secret": "not-the-key-of-anybody"})
    assert wrong.status_code == 422
    assert "the API key is not accepted" in wrong.text
    assert "not-the-key" not in wrong.text
    assert not store.has_account("new")

    assert send(installer, "connect/freshdesk", **fields).headers["Location"] == "/a/new/settings"
    assert store.account("new").settings == {"domain": "globex.freshdesk.com", "base_url": freshdesk.base_url}

    page = installer.get("/a/new/settings/connection").text
    bad = installer.post("/a/new/settings/connection", data={"csrf_token": token_in(page), "secret": "wrong-wrong"})
    assert (bad.status_code, store.get_secret("new", "api_key")) == (422, freshdesk.api_key)
    good = {"csrf_token": token_in(page), "secret": freshdesk.api_key}
    assert installer.post("/a/new/settings/connection", data=good).status_code == 303


REFUSED = [
    ("freshdesk", {"account": "acme"}),
    ("freshdesk", {"account": ""}),
    ("freshdesk", {"account": "../acme"}),
    ("freshdesk", {"account": "<b>"}),
    ("freshdesk", {"read": ""}),
    ("freshdesk", {"email": "nobody"}),
    ("freshdesk", {"place": "freshdesk.com.evil.example", "base_url": ""}),
    ("freshdesk", {"place": "user:pass@acme.freshdesk.com"}),
    ("freshdesk", {"base_url": "http://169.254.169.254"}),
    ("freshdesk", {"base_url": "https://evil.example"}),
    ("freshdesk", {"base_url": "http://127.0.0.1:9/../x"}),
    ("freshdesk", {"base_url": "http://127.0.0.1@evil.example"}),
    ("freshdesk", {"secret": "schlüssel-key"}),
    ("freshdesk", {"secret": " "}),
    ("zendesk", {"place": "evil.example/.zendesk.com"}),
    ("zendesk", {"place": "a@b"}),
    ("zendesk", {"place": "globex", "client_id": "a b\nc"}),
    ("zendesk", {"place": "globex", "base_url": "file:///etc/passwd"}),
]


def test_what_may_not_be_is_refused_and_nobody_is_called(installer, store, freshdesk, monkeypatch):
    from helpdesk_wellbeing.cli import connecting

    asked = []
    for name in ("connect_zendesk", "connect_freshdesk"):
        monkeypatch.setattr(connecting, name, lambda *arguments, **named: asked.append(arguments))
    for platform, odd in REFUSED:
        fields = {**MINE, "place": "globex.freshdesk.com", "client_id": "c", "secret": "k" * 20,
                  "base_url": freshdesk.base_url, **odd}  # fmt: skip

        answer = send(installer, f"connect/{platform}", **fields)

        assert (answer.status_code, asked) == (422, [])
        assert [one.name for one in store.accounts()] == ["acme"]
        assert "k" * 20 not in answer.text
        assert "<b>" not in answer.text


def test_another_server_is_offered_to_a_browser_on_this_machine_only(app, installer, freshdesk):
    assert "base_url" in installer.get("/setup/connect/freshdesk").text
    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}
    assert "base_url" not in installer.get("/setup/connect/freshdesk", headers=through_a_proxy).text
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert "base_url" not in installer.get("/setup/connect/freshdesk", environ_base=far).text


def test_nobody_connects_without_the_link_or_the_forms_token(app, installer, store):
    stranger = app.test_client()
    for page in ("connect/zendesk", "connect/freshdesk", "simulated"):
        assert stranger.get(f"/setup/{page}").status_code == 403
        assert stranger.post(f"/setup/{page}", data=MINE).status_code in (400, 403)
        assert installer.post(f"/setup/{page}", data=MINE).status_code == 400
    assert installer.get("/setup/connect/other").status_code == 404
    assert [one.name for one in store.accounts()] == ["acme"]


def test_an_admin_of_one_account_is_not_the_admin_of_the_installation(signed_in):
    assert signed_in(None, Role.ADMIN).get("/setup/").status_code == 403


def test_the_simulated_team_fills_an_account_of_its_own_and_says_so(installer, store, monkeypatch):
    from helpdesk_wellbeing.cli import simulated

    filled: Queue[str] = Queue()
    monkeypatch.setattr(simulated, "fill", lambda store, account, now, tell: filled.put(account))

    answer = send(installer, "simulated", account="look")

    assert answer.headers["Location"] == "/a/look/settings"
    assert (store.account("look").platform, filled.get(timeout=30)) == (None, "look")
    assert "This is the simulated team." in installer.get("/a/look/settings").text
    assert send(installer, "simulated", account="look").status_code == 422
