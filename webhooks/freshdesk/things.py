"""What of ours should be in a Freshdesk account, and what of a thing there isn't so. Pure.

Everything carries a mark, so that it is found again when its id was never noted: a rule in its description, a ticket
field, which has none, in the label that customers would see if it were shown to them. The mark names the installation,
because several may look after the same helpdesk under the same account name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webhooks.freshdesk.proof import HEADER
from webhooks.freshdesk.translate import RULE_BODY

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Kind

FIELD, CREATION_RULE, UPDATE_RULE = "field", "creation_rule", "update_rule"
RULES: Mapping[str, Kind] = {CREATION_RULE: "creation_rules", UPDATE_RULE: "update_rules"}
LABEL = "Wellbeing: what was suggested"
WHERE: Mapping[Kind, str] = {
    "ticket_fields": "Admin > Workflows > Ticket Fields",
    "creation_rules": "Admin > Workflows > Automations > Ticket Creation",
    "update_rules": "Admin > Workflows > Automations > Ticket Updates",
    "hourly_rules": "Admin > Workflows > Automations > Time Triggers",
}
TITLES: Mapping[str, str] = {
    CREATION_RULE: "Helpdesk wellbeing: a ticket was made",
    UPDATE_RULE: "Helpdesk wellbeing: a ticket was touched",
}
_AGENTS_ONLY = {
    "displayed_to_customers": False, "customers_can_edit": False, "required_for_agents": False,
    "required_for_closure": False,
}  # fmt: skip
_MARK = re.compile(r"\[helpdesk-wellbeing [^\]]+\]")
# Agents and requesters: what rules and schedules do waits for the next pull. Our own agent can't be left out. That
# makes no loop, because a call only leads to a look at the ticket; and as private notes, tags and fields are no events
# here, a suggestion sets off no call at all.
_PERFORMER = 3
_EVENTS: tuple[Mapping[str, str], ...] = (
    *({"field_name": name, "from": "--", "to": "--"} for name in ("status", "priority", "responder_id", "group_id")),
    {"field_name": "note_type", "value": "public"},
    {"field_name": "reply_sent"},
)
_ALWAYS = {"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [1, 2, 3, 4]}


@dataclass(frozen=True)
class Wanted:
    """One thing as it should be; `body` as Freshdesk takes it, without a rule's place among the others."""

    name: str
    kind: Kind
    title: str
    body: Mapping[str, Any]


def mark(installation: str, account: str, name: str) -> str:
    """What a thing of ours carries."""
    return f"[helpdesk-wellbeing {installation} {account}/{name}]"


def marked(row: Mapping[str, Any]) -> str | None:
    """The mark that a row carries, ours or another installation's."""
    found = _MARK.search(f"{row.get('description') or ''} {row.get('label_for_customers') or ''}")
    return found.group() if found else None


def endpoint(url: str, account: str) -> str:
    """Where Freshdesk sends its calls."""
    return f"{url.rstrip('/')}/webhooks/freshdesk/{account}"


def field(label: str, mark: str) -> Wanted:
    """A text for agents; the choices of a drop-down would be one more thing that somebody may change."""
    body = {"label": label, "label_for_customers": mark, "type": "custom_text", **_AGENTS_ONLY}
    return Wanted(FIELD, "ticket_fields", label, body)


def rule(name: str, title: str, mark: str, address: str, secret: str) -> Wanted:
    """An automation rule that tells us which ticket to look at."""
    said = f"Made by helpdesk-wellbeing; its uninstall takes it away. {mark}"
    body: dict[str, Any] = {"name": title, "description": said, "active": True}
    if name == UPDATE_RULE:
        body |= {"performer": {"type": _PERFORMER}, "events": [dict(event) for event in _EVENTS]}
    body["conditions"] = [{"name": "condition_set_1", "match_type": "all", "properties": [dict(_ALWAYS)]}]
    body["actions"] = [
        {
            "field_name": "trigger_webhook", "request_type": "POST", "url": address,
            "content_type": "JSON", "content_layout": "2", "content": json.loads(RULE_BODY),
            "custom_headers": {HEADER: secret},
        }
    ]  # fmt: skip
    return Wanted(name, RULES[name], title, body)


