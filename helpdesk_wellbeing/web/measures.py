"""The values of signals in words: what each number is called, and its unit; as `rules.saying` has them."""

from __future__ import annotations

from flask_babel import get_locale

from helpdesk_wellbeing.rules.saying import Saying, saying


def here() -> Saying:
    """The words of the reader's language."""
    return saying(str(get_locale()))


def name_of(value: str) -> str:
    """What a value is called; its own name where nobody has given it another (an admin's own signal)."""
    return here().name_of(value)


def axis_of(value: str) -> str:
    """The same with its unit, for an axis."""
    return here().axis_of(value)


def amount(name: str, number: float | None) -> str:
    """A value as the reader writes it, with its unit; missing is said."""
    return here().amount(name, number)
