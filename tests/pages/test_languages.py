from __future__ import annotations

import re

import pytest

from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.web.language import sentence
from helpdesk_wellbeing.web.messages import COMPLETE, PREPARED, found, read

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+[^{}]*\}|%s")


@pytest.fixture(scope="module")
def messages():
    return [one for one in found() if one.id]


@pytest.mark.parametrize("language", COMPLETE)
def test_a_complete_language_has_every_word_of_pages_and_rules(messages, language):
    catalog = read(language)
    missing = []
    for one in messages:
        translated = catalog.get(one.id, one.context)
        if translated is None or not translated.string or (one.pluralizable and not all(translated.string)):
            missing.append(one.id)
    assert missing == []


@pytest.mark.parametrize("language", [*COMPLETE, *PREPARED])
def test_a_translation_says_the_same_values(language):
    odd = []
    for one in read(language):
        texts = one.string if isinstance(one.string, tuple) else (one.string,)
        original = one.id[1] if isinstance(one.id, tuple) else one.id
        wanted = set(PLACEHOLDER.findall(original or ""))
        odd += [text for text in texts if text and one.id and not set(PLACEHOLDER.findall(text)) <= wanted]
    assert odd == []


@pytest.mark.parametrize("language", PREPARED)
def test_a_prepared_language_is_there_to_be_translated_but_not_offered(messages, language):
    from helpdesk_wellbeing.web.language import LANGUAGES

    assert language not in LANGUAGES
    assert len(read(language)) > 0


@pytest.mark.parametrize(
    ("language", "said"), [("en", "7.50 h of rest; ? h needed"), ("nl", "7,50 uur rust; ? uur nodig")]
)
def test_a_flag_speaks_in_the_numbers_of_its_reader(app, language, said):
    rule = load_rules(SIGNALS)["short_daily_rest"]

    with app.test_request_context(headers={"Accept-Language": language}):
        assert sentence(rule, {"rest_h": 7.5, "required_h": None}) == said
