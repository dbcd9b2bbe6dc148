"""A door over a real store with two accounts, and calls with good defaults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing.deliveries import Delivery
from helpdesk_wellbeing.events import SCHEMA, conform
from helpdesk_wellbeing.store import Store
from tests.doors import Desk, a_door, make_app_event, make_status_change, some_accounts


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with some_accounts(tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    with a_door(store) as opened:
        yield opened


@pytest.fixture
def status_change() -> Any:
    """A signed event's payload: ticket 35 from new to open."""
    return make_status_change


@pytest.fixture
def app_event() -> Any:
    """A forwarded app event's payload: ticket 205 was solved."""
    return make_app_event


@pytest.fixture
def fits_the_schema() -> Any:
    """Checks that deliveries hold events that `conform` takes as they are, with the ids and actors they have."""

    def check(deliveries: list[Delivery]) -> None:
        rows = [dict(row) for delivery in deliveries for row in delivery.events]
        if not rows:
            return
        columns = {name: [row.get(name) for row in rows] for name in SCHEMA if name != "account"}
        frame, problems = conform(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), "acme")
        assert problems.rows() == []
        assert frame["id"].to_list() == columns["id"]
        assert frame["actor_kind"].to_list() == columns["actor_kind"]

    return check
