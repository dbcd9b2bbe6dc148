"""One pull: what changed, then what was said in it, then lists, then older history backward, window by window.

A small quota is spent where it tells most: one request of the list shows a hundred tickets, one for conversations a
single one's.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.columns import Columns
from connectors.freshdesk import records
from connectors.freshdesk.client import ROWS, FreshdeskApi, is_absent, lacking
from connectors.freshdesk.diffs import CLOSED, SOLVED, Context, Out, tell
from connectors.freshdesk.roster import Book, look_up
from connectors.freshdesk.sights import TROUBLE, News, Row, Sight, load, read_row
from connectors.freshdesk.walk import by_key, iso
from connectors.lists import ListStream, Seen, instant
from connectors.positions import OVERLAP_S, WEEK_S, Position, older_bound
from connectors.positions import load as load_position
from connectors.progress import Tracker
from connectors.session import HttpRefused
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import Page, Remembered

DAY_S = 24 * 3600
HOUR_S = 3600
TICKETS_AT_ONCE = 20  # so many tickets' conversations are one page: what a kill costs
GAP_S = 2 * DAY_S
STATS_AFTER_S = 1800  # changes of status are dated well enough by pulls that are closer together
# How often patient pulls look where little happens.
LISTS_EVERY_S = 3 * HOUR_S
AVAILABILITY_EVERY_S = 1800
CONVERSATIONS_EVERY_S = 1800
ASIDE_EVERY_S = 2 * HOUR_S
REST_S = 20 * HOUR_S  # a solved ticket that closes after so long was closed by a rule, in which nobody writes
_EDITS_S = 14 * DAY_S  # time entries can be booked on days before
_KEPT_SIGHTS = 20_000  # of this pull: their pages may not be stored yet
_LISTED_A_CREDIT = 30.0
_SECOND_S = 2
_ASIDE = ("spam", "deleted")  # shown only when asked for
_ASIDE_NAMES = {"spam": "the list of tickets in spam", "deleted": "the list of tickets in the trash"}
_LISTS = {"satisfaction": "the list of satisfaction ratings", "time_entries": "the list of time entries"}
_AVAILABILITY = "agent availability"

Note = Callable[[str], None]


@dataclass
class _Taken:
    """What became of the rows of a list page."""

    rows: list[Row]
    out: Out


class Pull:
    """Reads what is new and what is missing. Its pages, stored with watermark and memory, may end anywhere."""

    def __init__(
        self,
        api: FreshdeskApi,
        book: Book,
        tracker: Tracker,
        note: Note,
        watermarks: Mapping[str, str],
        remembered: Remembered,
    ) -> None:
        """`remembered` gives the memory of stored pages. What is asked first tells the time there, too."""
        self._api = api
        self._settings = api.settings
        self._book = book
        self._tracker = tracker
        self._note = note
        self._positions = {name: load_position("freshdesk", name, mark) for name, mark in watermarks.items()}
        self._remembered = remembered
        self._sights: OrderedDict[str, Sight] = OrderedDict()
        self._overdue: dict[str, Sight] = {}
        self._unreadable: Counter[str] = Counter()
        self._with_stats = True
        self._tickets = Position(low=0)
        self._spoken = Position(low=0)
        self._floor = 0
        self._absent: dict[str, Any] = {}
        self._absent_before: dict[str, Any] = {}
        self._first: tuple[int, list[Any]] | None = None
        self.now = self._time_there()
        self._context = self._fresh_context()

    def _time_there(self) -> int:
        """Epoch seconds; a pull that goes on from a place asks what it has to ask anyway."""
        place = self._positions.get("tickets")
        if place is not None and place.forward is not None and self._settings.patient:
            start = max(0, place.forward - OVERLAP_S)
            self._first = start, self._api.rows("/api/v2/tickets", _query(start, 1))
        return int(self._api.platform_now().timestamp())

    def learn(self) -> None:
        """The roster was read anew."""
        self._context = self._fresh_context()

    def roster_page(self) -> Page:
        """That the roster was read, and who is staff."""
        return Page("roster", events.empty(), 0, self._book.position().dump())

    def pages(self, since: datetime | None) -> Iterator[Page]:
        """Pages of every stream. What happened before `since` is left out; None for all there is."""
        now = self.now
        self._floor = 0 if since is None else max(0, int(since.astimezone(UTC).timestamp()))
        positions = self._positions
        self._tickets = self._place(positions.get("tickets"), now)
        began = int(self._tickets.kept["began"])
        self._spoken = positions.get("conversations") or Position(low=0, forward=began)
        absent = positions.get("absent")
        self._absent = {} if absent is None else dict(absent.kept)
        self._absent_before = self._absent
        yield from self._forward(now)
        yield from self._conversations(now)
        recent = max(self._floor, now - self._settings.recent_weeks * WEEK_S)
        lists = self._lists(positions, recent, now)
        for stream in lists:
            if not self._is_recent(stream.position, now, LISTS_EVERY_S) and not self._is_absent(
                _LISTS[stream.name], now
            ):
                yield from stream.forward(now)
        yield from self._availability(positions.get("availability"), now)
        yield from self._history(lists, now)
        if self._absent != self._absent_before:
            yield Page("absent", events.empty(), 0, Position(low=0, kept=self._absent).dump())
        self._tell()

    def _lacks(self, what: str, refused: HttpRefused) -> None:
        """A line about what the account lacks; patient pulls ask again the next day."""
        self._note(lacking(what, refused))
        self._absent = {**self._absent, what: int(self._api.platform_now().timestamp())}

    def _is_absent(self, what: str, now: int) -> bool:
        return self._settings.patient and now - int(self._absent.get(what, 0)) < DAY_S

    def _place(self, stored: Position | None, now: int) -> Position:
        """The stream of tickets begins now: forward from here, backward from here."""
        if stored is None or stored.forward is None:
            return Position(low=now, forward=now, kept={"began": now, "floor": self._floor})
        if self._floor < int(stored.kept.get("floor", 0)):  # tickets in reach were read, but not what lies before
            kept = {**stored.kept, "floor": self._floor, "afresh": True}
            return replace(stored, low=stored.forward, window_from=None, window_at=None, window_cursor=None, kept=kept)
        return stored

    def _is_recent(self, position: Position, now: int, every_s: int) -> bool:
        """Whether a patient pull can do without reading it again."""
        return self._settings.patient and position.forward is not None and now - position.forward < every_s

    # Forward

    def _forward(self, now: int) -> Iterator[Page]:
        """Every ticket that changed since the last pull, also those that went to spam or to the trash."""
        settled = self._tickets.kept.get("settled")
        if settled is not None and now - settled > GAP_S:
            self._note(
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
        if name is not None and aside is not None and self._settings.patient and now - aside[1] < ASIDE_EVERY_S:
            return
        mark = (place.forward or now) if name is None else (aside[0] if aside is not None else place.kept["began"])
        start = max(0, mark - OVERLAP_S)
        self._tracker.begin("tickets", start, now, _LISTED_A_CREDIT)
        for rows in self._listed(name, start, None, stats=name is None and self._wants_stats(now)):
            taken = self._take(rows, since, now)
            mark = max([mark, *(row.sight.at for row in taken.rows)])
            if name is None:
                self._tickets = replace(self._tickets, forward=mark)
            else:
                self._tickets = self._aside(name, mark, aside[1] if aside is not None else 0)
            yield self._page_of(taken, len(rows))
        if name is not None:
            self._tickets = self._aside(name, mark, now)

    def _wants_stats(self, now: int) -> bool:
        """They cost two credits a page, and a patient pull comes again soon."""
        settled = self._tickets.kept.get("settled")
        return not self._settings.patient or settled is None or now - settled > STATS_AFTER_S

    def _aside(self, name: str, mark: int, read_at: int) -> Position:
        kept = self._tickets.kept
        return replace(self._tickets, kept={**kept, "aside": {**kept.get("aside", {}), name: [mark, read_at]}})

    def _listed(self, name: str | None, begin: int, end: int | None, stats: bool) -> Iterator[list[Any]]:
        def ask(at: int, page: int) -> list[Any]:
            query = _query(at, page)
            if name is not None:
                query["filter"] = name
            if stats and self._with_stats:
                try:
                    return self._api.rows("/api/v2/tickets", {**query, "include": "stats"})
                except HttpRefused as refused:
                    if refused.status not in (400, 403):
                        raise
                    self._with_stats = False  # if the list itself is refused, it is so again
                    rows = self._api.rows("/api/v2/tickets", query)
                    self._note(
                        f"freshdesk: the list of tickets does not come with `stats` here ({refused.status}); when "
                        "tickets were solved or reopened is only known to lie between two pulls"
                    )
                    return rows
            if name is None and page == 1 and self._first is not None and self._first[0] == at:
                rows, self._first = self._first[1], None
                return rows
            return self._api.rows("/api/v2/tickets", query)

        try:
            yield from by_key(ask, begin, end, self._note)
        except HttpRefused as refused:
            if name is None or not is_absent(refused):
                raise
            self._lacks(_ASIDE_NAMES[name], refused)

    def _take(self, rows: Sequence[Any], since: int | None, now: int, *, afresh: bool = False) -> _Taken:
        """Rows of the list, compared with what was seen of their tickets before."""
        found: list[Row] = []
        for raw in rows:
            try:
                found.append(read_row(raw))
            except TROUBLE:
                self._unreadable["tickets"] += 1
        found.sort(key=lambda row: row.sight.at)
        known = self._known([row.sight.ticket for row in found])
        taken = _Taken([], Columns(self._context))
        for row in found:
            before = known.get(row.sight.ticket)
            if before is not None and before.at > row.sight.at:
                continue
            news = News() if before is None or afresh else before.news
            seen = replace(row.sight, news=news)
            if before is not None and not afresh and replace(before, news=news) == seen:
                if not seen.may_have_news():
                    continue
            else:
                tell(replace(row, sight=seen), None if afresh else before, since, taken.out)
                news = replace(news, idle=_only_closed(before, seen))
                seen = replace(seen, news=news)
            if seen.may_have_news() and news.waiting is None:
                seen = replace(seen, news=replace(news, waiting=now))
            known[seen.ticket] = seen
            self._remember(seen)
            taken.rows.append(replace(row, sight=seen))
            self._note_overdue(seen, before, now)
        return taken

    def _note_overdue(self, seen: Sight, before: Sight | None, now: int) -> None:
        """A ticket that never rests, or is taken from us, doesn't wait any longer."""
        if not self._to_be_read(seen) or seen.news.waiting is None:
            return
        lost = seen.gone and before is not None and not before.gone
        if lost or (not seen.gone and now - seen.news.waiting >= self._settings.longest_wait_minutes * 60):
            self._overdue[seen.ticket] = seen

    def _to_be_read(self, seen: Sight) -> bool:
        return seen.may_have_news() and not (seen.news.idle and self._settings.patient)

    def _known(self, tickets: Sequence[str]) -> dict[str, Sight]:
        ours = {ticket: self._sights[ticket] for ticket in tickets if ticket in self._sights}
        asked = [ticket for ticket in tickets if ticket not in ours]
        for ticket, memory in (self._remembered(asked) if asked else {}).items():
            seen = load(ticket, memory)
            if seen is not None:
                ours[ticket] = seen
        return ours

    def _remember(self, seen: Sight) -> None:
        self._sights[seen.ticket] = seen
        self._sights.move_to_end(seen.ticket)
        if len(self._sights) > _KEPT_SIGHTS:
            self._sights.popitem(last=False)

    def _page_of(self, taken: _Taken, rows: int, spoken: Out | None = None, people: pl.DataFrame | None = None) -> Page:
        frame = taken.out.frame() if spoken is None else pl.concat([taken.out.frame(), spoken.frame()])
        sights = [self._sights.get(row.sight.ticket, row.sight) for row in taken.rows]
        newest = max((seen.at for seen in sights), default=None)
        self._tracker.saw(rows, newest)
        return replace(
            self._ticket_page(self._in_reach(frame), rows),
            tickets=records.states(taken.rows, self._context) if taken.rows else None,
            memory=records.memories(sights) if sights else None,
            newest=instant(newest),
            people=people,
        )

    def _ticket_page(self, frame: pl.DataFrame, rows: int) -> Page:
        began = instant(int(self._tickets.kept["began"]))
        return Page("tickets", frame, rows, self._tickets.dump(), followed=began)

    def _in_reach(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Without what lies before the time that was asked for."""
        if not self._floor or frame.is_empty():
            return frame
        return frame.filter(pl.col("at") >= datetime.fromtimestamp(self._floor, UTC))

    # Conversations

    def _conversations(self, now: int) -> Iterator[Page]:
        """Of the tickets that changed, newest first; a patient pull leaves those that are being worked on for later."""
        settings, place = self._settings, self._spoken
        late = [seen for seen in self._overdue.values() if self._to_be_read(seen)]
        yield from self._spoken_pages(late, None)
        bound = now - settings.quiet_minutes * 60 if settings.patient else now + 1
        walked = int(place.kept.get("walked", 0))
        if settings.patient and now - walked < CONVERSATIONS_EVERY_S:
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
            yield from self._spoken_in(begin, end, pieces, now)

    def _spoken_in(self, begin: int, end: int, others: Sequence[tuple[int, int]], now: int) -> Iterator[Page]:
        """What was said in tickets that were last changed in [begin, end); `others` are still to be done after it."""
        start = max(0, begin - OVERLAP_S)
        self._tracker.begin("conversations", start, end, 1.0)
        for rows in self._listed(None, start, end, stats=False):
            known = self._seen_already(rows, now)
            wanted = [seen for seen in known if self._to_be_read(seen) and not seen.gone]
            for first in range(0, len(wanted), TICKETS_AT_ONCE):
                some = wanted[first : first + TICKETS_AT_ONCE]
                place = max(begin, some[-1].at)
                yield from self._spoken_pages(some, [*others, (place, end)])
        self._spoken = replace(self._spoken, kept={**self._spoken.kept, "todo": list(others)})
        yield Page("conversations", events.empty(), 0, self._spoken.dump(), done=not others)

    def _seen_already(self, rows: Sequence[Any], now: int) -> list[Sight]:
        """The tickets of list rows, as they were seen when they were compared."""
        named = [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
        known = self._known(named)
        return sorted((known[ticket] for ticket in named if ticket in known), key=lambda seen: seen.at)

    def _spoken_pages(self, sights: Sequence[Sight], todo: list[tuple[int, int]] | None) -> Iterator[Page]:
        for first in range(0, len(sights), TICKETS_AT_ONCE):
            some = sights[first : first + TICKETS_AT_ONCE]
            out, after, people, rows = self._read_conversations(some)
            if todo is not None:
                self._spoken = replace(self._spoken, kept={**self._spoken.kept, "todo": todo})
            newest = max(seen.at for seen in some)
            self._tracker.saw(len(some), newest)
            yield Page(
                "conversations", self._in_reach(out.frame()), rows,
                self._spoken.dump() if todo is not None else None,
                newest=instant(newest), people=people, memory=records.memories(after),
            )  # fmt: skip
            if people is not None:
                yield self.roster_page()

    def _read_conversations(self, sights: Sequence[Sight]) -> tuple[Out, list[Sight], pl.DataFrame | None, int]:
        """Events, the sights with what was read, staff that came to light, and how many rows there were."""
        found: list[tuple[Sight, list[Any]]] = []
        after: list[Sight] = []
        for seen in sights:
            news, rows = self._conversations_of(seen)
            seen = replace(seen, news=news)
            self._remember(seen)
            after.append(seen)
            found.append((seen, rows))
        puzzling = {who for _, rows in found for who in records.strangers(rows, self._context)}
        people = look_up(self._api, self._book, puzzling)
        if people is not None:
            self._context = self._fresh_context()
        out: Out = Columns(self._context)
        for seen, rows in found:
            records.conversations(seen, rows, out)
        self._unreadable["conversations"] += out.unreadable
        return out, after, people, sum(len(rows) for _, rows in found)

    def _conversations_of(self, seen: Sight) -> tuple[News, list[Any]]:
        """What came since the last reading, from the page on which the last known one stands; everything anew when it
        doesn't stand there any more."""
        path, news = f"/api/v2/tickets/{seen.ticket}/conversations", seen.news
        first = max(news.count - 1, 0) // ROWS + 1
        try:
            rows = [row for page in self._api.listed(path, first=first) for row in page]
            skipped = (first - 1) * ROWS
            last = news.count - 1 - skipped
            stands = news.count == 0 or (last < len(rows) and _id_of(rows[last]) == news.last)
            if not stands and first > 1:
                skipped, rows = 0, [row for page in self._api.listed(path) for row in page]
        except HttpRefused as refused:
            if refused.status not in (403, 404, 405):
                raise
            return replace(news, read=seen.at, waiting=None), []  # gone meanwhile
        answered = int(self._api.platform_now().timestamp())
        count = skipped + len(rows)
        read = min(seen.at, answered - _SECOND_S)  # a second that isn't over may bring more
        fresh = rows[news.count - skipped :] if stands else rows
        return News(count, _id_of(rows[-1]) if rows else news.last, read, None), fresh

    # Lists

    def _lists(self, positions: Mapping[str, Position], recent: int, now: int) -> list[ListStream]:
        spent = positions.get("time_entries") or Position(low=recent)
        deep = now - int(spent.kept.get("deep", 0)) >= DAY_S  # edits and late bookings are looked for once a day
        if deep:
            spent = replace(spent, kept={**spent.kept, "deep": now})
        rated = positions.get("satisfaction") or Position(low=recent)
        return [
            ListStream(
                "satisfaction", {"ratings": (self._rating_pages, self._read_ratings)}, rated, self._tracker,
                lambda source, refused: self._lacks(_LISTS["satisfaction"], refused), DAY_S,
            ),
            ListStream(
                "time_entries", {"entries": (self._entry_pages, self._read_entries)}, spent, self._tracker,
                lambda source, refused: self._lacks(_LISTS["time_entries"], refused),
                _EDITS_S if deep else DAY_S,
            ),
        ]  # fmt: skip

    def _rating_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        """The list has no end of its own; what comes after `end` was read before."""
        for rows in self._api.listed("/api/v2/surveys/satisfaction_ratings", {"created_since": iso(begin)}):
            yield [row for row in rows if not isinstance(row, dict) or str(row.get("created_at")) <= iso(end)]

    def _entry_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        return self._api.listed("/api/v2/time_entries", {"executed_after": iso(begin), "executed_before": iso(end)})

    def _read_ratings(self, rows: Sequence[Any]) -> Seen:
        return self._seen("ratings", records.ratings(rows, self._context))

    def _read_entries(self, rows: Sequence[Any]) -> Seen:
        now = int(self._api.platform_now().timestamp())
        return self._seen("time entries", records.time_entries(rows, self._context, now))

    def _seen(self, what: str, out: Out) -> Seen:
        self._unreadable[what] += out.unreadable
        return Seen(self._in_reach(out.frame()), newest=max(out.at, default=None))

    def _availability(self, position: Position | None, now: int) -> Iterator[Page]:
        """One snapshot of who takes tickets; what changed since the last one is an event."""
        if self._is_absent(_AVAILABILITY, now):
            return
        if position is not None and self._is_recent(position, now, AVAILABILITY_EVERY_S):
            return
        kept = {} if position is None else position.kept.get("agents", {})
        before = {agent: (str(word), str(since)) for agent, (word, since) in kept.items()}
        rows: list[Any] = []
        try:
            for some in self._api.listed("/api/v2/agents", {"only": "availability"}):
                rows += some
        except HttpRefused as refused:
            if refused.status != 400 and not is_absent(refused):
                raise
            self._lacks(_AVAILABILITY, refused)
            return
        out, snapshot = records.presence(rows, before, self._context)
        self._unreadable["availability"] += out.unreadable
        place = Position(low=0, forward=now, kept={"agents": snapshot})
        yield Page("availability", out.frame(), len(rows), place.dump(), newest=instant(now), done=True)

    # Backward

    def _history(self, lists: Sequence[ListStream], now: int) -> Iterator[Page]:
        """Older windows, the newest first: tickets that were last changed in them, with all that was said."""
        while self._tickets.low > self._floor:
            place = self._tickets
            begin = place.window_from if place.window_from is not None else self._older(place.low, now)
            yield from self._window(max(begin, self._floor), place.low, now)
            bounded = [stream for stream in lists if stream.name != "satisfaction"]  # that list knows no end
            yield from self._lists_back(bounded, max(begin, self._floor), now)
        yield from self._lists_back(lists, self._floor, now)
        kept = {key: value for key, value in self._tickets.kept.items() if key != "afresh"}
        self._tickets = replace(self._tickets, kept=kept)
        yield replace(self._ticket_page(events.empty(), 0), done=True)

    def _lists_back(self, lists: Sequence[ListStream], bound: int, now: int) -> Iterator[Page]:
        for stream in lists:
            if not self._is_absent(_LISTS[stream.name], now):
                yield from stream.backward(bound)

    def _older(self, low: int, now: int) -> int:
        for size in (DAY_S, WEEK_S, self._settings.recent_weeks * WEEK_S):
            if low > now - size:
                return now - size
        return older_bound(low, (now - low) / WEEK_S, self._floor)

    def _window(self, begin: int, end: int, now: int) -> Iterator[Page]:
        passes = (None, *_ASIDE)
        reached = self._tickets.window_cursor
        done = _ASIDE.index(reached) + 1 if reached in _ASIDE else 0
        for name in passes[done:]:
            if name != reached:
                self._tickets = replace(self._tickets, window_from=begin, window_at=None, window_cursor=name or None)
            at = self._tickets.window_at
            yield from self._window_pass(name, begin if at is None else at, begin, end, now)
        self._tickets = replace(self._tickets, low=begin, window_from=None, window_at=None, window_cursor=None)
        yield self._ticket_page(events.empty(), 0)

    def _window_pass(self, name: str | None, at: int, begin: int, end: int, now: int) -> Iterator[Page]:
        afresh = bool(self._tickets.kept.get("afresh"))
        self._tracker.begin("tickets", at, end, 1.0 if name is None else _LISTED_A_CREDIT)
        for rows in self._listed(name, at, end, stats=name is None):
            ordered = sorted(rows, key=lambda row: str(row.get("updated_at")) if isinstance(row, dict) else "")
            for first in range(0, len(ordered), TICKETS_AT_ONCE):
                some = ordered[first : first + TICKETS_AT_ONCE]
                taken = self._take(some, None, now, afresh=afresh)
                wanted = [row.sight for row in taken.rows if row.sight.may_have_news() and name != "spam"]
                yield from self._with_conversations(taken, wanted, len(some), at)

    def _with_conversations(self, taken: _Taken, wanted: list[Sight], rows: int, at: int) -> Iterator[Page]:
        spoken, _, people, _ = self._read_conversations(wanted)
        reached = max((row.sight.at for row in taken.rows), default=at)
        before = self._tickets.window_at
        self._tickets = replace(self._tickets, window_at=reached if before is None else max(before, reached))
        yield self._page_of(taken, rows, spoken, people)
        if people is not None:
            yield self.roster_page()

    # Rest

    def _fresh_context(self) -> Context:
        own = None if self._settings.own_user_is_person else self._book.own
        return Context(self._settings.account, self._book.everybody(), own, self._book.statuses)

    def _tell(self) -> None:
        """One line each about rows left out."""
        for what, count in sorted(self._unreadable.items()):
            if count:
                self._note(f"freshdesk: {count} rows of {what} could not be read and were left out; report this line")


def _query(at: int, page: int) -> dict[str, Any]:
    order = {"order_by": "updated_at", "order_type": "asc"}
    return {"updated_since": iso(at), **order, "page": page, "per_page": ROWS}


def _only_closed(before: Sight | None, seen: Sight) -> bool:
    """Whether nothing but a late closing happened to a solved ticket of which everything was read."""
    if before is None or before.may_have_news() or (before.status, seen.status) != (SOLVED, CLOSED):
        return False
    return seen.at - before.at >= REST_S and replace(seen, at=before.at, status=SOLVED, news=before.news) == before


def _id_of(row: Any) -> str | None:
    return str(row["id"]) if isinstance(row, dict) and row.get("id") else None
