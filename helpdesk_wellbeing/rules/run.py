"""Running a signal through its rule: evaluations in the order of time, states in and out as frames."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.rules.machine import (
    CLEARED,
    NEVER,
    NONE,
    WARN,
    WORDS,
    Floats,
    Ints,
    Round,
    State,
    level_codes,
    step,
)
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.base import Facts, Signal

TRANSITION = pl.Schema({"subject": pl.String(), "at": UTC, "date": pl.Date(), "from": pl.String(), "to": pl.String()})


@dataclass(frozen=True)
class Run:
    """What came of one stretch: the state after it, the signal's memory, and every change of level on the way."""

    state: pl.DataFrame
    memory: pl.DataFrame
    transitions: pl.DataFrame


def state_schema(rule: Rule, signal: Signal) -> pl.Schema:
    """Columns of a stored state: a row a subject, counts per alternative, `v_` the shown values."""
    counts = {f"w{i}": pl.Int64() for i in range(len(rule.warn))}
    counts |= {f"c{i}": pl.Int64() for i in range(len(rule.critical))}
    return pl.Schema(
        {
            "subject": pl.String(),
            "level": pl.Int64(),
            "exit_count": pl.Int64(),
            "quiet": pl.Int64(),
            "since": pl.Date(),
            "at": UTC,
            "date": pl.Date(),
            "window_start": UTC,
            "window_end": UTC,
            "grade": pl.Int64(),
            **counts,
            **{f"v_{name}": pl.Float64() for name in signal.values},
        }
    )


def memory_schema(signal: Signal) -> pl.Schema:
    """Columns that a stepwise signal is handed: its own and whether the flag is on."""
    return pl.Schema({"subject": pl.String(), **{name: pl.Float64() for name in signal.memory}, "on": pl.Boolean()})


def run(rule: Rule, signal: Signal, facts: Facts, state: pl.DataFrame, memory: pl.DataFrame) -> Run:
    """Evaluate `signal` over the facts' stretch and take every subject through `rule`.

    `state` and `memory` are what the stretch before left behind (empty frames at the beginning).
    """
    if not signal.wakes(facts):
        return Run(state, memory, pl.DataFrame(schema=TRANSITION))
    if signal.memory:
        rounds = signal.evaluate(facts, memory)  # type: ignore[call-arg]
        assert isinstance(rounds, Generator)
        return _run_stepwise(rule, signal, rounds, state, memory)
    evaluations = signal.evaluate(facts)  # type: ignore[call-arg]
    assert isinstance(evaluations, pl.DataFrame)
    return replace(run_frame(rule, signal, evaluations, state), memory=memory)


def run_frame(rule: Rule, signal: Signal, evaluations: pl.DataFrame, state: pl.DataFrame) -> Run:
    """Take the subjects of a frame of evaluations through a rule, each in the order of time."""
    nothing = pl.DataFrame(schema=memory_schema(signal))
    if evaluations.height == 0:
        return Run(state, nothing, pl.DataFrame(schema=TRANSITION))
    driver = _Driver(rule, signal, state)
    # Where instances share an instant, raising comes before falling and the earlier date first.
    ordered = (
        evaluations.sort("subject", "at", "raises", "date", descending=[False, False, True, False])
        .with_columns(round=pl.int_range(pl.len()).over("subject"))
        .sort("round", maintain_order=True)
    )
    rounds = driver.rounds(ordered)
    edges = np.searchsorted(ordered["round"].to_numpy(), np.arange(int(ordered["round"][-1]) + 2))
    for first, last in pairwise(edges.tolist()):
        driver.take(rounds[first:last])
    return Run(driver.frame(), nothing, driver.transitions())


def _run_stepwise(
    rule: Rule,
    signal: Signal,
    rounds: Generator[pl.DataFrame, frozenset[str], None],
    state: pl.DataFrame,
    memory: pl.DataFrame,
) -> Run:
    rows = next(rounds, None)
    if rows is None:
        return Run(state, memory, pl.DataFrame(schema=TRANSITION))
    driver = _Driver(rule, signal, state)
    left_behind = [memory.drop("on")]
    try:
        while True:
            if rows.height:
                driver.take(driver.rounds(rows))
                left_behind.append(rows.select("subject", *signal.memory))
            rows = rounds.send(driver.subjects_on())
    except StopIteration:
        pass
    last = pl.concat(left_behind).unique("subject", keep="last", maintain_order=True)
    on = driver.subjects_on()
    remembered = last.with_columns(on=pl.col("subject").is_in(list(on)))
    return Run(driver.frame(), remembered.sort("subject"), driver.transitions())


