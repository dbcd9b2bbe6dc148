"""The incremental exports, by cursor and by time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
import polars as pl

from .answers import BAD_CURSOR, NO_ENDPOINT, TOO_RECENT, Answer, invalid
from .faults import Faults
from .lists import ELSEWHERE, Query, number_of
from .pages import Rows, export_cursor, read_export_cursor
from .site import Holdings

LARGEST = 1000
UNSEEN = 60  # the newest minute is never returned


class Exports:
    """`/api/v2/incremental/…`."""

    def __init__(self, holdings: Holdings, faults: Faults, now: Callable[[], datetime]) -> None:
        self.holdings = holdings
        self.options = holdings.site.options
        self.faults = faults
        self.now = now
        self._users: Rows | None = None

    def answer(self, resource: str, path: str, query: Query) -> Answer:
        """The page of one export."""
        now = int(self.now().timestamp())
        if resource == "tickets/cursor":
            return self._by_cursor("tickets", self.holdings.tickets(now, True), path, query, now)
        if resource == "users/cursor":
            return self._by_cursor("users", self.users(), path, query, now)
        if resource == "tickets":
            return self._by_time("tickets", self.holdings.tickets(now, True), path, query, now)
        if resource == "users":
            return self._by_time("users", self.users(), path, query, now)
        if resource == "ticket_events":
            bodies = "comment_events" in (query.get("include") or [""])[0].split(",")
            rows = self.holdings.ticket_events_with_bodies() if bodies else self.holdings.ticket_events
            return self._by_time("ticket_events", rows, path, query, now)
        if resource == "ticket_metric_events" and self.options.metric_events:
            return self._by_time("ticket_metric_events", self.holdings.metric_events, path, query, now)
        return Answer.of(*NO_ENDPOINT)

    def users(self) -> Rows:
        """Everybody, end users and deactivated people included."""
        if self._users is None:
            users = sorted(self.holdings.staff.users, key=lambda user: (user["updated_at"], user["id"]))
            stamps = [int(datetime.fromisoformat(u["updated_at"]).timestamp()) for u in users]
            text = pl.Series("json", [orjson.dumps(u).decode() for u in users], dtype=pl.String)
            self._users = Rows(np.array(stamps, np.int64), np.array([u["id"] for u in users], np.int64), text)
        return self._users

    def forget_users(self) -> None:
        """They changed."""
        self._users = None

    def _size(self, path: str, query: Query) -> int | None:
        size = number_of(query, "per_page", LARGEST)
        if size is None or not 1 <= size <= LARGEST:
            return None
        return size + size // 2 + 1 if self.faults.twisted("oversize", path) else size

    def _start(self, query: Query, now: int) -> int | tuple[dict[str, Any], int]:
        start = number_of(query, "start_time", None)
        if start is None or start < 0:
            return invalid("start_time")
        return TOO_RECENT if start > now - UNSEEN else start

    def _by_cursor(self, name: str, rows: Rows, path: str, query: Query, now: int) -> Answer:
        size = self._size(path, query)
        if size is None:
            return Answer.of(*invalid("per_page"))
        given = next(iter(query.get("cursor", ())), None)
        if given is not None:
            place = read_export_cursor(given)
            low = rows.after(*place)
        else:
            start = self._start(query, now)
            if not isinstance(start, int):
                return Answer.of(*(BAD_CURSOR if "start_time" not in query else start))
            place = (start, 0)
            low = rows.start(start)
        end = max(low, rows.end(now - UNSEEN))
        high = min(low + size, end)
        if high > low:
            place = (int(rows.stamps[high - 1]), int(rows.ids[high - 1]))
        endless = high >= end and self.faults.twisted("endless", path)
        cursor = export_cursor(*place)
        text = self._page(rows, low, high, path)
        return Answer.rows(name, self._without_deleted(text, query), {
            "after_url": f"{self._host(path)}{path}?cursor={quote(cursor, safe='')}{_kept(query)}",
            "before_url": None, "after_cursor": cursor, "before_cursor": None,
            "end_of_stream": high >= end and not endless,
        })  # fmt: skip

    def _by_time(self, name: str, rows: Rows, path: str, query: Query, now: int) -> Answer:
        metric = name == "ticket_metric_events"
        size = LARGEST if metric else self._size(path, query)
        if size is None:
            return Answer.of(*invalid("per_page"))
        start = self._start(query, now)
        if not isinstance(start, int):
            return Answer.of(*start)
        low, end = rows.start(start), rows.end(now - UNSEEN)
        low = min(low, end)
        ties = not self.faults.twisted("split_ties", path)
        high = rows.time_window(low, end, size, keep_ties=ties)
        text, count = self._shown(rows, low, high, path, now)
        until: int | None = int(rows.stamps[high - 1]) if high > low else start if metric else None
        done = high >= end
        if done and self.faults.twisted("null_end_time", path):
            until = None
        if done and self.faults.twisted("endless", path):
            until, done = start, False
        next_page = None if until is None else f"{self._host(path)}{path}?start_time={until}{_kept(query)}"
        rest: dict[str, Any] = {"count": count, "end_time": until, "next_page": next_page}
        if not metric:
            rest["end_of_stream"] = done
        return Answer.rows(name, text, rest)

    def _host(self, path: str) -> str:
        return ELSEWHERE if self.faults.twisted("elsewhere", path) else self.holdings.base

    def _shown(self, rows: Rows, low: int, high: int, path: str, now: int) -> tuple[str, int]:
        """The page's text and count, without the rows that become visible only later."""
        share = self.faults.late_share()
        if not share or high <= low:
            return self._page(rows, low, high, path), high - low
        stamps, ids = rows.stamps[low:high], rows.ids[low:high]
        late = (stamps > now - UNSEEN - self.faults.late_seconds) & ((ids * 2654435761) % 1000 < share * 1000)
        if not late.any():
            return self._page(rows, low, high, path), high - low
        self.faults.happened["late"] += int(late.sum())
        places = np.flatnonzero(~late) + low
        return rows.picked(places), len(places)

    def _page(self, rows: Rows, low: int, high: int, path: str) -> str:
        if high > low and self.faults.twisted("repeat", path):
            places = np.concatenate([np.arange(max(0, low - 3), high), np.arange(low, min(low + 5, high))])
            return rows.picked(places)
        return rows.joined(low, high)

    @staticmethod
    def _without_deleted(text: str, query: Query) -> str:
        if (query.get("exclude_deleted") or [""])[0] != "true" or '"status":"deleted"' not in text:
            return text
        kept = [row for row in orjson.loads(f"[{text}]") if row.get("status") != "deleted"]
        return orjson.dumps(kept).decode()[1:-1]


def _kept(query: Query) -> str:
    """Parameters that go on to the next page."""
    kept = [f"&{name}={quote(query[name][0])}" for name in ("per_page", "include", "exclude_deleted") if name in query]
    return re.sub(r"\s", "", "".join(kept))
