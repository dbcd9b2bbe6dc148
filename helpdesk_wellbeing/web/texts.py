"""Flask-Babel's functions, with types."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language, with the values in their places."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The same of a text that has two forms; `num` is the number."""
    return str(flask_babel.ngettext(one, many, number, **values))
