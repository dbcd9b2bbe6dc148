from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.store import tables
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.audit import Person, Wanted

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def log(store):
    """What happened: two people looked at Ada, one of them decided, an admin's token was made."""
    member = Member("email:vera@example.com", "Vera", None, frozenset({Role.OPS}), NOW, "a test")
    store.access.put_member("acme", member)
    flag = [{"rule": "long_day", "subject": {"kind": "agent", "id": Person("1")}, "values": {"active_h": 12.34}}]
    store.audit.add("acme", NOW - 3 * DAY, "proposed", proposal="abc", because=flag)
    store.audit.add("acme", NOW - 2 * DAY, "looked", by="zendesk:2", page="today", agents=[Person("1"), Person("2")])
    store.audit.add("acme", NOW - 2 * DAY, "looked", by="email:vera@example.com", page="today", agents=[Person("1")])
    store.audit.add("acme", NOW - DAY, "declined", by="Vera the admin", proposal="abc", reason="not needed")
    return store.audit


def rows(text):
    return re.findall(r'<td class="number"[^>]*>(\d+)</td>', text)


def see(browser, query=""):
    return browser.get(f"/a/acme/audit{query}")


def test_entries_come_newest_first_and_persons_as_words(log, signed_in):
    text = see(signed_in(None, Role.DPO)).text

    assert rows(text) == ["4", "3", "2", "1"]
    assert log.word_of("acme", "1") in text
    for name in ("vera@example.com", "Vera", "zendesk:2", ">Ada<", ">Bo<"):
        assert name not in text


@pytest.mark.parametrize("role", [Role.COUNCIL, Role.ADMIN, Role.DPO])
def test_nobody_reads_here_what_was_measured_of_a_person(log, signed_in, role):
    browser = signed_in(None, role)

    assert "12.34" not in see(browser).text + browser.get("/a/acme/audit.csv").text


@pytest.mark.parametrize(
    ("roles", "told"),
    [([Role.COUNCIL], False), ([Role.ADMIN], False), ([Role.DPO], True), ([Role.COUNCIL, Role.DPO], True)],
)
def test_who_signed_in_is_told_and_whose_personal_matters_are_whose_to_data_protection_alone(
    log, signed_in, roles, told
):
    log.add("acme", NOW, "signed in", by=Person("1"), way="zendesk")
    log.add("acme", NOW, "contested", by=Person("1"), rule="long_day", reason="not me", contest="c0ffee")
    log.add("acme", NOW, "settings", by=Person("1"), changed={"not_asked": {"from": [], "to": [Person("1")]}})
    browser, word = signed_in(None, *roles), log.word_of("acme", "1")
    rest = "?what=contested", "?what=looked", "?what=proposed", "?what=declined", "?what=settings"

    assert word in see(browser, "?what=signed in").text
    for text in (*(see(browser, query).text.partition("<tbody>")[2] for query in rest), _others(browser)):
        known = any(one in text for one in (word, "member-", "long_day", "Long days", "not needed", "not me"))
        assert known is told
        assert told or "proposal made" in text or "somebody</bdi>" in text or "somebody'" in text
    assert ("c0ffee" in see(browser).text) is told


def _others(browser):
    lines = csv.DictReader(io.StringIO(browser.get("/a/acme/audit.csv").text))
    return "".join(str(line) for line in lines if line["what"] not in ("signed in", "audit downloaded"))


@pytest.mark.parametrize("role", [Role.COUNCIL, Role.ADMIN])
def test_only_data_protection_looks_for_a_person(log, signed_in, role):
    browser, bo = signed_in(None, role), log.word_of("acme", "2")

    for query in (f"?word={bo}", "?like=3", "?word=Ada"):
        answer = see(browser, query)
        assert (answer.status_code, rows(answer.text)) == (200, ["4", "3", "2", "1"])
        assert "like=" not in answer.text
        assert 'name="word"' not in answer.text


