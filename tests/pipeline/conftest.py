"""An account with a little history, deliveries for it, and a helpdesk that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bench.idle import Nothing
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.events import SCHEMA, empty
from helpdesk_wellbeing.feed import Page, Remembered
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store


def make_events(rows: list[dict[str, Any]], account: str) -> pl.DataFrame:
    defaults = {"account": account, "ticket": "1", "actor": "7", "actor_kind": "agent", "kind": "replied",
                "channel": "email", "grade": "A"}  # fmt: skip
    return pl.DataFrame([defaults | row for row in rows], schema=SCHEMA)


class FakeHelpdesk(Nothing):
    """A connector whose pages are what the test put there; it counts how often it was asked."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.trouble: Exception | None = None
        self.asked = 0

    def pull(self, watermarks: Mapping[str, str], since: datetime | None, remembered: Remembered) -> Iterator[Page]:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        done = int(watermarks.get("ticket_events", "0"))
        yield from self.pages[done:]

    def brings(self, account: str, *at: datetime) -> None:
        """One more page with an event at each of these times."""
        number = len(self.pages) + 1
        rows = [{"id": f"p{number}-{n}", "at": when} for n, when in enumerate(at)]
        events = make_events(rows, account) if rows else empty()
        self.pages.append(Page("ticket_events", events, len(rows), str(number)))


def deliver(store: Store, account: str, key: str, at: datetime | None = None) -> None:
    """A webhook came and told of a reply."""
    now = at or datetime.now(UTC)
    event = {"id": f"webhook:{key}", "at": now.isoformat(), "ticket": "5", "actor": "7", "actor_kind": "agent",
             "kind": "replied", "channel": "email"}  # fmt: skip
    store.inbox.add_many([Receipt(account, Delivery(key, (event,)), now)])


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(tmp_path, url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """With one connected account, `acme`, that worked an hour yesterday."""
    with open_store(settings) as opened:
        add_account(opened, "acme")
        yield opened


def add_account(store: Store, name: str) -> None:
    store.create_account(name, platform="zendesk", settings={"base_url": "http://127.0.0.1:1"})
    yesterday = datetime.now(UTC) - timedelta(days=1)
    store.add_events(
        name, make_events([{"id": f"e{n}", "at": yesterday + timedelta(minutes=5 * n)} for n in range(12)], name)
    )


@pytest.fixture
def another_account(store: Store) -> Callable[[str], None]:
    return lambda name: add_account(store, name)


@pytest.fixture
def helpdesk() -> FakeHelpdesk:
    return FakeHelpdesk()


@pytest.fixture
def another_helpdesk() -> FakeHelpdesk:
    return FakeHelpdesk()


@pytest.fixture
def webhook(store: Store) -> Callable[..., None]:
    """`webhook(account, key, at)`: a delivery is in the inbox."""
    return lambda account, key, at=None: deliver(store, account, key, at)
