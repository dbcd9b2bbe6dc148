"""How one stream is read: forward to the newest, and backward in windows. Every page carries the place after
it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from connectors.ahead import ahead
from connectors.lists import Reader, Seen, instant
from connectors.positions import OVERLAP_S, Position
from connectors.progress import Tracker
from connectors.session import HttpRefused
from connectors.zendesk.client import RawPage, ZendeskApi
from helpdesk_wellbeing.feed import Page

HELD_BACK_S = 60


@dataclass(frozen=True)
class Common:
    """What the streams of one pull share."""

    api: ZendeskApi
    tracker: Tracker
    note: Callable[[str], None]


Enough = Callable[[RawPage], bool]  # whether no more pages are needed
Cut = Callable[[Any, int], tuple[Any, bool]]  # rows before an epoch second, and whether others came, too


def cut_by(stamp: Callable[[Any], int | None]) -> Cut:
    """Cuts a list of rows by each row's time; rows without one stay."""

    def cut(rows: Sequence[Any], end: int) -> tuple[list[Any], bool]:
        kept = [row for row in rows if (at := stamp(row)) is None or at < end]
        return kept, len(kept) < len(rows)

    return cut


class Stream(Protocol):
    """One stream of the account, with its place. `stuck` ends it for this pull."""

    name: str
    position: Position
    stuck: bool

    def forward(self, now: int) -> Iterator[Page]: ...

    def backward(self, bound: int) -> Iterator[Page]: ...


class _Export(ABC):
    """What a time-based export and a cursor export have in common: both are read on from where the last page ended."""

    def __init__(
        self,
        name: str,
        resource: str,
        common: Common,
        read: Reader,
        cut: Cut,
        position: Position,
        keep: Callable[[], dict[str, Any]] | None = None,
        parse: Callable[[bytes], Any] | None = None,
    ) -> None:
        """`cut` ends a window at its border; `keep` gives what the watermark must remember besides; `parse` may make
        a frame of an answer's rows."""
        self.name = name
        self.position = position
        self.stuck = False
        self._resource = resource
        self._api = common.api
        self._read = read
        self._cut = cut
        self._tracker = common.tracker
        self._note = common.note
        self._keep = keep
        self._parse = parse

    def forward(self, now: int) -> Iterator[Page]:
        """Everything since the last poll; from `low` on at first."""
        place = self.position.forward
        start = self.position.low if place is None else max(0, place - OVERLAP_S)
        self._tracker.begin(self.name, start, now)
        for raw in self._pages(self.position.cursor, start):
            seen = self._read(raw.rows)
            self.position = self._further(raw, seen)
            yield replace(self._page(raw, seen, len(raw.rows)), covers=self._covered(raw, now))

    def backward(self, bound: int) -> Iterator[Page]:
        """The window that ends where the stored history begins; an unfinished one is finished first."""
        while not self.stuck and self.position.low > bound:
            place = self.position
            begin = bound if place.window_from is None else place.window_from
            yield from self._window(begin, place.low)

    def _window(self, begin: int, end: int) -> Iterator[Page]:
        cursor, at = self._place_in_window(begin)
        self._tracker.begin(self.name, begin, end)
        for raw in self._pages(cursor, at, lambda raw: self._reaches(raw, end)):
            rows, _ = self._cut(raw.rows, end)
            seen = self._read(rows)
            complete = self._reaches(raw, end) or (raw.last and raw.note is None)
            if complete:
                self.position = replace(self.position, low=begin, window_from=None, window_at=None, window_cursor=None)
            else:
                self.position = self._further_in_window(raw, seen, begin, at)
            yield self._page(raw, seen, len(rows))
            if complete:
                return
        self.stuck = True

    def _place_in_window(self, begin: int) -> tuple[str | None, int]:
        """Cursor and time from which the window goes on; one that hasn't begun yet goes on from its beginning."""
        place = self.position
        if place.window_from is None:
            return None, begin
        return place.window_cursor, begin if place.window_at is None else place.window_at

    def _page(self, raw: RawPage, seen: Seen, rows: int) -> Page:
        if raw.note:
            self._note(raw.note)
        if self._keep is not None:
            self.position = replace(self.position, kept=self._keep())
        newest = raw.end or seen.newest
        self._tracker.saw(rows, newest)
        return Page(
            self.name,
            seen.events,
            rows,
            self.position.dump(),
            seen.tickets,
            instant(newest),
            people=seen.people,
        )

    def _covered(self, raw: RawPage, now: int) -> datetime | None:
        """Up to where this page, read forward at `now`, shows all that happened to tickets; None: it shows no such."""
        return None

    @abstractmethod
    def _pages(self, cursor: str | None, start: int, enough: Enough = lambda raw: False) -> Iterator[RawPage]:
        """From the cursor where there is one, else from `start` (epoch seconds), until `enough`."""

    @abstractmethod
    def _reaches(self, raw: RawPage, end: int) -> bool:
        """Whether the page goes up to the window's end."""

    @abstractmethod
    def _further(self, raw: RawPage, seen: Seen) -> Position:
        """The place after a page that was read forward."""

    @abstractmethod
    def _further_in_window(self, raw: RawPage, seen: Seen, begin: int, at: int) -> Position:
        """The place after a page of an unfinished window that was begun, or gone on with, at the time `at`."""


