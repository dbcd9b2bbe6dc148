"""What would have kept a flag away, held against the rules' own machine."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk_wellbeing.pages.counterfactual import Change, nearest, thresholds
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.rules.machine import level_words
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.rules.saying import saying
from helpdesk_wellbeing.signals.catalogue import SIGNALS

RULES = load_rules(SIGNALS)
OPERATORS = ("at_least", "above", "at_most", "below")
NUMBERS = st.floats(-1000, 1000, allow_nan=False).map(lambda x: round(x, 2))


def rule_of(*alternatives, after=1):
    return Rule.model_validate(
        {
            "id": "made", "signal": "WT1", "title": "t", "says": "s", "why": "w", "source": "s", "needs": "n",
            "may_be_wrong": ["m"], "warn": [{"all": list(one), "after": after} for one in alternatives],
            "exit": {"any": [[{"value": "a", "at_least": 1e9}]]},
            "examples": [
                {"name": "fires", "given": [dict.fromkeys("ab", 0.0)], "levels": ["warn"]},
                {"name": "quiet", "given": ["_"], "levels": ["none"]},
            ],
        }
    )  # fmt: skip


def flags(rule, values):
    after = max(one.after for one in (*rule.warn, *rule.critical))
    return bool({"warn", "critical"} & set(level_words(rule, [values] * after)))


def changed(values, changes):
    return {**values, **{one.value: one.point for one in changes}}


comparisons = st.builds(
    lambda value, operator, bound: {"value": value, operator: bound}, st.sampled_from("ab"),
    st.sampled_from(OPERATORS), NUMBERS,
)  # fmt: skip


@given(st.sampled_from(OPERATORS), NUMBERS, NUMBERS, st.integers(1, 3))
def test_of_a_single_comparison_the_nearest_number_that_keeps_the_rule_quiet(operator, bound, value, after):
    rule = rule_of([{"value": "a", operator: bound}], after=after)
    values = {"a": value}
    found = nearest(rule, values)
    if not flags(rule, values):
        assert found == []
        return
    (one,) = found
    assert one.bound == bound
    assert not flags(rule, changed(values, found))
    between = (value + one.point) / 2
    assert between == one.point or flags(rule, {"a": between})


@given(st.lists(st.lists(comparisons, min_size=1, max_size=3), min_size=1, max_size=3), NUMBERS, NUMBERS)
def test_what_is_told_keeps_any_rule_quiet_and_no_smaller_change_of_one_value_does(alternatives, a, b):
    rule, values = rule_of(*alternatives), {"a": a, "b": b}
    assume(flags(rule, values))
    found = nearest(rule, values)
    if found:
        assert not flags(rule, changed(values, found))
    for name in "ab":
        bounds = [c[op] for way in alternatives for c in way for op in OPERATORS if op in c and c["value"] == name]
        for bound in bounds:
            for number in (bound - 1e-6, bound, bound + 1e-6):
                if not flags(rule, {**values, name: number}):
                    assert len(found) == 1
                    size = abs(found[0].point - values[found[0].value]) / max(abs(values[found[0].value]), 1e-9)
                    assert size <= abs(number - values[name]) / max(abs(values[name]), 1e-9) + 1e-9


def test_a_long_day_needs_fewer_hours_or_less_between_first_and_last():
    known = {"warn_h": 10.0, "health_only": 0.0}
    assert nearest(RULES["long_day"], {"active_h": 10.5, "span_h": 12.0, "limit_h": 12.0}, known) == [
        Change("active_h", "below", 10.0, nearest_below(10.0))
    ]
    both = nearest(RULES["long_day"], {"active_h": 10.5, "span_h": 14.0, "limit_h": 12.0}, known)
    told = [(one.value, one.operator, one.bound) for one in both]
    assert told == [("active_h", "below", 10.0), ("span_h", "at_most", 13.0)]


def test_numbers_that_nobody_sees_are_told_by_those_they_are_made_of():
    average = nearest(RULES["average_week_over_reference_period"], {"average_h": 45.0, "limit_h": 48.0, "weeks": 16})
    rest = nearest(RULES["short_weekly_rest"], {"longest_rest_7d_h": 30.0, "rest_14d_h": None, "required_h": 35.0})

    assert [(one.value, one.operator, one.bound) for one in average] == [("average_h", "below", 48.0 * 0.92)]
    assert [(one.value, one.operator, one.bound) for one in rest] == [("longest_rest_7d_h", "at_least", 35.0)]


def test_what_is_not_known_promises_nothing():
    assert nearest(RULES["missing_break"], {"missed_of_5": 3, "needed_min": 30}) == []


@pytest.mark.parametrize(
    ("rule", "values", "said", "holds"),
    [
        (
            "short_daily_rest",
            {"rest_h": 9.89, "required_h": 11.0},
            "rest: less than 8 h; or rest: less than 11 h, and rests too short in 7 days: 2 or more",
            [False, False],
        ),
        (
            "short_daily_rest",
            {"rest_h": 7.5, "required_h": 11.0},
            "rest: less than 8 h; or rest: less than 11 h, and rests too short in 7 days: 2 or more",
            [True, False],
        ),
        (
            "short_weekly_rest",
            {"longest_rest_7d_h": 15.9, "rest_14d_h": None, "required_h": 36.0},
            "longest rest in 7 days: less than 36 h, and rest in parts, where the law allows it, is not enough either",
            [False],
        ),
        (
            "hard_ticket_dose",
            {"hard": 7, "active_h": 30.0, "expected": 3.0, "ratio": 2.3, "p_adjusted": 0.04},
            "of 100 such findings at most 10 are expected to be chance, and times what is usual or expected: 2 or more,"
            " and hard tickets: 10 or more; or hard tickets in one shift: 5 or more",
            [False, False],
        ),
    ],
)
def test_every_way_to_a_level_is_said_in_words_and_what_is_known_to_hold_is_marked(rule, values, said, holds):
    found = thresholds(RULES[rule], RULES[rule].critical, values, {"health_only": 0.0})

    assert saying("en").level([one.way for one in found], RULES[rule].signal) == said
    assert [one.holds for one in found] == holds


def nearest_below(number):
    import math

    return math.nextafter(number, -math.inf)
