"""What admins set up in the account: ticket fields, views, webhooks, triggers, automations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .ledger import OWN_FIELD
from .people import CREATED
from .updates import Denied, Field, invalid
from .words import NOTIFY

Object = dict[str, Any]
SINGULAR = {
    "ticket_fields": "ticket_field", "views": "view", "webhooks": "webhook", "triggers": "trigger",
    "automations": "automation",
}  # fmt: skip
FIRST_ID = {"ticket_fields": 360_000_100, "views": 360_000_200, "triggers": 360_000_300, "automations": 360_000_400}
_SYSTEM_FIELDS = ("subject", "description", "status", "priority", "group", "assignee", "tags")
_FIELD_TYPES = (
    "text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "partialcreditcard", "multiselect",
    "tagger", "lookup",
)  # fmt: skip
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BY_TRIGGERS = "conditional_ticket_events"


@dataclass
class Setup:
    """Things by kind and id, in the order of their making. Locked by whoever calls."""

    base: str
    user: int
    stamp: Callable[[], str]
    things: dict[str, dict[str, Object]] = field(default_factory=lambda: {kind: {} for kind in SINGULAR})
    secrets: dict[str, str] = field(default_factory=dict)  # of webhooks
    _made: int = 0

    def __post_init__(self) -> None:
        for place, name in enumerate(_SYSTEM_FIELDS):
            self._keep("ticket_fields", 360_000_000 + place, _field_row(name, name.title()) | {"removable": False})
        self._keep("ticket_fields", OWN_FIELD, _field_row("text", "Reference"))
        unsolved = {"all": [{"field": "status", "operator": "less_than", "value": "solved"}], "any": []}
        view = {"title": "All unsolved tickets", "active": True, "position": 0, "conditions": unsolved}
        self._keep("views", 360_000_190, {**view, "execution": _EXECUTION, "restriction": None})
        notify = [{"field": "notification_user", "value": ["requester_id", "Received", "Text"]}]
        updated = {"all": [{"field": "update_type", "operator": "is", "value": "Change"}], "any": []}
        self._keep("triggers", NOTIFY, {"title": "Notify requester", "active": True, "position": 1,
                                        "conditions": updated, "actions": notify, "category_id": "1"})  # fmt: skip
        closing = [{"field": "status", "value": "closed"}]
        solved = {"all": [{"field": "SOLVED", "operator": "greater_than", "value": "96"}], "any": []}
        self._keep("automations", 360_000_390, {"title": "Close ticket 4 days after it was solved", "active": True,
                                                "position": 1, "conditions": solved, "actions": closing})  # fmt: skip

    def listed(self, kind: str) -> list[Object]:
        """All of a kind as the platform shows them."""
        return [_shown(thing) for thing in self.things[kind].values()]

    def configuration(self) -> dict[str, list[Object]]:
        """Everything that is set up, in a stable order, without secrets."""
        return {kind: sorted(deepcopy(self.listed(kind)), key=lambda t: str(t["id"])) for kind in sorted(SINGULAR)}

    def fields(self) -> dict[int, Field]:
        """Custom fields as writes need them."""
        rows = (t for t in self.things["ticket_fields"].values() if t["removable"] and t["active"])
        return {
            t["id"]: Field(
                t["id"], t["type"], frozenset(o["value"] for o in t.get("custom_field_options", ())), t.get("tag")
            )
            for t in rows
        }

    def show(self, kind: str, number: str) -> Object:
        """One of them. Raises Denied (404)."""
        return _shown(self._known(kind, number))

    def create(self, kind: str, body: Object) -> Object:
        """A new one. Raises Denied."""
        if kind == "webhooks":
            return self._new_webhook(body)
        self._check(kind, body, None)
        self._made += 1
        row: Object = {"active": True, "position": 9000 + self._made}
        if kind == "ticket_fields":
            row = _field_row(str(body["type"]), str(body["title"]))
        elif kind == "views":
            row |= {"conditions": _conditions(body), "execution": _EXECUTION, "restriction": None}
            body = {name: value for name, value in body.items() if name not in ("all", "any", "output")}
        return _shown(self._keep(kind, FIRST_ID[kind] + self._made, row | _given(body)))

    def update(self, kind: str, number: str, body: Object) -> Object:
        """Change what `body` names. Raises Denied."""
        thing = self._known(kind, number)
        self._check(kind, thing | body, number)
        if kind == "views" and ("all" in body or "any" in body):
            body = {**{k: v for k, v in body.items() if k not in ("all", "any")}, "conditions": _conditions(body)}
        thing |= _given(body) | {"updated_at": self.stamp()}
        return _shown(thing)

    def replace_webhook(self, number: str, body: Object) -> None:
        """A webhook is put as a whole: what `body` doesn't name is gone. Raises Denied."""
        thing = self._known("webhooks", number)
        _check_webhook(body)
        kept = {name: thing[name] for name in ("id", "created_at", "created_by", "subscriptions")}
        self.things["webhooks"][number] = {**_given(body), **kept, "updated_at": self._fine()}

    def delete(self, kind: str, number: str) -> None:
        """Take one away. Raises Denied."""
        thing = self._known(kind, number)
        if thing.get("removable") is False:
            raise invalid("base", "System fields cannot be deleted")
        if kind == "webhooks":
            if any(number in _webhooks_of(trigger) for trigger in self._acting()):
                raise Denied(_errors("WebhookInUse", "The webhook is used by a trigger or automation."), 400)
            del self.secrets[number]
        del self.things[kind][number]

    def secret(self, webhook: str, reset: bool) -> Object:
        """What signs a webhook's calls. Raises Denied (404)."""
        self._known("webhooks", webhook)
        if reset:
            self.secrets[webhook] = secrets.token_hex(20)
        return {"signing_secret": {"algorithm": "SHA256", "secret": self.secrets[webhook]}}

    def _acting(self) -> Iterable[Object]:
        return [*self.things["triggers"].values(), *self.things["automations"].values()]

    def _known(self, kind: str, number: str) -> Object:
        thing = self.things[kind].get(number)
        if thing is None:
            raise Denied(*_not_found(kind))
        return thing

    def _check(self, kind: str, body: Mapping[str, Any], own: str | None) -> None:
        if kind == "webhooks":
            _check_webhook(body)
            return
        if not isinstance(body.get("title"), str) or not body["title"].strip():
            raise invalid("title", "Title: cannot be blank", "BlankValue")
        if kind == "ticket_fields":
            self._check_field(body, own)
        if kind in ("triggers", "automations"):
            if not body.get("actions"):
                raise invalid("base", "must have at least one action", "BlankValue")
            if any(number not in self.things["webhooks"] for number in _webhooks_of(body)):
                raise invalid("actions", "Webhook: is invalid")

    def _check_field(self, body: Mapping[str, Any], own: str | None) -> None:
        if body.get("type") not in (*_FIELD_TYPES, *_SYSTEM_FIELDS):
            raise invalid("type", "Type: is invalid")
        options = body.get("custom_field_options") or []
        if body["type"] == "tagger" and not options:
            raise invalid("custom_field_options", "Options: cannot be blank", "BlankValue")
        if body["type"] in ("tagger", "multiselect", "checkbox"):
            wanted = {o.get("value") for o in options} | ({body["tag"]} if body.get("tag") else set())
            others = [t for no, t in self.things["ticket_fields"].items() if no != own]
            if any(wanted & {*(o["value"] for o in t.get("custom_field_options", ())), t.get("tag")} for t in others):
                raise invalid("custom_field_options", "Tag: has already been taken", "DuplicateValue")

    def _new_webhook(self, body: Object) -> Object:
        _check_webhook(body)
        number = "01" + "".join(secrets.choice(_CROCKFORD) for _ in range(24))
        row = {"id": number, **_given(body), "created_at": self._fine(), "created_by": str(self.user)}
        row.setdefault("subscriptions", [BY_TRIGGERS])
        self.things["webhooks"][number] = row
        self.secrets[number] = secrets.token_hex(20)
        return _shown(row)

    def _keep(self, kind: str, number: int, row: Object) -> Object:
        stamp = self.stamp() if self._made else CREATED
        url = f"{self.base}/api/v2/{kind}/{number}.json"
        thing = {"url": url, "id": number, **row, "created_at": stamp, "updated_at": stamp}
        self.things[kind][str(number)] = thing
        return thing

    def _fine(self) -> str:
        """With nanoseconds, as webhooks are dated."""
        return self.stamp().replace("Z", ".000000001Z")


