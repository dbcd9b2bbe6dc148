"""Sentences about flags, as pages, notices and proposals have them."""

from __future__ import annotations

import pytest

from helpdesk_wellbeing.plan.actions.words import because, say
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS

RULES = load_rules(SIGNALS)
AVERAGE, WEEK, DAY = (RULES[one] for one in ("average_week_over_reference_period", "long_week", "long_day"))


@pytest.mark.parametrize(
    ("rule", "values", "english", "dutch"),
    [
        (
            AVERAGE,
            {"average_h": 42.25, "limit_h": 44.0, "weeks": 9},
            "comes near the limit of 44 h; notice is given from 92% of it",
            "dicht bij de grens van 44 uur; er wordt gewaarschuwd vanaf 92% daarvan",
        ),
        (AVERAGE, {"average_h": 44.5, "limit_h": 44.0, "weeks": 9}, "the limit is 44 h.", "de grens is 44 uur"),
        (
            WEEK,
            {"week_h": 44.5, "limit_h": 48.0},
            "The limit is 48 h; notice is given from 110% of the hours of the contract",
            "vanaf 110% van de uren van het contract",
        ),
        (WEEK, {"week_h": 49.5, "limit_h": 48.0}, "work; the limit is 48 h.", "ongeveer 49,5 uur werk"),
        (DAY, {"active_h": 10.5, "span_h": 11.5, "limit_h": 12.0}, "comes near the limits of 12 h", "10,5 uur"),
        (DAY, {"active_h": 10.5, "span_h": 13.5, "limit_h": 12.0}, "the limits are 12 h and 13 h", "13,5 uur"),
    ],
)
def test_what_is_flagged_before_its_limit_is_said_to_come_near_it(rule, values, english, dutch):
    key, shown = because(rule.signal, values, rule)
    told = say(("en", "nl"), key, **shown, name="Ada")

    assert english in told["en"]
    assert dutch in told["nl"]
