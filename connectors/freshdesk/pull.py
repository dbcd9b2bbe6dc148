"""One pull: what changed, then what was said in it, then lists, then older history backward, window by window.

A small quota is spent where it tells most: one request of the list shows a hundred tickets, one for conversations a
single one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.freshdesk import records
from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.desk import DAY_S, HOUR_S, Desk, Taken
from connectors.freshdesk.diffs import Out
from connectors.freshdesk.export import Export
from connectors.freshdesk.extras import Extras
from connectors.freshdesk.roster import Book
from connectors.freshdesk.sights import Sight
from connectors.lists import instant
from connectors.positions import OVERLAP_S, WEEK_S, Position, older_bound
from connectors.positions import load as load_position
from connectors.progress import Tracker
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import Page, Remembered

TICKETS_AT_ONCE = 20  # so many tickets' conversations are one page: what a kill costs
GAP_S = 2 * DAY_S
# In patient pulls:
STATS_AFTER_S = 1800  # changes of status are dated well enough by pulls that are closer together
WALK_EVERY_S = 6 * HOUR_S  # through tickets whose conversations were to be read by then: none is left, most times
ASIDE_EVERY_S = 2 * HOUR_S
MOST_WAITING = 1000  # tickets that are known by id to wait; of more, the walk tells
_LISTED_A_CREDIT = 30.0
_ASIDE = ("spam", "deleted")  # shown only when asked for


class Pull:
    """Reads what is new and what is missing. Its pages, stored with watermark and memory, may end anywhere."""

    def __init__(
        self,
        api: FreshdeskApi,
        book: Book,
        tracker: Tracker,
        note: Callable[[str], None],
        watermarks: Mapping[str, str],
        remembered: Remembered,
    ) -> None:
        """`remembered` gives the memory of stored pages. What is asked first tells the time there, too."""
        self._positions = {name: load_position("freshdesk", name, mark) for name, mark in watermarks.items()}
        places = self._positions
        self._desk = Desk(api, book, note, remembered, places.get("tickets"), places.get("absent"))
        self._tracker = tracker
        self._tickets = Position(low=0)
        self._spoken = Position(low=0)

    @property
    def now(self) -> int:
        """The platform's time at the beginning of this pull, in epoch seconds."""
        return self._desk.now

    def learn(self) -> None:
        """The roster was read anew."""
        self._desk.learn()

    def roster_page(self) -> Page:
        """That the roster was read, and who is staff."""
        return self._desk.roster_page()

    def pages(self, since: datetime | None) -> Iterator[Page]:
        """Pages of every stream. What happened before `since` is left out; None for all there is."""
        now = self.now
        self._desk.floor = 0 if since is None else max(0, int(since.astimezone(UTC).timestamp()))
        positions = self._positions
        self._tickets = self._place(positions.get("tickets"), now)
        began = int(self._tickets.kept["began"])
        is_first = positions.get("tickets") is None
        export = Export(self._desk, positions.get("activities"), self._tracker, is_first=is_first)
        self._spoken = positions.get("conversations") or Position(low=0, forward=began)
        yield from self._forward(now)
        yield from self._conversations(now)
        recent = max(self._desk.floor, now - self._desk.settings.recent_weeks * WEEK_S)
        extras = Extras(self._desk, positions, recent, self._tracker)
        yield from extras.forward()
        yield from self._history(extras, export, now)
        yield from self._desk.absent_page()
        self._desk.tell_unreadable()

    def _place(self, stored: Position | None, now: int) -> Position:
        """The stream of tickets begins now: forward from here, backward from here."""
        if stored is None or stored.forward is None:
            return Position(low=now, forward=now, kept={"began": now, "floor": self._desk.floor})
        if self._desk.floor < int(stored.kept.get("floor", 0)):  # tickets in reach were read, but not what lies before
            kept = {**stored.kept, "floor": self._desk.floor, "afresh": True}
            return replace(stored, low=stored.forward, window_from=None, window_at=None, window_cursor=None, kept=kept)
        return stored

    # Forward

    def _forward(self, now: int) -> Iterator[Page]:
        """Every ticket that changed since the last pull, also those that went to spam or to the trash."""
        settled = self._tickets.kept.get("settled")
        if settled is not None and now - settled > GAP_S:
            self._desk.note(
                f"freshdesk: the last pull was {(now - settled) / DAY_S:.0f} days ago; of what was changed several "
                "times since, the list shows the last state only, so it is one change, some time in between"
            )
        since = None if settled is None else settled - OVERLAP_S
        for name in (None, *_ASIDE):
            yield from self._forward_pass(name, since, now)
        self._tickets = replace(self._tickets, kept={**self._tickets.kept, "settled": now})
        yield self._ticket_page(events.empty(), 0)

    def _forward_pass(self, name: str | None, since: int | None, now: int) -> Iterator[Page]:
        place = self._tickets
        aside = place.kept.get("aside", {}).get(name or "")
        if name is not None and aside is not None and self._desk.settings.patient and now - aside[1] < ASIDE_EVERY_S:
            return
        mark = (place.forward or now) if name is None else (aside[0] if aside is not None else place.kept["began"])
        start = max(0, mark - OVERLAP_S)
        self._tracker.begin("tickets", start, now, _LISTED_A_CREDIT)
        for rows in self._desk.listed(name, start, None, stats=name is None and self._wants_stats(now)):
            taken = self._desk.take(rows, since, now)
            mark = max([mark, *(row.sight.at for row in taken.rows)])
            if name is None:
                self._tickets = replace(self._tickets, forward=mark, kept=self._with_waiting(taken))
            else:
                self._tickets = self._aside(name, mark, aside[1] if aside is not None else 0)
            yield self._page_of(taken, len(rows))
        if name is not None:
            self._tickets = self._aside(name, mark, now)

    def _with_waiting(self, taken: Taken) -> dict[str, Any]:
        """Tickets whose conversations are put off, with their last change."""
        kept = dict(self._tickets.kept)
        if self._desk.settings.patient:
            waiting = dict(kept.get("waiting", {}))
            for seen in (row.sight for row in taken.rows):
                if self._desk.is_to_be_read(seen) and (seen.ticket in waiting or len(waiting) < MOST_WAITING):
                    waiting[seen.ticket] = seen.at
            kept["waiting"] = waiting
        return kept

    def _wants_stats(self, now: int) -> bool:
        """They cost two credits a page, and a patient pull comes again soon."""
        settled = self._tickets.kept.get("settled")
        return not self._desk.settings.patient or settled is None or now - settled > STATS_AFTER_S

    def _aside(self, name: str, mark: int, read_at: int) -> Position:
        kept = self._tickets.kept
        return replace(self._tickets, kept={**kept, "aside": {**kept.get("aside", {}), name: [mark, read_at]}})

    def _page_of(self, taken: Taken, rows: int, spoken: Out | None = None, people: pl.DataFrame | None = None) -> Page:
        frame = taken.out.frame() if spoken is None else pl.concat([taken.out.frame(), spoken.frame()])
        sights = list(self._desk.known([row.sight.ticket for row in taken.rows]).values())
        newest = max((seen.at for seen in sights), default=None)
        self._tracker.saw(rows, newest)
        return replace(
            self._ticket_page(self._desk.in_reach(frame), rows),
            tickets=records.states(taken.rows, self._desk.context) if taken.rows else None,
            memory=records.memories(sights) if sights else None,
            newest=instant(newest),
            people=people,
        )

    def _ticket_page(self, frame: pl.DataFrame, rows: int) -> Page:
        began = instant(int(self._tickets.kept["began"]))
        return Page("tickets", frame, rows, self._tickets.dump(), followed=began)

    # Conversations

    def _conversations(self, now: int) -> Iterator[Page]:
        """Of the tickets that changed, newest first; a patient pull leaves those that are being worked on for later."""
        settings, place = self._desk.settings, self._spoken
        late = [seen for seen in self._desk.overdue.values() if self._desk.is_to_be_read(seen)]
        yield from self._spoken_pages(late, None)
        bound = now + 1
        if settings.patient:
            yield from self._rested(now)
            bound = now - settings.longest_wait_minutes * 60
            if now - int(place.kept.get("walked", 0)) < WALK_EVERY_S:
                return
        pieces = [(int(a), int(b)) for a, b in place.kept.get("todo", ())]
        begin = place.forward or now
        if bound > begin and (self._tickets.forward or 0) >= begin - OVERLAP_S:
            pieces.append((begin, bound))
        self._spoken = replace(place, forward=max(begin, bound), kept={"todo": pieces, "walked": now})
        while pieces:
            begin, end = pieces.pop()
            if end - begin > DAY_S:
                pieces.append((begin, end - DAY_S))
                begin = end - DAY_S
            yield from self._spoken_in(begin, end, pieces)

    def _rested(self, now: int) -> Iterator[Page]:
        """What was said in tickets that were quiet for long enough."""
        waiting: dict[str, int] = dict(self._tickets.kept.get("waiting", {}))
        quiet = now - self._desk.settings.quiet_minutes * 60
        known = self._desk.known([ticket for ticket, at in waiting.items() if at <= quiet])
        rested = {ticket for ticket, seen in known.items() if now - seen.at >= self._desk.rest_s(seen)}
        wanted = [known[ticket] for ticket in rested if self._desk.is_to_be_read(known[ticket])]
        yield from self._spoken_pages(sorted(wanted, key=lambda seen: -seen.at), None)
        for ticket in rested:
            del waiting[ticket]
        self._tickets = replace(self._tickets, kept={**self._tickets.kept, "waiting": waiting})

    def _spoken_in(self, begin: int, end: int, others: Sequence[tuple[int, int]]) -> Iterator[Page]:
        """What was said in tickets that were last changed in [begin, end); `others` are still to be done after it."""
        start = max(0, begin - OVERLAP_S)
        self._tracker.begin("conversations", start, end, 1.0)
        for rows in self._desk.listed(None, start, end, stats=False):
            known = self._desk.seen_already(rows)
            wanted = [seen for seen in known if self._desk.is_to_be_read(seen) and not seen.gone]
            for first in range(0, len(wanted), TICKETS_AT_ONCE):
                some = wanted[first : first + TICKETS_AT_ONCE]
                place = max(begin, some[-1].at)
                yield from self._spoken_pages(some, [*others, (place, end)])
        self._spoken = replace(self._spoken, kept={**self._spoken.kept, "todo": list(others)})
        yield Page("conversations", events.empty(), 0, self._spoken.dump(), done=not others)

    def _spoken_pages(self, sights: Sequence[Sight], todo: list[tuple[int, int]] | None) -> Iterator[Page]:
        for first in range(0, len(sights), TICKETS_AT_ONCE):
            some = sights[first : first + TICKETS_AT_ONCE]
            out, after, people, rows = self._desk.read_conversations(some)
            if todo is not None:
                self._spoken = replace(self._spoken, kept={**self._spoken.kept, "todo": todo})
            newest = max(seen.at for seen in some)
            self._tracker.saw(len(some), newest)
            yield Page(
                "conversations", self._desk.in_reach(out.frame()), rows,
                self._spoken.dump() if todo is not None else None,
                newest=instant(newest), people=people, memory=records.memories(after),
            )  # fmt: skip
            if people is not None:
                yield self.roster_page()

    # Backward

    def _history(self, extras: Extras, export: Export, now: int) -> Iterator[Page]:
        """Older windows, the newest first: tickets that were last changed in them, with all that was said."""
        yield from export.pages(self._tickets.low)
        while self._tickets.low > self._desk.floor:
            place = self._tickets
            begin = place.window_from if place.window_from is not None else self._older(place.low, now)
            yield from self._window(max(begin, self._desk.floor), place.low, now)
            yield from extras.backward(max(begin, self._desk.floor), is_last=False)
            yield from export.pages(begin)
        yield from extras.backward(self._desk.floor, is_last=True)
        kept = {key: value for key, value in self._tickets.kept.items() if key != "afresh"}
        self._tickets = replace(self._tickets, kept=kept)
        yield replace(self._ticket_page(events.empty(), 0), done=True)

    def _older(self, low: int, now: int) -> int:
        for size in (DAY_S, WEEK_S, self._desk.settings.recent_weeks * WEEK_S):
            if low > now - size:
                return now - size
        return older_bound(low, (now - low) / WEEK_S, self._desk.floor)

    def _window(self, begin: int, end: int, now: int) -> Iterator[Page]:
        passes = (None, *_ASIDE)
        reached = self._tickets.window_cursor
        done = _ASIDE.index(reached) + 1 if reached in _ASIDE else 0
        self._tickets = replace(self._tickets, window_from=begin)
        for name in passes[done:]:
            if name != reached:
                self._tickets = replace(self._tickets, window_at=None, window_cursor=name)
            at = self._tickets.window_at
            yield from self._window_pass(name, begin if at is None else at, end, now)
        self._tickets = replace(self._tickets, low=begin, window_from=None, window_at=None, window_cursor=None)
        yield self._ticket_page(events.empty(), 0)

    def _window_pass(self, name: str | None, at: int, end: int, now: int) -> Iterator[Page]:
        afresh = bool(self._tickets.kept.get("afresh"))
        self._tracker.begin("tickets", at, end, 1.0 if name is None else _LISTED_A_CREDIT)
        for rows in self._desk.listed(name, at, end, stats=name is None):
            ordered = sorted(rows, key=lambda row: str(row.get("updated_at")) if isinstance(row, dict) else "")
            for first in range(0, len(ordered), TICKETS_AT_ONCE):
                some = ordered[first : first + TICKETS_AT_ONCE]
                taken = self._desk.take(some, None, now, afresh=afresh)
                wanted = [row.sight for row in taken.rows if row.sight.may_have_news() and name != "spam"]
                yield from self._with_conversations(taken, wanted, len(some), at)

    def _with_conversations(self, taken: Taken, wanted: list[Sight], rows: int, at: int) -> Iterator[Page]:
        spoken, _, people, _ = self._desk.read_conversations(wanted)
        reached = max((row.sight.at for row in taken.rows), default=at)
        before = self._tickets.window_at
        self._tickets = replace(self._tickets, window_at=reached if before is None else max(before, reached))
        yield self._page_of(taken, rows, spoken, people)
        if people is not None:
            yield self.roster_page()
