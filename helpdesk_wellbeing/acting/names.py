"""What agents and groups are called, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store import Store


@dataclass(frozen=True)
class Names:
    """What agents and groups are called; an id without a name is its own."""

    agents: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def agent(self, id: str) -> str:
        return self.agents.get(id) or id

    def group(self, id: str) -> str:
        return self.groups.get(id) or id


def names_of(store: Store, account: str) -> Names:
    """From the account's directory."""
    return names_in(store.directory(account))


def names_in(directory: Directory) -> Names:
    """The same from a directory."""
    people = directory.people.filter(directory.people["name"].is_not_null())
    groups = directory.groups.filter(directory.groups["name"].is_not_null())
    return Names(
        dict(zip(people["agent"], people["name"], strict=True)), dict(zip(groups["group"], groups["name"], strict=True))
    )
