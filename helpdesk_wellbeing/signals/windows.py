"""Rolling windows over instants per agent, in whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def micros(instants: pl.Series) -> Ints:
    """Instants as microseconds since 1970; null becomes 0."""
    return instants.dt.timestamp("us").fill_null(0).to_numpy()


@dataclass(frozen=True)
class Clock:
    """Puts the instants of many agents on one line, one agent after the other, so that one search serves all."""

    agents: pl.Series  # sorted, unique
    zero: int  # microseconds
    width: int  # of one agent's part of the line

    @staticmethod
    def over(agents: pl.Series, earliest: int, latest: int, longest_window: int) -> Clock:
        """A line for these agents and instants; a window may reach `longest_window` before the earliest."""
        zero = earliest - longest_window - 1
        return Clock(agents.unique().sort(), zero, latest - zero + 2)

    def codes(self, agents: pl.Series) -> Ints:
        """Each agent's place among the agents; all must be known."""
        return self.agents.search_sorted(agents).to_numpy().astype(np.int64)

    def place(self, codes: Ints, at: Ints) -> Ints:
        """Instants on the line. Those outside the line are held at its agent's ends."""
        return codes * self.width + np.clip(at - self.zero, 0, self.width - 1)


def largest(values: Floats, low: Ints, high: Ints) -> Floats:
    """The largest of values[low:high], row by row; NaN where that is empty. Values must not be NaN."""
    result = np.full(len(low), np.nan)
    length = high - low
    level, table = 0, values
    while len(length) and (1 << level) <= int(length.max()):
        step = 1 << level
        here = np.flatnonzero((length >= step) & (length < 2 * step))
        if len(here):
            result[here] = np.maximum(table[low[here]], table[high[here] - step])
        if len(table) > step:
            table = np.maximum(table[:-step], table[step:])
        level += 1
    return result


def total(values: npt.NDArray[Any], low: Ints, high: Ints) -> Floats:
    """The sum of values[low:high], row by row. Exact for whole numbers below 2**53."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(running[high] - running[low])


def previous_of_same(agents: pl.Series, rows: Ints) -> Ints:
    """The row before each of `rows` where it is of the same agent, otherwise -1; the frame is sorted by agent."""
    before = np.maximum(rows - 1, 0)
    same = (agents.gather(rows) == agents.gather(before)).to_numpy() & (rows > 0)
    return np.where(same, rows - 1, -1)
