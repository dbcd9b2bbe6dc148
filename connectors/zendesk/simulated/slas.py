"""The account's one SLA policy: a first reply within a time that hangs on the priority."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from connectors.simulating.text import numbers_of

TARGETS_MIN = {"urgent": 60, "high": 240, "normal": 480, "low": 1440}


def first_reply_clock(events: pl.DataFrame, ticket: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The clocks of a ticket's row, as a sideload shows them: none once somebody has replied."""
    target = TARGETS_MIN.get(ticket["priority"] or "")
    if target is None or ticket["status"] in ("solved", "closed"):
        return []
    mine = events.filter((pl.col("kind").cast(pl.String) == "replied") & (pl.col("at") <= now))
    mine = mine.filter(pl.col("ticket").is_not_null())
    if ticket["id"] in numbers_of(mine["ticket"].unique().to_list()):
        return []
    breach_at = datetime.fromisoformat(ticket["created_at"]) + timedelta(minutes=target)
    return [{"breach_at": f"{breach_at:%Y-%m-%dT%H:%M:%SZ}", "stage": "active", "metric": "first_reply_time"}]
