"""One stretch of events laid out as number columns; words and names become positions in lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.events import ACTOR_KINDS, KINDS, PRIORITIES, STATUSES

UNKNOWN = -1  # nothing was said
NOBODY = -2  # said to be none: unassigned, without a group, without a priority

KIND = {kind: number for number, kind in enumerate(KINDS)}
STATUS = {status: number for number, status in enumerate(STATUSES)}
PRIORITY = {priority: number for number, priority in enumerate(PRIORITIES)}
STATUS_WORDS, PRIORITY_WORDS = pl.Series(STATUSES), pl.Series(PRIORITIES)
AGENT = ACTOR_KINDS.index("agent")


@dataclass(frozen=True)
class Names:
    """Names in order; a name's number is its place."""

    names: tuple[str, ...]

    @staticmethod
    def of(*sources: pl.Series) -> Names:
        """All names that occur, sorted."""
        parts = [source.cast(pl.String).drop_nulls().unique() for source in sources]
        return Names(tuple(pl.concat(parts).unique().sort().to_list()) if parts else ())

    def numbers(self, series: pl.Series) -> Ints:
        """Places of the names; UNKNOWN for null and for names that are not in the list."""
        return places(series, pl.Series(self.names, dtype=pl.String))

    def series(self, places: Ints) -> pl.Series:
        """Names at places; null below 0."""
        if not self.names:
            return pl.Series([None] * len(places), dtype=pl.String)
        words = pl.Series(self.names, dtype=pl.String)
        chosen = (
            pl.Series(np.where(places < 0, -1, places))
            .to_frame("n")
            .select(pl.when(pl.col("n") >= 0).then(pl.col("n")))["n"]
        )
        return words.gather(chosen.cast(pl.UInt32))


def places(series: pl.Series, names: pl.Series) -> Ints:
    """Where each value stands in `names` (all different); UNKNOWN for null and for others."""
    if names.len() == 0 or series.null_count() == series.len():
        return np.full(series.len(), UNKNOWN, dtype=np.int64)
    return numbers(series.cast(pl.String).cast(pl.Enum(names), strict=False).to_physical())


def numbers(series: pl.Series) -> Ints:
    """Whole numbers with UNKNOWN for null."""
    whole = series.cast(pl.Int64)
    return (whole.fill_null(UNKNOWN) if whole.null_count() else whole).to_numpy()


@dataclass(frozen=True)
class Rows:
    """Events of one stretch in the order of (instant, id)."""

    frame: pl.DataFrame
    at: Ints
    kind: Ints
    ticket: Ints  # place in `tickets`; UNKNOWN: none
    tickets: pl.Series
    actor: Ints
    actor_kind: Ints
    group: Ints
    assignee: Ints
    status: Ints
    priority: Ints
    channel: Ints
    grade: Ints

    def __len__(self) -> int:
        return len(self.at)

    def of_kind(self, *kinds: str) -> Ints:
        """Places of the rows of these kinds."""
        return np.flatnonzero(np.isin(self.kind, [KIND[kind] for kind in kinds]))

    def words(self, column: str, rows: Ints) -> pl.Series:
        """`before` or `after` of some rows."""
        return self.frame[column].gather(pl.Series(rows.astype(np.uint32)))


def lay_out(frame: pl.DataFrame, agents: Names, groups: Names, further_tickets: pl.Series) -> Rows:
    """Events (already sorted by instant and id) as numbers; tickets are numbered as they appear."""
    shown = frame["ticket"]
    tickets = pl.concat([shown.drop_nulls(), further_tickets.drop_nulls()]).unique(maintain_order=True)
    return Rows(
        frame=frame,
        at=frame["at"].to_physical().to_numpy(),
        kind=numbers(frame["kind"].to_physical()),
        ticket=places(shown, tickets),
        tickets=tickets,
        actor=agents.numbers(frame["actor"]),
        actor_kind=numbers(frame["actor_kind"].to_physical()),
        group=groups.numbers(frame["group"]),
        assignee=agents.numbers(frame["assignee"]),
        status=numbers(frame["status"].to_physical()),
        priority=numbers(frame["priority"].to_physical()),
        channel=numbers(frame["channel"].to_physical()),
        grade=np.maximum(numbers(frame["grade"].to_physical()), 0),
    )


def ordered_by(key: Ints) -> Ints:
    """Places of the rows sorted by a small key, rows of equal key in the order they had."""
    count = len(key)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    result: npt.NDArray[Any] = np.sort((key - key.min()) * count + np.arange(count, dtype=np.int64)) % count
    return result
