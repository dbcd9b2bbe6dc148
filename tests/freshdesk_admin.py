"""What an admin sets up in a Freshdesk account, and its tickets, over HTTP, as odd as a test wants."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.simulating.answers import Answer
from connectors.simulating.faults import Dice
from connectors.simulating.front import Front, Received

NOW = datetime(2026, 10, 6, 8, 0, tzinfo=UTC)
KEY = "key-of-an-admin"
Object = dict[str, Any]


class Faults(Dice):
    """What happens to writes besides: the answer is lost, or comes as an error, after the write was made."""

    write_spoilers = ("lost", "late_error", "refuse", "broken")


@dataclass
class Oddities:
    """How this account differs from the usual one."""

    envelope: bool = False  # rules come under "rules"
    hides_headers: str = ""  # "mask": custom headers are starred; "drop": not shown at all
    keeps_second_label: bool = True
    lacks: tuple[str, ...] = ()  # paths that the plan does not have
    forbids: tuple[str, ...] = ()  # paths that the key may not use
    refuses_rules: int = 0  # the status that creating a rule is answered with
    unwritable: tuple[str, ...] = ()  # tickets whose update is answered 400


@dataclass
class Held:
    """What the account holds."""

    fields: list[Object] = field(default_factory=list)
    rules: dict[str, list[Object]] = field(default_factory=lambda: {"1": [], "3": [], "4": []})
    tickets: dict[str, Object] = field(default_factory=dict)


class FreshdeskAccount(Front):
    """One account on a loopback port; `held` is what stands in it."""

    def __init__(self, faults: Faults | None = None, tickets: int = 5, first: int = 901, **odd: Any) -> None:
        self.faults = faults or Faults()
        super().__init__(self.faults)
        self.odd = Oddities(**odd)
        self.held = Held()
        self._number = first - 1
        self._usual(tickets)
        self.serve()

    def _usual(self, tickets: int) -> None:
        cause = {"label": "Cause", "name": "cf_cause_77", "type": "custom_dropdown", "required_for_closure": True}
        status = {"label": "Status", "name": "status", "type": "default_status", "default": True}
        self.held.fields = [self._made(status), self._made(cause)]
        mail = [{"field_name": "send_email_to_requester", "email_to": 1}]
        of_all = [{"name": "condition_set_1", "match_type": "all", "properties": [
            {"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [4]}]}]  # fmt: skip
        self.held.rules["1"] = [self.rule("Route urgent", of_all, [{"field_name": "priority", "value": 4}], 1)]
        self.held.rules["4"] = [self.rule("Tell the requester", of_all, mail, 1)]
        self.held.rules["3"] = [self.rule("Close after four days", of_all, [{"field_name": "status", "value": 5}], 1)]
        for number in range(1, tickets + 1):
            self.ticket(str(number), "vip")

    def rule(self, name: str, conditions: list[Object], actions: list[Object], position: int) -> Object:
        return self._made({"name": name, "active": True, "description": None, "position": position,
                           "conditions": conditions, "actions": actions})  # fmt: skip

    def ticket(self, number: str, *tags: str, **more: Any) -> Object:
        row = {"id": int(number), "status": 2, "tags": list(tags), "custom_fields": {}, "deleted": False, "spam": False,
               "created_at": "2026-10-05T08:00:00Z", "updated_at": "2026-10-05T08:00:00Z"} | more  # fmt: skip
        self.held.tickets[number] = row
        return row

    def configuration(self) -> Object:
        """What admins have set up."""
        return copy.deepcopy({"fields": self.held.fields, "rules": self.held.rules})

    def state(self) -> dict[str, tuple[Any, ...]]:
        """Tags and fields of every ticket that is there."""
        return {
            number: (sorted(row["tags"]), {k: v for k, v in row["custom_fields"].items() if v is not None})
            for number, row in self.held.tickets.items()
            if not row["deleted"]
        }

    def ours(self) -> list[Object]:
        """Everything with a mark of the program."""
        every = [*self.held.fields, *(row for rows in self.held.rules.values() for row in rows)]
        return [row for row in every if "[helpdesk-wellbeing " in json.dumps(row)]

    # Front

    def time_there(self) -> datetime:
        return NOW

    def throttled(self, headers: dict[str, str]) -> Answer:
        return Answer.of({"message": "slow down"}, 429, headers)

    def broken(self, status: int) -> Answer:
        return Answer.of({"code": "internal_error", "message": "went wrong"}, status)

    def answered(self, received: Received) -> tuple[Answer, str | None]:
        path = received.path.removeprefix("/api/v2")
        spoiler = self.faults.spoiler(path, received.target) if received.method == "GET" else None
        replaced = self.instead(spoiler, received.target)
        if replaced is not None:
            return replaced, spoiler
        if received.method == "GET":
            return self._answer(received, path), spoiler
        fault = self.faults.write_spoiler(path, f"{received.method} {received.target}")
        if fault == "refuse":
            return Answer.of({"code": "access_denied", "message": "no"}, 403), None
        if fault == "broken":
            return self.broken(500), None
        answer = self._answer(received, path)
        if fault == "late_error":
            return self.broken(503), None
        return answer, fault

    def _answer(self, received: Received, path: str) -> Answer:
        if path in self.odd.lacks or re.sub(r"/\d+$", "", path) in self.odd.lacks:
            return Answer.of({"code": "require_feature", "message": "not in your plan"}, 403)
        if path in self.odd.forbids:
            return Answer.of({"code": "access_denied", "message": "not allowed"}, 403)
        body = json.loads(received.body) if received.body else {}
        for pattern, answer in self._routes():
            found = re.fullmatch(pattern, path)
            if found is not None:
                return answer(received, body, *found.groups())
        return Answer(b"", 404)

    def _routes(self) -> list[tuple[str, Callable[..., Answer]]]:
        return [
            (r"/agents/me", lambda *_: Answer.of({"id": 77, "ticket_scope": 1})),
            (r"/admin/ticket_fields", self._fields), (r"/admin/ticket_fields/(\d+)", self._field),
            (r"/automations/(\d)/rules", self._rules), (r"/automations/(\d)/rules/(\d+)", self._rule),
            (r"/search/tickets", self._search), (r"/tickets/(\d+)", self._ticket),
        ]  # fmt: skip

    def _made(self, row: Object) -> Object:
        self._number += 1
        return {"id": self._number, **row, "created_at": "2026-10-06T08:00:00Z", "updated_at": "2026-10-06T08:00:00Z"}

    def _fields(self, received: Received, body: Object) -> Answer:
        if received.method == "GET":
            return Answer(b"", 400) if received.query else Answer.of([self._shown(row) for row in self.held.fields])
        if any(row["label"] == body["label"] for row in self.held.fields):
            return Answer.of({"errors": [{"field": "label", "code": "duplicate_value"}]}, 409)
        name = "cf_" + re.sub(r"\W+", "_", body["label"].lower()).strip("_") + "_297457"
        usual = {"displayed_to_customers": True, "customers_can_edit": False, "required_for_closure": False}
        row = self._made({**usual, **body, "name": name, "default": False})
        self.held.fields.append(row)
        return Answer.of(self._shown(row), 201)

    def _field(self, received: Received, body: Object, number: str) -> Answer:
        return self._changed(received, body, self.held.fields, number)

    def _rules(self, received: Received, body: Object, kind: str) -> Answer:
        rows = self.held.rules[kind]
        if received.method == "GET":
            page = int(received.query.get("page", ["1"])[0])
            shown = [self._shown(row) for row in rows] if page == 1 else []
            return Answer.of({"rules": shown, "meta": {"total": len(rows)}} if self.odd.envelope else shown)
        if self.odd.refuses_rules:
            return Answer.of({"errors": [{"field": "actions", "code": "invalid_value"}]}, self.odd.refuses_rules)
        if any(row["name"] == body["name"] for row in rows):
            return Answer.of({"errors": [{"field": "name", "code": "duplicate_value"}]}, 400)
        row = self._made(body)
        rows.append(row)
        return Answer.of(self._shown(row), 201)

    def _rule(self, received: Received, body: Object, kind: str, number: str) -> Answer:
        return self._changed(received, body, self.held.rules[kind], number)

    def _changed(self, received: Received, body: Object, rows: list[Object], number: str) -> Answer:
        row = next((row for row in rows if str(row["id"]) == number), None)
        if row is None:
            return Answer(b"", 404)
        if received.method == "DELETE":
            rows.remove(row)
            return Answer(b"", 204)
        row.update(body)
        return Answer.of(self._shown(row))

    def _shown(self, row: Object) -> Object:
        shown = copy.deepcopy(row)
        if not self.odd.keeps_second_label:
            shown.pop("label_for_customers", None)
        for action in shown.get("actions", ()):
            if self.odd.hides_headers and "custom_headers" in action:
                masked = dict.fromkeys(action.pop("custom_headers"), "********")
                action |= {"custom_headers": masked} if self.odd.hides_headers == "mask" else {}
        return shown

    def _search(self, received: Received, body: Object) -> Answer:
        query, page = received.query["query"][0], int(received.query["page"][0])
        tag = re.search(r"tag:'([^']+)'", query)
        since, until = (re.search(rf"created_at:{sign}'([^']+)'", query) for sign in "><")
        assert tag is not None
        found = [row for row in self.held.tickets.values() if tag[1] in row["tags"] and not row["deleted"]]
        if since is not None and until is not None:
            found = [row for row in found if since[1] <= row["created_at"][:10] <= until[1]]
        return Answer.of({"total": len(found), "results": found[: 10 * 30][30 * (page - 1) : 30 * page]})

    def _ticket(self, received: Received, body: Object, number: str) -> Answer:
        row = self.held.tickets.get(number)
        if row is None:
            return Answer(b"", 404)
        if received.method == "GET":
            return Answer.of(row)
        if row["deleted"] or row["spam"]:
            return Answer.of({"message": "no"}, 405)
        if received.method == "DELETE":
            row["deleted"] = True
            return Answer(b"", 204)
        if number in self.odd.unwritable:
            return Answer.of({"errors": [{"field": "cf_cause_77", "code": "missing_field"}]}, 400)
        row["custom_fields"].update(body.pop("custom_fields", {}))
        row.update(body)
        return Answer.of(row)
