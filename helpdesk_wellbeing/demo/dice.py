"""Random draws one at a time, cheap enough for an event loop, the same for the same seed everywhere.

`Dice` draws everything from one generator. So that a change in a simulation alters only what follows from it, a run
can be noted (`NotedDice`) and run again (`AgainDice`): each happening then finds the draws again that it had the first
time, in whatever order things happen now.
"""

from __future__ import annotations

import hashlib
from collections import Counter
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

    def turn(self, *happening: object) -> None:
        """What is drawn from here on belongs to this happening; its words tell it from all others."""

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


Draws = dict[tuple[object, ...], list[float]]


class NotedDice(Dice):
    """The same draws as `Dice(seed)`, noted by happening."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.noted: Draws = {}
        self._seen: Counter[tuple[object, ...]] = Counter()
        self._piece: list[float] = []
        self.turn("start")

    def turn(self, *happening: object) -> None:
        """Note what follows under this happening; one that comes again has a place of its own."""
        self._seen[happening] += 1
        self._piece = self.noted.setdefault((*happening, self._seen[happening]), [])

    def u(self) -> float:
        """A number in [0, 1)."""
        x = super().u()
        self._piece.append(x)
        return x


class AgainDice(Dice):
    """Draws as noted, and for what did not happen then, or draws more now, from a generator of its own."""

    def __init__(self, seed: int, noted: Draws) -> None:
        super().__init__(seed)
        self._seed, self._noted = seed, noted
        self._seen: Counter[tuple[object, ...]] = Counter()
        self._happening: tuple[object, ...] = ()
        self.turn("start")

    def turn(self, *happening: object) -> None:
        """Draw what this happening drew."""
        self._seen[happening] += 1
        self._happening = (*happening, self._seen[happening])
        self._left = self._noted.get(self._happening, [])[::-1]
        self._own = False

    def u(self) -> float:
        """A number in [0, 1)."""
        if not self._left:
            if not self._own:
                words = repr((self._seed, *map(str, self._happening))).encode()
                self._rng = np.random.Generator(np.random.PCG64(int(hashlib.sha256(words).hexdigest(), 16)))
                self._own = True
            self._left = self._rng.random(8).tolist()
        return self._left.pop()
