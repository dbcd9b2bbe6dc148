"""A store with an account, and proposals with good defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from tests.acting_helpdesk import MONDAY


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(tmp_path, url)) as opened:
        opened.create_account("acme", zone="Europe/Berlin")
        yield opened


def make(*tickets: str, at: datetime = MONDAY, action: Any = "rebalance", **changes: Any) -> Proposal:
    because = Because(
        "open_work_overload", "v1", "LD1", Subject("agent", "anna"), "warn", "2026-03-01", "A", {"z": 2.9}
    )
    values: dict[str, Any] = {
        "subject": Subject("team", "g1"),
        "because": (because,),
        "made_at": at,
        "expires_at": at + timedelta(hours=24),
        "lead_from": at,
        "texts": {"en": "Move some tickets."},
        "moves": tuple(Move(ticket, "g1", "anna", "ben") for ticket in tickets),
    }
    return Proposal(action, **(values | changes))


@pytest.fixture
def a_proposal() -> Callable[..., Proposal]:
    """To move these tickets from anna to ben."""
    return make
