"""How many requests a minute we may make: named buckets, paced by the platform's own headers.

A bucket is what the platform counts together (the whole account, all exports). Its size is the documented one
until headers tell it; a share of it is left to the other integrations of the account. Where a request costs more
than one of the bucket's credits, headers say how many; an endpoint is then taken to cost the same next time.
"""

from __future__ import annotations

import math
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WINDOW_S = 60.0
_NAMED = re.compile(r"^zendesk-ratelimit-(.+)$")
_PARTS = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")
_ACCOUNT_TOTAL = ("ratelimit-limit", "rate-limit", "x-rate-limit", "x-ratelimit-total")
_ACCOUNT_LEFT = (
    "ratelimit-remaining",
    "rate-limit-remaining",
    "x-rate-limit-remaining",
    "x-ratelimit-remaining",
)
_ACCOUNT_RESET = ("ratelimit-reset", "rate-limit-reset", "x-rate-limit-reset")
_COST = ("x-ratelimit-used-currentrequest",)
_PROBE_S = 5.0


@dataclass(frozen=True)
class Reading:
    """What one answer says about one bucket; `resets` in seconds from the answer on, where it is said."""

    total: int
    remaining: int
    resets: float | None


@dataclass(frozen=True)
class BucketRule:
    """A bucket known beforehand: which paths it counts, its documented size, its name in the headers."""

    name: str
    matches: Callable[[str], bool]
    per_minute: int
    header: str | None = None
    verbs: frozenset[str] | None = None  # the only methods that count; null: all
    by_credits: bool = False  # counts what requests cost; otherwise each is one
    unsaid_reset: bool = False  # headers never say when a minute begins, so our own last minute is what we go by
    by_total: Mapping[int, int] | None = None  # its size by that of the account's bucket: plans differ in both

    def counts(self, path: str, endpoint: str) -> bool:
        """Whether a request counts in it; `endpoint` begins with its method."""
        return self.matches(path) and (self.verbs is None or endpoint.partition(" ")[0] in self.verbs)


def read_headers(headers: Mapping[str, str]) -> dict[str, Reading]:
    """The buckets named in an answer's headers, in any of the spellings seen; "account" is the account's
    own."""
    lower = {key.lower(): value for key, value in headers.items()}
    found: dict[str, Reading] = {}
    total = _first_number(lower, _ACCOUNT_TOTAL)
    left = _first_number(lower, _ACCOUNT_LEFT)
    if total is not None and left is not None:
        reset = _first_number(lower, _ACCOUNT_RESET)
        found["account"] = Reading(total, left, float(reset) if reset is not None else None)
    for key, value in lower.items():
        named = _NAMED.match(key)
        if not named:
            continue
        parts = {word: int(number) for word, number in _PARTS.findall(value)}
        if "total" in parts and "remaining" in parts:
            resets = float(parts["resets"]) if "resets" in parts else None
            found[named.group(1)] = Reading(parts["total"], parts["remaining"], resets)
    return found


