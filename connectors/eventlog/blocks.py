"""Rows of a log file, block by block, each with the line it stands on. Knows files, not events."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import polars as pl

from helpdesk_wellbeing.errors import BadPayload, ConfigError

REJECTS = pl.Schema({"line": pl.UInt32(), "column": pl.String(), "reason": pl.String()})

_NOT_A_LOG = {
    b"PK\x03\x04": "is a zip or Excel file; save the sheet as CSV (UTF-8)",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"<": "looks like HTML or XML; a CSV or Parquet file is needed",
    b"{": "looks like JSON; a CSV or Parquet file is needed",
    b"[": "looks like JSON; a CSV or Parquet file is needed",
    b"SQLite format 3": "is a SQLite database; export the table as CSV",
}


@dataclass(frozen=True)
class Block:
    """Some rows of the file. CSV gives text only; Parquet keeps its types."""

    frame: pl.DataFrame
    lines: pl.Series  # UInt32, physical line on which each row begins; the header is line 1
    rejects: pl.DataFrame  # REJECTS: lines that are no rows
    rows: int  # rows seen, refused ones included


def read_blocks(path: Path, delimiter: str = ",") -> Iterator[Block]:
    """The file's rows in order. CSV or Parquet, plain or gzip, told apart by content, not by name.

    At least one block comes, so that the columns are known even when there are no rows.
    Raises ConfigError when the file cannot be opened, BadPayload when it is not what it should be.
    """
    with _opened(path) as (file, start):
        if start.startswith(b"PAR1"):
            from connectors.eventlog.parquet import parquet_blocks

            yield from parquet_blocks(file, path)
            return
        for magic, what in _NOT_A_LOG.items():
            if start.startswith(magic) or start.lstrip().startswith(magic):
                raise BadPayload(f"{path}: {what}")
        from connectors.eventlog.csv_blocks import csv_blocks

        yield from csv_blocks(file, path, delimiter)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], bytes]]:
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            file = cast(IO[bytes], gzip.GzipFile(fileobj=plain)) if packed else plain
            start = file.read(16)
            file.seek(0)
            yield file, start
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; check the path") from error
    except (IsADirectoryError, PermissionError) as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path and its rights") from error
    except EOFError as error:
        raise BadPayload(f"{path}: the gzip file ends too early; fetch or pack it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadPayload(f"{path}: the gzip file is damaged; fetch or pack it again") from error
