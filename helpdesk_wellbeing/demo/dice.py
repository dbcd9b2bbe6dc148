"""Random draws one at a time, cheap enough for an event loop, the same for the same seed everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
BUFFER = 8192


class Dice:
    """Uniform draws from one numpy generator, taken in buffers."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._left: list[float] = []

    def u(self) -> float:
        """A number in [0, 1)."""
        if not self._left:
            self._left = self._rng.random(BUFFER).tolist()
        return self._left.pop()

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.u()

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return self.u() < p

    def pick(self, things: Sequence[T]) -> T:
        """One of `things`, each as likely."""
        return things[int(self.u() * len(things))]

    def weighted(self, things: Sequence[tuple[T, float]]) -> T:
        """One of `things` by weight; weights add up to 1."""
        x = self.u()
        for thing, share in things:
            x -= share
            if x < 0:
                return thing
        return things[-1][0]

    def whole(self, x: float) -> int:
        """`x` rounded up or down at random so that the mean is `x`."""
        return int(x + self.u())
