"""One flag, one's own page and the teams: who sees how much, and what can be said about it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access.break_glass import open_glass
from helpdesk_wellbeing.access.roles import Role, home_of
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.facts.schema import DAYS, ONE_TICKET, QUEUES, SHIFTS
from helpdesk_wellbeing.pages.flag import _measured
from helpdesk_wellbeing.pages.told import called
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.web.site import SITE

ACCOUNT, BILLING, CARE = "acme", "100", "200"
NAMES = {"1": "Ada", "2": "Bo", "3": "Chen", "4": "Dia", "5": "Eli", "6": "Fay", "7": "Gus", "8": "Cleo", "9": "Ina"}
ADA, BO, CHEN, DIA, ELI, FAY, INA = "1", "2", "3", "4", "5", "6", "9"
TODAY = datetime.now(UTC).date()
STATUTORY = f"/a/acme/flags/short_daily_rest/agent/{ADA}"
OF_DIA = f"/a/acme/flags/short_daily_rest/agent/{DIA}"
OF_ELI = f"/a/acme/flags/open_work_overload/agent/{ELI}"
OWN_FIRST = f"/a/acme/flags/open_work_overload/agent/{CHEN}"
OF_BO = f"/a/acme/flags/short_daily_rest/agent/{BO}"
TEAM = f"/a/acme/flags/team_imbalance/team/{BILLING}"
SMALL_TEAM = f"/a/acme/flags/team_imbalance/team/{CARE}"
SMALL_QUEUE = f"/a/acme/flags/backlog_growth/queue/{CARE}"
ME = "/a/acme/me"


def flag_of(rule, signal, kind, id, values, evidence=()):
    return {
        "signal": signal, "rule": rule, "subject": {"kind": kind, "id": id}, "level": "warn", "state": "active",
        "since": TODAY.isoformat(), "values": values, "evidence": list(evidence), "grade": "A",
        "window": {"start": "2026-11-18T17:30:00Z", "end": "2026-11-19T03:00:00Z"},
    }  # fmt: skip


def shifts_of(agent, hours=8.0):
    found = []
    for ago in range(30, 0, -1):
        day = TODAY - timedelta(days=ago)
        if day.weekday() < 5:
            start = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
            length = timedelta(hours=hours + ago % 3)
            span = {"active_15": length * 0.8, "active_30": length, "active_60": length * 1.05}
            found.append((agent, day, start, length, span))
    return found


def frames():
    every = [one for agent in "1234567" for one in shifts_of(agent)]
    common = {"work_events": 30, "grade": "A"}
    shifts = [
        {"agent": agent, "start": start, "end": start + length, "date": day, "closed": True, **span, **common,
         "breaks": timedelta(minutes=40), "night": timedelta(), "open_weight": 9 * ONE_TICKET, "piece": day}
        for agent, day, start, length, span in every
    ]  # fmt: skip
    days = [
        {"agent": agent, "date": day, "first": start, "last": start + length, **span, **common, "tickets": 9,
         "touched_weight": 5 * ONE_TICKET, "after_hours": timedelta(minutes=20), "piece": day}
        for agent, day, start, length, span in every
    ]  # fmt: skip
    queues = [
        {"group": group, "date": TODAY - timedelta(days=ago), "created": 5, "solved": 4, "open_at_end": 40 + ago,
         "escalated": 0, "reopened": 0, "piece": TODAY - timedelta(days=ago)}
        for group in (BILLING, CARE) for ago in range(20, 0, -1)
    ]  # fmt: skip
    return {"shifts": (SHIFTS, shifts), "days": (DAYS, days), "queues": (QUEUES, queues)}


# One account for all: what is changed is changed about somebody of whom no other test speaks.


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = tmp_path_factory.mktemp("flags")
    return Settings(home, f"sqlite:///{home / 'wellbeing.db'}")


@pytest.fixture(scope="module")
def store(settings):
    with open_store(settings) as opened:
        opened.create_account(ACCOUNT, platform="zendesk", settings={"base_url": "http://127.0.0.1:9"})
        people = [
            {"agent": id, "name": name, "time_zone": "Europe/Amsterdam", "schedule": "Mon-Fri 09:00-17:30",
             "groups": [BILLING if id in "123456" else CARE], "lead_of": [BILLING] if id == BO else None}
            for id, name in NAMES.items()
        ]  # fmt: skip
        opened.replace_people(ACCOUNT, "file", frame_of(PEOPLE, people))
        groups = [{"group": BILLING, "name": "Billing", "tier": 1}, {"group": CARE, "name": "Care", "tier": 1}]
        opened.replace_groups(ACCOUNT, "platform", frame_of(GROUPS, groups))
        yield opened


@pytest.fixture(scope="module")
def app(settings, store):
    made = web_side.web(settings, role="web")
    yield made
    web_side.close(made)


def frame_of(schema, rows):
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


@pytest.fixture(scope="module")
def answered(store):
    """The account was evaluated an hour ago, with flags of every kind."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    rest = {"rest_h": 9.5, "required_h": 11.0}
    load = {"open_weight": 15.6, "median_weight": 8.7, "z": 4.65, "days_of_work": 2.5}
    uneven = {"max_ratio": 2.2, "min_ratio": 0.6}
    bars = [{"what": "team without names", "members": [{"member": m, "ratio": 1.0} for m in "ABCDEF"]}]
    backlog = {"slope_per_day": 8.2, "p": 0.0001, "ratio": 1.6, "days_to_clear": 6.1}
    answer = {
        "account": ACCOUNT, "as_of": at.isoformat(), "identity_review": [], "withheld": [],
        "not_assessable": [{"signal": "WT7", "subject": {"kind": "agent", "id": ADA}, "reason": "no schedule"}],
        "flags": [
            flag_of("short_daily_rest", "WT4", "agent", ADA, rest, [{"rest_from": "2026-11-18T17:31:07Z"}]),
            flag_of("short_daily_rest", "WT4", "agent", BO, rest),
            flag_of("short_daily_rest", "WT4", "agent", DIA, rest),
            flag_of("open_work_overload", "LD1", "agent", CHEN, load),
            flag_of("open_work_overload", "LD1", "agent", ELI, load),
            flag_of("team_imbalance", "LD4", "team", BILLING, uneven, bars),
            flag_of("team_imbalance", "LD4", "team", CARE, uneven),
            flag_of("backlog_growth", "LD6", "queue", CARE, backlog),
        ],
    }  # fmt: skip
    with store.transaction():
        for day in sorted({row["piece"] for _, rows in frames().values() for row in rows}):
            since = datetime(day.year, day.month, day.day, tzinfo=UTC)
            pieces = {
                kind: pl.DataFrame(
                    [dict.fromkeys(schema) | row for row in rows if row["piece"] == day],
                    schema={**schema, "piece": pl.Date()},
                )
                for kind, (schema, rows) in frames().items()
            }
            store.write_pieces(ACCOUNT, since, {kind: frame for kind, frame in pieces.items() if frame.height})
        store.work.keep_answer(ACCOUNT, at, answer)
        store.work.note_run(ACCOUNT, evaluated_at=at, evaluated_until=at)
        spells = [(f["rule"], f["subject"]["kind"], f["subject"]["id"], TODAY) for f in answer["flags"]]
        store.seen.note(ACCOUNT, spells, at)
    return store