_EXECUTION: Object = {"group_by": None, "sort_by": "updated_at", "sort_order": "desc", "columns": []}


def _field_row(kind: str, title: str) -> Object:
    return {
        "type": kind, "title": title, "raw_title": title, "description": "", "raw_description": "", "position": 9999,
        "active": True, "required": False, "collapsed_for_agents": False, "regexp_for_validation": None,
        "visible_in_portal": False, "editable_in_portal": False, "required_in_portal": False, "tag": None,
        "removable": True, "agent_description": None,
    }  # fmt: skip


def _given(body: Mapping[str, Any]) -> Object:
    return {name: value for name, value in body.items() if name not in ("id", "url", "created_at", "updated_at")}


def _conditions(body: Mapping[str, Any]) -> Object:
    given = body.get("conditions") or {}
    return {"all": body.get("all", given.get("all", [])), "any": body.get("any", given.get("any", []))}


def _shown(thing: Object) -> Object:
    """Secrets never come back."""
    shown = dict(thing)
    if isinstance(shown.get("authentication"), dict):
        shown["authentication"] = {k: v for k, v in shown["authentication"].items() if k != "data"}
    return shown


def _webhooks_of(thing: Mapping[str, Any]) -> set[str]:
    actions = [
        a for a in thing.get("actions") or () if isinstance(a, dict) and a.get("field") == "notification_webhook"
    ]
    return {str(a["value"][0] if isinstance(a.get("value"), list) else a.get("value")) for a in actions}


def _check_webhook(body: Mapping[str, Any]) -> None:
    missing = [n for n in ("name", "status", "endpoint", "http_method", "request_format") if not body.get(n)]
    events = [s for s in body.get("subscriptions") or () if s != BY_TRIGGERS]
    if missing:
        raise Denied(_errors("InvalidWebhook", f"Missing: {', '.join(missing)}."), 400)
    if events and (
        BY_TRIGGERS in body["subscriptions"] or (body["http_method"], body["request_format"]) != ("POST", "json")
    ):
        raise Denied(_errors("InvalidWebhook", "Event subscriptions take POST and json, and no other mode."), 400)


def _errors(code: str, text: str) -> Object:
    return {"errors": [{"code": code, "title": "Invalid webhook", "detail": text}]}


def _not_found(kind: str) -> tuple[Object, int]:
    if kind == "webhooks":
        return {"errors": [{"code": "WebhookNotFound", "title": "Webhook not found", "detail": "Not found"}]}, 404
    return {"error": "RecordNotFound", "description": "Not found"}, 404
