"""Open tickets as planning needs them, from what the fold carries and the events of the last weeks.

The fold knows a ticket's state, effort and hardness. Who knows the customer, when a ticket last changed hands, what
its tags say and when it is due is read from events. What neither tells stays unknown: no language, no skills, no due
time, so the ticket is held back by nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.events import CHANNELS, PRIORITIES, STATUSES, UTC
from helpdesk_wellbeing.facts import weights
from helpdesk_wellbeing.plan.policy import Tags

OPEN = pl.Schema(
    {
        "ticket": pl.String(),
        "group": pl.String(),  # null: none
        "assignee": pl.String(),  # null: nobody
        "effort": pl.Int64(),  # `facts.schema.WEIGHT_UNIT`; with the status factor, as in LD1 and LD4
        "hard": pl.Boolean(),
        "skills": pl.List(pl.String()),  # sorted
        "language": pl.String(),
        "call_back": pl.Boolean(),
        "known_by": pl.List(pl.String()),  # sorted
        "last_move": UTC,
        "next_sla": UTC,
        "made_by_plugin": pl.Boolean(),
    }
)
# What of the events is looked at; a reader may leave out everything else.
COLUMNS = ("at", "ticket", "actor", "actor_kind", "kind", "before", "after", "due_at")
MANY_TICKETS = 50  # who asked about more is a machine or a reseller: having answered one is not knowing them
_UNSOLVED = [STATUSES.index(word) for word in ("new", "open", "pending", "hold")]


def open_work(
    states: pl.DataFrame,
    events: pl.DataFrame,
    handled: pl.DataFrame,
    tags: Tags,
    next_sla: Mapping[str, datetime] | None = None,
) -> pl.DataFrame:
    """`OPEN`, sorted by ticket.

    `states`: `facts.tickets.STATE` as of now (`Outcome.standing.carry.tickets`). `events`: at least `COLUMNS`, of the
    last weeks up to now; the longer, the more is known of tags and requesters. `handled`: `Facts.handled`.
    `next_sla`: due times that another source gives, by ticket; they go before those of the events.
    """
    found = states.filter(pl.col("status").is_in(_UNSOLVED)).sort("ticket")
    named = found.select("ticket")
    mine = events.select(COLUMNS).join(named, on="ticket", how="semi").sort("at", maintain_order=True)
    due = _due(mine, next_sla or {})
    frame = (
        found.select("ticket", "group", "assignee", "hard", pl.Series("effort", _effort(found), dtype=pl.Int64))
        .join(_tagged(mine, tags), on="ticket", how="left")
        .join(_known(named, events, handled), on="ticket", how="left")
        .join(_last_moves(mine), on="ticket", how="left")
        .join(due, on="ticket", how="left")
        .with_columns(
            pl.col("hard", "call_back", "made_by_plugin").fill_null(False),
            pl.col("skills", "known_by").fill_null([]),
        )
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in OPEN.items()).sort("ticket")


def _effort(states: pl.DataFrame) -> Ints:
    def numbers(name: str) -> Ints:
        return states[name].cast(pl.Int64).fill_null(-1).to_numpy().astype(np.int64)

    channel, priority = numbers("channel"), numbers("priority")
    channel = np.where(channel < len(CHANNELS), channel, -1)
    priority = np.where(priority < len(PRIORITIES), priority, -1)
    hard = states["hard"].fill_null(False).to_numpy().astype(np.int64)
    return weights.open_weight(channel, priority, numbers("status"), numbers("reopens"), hard)


def _tagged(events: pl.DataFrame, tags: Tags) -> pl.DataFrame:
    """What the tags that a ticket has now say; those of earlier than the events are not known."""
    wanted = {tag: [skill] for tag, skill in _lower(tags.skills).items()}
    words = _lower(tags.languages)
    call_back, own = _lowered(tags.call_back), _lowered(tags.own)
    put = pl.when(pl.col("kind") == "tagged").then("after").otherwise("before")
    tag = put.str.to_lowercase().alias("tag")
    now = (
        events.filter(pl.col("kind").is_in(["tagged", "untagged"]))
        .with_columns(tag)
        .filter(pl.col("tag").is_in(sorted(tags.any())))
        .unique(["ticket", "tag"], keep="last", maintain_order=True)
        .filter(pl.col("kind") == "tagged")
    )
    skill = pl.col("tag").replace_strict({k: v[0] for k, v in wanted.items()}, default=None, return_dtype=pl.String)
    language = pl.col("tag").replace_strict(words, default=None, return_dtype=pl.String)
    return (
        now.with_columns(skill=skill, language=language)
        .group_by("ticket")
        .agg(
            skills=pl.col("skill").drop_nulls().unique().sort(),
            language=pl.col("language").drop_nulls().sort().first(),
            call_back=pl.col("tag").is_in(call_back).any(),
            made_by_plugin=pl.col("tag").is_in(own).any(),
        )
    )


def _lower(words: Mapping[str, str]) -> dict[str, str]:
    return {tag.lower(): word for tag, word in words.items()}


def _lowered(words: tuple[str, ...]) -> list[str]:
    return [word.lower() for word in words]


def _known(named: pl.DataFrame, events: pl.DataFrame, handled: pl.DataFrame) -> pl.DataFrame:
    """ticket, known_by: who worked on it, or on another ticket of the one who asks."""
    asked = (
        events.filter((pl.col("actor_kind") == "requester") & pl.col("actor").is_not_null())
        .select("ticket", requester="actor")
        .unique()
    )
    few = pl.len().over("requester") <= MANY_TICKETS
    asked = asked.filter(few)
    others = (
        named.join(asked, on="ticket").join(asked.rename({"ticket": "other"}), on="requester").select("ticket", "other")
    )
    same = named.select("ticket", other="ticket")
    worked = handled.select("agent", other="ticket").unique()
    return (
        pl.concat([same, others])
        .unique()
        .join(worked, on="other")
        .group_by("ticket")
        .agg(known_by=pl.col("agent").unique().sort())
    )


def _last_moves(events: pl.DataFrame) -> pl.DataFrame:
    """ticket, last_move: from one person to another; a first assignment is none."""
    changed = pl.col("before").is_not_null() & pl.col("after").is_not_null() & (pl.col("before") != pl.col("after"))
    hands = events.filter((pl.col("kind") == "assigned") & changed)
    return hands.group_by("ticket").agg(last_move=pl.col("at").max())


def _due(events: pl.DataFrame, told: Mapping[str, datetime]) -> pl.DataFrame:
    latest = events.filter(pl.col("due_at").is_not_null()).unique("ticket", keep="last", maintain_order=True)
    rows = pl.DataFrame(
        {"ticket": list(told), "next_sla": list(told.values())}, schema={"ticket": pl.String(), "next_sla": UTC}
    )
    both = pl.concat([latest.select("ticket", next_sla="due_at"), rows])
    return both.unique("ticket", keep="last", maintain_order=True)
