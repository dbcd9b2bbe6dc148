"""The state machine: entering, holding, cooling, ending."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from helpdesk_wellbeing.rules.machine import Round, State, level_words, step
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.rules.run import run_frame, state_schema
from helpdesk_wellbeing.signals.base import EVALUATION, Signal

START = datetime(2026, 3, 2, 4, tzinfo=UTC)


def a_rule(**changes: object) -> Rule:
    """A rule on one value: warn from 2.5 and critical from 3.5, two evaluations running; ends below 1.5 twice."""
    data: dict[str, object] = {
        "id": "a_rule",
        "signal": "LD1",
        "title": "A rule",
        "says": "z {z:.1f}",
        "why": "to be tested",
        "source": "none",
        "may_be_wrong": ["always"],
        "needs": "nothing",
        "quiet": 5,
        "warn": [{"all": [{"value": "z", "at_least": 2.5}], "after": 2}],
        "critical": [{"all": [{"value": "z", "at_least": 3.5}], "after": 2}],
        "exit": {"any": [[{"value": "z", "below": 1.5}]], "after": 2},
        "examples": [
            {"name": "fires", "given": [{"z": 3}, {"z": 3}], "levels": ["pending", "warn"]},
            {"name": "stays quiet", "given": ["_"], "levels": ["none"]},
        ],
    }
    return Rule.model_validate(data | changes)


def a_signal() -> Signal:
    nothing = pl.DataFrame()
    return Signal("LD1", "a signal", "agent", ("z",), lambda facts: nothing, lambda facts: nothing, lambda f, s, i: [])


def evaluations(series: dict[str, list[float]], first: int = 0) -> pl.DataFrame:
    rows = [
        {
            "subject": subject,
            "at": START + timedelta(days=first + i),
            "date": (START + timedelta(days=first + i - 1)).date(),
            "raises": True,
            "falls": True,
            "grade": "A",
            "window_start": START,
            "window_end": START + timedelta(days=first + i),
            "z": z,
        }
        for subject, values in series.items()
        for i, z in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=pl.Schema({**EVALUATION, "z": pl.Float64()}))


def fresh_state(rule: Rule) -> pl.DataFrame:
    return pl.DataFrame(schema=state_schema(rule, a_signal()))


def zs(*values: float) -> list[dict[str, float]]:
    return [{"z": z} for z in values]


def test_ex22_two_days_to_enter_two_to_leave_and_quiet_afterwards():
    levels = level_words(a_rule(), zs(1.0, 2.7, 2.6, 1.8, 1.4, 1.2, 2.9))

    assert levels == ["none", "pending", "warn", "warn", "cooling", "cleared", "none"]


def test_a_level_rises_one_step_an_evaluation():
    assert level_words(a_rule(), zs(9, 9, 9)) == ["pending", "warn", "critical"]


def test_a_statutory_rule_may_be_critical_at_once():
    at_once = [{"all": [{"value": "z", "at_least": 3.5}]}]

    assert level_words(a_rule(statutory=True, critical=at_once), zs(9)) == ["critical"]


def test_critical_does_not_step_down_to_warn():
    assert level_words(a_rule(), zs(9, 9, 9, 2.6, 2.6))[-1] == "critical"


def test_an_evaluation_without_evidence_changes_nothing():
    rows = [*zs(2.7), "_", *zs(2.6), "_", *zs(1.4), "_", *zs(1.2)]

    assert level_words(a_rule(), rows) == [
        "pending",
        "pending",
        "warn",
        "warn",
        "cooling",
        "cooling",
        "cleared",
    ]


def test_a_condition_that_returns_ends_the_cooling():
    assert level_words(a_rule(), zs(3, 3, 1, 3))[-1] == "warn"


def test_between_exit_and_entry_the_cooling_starts_over():
    assert level_words(a_rule(), zs(3, 3, 1, 2, 1))[-1] == "cooling"


def test_after_the_quiet_evaluations_it_may_rise_again():
    quiet = [1.0] * 5
    assert level_words(a_rule(), zs(3, 3, 1, 1, *quiet, 3, 3))[-2:] == ["pending", "warn"]


def test_missing_numbers_hold_nothing():
    assert level_words(a_rule(), [{"z": float("nan")}, {"z": float("nan")}]) == ["none", "none"]


def test_since_is_the_instance_that_raised_and_values_are_the_latest_that_met():
    rule = a_rule()

    ran = run_frame(rule, a_signal(), evaluations({"a": [2.6, 2.7, 3.0, 2.0]}), fresh_state(rule))

    [row] = ran.state.to_dicts()
    assert row["since"] == date(2026, 3, 2)
    assert row["v_z"] == 3.0
    assert row["window_end"] == START + timedelta(days=2)


def test_a_rule_may_keep_the_values_of_the_instance_that_raised_it():
    rule = a_rule(frozen=True)

    ran = run_frame(rule, a_signal(), evaluations({"a": [2.6, 2.7, 3.0, 2.0]}), fresh_state(rule))

    assert ran.state["v_z"].to_list() == [2.7]


def test_transitions_tell_every_change_of_level():
    rule = a_rule()

    ran = run_frame(rule, a_signal(), evaluations({"a": [1.0, 2.7, 2.6, 1.8, 1.4, 1.2, 2.9]}), fresh_state(rule))

    assert ran.transitions["to"].to_list() == ["pending", "warn", "cooling", "cleared"]


levels_of_days = st.lists(st.sampled_from([0.0, 1.4, 1.6, 2.6, 3.6, float("nan")]), min_size=1, max_size=25)


@given(st.dictionaries(st.sampled_from("abcd"), levels_of_days, min_size=1), st.integers(0, 25))
def test_the_cut_of_time_does_not_matter(series, cut):
    rule = a_rule()
    whole = run_frame(rule, a_signal(), evaluations(series), fresh_state(rule)).state

    first = run_frame(rule, a_signal(), evaluations({k: v[:cut] for k, v in series.items()}), fresh_state(rule))
    rest = evaluations({k: v[cut:] for k, v in series.items()}, first=cut)
    second = run_frame(rule, a_signal(), rest, first.state).state

    assert_frame_equal(whole, second)


@given(levels_of_days, levels_of_days)
def test_one_subject_never_changes_another(mine, theirs):
    rule = a_rule()
    alone = run_frame(rule, a_signal(), evaluations({"a": mine}), fresh_state(rule)).state
    together = run_frame(rule, a_signal(), evaluations({"a": mine, "b": theirs}), fresh_state(rule)).state

    assert_frame_equal(alone, together.filter(subject="a"))


def test_ten_thousand_subjects_step_together():
    rule = a_rule()
    n = 10_000
    state = State.fresh([str(i) for i in range(n)], rule, 1)
    here = np.zeros(n, dtype=np.int64)
    yes = np.ones(n, dtype=bool)
    columns = {"z": np.where(np.arange(n) % 2 == 0, 3.0, 0.0)}

    for _ in range(2):
        state = step(rule, state, Round(np.arange(n), here, here, yes, yes, here, here, here, columns), ["z"])

    assert state.on.sum() == n // 2
