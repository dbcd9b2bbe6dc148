"""The helpdesk set up from a page: a plan first, then as agreed, over real HTTP with the simulated helpdesks."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient

from connectors.freshdesk.simulated import Faults as FreshdeskFaults
from connectors.freshdesk.simulated import SimulatedFreshdesk
from connectors.zendesk.simulated import Faults, Options, SimulatedZendesk, Site
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.cli.setups import Setups
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.setting_up import Asked, Done, Plan, to_json
from helpdesk_wellbeing.pages.settings import helpdesk as model
from helpdesk_wellbeing.people import PEOPLE
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.web import cookies
from tests.freshdesk_account import site_of

PAGE = "/a/acme/settings/helpdesk"
URL = "https://wellbeing.acme.example"
LOCAL = "http://127.0.0.1:8080"  # as the helpdesk, it is on this machine
WRITES = Options(unlimited=True, allowed_scopes=("read", "write"))


def desk(options: Options = WRITES) -> Site:
    people = pl.DataFrame([{"agent": "1002", "name": "Bo"}], schema=PEOPLE, orient="row")
    return Site(pl.DataFrame(schema=SCHEMA), people, options=options)


@pytest.fixture
def zendesk(store: Any) -> Iterator[Callable[..., SimulatedZendesk]]:
    """A simulated Zendesk that acme is connected with."""
    running: list[SimulatedZendesk] = []

    def serve(options: Options = WRITES, faults: Faults | None = None) -> SimulatedZendesk:
        front = SimulatedZendesk(desk(options), faults=faults).start()
        running.append(front)
        store.update_account("acme", settings={
            "subdomain": "acme", "base_url": front.base_url, "client_id": front.client_id,
        })  # fmt: skip
        store.put_secret("acme", "client_secret", front.client_secret)
        return front

    yield serve
    for front in running:
        front.stop()


@pytest.fixture
def freshdesk(store: Any) -> Iterator[Callable[..., SimulatedFreshdesk]]:
    """A simulated Freshdesk that fd is connected with."""
    running: list[SimulatedFreshdesk] = []

    def serve(faults: FreshdeskFaults | None = None, **options: Any) -> SimulatedFreshdesk:
        front = SimulatedFreshdesk(site_of(**options), faults=faults).start()
        running.append(front)
        settings = {"domain": "acme.freshdesk.com", "base_url": front.base_url}
        store.create_account("fd", platform="freshdesk", settings=settings)
        store.put_secret("fd", "api_key", front.api_key)
        return front

    yield serve
    for front in running:
        front.stop()


@pytest.fixture
def admin(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    return signed_in(None, Role.ADMIN)


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def settled(store: Any, account: str = "acme") -> jobs.Job:
    for _ in range(400):
        job = jobs.job_of(store, account, jobs.HELPDESK)
        if job is not None and job.state != "running":
            return job
        time.sleep(0.02)
    raise AssertionError("it goes on and on")


def send(browser: FlaskClient, path: str, **fields: str) -> Any:
    return browser.post(f"{PAGE}/{path}", data={"csrf_token": token_in(browser.get(PAGE).text), **fields})


def planned(browser: FlaskClient, store: Any, **fields: str) -> str:
    """The page with a plan on it."""
    answer = send(browser, "plan", **{"do": "install", "url": LOCAL, **fields})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE), answer.text
    settled(store)
    return browser.get(PAGE).text


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found.group(1)


def carried_out(browser: FlaskClient, store: Any, page: str) -> str:
    answer = send(browser, "carry-out", digest=digest_in(page))
    assert answer.status_code == 303
    settled(store)
    return browser.get(PAGE).text


def test_zendesk_is_set_up_and_everything_is_taken_out_again(admin, store, zendesk):
    front = zendesk()
    before = front.configuration()

    plan = planned(admin, store)

    assert front.configuration() == before
    for said in ("Wellbeing: what was suggested", "is made", "Notify requester", "sends notifications",
                 "Tags · Contains none of the following · wellbeing_survey", "Survey invitations belong to no group",
                 "Set this up"):  # fmt: skip
        assert said in plan, said
    done = carried_out(admin, store, plan)
    assert "It is set up" in done
    assert set(store.installed.things("acme")) == {"field", "view", "webhook"}
    entries = [one for one in store.audit.entries("acme") if one.what == "installed"]
    assert {entry.body["by"] for entry in entries} == {"email:admin@example.com"}
    assert front.client_secret not in plan + done
    assert store.get_secret("acme", "webhook_secret") not in done
    again = planned(admin, store)
    assert "nothing is to be changed" in again
    assert "digest" not in again

    out = planned(admin, store, do="uninstall")
    assert "The webhook secret is forgotten." in out
    assert front.configuration() != before
    gone = carried_out(admin, store, out)
    assert "Everything of ours is out" in gone
    assert "Admin Center &gt; Apps and integrations &gt; Zendesk Support apps" in gone
    assert front.configuration() == before
    assert store.get_secret("acme", "webhook_secret") is None


def test_an_agent_who_is_admin_stands_in_the_audit_by_their_word(signed_in, store, zendesk):
    zendesk()
    browser = signed_in("3", Role.ADMIN)
    carried_out(browser, store, planned(browser, store))
    by = {entry.body["by"] for entry in store.audit.entries("acme") if entry.what == "installed"}
    assert len(by) == 1
    assert "3" not in by


def test_a_plan_that_changed_meanwhile_is_shown_instead_of_being_done(admin, store, zendesk):
    front = zendesk()
    first = planned(admin, store)
    field = Setups(store).carry_out(
        "acme", Asked("install", LOCAL), _digest_now(store), "somebody else", lambda step: None
    )  # fmt: skip
    assert isinstance(field, Done)
    after = front.configuration()

    second = carried_out(admin, store, first)

    assert "Somebody changed something there meanwhile, so nothing was done." in second
    assert front.configuration() == after


def _digest_now(store: Any) -> str:
    plan = Setups(store).plan("acme", Asked("install", LOCAL), lambda step: None)
    assert isinstance(plan, Plan)
    return plan.digest


def test_what_people_call_their_rules_is_shown_as_it_is_and_does_nothing(admin, store, zendesk):
    front = zendesk()
    for rule in front.api.setup.things["triggers"].values():
        rule["title"] = '<script>alert("%(title)s")</script>'
    page = planned(admin, store)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_form_with_another_digest_does_nothing(admin, store, zendesk):
    front = zendesk()
    before = front.configuration()
    planned(admin, store)
    answer = send(admin, "carry-out", digest="0" * 64)
    assert answer.status_code == 303
    assert "Meanwhile somebody else has looked" in admin.get(PAGE).text
    assert front.configuration() == before


def test_what_is_refused_is_told_step_by_step_with_the_next_step(admin, store, zendesk):
    front = zendesk()
    plan = planned(admin, store)
    front.faults.share = {"forbid": 1.0}

    page = carried_out(admin, store, plan)

    assert "Not everything worked" in page
    assert page.count("not done</span>") == 3
    assert "“Wellbeing: what was suggested”: 403, not allowed" in page
    assert "Mend what is said, then look again" in page

    front.faults.share = {}
    assert "It is set up" in carried_out(admin, store, planned(admin, store))


def test_a_line_that_is_known_in_english_only_is_shown_in_the_words_of_the_page(signed_in, store):
    line = {"text": "zendesk: no answer within 10 s for GET /api/v2/users/me: run it again later", "values": None}
    done = Done(Asked("install", URL), (), (line,), False)
    now = datetime.now(UTC).isoformat()
    job = {"state": "done", "began_at": now, "said_at": now, "result": {"done": to_json(done)}}
    store.set_meta("acme", jobs.HELPDESK, json.dumps(job))

    page = signed_in(None, Role.ADMIN, language="nl").get(PAGE).text

    assert "run it again later" not in page
    assert "zendesk: no answer" not in page


def test_whoever_sets_the_public_address_by_it_stays_signed_in(admin, store, zendesk):
    zendesk()
    planned(admin, store, url=URL)
    answer = send(admin, "carry-out", digest=digest_in(admin.get(PAGE).text))
    settled(store)
    assert any("__Secure-wellbeing=" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert admin.get(PAGE, base_url="https://localhost").status_code == 200


def test_while_it_is_being_done_nothing_else_begins_in_any_process(admin, store, settings, zendesk, monkeypatch):
    zendesk()
    holds, told, begun = threading.Event(), threading.Event(), []

    def slow(self, account, asked, tell):
        begun.append(asked)
        tell("look")
        told.set()
        holds.wait(5)
        return Plan(asked, (), False, "0" * 64)

    monkeypatch.setattr(Setups, "plan", slow)
    try:
        assert send(admin, "plan", do="install", url=URL).status_code == 303
        told.wait(5)
        page = admin.get(PAGE).text
        assert '<meta http-equiv="refresh"' in page
        assert "The helpdesk is asked what is there." in page
        with open_store(settings) as another:  # as another process has it
            again = model.look(another, Setups(another), "acme", Asked("install", LOCAL), lambda: datetime.now(UTC))
            assert not again
        for path in ("plan", "find-app"):
            token = token_in(admin.get("/a/acme/settings/acting").text)
            answer = admin.post(f"{PAGE}/{path}", data={"csrf_token": token, "do": "install", "url": URL})
            assert answer.status_code == 303
            assert "Something is being done there already." in admin.get(PAGE).text
    finally:
        holds.set()
    settled(store)
    assert len(begun) == 1


def test_troubles_are_told_with_the_next_step_and_without_secrets(admin, store, zendesk):
    zendesk(Options(unlimited=True, allowed_scopes=("read",)))
    page = planned(admin, store)
    assert "The connection may only read." in page
    assert "Allow the scope write besides read" in page

    front = zendesk()
    store.put_secret("acme", "client_secret", "not-the-secret-of-anybody")
    page = planned(admin, store)
    assert "does not accept our credentials" in page
    assert "not-the-secret-of-anybody" not in page

    store.put_secret("acme", "client_secret", front.client_secret)
    front.stop()
    assert "could not be reached" in planned(admin, store)


WRONG = {
    "http://wellbeing.acme.example": "https:// and a host", "": "https:// and a host",
    f"{URL}/path": "https:// and a host", "https://localhost": "cannot reach this machine",
}  # fmt: skip


def test_an_address_that_the_helpdesk_cannot_reach_is_said_at_its_field(admin, store):
    store.update_account("acme", settings={"subdomain": "acme"})
    for url, said in WRONG.items():
        for path in ("plan", "app"):
            answer = send(admin, path, do="install", url=url)
            assert (answer.status_code, said in answer.text) == (422, True), url
    assert jobs.job_of(store, "acme", jobs.HELPDESK) is None


def test_others_than_admins_read_and_do_nothing(signed_in, store, zendesk, admin):
    zendesk()
    planned(admin, store)
    for role in (Role.COUNCIL, Role.DPO):
        browser = signed_in(None, role)
        page = browser.get(PAGE).text
        assert "Wellbeing: what was suggested" in page
        assert '<form method="post" action="/a/acme/settings' not in page
        token = token_in(page)
        for path in ("plan", "carry-out", "app", "find-app", "secret"):
            assert browser.post(f"{PAGE}/{path}", data={"csrf_token": token}).status_code == 403
    assert signed_in(None, Role.HR).get(PAGE).status_code == 403
    assert signed_in("2").get(PAGE).status_code == 403


def test_in_dutch_the_plan_is_dutch(signed_in, store, zendesk):
    zendesk()
    browser = signed_in(None, Role.ADMIN, language="nl")
    page = planned(browser, store)
    for english in ("is made", "Survey invitations belong", "sends notifications", "Set this up"):
        assert english not in page
    assert "wordt gemaakt" in page


def test_freshdesk_says_what_is_left_to_a_person(store, freshdesk):
    front = freshdesk()
    setups, told = Setups(store), []
    plan = setups.plan("fd", Asked("install", URL), told.append)
    assert [(step.do, step.kind) for step in plan.steps] == [
        ("create", "ticket_field"), ("create", "rule"), ("create", "rule"),
    ]  # fmt: skip
    assert {task.title["text"] for task in plan.tasks} == {
        "a group for survey tickets, before the first survey", "a view of what is suggested",
    }  # fmt: skip
    assert "helpdesk-wellbeing" not in json.dumps([[task.steps for task in plan.tasks], plan.notes])
    done = setups.carry_out("fd", Asked("install", URL), plan.digest, "Admin 01", told.append)
    assert isinstance(done, Done)
    assert done.is_whole
    assert told[0] == "look"
    assert "make" in told
    out = setups.plan("fd", Asked("uninstall"), told.append)
    gone = setups.carry_out("fd", Asked("uninstall"), out.digest, "Admin 01", told.append)
    assert isinstance(gone, Done)
    assert any("takes it out in Freshdesk" in note["text"] for note in gone.notes)
    assert front.configuration()


def test_the_secret_that_freshdesk_wants_typed_is_shown_once_and_that_is_in_the_audit(app, store, freshdesk):
    freshdesk()
    now = datetime.now(UTC)
    who = "email:admin@example.com"
    store.access.put_member("fd", Member(who, "Admin", None, frozenset({Role.ADMIN}), now, "a test"))
    browser = app.test_client()
    token = store.access.begin_session("fd", who, "Admin", None, "test", now, now + timedelta(hours=1))
    browser.set_cookie(cookies.NAME, token, path=cookies.path_of("fd"))
    place = "/a/fd/settings/helpdesk"

    shown = browser.post(f"{place}/secret", data={"csrf_token": token_in(browser.get(place).text)})

    secret = store.get_secret("fd", "webhook_secret")
    assert len(secret) > 30
    assert secret in shown.text
    assert "no-store" in shown.headers["Cache-Control"]
    assert secret not in browser.get(place).text
    assert [(one.what, one.body["page"]) for one in store.audit.entries("fd")] == [("looked", "webhook_secret")]


def test_zendesk_makes_its_own_secret_and_its_app_is_found_after_it_was_installed(admin, store, zendesk):
    front = zendesk()
    assert send(admin, "secret").status_code == 404
    assert send(admin, "find-app").status_code == 303
    settled(store)
    missing = admin.get(PAGE).text
    assert "The app was not found there." in missing
    assert "helpdesk-wellbeing package" not in missing

    front.install_app(Setups(store).package("acme", URL).archive)
    send(admin, "find-app")
    settled(store)
    page = admin.get(PAGE).text
    assert "The app was found." in page
    assert "digest" not in page


def test_work_that_says_nothing_for_long_is_not_taken_for_cut_off(store, monkeypatch):
    monkeypatch.setattr(jobs, "PULSE_S", 0.01)
    over, began = threading.Event(), datetime.now(UTC)
    jobs.begin(store, "acme", jobs.HELPDESK, lambda tell: over.wait(5), lambda: datetime.now(UTC))
    for _ in range(200):
        if jobs.job_of(store, "acme", jobs.HELPDESK).said_at > began + timedelta(milliseconds=60):
            break
        time.sleep(0.01)
    job = jobs.job_of(store, "acme", jobs.HELPDESK)
    over.set()
    assert job.said_at > job.began_at
    assert settled(store).state == "done"


def test_the_app_is_downloaded_and_the_same_files_give_the_same_zip(admin, store):
    store.update_account("acme", settings={"subdomain": "acme"})
    first, second = (send(admin, "app", url=URL) for _ in range(2))
    assert first.mimetype == "application/zip"
    assert "helpdesk-wellbeing-zendesk-acme.zip" in first.headers["Content-Disposition"]
    assert first.data == second.data
    with zipfile.ZipFile(io.BytesIO(first.data)) as archive:
        assert {"manifest.json", "requirements.json"} <= set(archive.namelist())

    store.installed.keep("acme", "field", "ticket_field", "1", datetime.now(UTC))
    store.installed.keep("acme", "view", "view", "2", datetime.now(UTC))
    with zipfile.ZipFile(io.BytesIO(send(admin, "app", url=URL).data)) as archive:
        assert "requirements.json" not in archive.namelist()

    refused = send(admin, "app", url="https://wellbeing.example.com")
    assert refused.status_code == 422
    assert "wellbeing.example.com is an example" in refused.text
    assert "--url" not in refused.text


def test_settings_lead_there_instead_of_to_a_command(admin):
    for page in ("settings", "settings/acting"):
        text = admin.get(f"/a/acme/{page}").text
        assert PAGE in text
        assert "helpdesk-wellbeing install" not in text
