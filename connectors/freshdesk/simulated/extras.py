"""What hangs on tickets: ratings, the survey they answer, and time that agents book."""

from __future__ import annotations

import polars as pl

from .record import Record
from .rows import Object, iso, iso_or_null, or_null
from .staff import CREATED
from .words import CANARY, NULL, RATINGS

SURVEY = 8000
ENTRIES = 3_000_000_000_000  # numbers of time entries that are made up
EDITED = 50  # every so many entries, one is corrected a day later


class Extras:
    """Rows by time, made once and added to as the log grows."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.options = record.options
        self._ratings: tuple[int, list[Object]] = (-1, [])
        self._entries: tuple[int, list[Object]] = (-1, [])

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
        height = self.record.log.height
        if self._ratings[0] != height:
            self._ratings = (height, self._all_ratings())
        low = iso(since) if since is not None else ""
        return [row for row in self._ratings[1] if low <= row["created_at"] <= iso(now)]

    def _all_ratings(self) -> list[Object]:
        given = self.record.log.filter(pl.col("kind").is_in(["rated", "remarked"])).sort("sec", "place")
        scale = RATINGS[self.options.surveys]
        rows = []
        for row in given.iter_rows(named=True):
            steps = scale.get(row["after"] or "")
            version = self.record.version(row["ticket"], row["sec"])
            if steps is None or version is None:
                continue
            step, at = steps[row["event"] % len(steps)], iso(row["sec"])
            rows.append(
                {"id": row["event"], "survey_id": SURVEY, "user_id": row["actor"] or version["requester"],
                 "agent_id": or_null(version["responder"]), "group_id": or_null(version["group"]),
                 "ticket_id": row["ticket"], "feedback": f"{CANARY}-feedback" if row["kind"] == "remarked" else None,
                 "ratings": {"default_question": step, "question_44": steps[0]}, "created_at": at, "updated_at": at}
            )  # fmt: skip
        return rows

    def time_entries(self, now: int, after: int | None = None, before: int | None = None) -> list[Object]:
        """Entries that were made up to `now`, by the time that they are booked on; `after` is inclusive."""
        height = self.record.log.height
        if self._entries[0] != height:
            self._entries = (height, self._all_entries())
        low, high = iso_or_null(NULL if after is None else after), iso_or_null(NULL if before is None else before)
        rows = [
            row for row in self._entries[1]
            if row["created_at"] <= iso(now) and (low is None or row["executed_at"] >= low)
            and (high is None or row["executed_at"] <= high)
        ]  # fmt: skip
        return [_corrected(row) if row["id"] % EDITED == 0 and row["updated_at"] <= iso(now) else row for row in rows]

    def _all_entries(self) -> list[Object]:
        booked = self.record.log.filter(pl.col("kind") == "handled").sort("sec", "place")
        rows = [_entry(r["event"], r["ticket"], r["actor"], r["sec"], int(float(r["after"] or 0)), r["sec"])
                for r in booked.iter_rows(named=True)]  # fmt: skip
        if rows or not self.options.time_entries:
            return rows
        replied = self.record.log.filter(pl.col("kind") == "replied").sort("sec", "place")
        for r in replied.iter_rows(named=True):
            no = ENTRIES + r["event"]
            later = r["sec"] + 86_400 if no % EDITED == 0 else r["sec"]
            rows.append(_entry(no, r["ticket"], r["actor"], r["sec"], 60 * (2 + r["event"] % 19), later))
        return rows


def _entry(no: int, ticket: int, agent: int, at: int, seconds: int, updated: int) -> Object:
    return {
        "id": no, "billable": True, "note": f"{CANARY}-note", "timer_running": False, "agent_id": agent,
        "ticket_id": ticket, "company_id": None, "time_spent": f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}",
        "time_spent_in_seconds": seconds, "executed_at": iso(at), "start_time": iso(at - seconds),
        "created_at": iso(at), "updated_at": iso(updated),
    }  # fmt: skip


def _corrected(row: Object) -> Object:
    """An entry after somebody put it right: ten minutes more than at first."""
    if row["updated_at"] == row["created_at"]:
        return row
    seconds = row["time_spent_in_seconds"] + 600
    told = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return {**row, "time_spent_in_seconds": seconds, "time_spent": told}
