"""Flask-Babel's functions, with types."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import flask_babel

T = TypeVar("T")


def by_language(words: Callable[[], T]) -> Callable[[], T]:
    """A table of words that is made once for each language; it must not depend on anything else."""
    made: dict[str, T] = {}

    @wraps(words)
    def of_the_reader() -> T:
        language = str(flask_babel.get_locale())
        if language not in made:
            made[language] = words()
        return made[language]

    return of_the_reader


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language, with the values in their places."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The same of a text that has two forms; `num` is the number."""
    return str(flask_babel.ngettext(one, many, number, **values))