def token_in(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[1]


def post(browser, where, shown, **fields):
    return browser.post(where, data={"csrf_token": token_in(browser.get(shown)), **fields})


def text_of(answer):
    return answer.get_data(as_text=True)


def test_the_agent_sees_all_of_a_flag_of_their_own(answered, signed_in):
    page = text_of(signed_in(ADA).get(STATUTORY))

    assert "at most 9.5 h" in page
    assert "11 h" in page
    assert "Rest had been 11 h or more" in page
    assert "<svg" in page
    assert 'role="img"' in page


def test_to_oneself_a_flag_is_told_without_the_own_name(answered, signed_in):
    for where in (STATUTORY, ME):
        page = text_of(signed_in(ADA).get(where))
        assert "At most 9.5 h of rest" in page
        assert "Ada: " not in page


def test_levels_and_limits_are_said_as_they_are(answered, signed_in):
    rest, load = (text_of(signed_in(who).get(where)) for who, where in ((ADA, STATUTORY), (CHEN, OWN_FIRST)))

    assert "Noticeable" in rest
    assert "shorter than needed" in rest
    assert "<h2>The limit</h2>" in rest
    assert "eyond the limit" not in rest + load
    assert "<h2>The limit</h2>" not in load
    assert "Usual open work</dt><dd>8.7 normal tickets" in load
    assert "open work: 11.31 normal tickets or more" in load


@pytest.mark.parametrize(
    ("signal", "name", "values", "place"),
    [
        ("WT3", "average_h", {"average_h": 44.2, "limit_h": 48.0}, "near"),
        ("WT1", "active_h", {"active_h": 12.0, "limit_h": 12.0}, "at"),
        ("WT1", "active_h", {"active_h": 12.1, "limit_h": 12.0}, "beyond"),
        ("WT2", "week_h", {"week_h": 27.0, "limit_h": 48.0}, "below"),
        ("WT4", "rest_h", {"rest_h": 9.0, "required_h": 11.0}, "too short"),
        ("WT7", "after_hours_h_per_week", {"after_hours_h_per_week": 5.0}, None),
    ],
)
def test_a_value_is_held_against_its_limit(signal, name, values, place):
    measured = _measured({"signal": signal, "values": values, "evidence": []})

    assert next(one.place for one in measured if one.name == name) == place


@pytest.mark.parametrize("people", [9, 10])
def test_shares_of_open_work_are_told_of_ten_and_more_and_only_roughly(people):
    members = [{"member": str(one), "ratio": 0.61 + one / 10} for one in range(people)]
    flag = {"signal": "LD4", "values": {"max_ratio": 1.51, "min_ratio": 0.61}, "evidence": [{"members": members}]}

    told = {one.name: one.value for one in _measured(flag)}
    assert told == ({"max_ratio": 1.5, "min_ratio": 0.6} if people == 10 else {})


@pytest.mark.parametrize(("agent", "roles"), [(BO, ()), (None, (Role.HR,)), (None, (Role.COUNCIL,))])
def test_of_a_team_of_six_nobody_reads_single_shares(answered, signed_in, agent, roles):
    page = text_of(signed_in(agent, *roles).get("/a/acme/teams/100"))

    assert "open work is spread unevenly" in page
    assert "How open work is spread" not in page
    assert "2.2" not in re.sub(r"(?s)<figure.*?</figure>", "", page)
    if agent:
        flag = text_of(signed_in(agent).get(TEAM))
        assert "2.2" not in re.sub(r"(?s)<figure.*?</figure>", "", flag)
        assert "highest share, 1 is fair: 1.5 or more, and lowest share, 1 is fair: 0.75 or less" in flag


@pytest.mark.parametrize("role", [Role.HR, Role.COUNCIL, Role.ADMIN, Role.DPO])
def test_who_was_given_a_role_begins_at_what_it_is_for(role):
    assert home_of({Role.AGENT, role}) == home_of({role}) != "me"
    assert home_of({Role.AGENT}) == "me"


@pytest.mark.parametrize(("language", "said"), [("en", "22 Nov 2026"), ("nl", "22 nov 2026")])
@pytest.mark.parametrize("name", ["day", "day_of"])
def test_days_are_written_in_one_way(app, language, said, name):
    with app.test_request_context("/a/acme/", headers={"Accept-Language": language}):
        assert app.jinja_env.filters[name](datetime(2026, 11, 22, 12, tzinfo=UTC)) == said


def test_a_lead_sees_sentence_values_and_limit_but_no_timeline(answered, signed_in):
    page = text_of(signed_in(BO).get(STATUTORY))

    assert "Ada: at most 9.5 h of rest" in page
    assert "Time between two shifts" in page
    assert "<svg" not in page
    assert "17:3" not in page


def test_what_no_law_asks_for_is_the_agents_alone_for_a_day(answered, signed_in):
    assert signed_in(CHEN).get(OWN_FIRST).status_code == 200
    assert "Only you see this until" in text_of(signed_in(CHEN).get(OWN_FIRST))
    assert signed_in(BO).get(OWN_FIRST).status_code == 404


@pytest.mark.parametrize(
    ("agent", "roles", "where"),
    [
        (DIA, (), STATUTORY),  # a colleague
        (DIA, (), TEAM),
        (None, (Role.OPS,), OF_BO),  # a lead's own goes to who leads the lead, here to nobody
        (None, (Role.OPS,), SMALL_TEAM),  # three people: one could be guessed
        (None, (Role.OPS,), "/a/acme/flags/long_day/agent/1"),  # no such flag
        (None, (Role.OPS,), "/a/acme/flags/nothing/agent/1"),
    ],
)
def test_no_flag_and_none_for_this_reader_are_the_same_page(answered, signed_in, agent, roles, where):
    answer = signed_in(agent, *roles).get(where)

    assert answer.status_code == 404
    assert "There is nothing at this address" in text_of(answer)


@pytest.mark.parametrize("roles", [(Role.HR,), (Role.COUNCIL,), (Role.ADMIN,), (Role.DPO,)])
def test_roles_without_personal_values_open_no_flag(answered, signed_in, roles):
    assert signed_in(None, *roles).get(STATUTORY).status_code == 403


def test_facts_about_tickets_of_a_small_queue_may_be_seen(answered, signed_in):
    assert "Care" in text_of(signed_in(None, Role.OPS).get(SMALL_QUEUE))


def test_a_contested_flag_pauses_and_only_the_agent_still_sees_it(answered, signed_in):
    browser = signed_in(DIA)
    assert post(browser, f"{OF_DIA}/contest", OF_DIA, reason="not me").status_code == 303

    assert "Contested on" in text_of(browser.get(OF_DIA))
    assert signed_in(BO).get(OF_DIA).status_code == 404
    assert [one.reason for one in answered.said.contests(ACCOUNT)] == ["not me"]


def test_a_contest_needs_one_of_the_reasons_and_says_so_at_the_field(answered, signed_in):
    answer = post(signed_in(ADA), f"{STATUTORY}/contest", STATUTORY, reason="because")

    assert answer.status_code == 422
    assert "Choose one of the reasons." in text_of(answer)
    assert "Contested on" not in text_of(signed_in(ADA).get(STATUTORY))


def test_reasons_about_one_person_are_offered_for_agents_only(answered, signed_in):
    browser = signed_in(BO)
    page, own = text_of(browser.get(TEAM)), text_of(browser.get(OF_BO))
    for one in ("On-call duty was swapped", "This overtime was agreed"):
        assert one in own
        assert one not in page
    assert "Another reason" in page
    assert post(browser, f"{TEAM}/contest", TEAM, reason="on-call swap").status_code == 422


def test_who_looked_at_a_flag_is_told_to_whom_it_is_about(answered, signed_in):
    signed_in(BO).get(STATUTORY)
    page = text_of(signed_in(ADA).get(ME))

    assert re.search(r"Bo\s+looked at what concerns you", page)


def test_ones_own_page_shows_flags_weeks_and_the_self_check(answered, signed_in):
    page = text_of(signed_in(ADA).get(ME))

    assert "Short rest between shifts" in page or "Short daily rest" in page
    assert "Days longer than 10 h in the last two weeks" in page
    assert page.count("<svg") == 4
    assert "What is never stored" in page


def test_of_whom_nothing_was_seen_nothing_is_good(answered, signed_in):
    page = text_of(signed_in(INA).get(ME))

    assert "cannot be told: nothing was seen in this time" in page
    assert "Days longer than 10 h" in page
    assert "Rests shorter than 11 h" in page
    assert "no break of 0 minutes" not in page
    assert "level good" not in page
    assert "That says nothing about how you are." in page


def test_an_objection_is_kept_and_can_be_taken_back_but_not_one_against_the_law(answered, signed_in):
    browser = signed_in(ELI)
    assert browser.get(OF_ELI).status_code == 200
    assert post(browser, f"{ME}/objections", ME, signal="LD1").status_code == 303
    assert [(one.agent, one.signal) for one in answered.said.objections(ACCOUNT)] == [(ELI, "LD1")]
    assert browser.get(OF_ELI).status_code == 404

    assert post(browser, f"{ME}/objections", ME, signal="LD1", withdraw="1").status_code == 303
    assert answered.said.objections(ACCOUNT) == []
    assert post(browser, f"{ME}/objections", ME, signal="WT4").status_code == 400
    assert post(browser, f"{ME}/objections", ME, signal="XX").status_code == 400


def test_own_hours_are_kept_or_refused_with_a_hint(answered, signed_in):
    browser = signed_in(FAY)
    assert post(browser, f"{ME}/hours", ME, schedule="whenever").status_code == 422
    assert post(browser, f"{ME}/hours", ME, schedule="Mon-Fri 10:00-18:30").status_code == 303
    page = text_of(browser.get(ME))
    assert "Mon-Fri 10:00-18:30" in page
    assert "not counted as outside your own hours; all other work is" in page
    assert "also where your schedule has you at work" in page
    assert post(browser, f"{ME}/hours", ME, forget="1").status_code == 303
    page = text_of(browser.get(ME))
    assert "Mon-Fri 10:00-18:30" not in page
    assert "Your own hours are forgotten" in page
    assert post(browser, f"{ME}/hours", ME, schedule="").status_code == 303
    assert "You had set no hours of your own" in text_of(browser.get(ME))


def test_who_wants_no_surveys_is_not_asked(answered, signed_in):
    browser = signed_in(FAY)
    post(browser, f"{ME}/surveys", ME, asked="no")
    assert policy_of(answered, ACCOUNT).not_asked == (FAY,)
    post(browser, f"{ME}/surveys", ME, asked="yes")
    assert policy_of(answered, ACCOUNT).not_asked == ()


@pytest.mark.parametrize(
    ("who", "name"),
    [(f"zendesk:{FAY}", "Fay"), (f"desk:{FAY}", f"desk:{FAY}"), (FAY, FAY), ("zendesk:77", "zendesk:77"), (None, None)],
)
def test_only_who_signs_in_as_an_agent_is_called_by_their_name(answered, app, who, name):
    assert called(app.extensions[SITE].known, ACCOUNT, who) == name


def test_nobody_reads_who_wants_no_surveys(answered, signed_in):
    earlier = signed_in(DIA)
    post(earlier, f"{ME}/surveys", ME, asked="no")
    noted = [one.what for one in answered.audit.about(ACCOUNT, DIA)]
    post(signed_in(FAY), f"{ME}/surveys", ME, asked="no")

    assert [one.what for one in answered.audit.about(ACCOUNT, DIA)] == noted
    assert "Fay" not in text_of(earlier.get(ME))
    assert not any("agent:" in json.dumps(one.body) for one in answered.audit.entries(ACCOUNT))


def test_what_is_told_at_go_live_is_shown_until_it_was_read(answered, signed_in):
    browser = signed_in(FAY)
    assert "I have read it" in text_of(browser.get(ME))
    post(browser, f"{ME}/read", ME)
    assert "I have read it" not in text_of(browser.get(ME))


def test_who_is_no_agent_has_no_own_page(answered, signed_in):
    assert signed_in(None, Role.OPS).get(ME).status_code == 403


def test_somebody_elses_page_opens_for_a_reason_only_and_they_read_who_and_why(answered, signed_in):
    browser, who = signed_in(None, Role.HR), "email:hr@example.com"
    assert browser.get(f"{ME}/{ADA}").status_code == 404
    looks = Viewer(ACCOUNT, who, "Health and safety", None, frozenset({Role.HR}))
    open_glass(answered, looks, ADA, "Ada asked us to look at her rest", datetime.now(UTC))

    page = text_of(browser.get(f"{ME}/{ADA}"))
    assert "You opened this page for a reason" in page
    assert "last two weeks" not in page
    assert "<form" not in page.partition("<main")[2]
    assert browser.get(f"{ME}/{CHEN}").status_code == 404
    mine = text_of(signed_in(ADA).get(ME))
    for said in ("Health and safety", "email:hr@example.com", "Ada asked us to look at her rest"):
        assert said in mine


def test_what_is_held_comes_as_a_file_for_oneself(answered, signed_in):
    answer = post(signed_in(ADA), f"{ME}/export", ME)

    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert json.loads(archive.read("held.json"))["agent"] == ADA
    assert "exported" in [one.what for one in answered.audit.about(ACCOUNT, ADA)]


def test_a_form_without_its_token_changes_nothing(answered, signed_in):
    assert signed_in(ADA).post(f"{ME}/objections", data={"signal": "LD1"}).status_code == 400
    assert answered.said.objections(ACCOUNT) == []


def test_teams_of_five_show_when_they_work_and_smaller_ones_only_tickets(answered, signed_in):
    browser = signed_in(None, Role.HR)
    large, small = text_of(browser.get("/a/acme/teams/100")), text_of(browser.get("/a/acme/teams/200"))

    assert "When the team works" in large
    assert "When the team works" not in small
    assert "one of them could be guessed" in small
    assert "How the queue stands" in small
    assert not any(name in large + small for name in ("Ada", "Chen", "Gus"))


def test_leads_see_their_own_teams_only(answered, signed_in):
    browser = signed_in(BO)
    assert browser.get("/a/acme/teams/100").status_code == 200
    assert browser.get("/a/acme/teams/200").status_code == 404
    assert "Care" not in text_of(browser.get("/a/acme/teams"))


def test_a_flag_of_a_rule_that_was_taken_away_since_is_on_no_page(answered, app, signed_in, monkeypatch):
    known = app.extensions[SITE].known
    rules = {id: rule for id, rule in known.catalogue.rules.items() if id != "team_imbalance"}
    monkeypatch.setattr(known, "catalogue", Catalogue(known.catalogue.signals, rules))
    browser = signed_in(BO)

    assert [browser.get(f"/a/acme/{page}").status_code for page in ("teams", "teams/100", "today", "me")] == [200] * 4
    assert "1 flag" not in text_of(browser.get("/a/acme/teams"))


@pytest.mark.parametrize("where", [STATUTORY, ME, "/a/acme/teams", "/a/acme/teams/100"])
def test_pages_keep_to_their_own_policy_and_size(answered, signed_in, where):
    browser = signed_in(BO) if where != ME else signed_in(ADA)
    for language in ("en", "nl"):
        page = text_of(browser.get(f"{where}?lang={language}"))
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert len(re.sub(r"(?s)<figure.*?</figure>", "", page).encode()) < 200_000


def test_an_agent_stands_in_the_entries_that_name_them_and_in_no_other(store):
    other, at = "other", datetime(2026, 11, 20, tzinfo=UTC)
    store.create_account(other)
    store.audit.add(other, at, "first", agents=[Person("1")])
    store.audit.add(other, at, "second", note="nobody")
    store.audit.add(other, at, "third", subject={"id": Person("2")})
    store.audit.add(other, at, "fourth", agents=[Person("2"), Person("1")])

    assert [one.what for one in store.audit.about(other, "1")] == ["fourth", "first"]
    assert [one.what for one in store.audit.about(other, "2", most=1)] == ["fourth"]
    assert store.audit.about(other, "3") == []
    assert json.dumps([one.what for one in store.audit.entries(other)]) == '["first", "second", "third", "fourth"]'
