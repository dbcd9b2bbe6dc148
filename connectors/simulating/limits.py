"""Rate limits in fixed windows."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Bucket:
    """At most `total` requests (or credits) per `minute` (seconds of whatever clock is told)."""

    total: int
    minute: float
    _began: float = float("-inf")
    _used: int = 0

    def take(self, now: float, cost: int = 1) -> bool:
        """Whether `cost` more fits; what does not fit uses nothing up."""
        self._roll(now)
        if self._used + cost > self.total:
            return False
        self._used += cost
        return True

    def fits(self, now: float, cost: int = 1) -> bool:
        """Whether `cost` more would fit."""
        self._roll(now)
        return self._used + cost <= self.total

    def drain(self, now: float, cost: int | None = None) -> None:
        """Somebody else uses up `cost`, or all there is, of the present window."""
        self._roll(now)
        self._used = self.total if cost is None else min(self.total, self._used + cost)

    def left(self) -> int:
        """What the present window still has."""
        return max(0, self.total - self._used)

    def resets(self, now: float) -> int:
        """Whole seconds until the window ends, at least one."""
        return max(1, math.ceil(self._began + self.minute - now))

    def _roll(self, now: float) -> None:
        if now - self._began >= self.minute:
            self._began, self._used = now, 0
