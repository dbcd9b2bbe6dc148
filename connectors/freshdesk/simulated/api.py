"""The endpoints: which path answers what."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable

from connectors.simulating.answers import Answer

from . import rows as shown
from .answers import (
    BadRequest,
    denied,
    lacking,
    not_found,
    page_of,
    paged,
    unknown_caller,
)
from .faults import Faults
from .lists import Lists
from .looks import Looks
from .record import Record
from .request import Request
from .writes import Writes

VIEWED = ("conversations", "requester", "company", "stats")


class Api:
    """What the account answers, once a request has come through the rate limits."""

    def __init__(self, record: Record, faults: Faults, base: str) -> None:
        self.record = record
        self.options = record.options
        self.base = base
        self.api_key = secrets.token_urlsafe(15)
        self.lists = Lists(record, faults, base)
        self.looks = Looks(record, base)
        self.writes = Writes(record)

    def answer(self, request: Request) -> Answer:
        """The answer to one request; never raises for what a client can send."""
        if request.path.startswith("/exports/"):
            return self.looks.file(request)
        if not request.path.startswith("/api/v2/"):
            return not_found()
        if not self._known(request.authorization):
            return unknown_caller()
        try:
            if request.method != "GET":
                return self.writes.change(request)
            return self.writes.look(request) or self._get(request)
        except BadRequest as bad:
            return bad.answer

    def revoke(self) -> None:
        """The key stops working for good."""
        self.api_key = secrets.token_urlsafe(15)

    def _known(self, header: str | None) -> bool:
        kind, _, value = (header or "").partition(" ")
        try:
            name, colon, _ = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return False
        same = secrets.compare_digest(name.encode(), self.api_key.encode())
        return kind.lower() == "basic" and same and bool(colon)

    def _get(self, request: Request) -> Answer:
        resource = request.resource
        if resource == "tickets":
            return self.lists.tickets(request.path, request.query)
        one = re.fullmatch(r"tickets/(archived/)?(\d+)(?:/(\w+))?", resource)
        if one:
            return self._ticket(request, int(one[2]), one[3], bool(one[1]))
        if resource == "search/tickets":
            return self.looks.search(request, self.lists)
        look = self._look(resource)
        if look is None:
            return not_found()
        feature, admin, answer = look
        if feature in self.options.lacking:
            return lacking(feature)
        if admin and not self.options.admin:
            return denied()
        return answer(request)

    def _look(self, resource: str) -> tuple[str, bool, Callable[[Request], Answer]] | None:
        """The feature that an endpoint needs, whether an admin's key, and what answers."""
        for pattern, feature, admin, name in ENDPOINTS:
            if re.fullmatch(pattern, resource):
                answer: Callable[[Request], Answer] = getattr(self.looks, name)
                return feature, admin, answer
        return None

    def _ticket(self, request: Request, no: int, what: str | None, archived: bool) -> Answer:
        """One ticket, or what hangs on it."""
        now = self.record.clock()
        version = self.record.version(no, now)
        if version is None or self.lists.archived(version, now) != archived:
            return not_found()
        if archived and "archived" in self.options.lacking:
            return lacking("archived")
        if not self.lists.may_see(version):
            return denied()
        if what is None:
            return self._view(request, version, now)
        if what == "conversations":
            page_of(request.query)
            return paged(self.record.conversations(no, now), self.base, request.path, request.query)
        if what in ("time_entries", "satisfaction_ratings"):
            if what in self.options.lacking:
                return lacking(what)
            return self.looks.of_ticket(request, what, no)
        return not_found()

    def _view(self, request: Request, version: dict[str, int], now: int) -> Answer:
        asked = self.lists.includes(request.query, VIEWED)
        no = version["ticket"]
        row = {**shown.texts(no), "attachments": [], **self.lists.row(version, asked, now)}
        if "conversations" in asked:
            row["conversations"] = self.record.conversations(no, now)[:10]
        return Answer.of(row)


# path, the feature it needs, whether an admin's key, the method of `Looks`
ENDPOINTS = (
    (r"agents/me", "", False, "me"),
    (r"agents", "", True, "agents"),
    (r"agents/\d+", "", True, "agent"),
    (r"agents/\d+/availability", "availability", True, "availability"),
    (r"contacts/\d+", "", False, "contact"),
    (r"groups", "", True, "groups"),
    (r"groups/\d+", "", True, "group"),
    (r"admin/groups", "admin_groups", True, "admin_groups"),
    (r"admin/groups/\d+", "admin_groups", True, "admin_group"),
    (r"admin/groups/\d+/agents", "admin_groups", True, "members"),
    (r"business_hours", "business_hours", True, "business_hours"),
    (r"business_hours/\d+", "business_hours", True, "business_hour"),
    (r"sla_policies", "sla_policies", True, "sla_policies"),
    (r"ticket_fields", "", False, "ticket_fields"),
    (r"settings/helpdesk", "", False, "settings"),
    (r"roles", "roles", True, "roles"),
    (r"roles/\d+", "roles", True, "role"),
    (r"time_entries", "time_entries", False, "time_entries"),
    (r"admin/skills", "skills", True, "nothing"),
    (r"products", "", True, "nothing"),
    (r"surveys", "surveys", False, "surveys"),
    (r"surveys/satisfaction_ratings", "satisfaction_ratings", False, "ratings"),
    (r"export/ticket_activities", "ticket_activities", True, "activities"),
)
