"""Running all rules over a stretch again and again, as its end moves on.

Most of what comes in changes little: a rule's run of the last look is kept when the facts that its signal looks at are
the very same ones and nothing that the signal waits for has happened since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.rules.run import Run, memory_schema, run, state_schema
from helpdesk_wellbeing.signals.base import Facts, Signal

Frames = Mapping[str, pl.DataFrame]  # by rule
_SAME_VALUES = (
    "since",
    "history_start",
    "zone",
    "week_start",
    "hard_possible",
    "grade_b_changes",
    "shared",
    "as_of",
    "objections",
)


@dataclass(frozen=True)
class Look:
    """The facts of one look, what every rule began with, and what came of it."""

    facts: Facts
    began: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]]  # rule -> state, memory
    runs: Mapping[str, Run] = field(default_factory=dict)


def look(
    rules: Iterable[tuple[Rule, Signal]], facts: Facts, states: Frames, memories: Frames, last: Look | None
) -> Look:
    """Run every rule from its state and memory (none: from the beginning) over the facts' stretch."""
    since_then = None if last is None else _since(last.facts, facts)
    began: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}
    runs: dict[str, Run] = {}
    for rule, signal in rules:
        before = states.get(rule.id), memories.get(rule.id)
        state = pl.DataFrame(schema=state_schema(rule, signal)) if before[0] is None else before[0]
        memory = pl.DataFrame(schema=memory_schema(signal)) if before[1] is None else before[1]
        began[rule.id] = state, memory
        known = None if last is None or since_then is None else _still_holds(last, rule, signal, since_then, began)
        runs[rule.id] = known or _without(facts.objections.get(signal.id), run(rule, signal, facts, state, memory))
    return Look(facts, began, runs)


def _without(objectors: frozenset[str] | None, ran: Run) -> Run:
    """A run of which nothing is kept about those who objected to the signal."""
    if not objectors:
        return ran
    others = ~pl.col("subject").is_in(list(objectors))
    return Run(ran.state.filter(others), ran.memory.filter(others), ran.transitions.filter(others))


def _since(last: Facts, facts: Facts) -> Facts | None:
    """The facts as of now with the stretch that follows the last look; None when the two cannot be compared."""
    same = last.directory is facts.directory
    same &= all(getattr(last, name) == getattr(facts, name) for name in _SAME_VALUES)
    return replace(facts, since=last.until) if same and last.until <= facts.until else None


def _still_holds(
    last: Look,
    rule: Rule,
    signal: Signal,
    since_then: Facts,
    began: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]],
) -> Run | None:
    if rule.id not in last.runs:
        return None
    same_start = all(was is now for was, now in zip(last.began[rule.id], began[rule.id], strict=True))
    same_facts = all(getattr(last.facts, name) is getattr(since_then, name) for name in signal.reads)
    return last.runs[rule.id] if same_start and same_facts and not signal.wakes(since_then) else None
