"""The papers' words: what the program says itself, by language, and what rules say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from string import Formatter

from babel.dates import format_date

from helpdesk_wellbeing.rules.model import Alternative, Rule
from helpdesk_wellbeing.rules.saying import saying
from helpdesk_wellbeing.upkeep.documents.texts import TEXTS


@dataclass(frozen=True)
class Wording:
    """One language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """A text of the table, filled in."""
        return TEXTS[key][self.language].format(**values)

    def of_rule(self, text: str) -> str:
        """What a rule's file says; the words of an admin's own rules stay as they are."""
        return saying(self.language).of_rule(text)

    def values_of(self, key: str) -> frozenset[str]:
        """The names of the values that are filled in."""
        return frozenset(name for _, name, _, _ in Formatter().parse(TEXTS[key][self.language]) if name)

    def __contains__(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in TEXTS

    def day(self, day: date | str) -> str:
        """A day as the language writes it; also one that is kept as ISO 8601."""
        on = date.fromisoformat(day) if isinstance(day, str) else day
        return str(format_date(on, "d MMM y", locale=self.language))

    def level(self, rule: Rule, alternatives: tuple[Alternative, ...]) -> str:
        """From which numbers on a level holds."""
        return saying(self.language).level(alternatives, rule.signal) or self("never")

    def exit(self, rule: Rule) -> str:
        """What ends a flag."""
        return saying(self.language).exit(rule.exit, rule.signal)
