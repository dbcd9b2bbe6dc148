"""Frames as bytes: an Arrow stream behind its CRC-32, so that a damaged one is told, not computed with.

A stream and not a file: Polars writes files through its asynchronous engine, which costs milliseconds a frame when the
machine is busy, and the frames here are many and small. And with plain strings: a string view of a slice drags along
the whole frame that it was cut from.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection

import polars as pl

from helpdesk_wellbeing.errors import StoreError

CRC_BYTES = 4


def seal(content: bytes) -> bytes:
    """Content with its checksum."""
    return zlib.crc32(content).to_bytes(CRC_BYTES, "little") + content


def unseal(blob: bytes, what: str) -> bytes:
    """What was sealed; `what` names it in the StoreError that a damaged one raises."""
    content = blob[CRC_BYTES:]
    if zlib.crc32(content) != int.from_bytes(blob[:CRC_BYTES], "little"):
        raise StoreError(f"store: {what} is damaged; put back a backup, or import or pull the account again")
    return content


def pack(frame: pl.DataFrame) -> bytes:
    """A frame as sealed bytes."""
    sink = io.BytesIO()
    frame.write_ipc_stream(sink, compression="zstd", compat_level=pl.CompatLevel.oldest())
    return seal(sink.getvalue())


def unpack(blob: bytes, what: str, columns: Collection[str] | None = None) -> pl.DataFrame:
    """The frame that was packed, or those of `columns` that it has. Raises StoreError when it is damaged."""
    content = unseal(blob, what)
    if columns is None:
        return pl.read_ipc_stream(io.BytesIO(content))
    there = [name for name in pl.read_ipc_stream(io.BytesIO(content), n_rows=0).columns if name in columns]
    return pl.read_ipc_stream(io.BytesIO(content), columns=there)
