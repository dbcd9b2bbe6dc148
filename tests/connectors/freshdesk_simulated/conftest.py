"""A small account, and a plain reader of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests

from connectors.freshdesk.simulated import Account, Faults, Options, SimulatedFreshdesk, Site
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import GROUPS, PEOPLE

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Events from short rows: `min` for minutes after START; what is absent is null or usual."""
    full = []
    for place, given in enumerate(rows):
        row = dict(given)
        at = START + timedelta(minutes=row.pop("min", 0))
        defaults = {"id": str(place + 1), "account": "a", "channel": "email", "grade": "A", "actor_kind": "agent"}
        full.append(dict.fromkeys(SCHEMA) | defaults | {"at": at} | row)
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame(full, schema=plain).cast(SCHEMA)


def one_ticket(no: str, minute: int = 0) -> list[dict[str, Any]]:
    """A ticket that is answered, comes back, and is solved in the end."""
    agent, customer = {"actor": "1001"}, {"actor": "5001", "actor_kind": "requester"}
    steps: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
        (0, customer, {"kind": "created", "status": "new", "group": "11", "priority": "normal"}),
        (0, {"actor": "rule:9", "actor_kind": "system"}, {"kind": "tagged", "after": "routed"}),
        (10, agent, {"kind": "assigned", "after": "1001"}),
        (10, agent, {"kind": "status", "before": "new", "after": "open"}),
        (20, agent, {"kind": "replied"}),
        (20, agent, {"kind": "status", "before": "open", "after": "solved"}),
        (30, customer, {"kind": "customer_replied"}),
        (30, customer, {"kind": "status", "before": "solved", "after": "open"}),
        (35, agent, {"kind": "noted"}),
        (40, agent, {"kind": "moved", "before": "11", "after": "12"}),
        (45, agent, {"kind": "priority", "before": "normal", "after": "high"}),
        (50, agent, {"kind": "status", "before": "open", "after": "hold"}),
        (55, agent, {"kind": "untagged", "before": "routed"}),
        (60, agent, {"kind": "replied"}),
        (60, agent, {"kind": "status", "before": "hold", "after": "solved"}),
        (70, customer, {"kind": "rated", "after": "bad"}),
    ]
    return [{"ticket": no, "min": minute + step, "batch": f"{no}.{step}"} | who | what for step, who, what in steps]


class Clock:
    """The account's time, to be set in minutes after START."""

    def __init__(self) -> None:
        self.at = START + timedelta(days=1)

    def __call__(self) -> datetime:
        return self.at

    def set(self, minute: float) -> None:
        self.at = START + timedelta(minutes=minute)


class Reader:
    """Asks with the account's key; `clock` is the account's, `ticks` the seconds its limits go by."""

    def __init__(self, front: SimulatedFreshdesk, clock: Clock, ticks: list[float]) -> None:
        self.front, self.clock, self.ticks = front, clock, ticks
        self.session = requests.Session()
        self.session.auth = (front.api_key, "X")

    def raw(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.front.base_url}/api/v2/{path}"
        return self.session.request(method, url, timeout=10, allow_redirects=False, **more)

    def get(self, path: str) -> Any:
        answer = self.raw(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
        return answer.json()

    def code(self, path: str) -> tuple[int, str | None]:
        answer = self.raw(path)
        return answer.status_code, answer.json().get("code") if answer.content else None


@pytest.fixture
def serve() -> Iterator[Callable[..., Reader]]:
    """Start an account for some events; a reader of it."""
    running: list[SimulatedFreshdesk] = []

    def start(rows: Any = None, faults: Faults | None = None, site: Site | None = None, **options: Any) -> Reader:
        events = frame_of(one_ticket("205") if rows is None else rows)
        clock, ticks = Clock(), [0.0]
        chosen = Options(**{"unlimited": True, **options})
        groups = {"1001": ["11"], "1002": ["11", "12"], "1003": ["11"], "1004": ["12"]}
        people = pl.DataFrame([{"agent": a, "groups": g, "time_zone": "America/New_York"} for a, g in groups.items()])
        people = people.with_columns(
            pl.lit(None, dtype).alias(name) for name, dtype in PEOPLE.items() if name not in people.columns
        ).select(PEOPLE.names())
        named = pl.DataFrame(
            [("11", "Orders", 1, "Asia/Kolkata", "Mon-Fri 09:00-17:30", None),
             ("12", "Returns", 2, "Europe/Paris", "Tue-Sun 00:00-08:00", None)], schema=GROUPS, orient="row",
        )  # fmt: skip
        roles = {"1003": Account(state="removed", name="Left"), "1004": Account(state="deactivated", name="Away")}
        site = site or Site(events, people, named, roles, options=chosen)
        front = SimulatedFreshdesk(site, now=clock, faults=faults, ticks=lambda: ticks[0]).start()
        running.append(front)
        return Reader(front, clock, ticks)

    yield start
    for front in running:
        front.stop()


@pytest.fixture
def events_of() -> Callable[[list[dict[str, Any]]], pl.DataFrame]:
    return frame_of


@pytest.fixture
def ticket_rows() -> Callable[..., list[dict[str, Any]]]:
    return one_ticket


@pytest.fixture
def shared() -> Path:
    """The folder of public reference data beside the repository; tests that need it are skipped without."""
    told = os.environ.get("HELPDESK_WELLBEING_SHARED")
    path = Path(told) if told else Path(__file__).parents[3] / ".." / "shared"
    if not path.is_dir():
        pytest.skip("the folder of public reference data is not here")
    return path
