"""Lists of tickets: what stands at this moment, in pages that move while they are read."""

from __future__ import annotations

import random
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np

from connectors.simulating.answers import Answer
from connectors.simulating.text import numbers_of

from . import rows as shown
from .answers import ELSEWHERE, BadRequest, Query, link, page_of, refused, whole
from .faults import Faults
from .record import Record
from .versions import DELETED, SPAM, Columns, Numbers
from .words import CLOSED, NULL

MOST_PAGES = 300
USUAL_DAYS = 30
FILTERS = ("new_and_my_open", "watching", "spam", "deleted")
INCLUDES = ("stats", "requester", "description", "company")
ORDERS = {"created_at": "created", "updated_at": "updated", "due_by": "due", "status": "status"}
KEPT = 64


class Lists:
    """`GET /tickets` and what reads tickets like it."""

    def __init__(self, record: Record, faults: Faults, base: str) -> None:
        self.record = record
        self.options = record.options
        self.faults = faults
        self.base = base
        self._kept: OrderedDict[tuple[Any, ...], Numbers] = OrderedDict()
        self._lock = Lock()
        self._random = random.Random(faults.seed)

    def tickets(self, path: str, query: Query) -> Answer:
        """One page. Raises BadRequest."""
        includes = self.includes(query, INCLUDES)
        page, low, high = page_of(query, MOST_PAGES)
        now = self.record.clock()
        columns = self.record.versions.columns
        found = self._found(columns, query, now)
        rows = found[low:high]
        if self.faults.twisted("shuffled", path):
            rows = self._shuffled(columns, rows)
        told = [self.row(row, includes, now) for row in shown.versions(columns, rows)]
        if told and self.faults.twisted("repeat", path):
            told.insert(0, told[-1])
        headers = {}
        if high < len(found) and page < MOST_PAGES and not self.faults.twisted("unlinked", path):
            base = ELSEWHERE if self.faults.twisted("elsewhere", path) else self.base
            headers = link(base, path, query, page + 1)
        return Answer.of(told, 200, headers)

    def row(self, version: dict[str, int], includes: list[str], now: int) -> shown.Object:
        """A ticket with what was asked for."""
        row = self.record.shown(version, now)
        if "stats" in includes:
            row["stats"] = shown.stats(version)
        if "requester" in includes:
            row["requester"] = shown.requester(version["requester"])
        if "description" in includes:
            row |= shown.texts(version["ticket"]) | {name: row[name] for name in ("description",) if name in row}
        if "company" in includes:
            row["company"] = {}
        return row

    def includes(self, query: Query, known: tuple[str, ...]) -> list[str]:
        """What is to be embedded. Raises BadRequest for what can't be."""
        asked = [word for word in (query.get("include") or [""])[0].split(",") if word]
        wrong = [word for word in asked if word not in known or word in self.options.refused_includes]
        if wrong:
            raise BadRequest("include", f"can't embed: {', '.join(wrong)}")
        return asked

    def seen(self, columns: Columns, rows: Numbers) -> Numbers:
        """Of these rows, those that the key's agent may see."""
        if self.options.scope == 1:
            return rows
        if self.options.scope == 2:
            mine = np.isin(columns["group"][rows], numbers_of(self.options.groups))
        else:
            mine = columns["responder"][rows] == self.options.service_user
        kept: Numbers = rows[mine]
        return kept

    def may_see(self, version: dict[str, int]) -> bool:
        """Whether the key's agent may see a ticket."""
        columns = {name: np.array([value]) for name, value in version.items()}
        return bool(len(self.seen(columns, np.array([0]))))

    def archived(self, version: dict[str, int], now: int) -> bool:
        """Whether a ticket has left the list for the archive."""
        days = self.options.archive_after_days
        return days is not None and version["status"] == CLOSED and version["updated"] <= now - days * 86_400

    def standing(self, columns: Columns, now: int, since: int | None = None) -> Numbers:
        """Rows of what stands at `now`, neither in the trash nor in spam nor archived, that the key may see."""
        rows = self.record.versions.live(columns, now, since)
        rows = rows[columns["flags"][rows] & (DELETED | SPAM) == 0]
        days = self.options.archive_after_days
        if days is not None:
            old = (columns["status"][rows] == CLOSED) & (columns["updated"][rows] <= now - days * 86_400)
            rows = rows[~old]
        return self.seen(columns, rows)

    def _found(self, columns: Columns, query: Query, now: int) -> Numbers:
        """All rows of the list that is asked for, in its order."""
        given = tuple((name, query[name][0]) for name in sorted(query) if name not in ("page", "per_page", "include"))
        key = (given, now, self.record.versions.changes)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._searched(columns, query, now)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _searched(self, columns: Columns, query: Query, now: int) -> Numbers:
        since = time_of(query, "updated_since")
        chosen = query["filter"][0] if "filter" in query else None
        if chosen is not None and chosen not in FILTERS:
            raise BadRequest("filter", f"It should be one of these values: '{','.join(FILTERS)}'")
        if chosen in ("spam", "deleted"):
            rows = self.record.versions.live(columns, now, since)
            rows = self.seen(columns, rows[columns["flags"][rows] & (SPAM if chosen == "spam" else DELETED) != 0])
        else:
            rows = self.standing(columns, now, since)
        if since is None:
            rows = rows[columns["created"][rows] >= now - USUAL_DAYS * 86_400]
        if chosen == "watching":
            rows = rows[:0]
        if chosen == "new_and_my_open":
            mine = np.isin(columns["responder"][rows], (NULL, self.options.service_user))
            rows = rows[mine & (columns["status"][rows] == 2)]
        if "requester_id" in query:
            rows = rows[columns["requester"][rows] == whole(query, "requester_id", 1)]
        if "company_id" in query or "email" in query or "unique_external_id" in query:
            rows = self._of_customer(columns, rows, query)
        return self._ordered(columns, rows, query)

    def _of_customer(self, columns: Columns, rows: Numbers, query: Query) -> Numbers:
        """Nobody here has a company or an external id; e-mail addresses carry the customer's number."""
        name = (query.get("email") or [""])[0].partition("@")[0].removeprefix("customer")
        return rows[columns["requester"][rows] == int(name)] if name.isdecimal() and name.isascii() else rows[:0]

    @staticmethod
    def _ordered(columns: Columns, rows: Numbers, query: Query) -> Numbers:
        by, way = (query.get("order_by") or ["created_at"])[0], (query.get("order_type") or ["desc"])[0]
        if by not in ORDERS:
            raise BadRequest("order_by", f"It should be one of these values: '{','.join(ORDERS)}'")
        if way not in ("asc", "desc"):
            raise BadRequest("order_type", "It should be one of these values: 'asc,desc'")
        if by != "updated_at":  # rows are in that order already
            rows = rows[np.lexsort((columns["ticket"][rows], columns[ORDERS[by]][rows]))]
        return rows if way == "asc" else rows[::-1]

    def _shuffled(self, columns: Columns, rows: Numbers) -> Numbers:
        """The same rows, those of one second in any order."""
        dice = np.array([self._random.random() for _ in rows])
        order = np.lexsort((dice, columns["updated"][rows]))
        return rows[order] if len(rows) and columns["updated"][rows[0]] <= columns["updated"][rows[-1]] else rows


def time_of(query: Query, name: str) -> int | None:
    """A time of the query in whole seconds; null when it is absent. Raises BadRequest."""
    if name not in query:
        return None
    text = query[name][0].replace(" ", "+")  # a plus sign that was not encoded
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(name, "It should be a valid date in the ISO8601 format", "invalid_date") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(-((datetime.fromtimestamp(0, UTC) - at) // timedelta(seconds=1)))


def gone(message: str = "The ticket is in the trash or in spam.") -> Answer:
    """A 405: a ticket that can't be changed where it lies."""
    return refused(405, "method_not_allowed", message)
