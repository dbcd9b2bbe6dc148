"""Rate limits in fixed windows, with the headers in both spellings that were seen."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock

from connectors.simulating.limits import Bucket

__all__ = ["Bucket", "Limits"]


@dataclass
class Limits:
    """The account's bucket and the one that all exports share."""

    account: Bucket
    exports: Bucket
    unlimited: bool
    updates: Bucket | None = None
    a_ticket: int = 30  # updates of one ticket by one user in ten minutes
    refused: int = 0
    _of_tickets: dict[str, Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, export: bool, updated: str | None = None) -> tuple[dict[str, str], int | None]:
        """Headers for the answer, and the seconds to wait when the request is refused.

        `updated`: which ticket it updates; "" for several.
        """
        if self.unlimited:
            return {}, None
        now = time.monotonic()
        with self._lock:
            fine = self.account.take(now)
            waits = None if fine else self.account.resets(now)
            if fine and export and not self.exports.take(now):
                waits = self.exports.resets(now)
            headers = self._headers(now, export)
            if fine and updated is not None and self.updates is not None:
                waits = self._update(self.updates, updated, now)
                headers["Zendesk-RateLimit-tickets-update"] = _said(self.updates, now)
            if waits is not None:
                self.refused += 1
                headers["Retry-After"] = str(waits)
        return headers, waits

    def _headers(self, now: float, export: bool) -> dict[str, str]:
        total, left, resets = str(self.account.total), str(self.account.left()), str(self.account.resets(now))
        headers = {
            "X-Rate-Limit": total,
            "X-Rate-Limit-Remaining": left,
            "ratelimit-limit": total,
            "ratelimit-remaining": left,
            "ratelimit-reset": resets,
        }
        if export:
            headers["Zendesk-RateLimit-incremental-exports"] = _said(self.exports, now)
        return headers

    def _update(self, all_: Bucket, ticket: str, now: float) -> int | None:
        """The seconds to wait when there were too many updates, of all tickets or of this one."""
        if not all_.take(now):
            return all_.resets(now)
        if not ticket:
            return None
        own = self._of_tickets.setdefault(ticket, Bucket(self.a_ticket, 10 * self.account.minute))
        return None if own.take(now) else own.resets(now)


def _said(bucket: Bucket, now: float) -> str:
    return f"total={bucket.total}; remaining={bucket.left()}; resets={bucket.resets(now)}"
