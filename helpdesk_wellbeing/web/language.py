"""Which language a page is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from babel.support import NullTranslations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale

from helpdesk_wellbeing.translations import catalogue

if TYPE_CHECKING:
    from helpdesk_wellbeing.rules.model import Rule

COOKIE = "wellbeing_language"
# Complete ones, each by its own name. Others have a catalogue to be translated in `locale/`.
LANGUAGES: Mapping[str, str] = {"en": "English", "nl": "Nederlands"}


def prepare(app: Flask) -> None:
    """Let all pages speak the reader's language."""
    babel = Babel(app, locale_selector=chosen, timezone_selector=lambda: g.get("zone"))
    babel.domain_instance = _Catalogues()


def chosen() -> str:
    """What was asked for in the address or chosen before, else what the browser prefers, else English."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


class _Catalogues(Domain):  # type: ignore[misc]
    """Flask-Babel reads compiled files; ours are compiled in memory."""

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        return catalogue(str(locale.language)) if locale is not None else NullTranslations()


def sentence(rule: Rule, values: Mapping[str, float | None]) -> str:
    """What a flag of this rule says, with words and numbers as the reader writes them; what is not known is “?”."""
    from flask_babel import gettext

    point = str(get_locale().number_symbols["latn"]["decimal"])
    return _Numbers(point).vformat(gettext(rule.says), (), values)


class _Numbers(Formatter):
    def __init__(self, point: str) -> None:
        self._point = point

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "?"
        return str(super().format_field(value, format_spec)).replace(".", self._point)
