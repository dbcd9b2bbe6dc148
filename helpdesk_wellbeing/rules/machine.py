"""The one state machine of all rules, vectorised over subjects.

    none -> pending -> warn -> critical -> cooling -> cleared -> none

`step` takes the state of many subjects and one evaluation of each, and gives the state after it. Replaying a year and
living through a day are the same function, so a flag does not depend on how the time was cut.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.rules.model import Comparison, Rule
from helpdesk_wellbeing.signals.base import Facts, Signal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE, PENDING, WARN, CRITICAL = range(4)
LEVEL_WORDS = ("none", "pending", "warn", "critical")
_NEVER = np.iinfo(np.int64).min  # "no date, no instant yet"; Polars' null


@dataclass(frozen=True)
class State:
    """Where many subjects stand with one rule; arrays of one length, a row a subject."""

    subjects: npt.NDArray[np.object_]
    level: Ints  # NONE..CRITICAL
    warn_counts: Ints  # [subject, alternative]: evaluations in a row that met it
    critical_counts: Ints
    exit_count: Ints  # evaluations in a row that met the exit; above 0 the flag is cooling
    quiet: Ints  # evaluations left in which nothing rises
    since: Ints  # local date (days since 1970) of the instance that raised the spell
    at: Ints  # evaluation and local date of the latest instance that met the condition
    date: Ints
    window_start: Ints
    window_end: Ints
    grade: Ints  # index into GRADES
    values: Floats  # [subject, value]: of the latest instance that met the condition

    @property
    def on(self) -> Bools:
        return np.asarray(self.level >= WARN)

    @property
    def cooling(self) -> Bools:
        return np.asarray(self.on & (self.exit_count > 0))

    @staticmethod
    def fresh(subjects: Sequence[str], rule: Rule, value_count: int) -> State:
        """Everybody at none."""
        n = len(subjects)

        def zeros() -> Ints:
            return np.zeros(n, dtype=np.int64)

        def never() -> Ints:
            return np.full(n, _NEVER, dtype=np.int64)

        return State(
            subjects=np.array(list(subjects), dtype=object),
            level=zeros(),
            warn_counts=np.zeros((n, len(rule.warn)), dtype=np.int64),
            critical_counts=np.zeros((n, len(rule.critical)), dtype=np.int64),
            exit_count=zeros(),
            quiet=zeros(),
            since=never(),
            at=never(),
            date=never(),
            window_start=never(),
            window_end=never(),
            grade=zeros(),
            values=np.full((n, value_count), np.nan),
        )


@dataclass(frozen=True)
class Round:
    """One evaluation of some subjects: `rows` are their positions in the state."""

    rows: Ints
    at: Ints
    date: Ints
    raises: Bools
    falls: Bools
    grade: Ints
    window_start: Ints
    window_end: Ints
    columns: Mapping[str, Floats]  # value and helper columns

    def __getitem__(self, part: slice) -> Round:
        arrays = {f: getattr(self, f)[part] for f in self.__dataclass_fields__ if f != "columns"}
        return Round(**arrays, columns={name: values[part] for name, values in self.columns.items()})


def _holds(comparison: Comparison, columns: Mapping[str, Floats]) -> Bools:
    """Missing numbers hold nothing: every comparison with NaN is false."""
    left = columns[comparison.value]
    bound = comparison.bound
    right = columns[bound] * comparison.times if isinstance(bound, str) else bound * comparison.times
    match comparison.operator:
        case "at_least":
            return np.asarray(left >= right)
        case "above":
            return np.asarray(left > right)
        case "at_most":
            return np.asarray(left <= right)
        case "below":
            return np.asarray(left < right)


def _all_hold(group: Sequence[Comparison], columns: Mapping[str, Floats]) -> Bools:
    return np.asarray(np.logical_and.reduce([_holds(comparison, columns) for comparison in group]))


def _count(counts: Ints, met: Bools, counted: Bools) -> Ints:
    return np.where(counted[:, None], np.where(met, counts + 1, 0), counts)


def _stack(columns: list[Bools], n: int) -> Bools:
    return np.stack(columns, axis=1) if columns else np.zeros((n, 0), dtype=bool)


def step(rule: Rule, state: State, evaluation: Round, value_names: Sequence[str]) -> State:
    """The state after one evaluation; subjects that the round does not name stay as they are."""
    at = evaluation.rows
    n = len(at)
    columns = evaluation.columns
    met_warn = _stack([_all_hold(a.all, columns) for a in rule.warn], n)
    met_critical = _stack([_all_hold(a.all, columns) for a in rule.critical], n)
    met = met_warn.any(axis=1) | met_critical.any(axis=1)

    level = state.level[at]
    quiet = state.quiet[at]
    was_on = level >= WARN
    listening = evaluation.raises & (quiet == 0)
    warn_counts = _count(state.warn_counts[at], met_warn, listening)
    critical_counts = _count(state.critical_counts[at], met_critical, listening)
    critical_now = (critical_counts >= [a.after for a in rule.critical]).any(axis=1)
    warn_now = (warn_counts >= [a.after for a in rule.warn]).any(axis=1) | critical_now

    entered = np.where(critical_now & rule.statutory, CRITICAL, np.where(warn_now, WARN, np.where(met, PENDING, NONE)))
    risen = np.where(was_on, np.where(critical_now, CRITICAL, level), entered)
    new_level = np.where(listening, risen, level)
    raised = ~was_on & (new_level >= WARN)
    is_instance = evaluation.raises & met & (new_level >= WARN)

    exit_met = np.logical_or.reduce([_all_hold(group, columns) for group in rule.exit.any])
    exit_count = np.where(is_instance, 0, state.exit_count[at])
    judged = evaluation.falls & (new_level >= WARN)
    exit_count = np.where(judged, np.where(exit_met & ~met, exit_count + 1, 0), exit_count)
    cleared = judged & (exit_count >= rule.exit.after)
    new_level = np.where(cleared, NONE, new_level)
    exit_count = np.where(cleared, 0, exit_count)
    quiet = np.where(cleared, rule.quiet, np.maximum(quiet - evaluation.falls, 0))
    warn_counts = np.where(cleared[:, None], 0, warn_counts)
    critical_counts = np.where(cleared[:, None], 0, critical_counts)

    def put(field: Ints, values: Ints | npt.NDArray[np.signedinteger], where: Bools | None = None) -> Ints:
        out = field.copy()
        out[at] = values if where is None else np.where(where, values, field[at])
        return out

    def put_rows(field: Ints, values: Ints) -> Ints:
        out = field.copy()
        out[at] = values
        return out

    values = state.values.copy()
    if value_names:
        shown = np.stack([columns[name] for name in value_names], axis=1)
        values[at] = np.where(is_instance[:, None], shown, state.values[at])
    return replace(
        state,
        level=put(state.level, new_level),
        warn_counts=put_rows(state.warn_counts, warn_counts),
        critical_counts=put_rows(state.critical_counts, critical_counts),
        exit_count=put(state.exit_count, exit_count),
        quiet=put(state.quiet, quiet),
        since=put(state.since, evaluation.date, raised),
        at=put(state.at, evaluation.at, is_instance),
        date=put(state.date, evaluation.date, is_instance),
        window_start=put(state.window_start, evaluation.window_start, is_instance),
        window_end=put(state.window_end, evaluation.window_end, is_instance),
        grade=put(state.grade, evaluation.grade, is_instance),
        values=values,
    )


# ---- running a signal through a rule -------------------------------------------------------------------------------

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
    driver = _Driver(rule, signal, state)
    left_behind = [memory.drop("on")]
    try:
        rows = next(rounds)
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
            return rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()

        return Round(
            rows=np.array([self._row[s] for s in subjects], dtype=np.int64),
            at=_ticks(rows["at"]),
            date=_ticks(rows["date"]),
            raises=rows["raises"].to_numpy(),
            falls=rows["falls"].to_numpy(),
            grade=rows["grade"].to_physical().cast(pl.Int64).fill_null(0).to_numpy(),
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
        was, now = _level_codes(before, evaluation.rows), _level_codes(self._state, evaluation.rows)
        changed = was != now
        if changed.any():
            now = np.where((was >= WARN) & (now == NONE), _CLEARED, now)
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
        words = np.array(_WORDS, dtype=object)
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


_COOLING, _CLEARED = 4, 5
_WORDS = (*LEVEL_WORDS, "cooling", "cleared")


def _level_codes(state: State, rows: Ints) -> Ints:
    return np.where(state.cooling[rows], _COOLING, state.level[rows])


def _ticks(series: pl.Series) -> Ints:
    return series.to_physical().cast(pl.Int64).fill_null(_NEVER).to_numpy()


def _known(values: Ints, dtype: pl.DataType) -> pl.Series:
    series = pl.Series(values)
    series = pl.select(pl.when(series != _NEVER).then(series)).to_series()
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


def level_words(rule: Rule, rows: Sequence[Mapping[str, float] | str]) -> list[str]:
    """The level after each evaluation of one subject, as the examples of a rule file state it.

    A row is a mapping of values, or "_" for an evaluation without evidence, which neither raises nor falls.
    """
    names = sorted({name for c in rule.comparisons() for name in c.names()})
    state = State.fresh(["subject"], rule, 0)
    words: list[str] = []
    for i, row in enumerate(rows):
        given = row if isinstance(row, Mapping) else {}
        evidence = np.array([isinstance(row, Mapping)])
        here = np.array([i], dtype=np.int64)
        columns = {name: np.array([given.get(name, np.nan)]) for name in names}
        evaluation = Round(np.array([0]), here, here, evidence, evidence, np.array([0]), here, here, columns)
        before = state
        state = step(rule, before, evaluation, ())
        ended = bool(before.on[0]) and not state.on[0]
        words.append("cleared" if ended else _WORDS[_level_codes(state, np.array([0]))[0]])
    return words

