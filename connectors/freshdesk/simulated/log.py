"""Domain events as the platform takes them in: one frame of what happened to tickets, numbers instead of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from connectors.simulating.text import number

from .options import Options

# `kind` is one of ours, or: spammed, restored, touched (a save that our events have no word for), remarked (a rating
# with words). `place` orders what happened within a second; `event` is the number of our event.
LOG = pl.Schema(
    {
        "ticket": pl.Int64(), "sec": pl.Int64(), "place": pl.Int64(), "event": pl.Int64(), "id": pl.String(),
        "kind": pl.String(), "actor": pl.Int64(), "actor_kind": pl.String(), "before": pl.String(),
        "after": pl.String(), "after_no": pl.Int64(), "channel": pl.String(), "batch": pl.String(),
        "status": pl.String(), "priority": pl.String(), "group": pl.Int64(), "assignee": pl.Int64(),
    }
)  # fmt: skip
_MERGE_NOTES = 6_000_000_000_000  # numbers of notes that a merge leaves in the other ticket


def logged(events: pl.DataFrame, options: Options, place: int = 0) -> pl.DataFrame:
    """`LOG` of events in `events.SCHEMA`, in their order, counted on from `place`.

    Sorted by ticket, second and order, creation first. Availability is about no ticket and is left out.
    """
    words = ("kind", "actor_kind", "channel", "status", "priority")
    kind = pl.col("kind").cast(pl.String)
    frame = events.filter((kind != "availability") & pl.col("ticket").is_not_null()).select(
        number(pl.col("ticket")).alias("ticket"), pl.col("at").dt.epoch("s").alias("sec"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("place") + place, number(pl.col("id")).alias("event"), "id",
        number(pl.col("actor")).alias("actor"), "before", "after", number(pl.col("after")).alias("after_no"), "batch",
        number(pl.col("group")).alias("group"), number(pl.col("assignee")).alias("assignee"),
        *(pl.col(word).cast(pl.String) for word in words),
    ).select(pl.col(name).cast(dtype) for name, dtype in LOG.items())  # fmt: skip
    frame = frame.with_columns(kind=_kind(options))
    if options.merge_notes:
        frame = _with_notes_of_merges(frame)
    return in_order(frame)


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """A log sorted by ticket, second, creation first, then as it happened."""
    return frame.sort("ticket", "sec", pl.col("kind") != "created", "place")


def rows_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """A log of dicts; what is absent is null."""
    return pl.DataFrame([dict.fromkeys(LOG) | row for row in rows], schema=LOG)


def _kind(options: Options) -> pl.Expr:
    kind = pl.col("kind")
    if options.spam_every:
        spam = (kind == "deleted") & (pl.col("ticket") % options.spam_every == 0)
        kind = pl.when(spam).then(pl.lit("spammed")).otherwise(kind)
    if options.survey_notes:
        remark = (kind == "rated") & (pl.col("event") % 4 == 0)
        kind = pl.when(remark).then(pl.lit("remarked")).otherwise(kind)
    return kind


def _with_notes_of_merges(frame: pl.DataFrame) -> pl.DataFrame:
    """The ticket that is merged away keeps its own `merged`; the one it goes into gets a note, too."""
    merged = frame.filter((pl.col("kind") == "merged") & pl.col("after_no").is_not_null())
    if merged.is_empty():
        return frame
    blank = {name: pl.lit(None, LOG[name]) for name in ("after", "after_no", "status", "priority", "group", "assignee")}
    noted = merged.with_columns(
        ticket=pl.col("after_no"), kind=pl.lit("merged"), event=pl.col("event") + _MERGE_NOTES, **blank
    )
    known = noted.filter(pl.col("ticket").is_in(frame["ticket"].unique().implode()))
    return pl.concat([frame, known.select(frame.columns)])
