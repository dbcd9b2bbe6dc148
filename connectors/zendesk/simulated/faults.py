"""Everything that goes wrong on the way, seeded, each kind to be switched on alone."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

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
# The page is well-formed, and not what a hopeful reader expects.
TWISTS = (
    "repeat",  # rows come twice in a page and again on the next
    "split_ties",  # a time-based page may end between rows of one second
    "late",  # some rows of the newest `late_seconds` become visible only later
    "oversize",  # more rows than asked for, above 1000
    "null_end_time",  # the last page has rows and no end time
    "endless",  # the stream never says that it ends and never moves on
    "elsewhere",  # the next page's address is on another host
)
# What happens to a write besides. The answer is lost, or replaced with nothing written, or the world moves just before.
WRITE_SPOILERS = (
    "lost",  # written, and the connection ends without an answer
    "hang",  # written, and no answer for `hang_seconds`, then the connection ends
    "late_error",  # written, and answered 504
    "conflict",  # 409, nothing written
    "write_error",  # 500, nothing written
    "forbid",  # 403, nothing written
    "collide",  # somebody edits the ticket just before
    "merge_away",  # the ticket is merged into another just before
    "agent_leaves",  # whom it is to be assigned to is deactivated just before
    "group_empties",  # the last members leave the group just before
    "field_drops",  # an admin deletes the custom field just before
)
RECOVERABLE_WRITES = {"lost": 0.06, "late_error": 0.04, "conflict": 0.04, "write_error": 0.04, "collide": 0.04}
# Without what a reader may well stop at: "html", "cut_json", "null_page", "wrong_type", "redirect".
RECOVERABLE = {
    "throttle": 0.03, "throttle_bare": 0.01, "error": 0.04, "reset": 0.03, "truncate": 0.03,
    "slow": 0.01, "expire": 0.02, "repeat": 0.2, "split_ties": 1.0,
    "late": 0.3, "oversize": 0.1, "null_end_time": 0.5,
}  # fmt: skip
ERRORS = (500, 502, 503, 504)


@dataclass
class Faults:
    """How often each kind happens (0 to 1, by kind), and to which paths.

    A spoiler hits the same request at most `in_a_row` times running, so that a reader who asks again gets
    through; `most` bounds how often each kind happens at all. `happened` counts.
    """

    share: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    only: str = ""  # regular expression on the path
    in_a_row: int = 2
    most: int | None = None
    retry_after: int = 1
    slow_seconds: float = 0.3
    late_seconds: int = 50
    hang_seconds: float = 5.0
    writes_until_revoked: int | None = None  # after so many writes the credentials stop working for good
    happened: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        unknown = set(self.share) - {*SPOILERS, *TWISTS, *WRITE_SPOILERS}
        if unknown:
            raise ValueError(f"no such faults: {', '.join(sorted(unknown))}")
        self._random = random.Random(self.seed)
        self._random_of_writes = random.Random(self.seed + 1)
        self._running: Counter[str] = Counter()

    @staticmethod
    def hostile(seed: int = 1, **changes: float) -> Faults:
        """Everything at once that a reader can overcome."""
        return Faults(share={**RECOVERABLE, **changes}, seed=seed)

    @staticmethod
    def hostile_to_writes(seed: int = 1, **changes: float) -> Faults:
        """Everything at once that a careful writer can overcome."""
        return Faults(share={**RECOVERABLE, **RECOVERABLE_WRITES, **changes}, seed=seed)

    def write_spoiler(self, path: str, target: str) -> str | None:
        """What happens to this write; `target` is the method and the request with its query."""
        with self._lock:
            kind = self._drawn(WRITE_SPOILERS, path, self._random_of_writes)
            if kind is None or self._running[target] >= self.in_a_row:
                self._running[target] = 0
                return None
            self._running[target] += 1
            self.happened[kind] += 1
            return kind

    def spoiler(self, path: str, target: str) -> str | None:
        """What happens to this request; `target` is the request with its query."""
        with self._lock:
            kind = self._drawn(SPOILERS, path)
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

    def late_share(self) -> float:
        return self.share.get("late", 0.0)
