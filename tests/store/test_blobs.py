"""Frames as bytes."""

from __future__ import annotations

import polars as pl
import pytest

from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.store import blobs

LONG = pl.DataFrame({"id": [f"an id of more than twelve characters, number {i}" for i in range(10_000)]})


def test_a_frame_comes_back_as_it_was():
    assert blobs.unpack(blobs.pack(LONG), "x").equals(LONG)


def test_a_slice_of_a_large_frame_is_small():
    assert len(blobs.pack(LONG.slice(500, 10))) < len(blobs.pack(LONG)) / 20


def test_only_the_asked_columns_come_back():
    frame = LONG.with_columns(n=1)

    assert blobs.unpack(blobs.pack(frame), "x", ["n", "unknown"]).columns == ["n"]


def test_a_damaged_blob_is_told():
    blob = bytearray(blobs.pack(LONG))
    blob[-1] ^= 1

    with pytest.raises(StoreError, match="the piece of Monday is damaged"):
        blobs.unpack(bytes(blob), "the piece of Monday")
