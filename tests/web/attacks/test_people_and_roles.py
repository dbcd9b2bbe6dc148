"""What people try who are somebody here, to see or decide what is not theirs."""

from __future__ import annotations

import csv
import io
import re
import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.access import members
from helpdesk_wellbeing.access.roles import MAY_BREAK_GLASS
from helpdesk_wellbeing.api import tokens
from helpdesk_wellbeing.pages.differencing import shown
from helpdesk_wellbeing.web import sign_in

HOUR = timedelta(hours=1)
# Whose form it is; whoever else sends it, properly made, is refused and nothing happens.
OF_EVERYBODY = {"choose_language", "sign_out", "enter_now", "end_session", "end_all_sessions"}
OF_AGENTS = {"export_me", "object_to_signal", "own_hours", "surveys_opt_out", "has_read"}
OF_DECIDERS = {"accept_proposal", "decline_proposal", "snooze_proposal", "undo_proposal", "put_proposal_back"}
OF_ROLES = {"check_audit": {"council", "admin", "dpo"}, "look": {role.value for role in MAY_BREAK_GLASS},
            "stop_looking": {role.value for role in MAY_BREAK_GLASS}, "contest_flag": {"agent", "lead", "ops"},
            **dict.fromkeys(("find_person", "choose_person", "confirm_erasing", "erase_person", "go_on_erasing"),
                            frozenset({"admin", "dpo"})), "take_file": {"dpo"},
            "add_theme": {"lead", "ops"}, "answer_theme": {"lead", "ops"}}  # fmt: skip


def filled(place, rule):
    values = {"account": "acme", "kind": "agent", "rule": "short_daily_rest", "subject": "2", "agent": "1",
              "wave": "w", "theme": "t",
              "id": place.ids["glass"] if "glass" in rule.rule else place.proposal}  # fmt: skip
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)


def may(endpoint, person):
    if endpoint in OF_EVERYBODY:
        return True
    if endpoint in OF_AGENTS:
        return person in ("agent", "lead")
    if endpoint in OF_DECIDERS:
        return person in ("lead", "ops")
    return person in OF_ROLES.get(endpoint, {"admin"})  # what is new is a setting, until somebody says whose it is


@pytest.mark.parametrize(
    "people",
    [("agent", "lead", "council"), pytest.param(("ops", "hr", "admin", "dpo"), marks=pytest.mark.prove)],
    ids=["some", "others"],
)
def test_a_form_of_another_role_is_refused_however_well_it_is_made(place, people):
    let_through, tried = [], 0
    for person in people:
        browser = place.browser(person)
        token, before = place.token(browser), place.store.audit.head("acme").seq
        for rule in place.app.url_map.iter_rules():
            endpoint = rule.endpoint.removeprefix("pages.")
            if not rule.endpoint.startswith("pages.") or "POST" not in rule.methods or may(endpoint, person):
                continue
            answer = browser.post(filled(place, rule), data={"csrf_token": token, "answer": "x", "reason": "other"})
            tried += 1
            if answer.status_code not in (403, 404):
                let_through.append((person, endpoint, answer.status_code))
        assert [entry.what for entry in place.store.audit.entries("acme", before)] == [], person
    assert let_through == []
    assert tried > 8 * len(people)


def test_what_is_of_another_account_is_not_there(place):
    theirs = place.ids["proposal"]
    for person in ("lead", "ops", "dpo"):
        browser = place.browser(person)
        for path in (f"proposals/{theirs}", "me/1", "me/99", "flags/short_daily_rest/agent/99"):
            assert browser.get(f"/a/acme/{path}").status_code in (403, 404), (person, path)
        cookie = browser.get_cookie("wellbeing", path="/a/acme/").value
        stolen = place.app.test_client()
        for name in ("wellbeing", "__Secure-wellbeing"):
            stolen.set_cookie(name, cookie, path="/")
        for path in ("me", "audit", "settings", f"proposals/{theirs}", "sessions"):
            assert stolen.get(f"/a/globex/{path}").status_code == 303


