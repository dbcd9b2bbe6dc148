"""What was found of an account's own rules that survey tickets could set off, whatever the platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpdesk_wellbeing.acting.helpdesk import SURVEY_TAG
from helpdesk_wellbeing.said import N_

UNREAD = N_(
    "your %(what)s could not be read (%(why)s); if there are any (%(where)s), give each the condition: %(condition)s"
)


@dataclass(frozen=True)
class Rule:
    """An active rule of theirs that does not leave our survey tickets out."""

    kind: str
    id: str
    title: str
    effect: str
    where: str  # in the platform's own pages
    add: str  # the condition that it lacks

    def to_json(self) -> dict[str, str]:
        """For people and programs."""
        return {"kind": self.kind, "id": self.id, "title": self.title, "effect": self.effect, "where": self.where,
                "add": self.add}  # fmt: skip


@dataclass(frozen=True)
class Guard:
    """What was found: rules to be completed by hand, and what could not be looked at. `under`: where conditions go."""

    under: str
    rules: tuple[Rule, ...] = ()
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"tag": SURVEY_TAG, "rules": [rule.to_json() for rule in self.rules], "unread": list(self.unread),
                "notes": list(self.notes)}  # fmt: skip

    def lines(self) -> Iterator[str]:
        """What an admin should do, rule by rule."""
        if self.rules:
            yield "to be done by hand, before the first survey, so that survey tickets set off none of your own rules:"
        for add in dict.fromkeys(rule.add for rule in self.rules):
            yield f"in each of these add, under “{self.under}”: {add}"
        for where in dict.fromkeys(rule.where for rule in self.rules):
            yield f"  {where}"
            yield from (f"    {rule.title} ({rule.id}): {rule.effect}" for rule in self.rules if rule.where == where)
        yield from self.unread
        yield from self.notes
