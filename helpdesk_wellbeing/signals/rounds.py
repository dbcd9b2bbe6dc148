"""Rows in rounds: what stepwise signals yield to the state machine, and what they remember meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.signals.base import EVALUATION

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def rounds_of(subject: Ints, *order: Ints) -> Iterator[Ints]:
    """Positions of rows, a round at a time: the first row of every subject, the second of every subject, …

    `order` are the keys by which a subject's rows follow each other, the most important first.
    """
    if not len(subject):
        return
    by_subject = np.lexsort((*reversed(order), subject))
    sorted_subject = subject[by_subject]
    first = np.flatnonzero(np.diff(sorted_subject, prepend=sorted_subject[0] - 1))
    number = np.arange(len(subject)) - np.repeat(first, np.diff(np.append(first, len(subject))))
    by_round = by_subject[np.argsort(number, kind="stable")]
    ends = np.cumsum(np.bincount(number))
    yield from np.split(by_round, ends[:-1])


class Memory:
    """The memory columns of a stepwise signal and whether the flag is on, a place a subject."""

    def __init__(self, subjects: Sequence[str], columns: Sequence[str], stored: pl.DataFrame) -> None:
        self._index = {subject: i for i, subject in enumerate(subjects)}
        self.on: Bools = np.zeros(len(subjects), dtype=bool)
        self.columns: dict[str, Floats] = {name: np.full(len(subjects), np.nan) for name in columns}
        mine = stored.filter(pl.col("subject").is_in(list(subjects)))
        at = np.array([self._index[s] for s in mine["subject"]], dtype=np.int64)
        for name in columns:
            self.columns[name][at] = mine[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        self.switch(frozenset(mine.filter(pl.col("on"))["subject"]))

    def switch(self, on: frozenset[str]) -> None:
        """These subjects are on, the others are not."""
        self.on[:] = False
        self.on[[self._index[s] for s in on if s in self._index]] = True

    def write(self, at: Ints, values: Mapping[str, Floats]) -> None:
        """Remember values of some subjects."""
        for name, column in values.items():
            self.columns[name][at] = column


def evaluation_frame(
    *,
    subject: pl.Series,
    at: Ints,
    date: Ints,
    raises: Bools,
    falls: Bools,
    grade_b: Bools,
    window_start: Ints,
    window_end: Ints,
    values: Mapping[str, Floats],
) -> pl.DataFrame:
    """Columns of EVALUATION and then the values; instants in microseconds, dates in days since 1970."""
    return pl.DataFrame(
        {
            "subject": subject,
            "at": pl.Series(at).cast(UTC),
            "date": pl.Series(date.astype(np.int32)).cast(pl.Date),
            "raises": raises,
            "falls": falls,
            "grade": pl.Series(np.where(grade_b, "B", "A").tolist(), dtype=EVALUATION["grade"]),
            "window_start": pl.Series(window_start).cast(UTC),
            "window_end": pl.Series(window_end).cast(UTC),
            **{name: np.asarray(column, dtype=np.float64) for name, column in values.items()},
        }
    )


def no_evaluations(values: Sequence[str]) -> pl.DataFrame:
    """Nothing was evaluated."""
    return pl.DataFrame(schema={**EVALUATION, **{name: pl.Float64() for name in values}})


def not_assessable(reasons: Mapping[str, str | None]) -> pl.DataFrame:
    """A row a subject that has a reason."""
    rows = [(subject, reason) for subject, reason in sorted(reasons.items()) if reason is not None]
    return pl.DataFrame(rows, schema={"subject": pl.String(), "reason": pl.String()}, orient="row")


def known(number: float | None, digits: int = 3) -> float | None:
    """A number for evidence: rounded, None where it is not known."""
    return None if number is None or not np.isfinite(number) else round(float(number), digits)


def instance_value(instance: Mapping[str, Any], name: str) -> float | None:
    """A value of the instance that raised a flag, wherever the caller keeps its values."""
    values = instance.get("values")
    found = values.get(name) if isinstance(values, Mapping) else instance.get(name)
    return None if found is None else float(found)


def instance_end(instance: Mapping[str, Any], otherwise: datetime) -> datetime:
    """Where the instance's window ends."""
    return _window_edge(instance, "end", otherwise)


def instance_start(instance: Mapping[str, Any], otherwise: datetime) -> datetime:
    """Where the instance's window begins."""
    return _window_edge(instance, "start", otherwise)


def _window_edge(instance: Mapping[str, Any], edge: str, otherwise: datetime) -> datetime:
    window = instance.get("window")
    at = window.get(edge) if isinstance(window, Mapping) else instance.get(f"window_{edge}")
    if isinstance(at, str):
        return datetime.fromisoformat(at)
    return at if isinstance(at, datetime) else otherwise


def iso(day: int) -> str:
    """A date from days since 1970."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(day)).isoformat()
