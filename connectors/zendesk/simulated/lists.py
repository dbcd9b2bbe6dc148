"""Lists with cursor pages (`page[size]`, `page[after]`) or numbered pages (`page`, `per_page`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
import polars as pl

from .answers import FORBIDDEN, NO_ENDPOINT, TOO_DEEP, Answer, invalid
from .faults import Faults
from .pages import list_cursor, read_list_cursor
from .people import Object
from .site import Holdings
from .slas import first_reply_clock
from .tickets import rating_row, survey_row

Query = dict[str, list[str]]
Pick = Callable[[int, int], str]  # rows of [low, high) as JSON text with commas between
LARGEST = 100
DEEPEST = 10_000
ELSEWHERE = "http://localhost:9"


def number_of(query: Query, name: str, default: int | None) -> int | None:
    """A whole number from the query; the default when absent, null when it is something else."""
    if name not in query:
        return default
    try:
        return int(query[name][0])
    except ValueError:
        return None


class Lists:
    """Every list that has pages."""

    def __init__(self, holdings: Holdings, faults: Faults, now: Callable[[], datetime]) -> None:
        self.holdings = holdings
        self.options = holdings.site.options
        self.faults = faults
        self.now = now

    def answer(self, resource: str, path: str, query: Query) -> Answer:
        """The page of one list; unknown paths answer as on the platform."""
        staff = self.holdings.staff
        if resource == "users":
            wanted = {*query.get("role", ()), *query.get("role[]", ())}
            users = [u for u in staff.users if u["active"] and (not wanted or u["role"] in wanted)]
            return self._objects("users", users, path, query)
        if resource == "groups":
            return self._objects("groups", staff.groups, path, query)
        if resource == "group_memberships":
            return self._objects("group_memberships", staff.memberships, path, query)
        if resource == "tickets" and "external_id" in query:
            return self._objects("tickets", self._by_external_id(query["external_id"][0]), path, query)
        if resource == "tickets":
            rows = self.holdings.tickets(self._clock(), False)
            return self._page("tickets", len(rows), rows.joined, path, query)
        if resource == "tickets/show_many":
            return self._many_tickets(query)
        if resource == "users/show_many":
            users = [u for u in staff.users if u["id"] in _ids(query)]
            return Answer.of({"users": users, "next_page": None, "previous_page": None, "count": len(users)})
        if resource == "satisfaction_ratings":
            return self._ratings(path, query)
        if resource == "guide/survey_responses":
            return self._surveys(path, query)
        return Answer.of(*NO_ENDPOINT)

    def _by_external_id(self, external_id: str) -> list[dict[str, Any]]:
        besides, clock = self.holdings.ledger.besides, self._clock()
        rows = [
            self.holdings.ticket(no, clock)
            for no, own in list(besides.items())
            if own.get("external_id") == external_id
        ]
        return [row for row in rows if row is not None and row["status"] != "deleted"]

    def audits(self, ticket: int, path: str, query: Query) -> Answer:
        """A ticket's audits, oldest first unless asked otherwise."""
        rows = self.holdings.audits(ticket, self._clock())
        if query.get("sort_order") == ["desc"] or query.get("sort") == ["-created_at"]:
            rows.reverse()
        return self._page("audits", len(rows), lambda low, high: ",".join(rows[low:high]), path, query)

    def things(self, name: str, rows: list[Object], path: str, query: Query) -> Answer:
        """The page of a list that somebody else made."""
        return self._objects(name, rows, path, query)

    def availabilities(self, data: list[Object], included: list[Object], path: str, query: Query) -> Answer:
        """JSON:API: the included channels are those of the page's agents."""
        with_channels = "channels" in (query.get("include") or [""])[0].split(",")
        places = {row["id"]: [i for i in included if i["id"].startswith(row["id"] + "|")] for row in data}

        def extra(low: int, high: int) -> dict[str, Any]:
            if not with_channels:
                return {}
            return {"included": [i for row in data[low:high] for i in places[row["id"]]]}

        return self._page("data", len(data), _texts(data), path, {"page[size]": ["100"], **query}, extra)

    def _clock(self) -> int:
        return int(self.now().timestamp())

    def _objects(self, name: str, things: list[Object], path: str, query: Query) -> Answer:
        return self._page(name, len(things), _texts(things), path, query)

    def _page(
        self, name: str, total: int, pick: Pick, path: str, query: Query,
        extra: Callable[[int, int], dict[str, Any]] = lambda low, high: {},
    ) -> Answer:  # fmt: skip
        if any(key.startswith("page[") for key in query):
            return self._cursor_page(name, total, pick, path, query, extra)
        return self._numbered_page(name, total, pick, path, query)

    def _cursor_page(
        self, name: str, total: int, pick: Pick, path: str, query: Query,
        extra: Callable[[int, int], dict[str, Any]],
    ) -> Answer:  # fmt: skip
        size = number_of(query, "page[size]", LARGEST)
        if size is None or not 1 <= size <= LARGEST:
            return Answer.of(*invalid("page[size]"))
        low = read_list_cursor(query["page[after]"][0]) if "page[after]" in query else 0
        high = max(low, min(low + size, total))
        endless = high >= total and self.faults.twisted("endless", path)
        after = list_cursor(low if endless else high)
        # A full last page still points on: what follows is empty.
        more = endless or (high < total) or (high == total and high - low == size)
        host = ELSEWHERE if self.faults.twisted("elsewhere", path) else self.holdings.base
        kept = "".join(f"&{quote(k)}={quote(v)}" for k, vs in query.items() for v in vs if not k.startswith("page["))
        link = f"{host}{path}?page%5Bafter%5D={quote(after, safe='')}&page%5Bsize%5D={size}{kept}"
        rest: dict[str, Any] = {
            **extra(low, high),
            "meta": {"has_more": more, "after_cursor": after, "before_cursor": list_cursor(low)},
            "links": {
                "prev": None if low == 0 else f"{host}{path}?page%5Bsize%5D={size}{kept}",
                "next": link,
            },
        }
        return Answer.rows(name, pick(low, high), rest)

    def _numbered_page(self, name: str, total: int, pick: Pick, path: str, query: Query) -> Answer:
        page, size = number_of(query, "page", 1), number_of(query, "per_page", LARGEST)
        if page is None or page < 1 or size is None or size < 1:
            return Answer.of(*invalid("page"))
        size = min(size, LARGEST)
        if page * size > DEEPEST:
            return Answer.of(*TOO_DEEP)
        low, high = min((page - 1) * size, total), min(page * size, total)
        host = self.holdings.base
        kept = "".join(f"&{quote(k)}={quote(v)}" for k, vs in query.items() for v in vs if k != "page")
        following = f"{host}{path}?page={page + 1}{kept}" if high < total else None
        previous = f"{host}{path}?page={page - 1}{kept}" if page > 1 else None
        rest = {"next_page": following, "previous_page": previous, "count": total}
        return Answer.rows(name, pick(low, high), rest)

    def _many_tickets(self, query: Query) -> Answer:
        wanted = _ids(query)
        if "slas" in query.get("include", [""])[0].split(","):
            return self._with_slas(wanted)
        rows = self.holdings.tickets(self._clock(), False)
        places = [rows.after(no, no - 1) for no in wanted]
        found = [p for p, no in zip(places, wanted, strict=True) if p < len(rows) and rows.ids[p] == no]
        text = ",".join(rows.joined(p, p + 1) for p in found)
        return Answer.rows("tickets", text, {"next_page": None, "previous_page": None, "count": len(found)})

    def _with_slas(self, wanted: list[int]) -> Answer:
        shown = [self.holdings.ticket(no, self._clock()) for no in wanted]
        found = [row for row in shown if row is not None and row["status"] != "deleted"]
        if self.options.sla:
            for row in found:
                row["slas"] = {"policy_metrics": first_reply_clock(self.holdings.site.events, row, self.now())}
        return Answer.of({"tickets": found, "next_page": None, "previous_page": None, "count": len(found)})

    def _answers(self, low: int | None, high: int | None) -> list[dict[str, Any]]:
        """Ratings given in [low, high) as rows of the frame, oldest first."""
        frame = self.holdings.ratings.filter(pl.col("sec") <= self._clock())
        if low is not None:
            frame = frame.filter(pl.col("sec") >= low)
        if high is not None:
            frame = frame.filter(pl.col("sec") < high)
        return frame.to_dicts()

    def _ratings(self, path: str, query: Query) -> Answer:
        if self.options.csat != "ratings":
            return Answer.of(*FORBIDDEN)
        rows = self._answers(number_of(query, "start_time", None), number_of(query, "end_time", None))
        score = (query.get("score") or ["received"])[0].partition("_with")[0]
        kept = [r for r in rows if r["score"] in ("good", "bad") and score in (r["score"], "received")]
        things = [rating_row(r, self.holdings.base, _iso(r["sec"])) for r in kept]
        if (query.get("sort_order") or [""])[0] == "desc":
            things.reverse()
        return self._objects("satisfaction_ratings", things, path, query)

    def _surveys(self, path: str, query: Query) -> Answer:
        if self.options.csat != "surveys":
            return Answer.of(*NO_ENDPOINT)
        low, high = (number_of(query, f"filter[created_at_{end}]", None) for end in ("start", "end"))
        rows = self._answers(None if low is None else low // 1000, None if high is None else -(-high // 1000))
        things = [survey_row(r, _iso(r["sec"])) for r in rows]
        if (query.get("sort") or [""])[0].startswith("-"):
            things.reverse()
        return self._page("survey_responses", len(things), _texts(things), path, {"page[size]": ["100"], **query})


def _ids(query: Query) -> list[int]:
    """The ids that a `show_many` asks for, 100 at most."""
    return [int(no) for no in (query.get("ids") or [""])[0].split(",") if no.strip().isdigit()][:LARGEST]


def _texts(things: list[Object]) -> Pick:
    return lambda low, high: orjson.dumps(things[low:high]).decode()[1:-1]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
