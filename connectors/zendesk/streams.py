"""How one stream is read: forward to the newest, and backward in windows. Every page carries the place after
it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import polars as pl

from connectors.ahead import ahead
from connectors.session import HttpRefused
from connectors.zendesk.client import RawPage, ZendeskApi
from connectors.zendesk.positions import OVERLAP_S, Position
from connectors.zendesk.progress import Tracker
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import Page

RATINGS_OVERLAP_S = 7 * 24 * 3600  # a rating is listed under the day of its offer and may be given days later


@dataclass
class Seen:
    """What a reader made of one page's rows."""

    events: pl.DataFrame
    tickets: pl.DataFrame | None = None
    people: pl.DataFrame | None = None
    newest: int | None = None  # epoch seconds


@dataclass(frozen=True)
class Common:
    """What the streams of one pull share."""

    api: ZendeskApi
    tracker: Tracker
    note: Callable[[str], None]


Reader = Callable[[Any], Seen]
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


class TimeStream:
    """A time-based export: the next request starts at the end that the last answer named."""

    def __init__(
        self,
        name: str,
        resource: str,
        common: Common,
        read: Reader,
        cut: Cut,
        position: Position,
    ) -> None:
        """`cut` ends a window at its border."""
        self.name = name
        self.position = position
        self.stuck = False
        self._resource = resource
        self._api = common.api
        self._read = read
        self._cut = cut
        self._tracker = common.tracker
        self._note = common.note

    def forward(self, now: int) -> Iterator[Page]:
        """Everything since the last poll, a little of it again."""
        place = self.position.forward
        start = self.position.low if place is None else max(0, place - OVERLAP_S)
        self._tracker.begin(self.name, start, now)
        for raw in ahead(self._api.by_time(self._resource, start)):
            seen = self._read(raw.rows)
            if raw.end is not None:
                self.position = replace(self.position, forward=max(raw.end, self.position.forward or 0))
            yield self._page(raw, seen)

    def backward(self, bound: int) -> Iterator[Page]:
        """The window that ends where the stored history begins; an unfinished one is finished first."""
        while not self.stuck and self.position.low > bound:
            begin = bound if self.position.window_from is None else self.position.window_from
            at = self.position.window_at if self.position.window_from is not None else None
            yield from self._window(begin, self.position.low, begin if at is None else at)

    def _window(self, begin: int, end: int, at: int) -> Iterator[Page]:
        self._tracker.begin(self.name, begin, end)
        pages = self._api.by_time(self._resource, at, enough=lambda raw: raw.end is not None and raw.end >= end)
        for raw in ahead(pages):
            rows, _ = self._cut(raw.rows, end)
            seen = self._read(rows)
            complete = (raw.end is not None and raw.end >= end) or (raw.last and raw.note is None)
            if complete:
                self.position = replace(self.position, low=begin, window_from=None, window_at=None)
            elif raw.end is not None:
                self.position = replace(self.position, window_from=begin, window_at=raw.end)
            yield self._page(raw, seen, len(rows))
            if complete:
                return
        self.stuck = True

    def _page(self, raw: RawPage, seen: Seen, rows: int | None = None) -> Page:
        if raw.note:
            self._note(raw.note)
        count = len(raw.rows) if rows is None else rows
        self._tracker.saw(count, raw.end or seen.newest)
        return Page(
            self.name,
            seen.events,
            count,
            self.position.dump(),
            seen.tickets,
            _instant(raw.end or seen.newest),
            people=seen.people,
        )


class CursorStream:
    """A cursor export: a start time once, cursors from then on. The newest row's time stands by should a
    cursor be refused."""

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
        """`parse` may make a frame of an answer's rows; `keep` gives what the watermark must remember
        besides."""
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
        """Everything that changed since the cursor; from `low` on at first."""
        place = self.position.forward
        start = self.position.low if place is None else max(0, place - OVERLAP_S)
        self._tracker.begin(self.name, start, now)
        for raw in self._from(self.position.cursor, start):
            seen = self._read(raw.rows)
            newest = max(seen.newest or 0, self.position.forward or 0) or None
            self.position = replace(self.position, cursor=raw.cursor or self.position.cursor, forward=newest)
            yield self._page(raw, seen)

    def backward(self, bound: int) -> Iterator[Page]:
        """The window that ends where the stored history begins; an unfinished one is finished first."""
        while not self.stuck and self.position.low > bound:
            unfinished = self.position.window_from is not None
            begin = self.position.window_from if self.position.window_from is not None else bound
            cursor = self.position.window_cursor if unfinished else None
            at = self.position.window_at if unfinished else None
            yield from self._window(begin, self.position.low, cursor, begin if at is None else at)

    def _window(self, begin: int, end: int, cursor: str | None, at: int) -> Iterator[Page]:
        self._tracker.begin(self.name, begin, end)
        for raw in self._from(cursor, at, enough=lambda raw: self._cut(raw.rows, end)[1]):
            rows, beyond = self._cut(raw.rows, end)
            seen = self._read(rows)
            complete = beyond or (raw.last and raw.note is None)
            if complete:
                self.position = replace(self.position, low=begin, window_from=None, window_at=None, window_cursor=None)
            elif raw.cursor is not None:
                at = max(at, seen.newest or 0)
                self.position = replace(self.position, window_from=begin, window_at=at, window_cursor=raw.cursor)
            yield self._page(raw, seen, len(rows))
            if complete:
                return
        self.stuck = True

    def _from(
        self, cursor: str | None, start: int, enough: Callable[[RawPage], bool] = lambda raw: False
    ) -> Iterator[RawPage]:
        """Pages from the cursor; from the time before it where the platform takes the cursor no more."""
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

    def _page(self, raw: RawPage, seen: Seen, rows: int | None = None) -> Page:
        if raw.note:
            self._note(raw.note)
        if self._keep is not None:
            self.position = replace(self.position, kept=self._keep())
        count = len(raw.rows) if rows is None else rows
        self._tracker.saw(count, seen.newest)
        return Page(
            self.name,
            seen.events,
            count,
            self.position.dump(),
            seen.tickets,
            _instant(seen.newest),
            people=seen.people,
        )


class RatingStream:
    """Ratings come from a plain list, so a stretch of time counts only once its list was read to the end."""

    def __init__(
        self,
        lists: Mapping[str, tuple[Callable[[int, int], Iterator[list[Any]]], Reader]],
        position: Position,
        tracker: Tracker,
        note: Callable[[str, HttpRefused], None],
    ) -> None:
        """`lists`: source -> (pages between two epoch seconds, reader), the preferred one first."""
        self.name = "satisfaction"
        self.position = position
        self.stuck = False
        self._lists = lists
        self._tracker = tracker
        self._note = note

    def forward(self, now: int) -> Iterator[Page]:
        """What was rated since the last poll; the days before are read again for ratings given late."""
        place = self.position.forward
        start = self.position.low if place is None else max(self.position.low, place - RATINGS_OVERLAP_S)
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
                        yield Page(self.name, seen.events, len(rows), None, newest=_instant(seen.newest))
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


def _instant(epoch: int | None) -> Any:
    from datetime import UTC, datetime

    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)
