"""A 63-bit number for each event id, the same on every machine and for ever, because it is stored.

(Polars' own hash may change with its version.) Two ids with the same number are possible; events.py looks at
the ids themselves before it calls an event repeated, and gives the second one a number with another salt.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]

_LONGEST = 128  # bytes; longer ids go through SHA-256 first
_ODD_1 = np.uint64(0x9E3779B97F4A7C15)
_ODD_2 = np.uint64(0xC2B2AE3D27D4EB4F)


def fingerprints(ids: pl.Series, salt: int = 0) -> pl.Series:
    """One Int64 of 0 to 2^63 - 1 for each id; `ids` has no null."""
    if ids.is_empty():
        return pl.Series("fingerprint", [], dtype=pl.Int64)
    ids = _shortened(ids)
    length = ids.str.len_bytes()
    longest = length.max()
    count = (longest if isinstance(longest, int) else 0) // 8 + 1
    padded = (ids + "\0" * (8 * count)).cast(pl.Binary)
    state: Words = length.to_numpy().astype(np.uint64) * _ODD_2 + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    for index in range(count):
        word = padded.bin.slice(8 * index, 8).bin.reinterpret(dtype=pl.UInt64, endianness="little")
        inside = length.to_numpy() > 8 * index  # an id's number must not depend on its longest neighbour
        state = np.where(inside, _mixed(state ^ word.to_numpy()), state)
    state = _mixed(state)
    return pl.Series("fingerprint", (state >> np.uint64(1)).astype(np.int64))


def _mixed(state: Words) -> Words:
    state = (state ^ (state >> np.uint64(33))) * _ODD_1
    state = (state ^ (state >> np.uint64(29))) * _ODD_2
    return state ^ (state >> np.uint64(32))


def _shortened(ids: pl.Series) -> pl.Series:
    long = ids.str.len_bytes() > _LONGEST
    if not long.any():
        return ids
    return pl.Series(
        [
            hashlib.sha256(one.encode()).hexdigest() if is_long else one
            for one, is_long in zip(ids.to_list(), long.to_list(), strict=True)
        ]
    )
