"""What the program says of a problem, in the words of a page: without commands, and in the reader's language.

The program says what went wrong in one English line, for logs and the command line, with the next step there. A page
knows such lines by their form and says the same in its own words. A line that none of these forms fits is shown as it
is; `tests/web/test_problems.py` walks what pages may be told, so that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Any

from flask import current_app, g

from helpdesk_wellbeing.rules.model import Alternative, Exit, Rule
from helpdesk_wellbeing.web.measures import here
from helpdesk_wellbeing.web.phrases import signal
from helpdesk_wellbeing.web.problem_texts import FIELDS, TEXTS
from helpdesk_wellbeing.web.rendering import day
from helpdesk_wellbeing.web.settings import words as settings
from helpdesk_wellbeing.web.texts import gettext as _
from helpdesk_wellbeing.web.words import level, moment
from helpdesk_wellbeing.web.words import rule as title

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

_LINES = ("why", "hint")  # values that are lines themselves
_SEVERAL = "all"  # lines with semicolons between


def explained(trouble: Exception | str) -> str:
    """One line of the program as a page says it."""
    line = str(trouble)
    found = _fitting(line)
    if found is None:
        return line
    text, said = found
    return _(text, **{name: _value(name, value, said) for name, value in said.items()})


def in_language(line: Mapping[str, Any]) -> str:
    """A line as `said.for_page` gives it, in the reader's language."""
    text, values = line["text"], line["values"]
    return explained(text) if values is None else _(text, **values)


def knows(line: str) -> bool:
    """Whether pages have words of their own for a line."""
    return _fitting(line) is not None


def _fitting(line: str) -> tuple[str, dict[str, str]] | None:
    """The text of the first form that fits with all lines that stand within it, and the values."""
    for form, text in _forms():
        found = form.fullmatch(line)
        if found is not None and all(map(knows, _within(found.groupdict()))):
            return text, found.groupdict()
    return None


def _within(said: Mapping[str, str]) -> list[str]:
    lines = [said[name] for name in _LINES if name in said]
    return [*lines, *said[_SEVERAL].split("; ")] if _SEVERAL in said else lines


@cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The most particular first: the one with the most that is not a value."""
    by_length = sorted(TEXTS, key=lambda form: -len(re.sub(r"{\w+}", "", form)))
    return tuple((_form(one), TEXTS[one]) for one in by_length)


def _form(text: str) -> re.Pattern[str]:
    made, met = "", set[str]()
    for literal, name, _spec, _conversion in Formatter().parse(text):
        made += re.escape(literal)
        if name:
            made += f"(?P={name})" if name in met else f"(?P<{name}>.*?)"
            met.add(name)
    return re.compile(made, re.DOTALL)


def _value(name: str, value: str, said: Mapping[str, str]) -> str:
    if name == _SEVERAL:
        return "; ".join(map(explained, value.split("; ")))
    if name in _LINES:
        return explained(value)
    try:
        return _VALUES[name](value, said) if name in _VALUES else value
    except ValueError:  # it only looks like one
        return value


def rule_title(id: str) -> str:
    """What a rule is called; its id where it is none any more."""
    found = _rules().get(id)
    return title(id, "" if found is None else found.title) or id


def group_name(id: str) -> str:
    """What a team or queue of the reader's account is called."""
    return str(_known().names(g.account).group(id))


def _rule(id: str, said: Mapping[str, str]) -> str:
    return rule_title(id)


def _ahead(text: str, said: Mapping[str, str]) -> str:
    return here().alternative(Alternative.of(text), _signal(said))


def _end(text: str, said: Mapping[str, str]) -> str:
    return here().exit(Exit.of(text), _signal(said))


def _signal(said: Mapping[str, str]) -> str:
    found = _rules().get(said.get("rule", ""))
    return "" if found is None else found.signal


def _rules() -> Mapping[str, Rule]:
    return _known().catalogue.rules


def _known() -> Known:
    from helpdesk_wellbeing.web.site import SITE

    known: Known = current_app.extensions[SITE].known
    return known


def _choice(word: str) -> str:
    return {"yes": _("yes"), "no": _("no")}.get(word, word)


def _each(word: Callable[[str], str]) -> Callable[[str, Mapping[str, str]], str]:
    return lambda words, said: ", ".join(word(one) for one in words.split(", "))


_VALUES: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "rule": _rule,
    "ahead": _ahead,
    "end": _end,
    "platform": lambda word, said: word.capitalize(),
    "kind": lambda word, said: word.capitalize(),
    "example": lambda text, said: text.replace(" (a workflow's) or ", f" {_('or')} "),
    "field": lambda word, said: _(FIELDS[word]) if word in FIELDS else word,
    "level": lambda word, said: level(word).lower(),
    "kept": _each(settings.kept),
    "data": _each(settings.class_of_data),
    "roles": _each(settings.role),
    "purposes": _each(settings.purpose),
    "signals": _each(signal),
    "choices": _each(_choice),
    "day": lambda text, said: day(text),
    "moment": lambda text, said: moment(datetime.fromisoformat(f"{text}+00:00")),
}
