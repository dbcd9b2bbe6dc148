"""Faults of writes: what is answered with nothing written, and what moves in the account just before a write."""

from __future__ import annotations

import re
from typing import Any

import orjson

from connectors.simulating.answers import Answer

from .answers import denied, refused
from .door import Door
from .record import Record
from .request import Request


def refusal(kind: str) -> Answer | None:
    """What is answered in place of a write; null: this fault lets it through."""
    if kind == "conflict":
        return refused(409, "inconsistent_state", "The record was changed in the meantime")
    if kind == "write_error":
        return refused(500, "internal_error", "Something went wrong")
    return denied() if kind == "forbid" else None


class Mischief:
    """Other people are quicker than the request."""

    def __init__(self, others: Door, record: Record, request: Request) -> None:
        self._others = others
        self._record = record
        named = re.match(r"tickets/(\d+)", request.resource)
        self._ticket = named[1] if named else None
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            body = {}
        self._asked: dict[str, Any] = body if isinstance(body, dict) else {}

    def do(self, kind: str) -> None:
        """Do it, where it applies to this request and the account takes it."""
        try:
            self._do(kind)
        except ValueError:
            return  # the ticket was gone already

    def _do(self, kind: str) -> None:
        agent, group = self._asked.get("responder_id"), self._asked.get("group_id") or self._group()
        if kind == "collide" and self._ticket:
            self._others.note(self._ticket, self._somebody(), "Looking into it")
        elif kind == "delete_away" and self._ticket:
            self._others.delete(self._ticket, self._somebody())
        elif kind == "agent_leaves" and agent:
            self._others.leaves(str(agent))
        elif kind == "group_empties" and group:
            self._others.empties(str(group))
        elif kind == "field_drops":
            for name in self._asked.get("custom_fields") or ():
                self._others.drops_field(str(name))

    def _group(self) -> int | None:
        row = self._record.ticket(int(self._ticket)) if self._ticket else None
        return row["group_id"] if row else None

    def _somebody(self) -> str:
        """An agent who isn't the plugin's own."""
        own = self._record.options.service_user
        return str(next(p.no for p in self._record.staff.agents if p.no != own and p.account.state == "active"))
