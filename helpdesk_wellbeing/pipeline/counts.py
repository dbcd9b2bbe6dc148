"""What a worker has done so far, as its heartbeat says and /metrics shows: by account, never by person."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any


class Counts:
    """Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._evaluations: dict[str, int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self._pulls: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._steps: dict[str, int] = defaultdict(int)

    def evaluated(self, account: str, seconds: float) -> None:
        """An answer was made."""
        with self._lock:
            self._evaluations[account] += 1
            self._seconds[account] += seconds

    def pulled(self, account: str, outcome: str) -> None:
        """A pull ended so."""
        with self._lock:
            self._pulls[account][outcome] += 1

    def step(self, name: str) -> None:
        """Something was done that is only counted."""
        with self._lock:
            self._steps[name] += 1

    def snapshot(self) -> dict[str, Any]:
        """{"evaluations": {account: {"count", "seconds"}}, "pulls": {account: {outcome: n}}, "steps": {name: n}}."""
        with self._lock:
            return {
                "evaluations": {
                    account: {"count": count, "seconds": round(self._seconds[account], 3)}
                    for account, count in self._evaluations.items()
                },
                "pulls": {account: dict(outcomes) for account, outcomes in self._pulls.items()},
                "steps": dict(self._steps),
            }
