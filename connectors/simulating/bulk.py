"""Large plain worlds for measurements: many tickets, a steady stream of saves, nothing planted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from helpdesk_wellbeing.events import SCHEMA

KINDS = np.array(["created", "assigned", "replied", "customer_replied", "noted", "status"])


def bulk_events(
    tickets: int, saves: int = 5, agents: int = 50, groups: int = 8, days: int = 42, seed: int = 1,
    end: datetime = datetime(2026, 11, 1, tzinfo=UTC),
) -> pl.DataFrame:  # fmt: skip
    """`tickets` tickets of `saves` saves each (2 to 6), spread evenly over `days` before `end`."""
    rng = np.random.default_rng(seed)
    start = int((end - timedelta(days=days)).timestamp())
    first = np.sort(rng.integers(start, int(end.timestamp()) - 40_000, tickets))
    ticket = np.repeat(np.arange(1, tickets + 1), saves)
    step = np.tile(np.arange(saves), tickets)
    at = np.repeat(first, saves) + step * 6_000 + rng.integers(0, 5_000, len(step))
    agent = np.repeat(rng.integers(10_001, 10_001 + agents, tickets), saves)
    group = np.repeat(rng.integers(101, 101 + groups, tickets), saves)
    frame = pl.DataFrame(
        {"at": at, "ticket": ticket, "agent": agent, "group": group, "kind": KINDS[step], "step": step}
    )
    customer = 8_000_000_000 + pl.col("ticket") % 997
    by_agent = ~pl.col("kind").is_in(["created", "customer_replied"])
    return frame.select(
        id=pl.int_range(pl.len()).cast(pl.String),
        account=pl.lit("bulk"),
        at=pl.from_epoch("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        ticket=pl.col("ticket").cast(pl.String),
        actor=pl.when(by_agent).then(pl.col("agent")).otherwise(customer).cast(pl.String),
        actor_kind=pl.when(by_agent).then(pl.lit("agent")).otherwise(pl.lit("requester")),
        kind="kind",
        before=pl.when(pl.col("kind") == "status").then(pl.lit("open")),
        after=pl.when(pl.col("kind") == "status").then(pl.lit("solved"))
        .when(pl.col("kind") == "assigned").then(pl.col("agent").cast(pl.String)),
        channel=pl.lit("email"),
        batch=pl.lit(None, pl.String),
        grade=pl.lit("A"),
        group=pl.when(pl.col("kind") == "created").then(pl.col("group").cast(pl.String)),
        assignee=pl.lit(None, pl.String),
        status=pl.when(pl.col("kind") == "created").then(pl.lit("open")),
        priority=pl.when(pl.col("kind") == "created").then(pl.lit("normal")),
        started_at=pl.lit(None, SCHEMA["started_at"]),
        topic=pl.lit(None, pl.String),
        due_at=pl.lit(None, SCHEMA["due_at"]),
    ).cast(SCHEMA).sort("at")  # fmt: skip
