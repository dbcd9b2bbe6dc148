"""The one state machine of all rules, vectorised over subjects.

    none -> pending -> warn -> critical -> cooling -> cleared -> none

`step` takes the state of many subjects and one evaluation of each, and gives the state after it. Replaying a year and
living through a day are the same function, so a flag does not depend on how the time was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpdesk_wellbeing.rules.model import Comparison, Rule

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE, PENDING, WARN, CRITICAL = range(4)
LEVEL_WORDS = ("none", "pending", "warn", "critical")
NEVER = np.iinfo(np.int64).min  # "no date, no instant yet"; Polars' null


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
            return np.full(n, NEVER, dtype=np.int64)

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
        rose = is_instance & (new_level > level) if rule.values_of == "raising" else is_instance
        values[at] = np.where(rose[:, None], shown, state.values[at])
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


COOLING, CLEARED = 4, 5
WORDS = (*LEVEL_WORDS, "cooling", "cleared")


def level_codes(state: State, rows: Ints) -> Ints:
    """Positions in `WORDS` of these subjects' levels."""
    return np.where(state.cooling[rows], COOLING, state.level[rows])


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
        words.append("cleared" if ended else WORDS[level_codes(state, np.array([0]))[0]])
    return words
