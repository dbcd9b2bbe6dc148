"""The endpoints: which path answers what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from connectors.simulating.zones import listed

from . import access as rights
from .access import Access
from .agent_page import ticket_page
from .answers import BAD_CURSOR, BAD_TOKEN, FORBIDDEN, NO_ENDPOINT, NOT_FOUND, UNKNOWN_CALLER, Answer
from .apps import Apps
from .exports import Exports
from .faults import Faults
from .lists import Lists, Query
from .pages import BadCursor
from .people import availabilities, custom_statuses
from .record import Record
from .setup import Setup
from .site import Holdings
from .slas import TARGETS_MIN
from .words import POLICY
from .writes import Writes


@dataclass(frozen=True)
class Request:
    """One request, its query as lists by name; `target` is path and query as they came."""

    method: str
    path: str
    query: Query
    authorization: str | None
    body: bytes
    target: str
    idempotency_key: str | None = None

    @property
    def resource(self) -> str:
        """The path below `/api/v2/`, without `.json`."""
        return self.path.removeprefix("/api/v2/").removesuffix(".json").rstrip("/")

    @property
    def endpoint(self) -> str:
        """The resource with ids left out, for counting."""
        return re.sub(r"(?<=/)-?\d+(?=/|$)", "{id}", self.resource)

    def first(self, name: str) -> str | None:
        return self.query.get(name, [None])[0]


class Api:
    """What the account answers, once a request has come through the rate limits."""

    def __init__(self, holdings: Holdings, access: Access, faults: Faults, now: Callable[[], datetime]) -> None:
        self.record = Record(holdings, now, self.show)
        now = self.record.now
        self.setup = Setup(holdings.base, holdings.site.options.service_user, lambda: f"{now():%Y-%m-%dT%H:%M:%SZ}")
        self.writes = Writes(self.record, self.setup)
        self.holdings = holdings
        self.options = holdings.site.options
        self.access = access
        self.apps = Apps(self.options.subdomain)
        self.now = now
        self.exports = Exports(holdings, faults, now)
        self.lists = Lists(holdings, faults, now)

    def show(self, holdings: Holdings) -> None:
        """Answer from another state of the account.

        Requests that are under way end with what they began with, so holdings are replaced, not changed.
        """
        if holdings.staff is not self.holdings.staff:
            self.exports.forget_users()
        self.holdings = self.exports.holdings = self.lists.holdings = holdings

    def answer(self, request: Request) -> Answer:
        """The answer to one request; never raises for what a client can send."""
        if request.path == "/oauth/tokens":
            return self._mint(request)
        if request.path == "/oauth/authorizations/new" and request.method == "GET":
            return self.access.signing_in.page(request.query, self.access.client_id, self.holdings.staff.users)
        opened = re.fullmatch(r"/agent/tickets/(\d{1,18})", request.path)
        if opened and request.method == "GET":
            row = self.holdings.ticket(int(opened[1]), int(self.now().timestamp()))
            return ticket_page(row, self.holdings.staff.users, self.holdings.staff.groups)
        if not request.path.startswith("/api/v2/"):
            return Answer.of(*NOT_FOUND)
        public = self.apps.public_key(request.path.removeprefix("/api/v2/"))
        if public is not None:
            return public
        token = self.access.who(request.authorization)
        if token is None:
            bearer = (request.authorization or "").lower().startswith("bearer")
            return Answer.of(*(BAD_TOKEN if bearer else UNKNOWN_CALLER))
        if request.method != "GET":
            return self.writes.change(request, token)
        if request.resource == "oauth/tokens/current":
            return Answer.of(rights.current(token, token.user or self.options.service_user, self.holdings.base))
        scope = _scope_of(request.resource)
        if not (rights.may_read(token, scope) if scope else "read" in token.scopes):
            return Answer.of(*FORBIDDEN)
        if request.resource == "users/me":
            return self._one("users", token.user or self.options.service_user, False, request)
        try:
            return self._get(request)
        except BadCursor:
            return Answer.of(*BAD_CURSOR)

    def _mint(self, request: Request) -> Answer:
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            body = None
        if request.method != "POST" or not isinstance(body, dict):
            return Answer.of({"error": "invalid_request", "error_description": "The request is malformed."}, 400)
        status, answer = self.access.mint(body)
        return Answer.of(answer, status)

    def _get(self, request: Request) -> Answer:
        resource = request.resource
        if resource.startswith("incremental/"):
            return self.exports.answer(resource.removeprefix("incremental/"), request.path, request.query)
        single = re.fullmatch(r"(tickets|users|groups)/(\d+)(/audits)?", resource)
        if single:
            return self._one(single[1], int(single[2]), bool(single[3]), request)
        holidays = re.fullmatch(r"business_hours/schedules/(\d+)/holidays", resource)
        if holidays and self.options.schedules:
            return self._holidays(int(holidays[1]))
        looked = self.writes.look(request)
        if isinstance(looked, Answer):
            return looked
        if looked is not None:
            return self.lists.things(_name_of(resource), looked, request.path, request.query)
        plain = self._plain(resource, request)
        return plain or self.lists.answer(resource, request.path, request.query)

    def _plain(self, resource: str, request: Request) -> Answer | None:
        """Answers that have no pages."""
        base = self.holdings.base
        now = self.now()
        if resource == "custom_statuses":
            return self._custom_statuses(request)
        if resource == "time_zones":
            return Answer.of({"time_zones": listed(now)})
        if resource == "business_hours/schedules":
            if not self.options.schedules:
                return Answer.of(*FORBIDDEN)
            return Answer.of({"schedules": self.holdings.staff.schedules, "url": f"{base}{request.path}"})
        if resource == "account/settings":
            return Answer.of({"settings": self._settings()})
        if resource == "slas/policies":
            return self._policies()
        if resource == "apps/installations":
            return self.apps.listed()
        if resource == "search/count":
            return Answer.of({"count": len(self.holdings.tickets(int(now.timestamp()), False))})
        if resource.startswith("agent_availabilities"):
            return self._availabilities(request, int(now.timestamp()))
        return None

    def _one(self, kind: str, no: int, audits: bool, request: Request) -> Answer:
        if kind == "tickets":
            row = self.holdings.ticket(no, int(self.now().timestamp()))
            if row is None or row["status"] == "deleted":
                return Answer.of(*NOT_FOUND)
            return self.lists.audits(no, request.path, request.query) if audits else Answer.of({"ticket": row})
        things = self.holdings.staff.users if kind == "users" else self.holdings.staff.groups
        found = next((thing for thing in things if thing["id"] == no), None)
        return Answer.of(*NOT_FOUND) if found is None or audits else Answer.of({kind[:-1]: found})

    def _custom_statuses(self, request: Request) -> Answer:
        if not self.options.custom_statuses:
            return Answer.of(*NO_ENDPOINT)
        rows = custom_statuses(self.holdings.base)
        wanted = request.first("status_categories")
        if wanted:
            rows = [row for row in rows if row["status_category"] in wanted.split(",")]
        return Answer.of({"custom_statuses": rows})

    def _policies(self) -> Answer:
        if not self.options.sla:
            return Answer.of(*FORBIDDEN)
        metrics = [{"priority": p, "metric": "first_reply_time", "target": t, "target_in_seconds": t * 60,
                    "business_hours": False} for p, t in TARGETS_MIN.items()]  # fmt: skip
        url = f"{self.holdings.base}/api/v2/slas/policies/{POLICY}.json"
        policy = {"url": url, "id": POLICY, "title": "Standard", "description": "", "position": 1,
                  "filter": {"all": [], "any": []}, "policy_metrics": metrics,
                  "created_at": "2024-01-08T09:00:00Z", "updated_at": "2024-01-08T09:00:00Z"}  # fmt: skip
        return Answer.of({"sla_policies": [policy], "next_page": None, "previous_page": None, "count": 1})

    def _holidays(self, schedule: int) -> Answer:
        if all(s["id"] != schedule for s in self.holdings.staff.schedules):
            return Answer.of(*NOT_FOUND)
        year = self.now().year
        days = [(1, "New Year", f"{year}-01-01"), (2, "Christmas Day", f"{year}-12-25")]
        rows = [{"id": no, "name": name, "start_date": day, "end_date": day} for no, name, day in days]
        return Answer.of({"holidays": rows})

    def _settings(self) -> dict[str, Any]:
        csat = self.options.csat
        return {
            "active_features": {
                "business_hours": self.options.schedules,
                "customer_satisfaction": csat == "ratings",
                "customer_satisfaction_survey": csat == "surveys",
                "on_hold_status": True,
                "light_agents": True,
            },
            "localization": {"locale_ids": [1]},
            "agents": {"agent_workspace": True, "unified_agent_statuses": self.options.availability},
        }

    def _availabilities(self, request: Request, now: int) -> Answer:
        if not self.options.availability or request.resource != "agent_availabilities":
            return Answer.of(*NO_ENDPOINT)
        data, included = availabilities(self.holdings.site.events, self.holdings.staff.users, now, self.holdings.base)
        return self.lists.availabilities(data, included, request.path, request.query)


def _name_of(resource: str) -> str:
    """What the rows of a list are called in its answer."""
    word = resource.rpartition("/")[2]
    return "group_memberships" if word == "memberships" else word


def _scope_of(resource: str) -> str | None:
    """The narrow scope that opens a resource besides the broad `read`; audits and history need that."""
    if resource.endswith("/audits") or resource.startswith("incremental/ticket_"):
        return None
    word = resource.removeprefix("incremental/").partition("/")[0]
    return word if word in ("tickets", "users") else None