def _first_number(lower: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = lower.get(name, "").strip()
        try:
            number = float(value)  # some platforms write 700.0
        except ValueError:
            continue
        if math.isfinite(number) and number >= 0:
            return int(number)
    return None


@dataclass
class _Bucket:
    per_minute: int | None  # None: nobody has set a limit
    unsaid_reset: bool = False
    sent: deque[float] = field(default_factory=deque)  # our own requests of the last minute, one entry a credit
    reading: Reading | None = None
    read_at: float = 0.0
    since_reading: int = 0
    filled_at: float = 0.0  # where resets are unsaid: when more was left than the time before

    def floor(self, reserve: float) -> int:
        """What is left to others; at least one request a window stays ours."""
        total = self.reading.total if self.reading else (self.per_minute or 0)
        return max(0, min(int(total * reserve), total - 1))

    def read(self, reading: Reading, now: float) -> None:
        """Take over what an answer says."""
        if self.reading is None or reading.remaining > self.reading.remaining - self.since_reading:
            self.filled_at = now
        self.reading, self.read_at, self.since_reading = reading, now, 0

    def spend(self, now: float, credits: int) -> None:
        """Count a request."""
        self.sent.extend([now] * credits)
        self.since_reading += credits

    def wait(self, now: float, reserve: float, credits: int = 1) -> float:
        """Seconds until a request of so many credits may be made."""
        if self.unsaid_reset:
            return max(self._wait_for_others(now, reserve, credits), self._wait_by_count(now, reserve, credits))
        by_headers = self._wait_by_headers(now, reserve)
        return self._wait_by_count(now, reserve) if by_headers is None else by_headers

    def _wait_by_headers(self, now: float, reserve: float) -> float | None:
        if self.reading is None:
            return None
        resets = self.reading.resets if self.reading.resets is not None else WINDOW_S
        until = self.read_at + resets
        if now >= until:  # a new window began, full again as far as we know; the next answer will tell
            self.reading = Reading(self.reading.total, self.reading.total, WINDOW_S)
            self.read_at, self.since_reading, until = now, 0, now + WINDOW_S
        if self.reading.remaining - self.since_reading > self.floor(reserve):
            return 0.0
        return until - now

    def _wait_for_others(self, now: float, reserve: float, credits: int) -> float:
        """Our own last minute keeps within our share; only others can bring what is left below the reserve."""
        if self.reading is None:
            return 0.0
        left = self.reading.remaining - self.since_reading
        spent_by_others = self.reading.total - left - self._own_lately(now)
        if left - credits >= self.floor(reserve) or spent_by_others <= 0:
            return 0.0
        if now - self.read_at >= _PROBE_S:  # what was said is old; one request tells anew
            return 0.0
        return max(_PROBE_S, self.filled_at + WINDOW_S - now)

    def _wait_by_count(self, now: float, reserve: float, credits: int = 1) -> float:
        limit = self.reading.total if self.reading else self.per_minute
        lately = self._own_lately(now)
        if limit is None:
            return 0.0
        allowed = max(1, limit - self.floor(reserve))
        if not lately or lately + credits <= allowed:
            return 0.0
        return self.sent[min(lately, lately + credits - allowed) - 1] + WINDOW_S - now

    def _own_lately(self, now: float) -> int:
        """Credits that we spent in the last minute."""
        while self.sent and self.sent[0] <= now - WINDOW_S:
            self.sent.popleft()
        return len(self.sent)


class Budget:
    """Paces requests over all buckets they count in. One for each account; safe to share between threads."""

    def __init__(
        self,
        rules: tuple[BucketRule, ...],
        *,
        now: Callable[[], float],
        reserve: float = 0.3,
        unlimited_until_told: bool = False,
    ) -> None:
        """`unlimited_until_told`: no documented limits apply (a loopback server); headers still do."""
        self._rules = rules
        self._now = now
        self._reserve = reserve
        self._lock = threading.Lock()
        self._unlimited = unlimited_until_told
        self._buckets = {
            rule.name: _Bucket(None if unlimited_until_told else rule.per_minute, rule.unsaid_reset) for rule in rules
        }
        self._by_credits = frozenset(rule.name for rule in rules if rule.by_credits)
        self._learned: dict[str, set[str]] = {}  # endpoint -> buckets that its answers named
        self._costs: dict[str, int] = {}  # endpoint -> credits of its latest answer
        self.credits_spent = 0  # as the answers said, else one a request

    def take(self, path: str, endpoint: str) -> float:
        """Seconds to wait before asking; 0 means go, and the request is counted."""
        with self._lock:
            buckets = [(self._buckets[name], self._cost(name, endpoint)) for name in self._names(path, endpoint)]
            now = self._now()
            wait = max((bucket.wait(now, self._reserve, credits) for bucket, credits in buckets), default=0.0)
            if wait > 0:
                return wait
            for bucket, credits in buckets:
                bucket.spend(now, credits)
            return 0.0

    def learn(self, path: str, endpoint: str, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say."""
        by_header = {rule.header: rule.name for rule in self._rules if rule.header}
        with self._lock:
            self._learn_cost(path, endpoint, headers)
            for header, reading in read_headers(headers).items():
                name = by_header.get(header, header)
                bucket = self._buckets.setdefault(name, _Bucket(None))
                bucket.read(reading, self._now())
                self._size_by_plan(name, reading)
                self._learned.setdefault(endpoint, set()).add(name)

    def per_minute(self, name: str) -> float | None:
        """Requests a minute that are ours in this bucket; None without a limit."""
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None:
                return None
            total = bucket.reading.total if bucket.reading else bucket.per_minute
            return None if total is None else float(max(1, total - bucket.floor(self._reserve)))

    def left(self, name: str) -> int | None:
        """Requests that the platform said are left in this bucket's minute, less those sent since; None: it did not."""
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None or bucket.reading is None:
                return None
            return max(0, bucket.reading.remaining - bucket.since_reading)

    def _cost(self, name: str, endpoint: str) -> int:
        return self._costs.get(endpoint, 1) if name in self._by_credits else 1

    def _learn_cost(self, path: str, endpoint: str, headers: Mapping[str, str]) -> None:
        said = _first_number({key.lower(): value for key, value in headers.items()}, _COST)
        self.credits_spent += 1 if said is None else said
        if said is None:
            return
        assumed = self._costs.get(endpoint, 1)
        self._costs[endpoint] = max(1, said)
        for name in self._names(path, endpoint) & self._by_credits:
            self._buckets[name].sent.extend([self._now()] * (said - assumed))

    def _size_by_plan(self, name: str, reading: Reading) -> None:
        """An account's total tells the plan, and the plan the sizes of the other buckets."""
        if name != "account":
            return
        for rule in self._rules:
            known = sorted((total for total in rule.by_total or () if total <= reading.total), reverse=True)
            if rule.by_total and known:
                self._buckets[rule.name].per_minute = rule.by_total[known[0]]

    def _names(self, path: str, endpoint: str) -> set[str]:
        names = {rule.name for rule in self._rules if rule.counts(path, endpoint)}
        return names | (self._learned.get(endpoint, set()) & self._buckets.keys())
