"""Small accounts, and a plain reader that follows pages and asks again when something goes wrong."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
import requests

from connectors.session import Limits
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.settings import WRITING_SCOPES, ZendeskSettings
from connectors.zendesk.simulated import Account, Faults, Options, SimulatedZendesk, Site
from connectors.zendesk.writing import Writing
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Events from short rows: `at`, or `min` for minutes after START; what is absent is null or usual."""
    full = []
    for place, row in enumerate(rows):
        row = dict(row)
        minutes = row.pop("min", 0)
        at = row.pop("at", None) or datetime.fromtimestamp(START.timestamp() + minutes * 60, UTC)
        defaults = {"id": str(place), "account": "a", "channel": "email", "grade": "A", "actor_kind": "agent"}
        full.append(dict.fromkeys(SCHEMA) | defaults | row | {"at": at})
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame(full, schema=plain).cast(SCHEMA)


def small_world(tickets: int = 7) -> pl.DataFrame:
    """A few tickets with a bit of everything that audits can show."""
    rows: list[dict[str, Any]] = []
    for no in range(1, tickets + 1):
        rows += _one_ticket(str(no), 10 * no)
    closing = {"ticket": "1", "actor": "rule:77", "actor_kind": "system", "kind": "status"}
    rows += [
        closing | {"min": 100, "before": "solved", "after": "closed"},
        {"ticket": "2", "actor": "1001", "min": 101, "kind": "deleted", "before": "solved"},
    ]
    return frame_of(rows)


def _one_ticket(no: str, minute: int) -> list[dict[str, Any]]:
    agent = {"actor": "1001"}
    rule = {"actor": "rule:55", "actor_kind": "system"}
    customer = {"actor": "5001", "actor_kind": "requester"}
    first = {"kind": "created", "status": "new", "group": "11", "priority": "normal"}
    steps: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
        (0, customer, first),
        (0, rule, {"kind": "tagged", "after": "routed"}),
        (1, agent, {"kind": "assigned", "after": "1001"}),
        (1, agent, {"kind": "status", "before": "new", "after": "open"}),
        (1, agent, {"kind": "replied"}),
        (1, rule, {"kind": "priority", "before": "normal", "after": "high"}),
        (2, agent, {"kind": "noted"}),
        (2, agent, {"kind": "tagged", "after": "vip"}),
        (2, agent, {"kind": "untagged", "before": "routed"}),
        (3, customer, {"kind": "customer_replied"}),
        (4, agent, {"kind": "moved", "before": "11", "after": "12"}),
        (5, agent, {"kind": "status", "before": "open", "after": "solved"}),
        (6, customer, {"kind": "rated", "after": "good"}),
        (7, {"actor_kind": "system"}, {"kind": "sla_breached", "after": "reply_time"}),
    ]
    return [{"ticket": no, "min": minute + step, "batch": f"{no}.{step}"} | who | what for step, who, what in steps]