def test_what_hides_persons_can_not_be_guessed_by_sums_over_them(log, signed_in):
    log.add("acme", NOW, "signed in", by="Vera", way="email")
    lines = csv.DictReader(io.StringIO(signed_in(None, Role.COUNCIL).get("/a/acme/audit.csv").text))

    assert [bool(line["hash"]) for line in lines] == [True, True, False, False, False, False]


def test_a_proposal_is_followed_from_entry_to_entry_without_its_number(log, signed_in):
    lines = list(csv.DictReader(io.StringIO(signed_in(None, Role.COUNCIL).get("/a/acme/audit.csv").text)))
    told = [json.loads(line["about"])["proposal"] for line in lines if line["what"] in ("proposed", "declined")]

    assert told[0] == told[1] != "abc"


def test_it_counts_what_came_since_the_last_check_and_not_what_was_cut(log, signed_in):
    browser = signed_in(None, Role.DPO)
    assert "4 entries, each" in see(browser).text
    log.add("acme", NOW, "settings", changed={})
    assert "5 entries, each" in see(browser).text

    log.cut("acme", NOW - 2.5 * DAY, NOW)

    assert rows(see(browser).text) == ["6", "5", "4", "3", "2"]
    assert "5 entries, each" in see(browser).text
    assert log.verify("acme").entries == 5


def test_what_was_changed_since_the_last_check_is_found_at_once(log, store, signed_in):
    browser = signed_in(None, Role.DPO)
    see(browser)
    log.add("acme", NOW, "settings", changed={})
    with store._database.writing() as connection:
        connection.execute(sa.update(tables.audit).where(tables.audit.c.seq == 5).values(at=1))

    assert "entry 5 is not as it was written" in see(browser).text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("?what=looked", ["3", "2"]), ("?like=3", ["3"]), ("?like=4", ["4"]), ("?like=99", []), ("?what=no such", []),
     ("?before=3", ["2", "1"])],
)  # fmt: skip
def test_entries_are_found_by_what_by_whom_and_where(log, signed_in, query, numbers):
    assert rows(see(signed_in(None, Role.DPO), query).text) == numbers


def test_entries_are_found_by_day_and_by_the_word_of_a_person(log, signed_in):
    browser, day = signed_in(None, Role.DPO), (NOW - 2 * DAY).date()
    bo = log.word_of("acme", "2")

    assert rows(see(browser, f"?first={day}&last={day}").text) == ["3", "2"]
    assert rows(see(browser, f"?word={bo}").text) == ["2"]


@pytest.mark.parametrize("query", ["?first=yesterday", "?word=Ada", "?head=1:2"])
def test_what_cannot_be_read_is_said_at_its_field(log, signed_in, query):
    answer = see(signed_in(None, Role.DPO), query)

    assert answer.status_code == 422
    assert "wrong-field" in answer.text


def test_signs_with_a_meaning_to_the_database_are_only_signs(store):
    store.audit.add("acme", NOW, "looked", by='a%b_c\\d"e')
    store.audit.add("acme", NOW, "looked", by="aXbYcZd")

    assert [e.seq for e in store.audit.newest("acme", Wanted(by='a%b_c\\d"e'))] == [1]
    assert store.audit.newest("acme", Wanted(by="a%")) == []


def test_a_name_that_only_ends_in_an_agents_number_is_not_taken_for_the_agent(store, signed_in):
    store.audit.add("acme", NOW, "looked", agents=[Person("1")])
    store.audit.add("acme", NOW, "done", by="desk:1")

    assert see(signed_in(None, Role.DPO), "?what=done").text.count(store.audit.word_of("acme", "1")) == 0


def test_a_long_log_is_read_page_by_page(store, signed_in):
    for number in range(60):
        store.audit.add("acme", NOW, "settings", changed={"n": number})
    text = see(signed_in(None, Role.DPO), "?what=settings").text

    assert len(rows(text)) == 50
    assert "before=11" in text


