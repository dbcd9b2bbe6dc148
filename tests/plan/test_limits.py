"""From which open work on a rule warns, for what is usual for somebody."""

from __future__ import annotations

import pytest

from helpdesk_wellbeing.plan.limits import limit, limits
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.signals.ld1 import Usual

LD1 = load_rules(SIGNALS)["open_work_overload"]


def test_two_and_a_half_deviations_and_three_tenths_above_the_usual():
    assert limit(LD1, Usual(median=15, scale=1.5, solved=10)) == pytest.approx(15 + 2.5 * 1.5 / 0.6745)
    assert limit(LD1, Usual(median=40, scale=1.0, solved=20)) == pytest.approx(52)


def test_or_four_days_of_work():
    assert limit(LD1, Usual(median=15, scale=1.5, solved=4)) == 16
    assert limit(LD1, Usual(median=15, scale=1.5, solved=0)) == pytest.approx(15 + 2.5 * 1.5 / 0.6745)


def test_a_rule_that_compares_something_else_gives_no_limit():
    warn = [{"all": [{"value": "z", "below": 2}]}, {"all": [{"value": "other", "at_least": 2}]}]
    own = LD1.model_validate({**LD1.model_dump(), "warn": warn})
    assert limit(own, Usual(15, 1.5, 10)) is None


def test_an_admins_own_number_counts():
    own = LD1.model_validate({**LD1.model_dump(), "warn": [{"all": [{"value": "open_weight", "above": 30}]}]})
    assert limit(own, Usual(15, 1.5, 10)) == 30


def test_who_is_flagged_is_judged_by_the_baseline_of_the_flag(scene):
    scene.flag("LD1", "A", open_weight=22.0, median_weight=15.0, z=3.148, days_of_work=2.2)
    assert limits(scene.situation()) == {"A": pytest.approx(15 + 2.5 * 1.5 / 0.6745, abs=0.01)}
    scene.flags[0]["values"]["z"] = None
    assert limits(scene.situation()) == {}


def test_nothing_known_gives_no_limits(scene):
    assert limits(scene.situation()) == {}
    assert limits(scene.situation(rules={})) == {}
