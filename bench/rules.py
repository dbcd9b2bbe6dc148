"""Rules alone: the values of 10,000 subjects to levels, all rules."""

from __future__ import annotations

import numpy as np

from bench.measuring import hand_over, row, seconds
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.rules.machine import Round, State, step
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.catalogue import SIGNALS

SUBJECTS = 10_000
rules = load_rules(SIGNALS)
rng = np.random.default_rng(1)


def prepared(rule: Rule) -> tuple[State, Round]:
    signal = SIGNALS[rule.signal]
    names = {name for c in rule.comparisons() for name in c.names()} | set(signal.values)
    columns = {name: rng.gamma(2.0, 4.0, SUBJECTS) for name in names}
    zeros, yes = np.zeros(SUBJECTS, dtype=np.int64), np.ones(SUBJECTS, dtype=bool)
    round_ = Round(np.arange(SUBJECTS), zeros, zeros, yes, yes, zeros, zeros, zeros, columns)
    return State.fresh([str(i) for i in range(SUBJECTS)], rule, len(signal.values)), round_


work = [(rule, *prepared(rule), SIGNALS[rule.signal].values) for rule in rules.values()]


def judge_everybody() -> None:
    for rule, state, round_, names in work:
        step(rule, state, round_, names)


def judge_one_by_one() -> None:
    """The peer: compiled Python comparisons, a subject at a time, without any counting."""
    for rule, _, round_, _ in work:
        text = " or ".join(
            "(" + " and ".join(_python(c) for c in alternative.all) + ")"
            for alternative in (*rule.warn, *rule.critical)
        )
        test = eval(f"lambda r: {text}")
        names = list(round_.columns)
        for values in zip(*round_.columns.values(), strict=True):
            test(dict(zip(names, values, strict=True)))


def _python(comparison: object) -> str:
    c = comparison
    sign = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}[c.operator]  # type: ignore[attr-defined]
    bound = c.bound  # type: ignore[attr-defined]
    right = f"r[{bound!r}] * {c.times}" if isinstance(bound, str) else repr(bound)  # type: ignore[attr-defined]
    return f"r[{c.value!r}] {sign} {right}"  # type: ignore[attr-defined]


judge_everybody()
ours = seconds(judge_everybody, repeats=5)
peer = seconds(judge_one_by_one)
hand_over(
    [
        row(f"{len(rules)} rules x {SUBJECTS:,} subjects, values to levels", f"{ours * 1000:.0f} ms", "< 100 ms"),
        row("  the same comparisons as compiled Python lambdas", f"{peer / ours:.0f} x as long"),
    ]
)
