"""The daily export of ticket activities, one file a day, which only some old accounts still have.

It went away for new accounts in October 2023; the reference doesn't name it any more. Nothing here stops a pull: what
can't be had today is asked for later, and without it everything else is as it was.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors.answers import read_json
from connectors.freshdesk import activities
from connectors.freshdesk.client import FreshdeskApi, is_absent
from connectors.freshdesk.desk import DAY_S, HOUR_S, Desk
from connectors.freshdesk.diffs import CHANNELS
from connectors.freshdesk.roster import look_up
from connectors.freshdesk.sights import TROUBLE
from connectors.lists import instant
from connectors.positions import Position
from connectors.progress import Tracker
from connectors.session import HttpRefused, is_loopback
from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import BadPayload, PlatformError, Refused, RetryLater
from helpdesk_wellbeing.feed import Page

PATH = "/api/v2/export/ticket_activities"
STREAM = "activities"
KEPT_DAYS = 30
LATE_DAYS = 9  # back to here where tickets were read before: older inferences may not be compared with any more
TRY_EVERY_S = HOUR_S  # in patient pulls
_SETTLED_DAYS = 3  # a day that has no file by then will have none
_ROWS_AT_ONCE = 2_000
_LONGEST_LINK = 8_192
_WHAT = "the daily activity export"


@dataclass(frozen=True)
class DayFile:
    """One file, as it was read."""

    rows: Sequence[Any]
    until: int | None  # epoch second, if it is said
    is_whole: bool  # as many rows as it counts


class Export:
    """The files of one account during one pull."""

    def __init__(self, desk: Desk, position: Position | None, tracker: Tracker, *, is_first: bool) -> None:
        """`is_first`: no ticket of the account was read before this pull."""
        self._desk = desk
        self._place = position
        self._tracker = tracker
        self._back = (KEPT_DAYS if is_first else LATE_DAYS) - 1
        self._today = datetime.fromtimestamp(desk.now, UTC).date()
        self._tried: set[date] = set()
        tried = 0 if position is None else int(position.kept.get("tried", 0))
        self._learn(position)
        self._rests = desk.settings.patient and desk.now - tried < TRY_EVERY_S

    def pages(self, bound: int) -> Iterator[Page]:
        """What wasn't read of days that begin after `bound` (epoch seconds), the newest first.

        What a ticket was like is to be read before what was done with it: only then its channel is known.
        """
        if self._rests or not self._desk.book.labels or self._is_known_to_be_absent():
            return
        if self._place is None:
            if not self._has_files():
                return
            oldest = self._today - timedelta(days=self._back)
            self._place = Position(low=0, kept={"from": oldest.isoformat(), "days": []})
            self._learn(self._place)
            yield self._page(self._place)
        for day in self._wanted(self._place, bound):
            if not self._rests:
                self._tried.add(day)
                yield from self._day(day)
        if self._tried - self._done(self._place):
            self._place = replace(self._place, kept={**self._place.kept, "tried": self._desk.now})
            yield self._page(self._place)

    def _learn(self, place: Position | None) -> None:
        if place is not None:
            self._desk.told_from = _begin(date.fromisoformat(str(place.kept["from"])))
            self._desk.learn()

    def _wanted(self, place: Position, bound: int) -> list[date]:
        oldest = max(date.fromisoformat(str(place.kept["from"])), self._today - timedelta(days=KEPT_DAYS - 1))
        days = [self._today - timedelta(days=back) for back in range(1, (self._today - oldest).days + 1)]
        left = [day for day in days if day not in self._done(place) and day not in self._tried]
        if bound > self._desk.floor:
            return [day for day in left if _begin(day) >= bound]
        return [day for day in left if _begin(day) + 2 * DAY_S > self._desk.floor]  # a file may begin off midnight

    def _done(self, place: Position) -> set[date]:
        return {date.fromisoformat(str(day)) for day in place.kept["days"]}

    def _is_known_to_be_absent(self) -> bool:
        return self._desk.now - int(self._desk.absent.get(_WHAT, 0)) < DAY_S

    def _has_files(self) -> bool:
        """Yesterday's isn't there yet for some hours."""
        if any(self._links(self._today - timedelta(days=back)) for back in (1, 2)):
            return True
        self._note_absent()
        return False

    def _note_absent(self) -> None:
        """Hardly any account has it: one line will do, however often it is asked for."""
        if _WHAT not in self._desk.absent:
            self._desk.note(
                f"freshdesk: {_WHAT}, which only some old accounts have, is not here; who changed a field is told by "
                "app events only"
            )
        self._desk.absent = {**self._desk.absent, _WHAT: self._desk.now}

    def _links(self, day: date) -> list[str]:
        try:
            answer = self._desk.api.session.request("GET", PATH, params={"created_at": day.isoformat()})
            return links_of(read_json(answer.content) if answer.content.strip() else None, day)
        except HttpRefused as refused:
            if refused.status != 400 and not is_absent(refused):
                raise
        except (BadPayload, ValueError):
            self._desk.unreadable["the activity export's index"] += 1
        return []

    def _day(self, day: date) -> Iterator[Page]:
        links = self._links(day)
        is_late = (self._today - day).days > _SETTLED_DAYS
        if not links:
            if is_late:
                yield self._finished(day, None)
            return
        self._tracker.begin(STREAM, _begin(day), _begin(day) + DAY_S, 1.0)
        try:
            files = [fetch(self._desk.api, link, day) for link in links]
        except (PlatformError, BadPayload) as error:
            self._desk.note(f"{error}; it is tried again with a later pull")
            self._rests = isinstance(error, RetryLater)  # waiting for each of thirty days would take the pull's time
            return
        for file in files:
            for first in range(0, len(file.rows), _ROWS_AT_ONCE):
                yield from self._some(file.rows[first : first + _ROWS_AT_ONCE])
        if is_late or all(file.is_whole for file in files):
            yield self._finished(day, max((file.until for file in files if file.until is not None), default=None))
        else:
            self._desk.note(
                f"freshdesk: the activities of {day} are fewer than the file counts; it is read again later"
            )

    def _some(self, rows: Sequence[Any]) -> Iterator[Page]:
        desk = self._desk
        people = look_up(desk.api, desk.book, activities.strangers(rows, desk.context))
        if people is not None:
            desk.learn()
        sights = desk.known(activities.tickets(rows))
        channels = {ticket: CHANNELS.get(seen.source or 0, "other") for ticket, seen in sights.items()}
        words = {label: desk.context.word(status) for label, status in desk.book.labels.items()}
        names = activities.Names(words, desk.book.groups, channels)
        out = activities.read(rows, desk.context, names, int(desk.api.platform_now().timestamp()))
        desk.unreadable[STREAM] += out.unreadable
        for name, count in out.unknown.items():
            desk.unreadable[f"{STREAM} with a {name} that isn't known"] += count
        newest = max(out.at, default=None)
        self._tracker.saw(len(rows), newest)
        yield Page(STREAM, desk.in_reach(out.frame()), len(rows), None, newest=instant(newest), people=people)
        if people is not None:
            yield desk.roster_page()

    def _finished(self, day: date, until: int | None) -> Page:
        assert self._place is not None
        oldest = self._today - timedelta(days=KEPT_DAYS)
        days = sorted(one.isoformat() for one in {*self._done(self._place), day} if one >= oldest)
        self._place = replace(self._place, kept={**self._place.kept, "days": days})
        return replace(self._page(self._place), newest=instant(until))

    @staticmethod
    def _page(place: Position) -> Page:
        return Page(STREAM, events.empty(), 0, place.dump())


def links_of(answer: Any, day: date) -> list[str]:
    """Where the day's files are. Seen were {"export": [{"created_at": "1-1-2022", "url": …}]}, {"export": {"url": …}},
    and nothing."""
    said = answer.get("export") if isinstance(answer, dict) else None
    listed = said if isinstance(said, list) else [said]
    rows = [row for row in listed if isinstance(row, dict) and isinstance(row.get("url"), str) and row["url"]]
    of_day = [row for row in rows if row.get("created_at") == f"{day.day}-{day.month}-{day.year}"]
    return [row["url"] for row in of_day or rows]


def fetch(api: FreshdeskApi, link: str, day: date) -> DayFile:
    """The file behind a signed link.

    The link is a secret for as long as it is good, and says who may read: it is asked for without our key, on a host
    that gets nothing else from us, and messages name the day instead. Raises PlatformError and BadPayload.
    """
    named = f"freshdesk: the activities of {day}"
    parts = urlsplit(link)
    if not _is_storage(link, api.settings.origin):
        raise Refused(f"{named} are said to lie at an address that isn't asked: not https on a public host")
    try:
        with api.stranger(f"{parts.scheme}://{parts.netloc}") as storage:
            content = storage.request("GET", link).content
    except HttpRefused as refused:
        raise HttpRefused(f"{named}: their storage answered {refused.status}", refused.status) from None
    except RetryLater as failed:
        raise RetryLater(f"{named}: their storage didn't answer", failed.after) from None
    except Refused:
        raise Refused(f"{named}: their storage sent us elsewhere, or isn't trusted; not followed") from None
    except BadPayload:
        raise BadPayload(f"{named}: their file is no JSON, or larger than is read") from None
    return _day_file(content, named)


def _day_file(content: bytes, named: str) -> DayFile:
    try:
        said = read_json(content)
        rows = said["activities_data"]
    except TROUBLE as error:
        raise BadPayload(f"{named}: their file was cut off, or is of another kind") from error
    if not isinstance(rows, list):
        raise BadPayload(f"{named}: their file is of another kind")
    metadata = said.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    count = about.get("activities_count")
    return DayFile(rows, _stamp_or_none(about.get("end_at")), not isinstance(count, int) or count <= len(rows))


def _stamp_or_none(text: Any) -> int | None:
    try:
        return activities.stamp(text)
    except TROUBLE:
        return None


def _is_storage(link: str, ours: str) -> bool:
    """Whether an address may be asked: https on a public host; on loopback where the account itself is there."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if len(link) > _LONGEST_LINK or not link.isprintable() or " " in link or "@" in parts.netloc:
        return False
    if is_loopback(link):
        return is_loopback(ours) and parts.scheme in ("http", "https")
    return parts.scheme == "https" and port in (None, 443) and _is_public(host)


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".")


def _begin(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
