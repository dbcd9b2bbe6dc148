"""The plan: moves with their reasons, loads before and after, why the others stay, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

LOADED = ("no_room", "hard_ones_spread", "most_moves_reached", "not_worth_it")  # reasons that hang on loads
# Why a ticket stays.
STAYED = (
    "unassigned",
    "unknown_assignee",  # the assignee is not in the table of agents
    "made_by_plugin",
    "within_share",  # the assignee carries no more than the fair share
    "not_asked",  # the assignee is not one of those from whom work should go
    "call_back_promised",
    "sla_near",
    "moved_lately",
    "no_effort",
    "nobody_eligible",  # group, skills, language, hours: nobody who may take work has them all
    "no_room",  # those who could take it would be above their share or limit
    "hard_ones_spread",  # those who could take it have their share of hard tickets
    "most_moves_reached",
    "not_worth_it",  # a move would gain less than it costs
)
VERDICTS = (
    "optimal",  # proven: no plan costs less
    "near_optimal",  # the best that was found; `gap` says how much better one could be at most
    "nothing_to_move",  # every ticket stays for a reason that has nothing to do with loads of others
    "nothing_better",  # proven: within the limits no distribution is better than the present one
)
LOADS = pl.Schema(
    {
        "agent": pl.String(),
        "minutes": pl.Int64(),
        "effort_before": pl.Int64(),
        "effort_after": pl.Int64(),
        "share_before": pl.Float64(),  # against the fair share; null: nobody's share (no hours, no work)
        "share_after": pl.Float64(),
        "hard_before": pl.Int64(),
        "hard_after": pl.Int64(),
    }
)


@dataclass(frozen=True)
class Why:
    """Why a ticket goes there. Shares are against the fair share (1.0) before and after the whole plan; None where an
    agent has no hours."""

    effort: int
    group: str
    skills: tuple[str, ...]  # that it needs and the receiver has
    language: str | None
    hard: bool
    knows: bool  # the receiver has worked on it or knows the requester
    from_before: float | None
    from_after: float | None
    to_before: float
    to_after: float
    others: int  # who could have taken it, too, by group, skills, language and hours
    gain: float  # by which the plan's cost would rise without this move


@dataclass(frozen=True)
class Move:
    """One ticket from whom to whom."""

    ticket: str
    giver: str
    receiver: str
    why: Why


@dataclass(frozen=True)
class Plan:
    """Costs are in tickets times load (see `Settings`). The order of the question's rows changes nothing."""

    moves: tuple[Move, ...]  # by ticket id
    loads: pl.DataFrame  # LOADS, by agent id
    stayed: Mapping[str, str]  # ticket id: one of STAYED
    cost_before: float
    objective: float  # what loads and moves cost with the plan
    bound: float  # what no plan can be below
    verdict: str  # one of VERDICTS

    @property
    def gap(self) -> float:
        """How much better another plan could be at most, as a part of the objective."""
        return (self.objective - self.bound) / self.objective if self.objective > 0 else 0.0

    @property
    def gap_of_gain(self) -> float:
        """The same as a part of what the best could gain: stricter, since most of the cost cannot be moved."""
        possible = self.cost_before - self.bound
        return (self.objective - self.bound) / possible if possible > 0 else 0.0
