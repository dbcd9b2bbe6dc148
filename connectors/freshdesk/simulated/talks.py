"""Conversations: replies, notes, and what customers write, each once and for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .options import Options
from .versions import Numbers
from .words import CUSTOMER, NOTE, NULL, REMARK, REPLY


@dataclass(frozen=True)
class Talk:
    """One conversation. `what`: REPLY, NOTE, CUSTOMER, REMARK."""

    sec: int
    no: int
    what: int
    user: int  # NULL: nobody is named


class Talks:
    """All conversations, found by ticket, oldest first."""

    def __init__(self, log: pl.DataFrame, options: Options) -> None:
        self._options = options
        frame = spoken(log, options)
        self._columns: dict[str, Numbers] = {name: frame[name].to_numpy() for name in ("sec", "event", "what", "actor")}
        self._tickets: Numbers = frame["ticket"].to_numpy()
        self._added: dict[int, list[Talk]] = {}

    def add(self, log: pl.DataFrame) -> None:
        """Take in what was said since; `log` holds new rows only."""
        for ticket, sec, no, what, user in spoken(log, self._options).iter_rows():
            self._added[ticket] = [*self._added.get(ticket, []), Talk(sec, no, what, user)]

    def drop(self, ticket: int, no: int) -> None:
        """Take out one that was added while the account ran."""
        self._added[ticket] = [talk for talk in self._added.get(ticket, []) if talk.no != no]

    def of(self, ticket: int, now: int) -> list[Talk]:
        """A ticket's conversations up to `now`."""
        low, high = np.searchsorted(self._tickets, [ticket, ticket + 1])
        high = low + int(np.searchsorted(self._columns["sec"][low:high], now, side="right"))
        base = [Talk(*row) for row in zip(*(c[low:high].tolist() for c in self._columns.values()), strict=True)]
        added = [talk for talk in self._added.get(ticket, ()) if talk.sec <= now]
        return sorted(base + added, key=lambda talk: talk.sec) if added else base


def spoken(log: pl.DataFrame, options: Options) -> pl.DataFrame:
    """The rows of a log that are conversations: ticket, sec, event, what, actor, in the log's order."""
    kinds = {"replied": REPLY, "noted": NOTE, "customer_replied": CUSTOMER}
    if options.merge_notes:
        kinds["merged"] = NOTE
    if options.survey_notes:
        kinds["remarked"] = REMARK
    what = pl.col("kind").replace_strict(kinds, default=None, return_dtype=pl.Int64)
    return log.select("ticket", "sec", "event", what.alias("what"), pl.col("actor").fill_null(NULL)).drop_nulls("what")
