"""Calls that a simulated helpdesk makes to an address of ours: at least once, in no order, tried again on failure."""

from __future__ import annotations

import heapq
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import urllib3

NO_ANSWER = 504  # what activity logs show for a timeout or a broken connection
USUAL_WAIT_S = 1.0


@dataclass(frozen=True)
class Habits:
    """How badly deliveries behave, seeded; shares from 0 to 1."""

    repeated: float = 0.0  # delivered once more
    disordered: float = 0.0  # held back, so that later ones come first
    held_s: float = 0.5  # at most so long
    delay_s: float = 0.0  # each is sent so long after it happened, at most
    seed: int = 1


@dataclass(frozen=True)
class Attempt:
    """One call that was sent, as the activity log of a webhook shows it."""

    event: str  # the payload's id
    kind: str
    status: int
    retry: int  # 0 for the first
    at: datetime  # answered, by this machine's clock


@dataclass(order=True)
class Job:
    """One call that is to be made at `due` (`time.monotonic()`)."""

    due: float
    number: int
    body: bytes = field(compare=False)
    event: str = field(compare=False)
    kind: str = field(compare=False)
    invocation: str = field(compare=False)
    retry: int = field(compare=False, default=0)


class Outbox(ABC):
    """Posts payloads to `url` from `threads` threads until `close`.

    `outcomes` counts answers by status (and what a platform does not send, by its own word); `attempts` keeps the last
    1000. A platform says what comes with a body (`headers`), what is held back (`held_back`) and what is tried again.
    """

    def __init__(self, url: str, *, habits: Habits | None = None, timeout_s: float = 10.0, threads: int = 4) -> None:
        self.url = url
        self.habits = habits or Habits()
        self.outcomes: Counter[int | str] = Counter()
        self.attempts: deque[Attempt] = deque(maxlen=1000)
        self._timeout_s = timeout_s
        self._random = random.Random(self.habits.seed)
        self._numbers = count()
        self._jobs: list[Job] = []
        self._busy = 0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name="webhook-sender", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @abstractmethod
    def headers(self, body: bytes, invocation: str) -> dict[str, str]:
        """What comes with a body; made anew for each try."""

    def held_back(self, job: Job) -> tuple[str, float | None] | None:
        """Null: it may be sent now. Else the word to count it under, and after how many seconds to look again."""
        return None

    def note(self, status: int) -> None:  # noqa: B027 - most platforms have nothing to note
        """A call was answered."""

    @abstractmethod
    def again_after(self, status: int, retry: int, asked: float) -> float | None:
        """After how many seconds a call is tried again; null: never. `asked`: what the answer asks for."""

    def send(self, payload: Mapping[str, Any], kind: str = "", event: str = "") -> None:
        """Post a payload soon, perhaps twice, perhaps after later ones."""
        self.post(orjson.dumps(payload), kind, event)

    def post(self, body: bytes, kind: str = "", event: str = "") -> None:
        """The same with a body that is ready."""
        habits, now = self.habits, time.monotonic()
        with self._changed:
            times = 2 if self._random.random() < habits.repeated else 1
            for _ in range(times):
                due = now + self._random.uniform(0, habits.delay_s)
                if self._random.random() < habits.disordered:
                    due += self._random.uniform(0, habits.held_s)
                invocation = str(UUID(int=self._random.getrandbits(128), version=4))
                heapq.heappush(self._jobs, Job(due, next(self._numbers), body, event, kind, invocation))
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Until all is delivered or given up; whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, timeout_s)

    def close(self) -> None:
        """Send nothing more; what is under way ends first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self._timeout_s + 1)

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=self._timeout_s) as pool:  # which knows no proxies
            while True:
                job = self._next()
                if job is None:
                    return
                try:
                    self._deliver(pool, job)
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closed:
                wait = self._jobs[0].due - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._jobs)
                self._changed.wait(wait)
            return None

    def _deliver(self, pool: urllib3.PoolManager, job: Job) -> None:
        held = self.held_back(job)
        if held is not None:
            self._count(held[0])
            self._again(job, held[1], job.retry)
            return
        status, asked = self._post(pool, job)
        self.note(status)
        self._count(status)
        self.attempts.append(Attempt(job.event, job.kind, status, job.retry, datetime.now(UTC)))
        self._again(job, self.again_after(status, job.retry, asked), job.retry + 1)

    def _again(self, job: Job, wait: float | None, retry: int) -> None:
        if wait is None:
            return
        again = Job(time.monotonic() + wait, job.number, job.body, job.event, job.kind, job.invocation, retry)
        with self._changed:
            heapq.heappush(self._jobs, again)

    def _post(self, pool: urllib3.PoolManager, job: Job) -> tuple[int, float]:
        """The status and the seconds to wait before another try."""
        headers = self.headers(job.body, job.invocation)
        try:
            answer = pool.request("POST", self.url, body=job.body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return NO_ANSWER, USUAL_WAIT_S
        return answer.status, _seconds(answer.headers.get("Retry-After"))

    def _count(self, outcome: int | str) -> None:
        with self._changed:
            self.outcomes[outcome] += 1


def _seconds(retry_after: str | None) -> float:
    try:
        return max(0.0, float(retry_after or USUAL_WAIT_S))
    except ValueError:
        return USUAL_WAIT_S
