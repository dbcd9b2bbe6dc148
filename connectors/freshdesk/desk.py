"""What all streams of one pull share: the list walked and compared with what was seen before, conversations of single
tickets, what the account lacks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.columns import Columns
from connectors.freshdesk import records
from connectors.freshdesk.client import ROWS, FreshdeskApi, lacking
from connectors.freshdesk.client import is_absent as is_lacking
from connectors.freshdesk.diffs import CLOSED, OPEN, SOLVED, Context, Out, tell
from connectors.freshdesk.roster import Book, look_up
from connectors.freshdesk.sights import TROUBLE, News, Row, Sight, load, read_row
from connectors.freshdesk.walk import by_key, iso
from connectors.positions import OVERLAP_S, Position
from connectors.session import HttpRefused
from helpdesk_wellbeing import events
from helpdesk_wellbeing.feed import Page, Remembered

DAY_S = 24 * 3600
HOUR_S = 3600
# Solved tickets that close after so long, so many within so short a time, were closed by a rule: nobody wrote in them.
REST_S, CROWD, CROWD_S = 20 * HOUR_S, 5, 60
_KEPT_SIGHTS = 20_000  # of this pull: their pages may not be stored yet
_SECOND_S = 2
_ASIDE_NAMES = {"spam": "the list of tickets in spam", "deleted": "the list of tickets in the trash"}

Note = Callable[[str], None]


@dataclass
class Taken:
    """What became of the rows of a list page."""

    rows: list[Row]
    out: Out


class Desk:
    """One account during one pull."""

    def __init__(
        self,
        api: FreshdeskApi,
        book: Book,
        note: Note,
        remembered: Remembered,
        tickets: Position | None,
        absent: Position | None,
    ) -> None:
        """`tickets`, `absent`: stored places of these streams. What is asked first tells the time there, too."""
        self.api = api
        self.book = book
        self.note = note
        self.settings = api.settings
        self.told_from: int | None = None  # see `Context`
        self.floor = 0  # what happened before is left out; epoch seconds
        self.unreadable: Counter[str] = Counter()
        self.overdue: dict[str, Sight] = {}
        self.absent: dict[str, Any] = {} if absent is None else dict(absent.kept)
        self._absent_before = self.absent
        self._remembered = remembered
        self._sights: OrderedDict[str, Sight] = OrderedDict()
        self._with_stats = True
        self._first: tuple[int, list[Any]] | None = None
        self.now = self._time_there(tickets)
        self.context = self._fresh_context()

    def _time_there(self, tickets: Position | None) -> int:
        """Epoch seconds; a pull that goes on from a place asks what it has to ask anyway."""
        if tickets is not None and tickets.forward is not None and self.settings.patient:
            start = max(0, tickets.forward - OVERLAP_S)
            self._first = start, self.api.rows("/api/v2/tickets", _query(start, 1))
        return int(self.api.platform_now().timestamp())

    def learn(self) -> None:
        """The roster was read anew, or somebody new was met."""
        self.context = self._fresh_context()

    def roster_page(self) -> Page:
        """That the roster was read, and who is staff."""
        return Page("roster", events.empty(), 0, self.book.position().dump())

    def absent_page(self) -> Iterator[Page]:
        """What was found to be lacking, to be asked for less often."""
        if self.absent != self._absent_before:
            yield Page("absent", events.empty(), 0, Position(low=0, kept=self.absent).dump())

    def listed(self, name: str | None, begin: int, end: int | None, stats: bool) -> Iterator[list[Any]]:
        def ask(at: int, page: int) -> list[Any]:
            query = _query(at, page)
            if name is not None:
                query["filter"] = name
            if stats and self._with_stats:
                try:
                    return self.api.rows("/api/v2/tickets", {**query, "include": "stats"})
                except HttpRefused as refused:
                    if refused.status not in (400, 403):
                        raise
                    self._with_stats = False  # if the list itself is refused, it is so again
                    rows = self.api.rows("/api/v2/tickets", query)
                    self.note(
                        f"freshdesk: the list of tickets does not come with `stats` here ({refused.status}); when "
                        "tickets were solved or reopened is only known to lie between two pulls"
                    )
                    return rows
            if name is None and page == 1 and self._first is not None and self._first[0] == at:
                rows, self._first = self._first[1], None
                return rows
            return self.api.rows("/api/v2/tickets", query)

        try:
            yield from by_key(ask, begin, end, self.note)
        except HttpRefused as refused:
            if name is None or not is_lacking(refused):
                raise
            self.lacks(_ASIDE_NAMES[name], refused)

    def take(self, rows: Sequence[Any], since: int | None, now: int, *, afresh: bool = False) -> Taken:
        """Rows of the list, compared with what was seen of their tickets before."""
        found: list[Row] = []
        for raw in rows:
            try:
                found.append(read_row(raw))
            except TROUBLE:
                self.unreadable["tickets"] += 1
        found.sort(key=lambda row: row.sight.at)
        known = self.known([row.sight.ticket for row in found])
        crowd = _closed_in_a_crowd([row.sight for row in found], known)
        taken = Taken([], Columns(self.context))
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
                news = replace(news, idle=seen.ticket in crowd)
                seen = replace(seen, news=news)
            if seen.may_have_news() and news.waiting is None:
                seen = replace(seen, news=replace(news, waiting=now))
            known[seen.ticket] = seen
            self.remember(seen)
            taken.rows.append(replace(row, sight=seen))
            self._note_overdue(seen, before, now)
        return taken

    def _note_overdue(self, seen: Sight, before: Sight | None, now: int) -> None:
        """A ticket that never rests, or is taken from us, doesn't wait any longer."""
        if not self.is_to_be_read(seen) or seen.news.waiting is None:
            return
        lost = seen.gone and before is not None and not before.gone
        if lost or (not seen.gone and now - seen.news.waiting >= self.settings.longest_wait_minutes * 60):
            self.overdue[seen.ticket] = seen

    def is_to_be_read(self, seen: Sight) -> bool:
        """Whether its conversations are worth a request."""
        return seen.may_have_news() and not (seen.news.idle and self.settings.patient)

    def rest_s(self, seen: Sight) -> int:
        """How long a ticket must be quiet until a patient pull reads its conversations. Where nobody of ours was seen
        at it, most times nothing was said yet."""
        untouched = seen.news.read is None and seen.assignee is None and seen.status == OPEN
        settings = self.settings
        return 60 * (settings.longest_wait_minutes if untouched else settings.quiet_minutes)

    def known(self, tickets: Sequence[str]) -> dict[str, Sight]:
        ours = {ticket: self._sights[ticket] for ticket in tickets if ticket in self._sights}
        asked = [ticket for ticket in tickets if ticket not in ours]
        for ticket, memory in (self._remembered(asked) if asked else {}).items():
            seen = load(ticket, memory)
            if seen is not None:
                ours[ticket] = seen
        return ours

    def seen_already(self, rows: Sequence[Any]) -> list[Sight]:
        """The tickets of list rows, as they were seen when they were compared."""
        named = [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
        known = self.known(named)
        return sorted((known[ticket] for ticket in named if ticket in known), key=lambda seen: seen.at)

    def remember(self, seen: Sight) -> None:
        self._sights[seen.ticket] = seen
        self._sights.move_to_end(seen.ticket)
        if len(self._sights) > _KEPT_SIGHTS:
            self._sights.popitem(last=False)

    def read_conversations(self, sights: Sequence[Sight]) -> tuple[Out, list[Sight], pl.DataFrame | None, int]:
        """Events, the sights with what was read, staff that came to light, and how many rows there were."""
        found: list[tuple[Sight, list[Any]]] = []
        after: list[Sight] = []
        for seen in sights:
            news, rows = self._conversations_of(seen)
            seen = replace(seen, news=news)
            self.remember(seen)
            after.append(seen)
            found.append((seen, rows))
        puzzling = {who for _, rows in found for who in records.strangers(rows, self.context)}
        people = look_up(self.api, self.book, puzzling)
        if people is not None:
            self.learn()
        out: Out = Columns(self.context)
        for seen, rows in found:
            records.conversations(seen, rows, out)
        self.unreadable["conversations"] += out.unreadable
        return out, after, people, sum(len(rows) for _, rows in found)

    def _conversations_of(self, seen: Sight) -> tuple[News, list[Any]]:
        """What came since the last reading, from the page on which the last known one stands; everything anew when it
        doesn't stand there any more."""
        path, news = f"/api/v2/tickets/{seen.ticket}/conversations", seen.news
        first = max(news.count - 1, 0) // ROWS + 1
        try:
            rows = [row for page in self.api.listed(path, first=first) for row in page]
            skipped = (first - 1) * ROWS
            last = news.count - 1 - skipped
            stands = news.count == 0 or (last < len(rows) and _id_of(rows[last]) == news.last)
            if not stands and first > 1:
                skipped, rows = 0, [row for page in self.api.listed(path) for row in page]
        except HttpRefused as refused:
            if refused.status not in (403, 404, 405):
                raise
            return replace(news, read=seen.at, waiting=None), []  # gone meanwhile
        answered = int(self.api.platform_now().timestamp())
        count = skipped + len(rows)
        read = min(seen.at, answered - _SECOND_S)  # a second that isn't over may bring more
        fresh = rows[news.count - skipped :] if stands else rows
        return News(count, _id_of(rows[-1]) if rows else news.last, read, None), fresh

    def in_reach(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Without what lies before the time that was asked for."""
        if not self.floor or frame.is_empty():
            return frame
        return frame.filter(pl.col("at") >= datetime.fromtimestamp(self.floor, UTC))

    def is_recent(self, position: Position, now: int, every_s: int) -> bool:
        """Whether a patient pull can do without reading it again."""
        return self.settings.patient and position.forward is not None and now - position.forward < every_s

    def lacks(self, what: str, refused: HttpRefused) -> None:
        """A line about what the account lacks; patient pulls ask again the next day."""
        self.note(lacking(what, refused))
        self.absent = {**self.absent, what: int(self.api.platform_now().timestamp())}

    def is_absent(self, what: str, now: int) -> bool:
        return self.settings.patient and now - int(self.absent.get(what, 0)) < DAY_S

    def _fresh_context(self) -> Context:
        own = None if self.settings.own_user_is_person else self.book.own
        return Context(self.settings.account, self.book.everybody(), own, self.book.statuses, self.told_from)

    def tell_unreadable(self) -> None:
        """One line each about rows left out."""
        for what, count in sorted(self.unreadable.items()):
            if count:
                self.note(f"freshdesk: {count} rows of {what} could not be read and were left out; report this line")


def _query(at: int, page: int) -> dict[str, Any]:
    order = {"order_by": "updated_at", "order_type": "asc"}
    return {"updated_since": iso(at), **order, "page": page, "per_page": ROWS}


def _closed_in_a_crowd(rows: Sequence[Sight], known: Mapping[str, Sight]) -> set[str]:
    """Tickets among rows, in the order of time, to which nothing but such a closing happened."""
    closed = [seen for seen in rows if _only_closed(known.get(seen.ticket), seen)]
    times = [seen.at for seen in closed]
    return {
        seen.ticket
        for seen in closed
        if bisect_right(times, seen.at + CROWD_S) - bisect_left(times, seen.at - CROWD_S) >= CROWD
    }


def _only_closed(before: Sight | None, seen: Sight) -> bool:
    """Whether a solved ticket of which everything was read just closed, after a long rest."""
    if before is None or before.may_have_news() or (before.status, seen.status) != (SOLVED, CLOSED):
        return False
    return seen.at - before.at >= REST_S and replace(seen, at=before.at, status=SOLVED, news=before.news) == before


def _id_of(row: Any) -> str | None:
    return str(row["id"]) if isinstance(row, dict) and row.get("id") else None