def test_ids_of_others_open_and_end_nothing(place):
    agent, lead = place.browser("agent"), place.browser("lead")
    session_of_lead = next(one for one in place.store.access.sessions("acme", datetime.now(UTC)) if one.agent == "2")
    token = place.token(agent)

    ended = agent.post("/a/acme/sessions/end", data={"csrf_token": token, "session": session_of_lead.hash})
    assert ended.status_code == 404
    assert lead.get("/a/acme/sessions").status_code == 200
    assert agent.get("/a/acme/me/2").status_code == 404
    assert lead.get("/a/acme/me/1").status_code == 404
    assert agent.get("/a/acme/flags/short_daily_rest/agent/2").status_code == 404
    assert lead.get("/a/acme/flags/short_daily_rest/agent/2").status_code == 200  # their own
    dpo = place.browser("dpo")
    shut = dpo.post(f"/a/acme/break-glass/{place.ids['glass']}/close", data={"csrf_token": place.token(dpo)})
    assert shut.status_code == 404  # somebody else's
    assert dpo.get("/a/acme/me/1").status_code == 404


def test_a_proof_of_having_looked_is_ones_own(place):
    """What lets a lead accept is bound to them and to the proposal."""
    lead, ops = place.browser("lead"), place.browser("ops")
    page = lead.get(f"/a/acme/proposals/{place.proposal}?evidence=1").text
    proof = re.search(r'name="opened" value="([^"]+)"', page)[1]
    answer = ops.post(
        f"/a/acme/proposals/{place.proposal}/accept",
        data={"csrf_token": place.token(ops), "opened": proof, "which": "all"},
    )  # fmt: skip
    assert answer.status_code == 422


def test_whoever_is_let_in_as_an_agent_is_told_to_that_agent(place):
    members.add(place.store, "acme", "oidc:https://id.example:7", [], by="email:admin@example.com",
                at=datetime.now(UTC), name="Me", agent="1")  # fmt: skip
    page = place.browser("agent").get("/a/acme/me").text

    assert "oidc:https://id.example:7" in page
    assert "an address that signs in as you" in page
    assert "zendesk:1<" not in page
    members.drop(place.store, "acme", "oidc:https://id.example:7", by="x", at=datetime.now(UTC))
    assert "were let in no more" in place.browser("agent").get("/a/acme/me").text


def test_whoever_becomes_a_lead_by_a_file_stands_in_the_audit(place):
    from helpdesk_wellbeing.pages.settings import people

    store, before = place.store, place.store.audit.head("acme").seq
    frame = store.told_by("acme", "people", "file")
    rows = frame.rows(named=True)
    changed = [row | {"lead_of": ["100"]} if row["agent"] == "8" else row for row in rows]
    people.replace(store, "acme", {"people": frame.clear().vstack(frame.__class__(changed, schema=frame.schema))}, "x",
                   datetime.now(UTC))  # fmt: skip
    people.replace(store, "acme", {"people": frame}, "x", datetime.now(UTC))

    word = store.audit.word_of("acme", "8")
    came, went = store.audit.entries("acme", before)
    assert (came.body["leads"], came.body["lead_no_more"]) == ([word], [])
    assert (went.body["leads"], went.body["lead_no_more"]) == ([], [word])


def test_numbers_of_nearly_the_same_team_are_told_once(place):
    """Billing has six who work, the other team five of them: together they would tell of the sixth."""
    browser = place.browser("hr")

    assert "<svg" in browser.get("/a/acme/teams/100").text
    nearly = browser.get("/a/acme/teams/101").text
    assert "the few who are not could be guessed" in nearly
    assert "When the team works" not in nearly


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.frozensets(st.integers(0, 14), max_size=15), max_size=7))
def test_no_told_group_less_another_told_one_is_few(groups):
    people = {group: frozenset(map(str, members)) for group, members in groups.items()}
    told = shown(people)
    for whole in told:
        for part in told:
            if people[part] < people[whole]:
                assert len(people[whole] - people[part]) >= 5
        assert len(people[whole]) >= 5


def test_parts_that_leave_few_of_a_whole_are_not_all_told():
    whole = {str(n) for n in range(11)}
    first, second = {str(n) for n in range(5)}, {str(n) for n in range(5, 10)}

    assert len(shown({"all": whole, "first": first, "second": second})) == 2
    assert shown({"all": whole - {"10"}, "first": first, "second": second}) == {"all", "first", "second"}
    assert shown({"few": {"1", "2"}}) == frozenset()


