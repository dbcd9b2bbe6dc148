"""What the planner is asked: tickets, agents and settings, checked at the door.

Efforts are whole numbers of `facts.schema.WEIGHT_UNIT`, times aware UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.facts.schema import ONE_TICKET

TICKETS = pl.Schema(
    {
        "ticket": pl.String(),
        "effort": pl.Int64(),
        "assignee": pl.String(),  # null: nobody
        "group": pl.String(),  # null: none; nobody belongs to it, so the ticket stays
        "skills": pl.List(pl.String()),  # all of them are needed
        "language": pl.String(),  # null: any
        "hard": pl.Boolean(),
        "next_sla": UTC,  # when the next SLA target is breached; null: none runs
        "call_back": pl.Boolean(),  # the assignee promised to call
        "known_by": pl.List(pl.String()),  # agents who worked on it or know its requester
        "last_move": UTC,  # when it last changed hands; null: never
        "made_by_plugin": pl.Boolean(),  # never load, never moved
    }
)
AGENTS = pl.Schema(
    {
        "agent": pl.String(),
        "groups": pl.List(pl.String()),
        "skills": pl.List(pl.String()),
        "languages": pl.List(pl.String()),
        "light": pl.Boolean(),  # cannot answer customers
        "minutes": pl.Int64(),  # scheduled in the next days, leave taken off
        "effort": pl.Int64(),  # of all open tickets, those of the question among them
        "cap": pl.Int64(),  # own limit of effort; null: none
        "works_from": UTC,  # now or earlier: is working; null: not known to work soon
        "on_leave": pl.Boolean(),
        "over_legal_hours": pl.Boolean(),
        "hard": pl.Int64(),  # hard tickets at present, those of the question among them
    }
)
_MAY_BE_NULL = {"assignee", "group", "language", "next_sla", "last_move", "cap", "works_from"}
MOST_EFFORT = 10_000 * ONE_TICKET  # of one agent; costs stay within 64 bits
MOST_MINUTES = 60 * 24 * 366


@dataclass(frozen=True)
class Settings:
    """How the account wants its work moved. Costs are in tickets times load: taking a normal ticket from somebody
    at 1.5 of the fair share to somebody at 0.8 gains about 0.7."""

    now: datetime
    sla_guard: timedelta = timedelta(hours=1)  # no move this close to a breach, before or after
    ping_pong_days: float = 7.0  # a ticket that changed hands stays this long
    soon: timedelta = timedelta(hours=4)  # who starts later receives nothing
    move_cost: float = 0.1  # what any move must gain at least
    continuity_bonus: float = 0.05  # for who knows the ticket; lost when the one who gives it away knows it
    hard_share: float = 1.0  # receivers' hard tickets, against the fair number by hours (rounded up)
    most_moves: int | None = None

    def __post_init__(self) -> None:
        if self.now.utcoffset() != timedelta(0):
            raise BadPayload("rebalance settings: now must be an aware UTC time")
        if self.sla_guard < timedelta(0) or self.soon < timedelta(0) or not 0 <= self.ping_pong_days <= 366:
            raise BadPayload("rebalance settings: sla_guard, soon and ping_pong_days must not be negative or endless")
        if not 0 <= self.continuity_bonus <= self.move_cost <= 100:
            raise BadPayload(
                "rebalance settings: needs 0 <= continuity_bonus <= move_cost <= 100, "
                f"got {self.continuity_bonus:g} and {self.move_cost:g}; otherwise moves pay for themselves"
            )
        if not 0 <= self.hard_share <= 100:
            raise BadPayload(f"rebalance settings: hard_share must be between 0 and 100, got {self.hard_share:g}")
        if self.most_moves is not None and self.most_moves < 0:
            raise BadPayload(f"rebalance settings: most_moves must not be negative, got {self.most_moves}")


@dataclass(frozen=True)
class Question:
    """One desk at one moment. Raises BadPayload for what does not fit `TICKETS` and `AGENTS` or contradicts itself.

    With `from_whom`, only tickets of these agents may move; else those of all who carry more than their share.
    """

    tickets: pl.DataFrame
    agents: pl.DataFrame
    settings: Settings
    from_whom: frozenset[str] | None = field(default=None)

    def __post_init__(self) -> None:
        _check(self.tickets, TICKETS, "ticket", ("effort",))
        _check(self.agents, AGENTS, "agent", ("minutes", "effort", "cap", "hard"))
        _refuse(self.agents, "agent", pl.col("effort") > MOST_EFFORT, "has more than 10,000 tickets' effort")
        _refuse(self.agents, "agent", pl.col("minutes") > MOST_MINUTES, "has more than a year of minutes")
        listed = (
            self.tickets.filter(~pl.col("made_by_plugin"))
            .group_by(agent="assignee")
            .agg(listed=pl.col("effort").sum(), hard_ones=pl.col("hard").sum())
        )
        both = self.agents.join(listed, on="agent", how="inner")
        _refuse(both, "agent", pl.col("listed") > pl.col("effort"), "has less effort than the listed tickets together")
        _refuse(both, "agent", pl.col("hard_ones") > pl.col("hard"), "has fewer hard tickets than are listed")
        unknown = sorted((self.from_whom or frozenset()) - set(self.agents["agent"]))
        if unknown:
            raise BadPayload(f"rebalance: from_whom names agents that are not in the table: {_some(unknown)}")


def _check(frame: pl.DataFrame, schema: pl.Schema, key: str, counts: Sequence[str]) -> None:
    if dict(frame.schema) != dict(schema):
        wrong = sorted(
            name for name in {*frame.schema, *schema} if frame.schema.get(name) != schema.get(name, pl.Unknown())
        )
        raise BadPayload(f"rebalance: the table of {key}s does not fit its schema in: {', '.join(wrong)}")
    for name in schema:
        if name not in _MAY_BE_NULL:
            _refuse(frame, key, pl.col(name).is_null(), f"has no {name}")
    _refuse(frame, key, pl.col(key).is_duplicated(), "is listed twice")
    for name in counts:
        _refuse(frame, key, pl.col(name) < 0, f"has a negative {name}")


def _refuse(frame: pl.DataFrame, key: str, wrong: pl.Expr, problem: str) -> None:
    names = frame.filter(wrong)[key].to_list()
    if names:
        raise BadPayload(f"rebalance: {key} {_some(sorted({str(name) for name in names}))} {problem}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