class _Driver:
    """Keeps the state of one rule while rounds come in."""

    def __init__(self, rule: Rule, signal: Signal, stored: pl.DataFrame) -> None:
        self._rule = rule
        self._signal = signal
        self._columns = sorted({name for c in rule.comparisons() for name in c.names()} | set(signal.values))
        self._state = _thaw(rule, signal, stored)
        self._row = {subject: i for i, subject in enumerate(self._state.subjects)}
        self._changes: list[dict[str, npt.NDArray[np.generic]]] = []

    def rounds(self, rows: pl.DataFrame) -> Round:
        """Evaluations as arrays; subjects that are new start at none."""
        subjects = rows["subject"].to_list()
        self._admit([s for s in dict.fromkeys(subjects) if s not in self._row])

        def column(name: str) -> Floats:
            if name not in rows.columns:
                return np.full(rows.height, np.nan)
            return _filled(rows[name].cast(pl.Float64), np.nan)

        return Round(
            rows=np.array([self._row[s] for s in subjects], dtype=np.int64),
            at=_ticks(rows["at"]),
            date=_ticks(rows["date"]),
            raises=rows["raises"].to_numpy(),
            falls=rows["falls"].to_numpy(),
            grade=_filled(rows["grade"].to_physical().cast(pl.Int64), 0),
            window_start=_ticks(rows["window_start"]),
            window_end=_ticks(rows["window_end"]),
            columns={name: column(name) for name in self._columns},
        )

    def _admit(self, new: list[str]) -> None:
        if not new:
            return
        first = len(self._row)
        self._row |= {subject: first + i for i, subject in enumerate(new)}
        fresh = State.fresh(new, self._rule, len(self._signal.values))
        self._state = State(
            **{
                name: np.concatenate([getattr(self._state, name), getattr(fresh, name)])
                for name in State.__dataclass_fields__
            }
        )

    def take(self, evaluation: Round) -> None:
        """One evaluation of each of its subjects."""
        before = self._state
        self._state = step(self._rule, before, evaluation, self._signal.values)
        was, now = level_codes(before, evaluation.rows), level_codes(self._state, evaluation.rows)
        changed = was != now
        if changed.any():
            now = np.where((was >= WARN) & (now == NONE), CLEARED, now)
            self._changes.append(
                {
                    "subject": evaluation.rows[changed],
                    "at": evaluation.at[changed],
                    "date": evaluation.date[changed],
                    "from": was[changed],
                    "to": now[changed],
                }
            )

    def subjects_on(self) -> frozenset[str]:
        """Subjects at warn or critical, cooling included."""
        return frozenset(self._state.subjects[self._state.on])

    def transitions(self) -> pl.DataFrame:
        """Every change of level so far, in the order of time."""
        if not self._changes:
            return pl.DataFrame(schema=TRANSITION)
        joined = {name: np.concatenate([c[name] for c in self._changes]) for name in TRANSITION}
        words = np.array(WORDS, dtype=object)
        return pl.DataFrame(
            {
                "subject": pl.Series(self._state.subjects[joined["subject"]].tolist(), dtype=pl.String),
                "at": pl.Series(joined["at"]).cast(UTC),
                "date": pl.Series(joined["date"]).cast(pl.Int32).cast(pl.Date),
                "from": pl.Series(words[joined["from"]].tolist(), dtype=pl.String),
                "to": pl.Series(words[joined["to"]].tolist(), dtype=pl.String),
            },
            schema=TRANSITION,
        ).sort("at", "subject")

    def frame(self) -> pl.DataFrame:
        """The state as it is stored."""
        return _freeze(self._rule, self._signal, self._state)


def _ticks(series: pl.Series) -> Ints:
    return _filled(series.cast(pl.Int64), NEVER)


def _filled(series: pl.Series, instead: float) -> npt.NDArray[Any]:
    """Most columns have no gaps, and to look for them takes a hundredth of the time of filling them."""
    return (series.fill_null(instead) if series.null_count() else series).to_numpy()


def _known(values: Ints, dtype: pl.DataType) -> pl.Series:
    series = pl.Series(values)
    series = pl.select(pl.when(series != NEVER).then(series)).to_series()
    return series.cast(pl.Int32).cast(dtype) if dtype == pl.Date else series.cast(dtype)


def _freeze(rule: Rule, signal: Signal, state: State) -> pl.DataFrame:
    columns: dict[str, pl.Series] = {
        "subject": pl.Series(state.subjects.tolist(), dtype=pl.String),
        "level": pl.Series(state.level),
        "exit_count": pl.Series(state.exit_count),
        "quiet": pl.Series(state.quiet),
        "since": _known(state.since, pl.Date()),
        "at": _known(state.at, UTC),
        "date": _known(state.date, pl.Date()),
        "window_start": _known(state.window_start, UTC),
        "window_end": _known(state.window_end, UTC),
        "grade": pl.Series(state.grade),
    }
    columns |= {f"w{i}": pl.Series(state.warn_counts[:, i]) for i in range(len(rule.warn))}
    columns |= {f"c{i}": pl.Series(state.critical_counts[:, i]) for i in range(len(rule.critical))}
    columns |= {f"v_{name}": pl.Series(state.values[:, i]) for i, name in enumerate(signal.values)}
    return pl.DataFrame(columns, schema=state_schema(rule, signal)).sort("subject")


def _thaw(rule: Rule, signal: Signal, stored: pl.DataFrame) -> State:
    if stored.height == 0:
        return State.fresh([], rule, len(signal.values))

    def matrix(prefix: str, count: int) -> Ints:
        if count == 0:
            return np.zeros((stored.height, 0), dtype=np.int64)
        return np.stack([stored[f"{prefix}{i}"].to_numpy() for i in range(count)], axis=1)

    return State(
        subjects=np.array(stored["subject"].to_list(), dtype=object),
        level=stored["level"].to_numpy(),
        warn_counts=matrix("w", len(rule.warn)),
        critical_counts=matrix("c", len(rule.critical)),
        exit_count=stored["exit_count"].to_numpy(),
        quiet=stored["quiet"].to_numpy(),
        since=_ticks(stored["since"]),
        at=_ticks(stored["at"]),
        date=_ticks(stored["date"]),
        window_start=_ticks(stored["window_start"]),
        window_end=_ticks(stored["window_end"]),
        grade=stored["grade"].to_numpy(),
        values=np.stack([stored[f"v_{name}"].to_numpy() for name in signal.values], axis=1),
    )
