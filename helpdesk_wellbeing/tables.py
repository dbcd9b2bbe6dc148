"""Small CSV files that people write by hand: read whole, strictly, with every problem named at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import did_you_mean, excerpt

MAX_BYTES = 64 * 1024 * 1024
_SHOWN = 20

_HINT = "; the header separates by semicolons: put lists and hours that have one inside in quotation marks"


class BadTable(ConfigError):
    """A file that was not taken. `lines`: what is wrong, one after the other, without the file's path."""

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        super().__init__(f"{path}: nothing was taken: {'; '.join(lines)}")
        self.lines = tuple(lines)


Reader = Callable[[str], Any]  # text that is not empty -> value; raises ValueError with the reason


def read_table(
    path: Path,
    schema: pl.Schema,
    readers: Mapping[str, Reader],
    required: Sequence[str],
    key: Sequence[str],
    check: Callable[[dict[str, Any]], str | None] = lambda row: None,
) -> pl.DataFrame:
    """The rows of a CSV (UTF-8) in `schema`; an empty field, like an absent column, is null.

    Columns are separated by commas, or by semicolons where the header is (lists inside are then quoted, as spreadsheets
    do by themselves). `readers` turn text into values (text itself where a column has none), `check` looks at a whole
    row, `key` must be unique. Raises ConfigError that names every bad row by its physical line (header = 1): such a
    file replaces the whole of what was known, so it is taken whole or not at all.
    """
    lines = _text(path).splitlines(keepends=True)
    separator = _separator(path, lines[0] if lines else "")
    rows = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator, strict=True)
    problems: list[str] = []
    taken: list[dict[str, Any]] = []
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_header(path, header, schema, required)
        seen: dict[tuple[Any, ...], int] = {}
        line = rows.line_num + 1
        for fields in rows:
            if any(field.strip() for field in fields):
                row, wrong = _row(fields, header, readers, required)
                if separator == ";" and len(fields) > len(header):
                    wrong = [f"{why}{_HINT}" for why in wrong]
                if not wrong and (why := check(row)):
                    wrong = [why]
                where = seen.setdefault(tuple(row.get(name) for name in key), line) if not wrong else line
                if where != line:
                    wrong = [f"the same {' and '.join(key)} as line {where}"]
                problems += [f"line {line}: {why}" for why in wrong]
                taken.append(row)
            line = rows.line_num + 1
    except csv.Error as error:
        raise ConfigError(f"{path}: line {rows.line_num} is not CSV ({error}); nothing was taken") from error
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise BadTable(path, [*problems[:_SHOWN], *more])
    return pl.DataFrame({name: [row.get(name) for row in taken] for name in schema}, schema=schema)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: the file is larger than {MAX_BYTES // 2**20} MiB; is it the event log?")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: the file cannot be read ({error.strerror}); check the path and its rights"
        ) from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        raise ConfigError(f"{path}: the file is UTF-16 or no text at all; save it as CSV (UTF-8)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8; save the file as CSV (UTF-8)") from error


def _separator(path: Path, header: str) -> str:
    """By the header alone: no column's name has either sign. Raises ConfigError where it has both."""
    if ";" in header and "," in header:
        raise ConfigError(
            f"{path}: line 1 has commas and semicolons, so it cannot be told where columns end; separate them by one "
            "of the two, in every line"
        )
    return ";" if ";" in header else ","


def _check_header(path: Path, header: list[str], schema: pl.Schema, required: Sequence[str]) -> None:
    if not any(header):
        raise ConfigError(f"{path}: the file is empty; the first line must name the columns: {', '.join(schema)}")
    problems = [
        f'no column "{excerpt(name)}" is known{did_you_mean(name, schema)}' for name in header if name not in schema
    ]
    problems += [f'column "{name}" stands there twice' for name in schema if header.count(name) > 1]
    problems += [f'column "{name}" is missing' for name in required if name not in header]
    if problems:
        raise ConfigError(f"{path}: line 1: {'; '.join(problems)}; the columns are: {', '.join(schema)}")


def _row(
    fields: list[str], header: list[str], readers: Mapping[str, Reader], required: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    if len(fields) != len(header):
        return {}, [f"has {len(fields)} fields, the header has {len(header)}"]
    row: dict[str, Any] = {}
    wrong = []
    for name, field in zip(header, fields, strict=True):
        text = field.strip()
        if not text:
            if name in required:
                wrong.append(f"{name} is empty")
            continue
        try:
            row[name] = readers[name](text) if name in readers else text
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    return row, wrong
