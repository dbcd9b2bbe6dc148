"""What reaches further than what people agreed to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_wellbeing.agreement.model import terms_of, thresholds_of
from helpdesk_wellbeing.agreement.widening import speaks_sooner, widened
from helpdesk_wellbeing.rules.model import Alternative, Comparison, Exit


def terms(known, signal="LD3", **changes):
    rule = next(rule for rule in known.rules.values() if rule.signal == signal)
    return terms_of(rule).model_copy(update=changes)


def warns(*comparisons, after=1):
    return (Alternative(all=comparisons, after=after),)


def test_the_same_is_no_widening(an_agreement, known):
    full = an_agreement(thresholds=thresholds_of(known.rules.values(), known.signals))

    assert widened(full, full) == []


def test_anything_widens_what_nobody_agreed_to(an_agreement):
    assert widened(None, an_agreement(signals=())) == ["nothing is agreed yet"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"signals": ("WT4",)}, {"signals": ("LD3", "WT4")}, "signals about single people: LD3"),
        ({"roles": ("agent", "lead")}, {"roles": ("agent", "lead", "ops")}, "one person: ops"),
        ({"retention_weeks": {"events": 26}}, {"retention_weeks": {"events": 52}}, "events kept for 52 weeks instead"),
        ({"retention_weeks": {}}, {"retention_weeks": {"audit": 52}}, "nothing was agreed about these"),
        ({"notices": ()}, {"notices": ("slack",)}, "notices about a person: slack"),
        ({"purposes": ("workload",)}, {"purposes": ("workload", "team_survey")}, "purposes: team_survey"),
    ],
)
def test_more_of_anything_widens_and_less_does_not(an_agreement, before, after, said):
    narrow, wide = an_agreement(**before), an_agreement(**after)

    (line,) = widened(narrow, wide)
    assert said in line
    assert widened(wide, narrow) == []


def test_a_lower_threshold_of_an_own_rule_widens(an_agreement, known):
    agreed = {"sustained": terms(known, warn=warns(Comparison(value="cusum", at_least=5)))}
    lower = {"sustained": terms(known, warn=warns(Comparison(value="cusum", at_least=4)))}

    assert widened(an_agreement(thresholds=agreed), an_agreement(thresholds=lower)) == [
        "rule sustained: warn from cusum >= 4 on"
    ]
    assert widened(an_agreement(thresholds=lower), an_agreement(thresholds=agreed)) == []


def test_a_new_rule_about_an_agreed_signal_widens(an_agreement, known):
    agreed = thresholds_of(known.rules.values(), ["WT4"])
    more = {**agreed, "own": terms(known, "WT4")}

    assert widened(an_agreement(thresholds=agreed), an_agreement(thresholds=more)) == ["rule own: a new rule"]


@pytest.mark.parametrize(
    ("agreed", "new", "sooner"),
    [
        (warns(Comparison(value="x", above=5)), warns(Comparison(value="x", at_least=5)), True),
        (warns(Comparison(value="x", at_least=5)), warns(Comparison(value="x", above=5)), False),
        (warns(Comparison(value="x", below=5)), warns(Comparison(value="x", below=6)), True),
        (warns(Comparison(value="x", below=5)), warns(Comparison(value="x", below=4)), False),
        (warns(Comparison(value="x", above=5)), warns(Comparison(value="y", above=5)), True),
        (warns(Comparison(value="x", above="limit")), warns(Comparison(value="x", above="limit", times=0.9)), True),
        (warns(Comparison(value="x", above="limit")), warns(Comparison(value="x", above="limit", times=1.1)), False),
        (warns(Comparison(value="x", above=5), after=2), warns(Comparison(value="x", above=5)), True),
        (
            warns(Comparison(value="x", above=5)),
            warns(Comparison(value="x", above=5), Comparison(value="y", above=1)),
            False,
        ),
    ],
)
def test_a_rule_speaks_sooner_where_the_agreed_one_would_have_been_quiet(known, agreed, new, sooner):
    before, after = terms(known, warn=agreed, critical=()), terms(known, warn=new, critical=())

    assert (speaks_sooner(before, after) is not None) is sooner


def test_a_flag_that_ends_later_is_more_too(known):
    ends = Exit(any=((Comparison(value="cusum", below=3),),), after=2)
    before = terms(known, exit=ends)

    assert speaks_sooner(before, terms(known, exit=Exit(any=ends.any, after=3)))
    assert speaks_sooner(before, terms(known, exit=Exit(any=((Comparison(value="cusum", below=2),),), after=2)))
    assert speaks_sooner(before, terms(known, exit=Exit(any=((Comparison(value="cusum", below=4),),), after=1))) is None


def test_a_rule_that_becomes_statutory_takes_the_head_start_away(known):
    assert "statutory" in speaks_sooner(terms(known), terms(known, statutory=True))


@given(st.floats(-100, 100), st.floats(-100, 100), st.sampled_from(["at_least", "above", "at_most", "below"]))
def test_of_two_bounds_only_one_can_speak_sooner(known, first, second, operator):
    one = terms(known, warn=warns(Comparison(value="x", **{operator: first})), critical=())
    other = terms(known, warn=warns(Comparison(value="x", **{operator: second})), critical=())

    assert not (speaks_sooner(one, other) and speaks_sooner(other, one))
    assert (first == second) == (speaks_sooner(one, other) is None and speaks_sooner(other, one) is None)
