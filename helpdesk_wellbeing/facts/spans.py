"""Covered time: how much of somebody's time up to an instant lies inside given intervals."""

from __future__ import annotations

import numpy as np

from helpdesk_wellbeing.clock import Ints


class Spans:
    """Disjoint intervals per key (a person, a zone), asked by differences.

    `covered(key, b) - covered(key, a)` is the time of [a, b] that lies inside the key's intervals, exactly.
    Intervals must be disjoint per key; instants asked for must lie in [low, high].
    """

    def __init__(self, key: Ints, start: Ints, end: Ints, low: int, high: int) -> None:
        self._low = low
        self._width = high - low + 1
        start, end = np.clip(start, low, high), np.clip(end, low, high)
        place = key * self._width + (start - low)
        order = np.argsort(place, kind="stable")
        self._starts = place[order]
        self._lengths = (end - start)[order]
        self._before = np.concatenate([[0], np.cumsum(self._lengths)[:-1]]).astype(np.int64)

    def covered(self, key: Ints, at: Ints) -> Ints:
        """A running total per key; only its differences mean something."""
        if len(self._starts) == 0:
            return np.zeros(np.shape(at), dtype=np.int64)
        place = key * self._width + (at - self._low)
        row = np.searchsorted(self._starts, place, side="right") - 1
        inside = np.minimum(place - self._starts[row], self._lengths[row])
        return np.where(row >= 0, self._before[row] + inside, 0)


def union(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping and touching intervals joined, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(i for i in intervals if i[1] > i[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def without(intervals: list[tuple[int, int]], removed: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of `intervals` outside `removed`."""
    left = union(intervals)
    for cut_start, cut_end in removed:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, cut_start)), (max(start, cut_end), end))
            if piece[1] > piece[0]
        ]
    return left
