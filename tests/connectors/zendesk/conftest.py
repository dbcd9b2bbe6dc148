"""A small Zendesk in memory, at the HTTP edge."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import responses

from connectors.session import Limits
from connectors.zendesk import ZendeskSettings
from connectors.zendesk.connector import ZendeskConnector

HOST = "https://acme.zendesk.com"
NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())


def iso(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeZendesk:
    """Answers like the platform. Exports are sorted by time and never part rows of one second."""

    def __init__(self) -> None:
        self.now = NOW
        self.page = 1000
        self.saves: list[dict[str, Any]] = []
        self.tickets: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = [
            {"id": 1, "name": "Agent 01", "role": "admin", "iana_time_zone": "Europe/Berlin", "active": True},
            {"id": 2, "name": "Agent 02", "role": "agent", "iana_time_zone": "Europe/Paris", "active": True},
            {"id": 3, "name": "Agent 03", "role": "agent", "time_zone": "London", "active": True},
            {"id": 9, "name": "Service", "role": "admin", "iana_time_zone": "Etc/UTC", "active": True},
            {"id": 500, "name": "Somebody", "role": "end-user", "active": True},
        ]
        self.me = 9
        self.groups = [{"id": 10, "name": "Support"}, {"id": 11, "name": "Billing"}]
        self.memberships = [{"id": 1, "user_id": 2, "group_id": 10}, {"id": 2, "user_id": 3, "group_id": 11}]
        self.statuses: list[dict[str, Any]] = []
        self.ratings: list[dict[str, Any]] = []
        self.surveys: list[dict[str, Any]] | None = None
        self.presence: list[dict[str, Any]] | None = None
        self.schedules: list[dict[str, Any]] | None = None
        self.holidays: list[dict[str, Any]] = []
        self.scope = "read"
        self.minted = 0
        self.broken: dict[str, Any] = {}  # path part -> answer that replaces the real one
        self.asked: list[str] = []

    # HTTP

    def register(self, mock: responses.RequestsMock) -> None:
        for method in (responses.GET, responses.POST):
            mock.add_callback(method, re.compile(re.escape(HOST) + ".*"), callback=lambda request: self.answer(request))

    def answer(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(request.url)
        path = parts.path.removesuffix(".json").removeprefix("/api/v2")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append(f"{request.method} {path}?{parts.query}")
        headers = {"Date": format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True)}
        for piece, broken in self.broken.items():
            if piece in path:
                answered = broken(query) if callable(broken) else broken
                if answered is not None:
                    status, body, *more = answered
                    raw = body if isinstance(body, bytes) else orjson.dumps(body)
                    return status, {**headers, **(more[0] if more else {})}, raw
        status, body = self.route(request.method, path, query)
        return status, {**headers, "Content-Type": "application/json"}, orjson.dumps(body)

    def route(self, method: str, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/oauth/tokens" and method == "POST":
            self.minted += 1
            return 201, {"access_token": f"t{self.minted}", "token_type": "bearer", "scope": self.scope}
        if path == "/users/me":
            return 200, {"user": next(user for user in self.users if user["id"] == self.me)}
        if path == "/users":
            listed = [u for u in self.users if u["role"] in ("agent", "admin") and u["active"]]
            return 200, {"users": listed, "meta": {"has_more": False}, "links": {"next": None}}
        if path == "/users/show_many":
            wanted = set(query["ids"].split(","))
            return 200, {"users": [user for user in self.users if str(user["id"]) in wanted]}
        if path == "/groups":
            return 200, {"groups": self.groups, "meta": {"has_more": False}, "links": {"next": None}}
        if path == "/group_memberships":
            return 200, {
                "group_memberships": self.memberships,
                "meta": {"has_more": False},
                "links": {"next": None},
            }
        if path == "/custom_statuses":
            return 200, {"custom_statuses": self.statuses}
        if path == "/business_hours/schedules":
            return (
                (404, {"error": "InvalidEndpoint"}) if self.schedules is None else (200, {"schedules": self.schedules})
            )
        if path.endswith("/holidays"):
            return 200, {"holidays": self.holidays}
        if path == "/satisfaction_ratings":
            return 200, {"satisfaction_ratings": self.between(self.ratings, query, "start_time", "end_time", 1)}
        if path == "/guide/survey_responses":
            if self.surveys is None:
                return 404, {"error": "InvalidEndpoint"}
            found = self.between(self.surveys, query, "filter[created_at_start]", "filter[created_at_end]", 1000)
            return 200, {"survey_responses": found, "meta": {"has_more": False}}
        if path == "/agent_availabilities":
            return (404, {"error": "InvalidEndpoint"}) if self.presence is None else (200, {"data": self.presence})
        if path == "/incremental/users/cursor":
            return 200, self.by_cursor("users", query, lambda user: user.get("stamp", 0))
        if path == "/incremental/tickets/cursor":
            return 200, self.by_cursor("tickets", query, lambda row: row["generated_timestamp"])
        if path == "/incremental/ticket_events":
            return 200, self.by_time(self.saves, "ticket_events", query, lambda row: row["timestamp"], True)
        if path == "/incremental/ticket_metric_events":
            stamp = lambda row: int(datetime.fromisoformat(row["time"]).timestamp())  # noqa: E731
            return 200, self.by_time(self.metrics, "ticket_metric_events", query, stamp, False)
        return 404, {"error": "InvalidEndpoint", "description": "Not found"}

    @staticmethod
    def between(rows: list[Any], query: dict[str, str], begin: str, end: str, scale: int) -> list[Any]:
        low, high = int(query[begin]) / scale, int(query[end]) / scale
        return [r for r in rows if low <= datetime.fromisoformat(r["created_at"]).timestamp() < high]

    def cut(self, rows: list[Any], stamp: Any, size: int) -> list[Any]:
        """So many rows, and those of the last one's second."""
        if len(rows) <= size:
            return rows
        last = stamp(rows[size - 1])
        end = size
        while end < len(rows) and stamp(rows[end]) == last:
            end += 1
        return rows[:end]

    def by_time(self, rows: list[Any], name: str, query: dict[str, str], stamp: Any, says_end: bool) -> dict[str, Any]:
        start = int(query["start_time"])
        size = min(int(query.get("per_page", self.page)), self.page) if says_end else 1000
        visible = sorted((r for r in rows if start <= stamp(r) <= self.now - 60), key=stamp)
        found = self.cut(visible, stamp, size)
        last = len(found) == len(visible)
        end = (stamp(found[-1]) + (0 if last else 1)) if found else None
        answer = {
            name: found,
            "count": len(found),
            "end_time": end,
            "next_page": "https://elsewhere.example/x",
        }
        return answer | ({"end_of_stream": last} if says_end else {})

    def by_cursor(self, name: str, query: dict[str, str], stamp: Any) -> dict[str, Any]:
        rows = sorted(getattr(self, name), key=lambda row: (stamp(row), row["id"]))
        rows = [row for row in rows if stamp(row) <= self.now - 60]
        if "cursor" in query:
            at, identity = (int(part) for part in query["cursor"].split("|"))
            rest = [row for row in rows if (stamp(row), row["id"]) > (at, identity)]
        else:
            rest = [row for row in rows if stamp(row) >= int(query["start_time"])]
        size = min(int(query.get("per_page", self.page)), self.page)
        found = rest[:size]
        cursor = query.get("cursor") or f"{query.get('start_time', 0)}|0"
        if found:
            cursor = f"{stamp(found[-1])}|{found[-1]['id']}"
        return {
            name: found,
            "after_cursor": cursor,
            "after_url": "x",
            "end_of_stream": len(rest) == len(found),
        }

    # Content

    def save(
        self,
        audit: int,
        ticket: int,
        at: int,
        updater: int | None,
        *children: dict[str, Any],
        via: Any = "Web form",
    ) -> None:
        numbered = [{"id": audit * 10 + index, **child} for index, child in enumerate(children)]
        self.saves.append(
            {
                "id": audit,
                "ticket_id": ticket,
                "timestamp": at,
                "created_at": iso(at),
                "updater_id": updater,
                "via": via,
                "event_type": "Audit",
                "child_events": numbered,
            }
        )

    def ticket(self, identity: int, at: int, **more: Any) -> None:
        self.tickets.append(
            {
                "id": identity,
                "created_at": iso(at),
                "updated_at": iso(at),
                "generated_timestamp": at,
                "status": "open",
                "priority": "normal",
                "group_id": 10,
                "assignee_id": 2,
                "requester_id": 500,
                "subject": "private words",
                "description": "private words",
                "via": {"channel": "email", "source": {}},
                **more,
            }
        )

    def history(self, saves: int, every_s: int, end: int | None = None) -> None:
        """So many saves, two for each ticket, ties included, up to `end`."""
        last = self.now - 120 if end is None else end
        for index in range(saves):
            at = last - (saves - 1 - index) // 2 * every_s
            ticket = index // 2 + 1
            if index % 2 == 0:
                self.save(1000 + index, ticket, at, 500, {"event_type": "Create", "status": "new"}, via="Mail")
                self.ticket(ticket, at)
            else:
                change = {"event_type": "Change", "status": "open", "previous_value": "new"}
                self.save(1000 + index, ticket, at, 2, change)
                self.metrics.append(
                    {
                        "id": index,
                        "ticket_id": ticket,
                        "metric": "reply_time",
                        "type": "breach",
                        "time": iso(at),
                    }
                )

    def connector(self, **settings: Any) -> ZendeskConnector:
        given = {"client_id": "wellbeing", "client_secret": "s3cret", "reserve": 0.0} | settings
        self.said: list[str] = []
        self.clock = Clock()
        return ZendeskConnector(
            ZendeskSettings(account="acme", subdomain="acme", **given),
            limits=Limits(first_backoff_s=0.01, longest_backoff_s=0.01),
            sleep=self.clock.sleep,
            now=self.clock,
            say=self.said.append,
        )


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def zendesk():
    fake = FakeZendesk()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.register(mock)
        yield fake


@pytest.fixture
def stamp():
    return iso
