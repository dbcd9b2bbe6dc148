"""Writes to the simulated Freshdesk: what the documentation promises, and what others do meanwhile."""

from __future__ import annotations

import pytest
import requests

from connectors.freshdesk.simulated import Faults
from tests.freshdesk_account import FIELD, OWN, a_desk


@pytest.fixture
def desk():
    with a_desk() as desk:
        yield desk


def errors(answer):
    assert answer.status_code == 400
    assert answer.json()["description"] == "Validation failed"
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_an_update_sets_what_it_names_and_the_answer_shows_it(desk):
    before = desk.row("1")
    answer = desk.ask("PUT", "tickets/1", {"responder_id": 1002, "priority": 4, "custom_fields": {FIELD: "moved"}})

    assert answer.status_code == 200
    after = answer.json()
    moved = {name for name in after if after[name] != before[name]}
    assert moved - {"due_by", "fr_due_by"} == {"responder_id", "priority", "custom_fields", "updated_at"}
    assert desk.ask("GET", "tickets/1").json()["responder_id"] == 1002


def test_tags_are_replaced_as_a_whole(desk):
    desk.ask("PUT", "tickets/1", {"tags": ["one", "two"]})
    assert desk.row("1")["tags"] == ["one", "two"]
    desk.ask("PUT", "tickets/1", {"tags": []})
    assert desk.row("1")["tags"] == []


def test_null_clears_and_what_changes_nothing_leaves_the_ticket_alone(desk):
    desk.ask("PUT", "tickets/1", {"responder_id": None, "custom_fields": {FIELD: "moved"}})
    assert desk.state("1") == (None, {"vip"}, "moved")
    desk.ask("PUT", "tickets/1", {"custom_fields": {FIELD: None}})
    stamp = desk.row("1")["updated_at"]
    desk.clock.forward(60)
    desk.ask("PUT", "tickets/1", {"responder_id": None, "tags": ["vip"]})
    assert desk.row("1")["updated_at"] == stamp


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"nonsense": 1}, ("nonsense", "invalid_field")),
        ({"status": 99}, ("status", "invalid_value")),
        ({"priority": "4"}, ("priority", "invalid_value")),
        ({"responder_id": "1002"}, ("responder_id", "datatype_mismatch")),
        ({"responder_id": 1003}, ("responder_id", "invalid_value")),
        ({"responder_id": 1005}, ("responder_id", "invalid_value")),
        ({"group_id": 99}, ("group_id", "invalid_value")),
        ({"tags": "vip"}, ("tags", "datatype_mismatch")),
        ({"tags": ["x" * 33]}, ("tags", "invalid_value")),
        ({"custom_fields": {"cf_none": "x"}}, ("cf_none", "invalid_field")),
        ({"custom_fields": {FIELD: "else"}}, (FIELD, "invalid_value")),
    ],
)
def test_what_does_not_fit_is_refused_field_by_field(desk, body, told):
    assert errors(desk.ask("PUT", "tickets/1", body)) == [told]
    assert desk.state("1") == (1001, {"vip"}, None)


def test_everything_that_is_wrong_is_said_at_once(desk):
    assert len(errors(desk.ask("PUT", "tickets/1", {"status": 99, "group_id": 99, "x": 1}))) == 3


def test_a_ticket_in_the_trash_takes_nothing(desk):
    assert desk.ask("DELETE", "tickets/1").status_code == 204
    for verb, path, body in (("PUT", "tickets/1", {"priority": 4}), ("DELETE", "tickets/1", None),
                             ("POST", "tickets/1/notes", {"body": "x"})):  # fmt: skip
        assert desk.ask(verb, path, body).status_code == 405
    assert desk.ask("GET", "tickets/1").json()["deleted"] is True
    assert desk.ask("PUT", "tickets/404", {"priority": 4}).status_code == 404


