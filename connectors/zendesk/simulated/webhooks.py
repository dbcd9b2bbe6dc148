"""The account's webhooks: what happens there is posted, signed, to an address of ours.

Delivered at least once and in no order, as on the platform: https://developer.zendesk.com/documentation/webhooks/.
Nothing is received here; the signature is made by the platform's own rule, apart from the code that checks it.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import requests

from .touches import ACCOUNT_ID, Touch

if TYPE_CHECKING:
    from .server import SimulatedZendesk

TIMEOUT_S = 10.0  # an answer that takes longer counts as 504
RETRIED = (409, 429, 503)
MOST_RETRIES = 3
LONGEST_WAIT_S = 60.0  # told to wait longer, the platform does not try again
USUAL_WAIT_S = 1.0
NO_ANSWER = 504  # what the platform's activity log shows for a timeout or a broken connection


@dataclass(frozen=True)
class Habits:
    """How badly deliveries behave, seeded; shares from 0 to 1."""

    repeated: float = 0.0  # delivered once more
    disordered: float = 0.0  # held back, so that later ones come first
    held_s: float = 0.5  # at most so long
    delay_s: float = 0.0  # each is sent so long after it happened, at most
    seed: int = 1


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


@dataclass(frozen=True)
class Attempt:
    """One call that was sent, as the activity log of a webhook shows it."""

    event: str  # the payload's id
    kind: str
    status: int
    retry: int  # 0 for the first
    at: datetime  # answered, by this machine's clock


@dataclass(order=True)
class _Job:
    due: float
    number: int
    body: bytes = field(compare=False)
    event: str = field(compare=False)
    kind: str = field(compare=False)
    invocation: str = field(compare=False)
    retry: int = field(compare=False, default=0)


class Sender:
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
        self.url = url
        self.habits = habits or Habits()
        self.breaker = breaker or Breaker()
        self.subscriptions = subscriptions
        self.outcomes: Counter[int | str] = Counter()
        self.attempts: deque[Attempt] = deque(maxlen=1000)
        self._secret = secret
        self._timeout_s = timeout_s
        self._random = random.Random(self.habits.seed)
        self._numbers = count()
        self._jobs: list[_Job] = []
        self._busy = 0
        self._closed = False
        self._changed = threading.Condition()
        self._site = site
        self._threads = [threading.Thread(target=self._run, name="webhook-sender", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()
        if site is not None:
            site.subscribe(self._tell)

    def send(self, payload: Mapping[str, Any]) -> None:
        """Post a payload soon, perhaps twice, perhaps after later ones."""
        body, kind, event = orjson.dumps(payload), str(payload.get("type", "")), str(payload.get("id", ""))
        habits, now = self.habits, time.monotonic()
        with self._changed:
            times = 2 if self._random.random() < habits.repeated else 1
            for _ in range(times):
                due = now + self._random.uniform(0, habits.delay_s)
                if self._random.random() < habits.disordered:
                    due += self._random.uniform(0, habits.held_s)
                invocation = str(UUID(int=self._random.getrandbits(128), version=4))
                heapq.heappush(self._jobs, _Job(due, next(self._numbers), body, event, kind, invocation))
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Until all is delivered or given up; whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, timeout_s)

    def close(self) -> None:
        """Send nothing more; what is under way ends first."""
        if self._site is not None:
            self._site.unsubscribe(self._tell)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self._timeout_s + 1)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, touch: Touch) -> None:
        if self.subscriptions is None or touch.payload["type"] in self.subscriptions:
            self.send(touch.payload)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment has no business on loopback
            while True:
                job = self._next()
                if job is None:
                    return
                try:
                    self._deliver(session, job)
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._closed:
                wait = self._jobs[0].due - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._jobs)
                self._changed.wait(wait)
            return None

    def _deliver(self, session: requests.Session, job: _Job) -> None:
        if not self.breaker.lets_through():
            self._count("dropped")
            return
        status, wait = self._post(session, job)
        self.breaker.note(failed=status >= 400)
        self._count(status)
        self.attempts.append(Attempt(job.event, job.kind, status, job.retry, datetime.now(UTC)))
        if status in RETRIED and job.retry < MOST_RETRIES and wait <= LONGEST_WAIT_S:
            again = _Job(
                time.monotonic() + wait, job.number, job.body, job.event, job.kind, job.invocation, job.retry + 1
            )
            with self._changed:
                heapq.heappush(self._jobs, again)

    def _post(self, session: requests.Session, job: _Job) -> tuple[int, float]:
        """The status and the seconds to wait before another try."""
        headers = self.headers(job.body, job.invocation)
        try:
            answer = session.post(
                self.url, data=job.body, headers=headers, timeout=self._timeout_s, allow_redirects=False
            )
        except requests.RequestException:
            return NO_ANSWER, USUAL_WAIT_S
        return answer.status_code, _seconds(answer.headers.get("Retry-After"))

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

    def _count(self, outcome: int | str) -> None:
        with self._changed:
            self.outcomes[outcome] += 1


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the timestamp's text and the raw body, keyed with the secret's text as it is."""
    return base64.b64encode(hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()).decode()


def _seconds(retry_after: str | None) -> float:
    try:
        return max(0.0, float(retry_after or USUAL_WAIT_S))
    except ValueError:
        return USUAL_WAIT_S