def test_a_cell_that_a_spreadsheet_would_run_is_text(place):
    rows = csv.reader(io.StringIO(place.browser("dpo").get("/a/acme/audit.csv").text))
    agent = place.browser("agent")
    sent = agent.post("/a/acme/me/export", data={"csrf_token": place.token(agent)})
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        for name in archive.namelist():
            assert re.fullmatch(r"[a-z_ ]+\.(csv|json)", name)
            if name.endswith(".csv"):
                rows = [*rows, *csv.reader(io.StringIO(archive.read(name).decode()))]
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if re.match(r"[=+@\t\r]|-\D", cell)] == []
    assert len(cells) > 100
    assert sent.headers["Content-Disposition"].startswith("attachment; filename=about-me-")


def test_a_session_opens_no_api_and_a_token_of_the_api_no_page(place):
    token = tokens.add(place.store, "acme", "a test", datetime.now(UTC))
    with_session = place.browser("admin")
    cookie = with_session.get_cookie("wellbeing", path="/a/acme/").value

    anybody = place.browser()
    anybody.set_cookie("wellbeing", cookie, path="/")
    assert anybody.get("/api/v1/accounts/acme/settings").status_code == 401
    bearer = {"Authorization": f"Bearer {cookie}"}
    assert place.browser().get("/api/v1/accounts/acme/settings", headers=bearer).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert place.browser().get("/api/v1/accounts/acme/settings", headers=bearer).status_code == 200
    assert place.browser().get("/a/acme/settings", headers=bearer).status_code == 303
    as_cookie = place.browser()
    as_cookie.set_cookie("wellbeing", token, path="/")
    assert as_cookie.get("/a/acme/settings").status_code == 303


class Slow:
    """A way to sign in whose other side does not answer."""

    name, label = "slow", "Slow"

    def __init__(self):
        self.go_on = threading.Event()
        self.waiting = threading.Semaphore(0)

    def begin(self, attempt):
        self.waiting.release()
        assert self.go_on.wait(20)
        return "https://id.example/authorize"


def test_a_flood_at_a_sign_in_that_hangs_leaves_threads_for_others(place, monkeypatch):
    from helpdesk_wellbeing.cli.web_server import THREADS
    from helpdesk_wellbeing.web.site import SITE

    assert sign_in.AT_ONCE <= THREADS // 2
    slow = Slow()
    site = place.app.extensions[SITE]
    monkeypatch.setattr(type(site), "ways", property(lambda self: lambda account: (slow,)), raising=False)
    monkeypatch.setattr(sign_in, "WAITS_S", 0.01)
    answers = []
    callers = [
        threading.Thread(target=lambda: answers.append(place.browser().get("/a/acme/sign-in/slow").status_code))
        for _ in range(sign_in.AT_ONCE)
    ]
    for caller in callers:
        caller.start()
    for _ in callers:
        assert slow.waiting.acquire(timeout=20)

    refused = place.browser().get("/a/acme/sign-in/slow")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert place.browser("lead").get("/a/acme/sessions").status_code == 200
    slow.go_on.set()
    for caller in callers:
        caller.join()
    assert answers == [303] * sign_in.AT_ONCE
    assert place.browser().get("/a/acme/sign-in/slow").status_code == 303


def test_no_secret_and_no_name_is_in_what_is_logged(place, tools, capfd):
    browser = place.browser("lead")
    token = place.token(browser)
    link = place.store.access.make_link("acme", datetime.now(UTC), datetime.now(UTC) + HOUR)
    session = browser.get_cookie("wellbeing", path="/a/acme/").value
    for path in (f"enter/{link}", "proposals/none", f"sign-in/oidc/back?code=c0de5ecret&state={link}", "me/1", "audit"):
        browser.get(f"/a/acme/{path}")
    for path in ("enter", "break-glass", "me/hours", f"proposals/{place.proposal}/accept"):
        browser.post(f"/a/acme/{path}", data={"csrf_token": token, "token": "gu3ss", "reason": tools.HOSTILE[0]})
    browser.post("/zaf/nav_bar", data={"token": "gu3ss.jwt.token"})
    browser.get("/pulse/gu3ss")
    browser.get("/api/v1/accounts/acme/settings", headers={"Authorization": "Bearer gu3ss"})
    browser.get("/a/acme/today", headers={"Cookie": f"wellbeing={session}", "Host": "h0st"})
    said = "".join(capfd.readouterr())

    for secret in (link, session, token, "gu3ss", "c0de5ecret", "alert", "h0st", "@example.com"):
        assert secret not in said, secret
