"""Effort weights of tickets in whole units, so that sums are exact in any order.

A weight describes a ticket, never a person: channel x priority x status x (1 + min(0.25 x reopens, 0.5)) x
1.5 if hard.
"""

from __future__ import annotations

import numpy as np

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.events import CHANNELS, PRIORITIES, STATUSES
from helpdesk_wellbeing.facts.schema import ONE_TICKET

_CHANNEL_TENTHS = {"chat": 8, "messaging": 8, "phone": 12}  # the others: 10
_PRIORITY_TENTHS = {"low": 8, "high": 13, "urgent": 16}
_STATUS_HUNDREDTHS = {
    "new": 100,
    "open": 100,
    "pending": 25,
    "hold": 10,
    "solved": 0,
    "closed": 0,
    "deleted": 0,
}
_REOPEN_HUNDREDTHS = np.array([100, 125, 150], dtype=np.int64)
_HARD_TENTHS = np.array([10, 15], dtype=np.int64)
_UNITS = ONE_TICKET // (10 * 10 * 100 * 100 * 10)

# Codes are positions in the word lists; the last place serves "not known" (-1 and below are mapped there).
_CHANNEL = np.array([*(_CHANNEL_TENTHS.get(word, 10) for word in CHANNELS), 10], dtype=np.int64)
_PRIORITY = np.array([*(_PRIORITY_TENTHS.get(word, 10) for word in PRIORITIES), 10], dtype=np.int64)
_STATUS = np.array([*(_STATUS_HUNDREDTHS[word] for word in STATUSES), 100], dtype=np.int64)
_GONE = STATUSES.index("deleted")


def open_weight(channel: Ints, priority: Ints, status: Ints, reopens: Ints, hard: Ints) -> Ints:
    """The whole weight; 0 for what is solved, closed or deleted."""
    return _base(channel, priority, reopens, hard) * _STATUS[np.maximum(status, -1)]


def effort(channel: Ints, priority: Ints, status: Ints, reopens: Ints, hard: Ints) -> Ints:
    """The weight with the status factor left out; only what is deleted weighs nothing."""
    return np.where(status == _GONE, 0, _base(channel, priority, reopens, hard) * 100)


def _base(channel: Ints, priority: Ints, reopens: Ints, hard: Ints) -> Ints:
    factors = _CHANNEL[np.maximum(channel, -1)] * _PRIORITY[np.maximum(priority, -1)]
    return factors * _REOPEN_HUNDREDTHS[np.clip(reopens, 0, 2)] * _HARD_TENTHS[hard] * _UNITS