def test_a_note_is_private_unless_said_otherwise_and_moves_the_ticket(desk):
    before = desk.row("1")["updated_at"]
    answer = desk.ask(
        "POST", "tickets/1/notes", {"body": "<p>a &amp; b</p>", "notify_emails": ["user1002@example.com"]}
    )

    assert answer.status_code == 201
    note = answer.json()
    assert (note["private"], note["body_text"], note["user_id"], note["source"]) == (True, "a & b", int(OWN), 2)
    assert note["notified_to"] == ["user1002@example.com"]
    assert desk.row("1")["updated_at"] > before
    public = desk.ask("POST", "tickets/1/notes", {"body": "x", "private": False}).json()
    assert public["private"] is False
    assert errors(desk.ask("POST", "tickets/1/notes", {"body": " "})) == [("body", "missing_field")]
    assert errors(desk.ask("POST", "tickets/1/notes", {"body": "x", "notify_emails": ["a@b.example"]})) == [
        ("notify_emails", "invalid_value")
    ]


def test_a_note_can_be_edited_and_taken_away(desk):
    note = desk.ask("POST", "tickets/1/notes", {"body": "x"}).json()["id"]
    assert desk.ask("PUT", f"conversations/{note}", {"body": "<b>y</b>"}).json()["body_text"] == "y"
    assert desk.ask("DELETE", f"conversations/{note}").status_code == 204
    assert desk.ask("DELETE", f"conversations/{note}").status_code == 404
    assert desk.notes("1") == []


def test_a_reply_is_an_agent_s_and_public(desk):
    reply = desk.ask("POST", "tickets/1/reply", {"body": "hello"}).json()
    assert (reply["private"], reply["incoming"], reply["source"]) == (False, False, 0)


def test_a_new_ticket_is_listed_for_who_asked_at_once_and_searched_later(desk):
    body = {"requester_id": int(OWN), "subject": "s", "description": "<p>d</p>", "responder_id": 1002, "tags": ["wb"]}
    answer = desk.ask("POST", "tickets", body)

    assert answer.status_code == 201
    number = answer.json()["id"]
    assert answer.headers["Location"].endswith(f"/api/v2/tickets/{number}")
    listed = desk.ask("GET", f"tickets?requester_id={OWN}").json()
    assert [(row["id"], "description" in row) for row in listed] == [(number, False)]
    full = desk.ask("GET", f"tickets?requester_id={OWN}&include=description").json()
    assert (full[0]["description"], full[0]["description_text"]) == ("<p>d</p>", "d")
    query = "search/tickets?query=\"tag:'wb'\""
    assert desk.ask("GET", query).json()["total"] == 0
    desk.clock.forward(600)
    assert desk.ask("GET", query).json()["total"] == 1


def test_a_new_ticket_for_an_address_makes_a_customer_of_it(desk):
    body = {"subject": "s", "description": "d"}
    assert errors(desk.ask("POST", "tickets", body)) == [("requester_id", "missing_field")]
    assert errors(desk.ask("POST", "tickets", {"requester_id": 5001})) == [
        ("description", "missing_field"), ("subject", "missing_field")
    ]  # fmt: skip
    desk.ask("POST", "tickets", body | {"email": "private@example.com"})
    assert desk.front.api.writes.contacts == ["private@example.com"]


def test_many_tickets_are_changed_in_a_job_whose_words_vary(desk):
    answer = desk.ask("POST", "tickets/bulk_update",
                      {"bulk_action": {"ids": [1, 2, 404], "properties": {"responder_id": 1002}}})  # fmt: skip

    assert answer.status_code == 202
    job = answer.json()["job_id"]
    words = [desk.ask("GET", f"jobs/{job}").json()["status"] for _ in range(4)]
    assert words == ["in_progress", "IN PROGRESS", "completed", "COMPLETED"]
    assert [desk.row(ticket)["responder_id"] for ticket in ("1", "2", "3")] == [1002, 1002, 1001]
    assert desk.ask("GET", "jobs/none").status_code == 404


