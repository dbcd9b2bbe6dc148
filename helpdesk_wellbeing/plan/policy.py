"""When work is moved and how much of it at a time: narrow, as a move costs two people and a customer something.

The numbers come from `python -m bench acting`, where they are compared with not acting and with plainer ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from helpdesk_wellbeing.plan.rebalance.question import Settings


@dataclass(frozen=True)
class Policy:
    """How the planner is used for people above their limit of open work. What it may never do stands in `Settings`.

    Only tickets of these people move (`from_whom`). Most overload shows in the morning, when the answers of the night
    are in, so that is when it is looked for most.
    """

    hours: tuple[float, ...] = (8.6, 9.1, 9.6, 10.1, 11.0, 12.0, 13.5, 15.0)  # local, on weekdays
    over: float = 1.0  # of the own limit (from which LD1 warns) above which work is taken from a person
    fill: float = 0.9  # of the own limit up to which a person may be given work: `cap` in the question
    move_cost: float = 0.35  # what a move must gain; the higher, the fewer and heavier the tickets that move
    continuity_bonus: float = 0.05
    sla_guard: timedelta = timedelta(hours=1)
    soon: timedelta = timedelta(hours=4)
    ping_pong_days: float = 7.0

    def settings(self, now: datetime, above: Iterable[float]) -> Settings:
        """The planner's settings when people have so much open work above their limits (each in normal tickets)."""
        return Settings(
            now,
            sla_guard=self.sla_guard,
            ping_pong_days=self.ping_pong_days,
            soon=self.soon,
            move_cost=self.move_cost,
            continuity_bonus=self.continuity_bonus,
            most_moves=sum(ceil(excess) for excess in above),
        )
