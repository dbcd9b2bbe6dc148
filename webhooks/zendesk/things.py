"""What of ours should be in a Zendesk account, and what of a thing there isn't so. Pure.

Everything carries a mark in its description, so that it is found again when its id was never noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from helpdesk_wellbeing.acting.helpdesk import SUGGESTED_TAG, SURVEY_TAG
from webhooks.zendesk.translate import SUBSCRIPTIONS, TRIGGER_BODY

if TYPE_CHECKING:
    from connectors.zendesk.written import Kind

FIELD, VIEW, WEBHOOK, TRIGGER_WEBHOOK, TRIGGER = "field", "view", "webhook", "trigger_webhook", "trigger"
Told = Literal["events", "trigger"]  # how Zendesk tells us of news
BROUGHT = (FIELD, VIEW)  # what an app can bring with it: it has no secret that must be kept here
_AGENTS_ONLY = {"visible_in_portal": False, "editable_in_portal": False, "required_in_portal": False}


@dataclass(frozen=True)
class Wanted:
    """One thing as it should be; `body` as Zendesk takes it, without the mark."""

    name: str
    kind: Kind
    title: str
    body: Mapping[str, Any]


def mark(account: str, name: str) -> str:
    """What stands in the description of a thing of ours."""
    return f"[helpdesk-wellbeing {account}/{name}]"


def endpoint(url: str, account: str) -> str:
    """Where Zendesk sends its calls."""
    return f"{url.rstrip('/')}/webhooks/zendesk/{account}"


def wanted(account: str, url: str, told: Told) -> tuple[Wanted, ...]:
    """Everything that should be in the account, in the order in which it is made."""
    calls = {"status": "active", "endpoint": endpoint(url, account), "http_method": "POST", "request_format": "json"}
    things = [
        Wanted(FIELD, "ticket_fields", "Wellbeing: what was suggested", {
            # text: the values of a drop-down would become tags of their own
            "type": "text", "active": True, **_AGENTS_ONLY,
            "agent_description": "Written by helpdesk-wellbeing: a suggestion about this ticket waits, or was carried "
            "out. Not meant to be edited.",
        }),
        Wanted(VIEW, "views", "Wellbeing: suggested", {
            "active": True, "any": [],
            "all": [_condition("current_tags", "includes", SUGGESTED_TAG), _condition("status", "less_than", "solved")],
            "output": {"columns": ["subject", "group", "assignee", "updated"], "sort_by": "updated",
                       "sort_order": "desc"},
        }),
    ]  # fmt: skip
    if told == "events":
        subscribed = {**calls, "subscriptions": list(SUBSCRIPTIONS)}
        return (*things, Wanted(WEBHOOK, "webhooks", f"Helpdesk wellbeing: {account}", subscribed))
    by_trigger = {**calls, "subscriptions": ["conditional_ticket_events"]}
    things.append(Wanted(TRIGGER_WEBHOOK, "webhooks", f"Helpdesk wellbeing: {account}, by trigger", by_trigger))
    tells = {
        "active": True,
        "conditions": {
            "all": [_condition("current_tags", "not_includes", SURVEY_TAG)],
            "any": [_condition("update_type", "is", "Create"), _condition("update_type", "is", "Change")],
        },
    }
    return (*things, Wanted(TRIGGER, "triggers", "Helpdesk wellbeing: a ticket was touched", tells))


def body_of(account: str, one: Wanted) -> dict[str, Any]:
    """The same as Zendesk takes it, by which it is found again."""
    name = "name" if one.kind == "webhooks" else "title"
    said = f"Made by helpdesk-wellbeing; its uninstall takes it away. {mark(account, one.name)}"
    return {name: one.title, "description": said, **one.body}


def _condition(field: str, operator: str, value: str) -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value}


def differences(one: Wanted, row: Mapping[str, Any], mark: str) -> Iterator[str]:
    """What of a thing, as the account shows it, isn't as we need it."""
    if mark not in str(row.get("description") or ""):
        yield "description"
    for name in ("active", "status", "endpoint", "http_method", "request_format", *_AGENTS_ONLY):
        if name in one.body and row.get(name) != one.body[name]:
            yield name
    if not set(one.body.get("subscriptions", ())) <= set(row.get("subscriptions") or ()):
        yield "subscriptions"
    if one.kind in ("views", "triggers") and _conditions(row) != _conditions(one.body):
        yield "conditions"


def calls(webhook: str) -> list[dict[str, Any]]:
    """What our trigger does: it tells this webhook which ticket to look at."""
    return [{"field": "notification_webhook", "value": [webhook, TRIGGER_BODY]}]


def _conditions(body: Mapping[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    given = body.get("conditions") or body
    return {
        way: sorted((str(c.get("field")), str(c.get("operator")), str(c.get("value"))) for c in given.get(way) or ())
        for way in ("all", "any")
    }
