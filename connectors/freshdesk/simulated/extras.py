"""What hangs on tickets: ratings, the survey they answer, and time that agents book."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from operator import itemgetter
from threading import Lock

import polars as pl

from .record import Record
from .rows import Object, iso, or_null
from .staff import CREATED
from .words import CANARY, RATINGS

SURVEY = 8000
ENTRIES = 3_000_000_000_000  # numbers of time entries that are made up
EDITED = 50  # every so many entries, one is corrected a day later

Dated = tuple[int, Object]  # the second, the row


class Timeline:
    """Rows by the second in which they came about, read from a log that grows."""

    def __init__(self, read: Callable[[pl.DataFrame], Iterator[Dated]]) -> None:
        self._read = read
        self._seen = 0
        self._lock = Lock()
        self._seconds: list[int] = []
        self._rows: list[Object] = []

    def between(self, log: pl.DataFrame, low: int | None, high: int) -> list[Object]:
        """Rows of [low, high], oldest first."""
        with self._lock:
            if log.height > self._seen:
                new, self._seen = log.slice(self._seen), log.height
                added = sorted([*zip(self._seconds, self._rows, strict=True), *self._read(new)], key=itemgetter(0))
                self._seconds, self._rows = [second for second, _ in added], [row for _, row in added]
            first = 0 if low is None else bisect_left(self._seconds, low)
            return self._rows[first : bisect_right(self._seconds, high)]


class Extras:
    """Ratings and time entries, made once."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.options = record.options
        self._rated = Timeline(self._ratings_of)
        self._booked = Timeline(self._entries_of)
        self._made_up = record.options.time_entries and "handled" not in record.log["kind"]

    def surveys(self) -> list[Object]:
        """The account's one survey."""
        scale = RATINGS[self.options.surveys]
        steps = sorted({step for steps in scale.values() for step in steps})
        shown = [-103, 100, 103] if self.options.surveys == "current" else steps
        questions = [{"id": "default_question", "label": "How was it?", "accepted_ratings": shown},
                     {"id": "question_44", "label": "Was it fast?", "accepted_ratings": shown}]  # fmt: skip
        return [{"id": SURVEY, "title": "Default survey", "questions": questions, "created_at": CREATED,
                 "updated_at": CREATED}]  # fmt: skip

    def ratings(self, now: int, since: int | None = None) -> list[Object]:
        """Ratings given up to `now`, oldest first."""
        return self._rated.between(self.record.log, since, now)

    def time_entries(self, now: int, after: int | None = None, before: int | None = None) -> list[Object]:
        """Entries that were made up to `now`, by the time that they are booked on, both ends inclusive."""
        rows = self._booked.between(self.record.log, after, now if before is None else min(now, before))
        return [_corrected(row, now) if row["id"] % EDITED == 0 else row for row in rows]

    def _ratings_of(self, log: pl.DataFrame) -> Iterator[Dated]:
        given = log.filter(pl.col("kind").is_in(["rated", "remarked"])).sort("sec", "place")
        scale = RATINGS[self.options.surveys]
        for row in given.iter_rows(named=True):
            steps = scale.get(row["after"] or "")
            version = self.record.version(row["ticket"], row["sec"])
            if steps is None or version is None:
                continue
            step, at = steps[row["event"] % len(steps)], iso(row["sec"])
            told = f"{CANARY}-feedback" if row["kind"] == "remarked" else None
            yield row["sec"], {
                "id": row["event"], "survey_id": SURVEY, "user_id": row["actor"] or version["requester"],
                "agent_id": or_null(version["responder"]), "group_id": or_null(version["group"]),
                "ticket_id": row["ticket"], "feedback": told, "created_at": at, "updated_at": at,
                "ratings": {"default_question": step, "question_44": steps[0]},
            }  # fmt: skip

    def _entries_of(self, log: pl.DataFrame) -> Iterator[Dated]:
        """What was booked; where the account's agents do and our events have none of it, something after each reply."""
        booked = log.filter(pl.col("kind") == "handled").sort("sec", "place")
        for row in booked.iter_rows(named=True):
            yield row["sec"], _entry(row["event"], row["ticket"], row["actor"], row["sec"], int(float(row["after"])))
        if self._made_up:
            replied = log.filter((pl.col("kind") == "replied") & pl.col("actor").is_not_null()).sort("sec", "place")
            chosen = replied.select("event", "ticket", "actor", "sec")
            for event, ticket, actor, sec in chosen.iter_rows():
                yield sec, _entry(ENTRIES + event, ticket, actor, sec, 60 * (2 + event % 19))


def _entry(no: int, ticket: int, agent: int, at: int, seconds: int) -> Object:
    told = iso(at)
    return {
        "id": no, "billable": True, "note": f"{CANARY}-note", "timer_running": False, "agent_id": agent,
        "ticket_id": ticket, "company_id": None, "time_spent": f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}",
        "time_spent_in_seconds": seconds, "executed_at": told, "start_time": iso(at - seconds),
        "created_at": told, "updated_at": told,
    }  # fmt: skip


def _corrected(row: Object, now: int) -> Object:
    """An entry once somebody has put it right: ten minutes more than at first, from a day later on."""
    later = int(datetime.fromisoformat(row["created_at"]).timestamp()) + 86_400
    if later > now:
        return row
    seconds = row["time_spent_in_seconds"] + 600
    told = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return {**row, "time_spent_in_seconds": seconds, "time_spent": told, "updated_at": iso(later)}