class TimeStream(_Export):
    """A time-based export: the next request starts at the end that the last answer named."""

    tells_changes = False  # of tickets

    def _covered(self, raw: RawPage, now: int) -> datetime | None:
        if not self.tells_changes:
            return None
        # The export holds back its last minute; what it shows up to its end is everything before that.
        ends = [raw.end] if raw.end is not None else []
        return instant(max([*ends, now - HELD_BACK_S] if raw.last and raw.note is None else ends, default=None))

    def _pages(self, cursor: str | None, start: int, enough: Enough = lambda raw: False) -> Iterator[RawPage]:
        return ahead(self._api.by_time(self._resource, start, enough=enough))

    def _reaches(self, raw: RawPage, end: int) -> bool:
        return raw.end is not None and raw.end >= end

    def _further(self, raw: RawPage, seen: Seen) -> Position:
        if raw.end is None:
            return self.position
        return replace(self.position, forward=max(raw.end, self.position.forward or 0))

    def _further_in_window(self, raw: RawPage, seen: Seen, begin: int, at: int) -> Position:
        if raw.end is None:
            return self.position
        return replace(self.position, window_from=begin, window_at=raw.end)


class TicketEvents(TimeStream):
    """The export of changes of tickets, to which webhooks give way."""

    tells_changes = True


class CursorStream(_Export):
    """A cursor export: a start time once, cursors from then on. The newest row's time stands by should a
    cursor be refused."""

    def _pages(self, cursor: str | None, start: int, enough: Enough = lambda raw: False) -> Iterator[RawPage]:
        """From the cursor; from the time before it where the platform takes the cursor no more."""
        first = True
        try:
            for raw in ahead(self._api.by_cursor(self._resource, cursor, start, self._parse, enough)):
                first = False
                yield raw
        except HttpRefused as refused:
            if cursor is None or not first or refused.status not in (400, 410, 422):
                raise
            self._note(f"zendesk: the stored cursor of {self.name} isn't taken any more; reading on from its time")
            yield from ahead(self._api.by_cursor(self._resource, None, start, self._parse, enough))

    def _reaches(self, raw: RawPage, end: int) -> bool:
        return self._cut(raw.rows, end)[1]

    def _further(self, raw: RawPage, seen: Seen) -> Position:
        newest = max(seen.newest or 0, self.position.forward or 0) or None
        return replace(self.position, cursor=raw.cursor or self.position.cursor, forward=newest)

    def _further_in_window(self, raw: RawPage, seen: Seen, begin: int, at: int) -> Position:
        if raw.cursor is None:
            return self.position
        newest = max(at, self.position.window_at or 0, seen.newest or 0)
        return replace(self.position, window_from=begin, window_at=newest, window_cursor=raw.cursor)
