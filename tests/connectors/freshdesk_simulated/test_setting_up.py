"""What admins set up in the simulated Freshdesk: fields, rules, groups; and that all of it can be taken away again."""

from __future__ import annotations

import pytest

from tests.freshdesk_account import FIELD, a_desk

FIELD_BODY = {
    "label": "Load state", "label_for_customers": "Load state", "type": "custom_dropdown",
    "displayed_to_customers": False, "choices": [{"value": "none", "position": 1}, {"value": "high", "position": 2}],
}  # fmt: skip
RULE = {
    "name": "Tell the program", "performer": {"type": 1}, "conditions": [],
    "events": [{"field_name": "status", "from": "--", "to": "--"}],
    "actions": [{"field_name": "trigger_webhook", "request_type": "POST", "url": "https://a.example"}],
}  # fmt: skip


@pytest.fixture
def desk():
    with a_desk() as desk:
        yield desk


def codes(answer):
    assert answer.status_code == 400
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_a_field_is_made_named_by_the_platform_and_shown_on_every_ticket(desk):
    made = desk.ask("POST", "admin/ticket_fields", FIELD_BODY)

    assert (made.status_code, made.json()["name"]) == (201, "cf_load_state")
    assert desk.ask("GET", "tickets/1").json()["custom_fields"] == {FIELD: None, "cf_load_state": None}
    listed = {row["name"]: row for row in desk.ask("GET", "ticket_fields").json()}
    assert listed["cf_load_state"]["choices"] == ["none", "high"]
    number = made.json()["id"]
    assert desk.ask("PUT", f"admin/ticket_fields/{number}", {"label": "Load"}).json()["name"] == "cf_load_state"
    assert desk.ask("DELETE", f"admin/ticket_fields/{number}").status_code == 204
    assert desk.ask("GET", f"admin/ticket_fields/{number}").status_code == 404


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"label": "wellbeing"}, ("label", "duplicate_value")),
        ({"label": ""}, ("label", "missing_field")),
        ({"type": "dropdown"}, ("type", "invalid_value")),
        ({"choices": []}, ("choices", "missing_field")),
        ({"title": "x"}, ("title", "invalid_field")),
    ],
)
def test_a_field_that_does_not_fit_is_refused(desk, body, told):
    assert codes(desk.ask("POST", "admin/ticket_fields", FIELD_BODY | body)) == [told]


def test_the_list_of_fields_knows_no_pages(desk):
    assert len(desk.ask("GET", "admin/ticket_fields").json()) == 1
    assert codes(desk.ask("GET", "admin/ticket_fields?page=1")) == [("page", "invalid_field")]


@pytest.mark.parametrize("bare", [False, True])
def test_rules_come_wrapped_or_bare(bare):
    with a_desk(bare_rules=bare) as desk:
        made = desk.ask("POST", "automations/4/rules", RULE)
        assert made.status_code == 201
        answer = desk.ask("GET", "automations/4/rules").json()
        rows = answer if bare else answer["rules"]
        assert [row["name"] for row in rows] == ["Reopen on reply", "Tell the program"]
        path = f"automations/4/rules/{made.json()['id']}"
        assert desk.ask("PUT", path, {"active": False}).json()["active"] is False
        assert desk.ask("DELETE", path).status_code == 204
        assert desk.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("4", {"name": ""}, ("name", "missing_field")),
        ("4", {"name": "Reopen on reply"}, ("name", "duplicate_value")),
        ("4", {"actions": []}, ("actions", "missing_field")),
        ("4", {"events": []}, ("events", "missing_field")),
        ("1", {}, ("events", "invalid_field")),
        ("4", {"enabled": True}, ("enabled", "invalid_field")),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(desk, kind, body, told):
    assert codes(desk.ask("POST", f"automations/{kind}/rules", RULE | body)) == [told]


def test_a_webhook_action_that_is_not_whole_breaks_the_platform(desk):
    broken = RULE | {"actions": [{"field_name": "trigger_webhook"}]}
    assert desk.ask("POST", "automations/4/rules", broken).status_code == 500
    assert desk.ask("GET", "automations/2/rules").status_code == 404


def test_groups_are_made_filled_and_deleted(desk):
    made = desk.ask("POST", "groups", {"name": "Surveys", "agent_ids": [1001]})
    number = made.json()["id"]

    assert (made.status_code, made.json()["agent_ids"]) == (201, [1001])
    assert desk.ask("GET", f"groups/{number}").json()["agent_ids"] == [1001]
    members = {"agents": [{"id": 1002}, {"id": 1001, "deleted": True}]}
    assert desk.ask("PATCH", f"admin/groups/{number}/agents", members).status_code == 204
    assert desk.ask("GET", f"groups/{number}").json()["agent_ids"] == [1002]
    assert desk.ask("POST", "groups", {"name": "Surveys"}).status_code == 409
    assert desk.ask("DELETE", f"groups/{number}").status_code == 204
    assert desk.ask("GET", f"groups/{number}").status_code == 404
    assert number not in desk.ask("GET", "agents/1002").json()["group_ids"]


def test_what_is_set_up_and_taken_away_leaves_nothing(desk):
    before = desk.front.configuration()
    for path, body in (("admin/ticket_fields", FIELD_BODY), ("automations/4/rules", RULE), ("groups", {"name": "S"})):
        number = desk.ask("POST", path, body).json()["id"]
        assert desk.front.configuration() != before
        assert desk.ask("DELETE", f"{path}/{number}").status_code == 204
        assert desk.front.configuration() == before
    assert list(before) == ["groups", "ticket_fields", "rules 1", "rules 3", "rules 4"]


def test_only_an_admin_sets_things_up():
    with a_desk(admin=False) as desk:
        for path in ("admin/ticket_fields", "automations/4/rules"):
            assert desk.ask("POST", path, {}).status_code == 403
            assert desk.ask("GET", path).status_code == 403