def test_a_log_that_somebody_changed_is_said_to_be_broken_and_where(log, store, signed_in):
    with store._database.writing() as connection:
        connection.execute(sa.update(tables.audit).where(tables.audit.c.seq == 2).values(at=1))
    text = see(signed_in(None, Role.DPO)).text

    assert "The log is not whole" in text
    assert "entry 2 is not as it was written" in text


def test_a_head_noted_before_shows_whether_the_log_goes_on_from_it(log, store, signed_in):
    browser, head = signed_in(None, Role.DPO), log.head("acme")
    store.audit.add("acme", NOW, "settings", changed={})

    assert "is part of this log" in see(browser, f"?head={head.seq}:{head.hash}").text
    assert "is no part of this log" in see(browser, f"?head={head.seq}:{'0' * 64}").text


def test_it_is_checked_anew_on_demand(log, store, signed_in):
    browser = signed_in(None, Role.DPO)
    token = re.search(r'name="csrf_token" value="([^"]+)"', see(browser).text).group(1)
    with store._database.writing() as connection:
        connection.execute(sa.delete(tables.audit).where(tables.audit.c.seq == 2))
    browser.post("/a/acme/audit/check", data={"csrf_token": token})

    assert "entry 2 is missing" in see(browser).text


def test_what_is_taken_along_is_harmless_in_a_spreadsheet_and_noted(log, store, signed_in):
    store.audit.add("acme", NOW, "=cmd()", by="@evil")
    answer = signed_in(None, Role.DPO).get("/a/acme/audit.csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.mimetype == "text/csv"
    assert [(line["number"], line["what"]) for line in lines[:2]] == [("6", "audit downloaded"), ("5", "'=cmd()")]
    assert "email:dpo@example.com" not in answer.text


def test_hostile_text_in_an_entry_is_text(store, signed_in):
    store.audit.add("acme", NOW, "<script>", by="<img src=x>", reason="<script>alert(1)</script>")
    text = see(signed_in(None, Role.DPO)).text

    assert "<script>" not in text
    assert "<img" not in text


@pytest.mark.parametrize("way", [("2",), ("1",), (None, Role.OPS), (None, Role.HR)])
def test_the_audit_is_for_those_who_look_after_it(signed_in, way):
    browser = signed_in(*way)

    assert see(browser).status_code == browser.get("/a/acme/audit.csv").status_code == 403


def test_what_an_entry_says_is_in_the_readers_words(store, signed_in):
    until = "2026-11-29T18:42:25.954506+00:00"
    store.audit.add(
        "acme", NOW, "proposed", action="check_in", expires=until, because=[{"level": "warn", "grade": "A"}]
    )
    store.audit.add("acme", NOW, "accepted", mode="dry_run", expires="2026-13-45", until="2026-13-45T99:00:00Z")
    store.audit.add("acme", NOW, "settings", changed={"modes": {"from": {}, "to": {"rebalance": "approve"}}})
    store.audit.add("acme", NOW, "looked", page="today", listed=["aaa1", "aaa2", "aaa3", "aaa4"])
    text = see(signed_in(None, Role.DPO)).text.partition("<tbody>")[2]

    for raw in ("check_in", "dry_run", until, "grade A", "rebalance"):
        assert raw not in text
    for said in ("29 Nov 2026 18:42", "A talk about the work", "on trial", "after approval", "<summary>listed (4)<"):
        assert said in text


def test_what_was_written_and_why_not_is_in_dutch_on_a_dutch_page(store, signed_in):
    store.audit.add("acme", NOW, "written", proposal="aaa1", kind="invite", ticket="7", platform="9")
    store.audit.add("acme", NOW, "skipped", proposal="aaa1", kind="move", ticket="8", reason="moved by somebody else")
    store.audit.add("acme", NOW, "withdrawn", proposal="aaa1", reason="nothing to move")
    text = signed_in(None, Role.DPO).get("/a/acme/audit?lang=nl").text

    for raw in (">written<", ">skipped<", "invite", "moved by somebody else", "nothing to move"):
        assert raw not in text
    for said in ("in de helpdesk geschreven", "een besloten ticket aan één persoon"):
        assert said in text
