"""Reading rule files: those that ship, then the admin's own folder, where the same id overrides."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.rules.machine import level_words
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.base import Signal


def load_rules(signals: Mapping[str, Signal], own: Path | None = None) -> dict[str, Rule]:
    """All rules by id. Every problem of every file is collected and shown together as one ConfigError.

    Files that ship are named as such, the admin's own by their whole path.
    """
    files = [_File(f.name, f.stem, f.read_text("utf-8")) for f in _shipped()]
    rules, problems = _read(files, signals)
    if own is not None and own.is_dir():
        mine, more = _read(_texts(sorted(own.glob("*.toml")), problems), signals)
        rules |= mine
        problems += more
    if problems:
        raise ConfigError("\n".join(problems))
    return dict(sorted(rules.items()))


def failed_examples(rule: Rule) -> list[str]:
    """One line for each example whose levels come out otherwise."""
    lines = []
    for example in rule.examples:
        got = level_words(rule, example.given)
        if got != list(example.levels):
            lines.append(f"{rule.id}: {example.name}: expected {', '.join(example.levels)}; got {', '.join(got)}")
    return lines


@dataclass(frozen=True)
class _File:
    shown: str  # how problems name it
    stem: str
    text: str


def _shipped() -> list[Path]:
    folder = resources.files("helpdesk_wellbeing.rules") / "catalogue"
    return sorted(Path(str(f)) for f in folder.iterdir() if f.name.endswith(".toml"))


def _texts(paths: Iterable[Path], problems: list[str]) -> list[_File]:
    files = []
    for path in paths:
        try:
            files.append(_File(str(path), path.stem, path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: cannot be read ({type(error).__name__}); it must be a UTF-8 text file")
    return files


def _read(files: Iterable[_File], signals: Mapping[str, Signal]) -> tuple[dict[str, Rule], list[str]]:
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for file in files:
        try:
            rule = _parsed(file.text)
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{file.shown}: not TOML: {error}")
            continue
        except ValidationError as error:
            problems += [f"{file.shown}: {line}" for line in _lines(error)]
            continue
        found = list(_mismatches(rule, file.stem, signals))
        problems += [f"{file.shown}: {line}" for line in found]
        if not found:
            rules[rule.id] = rule
    return rules, problems


@lru_cache(maxsize=64)
def _parsed(text: str) -> Rule:
    return Rule.model_validate(tomllib.loads(text))


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            word = str(item["loc"][-1])
            lines.append(f"{place}: not a field of a rule{_suggest(word, Rule.model_fields)}")
        else:
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{place}: {message}" if place else message)
    return lines


def _mismatches(rule: Rule, stem: str, signals: Mapping[str, Signal]) -> Iterable[str]:
    if rule.id != stem:
        yield f'id is "{rule.id}"; it must be the file\'s name'
    signal = signals.get(rule.signal)
    if signal is None:
        yield f'signal: no signal "{rule.signal}"{_suggest(rule.signal, signals)}'
        return
    known = {*signal.values, *signal.helpers}
    for comparison in rule.comparisons():
        for value in comparison.names():
            if value not in known:
                yield f'{comparison}: {signal.id} has no value "{value}"{_suggest(value, known)}'
    for example in rule.examples:
        for row in example.given:
            for value in row if isinstance(row, Mapping) else ():
                if value not in known:
                    yield f'examples: {example.name}: {signal.id} has no value "{value}"{_suggest(value, known)}'


def _suggest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
