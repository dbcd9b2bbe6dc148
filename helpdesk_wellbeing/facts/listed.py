"""What the platform's list of tickets tells about those whose beginning the log does not show."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import SECOND, Ints
from helpdesk_wellbeing.events import CHANNELS, PRIORITIES, STATUSES
from helpdesk_wellbeing.facts.rows import (
    KIND,
    PRIORITY,
    PRIORITY_WORDS,
    STATUS,
    STATUS_WORDS,
    UNKNOWN,
    Names,
    places,
)
from helpdesk_wellbeing.facts.work import Bools
from helpdesk_wellbeing.feed import TICKETS

_OPEN_LIMIT = STATUS["hold"]
_CHANNEL = {word: number for number, word in enumerate(CHANNELS)}
_CHANNEL_WORDS = pl.Series(CHANNELS)
_SLACK = 60 * SECOND


def open_at_start(snapshots: pl.DataFrame, start: int) -> pl.DataFrame:
    """States of tickets from before the log, as far as the snapshots still show them unsolved."""
    before = snapshots.filter(pl.col("created_at").to_physical() < start)
    return _as_states(before, pl.lit(start, dtype=pl.Int64))


def never_touched(snapshots: pl.DataFrame, since: int, until: int) -> pl.DataFrame:
    """States of tickets created in this stretch and unchanged since; `last` is their creation."""
    created = pl.col("created_at").to_physical()
    same = pl.col("updated_at").is_null() | (pl.col("updated_at") <= pl.col("created_at"))
    lone = snapshots.filter((created >= since) & (created < until) & same)
    return _as_states(lone, created) if lone.height else _no_states()


def creations(states: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Events that create tickets in the given states at their `last`."""
    shown = states.select(
        pl.lit("").alias("id"),
        pl.col("last").cast(pl.Datetime("us", "UTC")).alias("at"),
        "ticket",
        pl.lit("system").alias("actor_kind"),
        pl.lit("created").alias("kind"),
        "group",
        "assignee",
        pl.col("status").replace_strict(dict(enumerate(STATUSES)), default=None, return_dtype=pl.String),
        pl.col("priority").replace_strict(dict(enumerate(PRIORITIES)), default=None, return_dtype=pl.String),
        pl.col("channel").replace_strict(dict(enumerate(CHANNELS)), default=None, return_dtype=pl.String),
    )
    return pl.concat([pl.DataFrame(schema=schema), shown.cast({n: schema[n] for n in shown.columns})], how="diagonal")


def fallbacks(
    present: pl.DataFrame,
    seen: Bools,
    kind: Ints,
    at: Ints,
    snapshots: pl.DataFrame,
    agents: Names,
    groups: Names,
) -> pl.DataFrame:
    """Snapshots of tickets that begin here with something other than their creation: place + numbers."""
    begins = pl.Series("begins", ~seen & (kind != KIND["created"]))
    found = (
        present.with_row_index("place").with_columns(first=pl.Series(at)).filter(begins)
        .join(snapshots.unique("ticket", keep="last"), on="ticket", how="inner")
        if begins.any() and snapshots.height
        else present.clear()
        .with_columns(place=pl.lit(0), first=pl.lit(0))
        .join(snapshots.clear(), on="ticket")
    )  # fmt: skip
    status = places(found["status"], STATUS_WORDS)
    # A snapshot that is newer than the event tells the ticket's end, not what it was then: unsolved is the
    # safer guess.
    stale = _micros(found["updated_at"]) > found["first"].cast(pl.Int64).to_numpy() + _SLACK
    status = np.where((status > _OPEN_LIMIT) & stale | (status < 0), STATUS["new"], status)
    channel = places(found["channel"], _CHANNEL_WORDS)
    return pl.DataFrame(
        {
            "place": found["place"].cast(pl.Int64),
            "status": status,
            "group": groups.numbers(found["group"]),
            "assignee": agents.numbers(found["assignee"]),
            "priority": places(found["priority"], PRIORITY_WORDS),
            "channel": channel,
        }
    )


@cache
def _no_states() -> pl.DataFrame:
    return _as_states(pl.DataFrame(schema=TICKETS), pl.lit(0, dtype=pl.Int64))


def _as_states(snapshots: pl.DataFrame, last: pl.Expr) -> pl.DataFrame:
    words = pl.col("status").replace_strict(STATUS, default=None, return_dtype=pl.Int8)
    return (
        snapshots.with_columns(words.alias("status"))
        .filter(pl.col("status") <= _OPEN_LIMIT)
        .unique("ticket", keep="last", maintain_order=True)
        .select(
            "ticket",
            "status",
            "group",
            "assignee",
            pl.col("priority").replace_strict(PRIORITY, default=UNKNOWN, return_dtype=pl.Int8),
            pl.col("channel").replace_strict(_CHANNEL, default=UNKNOWN, return_dtype=pl.Int8),
            pl.lit(0, dtype=pl.Int16).alias("reopens"),
            pl.lit(0, dtype=pl.Int16).alias("replies"),
            pl.lit(0, dtype=pl.Int16).alias("signs"),
            pl.lit(False).alias("hard"),
            pl.col("group").is_not_null().alias("grouped"),
            last.alias("last"),
        )
    )


def _micros(instants: pl.Series) -> Ints:
    """Instants as microseconds; null is long ago."""
    return instants.to_physical().fill_null(-(2**62)).to_numpy()
