"""What people may ask for, done from a browser: a file, being erased, taking the whole account out."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.pages import held, jobs, leaving
from helpdesk_wellbeing.pages.settings import requests
from helpdesk_wellbeing.pipeline import steps
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store, tables
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.upkeep import Upkeep
from helpdesk_wellbeing.upkeep import beside
from helpdesk_wellbeing.web import cookies
from tests.dying import Killed
from tests.upkeep_desk import AT, CATALOGUE, NAME, NOOR, PIET, answer, desk_events, everything, fill, people, traces

HERE = "/a/acme/settings/requests"
NOW = AT + timedelta(days=1)
DIES_IN = ("begin_erasing", "hide_in_events", "hide_elsewhere", "compact")
SOON = {("serve", "hide_in_events"), ("page", "hide_elsewhere")}  # the others prove the same
WHY = "She left and asked for her data by letter."


class AtOnce:
    """A thread that has ended when it was begun; what kills a process kills it alone."""

    def __init__(self, target, args=(), name="", **named):
        self._work = (lambda: None) if name.endswith("pulse") else (lambda: target(*args))

    def start(self):
        with suppress(Killed):
            self._work()

    def join(self):
        """It has ended."""


@pytest.fixture
def app(store, home, monkeypatch):
    for module in (jobs, leaving):
        monkeypatch.setattr(
            module, "threading", SimpleNamespace(Thread=AtOnce, Lock=threading.Lock, Event=threading.Event)
        )
    made = web_side.web(Settings(home, f"sqlite:///{home / 'wellbeing.db'}"), role="web", now=lambda: NOW)
    yield made
    web_side.close(made)


@pytest.fixture
def signed_in(app, store):
    def sign_in(agent=None, *roles, account="acme"):
        who = f"zendesk:{agent}" if agent else f"email:{'-'.join(roles)}@example.com"
        if roles:
            store.access.put_member(account, Member(who, who, agent, frozenset(roles), NOW, "a test"))
        token = store.access.begin_session(account, who, who, agent, "test", NOW, NOW + timedelta(hours=1))
        browser = app.test_client()
        browser.set_cookie(cookies.NAME, token, path=cookies.path_of(account))
        return browser

    return sign_in


@pytest.fixture
def admin(signed_in):
    return signed_in(None, Role.ADMIN)


@pytest.fixture
def dpo(signed_in):
    return signed_in(None, Role.DPO)


def send(browser, page, **fields):
    if "token" not in browser.environ_base:
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(HERE).text)
        browser.environ_base["token"] = found.group(1)
    return browser.post(page, data={"csrf_token": browser.environ_base["token"], **fields})


def erase(browser, agent=NOOR, typed=NAME, ground="request"):
    return send(browser, f"{HERE}/erase/now", agent=agent, typed=typed, ground=ground)


# ---- whom it is about, and how much ---------------------------------------------------------------------------------


def test_people_are_found_by_name_with_those_who_have_left_and_no_address_says_whom_somebody_looks_at(
    store, admin, signed_in
):
    store.access.keep_leavers("acme", [], ["5550001"], NOW)
    page = admin.get(HERE).text
    assert re.findall(r'value="(\d{7})"', page) == ["5550001", "4100283", NOOR, PIET]  # by name, a number is its own
    assert page.count("not here any more") == 1

    assert re.findall(r'value="(\d{7})"', send(admin, HERE, find="noor").text) == [NOOR]
    chosen = send(admin, f"{HERE}/person", agent=NOOR)
    assert NAME in chosen.text
    assert re.findall(rf'(?:href|action|src)="[^"]*{NOOR}', chosen.text) == []
    assert admin.get(f"{HERE}/person").headers["Location"] == HERE
    assert send(admin, f"{HERE}/person", agent="nobody").status_code == 404
    assert "looked at what concerns you" in signed_in(NOOR).get("/a/acme/me").text


def test_who_worked_here_longer_ago_than_pages_look_back_is_found_too(store, admin, monkeypatch):
    answer(store)
    monkeypatch.setitem(held.WEEKS, "days", -9)
    for source in ("file", "platform"):
        store.replace_people("acme", source, people().head(0))

    assert re.findall(r'value="(\d{7})"', admin.get(HERE).text) == [NOOR, PIET, "4100283"]


def test_an_admin_sees_how_much_is_held_but_not_how_much_somebody_did(store, admin, dpo):
    fill(store)

    def amounts(browser):
        page = send(browser, f"{HERE}/person", agent=NOOR).text
        cells = re.findall(r'<td class="number"[^>]*>([^<]*)</td>', page)
        return page, [int(re.sub(r"\D", "", cell) or 0) for cell in cells], cells

    page, rounded, said = amounts(admin)
    assert len(rounded) == 7
    assert all(cell == "none" or cell.startswith("up to 1") for cell in said)
    assert "cannot sign in" in page
    assert "/a/acme/me</code>" in send(admin, f"{HERE}/person", agent=PIET).text
    assert "Download the file" not in page
    page, exact, _ = amounts(dpo)
    assert all(number <= most for number, most in zip(exact, rounded, strict=True))
    assert all(exact)
    assert exact[1] == store.read_events("acme", agent=NOOR).height or 0 < exact[1] <= 1000
    assert "Download the file" in page


def test_only_those_who_answer_requests_see_people_or_do_anything(store, signed_in):
    council = signed_in(None, Role.COUNCIL)
    page = council.get(HERE)
    assert page.status_code == 200
    assert NAME not in page.text
    assert "Who asks" not in page.text
    others = {"agent": signed_in(PIET), "hr": signed_in(None, Role.HR), "ops": signed_in(None, Role.OPS)}
    steps_there = ("", "/person", "/file", "/erase", "/erase/now", "/go-on")
    for browser in others.values():
        assert browser.get(HERE).status_code == 403
        assert browser.get("/a/acme/settings/disconnect").status_code == 403
    token = re.search(r'name="csrf_token" value="([^"]+)"', council.get(HERE).text)[1]
    for step in steps_there:
        sent = {"csrf_token": token, "agent": NOOR, "typed": NAME, "ground": "request", "reason": WHY}
        assert council.post(HERE + step, data=sent).status_code == 403
    assert council.get("/a/acme/settings/disconnect").status_code == 403
    assert traces(store, store.file.parent) != []


# ---- the file -------------------------------------------------------------------------------------------------------


def test_data_protection_takes_the_file_with_a_reason_and_the_person_is_told_both(store, dpo, signed_in):
    got = send(dpo, f"{HERE}/file", agent=NOOR, reason=WHY)

    assert got.status_code == 200
    assert NOOR not in got.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(got.data)) as archive:
        assert json.loads(archive.read("held.json"))["agent"] == NOOR
    last = store.audit.entries("acme")[-1]
    assert (last.what, last.body["purpose"]) == ("exported", "legal_duty")
    assert WHY not in json.dumps(last.body)
    own = signed_in(NOOR).get("/a/acme/me").text
    assert WHY in own
    assert "took a file" in own
    assert dpo.get(f"/a/acme/me/{NOOR}").status_code == 404  # a file opens no page


def test_without_a_reason_that_says_something_there_is_no_file(store, dpo):
    before = store.audit.head("acme").seq
    for reason in ("", "because", "x" * 600):
        assert send(dpo, f"{HERE}/file", agent=NOOR, reason=reason).status_code == 422
    assert "exported" not in [entry.what for entry in store.audit.entries("acme", before)]


def test_an_admin_takes_no_file_whatever_the_reason(store, admin):
    assert send(admin, f"{HERE}/file", agent=NOOR, reason=WHY).status_code == 403
    assert store.glass.of("acme", NOOR) == []


# ---- erasing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ADMIN, pytest.param(Role.DPO, marks=pytest.mark.prove)])
def test_whoever_is_erased_by_page_is_nowhere_any_more(store, home, signed_in, role):
    fill(store)
    browser = signed_in(None, role)
    (home / "old.csv").write_text(f"agent\n{NOOR}\n")
    assert send(browser, f"{HERE}/erase", agent=NOOR).status_code == 200

    done = erase(browser, typed=NOOR if role == Role.DPO else f" {NAME.upper()} ")

    assert done.headers["Location"] == f"{HERE}#erasing"
    page = browser.get(HERE).text
    assert "Done, " in page
    assert "old.csv" in page
    assert NAME not in page
    assert NOOR not in page
    (home / "old.csv").unlink()
    assert traces(store, home) == []
    assert store.audit.verify("acme").problem is None
    asked = [entry for entry in store.audit.entries("acme") if entry.what == "erasing asked for"]
    assert [entry.body["ground"] for entry in asked] == ["request"]
    assert "person erased" in browser.get("/a/acme/audit").text
    assert "One person, as far back" in page
    again = erase(browser)
    assert again.status_code == 404
    assert NAME not in again.text


def test_files_are_searched_whole_and_one_that_cannot_be_read_counts(store, home, monkeypatch):
    monkeypatch.setattr(beside, "_AT_ONCE", 10)
    (home / "long.csv").write_text(f"0123456{NAME}")
    (home / "locked.csv").write_text("x")
    (home / "other.csv").write_text("Piet")
    opened = Path.open

    def open_or_not(self, *arguments, **named):
        if self.name == "locked.csv":
            raise PermissionError(13, "no")
        return opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", open_or_not)
    found = beside.Beside(home, "sqlite://").files_that_name((NAME,), store.file)
    assert {"long.csv", "locked.csv", "other.csv"} & {file.name for file in found} == {"long.csv", "locked.csv"}


def test_a_file_that_is_called_after_the_person_is_told_without_the_name(store, home, admin):
    (home / "noor zwanenburg.csv").write_text(NAME)

    erase(admin)

    assert "<code>….csv</code>" in admin.get(HERE).text
    assert "noor" not in store.get_meta("acme", jobs.ERASING)


def test_a_wrong_name_or_no_ground_erases_nobody(store, admin):
    for fields in ({"typed": "Noor"}, {"typed": ""}, {"typed": PIET}, {"ground": "x"}):
        assert erase(admin, **fields).status_code == 422, fields
    assert store.upkeep.erasing("acme") == {}
    assert jobs.job_of(store, "acme", jobs.ERASING) is None
    assert not store.upkeep.is_erased("acme", NOOR)


def test_the_last_admin_is_not_erased(store, signed_in):
    browser = signed_in(PIET, Role.ADMIN)

    answer = erase(browser, agent=PIET, typed=PIET)

    assert answer.status_code == 422
    assert "only admin" in answer.text


def test_while_one_is_erased_no_other_erasure_begins(store, admin):
    said = {"state": "running", "began_at": NOW.isoformat(), "said_at": NOW.isoformat(), "step": "14/40"}
    store.set_meta("acme", jobs.ERASING, json.dumps(said))

    page = admin.get(HERE).text
    assert "14 of 40 days" in page
    assert 'http-equiv="refresh"' in page
    assert erase(admin).status_code == 303
    assert "already" in admin.get(HERE).text
    assert not store.upkeep.is_erased("acme", NOOR)


PLACES = [(by, place) for by in ("serve", "page") for place in DIES_IN]


@pytest.mark.parametrize(
    ("finished_by", "dies_in"),
    [pytest.param(*one, marks=() if one in SOON else pytest.mark.prove) for one in PLACES],
)
def test_an_erasure_that_is_killed_is_finished_and_the_page_says_so(
    store, home, admin, monkeypatch, dies_in, finished_by
):
    whole = getattr(Upkeep, dies_in)

    def dies(self, *arguments):
        whole(self, *arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Upkeep, dies_in, dies)
        erase(admin)
    late = {**json.loads(store.get_meta("acme", jobs.ERASING)), "said_at": AT.isoformat()}
    store.set_meta("acme", jobs.ERASING, json.dumps(late))
    assert "finished by itself" in admin.get(HERE).text

    if finished_by == "serve":
        means = steps.Means(store, now=lambda: NOW)
        steps.upkeep(means, "acme", Engine(store, "acme", CATALOGUE))
    else:
        assert send(admin, f"{HERE}/go-on").status_code == 303

    assert "Done, " in admin.get(HERE).text
    assert traces(store, home) == []


def test_serve_finishes_an_erasure_of_an_account_that_it_never_pulls_too_and_cuts_nothing_else(store):
    paused = {"paused_at": NOW, "due_at": NOW + timedelta(days=9)}
    store.create_account("log")  # imported
    store.add_events("log", desk_events("log").head(40))
    store.work.note_run("acme", **paused)
    assert store.work.due(NOW) == {}
    for account in ("acme", "log"):
        store.upkeep.begin_erasing(account, NOOR, "Ida", AT)
    assert store.work.due(NOW) == {"acme": paused["due_at"], "log": None}

    means = steps.Means(store, now=lambda: NOW + timedelta(days=900))
    outcome = steps.upkeep(means, "log", Engine(store, "log", CATALOGUE))

    assert (outcome, store.upkeep.erasing("log"), store.upkeep.ran("log")) == ("done", {}, {})
    assert store.work.due(NOW) == {"acme": paused["due_at"]}


def test_what_goes_wrong_never_says_who_it_was(store, home, admin, monkeypatch):
    def broken(self, account, agent, days):
        raise ValueError(f"cannot hide {agent}, {NAME}")

    monkeypatch.setattr(Upkeep, "hide_in_events", broken)
    erase(admin)

    kept = store.get_meta("acme", jobs.ERASING)
    assert json.loads(kept)["state"] == "failed"
    assert NOOR not in kept
    assert NAME not in kept


def test_while_something_else_works_with_the_account_nobody_is_erased(store, home, admin, monkeypatch):
    monkeypatch.setattr(requests, "LONGEST_WAIT_S", 0.0)
    with (
        open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as elsewhere,
        elsewhere.writer("acme", "serve"),
    ):
        erase(admin)

    assert "Nothing was erased; try again" in admin.get(HERE).text
    assert not store.upkeep.is_erased("acme", NOOR)


# ---- the whole account ----------------------------------------------------------------------------------------------


def disconnect(browser, typed="acme"):
    return send(browser, "/a/acme/settings/disconnect", typed=typed)


def test_a_disconnected_account_is_gone_and_its_admin_lands_where_that_is_said(store, home, admin, signed_in, dpo):
    fill(store)
    store.installed.keep("acme", "wellbeing", "trigger", "1", AT)
    store.create_account("globex")
    store.add_events("globex", desk_events("globex").tail(3))
    before = everything(store)["event_chunks"].splitlines()[-1]
    asked = admin.get("/a/acme/settings/disconnect").text
    assert "<li>trigger <bdi>1</bdi></li>" in asked
    assert "/a/acme/settings/helpdesk" in asked

    done = disconnect(admin)

    page = admin.get(done.headers["Location"])
    assert page.status_code == 200
    assert "acme is disconnected" in page.text
    assert "one thing that was set up there" in page.text
    assert "Zendesk let this program in" in page.text
    for browser in (admin, dpo):
        assert browser.get("/a/acme/settings").status_code == 404
    assert disconnect(admin).status_code == 404
    assert [account.name for account in store.accounts()] == ["globex"]
    with store._database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            if "account" in table.c:
                assert connection.execute(sa.select(sa.func.count()).where(table.c.account == 1)).scalar() == 0
    assert everything(store)["event_chunks"].splitlines() == [before]
    assert [name for name, text in everything(store).items() if NAME in text] == []
    assert "acme is disconnected" in admin.get(done.headers["Location"]).text
    store.create_account("acme")  # another one of that name
    assert "acme is disconnected" in admin.get(done.headers["Location"]).text


def test_a_wrong_name_disconnects_nothing(store, admin):
    for typed in ("", "Acme", "globex"):
        assert disconnect(admin, typed).status_code == 422
    assert store.work.run_of("acme").paused_at is None


def test_nothing_is_disconnected_while_the_helpdesk_is_being_cleaned(store, admin):
    said = {"state": "running", "began_at": NOW.isoformat(), "said_at": NOW.isoformat(), "step": "take"}
    store.set_meta("acme", jobs.HELPDESK, json.dumps(said))

    answer = disconnect(admin)

    assert answer.status_code == 422
    assert "right now" in answer.text
    assert store.has_account("acme")


def test_disconnecting_is_the_admins_alone(dpo, signed_in, store):
    for browser in (dpo, signed_in(None, Role.COUNCIL)):
        assert browser.get("/a/acme/settings/disconnect").status_code == 403
        assert "Disconnect" not in browser.get("/a/acme/settings/connection").text
    assert disconnect(dpo).status_code == 403
    assert store.has_account("acme")


def test_disconnecting_that_is_cut_off_says_so_and_goes_on_when_it_is_asked_for_again(store, admin, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Upkeep, "purge", lambda self, account: self._purge_some(account, "event_chunks", 5) and 1 / 0)
        cut = disconnect(admin).headers["Location"]
    assert "was cut off" in admin.get(cut).text
    assert "begun and cut off" in admin.get("/a/acme/settings/disconnect").text

    disconnect(admin)

    assert "acme is disconnected" in admin.get(cut).text


def test_the_page_of_the_end_is_for_whoever_has_its_address(app, admin):
    assert app.test_client().get("/setup/disconnected/WyJhY21lIl0.made-up").status_code == 404
    assert app.test_client().get("/setup/disconnected/x").status_code == 404


def test_nobody_joins_a_writer_that_is_to_be_alone(store):
    from helpdesk_wellbeing.errors import StoreBusy

    found = []

    def other():
        try:
            with store.writer("acme", "other", wait_s=0.0, on_wait=found.append):
                found.append("joined")
        except StoreBusy:
            found.append("busy")

    def in_a_thread():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    with store.writer("acme", "alone", alone=True), store.writer("acme", "the same thread"):
        in_a_thread()
    with store.writer("acme", "not alone"):
        in_a_thread()
        with pytest.raises(StoreBusy), store.writer("acme", "alone", wait_s=0.0, on_wait=found.append, alone=True):
            pass
    assert [one for one in found if one in ("busy", "joined")] == ["busy", "joined"]
