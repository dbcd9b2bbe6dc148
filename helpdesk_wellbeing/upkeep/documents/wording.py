"""The papers' words: what the program says itself, by language. The words of an admin's own rules stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk_wellbeing.rules.model import Alternative, Exit, Rule
from helpdesk_wellbeing.upkeep.documents.texts import RULES, TEXTS


@dataclass(frozen=True)
class Wording:
    """One language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """A text of the table, filled in."""
        return TEXTS[key][self.language].format(**values)

    def __contains__(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in TEXTS

    def title(self, rule: Rule) -> str:
        """What a rule is called."""
        return self._of(rule, "title") or rule.title

    def why(self, rule: Rule) -> str:
        """Why it is looked for."""
        return self._of(rule, "why") or rule.why

    def needs(self, rule: Rule) -> str:
        """What must be known before anything is said."""
        return self._of(rule, "needs") or rule.needs

    def level(self, alternatives: tuple[Alternative, ...]) -> str:
        """From which numbers on a level holds."""
        return self("or").join(self._alternative(one) for one in alternatives) or self("never")

    def exit(self, end: Exit) -> str:
        """What ends a flag."""
        text = self("or").join(self("and").join(f"`{c}`" for c in group) for group in end.any)
        return text if end.after == 1 else self("in a row", text=text, number=end.after)

    def _alternative(self, one: Alternative) -> str:
        text = self("and").join(f"`{comparison}`" for comparison in one.all)
        return text if one.after == 1 else self("in a row", text=text, number=one.after)

    def _of(self, rule: Rule, what: str) -> str | None:
        """Ours, unless the admin has put other words in their place."""
        said = RULES.get(rule.id, {}) if self.language == "nl" else {}
        return said[what] if said.get("of") == rule.title else None
