"""What a signal is: a pure function from facts to a frame of evaluations.

An evaluation is one row: at this instant, these values hold for this subject. Rules compare the values and count rows;
a signal knows no threshold, a rule knows no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from helpdesk_wellbeing.events import GRADES, UTC
from helpdesk_wellbeing.people import Directory

# Reasons why nothing can be said: a closed list.
REASONS = (
    "no events in window", "no schedule", "no zone", "too few days", "too few events", "too few tickets",
    "too few comparisons", "no baseline", "no input on this platform", "shared or automated", "identity review",
    "projection", "excluded", "no limit in preset", "not available",
)  # fmt: skip

# Columns that every frame of evaluations starts with; the signal's own value columns (Float64) follow.
EVALUATION = pl.Schema(
    {
        "subject": pl.String(),
        "at": UTC,  # the instant of the evaluation: when the values were known
        "date": pl.Date(),  # local date of the instance; becomes the flag's `since` when this row raises it
        "raises": pl.Boolean(),  # the row may raise or keep up a level (minimum evidence is met)
        "falls": pl.Boolean(),  # the row may count towards the exit (an evaluation with evidence)
        "grade": pl.Enum(GRADES),
        "window_start": UTC,
        "window_end": UTC,
    }
)
FRAMES = ("shifts", "days", "queues", "loads", "touches", "handled", "hard")
# Changes of tickets by UTC day: all, and those of which nobody knows who made them.
CHANGES = pl.Schema({"day": pl.Date(), "all": pl.Int64(), "unnamed": pl.Int64()})
UNNAMED_SHARE = 0.05  # above it, what people do to tickets without writing is not seen
NO_INPUT = "no input on this platform"
NOT_ASSESSABLE = pl.Schema({"subject": pl.String(), "reason": pl.String()})


@dataclass(frozen=True)
class Facts:
    """Facts of one account up to and including `until`; nothing later exists in any frame.

    Frames are those of `facts.schema`, each cleaned to one row per key, sorted by subject and time. They reach back as
    far as the longest window needs or the log begins. `since` < evaluation instants <= `until` is the stretch to be
    evaluated now: a signal returns rows of that stretch only and may look further back for its windows.
    """

    since: datetime
    until: datetime
    history_start: datetime  # the account's first event
    zone: str  # the account's zone
    week_start: int  # 0 = Monday
    directory: Directory
    shifts: pl.DataFrame
    days: pl.DataFrame
    queues: pl.DataFrame
    loads: pl.DataFrame  # of the last eight days at least
    touches: pl.DataFrame  # of the last 28 evaluation days before and in the stretch
    handled: pl.DataFrame
    hard: pl.DataFrame
    hard_possible: bool  # a strong indicator can occur in this account (tiers, ratings or listed tags exist)
    as_of: bool = False  # `until` is the moment asked about, not just the end of one stretch of many (WT5)
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CHANGES))  # of the longest window
    followed_since: datetime | None = None  # how tickets stood before is not known; null: it always is
    shared: Mapping[str, datetime] = field(default_factory=dict)  # account recognised as shared/automated -> since when
    objections: Mapping[str, frozenset[str]] = field(default_factory=dict)  # signal: agents who want none of it
    review: Sequence[dict[str, str]] = ()  # accounts that may be more than one person, with the reason

    @property
    def grade_b_changes(self) -> bool:
        """Whether changes of tickets mostly come without who made them, by the last four weeks."""
        return not self.names_changes(28)

    def names_changes(self, days: int) -> bool:
        """Whether it is known who made the changes of tickets of the last days, but for a few."""
        lately = self.changes.filter(pl.col("day") > (self.until - timedelta(days)).date())
        return not lately.select(pl.col("unnamed").sum() > UNNAMED_SHARE * pl.col("all").sum()).item()

    def is_followed(self, since: datetime) -> bool:
        """Whether it is known how tickets have stood since then."""
        return self.followed_since is None or self.followed_since <= since

    def shifts_of(self, agent: str) -> pl.DataFrame:
        """One agent's shifts."""
        return _of_agent(self.shifts, agent)

    def days_of(self, agent: str) -> pl.DataFrame:
        """One agent's days."""
        return _of_agent(self.days, agent)


def _of_agent(frame: pl.DataFrame, agent: str) -> pl.DataFrame:
    first = int(frame["agent"].search_sorted(agent, side="left"))
    return frame.slice(first, int(frame["agent"].search_sorted(agent, side="right")) - first)


Evaluate = Callable[[Facts], pl.DataFrame]  # -> EVALUATION columns + value columns, sorted by subject, at
# For signals whose values depend on the level so far (a baseline frozen while the flag is on). It is given the memory
# it left behind (subject, its memory columns, `on`: Boolean), yields rounds of at most one row a subject in time order
# (EVALUATION + value + memory columns) and is sent the set of subjects that are on after each round.
Stepwise = Callable[[Facts, pl.DataFrame], Generator[pl.DataFrame, frozenset[str], None]]
Wakes = Callable[[Facts], bool]  # false: there is no row in this stretch, so `evaluate` need not be asked
Assess = Callable[[Facts], pl.DataFrame]  # -> NOT_ASSESSABLE rows as of facts.until
Explain = Callable[[Facts, str, Mapping[str, Any]], list[dict[str, Any]]]
# subject, latest instance (shown values, at, date, window_start, window_end) -> evidence for a reviewer


@dataclass(frozen=True)
class Signal:
    """One signal of the catalogue."""

    id: str  # "WT4"
    name: str  # "short daily rest"
    subject: str  # agent | team | queue
    values: tuple[str, ...]  # value columns that a reader sees, in order
    evaluate: Evaluate | Stepwise  # Stepwise when `memory` is not empty
    assess: Assess
    explain: Explain
    reads: tuple[str, ...] = FRAMES  # the frames of facts that `evaluate` looks at
    wakes: Wakes = lambda facts: True
    helpers: tuple[str, ...] = ()  # further value columns that rules may compare but nobody sees
    memory: tuple[str, ...] = ()  # Float64 columns carried from round to round