def test_no_json_is_told_as_such(desk):
    answer = requests.put(
        f"{desk.front.base_url}/api/v2/tickets/1", data=b"{", auth=(desk.front.api_key, "X"), timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("outsiders", "status", "owner"), [("taken", 200, 1004), ("refused", 400, 1001), ("ignored", 200, 1001)]
)
def test_an_agent_from_outside_the_group(outsiders, status, owner):
    with a_desk(outsiders=outsiders) as desk:
        assert desk.ask("PUT", "tickets/1", {"responder_id": 1004}).status_code == status
        assert desk.row("1")["responder_id"] == owner


def test_updates_and_new_tickets_have_limits_of_their_own():
    with a_desk(unlimited=False, plan="growth") as desk:
        said = [desk.ask("PUT", "tickets/1", {"priority": 1 + n % 4}).status_code for n in range(81)]
        assert (said[:80], said[80]) == ([200] * 80, 429)
        assert "Retry-After" in desk.ask("PUT", "tickets/2", {"priority": 4}).headers
        assert desk.ask("POST", "tickets/1/notes", {"body": "x"}).status_code == 201


# ---- faults, other people, whoever listens


@pytest.mark.parametrize(
    ("kind", "written"), [("lost", True), ("write_error", False), ("late_error", True), ("conflict", False)]
)
def test_a_fault_of_writes_says_nothing_of_what_was_written(kind, written):
    with a_desk(Faults(share={kind: 1.0}, only="tickets/1", most=1)) as desk:
        try:
            status = desk.ask("PUT", "tickets/1", {"responder_id": 1002}).status_code
        except requests.ConnectionError:
            status = None
        assert status == {"lost": None, "write_error": 500, "late_error": 504, "conflict": 409}[kind]
        assert desk.row("1")["responder_id"] == (1002 if written else 1001)


def test_others_edit_between_a_look_and_a_write():
    with a_desk(Faults(share={"collide": 1.0}, only="tickets/1", most=1)) as desk:
        before = desk.row("1")["updated_at"]
        desk.ask("PUT", "tickets/1", {"responder_id": 1002})
        assert desk.row("1")["updated_at"] > before
        assert len(desk.notes("1")) == 1


def test_other_people_do_what_people_do(desk):
    others = desk.front.others
    others.edit("1", "1002", {"responder_id": 1002})
    others.note("1", "1002", "a < b")
    others.close("2", "1001")
    others.delete("3", "1001")
    others.leaves("1002")
    others.drops_field(FIELD)

    assert (desk.row("1")["responder_id"], desk.row("2")["status"]) == (1002, 5)
    assert desk.notes("1")[0]["body_text"] == "a < b"
    assert desk.ask("GET", "agents/1002").json()["deactivated"] is True
    assert FIELD not in desk.row("1")["custom_fields"]
    with pytest.raises(ValueError, match="doesn't take"):
        others.edit("3", "1001", {"priority": 4})


def test_every_save_is_told_to_whoever_listens_and_is_an_event_of_the_account(desk):
    told = []
    desk.front.on_write.append(told.append)
    desk.ask("PUT", "tickets/1", {"responder_id": 1002, "tags": ["vip", "x"]})
    desk.front.others.note("1", "1002", "x")

    assert [(w.ticket, w.author, w.channel, w.steps) for w in told] == [
        ("1", OWN, "api", (("assigned", "1001", "1002"), ("tagged", None, "x"))),
        ("1", "1002", "browser", (("noted", None, None),)),
    ]
    new = desk.front.site.events.tail(3)
    assert list(zip(new["kind"].cast(str), new["actor_kind"].cast(str), strict=True)) == [
        ("assigned", "integration"), ("tagged", "integration"), ("noted", "agent")
    ]  # fmt: skip


def test_after_so_many_writes_the_key_is_no_good_any_more():
    with a_desk(Faults(writes_until_revoked=2)) as desk:
        key = (desk.front.api_key, "X")
        said = [
            requests.put(f"{desk.front.base_url}/api/v2/tickets/{n}", json={"priority": 4}, auth=key, timeout=5)
            for n in (1, 2, 3)
        ]
        assert [answer.status_code for answer in said] == [200, 200, 401]
