"""The expressions of `search/tickets`: fields with values, AND, OR, parentheses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np

from .answers import BadRequest
from .record import Record
from .versions import Columns, Mask, Numbers
from .words import NULL

LONGEST = 512
NUMBERS = {"agent_id": "responder", "group_id": "group", "priority": "priority", "status": "status"}
DATES = {"due_by": "due", "fr_due_by": "fr_due", "created_at": "created", "updated_at": "updated",
         "closed_at": "closed"}  # fmt: skip
_TOKEN = re.compile(r"\s*(\(|\)|AND\b|OR\b|\w+\s*:\s*[<>]?\s*(?:'[^']*'|[^\s()]+))", re.IGNORECASE)
_TERM = re.compile(r"(\w+)\s*:\s*([<>]?)\s*(.+)", re.DOTALL)


def found(query: str, record: Record, columns: Columns, rows: Numbers) -> Numbers:
    """Which of `rows` fit, newest first. Raises BadRequest."""
    text = query.strip()
    if len(text) > LONGEST or len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise BadRequest("query", "Given query is invalid")
    fitting = _Expression(_tokens(text[1:-1]), record, columns, rows).value()
    kept = rows[fitting]
    return kept[np.argsort(-columns["created"][kept], kind="stable")]


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadRequest("query", "Given query is invalid")
        tokens.append(match[1])
        place = match.end()
    return tokens


class _Expression:
    """Recursive descent: OR of ANDs of terms and parentheses."""

    def __init__(self, tokens: list[str], record: Record, columns: Columns, rows: Numbers) -> None:
        self._tokens = tokens
        self._record = record
        self._columns = columns
        self._rows = rows

    def value(self) -> Mask:
        """Which rows fit; all tokens must have been used."""
        result = self._either()
        if self._tokens:
            raise BadRequest("query", "Given query is invalid")
        return result

    def _either(self) -> Mask:
        result = self._all()
        while self._next("OR"):
            result = result | self._all()
        return result

    def _all(self) -> Mask:
        result = self._part()
        while self._next("AND"):
            result = result & self._part()
        return result

    def _part(self) -> Mask:
        if self._next("("):
            result = self._either()
            if not self._next(")"):
                raise BadRequest("query", "Given query is invalid")
            return result
        term = _TERM.fullmatch(self._tokens.pop(0)) if self._tokens else None
        if term is None:
            raise BadRequest("query", "Given query is invalid")
        return self._fits(term[1].lower(), term[2], term[3].strip("'"))

    def _next(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            self._tokens.pop(0)
            return True
        return False

    def _fits(self, name: str, sign: str, value: str) -> Mask:
        if name in NUMBERS:
            if value != "null" and not (value.isascii() and value.isdecimal() and len(value) < 18):
                raise BadRequest(name, "It should be a Positive Integer", "datatype_mismatch")
            return _compared(self._columns[NUMBERS[name]][self._rows], sign, NULL if value == "null" else int(value))
        if name in DATES:
            return self._dated(self._columns[DATES[name]][self._rows], sign, value)
        if name == "tag":
            fitting = [place for place, tags in enumerate(self._record.tags.sets) if value in tags]
            tagged: Mask = np.isin(self._columns["tags"][self._rows], fitting)
            return tagged
        if name == "type" or name.startswith("cf_"):
            return self._besides(name, value)
        raise BadRequest(name, "Unexpected/invalid field in request", "invalid_field")

    @staticmethod
    def _dated(seconds: Numbers, sign: str, value: str) -> Mask:
        """Days, not instants: `:>` from the beginning of a day, `:<` to its end."""
        if value == "null":
            unset: Mask = seconds == NULL
            return unset
        try:
            day = int(datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        except ValueError:
            raise BadRequest("query", "It should be in the YYYY-MM-DD format", "invalid_date") from None
        fits: Mask = (seconds != NULL) & (seconds >= (day if sign in (">", "") else 0))
        return fits & (seconds < day + 86_400) if sign in ("<", "") else fits

    def _besides(self, name: str, value: str) -> Mask:
        """What our events have no word for stands beside the tickets."""
        besides = self._record.besides
        known = {no: row.get("custom_fields", {}).get(name) if name != "type" else row.get(name)
                 for no, row in list(besides.items())}  # fmt: skip
        fitting = [no for no, own in known.items() if str(own) == value]
        tickets = self._columns["ticket"][self._rows]
        mine: Mask = np.isin(tickets, fitting)
        if value == "null":
            mine = ~np.isin(tickets, [no for no, own in known.items() if own is not None])
        return mine


def _compared(column: Numbers, sign: str, value: int) -> Mask:
    """`:` is equal; `:>` and `:<` include the value."""
    fits: Mask = column == value
    if sign == ">":
        fits = column >= value
    elif sign == "<":
        fits = (column <= value) & (column != NULL)
    return fits
