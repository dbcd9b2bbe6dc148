"""Tickets as the simulation holds them, and the record of what happens to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from helpdesk_wellbeing.events import SCHEMA

CHANNEL_WEIGHT = {"chat": 0.8, "messaging": 0.8, "phone": 1.2}  # wellbeing reference 2.6; all others 1.0
PRIORITY_WEIGHT = {"low": 0.8, "normal": 1.0, "high": 1.3, "urgent": 1.6}
STATUS_WEIGHT = {"new": 1.0, "open": 1.0, "pending": 0.25, "hold": 0.1}


@dataclass(slots=True, eq=False)
class Ticket:
    """One ticket's present state."""

    id: str
    group: str
    channel: str
    priority: str
    requester: str
    created: int  # seconds since 1970 (UTC), like every time of the simulation
    status: str = "new"
    assignee: str | None = None
    reopens: int = 0
    hard: bool = False
    raised: bool = False
    touches_left: int = 1
    version: int = 0  # counts saves; what was to happen to an older version does not happen any more
    turns: int = 0  # ended, by whomever
    last_touch: int = 0
    tags: list[str] = field(default_factory=list)

    def effort(self) -> float:
        """Weight of the ticket, its status left out."""
        weight = CHANNEL_WEIGHT.get(self.channel, 1.0) * PRIORITY_WEIGHT[self.priority]
        return weight * (1 + min(0.25 * self.reopens, 0.5)) * (1.5 if self.hard else 1.0)

    def open_weight(self) -> float:
        """Weight of the ticket as open work; 0 when it is solved."""
        return self.effort() * STATUS_WEIGHT.get(self.status, 0.0)

    @property
    def unsolved(self) -> bool:
        """Somebody still has to do something."""
        return self.status in STATUS_WEIGHT


class Record:
    """Events in columns, in the order in which they happen."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.batch = 0
        self.rows: list[tuple[object, ...]] = []

    def save(self) -> str:
        """A new save; what follows happened in it."""
        self.batch += 1
        return str(4_000_000_000 + self.batch)

    def add(
        self,
        at: int,
        ticket: Ticket,
        actor: str | None,
        actor_kind: str,
        kind: str,
        batch: str,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """One event, with the ticket's state right after it."""
        self.rows.append(
            (
                at,
                ticket.id,
                actor,
                actor_kind,
                kind,
                before,
                after,
                ticket.channel,
                batch,
                ticket.group or None,
                ticket.assignee,
                ticket.status,
                ticket.priority,
            )
        )

    def frame(self, until: int) -> pl.DataFrame:
        """Events up to and including `until`, sorted by time, in `events.SCHEMA`."""
        names = (
            "at",
            "ticket",
            "actor",
            "actor_kind",
            "kind",
            "before",
            "after",
            "channel",
            "batch",
            "group",
            "assignee",
            "status",
            "priority",
        )
        columns: list[Sequence[object]] = list(zip(*self.rows, strict=True)) or [() for _ in names]
        frame = pl.DataFrame(
            {
                name: pl.Series(name, column, dtype=pl.Int64 if name == "at" else pl.String)
                for name, column in zip(names, columns, strict=True)
            }
        )
        frame = (
            frame.filter(pl.col("at") <= until)
            .with_row_index("order")
            .sort("at", "order")
            .with_columns(
                (pl.int_range(pl.len()) + 9_000_000_001).cast(pl.String).alias("id"),
                pl.lit(self.account).alias("account"),
                pl.from_epoch("at", time_unit="s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
                pl.lit("A").alias("grade"),
            )
        )
        missing = [pl.lit(None).cast(dtype).alias(n) for n, dtype in SCHEMA.items() if n not in frame.columns]
        return frame.with_columns(missing).select([pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()])
