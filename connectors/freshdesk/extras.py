"""Lists besides the tickets: ratings, time entries, who takes tickets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.freshdesk import records
from connectors.freshdesk.client import is_absent
from connectors.freshdesk.desk import DAY_S, HOUR_S, Desk
from connectors.freshdesk.diffs import Out
from connectors.freshdesk.walk import iso
from connectors.lists import ListStream, Seen, instant
from connectors.positions import Position
from connectors.progress import Tracker
from connectors.session import HttpRefused
from helpdesk_wellbeing.feed import Page

LISTS_EVERY_S = 3 * HOUR_S  # in patient pulls
AVAILABILITY_EVERY_S = 1800
_EDITS_S = 14 * DAY_S  # time entries can be booked on days before
_LISTS = {"satisfaction": "the list of satisfaction ratings", "time_entries": "the list of time entries"}
_AVAILABILITY = "agent availability"


class Extras:
    """The lists of one pull. Each stretch of time counts once its list was read to the end."""

    def __init__(self, desk: Desk, positions: Mapping[str, Position], recent: int, tracker: Tracker) -> None:
        """`recent`: where a first pull begins, in epoch seconds."""
        self._desk = desk
        self._tracker = tracker
        self._snapshot = positions.get("availability")
        self._streams = self._lists(positions, recent, desk.now)

    def forward(self) -> Iterator[Page]:
        """What is new."""
        now = self._desk.now
        for stream in self._streams:
            if not self._desk.is_recent(stream.position, now, LISTS_EVERY_S) and self._is_there(stream):
                yield from stream.forward(now)
        yield from self._availability(self._snapshot, now)

    def backward(self, bound: int, *, is_last: bool) -> Iterator[Page]:
        """What is older, down to `bound` (epoch seconds); the list of ratings knows no end, so it is read once."""
        for stream in self._streams:
            if (is_last or stream.name != "satisfaction") and self._is_there(stream):
                yield from stream.backward(bound)

    def _is_there(self, stream: ListStream) -> bool:
        return not self._desk.is_absent(_LISTS[stream.name], self._desk.now)

    def _lists(self, positions: Mapping[str, Position], recent: int, now: int) -> list[ListStream]:
        spent = positions.get("time_entries") or Position(low=recent)
        deep = now - int(spent.kept.get("deep", 0)) >= DAY_S  # edits and late bookings are looked for once a day
        if deep:
            spent = replace(spent, kept={**spent.kept, "deep": now})
        rated = positions.get("satisfaction") or Position(low=recent)
        return [
            ListStream(
                "satisfaction", {"ratings": (self._rating_pages, self._read_ratings)}, rated, self._tracker,
                lambda source, refused: self._desk.lacks(_LISTS["satisfaction"], refused), DAY_S,
            ),
            ListStream(
                "time_entries", {"entries": (self._entry_pages, self._read_entries)}, spent, self._tracker,
                lambda source, refused: self._desk.lacks(_LISTS["time_entries"], refused),
                _EDITS_S if deep else DAY_S,
            ),
        ]  # fmt: skip

    def _rating_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        """The list has no end of its own; what comes after `end` was read before."""
        for rows in self._desk.api.listed("/api/v2/surveys/satisfaction_ratings", {"created_since": iso(begin)}):
            yield [row for row in rows if not isinstance(row, dict) or str(row.get("created_at")) <= iso(end)]

    def _entry_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        return self._desk.api.listed(
            "/api/v2/time_entries", {"executed_after": iso(begin), "executed_before": iso(end)}
        )

    def _read_ratings(self, rows: Sequence[Any]) -> Seen:
        return self._seen("ratings", records.ratings(rows, self._desk.context))

    def _read_entries(self, rows: Sequence[Any]) -> Seen:
        now = int(self._desk.api.platform_now().timestamp())
        return self._seen("time entries", records.time_entries(rows, self._desk.context, now))

    def _seen(self, what: str, out: Out) -> Seen:
        self._desk.unreadable[what] += out.unreadable
        return Seen(self._desk.in_reach(out.frame()), newest=max(out.at, default=None))

    def _availability(self, position: Position | None, now: int) -> Iterator[Page]:
        """One snapshot of who takes tickets; what changed since the last one is an event."""
        if self._desk.is_absent(_AVAILABILITY, now):
            return
        if position is not None and self._desk.is_recent(position, now, AVAILABILITY_EVERY_S):
            return
        kept = {} if position is None else position.kept.get("agents", {})
        before = {agent: (str(word), str(since)) for agent, (word, since) in kept.items()}
        rows: list[Any] = []
        try:
            for some in self._desk.api.listed("/api/v2/agents", {"only": "availability"}):
                rows += some
        except HttpRefused as refused:
            if refused.status != 400 and not is_absent(refused):
                raise
            self._desk.lacks(_AVAILABILITY, refused)
            return
        out, snapshot = records.presence(rows, before, self._desk.context)
        self._desk.unreadable["availability"] += out.unreadable
        place = Position(low=0, forward=now, kept={"agents": snapshot})
        yield Page("availability", out.frame(), len(rows), place.dump(), newest=instant(now), done=True)
