"""The platform's codes for our words."""

from __future__ import annotations

from collections.abc import Mapping

from .options import HOLD

CANARY = "CANARY"  # stands in every text that must not be stored
NULL = -1  # stands for null in columns of numbers
STATUS = {"new": 2, "open": 2, "pending": 3, "hold": HOLD, "solved": 4, "closed": 5, "deleted": 5}
OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
PRIORITY = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
SOURCE = {"email": 1, "web": 2, "phone": 3, "chat": 7, "messaging": 7, "social": 5, "api": 2, "other": 11}
# What stands in a ticket's conversations: (source, incoming, private)
REPLY, NOTE, CUSTOMER, REMARK = 0, 1, 2, 3
CONVERSATION = {REPLY: (0, False, False), NOTE: (2, False, True), CUSTOMER: (0, True, False), REMARK: (6, True, False)}
RATINGS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "current": {"good": (101, 102, 103), "neutral": (100,), "bad": (-101, -102, -103)},
    "classic": {"good": (1,), "neutral": (2,), "bad": (3,)},
}
# Minutes until the first reply and days until the solution are due, by priority.
REPLY_MIN = {4: 60, 3: 240, 2: 480, 1: 1440}
RESOLVE_DAYS = {4: 7, 3: 14, 2: 21, 1: 30}


def our_status(code: int) -> str:
    """Our word for a status."""
    return {2: "open", 3: "pending", 4: "solved", 5: "closed", HOLD: "hold"}.get(code, "pending")


def our_priority(code: int) -> str:
    """Our word for a priority."""
    return {code: word for word, code in PRIORITY.items()}[code]
