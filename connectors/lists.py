"""How a plain list is read as a stream, and what a reader makes of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.positions import Position
from connectors.progress import Tracker
from connectors.session import HttpRefused
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import Page


@dataclass
class Seen:
    """What a reader made of one page's rows."""

    events: pl.DataFrame
    tickets: pl.DataFrame | None = None
    people: pl.DataFrame | None = None
    newest: int | None = None  # epoch seconds


Reader = Callable[[Any], Seen]


class ListStream:
    """What comes from a plain list: a stretch of time counts only once its list was read to the end."""

    def __init__(
        self,
        name: str,
        lists: Mapping[str, tuple[Callable[[int, int], Iterator[list[Any]]], Reader]],
        position: Position,
        tracker: Tracker,
        note: Callable[[str, HttpRefused], None],
        overlap_s: int,
    ) -> None:
        """`lists`: source -> (pages between two epoch seconds, reader), the preferred one first; `overlap_s` is how
        much is read again for what came late."""
        self.name = name
        self._overlap_s = overlap_s
        self.position = position
        self.stuck = False
        self._lists = lists
        self._tracker = tracker
        self._note = note

    def forward(self, now: int) -> Iterator[Page]:
        """What is new since the last poll."""
        place = self.position.forward
        start = self.position.low if place is None else max(self.position.low, place - self._overlap_s)
        yield from self._between(start, now, replace(self.position, forward=max(now, place or 0)))

    def backward(self, bound: int) -> Iterator[Page]:
        """The stretch before the stored one."""
        if self.stuck or self.position.low <= bound:
            return
        yield from self._between(bound, self.position.low, replace(self.position, low=bound))

    def _between(self, begin: int, end: int, after: Position) -> Iterator[Page]:
        self._tracker.begin(self.name, begin, end)
        settled = self.position.kept.get("source")
        refused = 0
        for source, (pages, read) in self._lists.items():
            if settled is not None and source != settled:
                continue
            answered = 0
            try:
                for rows in pages(begin, end):
                    seen = read(rows)
                    answered += seen.events.height
                    self._tracker.saw(len(rows), seen.newest)
                    if rows:
                        yield Page(self.name, seen.events, len(rows), None, newest=instant(seen.newest))
            except HttpRefused as error:
                if error.status not in (402, 403, 404):
                    raise
                refused += 1
                self._note(source, error)
                continue
            if answered:  # an account has one of the two kinds in use; the first that has answers is it
                after = replace(after, kept={**after.kept, "source": source})
                break
        self.stuck = refused == len(self._lists) or (settled is not None and refused > 0)
        if not self.stuck:
            self.position = after
            yield Page(self.name, events.empty(), 0, self.position.dump())


def instant(epoch: int | None) -> datetime | None:
    """An epoch second as an instant."""
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)
