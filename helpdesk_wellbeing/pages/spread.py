"""How a team's open work is spread, told so roughly that it is nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 10  # of fewer, the highest and the lowest are known persons to whoever knows the team


@dataclass(frozen=True)
class Spread:
    """Shares of the team's open work (1 is fair) to a tenth; from `low` to `high` is the middle half of `people`."""

    people: int
    lowest: float
    low: float
    high: float
    highest: float


def spread_of(shares: Sequence[float]) -> Spread | None:
    """None where they are too few to be told."""
    if len(shares) < LEAST:
        return None
    lowest, low, high, highest = (round(float(one), 1) for one in np.quantile(shares, (0, 0.25, 0.75, 1)))
    return Spread(len(shares), lowest, low, high, highest)
