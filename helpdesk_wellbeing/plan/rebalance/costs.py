"""What a load costs: a convex, piecewise linear function of effort against scheduled hours, in whole numbers.

The slope at load r (1.0: the fair share, or the own limit where that is less) is r, in steps of 0.05, level from 4.0
on. So the cost comes close to half the square of the load: the next hour of work costs the more, the more there is.
Whole numbers are exact: `SCALE` of them are one ticket at load 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.facts.schema import ONE_TICKET

STEPS = 20  # up to load 1.0
SLOPE = 500  # by which each step is steeper
LAST_STEP = 4 * STEPS
SCALE = STEPS * SLOPE * ONE_TICKET


def whole(tickets: float) -> int:
    """A cost in tickets times load as a whole number."""
    return round(tickets * STEPS * SLOPE) * ONE_TICKET


@dataclass(frozen=True)
class LoadCosts:
    """Costs of agents by place. `step`: how much effort one step of the agent holds, at least 1 (nobody's hours: all
    effort lies beyond the last step)."""

    step: Ints

    def cost(self, agent: Ints | int, effort: Ints) -> Ints:
        """What these efforts cost in the hands of these agents; both may be arrays that fit each other."""
        step = self.step[agent]
        steps = np.minimum(effort // step, LAST_STEP)
        cost: Ints = step * (SLOPE // 2) * steps * steps + (effort - steps * step) * (SLOPE * steps + SLOPE // 2)
        return cost

    def segments(self, agent: int, low: int, high: int) -> list[tuple[int, int]]:
        """Widths and slopes of the pieces between two efforts, from low to high."""
        step = int(self.step[agent])
        pieces = []
        while low < high:
            steps = min(low // step, LAST_STEP)
            end = high if steps == LAST_STEP else min((steps + 1) * step, high)
            pieces.append((end - low, SLOPE * steps + SLOPE // 2))
            low = end
        return pieces
