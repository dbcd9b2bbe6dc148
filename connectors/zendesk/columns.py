"""Events of one page, filled column by column, and what the rows need to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from helpdesk_wellbeing import events


@dataclass(frozen=True)
class Context:
    """What the rows don't say: who is who, and how the account's own words map to ours. Ids are strings."""

    account: str
    staff: Set[str] = frozenset()  # agents and admins, also those who left
    own_user: str | None = None  # the account the plugin itself writes with
    people_by_api: Set[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)  # custom status id -> our word
    overrides: Mapping[str, str] = field(default_factory=dict)  # the admin's wish, which wins over `status`


@dataclass(frozen=True)
class Normalised:
    """Events of one page, and what was strange in it."""

    frame: pl.DataFrame  # events.SCHEMA
    unknown: Counter[str]  # words and kinds that we don't know
    unreadable: int  # rows left out
    puzzling: frozenset[str]  # no staff as far as known, but did what only staff can do
    newest: int | None  # epoch seconds


class Columns:
    """The columns of one page while they are filled. `sparse` holds what only few events carry."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.ids: list[str] = []
        self.at: list[int] = []
        self.ticket: list[str] = []
        self.actor: list[str | None] = []
        self.actor_kind: list[str] = []
        self.kind: list[str] = []
        self.before: list[str | None] = []
        self.after: list[str | None] = []
        self.batch: list[str] = []
        self.sparse: dict[str, dict[int, str | None]] = {
            name: {} for name in ("channel", "group", "assignee", "status", "priority")
        }
        self.unknown: Counter[str] = Counter()
        self.unreadable = 0
        self.puzzling: set[str] = set()

    def cut(self, rows: int) -> None:
        """Take back what a row appended before it turned out to be unreadable."""
        who, what = (self.actor, self.actor_kind), (self.kind, self.before, self.after)
        columns: tuple[list[Any], ...] = (self.ids, self.at, self.ticket, self.batch, *who, *what)
        for column in columns:
            del column[rows:]
        for values in self.sparse.values():
            for index in [index for index in values if index >= rows]:
                del values[index]

    def frame(self) -> pl.DataFrame:
        rows = len(self.ids)
        columns: dict[str, pl.Series] = {
            "id": pl.Series(self.ids, dtype=pl.String),
            "account": _constant(self.context.account, rows),
            "at": pl.Series([at * 1_000_000 for at in self.at], dtype=pl.Int64).cast(events.UTC),
            "ticket": pl.Series(self.ticket, dtype=pl.String),
            "actor": pl.Series(self.actor, dtype=pl.String),
            "actor_kind": pl.Series(self.actor_kind, dtype=pl.String),
            "kind": pl.Series(self.kind, dtype=pl.String),
            "before": pl.Series(self.before, dtype=pl.String),
            "after": pl.Series(self.after, dtype=pl.String),
            "batch": pl.Series(self.batch, dtype=pl.String),
            "grade": _constant("A", rows),
        }
        for name, values in self.sparse.items():
            filled: list[str | None] = [None] * rows
            for index, value in values.items():
                filled[index] = value
            columns[name] = pl.Series(filled, dtype=pl.String)
        return declared(pl.DataFrame(columns))


def declared(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every declared column, in order and typed; absent ones are null."""
    columns = []
    for name, dtype in events.SCHEMA.items():
        if name in frame.columns:
            columns.append(frame[name].cast(dtype))
        else:
            columns.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height))
    return pl.DataFrame(columns)


def _constant(value: str, rows: int) -> pl.Series:
    return pl.Series([value], dtype=pl.String).new_from_index(0, rows)
