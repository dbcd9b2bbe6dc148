"""Events of one page, filled column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

import polars as pl

from helpdesk_wellbeing import events

SPARSE = ("channel", "group", "assignee", "status", "priority", "grade")


class Owned(Protocol):
    """What rows are read with; it says whose they are."""

    @property
    def account(self) -> str: ...


C = TypeVar("C", bound=Owned)
T = TypeVar("T")


class Columns(Generic[C]):
    """The columns of one page while they are filled. `sparse` holds what only few events carry, `started` the epoch
    second from which on something may have happened or was handled, `order` microseconds that keep events of one second
    in theirs; an event without a grade is of grade A."""

    def __init__(self, context: C) -> None:
        self.context = context
        self.ids: list[str] = []
        self.at: list[int] = []
        self.ticket: list[str | None] = []
        self.actor: list[str | None] = []
        self.actor_kind: list[str] = []
        self.kind: list[str] = []
        self.before: list[str | None] = []
        self.after: list[str | None] = []
        self.batch: list[str | None] = []
        self.sparse: dict[str, dict[int, str | None]] = {name: {} for name in SPARSE}
        self.started: dict[int, int] = {}
        self.order: dict[int, int] = {}
        self.unknown: Counter[str] = Counter()
        self.unreadable = 0
        self.puzzling: set[str] = set()

    def cut(self, rows: int) -> None:
        """Take back what a row appended before it turned out to be unreadable."""
        who, what = (self.actor, self.actor_kind), (self.kind, self.before, self.after)
        columns: tuple[list[Any], ...] = (self.ids, self.at, self.ticket, self.batch, *who, *what)
        for column in columns:
            del column[rows:]
        filled: list[dict[int, Any]] = [*self.sparse.values(), self.started, self.order]
        for values in filled:
            for index in [index for index in values if index >= rows]:
                del values[index]

    def frame(self) -> pl.DataFrame:
        rows = len(self.ids)
        columns: dict[str, pl.Series] = {
            "id": pl.Series(self.ids, dtype=pl.String),
            "account": _constant(self.context.account, rows),
            "at": pl.Series(self._micros(), dtype=pl.Int64).cast(events.UTC),
            "ticket": pl.Series(self.ticket, dtype=pl.String),
            "actor": pl.Series(self.actor, dtype=pl.String),
            "actor_kind": pl.Series(self.actor_kind, dtype=pl.String),
            "kind": pl.Series(self.kind, dtype=pl.String),
            "before": pl.Series(self.before, dtype=pl.String),
            "after": pl.Series(self.after, dtype=pl.String),
            "batch": pl.Series(self.batch, dtype=pl.String),
        }
        for name, values in self.sparse.items():
            columns[name] = pl.Series(_filled(values, rows), dtype=pl.String)
        columns["grade"] = columns["grade"].fill_null("A")
        if self.started:
            seconds = pl.Series(_filled(self.started, rows), dtype=pl.Int64)
            columns["started_at"] = (seconds * 1_000_000).cast(events.UTC)
        return declared(pl.DataFrame(columns))

    def _micros(self) -> list[int]:
        return [at * 1_000_000 + self.order.get(index, 0) for index, at in enumerate(self.at)]


def declared(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every declared column, in order and typed; absent ones are null."""
    columns = []
    for name, dtype in events.SCHEMA.items():
        if name in frame.columns:
            columns.append(frame[name].cast(dtype))
        else:
            columns.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height))
    return pl.DataFrame(columns)


def _filled(values: Mapping[int, T], rows: int) -> list[T | None]:
    filled: list[T | None] = [None] * rows
    for index, value in values.items():
        filled[index] = value
    return filled


def _constant(value: str, rows: int) -> pl.Series:
    return pl.Series([value], dtype=pl.String).new_from_index(0, rows)
