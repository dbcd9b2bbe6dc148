"""Parquet logs, slice by slice."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from connectors.eventlog.blocks import REJECTS, Block
from helpdesk_wellbeing.errors import BadPayload

SLICE_ROWS = 200_000


def parquet_blocks(file: IO[bytes], path: Path) -> Iterator[Block]:
    """Rows in order; row n stands on "line" n + 1, as it would in a CSV of the same rows."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-wellbeing-") as folder:
        source = path
        if not _is_plain(path):
            source = Path(folder) / "log.parquet"
            with source.open("wb") as unpacked:
                shutil.copyfileobj(file, unpacked)
        try:
            yield from _slices(source)
        except pl.exceptions.PolarsError as error:
            raise BadPayload(f"{path}: the Parquet file is damaged or cut off; write it again") from error


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _slices(source: Path) -> Iterator[Block]:
    scan = pl.scan_parquet(source, glob=False)
    total = scan.select(pl.len()).collect().item()
    for start in range(0, max(total, 1), SLICE_ROWS):
        frame = scan.slice(start, SLICE_ROWS).collect()
        lines = pl.int_range(start + 2, start + 2 + len(frame), dtype=pl.UInt32, eager=True).alias("line")
        yield Block(frame, lines, pl.DataFrame(schema=REJECTS), len(frame))
