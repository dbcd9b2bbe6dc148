"""A small Freshdesk in memory, at the HTTP edge."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import responses

from connectors.freshdesk import FreshdeskSettings
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.session import Limits
from tests.kept import Kept

HOST = "https://acme.freshdesk.com"
STORAGE = "https://files.storage.example"
NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())
STATS = ("resolved_at", "closed_at", "reopened_at", "status_updated_at", "first_responded_at")


def iso(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeFreshdesk:
    """Answers like the platform: tickets sorted by their last change, a hundred a page at most."""

    def __init__(self) -> None:
        self.now = NOW
        self.me = 9
        self.scope = 1
        self.page = 100
        self.tickets: dict[int, dict[str, Any]] = {}
        self.said: dict[int, list[dict[str, Any]]] = {}
        self.entries: list[dict[str, Any]] = []
        self.ratings: list[dict[str, Any]] = []
        self.presence: list[dict[str, Any]] = []
        self.hours: list[dict[str, Any]] = []
        self.contacts: dict[int, dict[str, Any]] = {}
        self.statuses = {"2": ["Open"], "3": ["Pending"], "4": ["Resolved"], "5": ["Closed"]}
        self.agents = [
            {"id": 1, "ticket_scope": 1, "group_ids": [10], "contact": {"name": "Agent 01", "time_zone": "Berlin"}},
            {"id": 2, "ticket_scope": 1, "group_ids": [10, 11], "contact": {"name": "Agent 02", "time_zone": "Paris"}},
            {"id": 9, "ticket_scope": 1, "contact": {"name": "Service", "time_zone": "UTC"}},
        ]
        self.groups = [
            {"id": 10, "name": "Support", "agent_ids": [1, 2], "business_calendar_id": None},
            {"id": 11, "name": "Billing", "agent_ids": [], "business_calendar_id": 77},
        ]
        self.broken: dict[str, Any] = {}  # path part -> (status, body) or a function of the query
        self.files: dict[str, Any] | None = None  # day -> rows of its activities, or (status, body)
        self.file_requests: list[Any] = []
        self.asked: list[str] = []
        self.quota: dict[str, str] = {}
        self.before_page = lambda query: None
        self._conversations = 0

    # What happens in the helpdesk

    def ticket(self, number: int, at: int, **values: Any) -> dict[str, Any]:
        """A ticket that came by e-mail at `at`."""
        row = {
            "id": number, "status": 2, "priority": 1, "source": 1, "requester_id": 500, "responder_id": None,
            "group_id": 10, "tags": [], "spam": False, "deleted": False, "is_escalated": False, "fr_escalated": False,
            "nr_escalated": False, "due_by": None, "fr_due_by": None, "nr_due_by": None, "subject": "Confidential",
            "created": at, "updated": at, "stats": dict.fromkeys(STATS), **values,
        }  # fmt: skip
        self.tickets[number] = row
        return row

    def change(self, number: int, at: int, stats: dict[str, int] | None = None, **values: Any) -> None:
        row = self.tickets[number]
        row.update(values, updated=at)
        if "status" in values:
            row["stats"]["status_updated_at"] = at
        row["stats"].update(stats or {})

    def say(self, number: int, at: int, who: int | None, *, incoming=False, private=False, source=0) -> int:
        """A reply or a note, which touches the ticket."""
        self._conversations += 1
        self.said.setdefault(number, []).append(
            {
                "id": 7000 + self._conversations, "ticket_id": number, "user_id": who, "incoming": incoming,
                "private": private, "source": source, "body": "Confidential", "body_text": "Confidential",
                "created_at": iso(at), "updated_at": iso(at),
            }
        )  # fmt: skip
        self.tickets[number]["updated"] = max(self.tickets[number]["updated"], at)
        return 7000 + self._conversations

    def history(self, count: int, every_s: int) -> None:
        """Tickets that were answered and solved, the last one just now."""
        for number in range(1, count + 1):
            at = self.now - (count - number) * every_s - 9000
            self.ticket(number, at)
            self.say(number, at + 600, 500, incoming=True)
            self.say(number, at + 1800, 1 + number % 2)
            self.change(number, at + 3600, {"resolved_at": at + 3600}, status=4, responder_id=1 + number % 2)

    # HTTP

    def calls(self) -> Counter[str]:
        return Counter(re.sub(r"/\d+", "/{id}", line.split("?")[0]) for line in self.asked)

    def register(self, mock: responses.RequestsMock) -> None:
        mock.add_callback(responses.GET, re.compile(re.escape(HOST) + "/.*"), callback=self._answer)
        mock.add_callback(responses.GET, re.compile(re.escape(STORAGE) + "/.*"), callback=self._file)

    def _answer(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(request.url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append(f"{parts.path}?{parts.query}")
        status, body = self._body(parts.path.removeprefix("/api/v2"), query)
        headers = {"Date": format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True), **self.quota}
        return status, headers, orjson.dumps(body)

    def _body(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        for part, answer in self.broken.items():
            if path.startswith(part):
                found = answer(query) if callable(answer) else answer
                if found is not None:
                    return found
        if path == "/tickets":
            return self._list(query)
        if path.endswith("/conversations"):
            return 200, _page(self.said.get(int(path.split("/")[2]), []), query)
        if path == "/export/ticket_activities":
            return self._export(query["created_at"])
        if path == "/agents/me":
            return 200, {"id": self.me, "ticket_scope": self.scope, "contact": {"name": "Service", "time_zone": "UTC"}}
        if path == "/agents":
            return 200, _page(self.presence if query.get("only") else self.agents, query)
        if path.startswith("/contacts/"):
            found = self.contacts.get(int(path.split("/")[2]))
            return (200, found) if found else (404, {})
        lists = {
            "/admin/groups": self.groups, "/business_hours": self.hours, "/time_entries": self._entries(query),
            "/surveys/satisfaction_ratings": self.ratings,
            "/ticket_fields": [{"id": 1, "type": "default_status", "choices": self.statuses}],
        }  # fmt: skip
        return (200, _page(lists[path], query)) if path in lists else (404, {})

    def _file(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        self.file_requests.append(request)
        found = self.files[urlsplit(request.url).path.split("/")[-1]]
        if isinstance(found, tuple):
            return found[0], {}, found[1]
        return 200, {}, orjson.dumps({"metadata": {"activities_count": len(found)}, "activities_data": found})

    def _export(self, day: str) -> tuple[int, Any]:
        if self.files is None or day not in self.files:
            return 404, {}
        link = f"{STORAGE}/{day}?signature=s3cret"
        year, month, of_month = (int(part) for part in day.split("-"))
        return 200, {"export": [{"created_at": f"{of_month}-{month}-{year}", "url": link}]}

    def _entries(self, query: dict[str, str]) -> list[dict[str, Any]]:
        after, before = query.get("executed_after", ""), query.get("executed_before", "9")
        return [row for row in self.entries if after <= row["executed_at"] <= before]

    def _list(self, query: dict[str, str]) -> tuple[int, Any]:
        self.before_page(query)
        since = int(datetime.fromisoformat(query["updated_since"]).timestamp())
        aside = query.get("filter")
        rows = [
            row
            for row in self.tickets.values()
            if row["updated"] >= since and (row[aside] if aside else not (row["spam"] or row["deleted"]))
        ]
        rows.sort(key=lambda row: (row["updated"], row["id"]))
        return 200, [self._shown(row, "stats" in query.get("include", "")) for row in _page(rows, query, self.page)]

    def _shown(self, row: dict[str, Any], with_stats: bool) -> dict[str, Any]:
        shown = {key: value for key, value in row.items() if key not in ("created", "updated", "stats")}
        shown |= {"created_at": iso(row["created"]), "updated_at": iso(row["updated"])}
        for name in ("due_by", "fr_due_by", "nr_due_by"):
            shown[name] = None if row[name] is None else iso(row[name])
        if with_stats:
            shown["stats"] = {name: None if at is None else iso(at) for name, at in row["stats"].items()}
        return shown

    def connector(self, say=None, limits=None, **values: Any) -> FreshdeskConnector:
        settings = FreshdeskSettings(account="acme", domain="acme.freshdesk.com", api_key="k" * 20, **values)
        clock = _Clock()
        return FreshdeskConnector(settings, limits=limits or Limits(), sleep=clock.sleep, now=clock.now, say=say)


class _Clock:
    """Waiting costs nothing."""

    def __init__(self) -> None:
        self.at = 0.0

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def now(self) -> float:
        self.at += 1.0
        return self.at


def _page(rows: list[Any], query: dict[str, str], most: int = 100) -> list[Any]:
    size = min(int(query.get("per_page", 30)), most)
    first = (int(query.get("page", 1)) - 1) * size
    return rows[first : first + size]


@pytest.fixture
def freshdesk():
    """A running fake."""
    fake = FakeFreshdesk()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.register(mock)
        yield fake


@pytest.fixture
def store() -> Kept:
    """An empty one."""
    return Kept()


@pytest.fixture
def new_store():
    """Makes empty ones."""
    return Kept
