"""Facts of the last weeks, kept clean while slices of time come in: one row a key, sorted by subject and time.

A slice's rows are few and the window's are many, so what is new is put into its places; nothing is sorted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Kept:
    """One kind of facts (`facts.schema` and `piece`, the UTC day of the last change), clean."""

    name: str
    rows: pl.DataFrame

    @staticmethod
    def of(name: str, pieces: pl.DataFrame) -> Kept:
        """From pieces in the order of time; of rows with the same key the last one holds."""
        return Kept(name, _cleaned(name, pieces))

    @property
    def facts(self) -> pl.DataFrame:
        """The rows as signals see them."""
        return self.rows.select(*schema.SCHEMAS[self.name])

    def grown(self, new: pl.DataFrame) -> Kept:
        """With the rows of the slice that follows."""
        if new.height == 0:
            return self
        new = new.select(self.rows.columns)
        if self.name not in KEYS:
            return Kept(self.name, pl.concat([self.rows, new]))
        new = _cleaned(self.name, new)
        places = None if new.height * _MANY > self.rows.height else self._places(new)
        if places is None:
            return Kept.of(self.name, pl.concat([self.rows, new]))
        index, line = _put(self._line, places)
        grown = Kept(self.name, pl.concat([self.rows, new])[index])
        grown.__dict__["_line"] = line
        grown.__dict__["_subjects"] = self._subjects
        grown.__dict__["_zero"] = self._zero
        return grown

    def from_day(self, day: date) -> Kept:
        """Without what changed before `day` for the last time."""
        rows = self.rows.filter(pl.col("piece") >= day)
        return self if rows.height == self.rows.height else Kept(self.name, rows)

    @cached_property
    def _subjects(self) -> pl.Series:
        return self.rows[KEYS[self.name][0]].unique().sort()

    @cached_property
    def _zero(self) -> int:
        return int(_times(self.name, self.rows).min()) if self.rows.height else 0

    @cached_property
    def _line(self) -> Ints:
        """Each row's place on one line, subject by subject, in the order of time; ascending."""
        place = self._places(self.rows)
        assert place is not None
        return place

    def _places(self, rows: pl.DataFrame) -> Ints | None:
        """Where rows belong on the line; None when one is of an unknown subject or lies outside."""
        names = rows[KEYS[self.name][0]]
        times = _times(self.name, rows) - self._zero
        if len(self._subjects) > _SUBJECTS and len(KEYS[self.name]) > 1:
            return None
        if rows is not self.rows:
            unknown = not names.is_in(self._subjects.implode()).all()
            if unknown or int(times.min()) < 0 or int(times.max()) >= _TIMES:
                return None
        subjects = names.cast(pl.Enum(self._subjects)).to_physical().to_numpy().astype(np.int64)
        return subjects * _TIMES + times if len(KEYS[self.name]) > 1 else subjects


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
    plain = frame.select(*schema.SCHEMAS[name], "piece")
    if keys is None:
        return plain
    names = plain[keys[0]].unique().sort()
    subject = plain[keys[0]].cast(pl.Enum(names)).to_physical().alias("_subject")
    rest = ["_subject", *keys[1:]]
    places = plain.select(subject, *keys[1:]).with_row_index("_row").sort(*rest, "_row")
    same_as_next = pl.all_horizontal(pl.col(key) == pl.col(key).shift(-1) for key in rest)
    return plain[places.filter(~same_as_next.fill_null(False))["_row"]]
