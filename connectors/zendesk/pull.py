"""One pull: all streams forward, the last six weeks first, then older history backward, window by window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.lists import ListStream, Seen
from connectors.positions import WEEK_S, Position, load, older_bound
from connectors.progress import Tracker
from connectors.session import HttpRefused
from connectors.zendesk import normalise, records
from connectors.zendesk.client import ZendeskApi, lacking
from connectors.zendesk.columns import Context
from connectors.zendesk.roster import Book, look_up
from connectors.zendesk.streams import (
    Common,
    CursorStream,
    Stream,
    TicketEvents,
    TimeStream,
    cut_by,
)
from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import BadPayload, PlatformError
from helpdesk_wellbeing.feed import Page

Note = Callable[[str], None]
RATINGS_OVERLAP_S = 7 * 24 * 3600  # a rating is listed under the day of its offer and may be given days later
_OPTIONAL = {
    "users": "the user export (people who left may be taken for customers)",
    "metric_events": "the metric event export (SLA breaches)",
}


class Pull:
    """Reads what is new and what is missing. Its pages, stored with their watermarks, may end anywhere."""

    def __init__(self, api: ZendeskApi, book: Book, tracker: Tracker, note: Note, own_user: str | None) -> None:
        """`own_user`: whose changes are the plugin's, whatever they look like."""
        self._api = api
        self._book = book
        self._tracker = tracker
        self._note = note
        self._own_user = own_user
        self._strange: Counter[str] = Counter()
        self._unreadable: Counter[str] = Counter()
        self._context = self._fresh_context()

    def pages(self, watermarks: Mapping[str, str], since: datetime | None) -> Iterator[Page]:
        """Pages of every stream. Half-open: what happened at `since` or later; None for all there is."""
        now = int(self._api.platform_now().timestamp())
        floor = 0 if since is None else max(0, int(since.astimezone(UTC).timestamp()))
        recent = max(floor, now - self._api.settings.recent_weeks * WEEK_S)
        positions = {name: load("zendesk", name, watermark) for name, watermark in watermarks.items()}
        streams = self._streams(positions, recent)
        for stream in streams:
            yield from self._whole(stream, stream.forward(now), done_at=floor)
        yield from self._availability(positions.get("availability"))
        yield from self._history(streams, now, floor)
        self._tell()

    def _history(self, streams: Sequence[Stream], now: int, floor: int) -> Iterator[Page]:
        """Older windows, each read by all streams before the next one: first who was there, then what they
        did."""
        while True:
            open_ends = [stream.position.low for stream in streams if not stream.stuck and stream.position.low > floor]
            if not open_ends:
                return
            newest = max(open_ends)
            begun = [s.position.window_from for s in streams if s.position.low == newest and not s.stuck]
            unfinished = [bound for bound in begun if bound is not None]
            bound = max(unfinished) if unfinished else older_bound(newest, (now - newest) / WEEK_S, floor)
            for stream in streams:
                yield from self._whole(stream, stream.backward(max(bound, floor)), done_at=floor)

    def _whole(self, stream: Stream, pages: Iterator[Page], done_at: int) -> Iterator[Page]:
        """The pages, the last one marked when nothing older is missing. A stream that the plan lacks ends
        with a line."""
        held: Page | None = None
        try:
            for page in pages:
                if held is not None:
                    yield held
                held = page
        except HttpRefused as refused:
            if stream.name not in _OPTIONAL or refused.status not in (402, 403, 404):
                if held is not None:
                    yield held
                raise
            self._note(lacking(_OPTIONAL[stream.name], refused))
            stream.stuck = True
        except (PlatformError, BadPayload):
            if held is not None:  # what came before the trouble is good
                yield held
            raise
        if held is not None:
            yield replace(held, done=not stream.stuck and stream.position.low <= done_at)

    def _streams(self, positions: Mapping[str, Position], recent: int) -> list[Stream]:
        def place(name: str) -> Position:
            return positions.get(name) or Position(low=recent)

        users = place("users")
        self._book.former |= {str(one) for one in users.kept.get("former", ())} - self._book.current.keys()
        self._context = self._fresh_context()
        common = Common(self._api, self._tracker, self._note)
        tickets = self._reader(records.ticket_states)
        breaches = self._reader(records.breaches)
        ratings = {
            "survey": (self._survey_pages, self._reader(records.survey_answers)),
            "legacy": (self._rating_pages, self._reader(records.ratings)),
        }
        return [
            CursorStream("users", "users", common, self._read_users, cut_by(_updated_at), users, self._former),
            TicketEvents(
                "ticket_events",
                "ticket_events",
                common,
                self._read_saves,
                cut_by(_timestamp),
                place("ticket_events"),
            ),
            CursorStream(
                "tickets",
                "tickets",
                common,
                tickets,
                records.cut_tickets,
                place("tickets"),
                parse=records.parse_tickets,
            ),
            TimeStream(
                "metric_events",
                "ticket_metric_events",
                common,
                breaches,
                cut_by(_time),
                place("metric_events"),
            ),
            ListStream(
                "satisfaction", ratings, place("satisfaction"), self._tracker, self._note_ratings, RATINGS_OVERLAP_S
            ),
        ]

    def _former(self) -> dict[str, Any]:
        return {"former": sorted(self._book.former)}

    # Readers

    def _fresh_context(self) -> Context:
        settings, book = self._api.settings, self._book
        return Context(
            account=settings.account,
            staff=book.staff(),
            own_user=self._own_user,
            people_by_api=settings.people_by_api,
            statuses=book.statuses,
            overrides=book.overrides,
        )

    def _read_users(self, rows: Sequence[Any]) -> Seen:
        before = len(self._book.former)
        people = self._book.take_export(rows)
        if len(self._book.former) != before:
            self._context = self._fresh_context()
        stamps = [stamp for row in rows if (stamp := _updated_at(row)) is not None]
        return Seen(events.empty(), people=people, newest=max(stamps, default=None))

    def _read_saves(self, rows: Sequence[Any]) -> Seen:
        read = normalise.ticket_events(rows, self._context)
        if read.puzzling and look_up(self._api, self._book, read.puzzling):
            self._context = self._fresh_context()
            read = normalise.ticket_events(rows, self._context)
        self._strange += read.unknown
        self._unreadable["ticket_events"] += read.unreadable
        return Seen(read.frame, newest=read.newest)

    def _reader(self, read: Callable[[Any, Context], records.Read]) -> Callable[[Any], Seen]:
        def seen(rows: Any) -> Seen:
            found = read(rows, self._context)
            self._strange += found.unknown
            self._unreadable[read.__name__] += found.unreadable
            return Seen(found.events, found.tickets, newest=found.newest)

        return seen

    # Plain lists

    def _rating_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        query = {"score": "received", "start_time": begin, "end_time": end}
        return self._api.listed("/api/v2/satisfaction_ratings", "satisfaction_ratings", query)

    def _survey_pages(self, begin: int, end: int) -> Iterator[list[Any]]:
        query = {"filter[created_at_start]": begin * 1000, "filter[created_at_end]": end * 1000}
        return self._api.listed("/api/v2/guide/survey_responses", "survey_responses", query)

    def _note_ratings(self, source: str, refused: HttpRefused) -> None:
        what = "CSAT survey responses" if source == "survey" else "legacy satisfaction ratings"
        self._note(lacking(f"the list of {what}", refused))

    def _availability(self, position: Position | None) -> Iterator[Page]:
        """One snapshot of who is online; what changed since the last one is an event."""
        kept = {} if position is None else position.kept
        before = {agent: (word, since) for agent, (word, since) in kept.get("agents", {}).items()}
        rows: list[Any] = []
        try:
            for some in self._api.listed("/api/v2/agent_availabilities", "data"):
                rows += some
        except HttpRefused as refused:
            if refused.status not in (402, 403, 404):
                raise
            self._note(lacking("agent availability", refused))
            return
        read, snapshot = records.presence(rows, before, self._context)
        self._strange += read.unknown
        self._unreadable["availability"] += read.unreadable
        place = Position(low=0, forward=read.newest, kept={"agents": snapshot})
        newest = None if read.newest is None else datetime.fromtimestamp(read.newest, UTC)
        yield Page("availability", read.events, len(rows), place.dump(), newest=newest, done=True)

    # At the end

    def _tell(self) -> None:
        """One line each about rows left out and words not known."""
        for stream, count in sorted(self._unreadable.items()):
            if count:
                self._note(f"zendesk: {count} rows of {stream} could not be read and were left out; report this line")
        if self._strange:
            named = ", ".join(f"{word} ({count})" for word, count in self._strange.most_common(8))
            self._note(f"zendesk: not known and ignored or taken for the nearest word: {named}")


def _timestamp(row: Any) -> int | None:
    value = row.get("timestamp") if isinstance(row, dict) else None
    return value if isinstance(value, int) else None


def _time(row: Any) -> int | None:
    return _epoch_of(row, "time")


def _updated_at(row: Any) -> int | None:
    return _epoch_of(row, "updated_at")


def _epoch_of(row: Any, name: str) -> int | None:
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int(parsed.timestamp()) if parsed.tzinfo else None