class Reader:
    """Follows pages; what a spoilt answer costs is another try."""

    def __init__(self, front: SimulatedZendesk) -> None:
        self.front = front
        self.session = requests.Session()
        self.tries = 0
        self.mint()

    def mint(self, **changes: Any) -> requests.Response:
        body = {
            "grant_type": "client_credentials",
            "client_id": self.front.client_id,
            "client_secret": self.front.client_secret,
            "scope": "read",
            "expires_in": 3600,
        }
        body = {name: value for name, value in {**body, **changes}.items() if value is not None}
        for _ in range(6):
            try:
                answer = self.session.post(f"{self.front.base_url}/oauth/tokens", json=body, allow_redirects=False)
                if answer.status_code == 201:
                    token = answer.json()["access_token"]
                    self.session.headers["Authorization"] = f"Bearer {token}"
                if answer.status_code in (201, 400, 401):
                    break
            except (requests.RequestException, ValueError, KeyError):
                continue
        return answer

    def raw(self, path: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self.front.base_url}/api/v2/{path}"
        return self.session.get(url, timeout=10, allow_redirects=False)

    def get(self, path: str, tries: int = 1) -> dict[str, Any]:
        """The JSON object at `path`; asks again up to `tries` times."""
        for attempt in range(tries):
            self.tries += 1
            try:
                answer = self.raw(path)
                if answer.status_code == 401 and tries > 1:
                    self.mint()
                body = answer.json()
                if answer.status_code == 200 and isinstance(body, dict) and any(v is not None for v in body.values()):
                    return body
            except (requests.RequestException, ValueError):
                if attempt == tries - 1:
                    raise
        raise AssertionError(f"{path}: {answer.status_code} {answer.text[:200]}")

    def export(self, path: str, name: str, tries: int = 1, most: int = 5000) -> list[dict[str, Any]]:
        """Every row of an export, repeated ones included."""
        rows: list[dict[str, Any]] = []
        for _ in range(most):
            page = self.get(path, tries)
            rows += page[name]
            if page.get("end_of_stream") or (page.get("end_time") is None and "after_url" not in page):
                return rows
            path = page.get("after_url") or page["next_page"]
        raise AssertionError(f"{name} never ends")

    def listed(self, path: str, name: str) -> list[dict[str, Any]]:
        """Every row of a list with cursor pages."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.get(path)
            rows += page[name]
            if not page["meta"]["has_more"]:
                return rows
            path = page["links"]["next"]

    def legacy(self, email: str, token: str) -> None:
        word = base64.b64encode(f"{email}/token:{token}".encode()).decode()
        self.session.headers["Authorization"] = f"Basic {word}"


@pytest.fixture
def events_of() -> Callable[[list[dict[str, Any]]], pl.DataFrame]:
    return frame_of


@pytest.fixture
def world() -> pl.DataFrame:
    return small_world()


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[SimulatedZendesk, Reader]]]:
    """Start an account for some events; returns it and a reader that is signed in."""
    running: list[SimulatedZendesk] = []

    def start(
        events: pl.DataFrame,
        faults: Faults | None = None,
        now: Callable[[], datetime] | None = None,
        **options: Any,
    ) -> tuple[SimulatedZendesk, Reader]:
        site = Site(events, options=Options(**{"unlimited": True, **options}))
        front = SimulatedZendesk(site, faults=faults, now=now).start()
        running.append(front)
        return front, Reader(front)

    yield start
    for front in running:
        front.stop()


@pytest.fixture
def shared() -> Path:
    """The folder of public reference data beside the repository; tests that need it are skipped without."""
    told = os.environ.get("HELPDESK_WELLBEING_SHARED")
    path = Path(told) if told else Path(__file__).parents[3] / ".." / "shared"
    if not path.is_dir():
        pytest.skip("the folder of public reference data is not here")
    return path


class Clock:
    """The account's time, to be set forward."""

    def __init__(self) -> None:
        self.at = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Desk:
    """An account with open tickets 1 to 12 of agent 1001, two groups, and a writer over real HTTP.

    Group 11 has agents 1001, 1002 and the light agent 1003; group 12 has 1004. 1005 left. 5001 asks.
    """

    def __init__(self, faults: Faults | None = None, limits: Limits | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.waited: list[float] = []
        rows: list[dict[str, Any]] = []
        for no in range(1, 13):
            first = {"ticket": str(no), "min": no}
            rows += [
                first | {"actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new", "group": "11"},
                first | {"actor": "1001", "kind": "tagged", "after": "vip", "batch": f"b{no}", "min": no + 20},
                first | {"actor": "1001", "kind": "assigned", "after": "1001", "batch": f"b{no}", "min": no + 20},
                first
                | {"actor": "1001", "kind": "status", "before": "new", "after": "open", "batch": f"b{no}"}
                | {"min": no + 20},
            ]
        groups = {"1001": ["11"], "1002": ["11"], "1003": ["11"], "1004": ["12"], "1005": ["11"]}
        people = pl.DataFrame([{"agent": agent, "groups": of} for agent, of in groups.items()]).with_columns(
            *(pl.lit(None, dtype).alias(name) for name, dtype in PEOPLE.items() if name not in ("agent", "groups"))
        )
        roles = {"1003": Account(role_type=1), "1005": Account(active=False)}
        chosen = {"unlimited": True, "allowed_scopes": ("read", "write"), "job_polls": 1, **options}
        site = Site(frame_of(rows), people.select(PEOPLE.names()), roles=roles, options=Options(**chosen))
        self.front = SimulatedZendesk(site, faults=faults, now=self.clock).start()
        settings = ZendeskSettings(
            "a", "acme", self.front.base_url, self.front.client_id, self.front.client_secret, scopes=WRITING_SCOPES
        )
        self.settings = settings
        self.api = ZendeskApi(settings, limits=limits or Limits(first_backoff_s=0.01), sleep=self.waited.append)
        self.writing = Writing(self.api)

    def seen(self, ticket: str) -> Any:
        """The ticket as the account has it, past limits and faults."""
        return self.front.api.writes.row(int(ticket))

    def audits(self, ticket: str) -> list[dict[str, Any]]:
        now = int(self.front.now().timestamp())
        return [orjson.loads(text) for text in self.front.record.holdings.audits(int(ticket), now)]

    def notes(self, ticket: str) -> list[str]:
        return [e["body"] for a in self.audits(ticket) for e in a["events"] if e["type"] == "Comment"]


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    """Start an account to write to."""
    running: list[Desk] = []

    def start(**given: Any) -> Desk:
        running.append(Desk(**given))
        return running[-1]

    yield start
    for one in running:
        one.front.stop()
