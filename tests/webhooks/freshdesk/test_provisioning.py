"""Setting up a Freshdesk account, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_wellbeing.errors import BadPayload, PlatformError
from tests.freshdesk_admin import Faults
from webhooks import known
from webhooks.freshdesk import guards, provisioning
from webhooks.freshdesk.proof import HEADER, shows_secret
from webhooks.freshdesk.things import CREATION_RULE, FIELD, LABEL, UPDATE_RULE

URL = "https://wellbeing.example.com"
ALL = {FIELD: "keep", CREATION_RULE: "keep", UPDATE_RULE: "keep"}


def webhook(row: dict[str, Any]) -> dict[str, Any]:
    return row["actions"][0]


def test_a_field_and_two_rules_are_made_and_the_fields_name_is_read_not_computed(place: Callable[..., Any]) -> None:
    here = place()
    outcome = here.install()
    assert ([step.name for step in outcome.made], outcome.failed) == ([FIELD, CREATION_RULE, UPDATE_RULE], ())
    field = here.thing(FIELD)
    assert (field["type"], field["displayed_to_customers"], field["customers_can_edit"]) == (
        "custom_text",
        False,
        False,
    )
    assert here.store.get_meta("acme", provisioning.FIELD_NAME) == field["name"] == here.account().field_name()
    assert field["name"].endswith("_297457")


def test_the_rules_call_us_with_the_secret_and_the_body_that_is_understood(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    secret = here.store.get_secret("acme", known.SECRET)
    assert len(secret) >= 32
    for name in (CREATION_RULE, UPDATE_RULE):
        call = webhook(here.thing(name))
        assert call["url"] == "https://wellbeing.example.com/webhooks/freshdesk/acme"
        assert call["content"] == {"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}
        assert shows_secret(call["custom_headers"], b"", [secret], None)
    assert "performer" not in here.thing(CREATION_RULE)
    assert here.thing(UPDATE_RULE)["performer"] == {"type": 3}


def test_what_a_suggestion_of_ours_writes_is_no_event_of_the_rule(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    events = here.thing(UPDATE_RULE)["events"]
    assert {"field_name": "note_type", "value": "public"} in events
    assert not {"note_type private", "tag", "tags"} & {
        f"{e['field_name']} {e.get('value', '')}".strip() for e in events
    }


def test_our_rules_stand_behind_all_others(place: Callable[..., Any]) -> None:
    here = place()
    here.server.held.rules["4"].append(here.server.rule("Another", [], [], 7))
    here.install()
    assert (here.thing(CREATION_RULE)["position"], here.thing(UPDATE_RULE)["position"]) == (2, 8)


@pytest.mark.parametrize("odd", [{}, {"envelope": True}, {"hides_headers": "mask"}, {"hides_headers": "drop"},
                                 {"keeps_second_label": False}])  # fmt: skip
def test_a_second_install_changes_nothing(place: Callable[..., Any], odd: dict[str, Any]) -> None:
    here = place(**odd)
    here.install()
    before, entries = here.server.configuration(), len(here.store.audit.entries("acme"))
    here.server.calls.clear()
    assert here.plan() == ALL
    here.install()
    assert here.server.configuration() == before
    assert {method for method, _, _ in here.server.calls} == {"GET"}
    assert len(here.store.audit.entries("acme")) == entries


def test_what_an_admin_changed_is_mended_and_names_places_and_more_events_are_theirs(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    created, updated, field = here.thing(CREATION_RULE), here.thing(UPDATE_RULE), here.thing(FIELD)
    more = {"field_name": "ticket_type", "from": "--", "to": "--"}
    created |= {"name": "Nieuw", "position": 1}
    updated["events"] = [more, *updated["events"][1:]]
    field["displayed_to_customers"] = True
    field["label"] = "Voorstel"
    steps = {step.name: step for step in provisioning.plan(here.account(), URL)}
    assert {name: step.verdict for name, step in steps.items()} == ALL | {FIELD: "mend", UPDATE_RULE: "mend"}
    assert (steps[FIELD].why, steps[UPDATE_RULE].why) == ("changed: displayed_to_customers", "changed: events")
    here.install()
    assert (here.thing(CREATION_RULE)["name"], here.thing(CREATION_RULE)["position"]) == ("Nieuw", 1)
    assert (here.thing(FIELD)["label"], here.thing(FIELD)["displayed_to_customers"]) == ("Voorstel", False)
    assert more in here.thing(UPDATE_RULE)["events"]
    assert here.plan() == ALL


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"active": False}, "active"),
        ({"performer": {"type": 2}}, "performer"),
        ({"conditions": []}, "conditions"),
        ({"actions": []}, "actions"),
        ({"actions": [{"field_name": "trigger_webhook", "url": "https://elsewhere.example"}]}, "actions"),
    ],
)
def test_a_rule_that_does_something_else_now_is_mended(
    place: Callable[..., Any], change: dict[str, Any], why: str
) -> None:
    here = place()
    here.install()
    as_it_was = json.loads(json.dumps(here.thing(UPDATE_RULE)))
    here.thing(UPDATE_RULE).update(change)
    assert [s.why for s in provisioning.plan(here.account(), URL) if s.verdict == "mend"] == [f"changed: {why}"]
    here.install()
    assert here.thing(UPDATE_RULE) == as_it_was


def test_what_an_admin_deleted_is_made_again(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    here.server.held.rules["4"].remove(here.thing(UPDATE_RULE))
    assert here.plan() == ALL | {UPDATE_RULE: "create"}
    here.install()
    assert here.plan() == ALL


@pytest.mark.parametrize("hides", ["", "mask", "drop"])
def test_after_a_new_secret_the_rules_get_it_while_the_door_takes_both(place: Callable[..., Any], hides: str) -> None:
    from datetime import UTC, datetime, timedelta

    here = place(hides_headers=hides)
    here.install()
    old = here.store.get_secret("acme", known.SECRET)
    known.replace_secret(here.store, "acme", "the-new-secret-of-the-account", datetime.now(UTC) + timedelta(days=7))
    assert here.plan() == ALL | {CREATION_RULE: "mend", UPDATE_RULE: "mend"}
    assert known.from_store(here.store)("freshdesk", "acme") == ("the-new-secret-of-the-account", old)
    here.install()
    assert webhook(here.thing(UPDATE_RULE))["custom_headers"] == {HEADER: "the-new-secret-of-the-account"}
    assert here.plan() == ALL


def test_another_address_of_ours_is_put_into_the_rules(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    here.install("https://new.example.com")
    assert webhook(here.thing(CREATION_RULE))["url"].startswith("https://new.example.com/")
    assert here.plan("https://new.example.com") == ALL


def test_killed_after_any_request_the_next_install_goes_on_and_nothing_is_there_twice(
    place: Callable[..., Any], killing: Callable[..., int]
) -> None:
    here = place()
    assert killing(here.install) > 4
    here.install()
    assert len(here.server.ours()) == 3
    assert here.plan() == ALL
    secret = here.store.get_secret("acme", known.SECRET)
    assert webhook(here.thing(UPDATE_RULE))["custom_headers"] == {HEADER: secret}


@pytest.mark.parametrize("odd", [{}, {"hides_headers": "drop", "keeps_second_label": False}])
@pytest.mark.parametrize("number", range(1, 8))
def test_killed_once_at_each_request_one_more_install_is_enough(
    place: Callable[..., Any], killed_at: Callable[..., bool], number: int, odd: dict[str, Any]
) -> None:
    here = place(**odd)
    killed_at(here.install, number)
    assert here.install().failed == ()
    assert (len(here.server.held.fields), len(here.server.held.rules["1"]), len(here.server.held.rules["4"])) == (
        3,
        2,
        2,
    )
    assert here.plan() == ALL
    told = [entry.body["things"][0]["id"] for entry in here.store.audit.entries("acme") if entry.what == "installed"]
    assert {thing.platform_id for thing in here.store.installed.things("acme").values()} <= set(told)


@pytest.mark.parametrize("fault", ["lost", "late_error"])
def test_an_answer_that_is_lost_makes_nothing_twice(place: Callable[..., Any], fault: str) -> None:
    here = place(Faults(share={fault: 1.0}, in_a_row=1))
    for _ in range(3):
        here.install()
    assert len(here.server.ours()) == 3
    assert here.plan() == ALL


def test_what_is_there_twice_is_taken_away_once(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    copy = {**json.loads(json.dumps(here.thing(UPDATE_RULE))), "id": 12345, "name": "A copy"}
    here.server.held.rules["4"].append(copy)
    steps = provisioning.plan(here.account(), URL)
    assert [(s.verdict, s.title) for s in steps if s.verdict != "keep"] == [("remove", "A copy")]
    here.install()
    assert len(here.server.ours()) == 3


@pytest.mark.parametrize(
    ("status", "says"), [(400, "400 invalid_value, not accepted"), (500, "Freshdesk failed at it")]
)
def test_rules_that_the_api_does_not_take_are_told_and_the_field_is_made_all_the_same(
    place: Callable[..., Any], status: int, says: str
) -> None:
    here = place(refuses_rules=status)
    outcome = here.install()
    assert [step.name for step in outcome.made] == [FIELD]
    assert [says in line and "by hand" in line for line in outcome.failed] == [True, True]
    secret = here.store.get_secret("acme", known.SECRET)
    assert secret is not None  # to be put into the rules by hand
    assert not any(secret in line for line in outcome.failed)


def test_a_rule_made_by_hand_stands_in_for_ours_and_is_never_touched(place: Callable[..., Any]) -> None:
    here = place(refuses_rules=400)
    here.install()
    secret = here.store.get_secret("acme", known.SECRET)
    for kind in ("1", "4"):
        call = {"field_name": "trigger_webhook", "url": f"{URL}/webhooks/freshdesk/acme",
                "custom_headers": {HEADER: secret}}  # fmt: skip
        here.server.held.rules[kind].append(here.server.rule("By hand", [], [call], 9))
    steps = {step.name: step for step in provisioning.plan(here.account(), URL)}
    assert (steps[UPDATE_RULE].verdict, steps[UPDATE_RULE].why) == ("keep", "somebody set it up by hand")
    assert provisioning.made_by_hand(here.account(), URL) == [CREATION_RULE, UPDATE_RULE]
    before = here.server.configuration()
    assert here.install().failed == ()
    assert here.server.configuration() == before
    assert list(provisioning.second_calls(here.account(), URL)) == []
    here.store.put_secret("acme", known.SECRET, "another-secret-than-in-the-rule")
    assert all("another secret" in line for line in provisioning.second_calls(here.account(), URL))


def test_a_rule_made_by_hand_beside_ours_is_named(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    call = {"field_name": "trigger_webhook", "url": f"{URL}/webhooks/freshdesk/acme"}
    here.server.held.rules["4"].append(here.server.rule("By hand", [], [call], 9))
    assert ["By hand" in line for line in provisioning.second_calls(here.account(), URL)] == [True]


def test_a_plan_without_rules_is_installed_in_part_and_that_is_said(place: Callable[..., Any]) -> None:
    here = place(lacks=("/automations/1/rules", "/automations/4/rules"))
    account = here.account()
    assert [step.name for step in here.install().made] == [FIELD]
    assert set(account.lacking) == {"creation_rules", "update_rules"}
    assert "403 require_feature" in account.lacking["update_rules"]


def test_a_key_that_is_no_admins_is_told_so(place: Callable[..., Any]) -> None:
    here = place(forbids=("/admin/ticket_fields",))
    with pytest.raises(PlatformError, match="must be an admin"):
        here.install()


def test_things_of_another_installation_are_named_and_left_alone(place: Callable[..., Any]) -> None:
    here, there = place(), place(first=5001)
    there.install()
    here.server.held.fields += [row for row in there.server.ours() if row.get("label")]
    here.server.held.rules["4"] += [row for row in there.server.ours() if row["name"].endswith("touched")]
    before = here.server.ours()
    assert here.install().failed == ()
    assert here.thing(FIELD)["label"] == f"{LABEL} (acme)"
    lines = list(provisioning.strangers(here.account()))
    assert len(lines) == 2
    assert all("another installation" in line for line in lines)
    assert [row for row in here.server.ours() if row in before] == before
    assert here.uninstall().is_whole
    assert here.server.ours() == before


def test_fields_that_must_be_filled_in_to_close_are_noticed(place: Callable[..., Any]) -> None:
    assert [("Cause" in line) for line in provisioning.required(place().account())] == [True]


# ---- guards


def test_rules_that_a_survey_ticket_could_set_off_are_named_and_left_as_they_are(place: Callable[..., Any]) -> None:
    here = place()
    here.install()
    before = here.server.configuration()
    found = guards.look(here.admin)
    assert [(rule.kind, rule.title, rule.effect) for rule in found.rules] == [
        ("rule on creation", "Route urgent", "changes the ticket"),
        ("rule on updates", "Tell the requester", "notifies"),
        ("time trigger", "Close after four days", "changes the ticket"),
    ]  # fmt: skip
    assert here.server.configuration() == before
    assert any("does not contain · wellbeing_survey" in line for line in found.lines())


def test_rules_that_may_not_be_read_are_said(place: Callable[..., Any]) -> None:
    found = guards.look(place(forbids=("/automations/3/rules",)).admin)
    assert ["time triggers could not be read (403" in line for line in found.unread] == [True]


def rule_with(operator: str = "", match: str = "all", **condition: Any) -> dict[str, Any]:
    own = {"field_name": "tag_names", "operator": "not_in", "value": ["wellbeing_survey"]} | condition
    other = {"name": "condition_set_2", "match_type": "all", "properties": [{"field_name": "priority"}]}
    sets = [{"name": "condition_set_1", "match_type": match, "properties": [own]}]
    return {"conditions": [*sets, *([other] if operator else [])], "operator": operator}


@pytest.mark.parametrize(
    ("row", "leaves_out"),
    [
        (rule_with(), True),
        (rule_with("condition_set_1 and condition_set_2"), True),
        (rule_with("condition_set_1 or condition_set_2"), False),
        (rule_with(match="any"), False),
        (rule_with(operator=""), True),
        (rule_with(**{"value": "wellbeing_survey"}), True),
        (rule_with(**{"value": ["wellbeing_survey_old"]}), False),
        ({"conditions": None}, False),
    ],
)
def test_only_a_condition_that_always_holds_leaves_survey_tickets_out(row: dict[str, Any], leaves_out: bool) -> None:
    assert guards.leaves_out(row) is leaves_out


@pytest.mark.parametrize("rows", [{"rules": "none"}, {"meta": {}}, 7])
def test_a_list_that_is_none_is_said(place: Callable[..., Any], rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.simulating.answers import Answer

    here = place()
    monkeypatch.setattr(here.server, "_rules", lambda *_: Answer.of(rows))
    with pytest.raises(BadPayload):
        here.install()
