"""Limits in words: with their units, in every language, and none by the name that it has in a file."""

from __future__ import annotations

import re

import pytest

from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.rules.model import Alternative, Comparison, Exit
from helpdesk_wellbeing.rules.saying import saying
from helpdesk_wellbeing.signals.catalogue import SIGNALS

RULES = load_rules(SIGNALS)


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_limit_of_every_rule_is_in_words(rule, language):
    say = saying(language)
    texts = [say.level(rule.warn, rule.signal), say.level(rule.critical, rule.signal), say.exit(rule.exit, rule.signal)]

    assert [text for text in texts if re.search(r"[a-z]_[a-z]|[<>=]|ratio|cusum|p_", text)] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_was_written_down_of_a_limit_can_be_read_again(rule):
    assert [Alternative.of(str(one)) for one in (*rule.warn, *rule.critical)] == [*rule.warn, *rule.critical]
    assert Exit.of(str(rule.exit)) == rule.exit


def test_what_is_no_limit_is_not_read_as_one():
    with pytest.raises(ValueError, match="no comparison"):
        Comparison.of("whatever it takes")


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        ("p_adjusted <= 0.1", "of 100 such findings at most 10 are expected to be chance"),
        ("p < 0.05", "it would come about by chance in fewer than 5 of 100 cases"),
        ("open_weight >= 1.3 x median_weight", "open work: 130% of what is usual or more"),
        ("rest_h < 8", "rest: less than 8 h"),
        ("own_value > 3", "own value: more than 3"),
    ],
)
def test_a_limit_has_its_unit(comparison, said):
    assert saying("en").comparison(Comparison.of(comparison)) == said
