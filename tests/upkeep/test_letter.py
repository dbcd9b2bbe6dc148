"""The letter to agents: whole in both languages, true to what is agreed, about nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk_wellbeing import rules
from helpdesk_wellbeing.acting import policy, telling
from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.model import STATUTORY, Agreement, personal_signals
from helpdesk_wellbeing.rules.model import Alternative
from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.upkeep.documents import document, letter_to_agents
from helpdesk_wellbeing.upkeep.documents.letter import limit
from helpdesk_wellbeing.upkeep.documents.wording import Wording
from tests.upkeep_desk import AGENTS, CATALOGUE, LAST

RULES_OF = {rule.signal: rule for rule, signal in CATALOGUE.active() if signal.subject == "agent"}
EVERY = personal_signals(CATALOGUE)
LATER = LAST + timedelta(hours=1)


def agree(store, *signals, **changes):
    body = Agreement(
        parties=("the works council", "the management"), agreed_on=LAST.date(), signals=signals,
        works_council="consented", **changes,
    )  # fmt: skip
    recording.record(store, "acme", body, "an admin", LAST, CATALOGUE)


def letter(store, language="en"):
    return document("agents", store, "acme", language, LATER)


def title(rule, language):
    return Wording(language).of_rule(rule.title)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_it_names_every_agreed_signal_in_words_and_marks_those_of_the_law(store, language):
    agree(store, *EVERY)
    text = letter(store, language)
    for signal in EVERY:
        rule, mark = RULES_OF[signal], {"en": "by law", "nl": "wettelijk"}[language]
        line = next(line for line in text.splitlines() if line.startswith(f"- **{title(rule, language)}**"))
        assert (f"({mark})" in line) == (signal in STATUTORY), signal
        assert "`" not in line
        assert ">=" not in line
    assert "{" not in text
    assert "None" not in text


@pytest.mark.parametrize("language", ["en", "nl"])
def test_it_says_all_that_people_are_to_know(store, language):
    agree(store, "WT4", "LD1")
    policy.change(store, "acme", "an admin", LAST, public_url="https://wellbeing.example")
    telling.set_contact(store, "acme", "an admin", "privacy@example.com", LAST)
    text = letter(store, language)
    for words in {
        "en": ("text of tickets", "which keys", "who changed which ticket", "24 hours after you", "appraisal, pay",
               "ranking", "Object", "this is wrong", "hours of your own", "Take your data", "erased", "No surveys",
               "from five answers", "works council", "20 Nov 2026", "never that all is well", "196 days"),
        "nl": ("tekst van tickets", "toetsaanslagen", "wie welk ticket", "24 uur na jou", "beoordeling, beloning",
               "rangorde", "Bezwaar", "dit klopt niet", "Eigen uren", "gegevens meenemen", "wissen",
               "Geen vragenrondes", "vanaf vijf antwoorden", "ondernemingsraad", "20 nov 2026", "alles goed gaat",
               "196 dagen"),
    }[language]:  # fmt: skip
        assert words in text, words
    assert "https://wellbeing.example/a/acme/me" in text
    assert "privacy@example.com" in text


def test_there_is_nothing_personal_in_it(store):
    agree(store, *EVERY)
    for language in ("en", "nl"):
        text = letter(store, language)
        assert not any(agent in text or name.split()[0] in text for agent, name in AGENTS.items())


def test_what_is_not_agreed_is_not_in_it_and_roles_that_see_nothing_neither(store):
    agree(store, "WT4", roles=("agent", "lead"))
    text = letter(store)
    assert "Short daily rest" in text
    assert "Open-work overload" not in text
    assert "Your team lead" in text
    assert "Operations" not in text
    assert "11 hours between two working days" in text


def test_without_any_agreement_it_says_that_nothing_is_said_of_anybody(store):
    with store._database.writing() as connection:
        away = '{"subdomain": "acme", "client_id": "x"}'
        connection.exec_driver_sql("UPDATE accounts SET settings = ? WHERE name = 'acme'", (away,))
    text = letter(store)
    assert "nothing is computed or said about single people" in text
    assert "Nobody yet" in text
    assert "Long day" not in text


def test_an_admin_s_own_rule_is_told_in_its_own_words_and_numbers():
    rule = RULES_OF["WT4"]
    eleven = limit(rule, Wording("en"), {"daily_rest_h": "11"})
    assert "less than 11 hours" in eleven
    assert "less than 8 hours" in eleven
    ours = rule.model_copy(update={"warn": rule.critical, "why": "We want more rest."})
    assert limit(ours, Wording("en"), {}).startswith("We want more rest. Warns at: rest: less than 8 h, and")


@pytest.mark.parametrize(
    ("signal", "way", "told"),
    [
        ("WT1", "active_h >= 0.8 x warn_h", "80%"),
        ("WT6", "missed_of_5 >= 2, 2 evaluations in a row", "2 times in a row"),
        ("LD1", "z >= 1.25 and open_weight >= 1.3 x median_weight, 2 evaluations in a row", "1.25"),
    ],
)
def test_a_number_of_an_admin_s_own_that_our_words_leave_out_is_told(signal, way, told):
    rule, numbers = RULES_OF[signal], {"day_warn_h": "10", "day_limit_h": "12"}
    ours = rule.model_copy(update={"warn": (Alternative.of(way), *rule.warn[1:])})

    assert told in limit(ours, Wording("en"), numbers)
    assert told not in limit(rule, Wording("en"), numbers)


def test_other_numbers_in_a_rule_are_the_numbers_of_the_letter(store):
    source = (load_settings().home / "rules").joinpath("open_work_overload.toml")
    source.parent.mkdir(exist_ok=True)
    shipped = Path(rules.__path__[0], "catalogue", "open_work_overload.toml").read_text("utf-8")
    source.write_text(shipped.replace("at_least = 4.0", "at_least = 5.0"), "utf-8")
    agree(store, "LD1")
    assert "or 5 or more days of work waiting" in letter(store)


def test_it_is_short_enough_for_one_page(store):
    agree(store, *EVERY)
    for language in ("en", "nl"):
        assert len(letter(store, language).split()) < 1100
        assert letter_to_agents(store, "acme", language, LATER).language == language
    assert letter_to_agents(store, "acme", "de", LATER).language == "en"
