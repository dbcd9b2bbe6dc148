"""CSV in blocks of whole rows, so that memory does not grow with the file.

A block in which every line is plainly one row goes to Polars at once. All others (newlines or delimiters
inside quotes, rows with too few or too many fields, blank lines) are read row by row, which keeps line
numbers right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from connectors.eventlog.blocks import REJECTS, Block
from helpdesk_wellbeing.errors import BadPayload

BLOCK_BYTES = 8 * 1024 * 1024
ROW_BYTES = 1024 * 1024  # a longer row is an open quote or a document in a field, not an event


def csv_blocks(file: IO[bytes], path: Path, delimiter: str) -> Iterator[Block]:
    """The rows of an opened CSV file (UTF-8, a byte order mark is fine)."""
    raw = _whole_rows(file, path)
    first = next(raw, b"").removeprefix(b"\xef\xbb\xbf")
    if not first.strip():
        raise BadPayload(f"{path}: the file is empty; the first line must name the columns")
    header, begin, line = _header(first, path, delimiter)
    rest = first[begin:]
    yield _parsed(rest, header, line, path, delimiter)
    line += rest.count(b"\n")
    for block in raw:
        yield _parsed(block, header, line, path, delimiter)
        line += block.count(b"\n")


def _whole_rows(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Blocks that end where a row ends: at a newline outside quotes, or at the end of the file."""
    left, line = b"", 1
    while more := file.read(BLOCK_BYTES):
        if b"\0" in more:
            at = line + left.count(b"\n") + more.count(b"\n", 0, more.index(b"\0"))
            raise BadPayload(f"{path}: line {at} holds a NUL byte; is it UTF-16 or no text at all? Save it as UTF-8")
        block = left + more
        cut = _last_row_end(block)
        line += block.count(b"\n", 0, cut)
        left = block[cut:]
        if len(left) > ROW_BYTES:
            raise BadPayload(
                f"{path}: the row on line {line} is longer than {ROW_BYTES // 2**20} MiB; "
                "is a quote left open there, or a document pasted into a field?"
            )
        if cut:
            yield block[:cut]
    if left:
        yield left


def _last_row_end(block: bytes) -> int:
    end = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        before = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', before, end)
        end = before
    return end


def _header(block: bytes, path: Path, delimiter: str) -> tuple[list[str], int, int]:
    """Names of the columns, where in the block the rows begin, and on which line."""
    lines = io.StringIO(_decoded(block, 1, path), newline="\n").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        names = next(reader)
    except csv.Error as error:
        raise BadPayload(f"{path}: line 1 cannot be read as CSV; it must name the columns") from error
    used = sum(len(line.encode()) for line in lines[: reader.line_num])
    return _told_apart([name.strip() for name in names]), used, 1 + reader.line_num


def _told_apart(names: list[str]) -> list[str]:
    """The second column of a name is "name (2)"."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _decoded(block: bytes, line: int, path: Path) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as error:
        at = line + block.count(b"\n", 0, error.start)
        raise BadPayload(
            f"{path}: line {at} is not UTF-8 (Latin-1 or Windows-1252?); save the file as UTF-8"
        ) from error


def _parsed(block: bytes, header: list[str], line: int, path: Path, delimiter: str) -> Block:
    text = None if block.isascii() else _decoded(block, line, path)
    fast = _parsed_at_once(block, header, line, delimiter)
    return fast or _parsed_row_by_row(text or block.decode(), header, line, delimiter)


def _parsed_at_once(block: bytes, header: list[str], line: int, delimiter: str) -> Block | None:
    newlines = block.count(b"\n") + (bool(block) and not block.endswith(b"\n"))
    if not newlines:
        frame = pl.DataFrame(schema=dict.fromkeys(header, pl.String()))
    elif not _every_line_is_a_row(block, newlines, len(header), delimiter.encode()):
        return None
    else:
        try:
            frame = pl.read_csv(block, has_header=False, new_columns=header, infer_schema=False, separator=delimiter)
        except pl.exceptions.PolarsError:
            return None
    if frame.shape != (newlines, len(header)):
        return None
    lines = pl.int_range(line, line + newlines, dtype=pl.UInt32, eager=True).alias("line")
    return Block(frame, lines, pl.DataFrame(schema=REJECTS), newlines)


def _every_line_is_a_row(block: bytes, newlines: int, fields: int, delimiter: bytes) -> bool:
    """Delimiters add up, and each quote stands at the edge of a field (none escaped, none in the middle)."""
    if fields < 2 or block.count(delimiter) != newlines * (fields - 1):
        return False
    quotes = block.count(b'"')
    if not quotes:
        return True
    at_edges = sum(block.count(edge) for edge in (delimiter + b'"', b'"' + delimiter, b'\n"', b'"\n', b'"\r\n'))
    return quotes % 2 == 0 and quotes == at_edges + block.startswith(b'"') + block.endswith(b'"')


def _parsed_row_by_row(text: str, header: list[str], line: int, delimiter: str) -> Block:
    csv.field_size_limit(max(csv.field_size_limit(), BLOCK_BYTES + ROW_BYTES))
    lines = io.StringIO(text, newline="\n").readlines()
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[tuple[int, str, str]] = []
    begin = 0
    while begin < len(lines):
        begin = _read_rows(lines, begin, line, delimiter, len(header), rows, numbers, bad)
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    frame = pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in zip(header, columns, strict=True)]
    )
    rejects = pl.DataFrame(bad, schema=REJECTS, orient="row")
    return Block(frame, pl.Series("line", numbers, dtype=pl.UInt32), rejects, len(rows) + len(bad))


def _read_rows(
    lines: list[str],
    begin: int,
    first_line: int,
    delimiter: str,
    fields: int,
    rows: list[list[str]],
    numbers: list[int],
    bad: list[tuple[int, str, str]],
) -> int:
    """Read from line `begin` until the end or a line that breaks the reading; where to go on."""
    at = begin
    reader = csv.reader(lines[begin:], delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            bad.append((first_line + at, "", "cannot be read as CSV"))
            return begin + max(reader.line_num, at - begin + 1)
        if row is None:
            return len(lines)
        after = begin + reader.line_num
        if after == len(lines) and after - at > 1 and _left_open(lines[at:], delimiter):
            bad.append((first_line + at, "", "opens a quote that is never closed"))
            return at + 1
        if len(row) == fields:
            rows.append(row)
            numbers.append(first_line + at)
        elif row:
            bad.append((first_line + at, "", f"has {len(row)} fields, the header has {fields}"))
        at = after


def _left_open(lines: list[str], delimiter: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
