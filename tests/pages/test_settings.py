"""Settings: what each role sees of them, what an admin may change, and what is refused."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.access.doors import sign_in_of
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.agreement.saying import contest, doubts
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.settings import backtest
from helpdesk_wellbeing.pages.settings.entering import A_PAGE
from helpdesk_wellbeing.people import holding

HERE = "/a/acme/settings"
PAGES = (
    "",
    "/connection",
    "/hours",
    "/people",
    "/agreement",
    "/backtest",
    "/acting",
    "/access",
    "/rules",
    "/notices",
    "/keeping",
    "/telling",
    "/documents/dpia/nl",
    "/documents/agents/nl",
)
CHANGES = (
    "/connection", "/hours", "/people/files", "/people/no-fixed-hours", "/people/1",
    "/agreement", "/backtest", "/acting", "/acting/switch",
    "/access/members", "/access/members/drop", "/access/sessions/end", "/access/ways",
    "/notices", "/notices/rooms", "/notices/rooms/drop", "/keeping",
    "/telling/tickets", "/telling/otherwise", "/telling/contact",
)  # fmt: skip
NOW = datetime.now(UTC)


def token_of(browser) -> str:
    if "token" not in browser.environ_base:
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{HERE}/acting").text)
        assert found is not None
        browser.environ_base["token"] = found.group(1)
    return browser.environ_base["token"]


def send(browser, page, **fields):
    return browser.post(HERE + page, data={"csrf_token": token_of(browser), **fields})


@pytest.fixture
def admin(signed_in):
    return signed_in(None, Role.ADMIN)


@pytest.fixture
def far_away(store):
    """The helpdesk is not on this machine, so an agreement is needed."""
    store.update_account("acme", settings={"subdomain": "acme"})


def last_entry(store):
    return list(store.audit.entries("acme"))[-1]


def test_those_who_look_after_the_account_read_all_of_it_and_nobody_else_does(signed_in, store):
    readers = [signed_in(None, role) for role in (Role.ADMIN, Role.COUNCIL, Role.DPO)]
    others = [signed_in(None, Role.OPS), signed_in(None, Role.HR), signed_in("1"), signed_in("2")]

    for page in PAGES:
        assert [browser.get(HERE + page).status_code for browser in readers] == [200] * 3, page
        assert {browser.get(HERE + page).status_code for browser in others} == {403}, page


def test_only_an_admin_finds_forms_and_may_send_them(signed_in, admin):
    for role in (Role.COUNCIL, Role.DPO):
        browser = signed_in(None, role)
        token = token_of(browser)
        for page in PAGES:
            inside = browser.get(HERE + page).text.partition("<main")[2]
            assert 'method="post"' not in inside, page
        sent = {browser.post(HERE + page, data={"csrf_token": token}).status_code for page in CHANGES}
        assert sent == {403}
        assert browser.get(f"{HERE}/people/1").status_code == 403
    assert admin.get(f"{HERE}/people/1").status_code == 200


def test_without_the_forms_token_nothing_changes(admin, store):
    assert {admin.post(HERE + page).status_code for page in CHANGES} == {400}
    assert policy_of(store, "acme").stopped is False


def test_names_are_for_admins_and_counts_for_the_others(admin, signed_in):
    assert "Chen" in admin.get(f"{HERE}/people").text
    council = signed_in(None, Role.COUNCIL).get(f"{HERE}/people").text
    assert "Chen" not in council
    assert "10 people" in council


def test_the_country_holds_for_those_for_whom_nothing_else_is_said(admin, store):
    assert send(admin, "/hours", preset="de_arbzg", zone="Europe/Berlin", week_start="6").status_code == 303

    assert (store.directory("acme").preset, store.account("acme").zone) == ("de_arbzg", "Europe/Berlin")
    assert store.account("acme").week_start == 6
    assert last_entry(store).body["changed"]["preset"] == {"from": "eu_floor", "to": "de_arbzg"}
    wrong = send(admin, "/hours", preset="mars", zone="Mars/Base", week_start="9")
    assert (wrong.status_code, store.account("acme").zone) == (422, "Europe/Berlin")


def test_one_person_by_hand_from_a_day_on_and_what_was_before_stays(admin, store):
    since = NOW.date() - timedelta(days=7)
    answer = send(
        admin,
        "/people/1",
        name="Ada",
        time_zone="Europe/Amsterdam",
        contract_hours="24,5",
        schedule="Mon-Wed 09:00-17:00",
        lead_of=["200"],
        identity="person",
        since=since.isoformat(),
    )

    assert answer.status_code == 303
    people = store.directory("acme").people
    now = holding(people, NOW.date()).filter(agent="1").row(0, named=True)
    before = holding(people, since - timedelta(days=1)).filter(agent="1").row(0, named=True)
    assert (now["contract_hours"], now["schedule"], now["lead_of"]) == (24.5, "Mon-Wed 09:00-17:00", ["200"])
    assert (before["contract_hours"], before["schedule"]) == (None, "Mon-Fri 09:00-17:30")
    assert now["groups"] == ["100"]
    assert store.directory("acme").people["agent"].n_unique() == 10
    entry = last_entry(store)
    assert entry.what == "people changed"
    assert str(entry.body["agent"]).startswith("person-")
    assert "Ada" not in str(entry.body)


ODD_1 = [
    ("schedule", "whenever"),
    ("time_zone", "Mars/Base"),
    ("contract_hours", "900"),
    ("contract_hours", "nan"),
    ("identity", "robot"),
    ("preset", "mars"),
    ("since", "soon"),
    ("since", "0001-01-01"),
    ("name", "x" * 201),
]


def test_what_cannot_be_is_said_at_the_field_and_nothing_is_kept(admin, store):
    for field, text in ODD_1:
        before = store.directory("acme").people

        answer = send(admin, "/people/1", **{field: text})

        assert answer.status_code == 422
        assert f'id="wrong-{field}"' in answer.text or field in ("identity", "preset")
        assert store.directory("acme").people.equals(before)


def test_people_who_are_not_there_and_groups_that_are_not_there(admin):
    assert send(admin, "/people/4711", name="x").status_code == 404
    assert send(admin, "/people/1", lead_of="900").status_code == 400


def upload(browser, **files):
    sent = {kind: (io.BytesIO(data), f"{kind}.csv") for kind, data in files.items()}
    return browser.post(
        f"{HERE}/people/files", data={"csrf_token": token_of(browser), **sent}, content_type="multipart/form-data"
    )


def test_files_are_taken_together(admin, store):
    answer = upload(
        admin, people=b"agent,schedule\n1,Mon-Fri 10:00-18:00\n", leave=b"agent,from,to\n1,2026-01-01,2026-01-03\n"
    )

    assert answer.status_code == 303
    assert store.told_by("acme", "people", "file")["schedule"].to_list() == ["Mon-Fri 10:00-18:00"]
    assert store.directory("acme").leave["from"].to_list() == [date(2026, 1, 1)]
    assert last_entry(store).body["rows"] == {"people": 1, "leave": 1}


def test_ids_that_the_helpdesk_does_not_know_are_named_and_taken(admin, store):
    store.replace_people("acme", "platform", pl.DataFrame([{"agent": "1"}], schema={"agent": pl.String()}))
    many = "".join(f"{number},900,\n" for number in range(20, 32))

    answer = upload(admin, people=f"agent,groups,lead_of\n1,100,901\n{many}".encode())
    said = admin.get(HERE + "/people").text

    assert answer.status_code == 303
    assert "no agents with these ids: 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 and 2 more." in said
    assert "no groups with these ids: 900, 901." in said


def test_a_member_whom_the_helpdesk_does_not_know_is_let_in_with_a_word(admin, store):
    send(admin, "/access/members", who="zendesk:888888888", roles=["ops"])  # before the helpdesk told of anybody
    assert "knows no such user" not in admin.get(HERE + "/access").text
    store.replace_people("acme", "platform", pl.DataFrame([{"agent": "1"}], schema={"agent": pl.String()}))

    send(admin, "/access/members", who="zendesk:999999999", roles=["ops"])

    assert "knows no such user as 999999999" in admin.get(HERE + "/access").text


ODD_2 = [
    (b"agent,schedule\n1,Mon-Fri 09:00-17:00\n2,whenever\n", "line 3: schedule"),
    (b"", "is empty"),
    (b"\x00\x01\x02PNG", "people.csv: this is no text that can be read"),
    (b"agent\n\xff\xfe\xfa\n", "people.csv: line 2 has signs that cannot be read"),
    (b"agent,schedule\n1,whenever\n", "Mon-Fri 09:00-17:30; Sat 10:00-14:00"),
    (b"nobody,knows\n1,2\n", "there is no column"),
    (b'agent,name\n1,"never ends\n', "is no line of a CSV file"),
    (b"agent,name\n1,<script>alert(1)</script>,3\n", "fields"),
]


def test_of_a_bad_file_nothing_is_taken_and_each_line_is_named(admin, store):
    for data, said in ODD_2:
        before = store.directory("acme").people

        answer = upload(admin, people=data, leave=b"agent,from,to\n1,2026-01-01,2026-01-03\n")

        assert (answer.status_code, said in answer.text) == (422, True), answer.text
        assert "/tmp" not in answer.text
        assert "<script>alert" not in answer.text
        assert store.directory("acme").people.equals(before)
        assert store.directory("acme").leave.is_empty()


def test_a_form_that_is_too_large_is_refused(admin, store):
    assert upload(admin, people=b"agent,name\n" + b"1,x\n" * 700_000).status_code == 413


def test_hostile_names_are_shown_as_they_are(admin, store):
    upload(admin, people=b'agent,name\n1,"<img src=x onerror=alert(1)>"\n')

    for page in ("/people", "/people/1"):
        text = admin.get(HERE + page).text
        assert "<img" not in text
        assert "&lt;img" in text


TERMS = {
    "parties": "works council\nmanagement",
    "agreed_on": "2026-01-05",
    "signals": ["WT4", "WT5"],
    "roles": ["lead"],
    "purposes": ["working_time"],
    "works_council": "consented",
    "dpia_on": "2026-01-02",
}


def test_nothing_is_said_of_single_people_until_an_agreement_is_recorded(admin, store, far_away):
    assert "Aggregate only" in admin.get(f"{HERE}/agreement").text
    assert gate_of(store, "acme", NOW).is_closed

    assert send(admin, "/agreement", how="record", **TERMS).status_code == 303

    gate = gate_of(store, "acme", datetime.now(UTC))
    assert (gate.signals, gate.roles) == (frozenset(["WT4", "WT5"]), frozenset(["agent", "lead"]))
    assert "works council, management" in admin.get(f"{HERE}/agreement").text


def test_a_change_that_reaches_further_waits_and_one_that_narrows_holds(admin, store, far_away):
    send(admin, "/agreement", how="record", **TERMS)

    wider = send(admin, "/agreement", how="ask", **{**TERMS, "signals": ["WT4", "WT5", "LD1"]})
    assert wider.status_code == 303
    assert gate_of(store, "acme", datetime.now(UTC)).signals == frozenset(["WT4", "WT5"])
    assert "LD1" in admin.get(f"{HERE}/agreement").text

    send(admin, "/agreement", how="ask", **{**TERMS, "signals": ["WT4"]})
    assert gate_of(store, "acme", datetime.now(UTC)).signals == frozenset(["WT4"])


def test_nothing_is_ticked_before_and_what_was_ticked_is_recorded_with_what_is_missing(admin, store, far_away):
    empty = admin.get(f"{HERE}/agreement").text
    assert " checked" not in empty
    assert "This is missing" not in empty

    send(admin, "/agreement", how="record", **{**TERMS, "dpia_on": "", "works_council": "not recorded", "roles": []})

    held = store.agreements.entries("acme")[-1].body["agreement"]
    assert (held["purposes"], held["roles"]) == (["working_time"], ["agent"])
    page = admin.get(f"{HERE}/agreement").text
    assert "no day of an assessment of risks" in page
    assert "what the works council decided is not recorded" in page
    assert 'value="working_time" checked' in page
    assert 'value="workload" checked' not in page


ODD_3 = [
    {"parties": ""},
    {"agreed_on": "yesterday"},
    {"agreed_on": ""},
    {"agreed_on": "2999-01-01"},
    {"dpia_on": "2028-01-01"},
    {"signals": "XX9"},
    {"keep_events": "0"},
    {"keep_events": "27"},
    {"keep_events": "40"},  # then facts are needed for 68
    {"keep_events": "9" * 30},
    {"works_council": "maybe"},
    {"parties": "x" * 300},
]


def test_an_agreement_that_does_not_fit_is_not_recorded(admin, store, far_away):
    for odd in ODD_3:
        assert send(admin, "/agreement", how="record", **{**TERMS, **odd}).status_code == 422
        assert store.agreements.entries("acme") == []


def test_writing_where_nothing_is_installed_is_asked_for_twice(admin, store):
    refused = send(admin, "/acting", mode_rebalance="approve")
    assert refused.status_code == 422
    assert "wrong-anyway" in refused.text
    assert policy_of(store, "acme").modes == {}

    assert send(admin, "/acting", mode_rebalance="approve", anyway="yes").status_code == 303
    assert "approved, but nothing is installed yet" in admin.get(HERE).text
    assert send(admin, "/acting", mode_rebalance="approve").status_code == 303  # it is not asked again
    store.installed.keep("acme", "field", "ticket_field", "1", NOW)
    assert "approved, but nothing is installed yet" not in admin.get(HERE).text
    assert send(admin, "/acting", mode_esat_wave="approve").status_code == 303


def test_modes_the_switch_and_the_address(admin, store):
    store.installed.keep("acme", "field", "ticket_field", "1", NOW)
    answer = send(admin, "/acting", mode_rebalance="approve", consent="yes", survey_group="100", language="nl",
                  public_url="https://wellbeing.example.com")  # fmt: skip

    policy = policy_of(store, "acme")
    assert answer.status_code == 303
    assert (policy.mode("rebalance"), policy.consent, policy.survey_group) == ("approve", True, "100")
    assert policy.mode("esat_wave") == "dry_run"
    assert admin.get(HERE).status_code == 200  # the session goes on over TLS
    send(admin, "/acting/switch", to="stop")
    assert policy_of(store, "acme").stopped
    send(admin, "/acting/switch", to="go")
    assert not policy_of(store, "acme").stopped


ODD_4 = [
    {"mode_rebalance": "auto"},
    {"mode_check_in": "approve"},
    {"survey_group": "900"},
    {"public_url": "http://evil.example"},
    {"public_url": "https://x/path"},
    {"public_url": "javascript:alert(1)"},
    {"language": "xx"},
]


def test_settings_of_acting_that_do_not_fit_change_nothing(admin, store):
    for odd in ODD_4:
        assert send(admin, "/acting", **odd).status_code == 422
        assert policy_of(store, "acme").modes == {}


def test_members_are_let_in_and_no_more_but_the_last_admin_stays(admin, store):
    send(admin, "/access/members", who="Chris@Example.com", roles=["council"], name="Chris")
    assert store.access.member("acme", "email:chris@example.com").roles == {Role.COUNCIL}
    send(admin, "/access/members", who="chris@example.com", roles=["ops"], agent="1")
    assert store.access.member("acme", "email:chris@example.com").agent == "1"
    for who, agent in (("chris@example.com", "x" * 300), ("zendesk:2", "1")):
        assert send(admin, "/access/members", who=who, roles=["ops"], agent=agent).status_code == 422
    send(admin, "/access/members/drop", who="email:chris@example.com")
    assert store.access.member("acme", "email:chris@example.com") is None

    last = send(admin, "/access/members/drop", who="email:admin@example.com")
    assert (last.status_code, "last admin" in last.text) == (422, True)
    for odd in ("", "nobody", "javascript:x", "email:x", "x" * 5000):
        assert send(admin, "/access/members", who=odd, roles=["admin"]).status_code == 422
    assert send(admin, "/access/members", who="a@example.com", roles=["lead"]).status_code == 422


def test_an_admin_ends_the_session_of_another_but_not_one_of_another_account(admin, signed_in, store):
    store.create_account("globex")
    later = NOW + timedelta(hours=1)
    other = store.access.begin_session("globex", "email:x@example.com", "X", None, "test", NOW, later)
    council = signed_in(None, Role.COUNCIL)
    theirs = next(one for one in store.access.sessions("acme", NOW) if "council" in one.who)
    foreign = store.access.session("globex", other, NOW).hash

    assert send(admin, "/access/sessions/end", session=theirs.hash).status_code == 303
    assert send(admin, "/access/sessions/end", session=foreign).status_code == 404
    assert council.get(HERE).status_code == 303
    assert store.access.session("globex", other, NOW) is not None


def test_many_who_are_signed_in_are_shown_a_page_at_a_time(admin, store):
    for number in range(A_PAGE + 1):
        store.access.begin_session(
            "acme", f"zendesk:{number}", f"Number {number}", None, "zendesk", NOW, NOW + timedelta(hours=1)
        )

    first, second = (admin.get(f"/a/acme/settings/access?page={page}").text for page in (1, 2))

    assert "Page 1 of 2" in first
    shown = [{number for number in range(A_PAGE + 1) if f"Number {number}<" in page} for page in (first, second)]
    assert shown[0] | shown[1] == set(range(A_PAGE + 1))
    assert not shown[0] & shown[1]
    assert "Page 2 of 2" in admin.get("/a/acme/settings/access?page=99999999999999999999").text


def test_a_provider_is_set_with_its_secret_which_is_never_shown(admin, store):
    provider = {"issuer": "https://login.example.com", "client_id": "c", "label": "Acme ID", "secret": "hush-hush-hush"}

    without = send(
        admin,
        "/access/ways",
        what="oidc",
        **{**provider, "secret": ""},
    )
    assert without.status_code == 422
    assert (
        send(
            admin,
            "/access/ways",
            what="oidc",
            **provider,
        ).status_code
        == 303
    )
    assert store.get_secret("acme", "sign_in_oidc_secret") == "hush-hush-hush"
    assert "hush-hush" not in admin.get(f"{HERE}/access").text
    assert sign_in_of(store, "acme").oidc.label == "Acme ID"
    for odd in ("http://evil.example", "file:///etc/passwd", "https://user@host"):
        assert (
            send(
                admin,
                "/access/ways",
                what="oidc",
                **{**provider, "issuer": odd},
            ).status_code
            == 422
        )
    send(admin, "/access/ways", what="no oidc")
    assert sign_in_of(store, "acme").oidc is None


def test_another_accounts_settings_are_not_reached_with_this_accounts_session(admin, store):
    store.create_account("globex")
    token = token_of(admin)

    assert admin.get("/a/globex/settings").status_code == 303
    assert admin.post("/a/globex/settings/acting/switch", data={"csrf_token": token, "to": "stop"}).status_code in (
        303,
        400,
    )
    assert not policy_of(store, "globex").stopped


def test_the_backtest_says_that_there_is_nothing_before_anything_was_read(admin, store):
    send(admin, "/backtest")
    for _ in range(200):
        job = jobs.job_of(store, "acme", jobs.BACKTEST)
        if job.state != "running":
            break
        threading_pause()

    assert job.state == "failed"
    assert "Nothing has been read yet" in admin.get(f"{HERE}/backtest").text


def threading_pause() -> None:
    import time

    time.sleep(0.02)


def test_numbers_of_people_are_told_from_five_on_and_those_of_queues_always():
    def rise(kind, id, day="2026-03-03", level="warn"):
        return {
            "date": day,
            "signal": "S",
            "rule": "r",
            "subject": {"kind": kind, "id": id},
            "from": "none",
            "to": level,
        }

    weeks = [date(2026, 3, 2), date(2026, 3, 9)]
    rows = [rise("agent", str(n)) for n in range(4)] + [rise("agent", str(n), "2026-03-10") for n in range(5)]
    rows += [rise("queue", "q"), rise("agent", "9", level="cooling")]

    found = {one["kind"]: one for one in backtest._lines(rows, weeks, is_small=False)}
    assert (found["agent"]["counts"], found["agent"]["all"]) == ([backtest.FEW, 5], 5)
    assert (found["queue"]["counts"], found["queue"]["all"]) == ([1, 0], 1)
    assert [one["kind"] for one in backtest._lines(rows, weeks, is_small=True)] == ["queue"]


def test_what_was_on_before_the_weeks_of_a_backtest_counts_in_the_first_one():
    def row(id, day, was, now):
        return {
            "signal": "SP1",
            "rule": "r",
            "subject": {"kind": "queue", "id": id},
            "date": day,
            "from": was,
            "to": now,
        }

    rows = [row("on", "2026-01-05", "none", "warn"), row("over", "2026-01-05", "none", "warn"),
            row("over", "2026-01-07", "cooling", "cleared"), row("later", "2026-03-10", "none", "warn")]  # fmt: skip
    weeks = [date(2026, 3, 2), date(2026, 3, 9)]

    (line,) = backtest._lines(rows, weeks, is_small=False, since=date(2026, 2, 26))
    assert (line["counts"], line["all"]) == ([1, 1], 2)
    assert backtest._lines(rows[1:3], weeks, is_small=False, since=date(2026, 2, 26)) == []


def test_work_in_the_background_runs_once_and_is_known_to_have_been_cut_off(store):
    import threading

    go = threading.Event()
    assert jobs.begin(store, "acme", "job_x", lambda tell: go.wait(5) and {"n": 1}, lambda: datetime.now(UTC))
    assert not jobs.begin(store, "acme", "job_x", lambda tell: None, lambda: datetime.now(UTC))
    running = jobs.job_of(store, "acme", "job_x")
    assert running.is_running(running.said_at)
    assert running.was_cut_off(running.said_at + jobs.SILENT)
    go.set()
    for _ in range(200):
        if jobs.job_of(store, "acme", "job_x").state == "done":
            break
        threading_pause()
    assert jobs.job_of(store, "acme", "job_x").result == {"n": 1}


def test_notices_go_out_by_servers_and_rooms_that_may_be_called(admin, store):
    send(admin, "/acting", public_url="http://127.0.0.1:8000")
    mail = {"host": "smtp.example.com", "port": "587", "security": "starttls", "sender": "w@example.com", "user": "u",
            "password": "hush-hush", "mail_to": ["lead"], "quiet_from": "18:00", "quiet_until": "08:00",
            "digest_at": "08:00", "urgent_a_day": "1", "on": "yes"}  # fmt: skip

    assert send(admin, "/notices", **mail).status_code == 303
    assert store.get_secret("acme", "notices_smtp_password") == "hush-hush"
    assert "hush-hush" not in admin.get(f"{HERE}/notices").text
    elsewhere = send(admin, "/notices", **{**mail, "host": "evil.example", "password": ""})
    assert (elsewhere.status_code, "password" in elsewhere.text) == (422, True)
    for odd in ({"quiet_from": "25:00"}, {"urgent_a_day": "x"}, {"host": "a b"}, {"sender": "a@b\nBcc: c@d"}):
        assert send(admin, "/notices", **{**mail, **odd}).status_code == 422, odd
    room = {"name": "ops", "kind": "slack", "role": "ops"}
    for odd in ("http://hooks.slack.com/x", "https://evil.example/x", "https://169.254.169.254/", "file:///x", ""):
        assert send(admin, "/notices/rooms", **room, url=odd).status_code == 422, odd
    assert send(admin, "/notices/rooms", **room, url="https://hooks.slack.com/services/T/B/x").status_code == 303
    assert "services/T" not in admin.get(f"{HERE}/notices").text
    assert send(admin, "/notices/rooms/drop", name="ops").status_code == 303
    assert send(admin, "/notices/rooms/drop", name="ops").status_code == 404


def test_how_long_what_is_kept_is_set_in_days(admin, store):
    from helpdesk_wellbeing.upkeep.retention import Kind, retention_of

    assert send(admin, "/keeping", audit="800").status_code == 303
    assert retention_of(store, "acme").days[Kind.AUDIT] == 800
    for odd in ("0", "-1", "x", "9" * 9, "99999"):
        assert send(admin, "/keeping", audit=odd).status_code == 422, odd
    assert admin.get(f"{HERE}/documents/../x").status_code == 404
    assert admin.get(f"{HERE}/documents/dpia/xx").status_code == 404
    assert "attachment" in admin.get(f"{HERE}/documents/works-council/en").headers["Content-Disposition"]


def test_what_was_contested_waits_for_the_admin_without_values_until_it_is_settled(admin, signed_in, store):
    flag = {"rule": "short_daily_rest", "subject": {"kind": "agent", "id": "1"}, "since": "2026-03-02"}
    id = contest(store, "acme", flag, "not me", NOW, by="zendesk:1", agent="1")

    shown = admin.get(HERE).text
    assert "One contested flag to look at" in shown
    assert "Ada</strong>: " in shown
    for role in (Role.COUNCIL, Role.DPO):
        assert "ontested flag" not in signed_in(None, role).get(HERE).text

    assert send(admin, f"/contests/{id}").status_code == 303
    assert doubts(store, "acme", datetime.now(UTC)) == []
    assert last_entry(store).what == "contest settled"
    assert "already" in admin.post(
        f"{HERE}/contests/{id}", data={"csrf_token": token_of(admin)}, follow_redirects=True
    ).text  # fmt: skip
    assert send(signed_in(None, Role.DPO), f"/contests/{id}").status_code == 403
