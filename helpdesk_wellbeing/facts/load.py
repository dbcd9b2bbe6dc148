"""Open work per person through time: a step function that changes when a ticket does."""

from __future__ import annotations

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import DAY, HOUR, Clock, Ints
from helpdesk_wellbeing.facts.rows import Names
from helpdesk_wellbeing.facts.tickets import History

SNAPSHOT_HOURS = (6, 9, 12, 15, 18)
BASE = pl.Schema({"agent": pl.String(), "weight": pl.Int64()})


class OpenWork:
    """The weight of all open tickets assigned to each agent, in [low, high]."""

    def __init__(self, base: Ints, agent: Ints, at: Ints, change: Ints, low: int, high: int) -> None:
        """`base`: weights of all agents at `low`; the rest are changes in any order."""
        self._base = base
        self._low = low
        self._width = high - low + 2
        place = agent * self._width + (at - low)
        order = np.argsort(place, kind="stable")
        self._places = place[order]
        self._totals = np.concatenate([[0], np.cumsum(change[order])]).astype(np.int64)
        self._starts = np.searchsorted(self._places, np.arange(len(base), dtype=np.int64) * self._width)

    @staticmethod
    def of(base: pl.DataFrame, history: History, agents: Names, low: int, high: int) -> OpenWork:
        """From the weights at `low` and what changed since."""
        weights = np.zeros(len(agents.names), dtype=np.int64)
        weights[agents.numbers(base["agent"])] = base["weight"].to_numpy()
        moved = (history.assignee != history.assignee_before) | (history.weight != history.weight_before)
        lost = np.flatnonzero(moved & (history.assignee_before >= 0) & (history.weight_before != 0))
        gained = np.flatnonzero(moved & (history.assignee >= 0) & (history.weight != 0))
        return OpenWork(
            weights,
            np.concatenate([history.assignee_before[lost], history.assignee[gained]]),
            np.concatenate([history.at[lost], history.at[gained]]),
            np.concatenate([-history.weight_before[lost], history.weight[gained]]),
            low,
            high,
        )

    def at(self, agent: Ints, at: Ints) -> Ints:
        """Weights with everything up to and including the instants."""
        return self._until(agent, at, "right")

    def just_before(self, agent: Ints, at: Ints) -> Ints:
        """Weights before anything that happened at the instants."""
        return self._until(agent, at, "left")

    def _until(self, agent: Ints, at: Ints, side: str) -> Ints:
        place = agent * self._width + (at - self._low)
        last = np.searchsorted(self._places, place, side=side)  # type: ignore[call-overload]
        result: Ints = self._base[agent] + self._totals[last] - self._totals[self._starts[agent]]
        return result

    def base_at(self, names: Names, instant: int) -> pl.DataFrame:
        """BASE rows for going on from `instant`, without what happens at it."""
        agents = np.arange(len(self._base), dtype=np.int64)
        weight = self.just_before(agents, np.full(len(agents), instant))
        return _without_zeros(pl.DataFrame({"agent": pl.Series(names.names, dtype=pl.String), "weight": weight}))

    def snapshots(self, names: Names, zone: str, since: int, until: int) -> pl.DataFrame:
        """LOADS rows of [since, until)."""
        instants = snapshot_instants(zone, since, until)
        count = len(self._base)
        agent = np.tile(np.arange(count, dtype=np.int64), len(instants))
        at = np.repeat(instants, count)
        frame = pl.DataFrame(
            {
                "at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
                "agent": names.series(agent),
                "weight": self.at(agent, at),
            }
        )
        return _without_zeros(frame)


def snapshot_instants(zone: str, since: int, until: int) -> Ints:
    """06:00, 09:00, 12:00, 15:00 and 18:00 of the account's zone in [since, until)."""
    days = np.arange(since // DAY - 1, until // DAY + 2, dtype=np.int64)
    local = (days[:, None] * DAY + np.array(SNAPSHOT_HOURS, dtype=np.int64) * HOUR).ravel()
    instants = Clock([zone], since, until).utc(np.zeros(len(local), dtype=np.int64), local)
    result: Ints = instants[(instants >= since) & (instants < until)]
    return result


def base_of(states: pl.DataFrame, weights: Ints) -> pl.DataFrame:
    """BASE rows from ticket states with their weights."""
    frame = states.select(agent="assignee", weight=pl.Series(weights, dtype=pl.Int64)).drop_nulls()
    return _without_zeros(frame.group_by("agent").sum()).sort("agent")


def _without_zeros(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("weight") != 0)