def title(row: Mapping[str, Any]) -> str:
    """What people call it."""
    return str(row.get("label") or row.get("name") or "")


def calls(row: Mapping[str, Any], address: str) -> bool:
    """Whether an active rule calls this address, whoever made it."""
    return row.get("active") is not False and any(action.get("url") == address for action in _webhooks(row))


def calls_anywhere(row: Mapping[str, Any], account: str) -> bool:
    """Whether a rule calls for this account, wherever the installation is reached."""
    return any(str(action.get("url")).endswith(endpoint("", account)) for action in _webhooks(row))


def shows_another_secret(row: Mapping[str, Any], address: str, secret: str) -> bool:
    """Whether a rule that somebody set up by hand is seen to show another secret."""
    ours = [action for action in _webhooks(row) if action.get("url") == address]
    return bool(ours) and not any(_shows(action, secret, secret) for action in ours)


def differences(one: Wanted, row: Mapping[str, Any], sent: str | None) -> Iterator[str]:
    """What of a thing, as the account shows it, isn't as we need it.

    `sent` is the secret that was last put into this rule; it decides where Freshdesk keeps headers to itself.
    """
    if one.kind == "ticket_fields":
        yield from (name for name, value in _AGENTS_ONLY.items() if name in row and row[name] is not value)
        return
    if marked(row) != marked(one.body):
        yield "description"
    if row.get("active") is not True:
        yield "active"
    if one.name == UPDATE_RULE:
        if (row.get("performer") or {}).get("type") != _PERFORMER:
            yield "performer"
        shown = [_plain(event) for event in row.get("events") or ()]
        if not all(_plain(event) in shown for event in _EVENTS):  # more of them are theirs to add
            yield "events"
    if _conditions(row) != _conditions(one.body):
        yield "conditions"
    ours = one.body["actions"][0]
    theirs = next((action for action in _webhooks(row) if action.get("url") == ours["url"]), None)
    if theirs is None or theirs.get("request_type") not in (None, ours["request_type"]) or _content(theirs) not in (
        None, _content(ours),
    ):  # fmt: skip
        yield "actions"
    elif not _shows(theirs, ours["custom_headers"][HEADER], sent):
        yield "its secret"


def _shows(action: Mapping[str, Any], secret: str, sent: str | None) -> bool:
    headers = action.get("custom_headers")
    if not isinstance(headers, dict):
        return sent == secret
    folded = {str(name).lower(): value for name, value in headers.items()}
    shown = folded.get(HEADER.lower())
    if isinstance(shown, str) and shown and not shown.strip("*•x"):  # hidden
        return sent == secret
    return shown == secret


def _webhooks(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    actions = (action for action in row.get("actions") or () if isinstance(action, dict))
    return [action for action in actions if action.get("field_name") == "trigger_webhook"]


def _content(action: Mapping[str, Any]) -> Any:
    content = action.get("content")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            return content
    if isinstance(content, dict):  # how it is laid out stands inside of it, or beside
        return {name: value for name, value in content.items() if name not in ("content_layout", "content_type")}
    return content


def events_with(row: Mapping[str, Any]) -> list[Any]:
    """Our events and whatever others a rule has."""
    ours = [_plain(event) for event in _EVENTS]
    return [*_EVENTS, *(event for event in row.get("events") or () if _plain(event) not in ours)]


def _plain(event: Any) -> dict[str, str]:
    """What an event waits for, whichever way “any” is written."""
    given = event if isinstance(event, dict) else {}
    said = {name: given.get(name) for name in ("field_name", "from", "to", "value")}
    return {name: str(value) for name, value in said.items() if value not in (None, "", "--")}


def _conditions(body: Mapping[str, Any]) -> list[str]:
    sets = (one for one in body.get("conditions") or () if isinstance(one, dict))
    return sorted(
        f"{p.get('field_name')} {p.get('operator')} {sorted(map(str, _listed(p.get('value'))))}"
        for one in sets
        for p in one.get("properties") or ()
        if isinstance(p, dict)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
