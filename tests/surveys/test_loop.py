"""Whether feedback is answered, and what became of it."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk_wellbeing.surveys.loop import NoChange, change, newcombe, unanswered
from helpdesk_wellbeing.surveys.model import Theme
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Score, Shown, Why

TODAY = date(2026, 11, 2)  # a Monday


def theme(raised_on, answered_on=None):
    return Theme("t", "w", "tools", "lead", raised_on, None, answered_on)


def shown(favourable, answered, asked=None):
    score = Score("satisfaction", (200 * favourable + answered) // (2 * answered))
    return Shown(Ask("w"), answered, asked or answered, 100, False, (score,), None)


@pytest.mark.parametrize(
    ("raised", "days", "level"),
    [(date(2026, 10, 12), 15, "warn"), (date(2026, 9, 28), 25, "critical"), (date(2026, 10, 26), 5, None)],
)
def test_feedback_waits_in_business_days(raised, days, level):
    found = unanswered([theme(raised)], TODAY)

    assert (found.oldest_days, found.level) == (days, level)


def test_ten_and_twenty_days_are_still_in_time_and_answered_ones_do_not_count():
    assert unanswered([theme(date(2026, 10, 19))], TODAY).level is None
    assert unanswered([theme(date(2026, 10, 5))], TODAY).level == "warn"
    assert unanswered([theme(date(2026, 1, 5), TODAY)], TODAY).oldest_days == 0
    assert unanswered([theme(date(2026, 10, 16))], TODAY, [date(2026, 10, 20)]).oldest_days == 10


def test_three_in_ten_that_are_late_are_critical_from_five_items_on():
    late, fresh = theme(date(2026, 10, 12)), theme(date(2026, 10, 28))

    assert unanswered([late, late, fresh, fresh, fresh], TODAY).level == "critical"
    assert unanswered([late, late, fresh, fresh], TODAY).level == "warn"
    assert unanswered([late, *[fresh] * 9], TODAY).open10 == 0.1


def test_the_interval_of_a_difference_is_newcombes():
    assert newcombe(9, 20, 18, 22) == pytest.approx((-0.368, -0.589, -0.077), abs=0.001)
    assert newcombe(7, 12, 9, 12) == pytest.approx((-0.167, -0.476, 0.193), abs=0.001)


def test_a_drop_that_is_no_chance_is_told():
    found = change(shown(9, 20, 25), shown(18, 22))

    assert found.level == "critical"
    assert (found.now, found.before, found.response_rate) == pytest.approx((0.45, 18 / 22, 0.8))
    assert change(shown(7, 12), shown(9, 12)).level is None
    assert change(shown(160, 200), shown(185, 200)).level == "warn"


def test_a_change_is_not_told_from_what_is_hidden_or_answered_by_few():
    hidden = Hidden(Ask("w"), Why.PROTECTED)

    assert change(hidden, shown(9, 12)) is NoChange.HIDDEN
    assert change(shown(9, 12), hidden) is NoChange.HIDDEN
    assert change(Shown(Ask("w"), 9, 9, 100, False, (None,), None), shown(9, 12)) is NoChange.HIDDEN
    assert change(shown(9, 12, 25), shown(9, 12)) is NoChange.FEW_ANSWERED
