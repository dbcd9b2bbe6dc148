"""Facts of the last weeks, kept clean while slices of time come in: one row a key, sorted by subject and time.

A slice's rows are few and the window's are many, so what is new is put into its places; nothing is sorted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.facts import schema

# Touches, handled tickets and loads are told once, so they have no key and stay in the order of time.
KEYS = {
    "shifts": ("agent", "start"),
    "days": ("agent", "date"),
    "queues": ("group", "date"),
    "hard": ("ticket",),
}
_TIMES = 1 << 45  # instants (microseconds) or dates that one subject's part of the line has room for: 407 days
_SUBJECTS = 1 << 18
_MANY = 4  # a slice with more than a quarter of the window's rows is sorted in with all of them


class Kept:
    """One kind of facts (`facts.schema` and `piece`, the UTC day of the last change; or the keys and some more of these
    columns), clean. Never changes."""

    def __init__(self, name: str, rows: pl.DataFrame, line: _Line | None = None) -> None:
        self.name = name
        self.rows = rows
        self._known_line = line
        self._last_grown: tuple[pl.DataFrame, Kept] | None = None

    @staticmethod
    def of(name: str, pieces: pl.DataFrame) -> Kept:
        """From pieces in the order of time; of rows with the same key the last one holds."""
        return Kept(name, _cleaned(name, pieces))

    @cached_property
    def facts(self) -> pl.DataFrame:
        """The rows as signals see them; the very same frame each time."""
        return self.rows.select(*schema.SCHEMAS[self.name])

    def grown(self, new: pl.DataFrame) -> Kept:
        """With the rows of the slice that follows; the very same as the last time when those rows are the same."""
        if new.height == 0:
            return self
        if self._last_grown is None or not self._last_grown[0].equals(new):
            self._last_grown = new, self._with(new.select(self.rows.columns))
        return self._last_grown[1]

    def _with(self, new: pl.DataFrame) -> Kept:
        if self.name not in KEYS:
            return Kept(self.name, pl.concat([self.rows, new]))
        new = _cleaned(self.name, new)
        places = None if new.height * _MANY > self.rows.height else self._line.places(new)
        if places is None:
            return Kept.of(self.name, pl.concat([self.rows, new]))
        index, ascending = _put(self._line.ascending, places)
        return Kept(self.name, pl.concat([self.rows, new])[index], replace(self._line, ascending=ascending))

    def from_day(self, day: date) -> Kept:
        """Without what changed before `day` for the last time."""
        if self._oldest is None or self._oldest >= day:
            return self
        return Kept(self.name, self.rows.filter(pl.col("piece") >= day))

    @cached_property
    def _oldest(self) -> date | None:
        """The day of the change that is longest ago."""
        oldest = self.rows["piece"].min()
        assert oldest is None or isinstance(oldest, date)
        return oldest

    @cached_property
    def _line(self) -> _Line:
        return self._known_line or _Line.of(self.name, self.rows)


@dataclass(frozen=True)
class _Line:
    """Each row's place on one line, subject by subject, in the order of time."""

    name: str
    subjects: pl.Series
    zero: int  # the earliest time
    ascending: Ints  # the places

    @staticmethod
    def of(name: str, rows: pl.DataFrame) -> _Line:
        zero = int(_times(name, rows).min()) if rows.height else 0
        assert len(KEYS[name]) == 1 or rows[KEYS[name][0]].n_unique() <= _SUBJECTS
        empty = _Line(name, rows[KEYS[name][0]].unique().sort(), zero, np.zeros(0, dtype=np.int64))
        return replace(empty, ascending=empty._put_down(rows))

    def places(self, rows: pl.DataFrame) -> Ints | None:
        """Where rows belong; None when one is of an unknown subject or lies outside."""
        known = rows[KEYS[self.name][0]].is_in(self.subjects.implode()).all()
        times = _times(self.name, rows) - self.zero
        inside = known and int(times.min()) >= 0 and int(times.max()) < _TIMES
        return self._put_down(rows) if inside else None

    def _put_down(self, rows: pl.DataFrame) -> Ints:
        subjects = rows[KEYS[self.name][0]].cast(pl.Enum(self.subjects)).to_physical().to_numpy().astype(np.int64)
        return subjects * _TIMES + _times(self.name, rows) - self.zero if len(KEYS[self.name]) > 1 else subjects


@dataclass(frozen=True)
class Window:
    """All kinds."""

    kinds: Mapping[str, Kept]

    @staticmethod
    def of(pieces: Mapping[str, pl.DataFrame]) -> Window:
        """From pieces in the order of time."""
        return Window({name: Kept.of(name, frame) for name, frame in pieces.items()})

    def grown(self, new: Mapping[str, pl.DataFrame]) -> Window:
        """With the next slice."""
        return Window({name: kept.grown(new[name]) for name, kept in self.kinds.items()})

    def from_days(self, days: Mapping[str, date]) -> Window:
        """Without what is older than each kind's day."""
        return Window({name: kept.from_day(days[name]) for name, kept in self.kinds.items()})

    def facts(self) -> dict[str, pl.DataFrame]:
        """The frames as signals see them."""
        return {name: kept.facts for name, kept in self.kinds.items()}


def combine(pieces: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Clean facts from pieces in the order of time."""
    return Window.of(pieces).facts()


def _times(name: str, rows: pl.DataFrame) -> Ints:
    if len(KEYS[name]) == 1:
        return np.zeros(rows.height, dtype=np.int64)
    return rows[KEYS[name][1]].to_physical().cast(pl.Int64).to_numpy()


def _put(line: Ints, new: Ints) -> tuple[Ints, Ints]:
    """Rows of the window (and, numbered after them, new ones) in their order, and their places; both ascend."""
    at = np.searchsorted(line, new)
    number = len(line) + np.arange(len(new))
    known = np.zeros(len(new), dtype=np.bool_)
    inside = at < len(line)
    known[inside] = line[at[inside]] == new[inside]
    index = np.arange(len(line))
    index[at[known]] = number[known]
    return np.insert(index, at[~known], number[~known]), np.insert(line, at[~known], new[~known])


def _cleaned(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    keys = KEYS.get(name)
    plain = frame.select(column for column in (*schema.SCHEMAS[name], "piece") if column in frame.columns)
    if keys is None:
        return plain
    names = plain[keys[0]].unique().sort()
    subject = plain[keys[0]].cast(pl.Enum(names)).to_physical().alias("_subject")
    rest = ["_subject", *keys[1:]]
    places = plain.select(subject, *keys[1:]).with_row_index("_row").sort(*rest, "_row")
    same_as_next = pl.all_horizontal(pl.col(key) == pl.col(key).shift(-1) for key in rest)
    return plain[places.filter(~same_as_next.fill_null(False))["_row"]]
