"""Faults of writes: what is answered with nothing written, and what moves in the account just before a write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from .answers import FORBIDDEN, plain_error
from .api import Request
from .door import Door
from .record import Record
from .updates import CONFLICT

REFUSALS: Mapping[str, tuple[Any, int]] = {
    "conflict": CONFLICT,
    "write_error": (plain_error("InternalError", "Something went wrong"), 500),
    "forbid": FORBIDDEN,
}


class Mischief:
    """Other people are quicker than the request."""

    def __init__(self, others: Door, record: Record, request: Request) -> None:
        self._others = others
        self._record = record
        named = re.fullmatch(r"tickets/(\d+)", request.resource)
        self._ticket = named[1] if named else None
        try:
            inner = orjson.loads(request.body).get("ticket", {})
        except (orjson.JSONDecodeError, AttributeError):
            inner = {}
        self._asked: dict[str, Any] = inner if isinstance(inner, dict) else {}

    def do(self, kind: str) -> None:
        """Do it, where it applies to this request and the account takes it."""
        try:
            self._do(kind)
        except ValueError:
            return  # the ticket was closed or gone already

    def _do(self, kind: str) -> None:
        agent, group = self._asked.get("assignee_id"), self._asked.get("group_id") or self._group()
        if kind == "collide" and self._ticket:
            self._others.edit(self._ticket, self._somebody(), {"comment": {"body": "Looking into it", "public": False}})
        elif kind == "merge_away" and self._ticket:
            self._others.merge(self._ticket, str(self._record.holdings.site.children["ticket_no"][0]), self._somebody())
        elif kind == "agent_leaves" and agent:
            self._others.leaves(str(agent))
        elif kind == "group_empties" and group:
            self._others.empties(str(group))
        elif kind == "field_drops":
            for entry in self._asked.get("custom_fields") or ():
                self._others.drops_field(str(entry["id"]))

    def _group(self) -> int | None:
        row = self._record.holdings.ticket(int(self._ticket), 1 << 40) if self._ticket else None
        return row["group_id"] if row else None

    def _somebody(self) -> str:
        """An agent who isn't the plugin's own user."""
        own = self._record.holdings.site.options.service_user
        staff = (u for u in self._record.holdings.staff.users if u["role"] == "agent" and u["active"])
        return str(next(u["id"] for u in staff if u["id"] != own))
