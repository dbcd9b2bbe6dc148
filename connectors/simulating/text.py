"""JSON built column by column, so that a million rows need no Python object each."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import polars as pl

Parts = list[str | pl.Expr]
EMPTY = "{ }"  # an empty object


def joined(*parts: str | pl.Expr) -> pl.Expr:
    """Literal text and columns side by side; a null column gives a null row, so quote or fill first."""
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part.cast(pl.String) for part in parts])


def quoted(value: pl.Expr) -> pl.Expr:
    """A JSON string of text that needs no escaping; null stays null."""
    return pl.concat_str([pl.lit('"'), value.cast(pl.String), pl.lit('"')]).fill_null("null")


def bare(value: pl.Expr) -> pl.Expr:
    """A JSON number or null."""
    return value.cast(pl.String).fill_null("null")


def boolean(value: pl.Expr) -> pl.Expr:
    """A JSON true or false."""
    return pl.when(value).then(pl.lit("true")).otherwise(pl.lit("false"))


def stamp(seconds: pl.Expr) -> pl.Expr:
    """Epoch seconds as a quoted ISO 8601 time in UTC."""
    return quoted(pl.from_epoch(seconds).dt.strftime("%Y-%m-%dT%H:%M:%SZ"))


def number(value: pl.Expr) -> pl.Expr:
    """A 64-bit id for a domain id: digits stay as they are, other words get a stable number; null stays null.

    "rule:12" and the like keep their digits.
    """
    word = value.cast(pl.String)
    digits = word.str.extract(r"^(?:[A-Za-z_ -]+[:# _-])?(\d{1,17})$", 1).cast(pl.Int64, strict=False)
    made = (word.hash(11) % 1_000_000_000).cast(pl.Int64) + 7_000_000_000_000
    return pl.coalesce(digits, pl.when(word.is_not_null()).then(made))


def numbers_of(words: Iterable[str]) -> list[int]:
    """The platform's numbers for our ids, in order."""
    return pl.Series("word", list(words), dtype=pl.String).to_frame().select(number(pl.col("word")))["word"].to_list()


def number_of(word: str) -> int:
    """The platform's number for one of our ids."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 18 else numbers_of([word])[0]


def encoded(value: object) -> str:
    """One value as JSON text."""
    return orjson.dumps(value).decode()
