"""Fields, views, webhooks and triggers come and go, and the account is as before."""

from __future__ import annotations

import pytest

from connectors.zendesk.written import Change, Done, Made, Refused

FIELD = {
    "type": "tagger",
    "title": "Load",
    "custom_field_options": [{"name": "High", "value": "wb_high"}, {"name": "Low", "value": "wb_low"}],
}
VIEW = {"title": "Suggested", "all": [{"field": "current_tags", "operator": "includes", "value": "wb_high"}]}
WEBHOOK = {
    "name": "Events", "status": "active", "endpoint": "https://example.com/hook", "http_method": "POST",
    "request_format": "json", "subscriptions": ["conditional_ticket_events"],
    "authentication": {"type": "bearer_token", "data": {"token": "hush"}, "add_position": "header"},
}  # fmt: skip


def trigger(webhook: str) -> dict:
    return {
        "title": "Tell",
        "conditions": {"all": [{"field": "current_tags", "operator": "includes", "value": "wb_high"}], "any": []},
        "actions": [{"field": "notification_webhook", "value": [webhook, "{}"]}],
    }


def test_what_is_set_up_and_taken_away_leaves_no_trace(desk):
    one = desk()
    before = one.front.configuration()
    lists = {kind: one.writing.things(kind) for kind in before}
    made = [("ticket_fields", one.writing.create_thing("ticket_fields", FIELD).id)]
    made.append(("views", one.writing.create_thing("views", VIEW).id))
    webhook = one.writing.create_thing("webhooks", WEBHOOK).id
    made += [("webhooks", webhook), ("triggers", one.writing.create_thing("triggers", trigger(webhook)).id)]
    during = one.front.configuration()
    assert {kind: len(during[kind]) - len(before[kind]) for kind in before} == {
        "automations": 0, "ticket_fields": 1, "triggers": 1, "views": 1, "webhooks": 1,
    }  # fmt: skip
    assert one.writing.update("3", Change(fields={made[0][1]: "wb_high"}), None, None).state.tags == {"vip", "wb_high"}

    for kind, number in reversed(made):
        assert one.writing.delete_thing(kind, number) == Done()

    assert one.front.configuration() == before
    assert {kind: one.writing.things(kind) for kind in before} == lists


def test_what_was_made_is_shown_and_changed(desk):
    one = desk()
    made = one.writing.create_thing("views", VIEW)
    assert isinstance(made, Made)
    assert one.writing.update_thing("views", made.id, {"title": "Renamed", "active": False}) == Done()
    shown = one.writing.thing("views", made.id)
    assert (shown["title"], shown["active"], shown["conditions"]["all"]) == ("Renamed", False, VIEW["all"])
    assert one.writing.delete_thing("views", made.id) == Done()
    assert one.writing.thing("views", made.id) is None
    assert one.writing.delete_thing("views", made.id).reason == "gone"


def test_a_webhook_has_a_secret_that_lists_do_not_show(desk):
    one = desk()
    webhook = one.writing.create_thing("webhooks", WEBHOOK)
    assert one.writing.signing_secret(webhook.id) == one.front.api.setup.secrets[webhook.id]
    assert "hush" not in str(one.writing.things("webhooks")) + str(webhook.shown)
    secret = one.writing.signing_secret(webhook.id)
    bare = {name: value for name, value in WEBHOOK.items() if name != "authentication"}
    assert one.writing.update_thing("webhooks", webhook.id, bare | {"status": "inactive"}) == Done()
    shown = one.writing.thing("webhooks", webhook.id)
    assert (shown["status"], "authentication" in shown, shown["subscriptions"]) == (
        "inactive", False, ["conditional_ticket_events"],
    )  # fmt: skip
    assert one.writing.signing_secret(webhook.id) == secret


def test_a_webhook_that_a_trigger_uses_stays(desk):
    one = desk()
    webhook = one.writing.create_thing("webhooks", WEBHOOK).id
    one.writing.create_thing("triggers", trigger(webhook))
    assert one.writing.delete_thing("webhooks", webhook) == Refused("invalid", 400, None)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("ticket_fields", {"type": "tagger", "title": "No options"}),
        ("ticket_fields", {"type": "cloud", "title": "No such type"}),
        ("ticket_fields", FIELD | {"title": ""}),
        ("views", {"all": []}),
        ("triggers", {"title": "Does nothing"}),
        ("triggers", trigger("01NOBODY")),
        ("webhooks", {"name": "Nowhere"}),
        ("webhooks", WEBHOOK | {"subscriptions": ["zen:event-type:ticket.created"], "http_method": "GET"}),
    ],
)
def test_what_the_account_does_not_take_is_refused(desk, kind, body):
    one = desk()
    before = one.front.configuration()
    assert one.writing.create_thing(kind, body).reason == "invalid"
    assert one.front.configuration() == before


def test_tags_of_drop_downs_are_unique_in_the_account(desk):
    one = desk()
    one.writing.create_thing("ticket_fields", FIELD)
    assert one.writing.create_thing("ticket_fields", FIELD).reason == "invalid"


def test_system_fields_cannot_be_deleted(desk):
    one = desk()
    number = str(next(f["id"] for f in one.writing.things("ticket_fields") if f["type"] == "subject"))
    assert one.writing.delete_thing("ticket_fields", number).reason == "invalid"


def test_automations_are_only_listed(desk):
    one = desk()
    assert len(one.writing.things("automations")) == 1
    assert one.writing.create_thing("automations", {"title": "x"}).reason == "gone"


def test_members_of_a_group_are_listed(desk):
    one = desk()
    answer = one.api.session.answer("GET", "/api/v2/groups/11/memberships.json")
    assert {row["user_id"] for row in answer["group_memberships"]} >= {1001, 1002, 1003}
