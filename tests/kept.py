"""What a store keeps of the pages of a pull, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk_wellbeing.feed import Connector, Page


@dataclass
class Kept:
    """Pages as a database keeps them: the first event of an id, the last watermark of a stream, what is to be
    remembered."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    watermarks: dict[str, str] = field(default_factory=dict)
    memory: dict[str, str] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def commit(self, page: Page) -> None:
        """In one transaction."""
        for row in page.events.iter_rows(named=True):
            self.events.setdefault(row["id"], row)
        for values in [] if page.tickets is None else page.tickets.iter_rows():
            self.tickets[values[0]] = values
        for row in [] if page.people is None else page.people.iter_rows(named=True):
            self.people[row["agent"]] = row
        if page.memory is not None:
            self.memory |= dict(page.memory.iter_rows())
        if page.watermark is not None:
            self.watermarks[page.stream] = page.watermark

    def take(self, connector: Connector, since: datetime | None = None, pages: int | None = None) -> list[Page]:
        """Go on from what is stored, up to the end, or for so many pages."""
        taken: list[Page] = []
        if pages == 0:
            return taken
        for page in connector.pull(dict(self.watermarks), since, self.remembered):
            self.commit(page)
            taken.append(page)
            if pages is not None and len(taken) >= pages:
                break
        return taken

    def remembered(self, tickets: Sequence[str]) -> dict[str, str]:
        """What a pull is given back."""
        return {ticket: self.memory[ticket] for ticket in tickets if ticket in self.memory}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind."""
        return [row for row in self.events.values() if row["kind"] == kind]
