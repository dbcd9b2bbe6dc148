"""What goes wrong on the way of any helpdesk, and the seeded dice that decide when."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar, Self

# The answer is spoilt or replaced; asked again, the same thing comes out right.
SPOILERS = (
    "throttle",  # 429 with Retry-After
    "throttle_bare",  # 429 without it
    "error",  # 500, 502 (HTML), 503, 504 in turn
    "reset",  # the connection is reset in mid-body
    "truncate",  # the connection ends before the promised length
    "cut_json",  # a complete answer whose JSON stops in the middle
    "html",  # a log-in page with 200
    "wrong_type",  # the right JSON under a wrong Content-Type
    "null_page",  # JSON whose every value is null
    "slow",  # the answer takes `slow_seconds`
    "redirect",  # 302 to another host
    "expire",  # every token so far stops working: 401
)
ERRORS = (500, 502, 503, 504)


@dataclass
class Dice:
    """How often each kind happens (0 to 1, by kind), and to which paths.

    A spoiler hits the same request at most `in_a_row` times running, so that a reader who asks again gets
    through; `most` bounds how often each kind happens at all. `happened` counts. A platform names its own `twists`
    (pages that are well-formed, and not what a reader hopes for) and `write_spoilers` (what happens to a write).
    """

    spoilers: ClassVar[tuple[str, ...]] = SPOILERS
    twists: ClassVar[tuple[str, ...]] = ()
    write_spoilers: ClassVar[tuple[str, ...]] = ()
    recoverable: ClassVar[Mapping[str, float]] = {}  # shares of what a reader can overcome
    recoverable_writes: ClassVar[Mapping[str, float]] = {}  # the same for a writer

    share: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    only: str = ""  # regular expression on the path
    in_a_row: int = 2
    most: int | None = None
    retry_after: int = 1
    slow_seconds: float = 0.3
    hang_seconds: float = 5.0
    writes_until_revoked: int | None = None  # after so many writes the credentials stop working for good
    happened: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        unknown = set(self.share) - {*self.spoilers, *self.twists, *self.write_spoilers}
        if unknown:
            raise ValueError(f"no such faults: {', '.join(sorted(unknown))}")
        self._random = random.Random(self.seed)
        self._random_of_writes = random.Random(self.seed + 1)
        self._running: Counter[str] = Counter()

    @classmethod
    def hostile(cls, seed: int = 1, **changes: float) -> Self:
        """Everything at once that a reader can overcome."""
        return cls(share={**cls.recoverable, **changes}, seed=seed)

    @classmethod
    def hostile_to_writes(cls, seed: int = 1, **changes: float) -> Self:
        """Everything at once that a careful writer can overcome."""
        return cls(share={**cls.recoverable, **cls.recoverable_writes, **changes}, seed=seed)

    def write_spoiler(self, path: str, target: str) -> str | None:
        """What happens to this write; `target` is the method and the request with its query."""
        with self._lock:
            kind = self._drawn(self.write_spoilers, path, self._random_of_writes)
            if kind is None or self._running[target] >= self.in_a_row:
                self._running[target] = 0
                return None
            self._running[target] += 1
            self.happened[kind] += 1
            return kind

    def spoiler(self, path: str, target: str) -> str | None:
        """What happens to this request; `target` is the request with its query."""
        with self._lock:
            kind = self._drawn(self.spoilers, path)
            if kind is None or self._running[target] >= self.in_a_row:
                self._running[target] = 0
                return None
            if kind != "slow":
                self._running[target] += 1
            self.happened[kind] += 1
            return kind

    def twisted(self, kind: str, path: str) -> bool:
        """Whether this page has that twist."""
        with self._lock:
            yes = self._drawn((kind,), path) is not None
            if yes:
                self.happened[kind] += 1
            return yes

    def _drawn(self, kinds: tuple[str, ...], path: str, chances: random.Random | None = None) -> str | None:
        if not self.share or not re.search(self.only, path):
            return None
        for kind in kinds:
            chance = self.share.get(kind, 0.0)
            spent = self.most is not None and self.happened[kind] >= self.most
            if chance and not spent and (chances or self._random).random() < chance:
                return kind
        return None
