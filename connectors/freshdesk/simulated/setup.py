"""What admins set up: ticket fields, automation rules, groups. Created, changed and deleted as on the platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from connectors.simulating.answers import Answer

from .answers import denied, invalid, not_found, paged, refused
from .record import Record
from .request import Request
from .rows import Object, iso
from .staff import CREATED, Staff
from .updates import Denied

FIRST_ID = 48_000_100_000
RULE_TYPES = ("1", "3", "4")  # on creation, every hour, on update
FIELD_TYPES = frozenset(
    ["custom_text", "custom_dropdown", "custom_checkbox", "nested_field", "custom_number", "custom_decimal",
     "custom_date", "custom_paragraph"]
)  # fmt: skip
_FIELDS = re.compile(r"admin/ticket_fields(?:/(\d+))?")
_RULES = re.compile(r"automations/(\d+)/rules(?:/(\d+))?")
_GROUPS = re.compile(r"(?:admin/)?groups(?:/(\d+))?(/agents)?")
_FIELD_NAMES = frozenset(
    [
        "label", "label_for_customers", "type", "position", "customers_can_edit", "displayed_to_customers",
        "required_for_agents", "required_for_closure", "required_for_customers", "choices", "dependent_fields",
        "section_mappings",
    ]
)  # fmt: skip
_RULE_NAMES = frozenset(
    ["name", "description", "position", "active", "performer", "events", "conditions", "operator", "actions"]
)
_OWN_RULES: Mapping[str, Object] = {
    "1": {"name": "Route billing", "actions": [{"field_name": "add_tag", "value": ["billing"]}]},
    "4": {
        "name": "Reopen on reply", "performer": {"type": 2}, "events": [{"field_name": "reply_sent"}],
        "actions": [{"field_name": "status", "value": 2}],
    },
}  # fmt: skip


class Setup:
    """The account's configuration. Locked by whoever calls."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.fields: dict[int, Object] = {}  # as admins see them
        self.rules: dict[str, dict[int, Object]] = {kind: {} for kind in RULE_TYPES}
        self._made = 0
        for kind, body in _OWN_RULES.items():
            self._new_rule(kind, body)

    def configuration(self) -> dict[str, list[Object]]:
        """Everything that is set up, in a stable order."""
        groups = [group | {"agent_ids": self.record.staff.members(group["id"])} for group in self.record.staff.groups]
        told = {"groups": groups, "ticket_fields": list(self.fields.values())}
        told |= {f"rules {kind}": list(self.rules[kind].values()) for kind in RULE_TYPES}
        return {name: sorted(deepcopy(rows), key=lambda row: int(row["id"])) for name, rows in told.items()}

    def change(self, resource: str, method: str, body: Object) -> Answer | None:
        """Create, change or delete; null: none of ours. Raises Denied."""
        if one := _FIELDS.fullmatch(resource):
            self._only_admins()
            return self._change_field(one[1], method, body)
        if one := _RULES.fullmatch(resource):
            self._only_admins()
            return self._change_rule(one[1], one[2], method, body)
        if one := _GROUPS.fullmatch(resource):
            self._only_admins()
            return self._change_group(one[1], bool(one[2]), method, body)
        return None

    def look(self, request: Request) -> Answer | None:
        """What only admins look at; null: none of ours."""
        try:
            if one := _FIELDS.fullmatch(request.resource):
                self._only_admins()
                return self._show_fields(request, one[1])
            if one := _RULES.fullmatch(request.resource):
                self._only_admins()
                return self._show_rules(request, one[1], one[2])
        except Denied as no:
            return no.answer
        return None

    def _only_admins(self) -> None:
        if not self.record.options.admin:
            raise Denied(denied())

    def _number(self) -> int:
        self._made += 1
        return FIRST_ID + self._made

    def _stamp(self) -> str:
        return iso(self.record.clock())

    # Ticket fields

    def drop_field(self, name: str) -> None:
        """Delete a field, and what tickets hold in it. Raises Denied."""
        number = next((no for no, row in self.fields.items() if row["name"] == name), None)
        if number is None:
            raise Denied(not_found())
        del self.fields[number]
        for held in self.record.besides.values():
            held.get("custom_fields", {}).pop(name, None)
        self._tell_fields()

    def _show_fields(self, request: Request, number: str | None) -> Answer:
        if number is not None:
            row = self.fields.get(int(number))
            return not_found() if row is None else Answer.of(row)
        wrong = [name for name in ("page", "per_page") if name in request.query]
        if wrong:
            return invalid(*((name, "Unexpected/invalid field in request", "invalid_field") for name in wrong))
        return Answer.of(list(self.fields.values()))

    def _change_field(self, number: str | None, method: str, body: Object) -> Answer:
        if number is None:
            return (
                Answer.of(self.new_field(body), 201)
                if method == "POST"
                else refused(405, "method_not_allowed", "GET, POST")
            )
        row = self.fields.get(int(number))
        if row is None:
            return not_found()
        if method == "DELETE":
            self.drop_field(row["name"])
            return Answer(b"", 204)
        self._check_field(row | body, int(number), body)
        row |= body | {"updated_at": self._stamp()}
        row["choices"] = _choices(row.get("choices") or [])
        self._tell_fields()
        return Answer.of(row)

    def new_field(self, body: Object) -> Object:
        """A field that tickets have from now on. Raises Denied."""
        self._check_field(body, None, body)
        number, stamp = self._number(), self._stamp()
        usual: Object = {
            "position": 100 + self._made, "default": False, "archived": False, "customers_can_edit": False,
            "displayed_to_customers": False, "required_for_agents": False, "required_for_closure": False,
            "required_for_customers": False, "label_for_customers": body.get("label"), "created_at": stamp,
            "updated_at": stamp,
        }  # fmt: skip
        slug = re.sub(r"[^a-z0-9]+", "_", str(body["label"]).lower()).strip("_")
        row = usual | body | {"id": number, "name": f"cf_{slug}", "choices": _choices(body.get("choices") or [])}
        self.fields[number] = row
        self._tell_fields()
        return row

    def _check_field(self, body: Object, own: int | None, given: Object) -> None:
        errors = [(n, "Unexpected/invalid field in request", "invalid_field") for n in given if n not in _FIELD_NAMES]
        label = body.get("label")
        if not isinstance(label, str) or not label.strip():
            errors.append(("label", "It should be a/an String", "missing_field"))
        elif any(row["label"].lower() == label.lower() for no, row in self.fields.items() if no != own):
            errors.append(("label", "It should be a unique value", "duplicate_value"))
        if body.get("type") not in FIELD_TYPES:
            text = f"It should be one of these values: '{','.join(sorted(FIELD_TYPES))}'"
            errors.append(("type", text, "invalid_value"))
        if body.get("type") == "custom_dropdown" and not body.get("choices"):
            errors.append(("choices", "It should be a/an Array", "missing_field"))
        if errors:
            raise Denied(invalid(*errors))

    def _tell_fields(self) -> None:
        """Tickets have these fields from now on, and everybody may list them."""
        self.record.fields[:] = [
            {**row, "choices": [choice["value"] for choice in row["choices"]]} for row in self.fields.values()
        ]

    # Automation rules

    def _show_rules(self, request: Request, kind: str, number: str | None) -> Answer:
        if kind not in RULE_TYPES:
            return not_found()
        if number is not None:
            row = self.rules[kind].get(int(number))
            return not_found() if row is None else Answer.of(row)
        rows = [row | {"outdated": False, "affected_tickets_count": 0} for row in self.rules[kind].values()]
        if self.record.options.bare_rules:
            return paged(rows, "", request.path, request.query, linked=False)
        return Answer.of({"rules": rows, "meta": {"total_count": len(rows), "total_active_count": len(rows)}})

    def _change_rule(self, kind: str, number: str | None, method: str, body: Object) -> Answer:
        if kind not in RULE_TYPES:
            return not_found()
        if number is None:
            self._check_rule(kind, body, None, body)
            return Answer.of(self._new_rule(kind, body), 201)
        row = self.rules[kind].get(int(number))
        if row is None:
            return not_found()
        if method == "DELETE":
            del self.rules[kind][int(number)]
            return Answer(b"", 204)
        self._check_rule(kind, row | body, int(number), body)
        row |= body | {"updated_at": self._stamp()}
        return Answer.of(row)

    def _new_rule(self, kind: str, body: Object) -> Object:
        stamp = CREATED if self._made < len(_OWN_RULES) else self._stamp()
        usual: Object = {"active": True, "position": len(self.rules[kind]) + 1, "description": "", "conditions": []}
        row = usual | dict(body) | {"id": self._number(), "created_at": stamp, "updated_at": stamp}
        self.rules[kind][row["id"]] = row
        return row

    def _check_rule(self, kind: str, body: Object, own: int | None, given: Object) -> None:
        errors = [(n, "Unexpected/invalid field in request", "invalid_field") for n in given if n not in _RULE_NAMES]
        name, actions = body.get("name"), body.get("actions")
        if not isinstance(name, str) or not name.strip():
            errors.append(("name", "It should be a/an String", "missing_field"))
        elif any(row["name"] == name for no, row in self.rules[kind].items() if no != own):
            errors.append(("name", "It should be a unique value", "duplicate_value"))
        if not isinstance(actions, list) or not actions:
            errors.append(("actions", "It should be a/an Array", "missing_field"))
        if kind == "4":
            errors += [(n, "It should be set", "missing_field") for n in ("performer", "events") if not body.get(n)]
        elif body.get("events"):
            errors.append(("events", "Unexpected/invalid field in request", "invalid_field"))
        if errors:
            raise Denied(invalid(*errors))
        for action in actions or ():
            if action.get("field_name") == "trigger_webhook" and not (action.get("url") and action.get("request_type")):
                raise Denied(refused(500, "internal_error", "Something went wrong"))  # as accounts have answered

    # Groups

    def _change_group(self, number: str | None, members: bool, method: str, body: Object) -> Answer:
        staff = self.record.staff
        if number is None:
            return self._new_group(body) if method == "POST" else refused(405, "method_not_allowed", "GET, POST")
        group = next((row for row in staff.groups if row["id"] == int(number)), None)
        if group is None:
            return not_found()
        if members:
            gone = {row["id"] for row in body.get("agents") or () if row.get("deleted")}
            new = {row["id"] for row in body.get("agents") or ()} - gone
            self.record.restaff(_with_members(staff, group["id"], (set(staff.members(group["id"])) | new) - gone))
            return Answer(b"", 204)
        if method == "DELETE":
            left = _with_members(staff, group["id"], set())
            self.record.restaff(replace(left, groups=tuple(row for row in staff.groups if row is not group)))
            return Answer(b"", 204)
        return Answer.of(self._keep_group(group | _of_group(body) | {"updated_at": self._stamp()}, body))

    def _new_group(self, body: Object) -> Answer:
        name = body.get("name")
        if not isinstance(name, str) or not name.strip():
            return invalid(("name", "It should be a/an String", "missing_field"))
        if any(row["name"] == name for row in self.record.staff.groups):
            return refused(409, "duplicate_value", "It should be a unique value")
        stamp = self._stamp()
        row: Object = {
            "id": self._number(), "name": name, "description": None, "escalate_to": None, "unassigned_for": None,
            "business_hour_id": None, "group_type": "support_agent_group", "created_at": stamp, "updated_at": stamp,
            "auto_ticket_assign": 0,
        }  # fmt: skip
        return Answer.of(self._keep_group(row | _of_group(body), body), 201)

    def _keep_group(self, row: Object, body: Object) -> Object:
        staff = self.record.staff
        others = tuple(group for group in staff.groups if group["id"] != row["id"])
        staff = replace(staff, groups=tuple(sorted((*others, row), key=lambda group: int(group["id"]))))
        if "agent_ids" in body:
            staff = _with_members(staff, row["id"], set(body["agent_ids"] or ()))
        self.record.restaff(staff)
        return row | {"agent_ids": staff.members(row["id"])}


def _choices(choices: list[Any]) -> list[Object]:
    """Choices with ids and places; texts alone are taken, too."""
    rows = [choice if isinstance(choice, dict) else {"value": str(choice)} for choice in choices]
    return [{"id": place, "position": place, **row} for place, row in enumerate(rows, start=1)]


def _of_group(body: Object) -> Object:
    return {name: value for name, value in body.items() if name in ("name", "description", "escalate_to",
            "unassigned_for", "business_hour_id", "auto_ticket_assign")}  # fmt: skip


def _with_members(staff: Staff, group: int, members: set[int]) -> Staff:
    """The same account, in which exactly these are in a group."""
    people = {}
    for no, person in staff.people.items():
        groups = tuple(one for one in person.groups if one != group) + ((group,) if no in members else ())
        people[no] = person if set(groups) == set(person.groups) else replace(person, groups=groups)
    return replace(staff, people=people)
