"""Every rule that ships: its examples run, and a broken file is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.rules.load import failed_examples, load_rules
from helpdesk_wellbeing.rules.machine import level_words
from helpdesk_wellbeing.signals.catalogue import SIGNALS

RULES = load_rules(SIGNALS)
EXAMPLES = [pytest.param(rule, e, id=f"{rule.id}: {e.name}") for rule in RULES.values() for e in rule.examples]

OWN = """
id = "{id}"
signal = "LD3"
title = "Own"
says = "C {{cusum:.1f}}"
why = "our own threshold"
source = "team policy"
needs = "20 days"
may_be_wrong = ["often"]
{extra}
[[warn]]
all = [{{ value = "{value}", above = 3.0 }}]
[exit]
any = [[{{ value = "cusum", below = 1.0 }}]]
[[examples]]
name = "fires"
given = [{{ cusum = 3.5 }}]
levels = ["warn"]
[[examples]]
name = "quiet"
given = [{{ cusum = 1 }}, "_"]
levels = ["none", "none"]
"""


def own_rule(folder: Path, name: str, *, id: str = "", extra: str = "", value: str = "cusum") -> Path:
    (folder / f"{name}.toml").write_text(OWN.format(id=id or name, extra=extra, value=value))
    return folder


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_rule_does_what_its_examples_say(rule, example):
    assert level_words(rule, example.given) == list(example.levels)


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_the_sentence_of_a_rule_reads_its_signals_shown_values(rule):
    shown = dict.fromkeys(SIGNALS[rule.signal].values, 1.0)

    assert "nan" not in rule.sentence(shown)


def test_every_signal_has_exactly_one_rule():
    assert sorted(rule.signal for rule in RULES.values()) == sorted(SIGNALS)


def test_a_rule_is_named_like_its_signal_in_the_catalogue():
    for rule in RULES.values():
        assert rule.id == SIGNALS[rule.signal].name.replace(" ", "_").replace("-", "_")


def test_an_admins_file_overrides_the_rule_of_the_same_id(tmp_path):
    rules = load_rules(SIGNALS, own_rule(tmp_path, "sustained_load_increase"))

    assert rules["sustained_load_increase"].source == "team policy"


def test_an_admins_file_may_add_a_rule(tmp_path):
    assert "early_increase" in load_rules(SIGNALS, own_rule(tmp_path, "early_increase"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "other"}, 'own.toml: id is "other"; it must be the file\'s name'),
        ({"value": "cusm"}, 'LD3 has no value "cusm"; did you mean "cusum"?'),
        ({"extra": "treshold = 3"}, "own.toml: treshold: not a field of a rule"),
    ],
)
def test_a_broken_rule_is_refused_with_the_place_and_the_way_out(tmp_path, changes, said):
    with pytest.raises(ConfigError) as refused:
        load_rules(SIGNALS, own_rule(tmp_path, "own", **changes))

    assert said in str(refused.value)


def test_all_problems_of_all_files_are_shown_together(tmp_path):
    own_rule(tmp_path, "one", value="x1")
    (tmp_path / "two.toml").write_text("id = ")

    with pytest.raises(ConfigError) as refused:
        load_rules(SIGNALS, tmp_path)

    assert f"{tmp_path / 'one.toml'}: x1 >" in str(refused.value)
    assert f"{tmp_path / 'two.toml'}: not TOML" in str(refused.value)


def test_an_unreadable_file_of_ones_own_is_named_by_its_whole_path(tmp_path):
    (tmp_path / "own.toml").write_bytes(b'id = "\xff"')

    with pytest.raises(ConfigError) as refused:
        load_rules(SIGNALS, tmp_path)

    assert str(refused.value).startswith(f"{tmp_path / 'own.toml'}: cannot be read (UnicodeDecodeError)")


def test_a_rule_whose_example_fails_is_named(tmp_path):
    rule = load_rules(SIGNALS, own_rule(tmp_path, "own"))["own"]
    broken = rule.model_copy(update={"warn": (rule.warn[0].model_copy(update={"after": 2}),)})

    assert failed_examples(broken) == ["own: fires: expected warn; got pending"]
