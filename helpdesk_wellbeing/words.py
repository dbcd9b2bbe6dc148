"""Small help for messages: "did you mean", excerpts that fit on a line, counts with their noun."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` for the nearest known word, else nothing. Case does not matter."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.strip().lower()[:80], list(by_lower), n=1, cutoff=0.6)
    return f'; did you mean "{by_lower[near[0]]}"?' if near else ""


def excerpt(text: str, limit: int = 40) -> str:
    """The beginning of a value on one line, without control characters."""
    one_line = "".join(sign if sign.isprintable() else " " for sign in text[: limit + 1])
    return one_line if len(one_line) <= limit else one_line[:limit] + "…"


def counted(number: int, noun: str) -> str:
    """Such as "1 row" and "1,200 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
