"""Notices say the same in every language."""

from __future__ import annotations

from string import Formatter

import pytest

from helpdesk_wellbeing.notices.words import LANGUAGES, WORDS, Words
from helpdesk_wellbeing.plan.proposal import ACTIONS

SAME = ("role_ops", "decision", "good_ended")  # a loan word, and texts that are made of values only


def values_of(form):
    texts = (form,) if isinstance(form, str) else form
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name} - {"n"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_with_the_same_values_and_forms(language):
    assert set(WORDS[language]) == set(WORDS["en"])
    for key, form in WORDS["en"].items():
        other = WORDS[language][key]
        assert values_of(other) == values_of(form), key
        assert isinstance(other, str) == isinstance(form, str), key
        assert other != form or language == "en" or key in SAME, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_has_words_of_its_own(language):
    words = Words(language)

    assert len({words.named("action", action) for action in ACTIONS} | {words("action")}) == len(ACTIONS) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_of_how_anybody_feels(language):
    said = str(WORDS[language]).lower()

    assert not [word for word in ("stress", "burn", "tired", "mood", "moe", "stemming") if f" {word}" in said]
