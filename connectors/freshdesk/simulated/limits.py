"""Credits a minute: the account's, and what some kinds of request may take of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from connectors.simulating.limits import Bucket

from .options import PLANS, Options


@dataclass
class Quota:
    """`credits` counts what requests have cost, by method and endpoint; `refused` counts 429s.

    `clock` tells seconds; limits go by it, so that a test may let minutes pass without waiting.
    """

    options: Options
    clock: Callable[[], float]
    credits: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    _account: Bucket = field(init=False)
    _kinds: dict[str, Bucket] = field(init=False)
    _drained_until: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        plan, minute = PLANS[self.options.plan], self.options.minute
        self._account = Bucket(plan.total, minute)
        sizes = {"create": plan.create, "update": plan.update, "tickets": plan.tickets, "contacts": plan.contacts}
        self._kinds = {kind: Bucket(size, minute) for kind, size in sizes.items()}

    def charge(self, endpoint: str, kind: str | None, cost: int) -> tuple[dict[str, str], int | None]:
        """Headers for the answer, and the seconds to wait when the request is refused.

        `kind`: which of the plan's own limits counts it, too. `endpoint` names it in `credits`.
        """
        with self._lock:
            if self.options.unlimited:
                self.credits[endpoint] += cost
                return {"X-RateLimit-Used-CurrentRequest": self._said(cost)}, None
            now = self.clock()
            if now < self._drained_until:
                self._account.drain(now)
            own = self._kinds.get(kind or "")
            waits = None
            if not self._account.fits(now, cost):
                waits = self._account.resets(now)
            elif own is not None and not own.fits(now):
                waits = own.resets(now)
            else:
                self._account.take(now, cost)
                if own is not None:
                    own.take(now)
                self.credits[endpoint] += cost
            return self._headers(0 if waits is not None else cost, waits), waits

    def drain(self, minutes: float | None = None) -> None:
        """Somebody else uses up what is left of this minute, or all of the next `minutes`."""
        with self._lock:
            now = self.clock()
            self._account.drain(now)
            if minutes is not None:
                self._drained_until = now + minutes * self.options.minute

    def others_use(self, cost: int) -> None:
        """Somebody else uses up some of this minute."""
        with self._lock:
            self._account.drain(self.clock(), cost)

    def _headers(self, cost: int, waits: int | None) -> dict[str, str]:
        headers = {
            "X-RateLimit-Total": self._said(self._account.total),
            "X-RateLimit-Remaining": self._said(self._account.left()),
            "X-RateLimit-Used-CurrentRequest": self._said(cost),
        }
        if waits is not None:
            self.refused += 1
            headers["Retry-After"] = str(waits)
        return headers

    def _said(self, number: int) -> str:
        return f"{number}.0" if self.options.decimal_headers else str(number)
