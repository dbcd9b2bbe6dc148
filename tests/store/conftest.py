"""A store in a temporary folder, and events with good defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def make_events(rows: list[dict[str, Any]], account: str = "acme") -> pl.DataFrame:
    defaults = {"account": account, "ticket": "1", "actor": "7", "actor_kind": "agent", "kind": "replied",
                "channel": "email", "grade": "A", "at": MONDAY}  # fmt: skip
    return pl.DataFrame([defaults | row for row in rows], schema=SCHEMA)


def make_series(
    count: int, account: str = "acme", start: datetime = MONDAY, step_s: float = 600.0, prefix: str = "e"
) -> pl.DataFrame:
    return make_events(
        [{"id": f"{prefix}{i:06}", "at": start + timedelta(seconds=i * step_s)} for i in range(count)],
        account,
    )


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(tmp_path, url)) as opened:
        opened.create_account("acme", zone="Europe/Berlin")
        yield opened


@pytest.fixture
def some_events() -> Callable[..., pl.DataFrame]:
    """Events from dicts; what a row leaves out has a default."""
    return make_events


@pytest.fixture
def a_series() -> Callable[..., pl.DataFrame]:
    """So many events, one every `step_s` seconds."""
    return make_series
