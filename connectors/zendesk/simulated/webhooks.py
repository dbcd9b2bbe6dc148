"""The account's webhooks: what happens there is posted, signed, to an address of ours.

Delivered at least once and in no order, as on the platform: https://developer.zendesk.com/documentation/webhooks/.
Nothing is received here; the signature is made by the platform's own rule, apart from the code that checks it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.simulating.outbox import Attempt, Habits, Job, Outbox

from .touches import ACCOUNT_ID, Touch

if TYPE_CHECKING:
    from .server import SimulatedZendesk

__all__ = ["Attempt", "Breaker", "Habits", "Sender", "signature"]

TIMEOUT_S = 10.0  # an answer that takes longer counts as 504
RETRIED = (409, 429, 503)
MOST_RETRIES = 3
LONGEST_WAIT_S = 60.0  # told to wait longer, the platform does not try again


@dataclass
class Breaker:
    """Stops a webhook that fails too often: over 1000 errors, or 70 % of the calls, within five minutes.

    The share counts from `least` calls on and the pause is `pause_s`: the platform gives no figures for these.
    """

    share: float = 0.7
    most: int = 1000
    window_s: float = 300.0
    least: int = 20
    pause_s: float = 5.0
    clock: Callable[[], float] = time.monotonic
    tripped: int = 0
    _calls: deque[tuple[float, bool]] = field(default_factory=deque)
    _until: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lets_through(self) -> bool:
        """Whether a call may be sent now."""
        with self._lock:
            return self.clock() >= self._until

    def note(self, failed: bool) -> None:
        """Count a call that was sent; perhaps trip."""
        with self._lock:
            now = self.clock()
            self._calls.append((now, failed))
            while self._calls[0][0] <= now - self.window_s:
                self._calls.popleft()
            errors = sum(failure for _, failure in self._calls)
            enough = len(self._calls) >= self.least and errors >= self.share * len(self._calls)
            if failed and (enough or errors > self.most):
                self.tripped += 1
                self._until = now + self.pause_s
                self._calls.clear()


class Sender(Outbox):
    """An event-subscribed webhook of the account `site`: whatever is touched there is posted to `url`.

    `subscriptions` are event types; null subscribes to all. `outcomes` counts answers by status, and `dropped` for
    what the circuit breaker kept back; `attempts` keeps the last 1000. Sends from `threads` threads until `close`.
    """

    def __init__(
        self,
        site: SimulatedZendesk | None,
        url: str,
        secret: str,
        *,
        habits: Habits | None = None,
        subscriptions: frozenset[str] | None = None,
        breaker: Breaker | None = None,
        timeout_s: float = TIMEOUT_S,
        threads: int = 4,
    ) -> None:
        self.breaker = breaker or Breaker()
        self.subscriptions = subscriptions
        self._secret = secret
        self._site = site
        super().__init__(url, habits=habits, timeout_s=timeout_s, threads=threads)
        if site is not None:
            site.subscribe(self._tell)

    def send(self, payload: Mapping[str, Any], kind: str = "", event: str = "") -> None:
        """Post a payload soon, perhaps twice, perhaps after later ones."""
        super().send(payload, kind or str(payload.get("type", "")), event or str(payload.get("id", "")))

    def close(self) -> None:
        """Send nothing more; what is under way ends first."""
        if self._site is not None:
            self._site.unsubscribe(self._tell)
        super().close()

    def __enter__(self) -> Sender:
        return self

    def held_back(self, job: Job) -> tuple[str, float | None] | None:
        """What the breaker stops is never sent."""
        return None if self.breaker.lets_through() else ("dropped", None)

    def note(self, status: int) -> None:
        """The breaker counts."""
        self.breaker.note(failed=status >= 400)

    def again_after(self, status: int, retry: int, asked: float) -> float | None:
        """What may pass comes again up to three times, after what the answer asks for."""
        return asked if status in RETRIED and retry < MOST_RETRIES and asked <= LONGEST_WAIT_S else None

    def _tell(self, touch: Touch) -> None:
        if self.subscriptions is None or touch.payload["type"] in self.subscriptions:
            self.send(touch.payload)

    def headers(self, body: bytes, invocation: str) -> dict[str, str]:
        """What comes with a body, signed now: each try is signed anew."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "x-zendesk-account-id": str(ACCOUNT_ID),
            "x-zendesk-webhook-id": "01SIMULATEDWEBHOOK00000000",
            "x-zendesk-webhook-invocation-id": invocation,
            "x-zendesk-webhook-signature": signature(self._secret, stamp, body),
            "x-zendesk-webhook-signature-timestamp": stamp,
        }


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the timestamp's text and the raw body, keyed with the secret's text as it is."""
    return base64.b64encode(hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()).decode()
