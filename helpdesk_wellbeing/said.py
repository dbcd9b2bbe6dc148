"""Lines for people that the command line prints in English and a page says in its reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def N_(text: str) -> str:  # noqa: N802  gettext's own name for it
    """Marks a text for the catalogues; whoever shows it translates it."""
    return text


class Said(str):
    """A line with the text and the values that it is made of. `typed`: the same for the command line, where that has
    to say something else, such as what to type."""

    text: str
    values: Mapping[str, str]

    def __new__(cls, text: str, typed: str | None = None, **values: object) -> Said:
        """Keep both."""
        line = super().__new__(cls, filled(text, values) if typed is None else typed)
        line.text, line.values = text, {name: str(value) for name, value in values.items()}
        return line


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its values in their places."""
    return text % values if values else text


def for_page(line: str) -> dict[str, Any]:
    """JSON of a line; `values` is None for what is known in English only."""
    if isinstance(line, Said):
        return {"text": line.text, "values": dict(line.values)}
    return {"text": str(line), "values": None}
