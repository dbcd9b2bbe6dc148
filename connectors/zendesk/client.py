"""Zendesk's endpoints: how they page, where they end, what they need. Knows no event.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.budget import BucketRule
from connectors.session import HttpRefused, Limits, Platform, PlatformSession, TimedOut
from connectors.zendesk.auth import ApiToken, ClientCredentials
from connectors.zendesk.settings import ZendeskSettings
from helpdesk_wellbeing.errors import BadPayload

EXPORT_ROWS = 1000  # default and maximum of the exports
LIST_ROWS = 100
PAGE_SIZES = (1000, 500, 250, 100)  # smaller after a timeout, as Zendesk advises
_CODES = frozenset(
    [
        "RecordNotFound", "RecordInvalid", "InvalidEndpoint", "InvalidPaginationDepth", "Forbidden",
        "TooManyValues", "TooManyJobs", "Unauthorized", "AccountExpired", "AccountSuspended",
        "APIRateLimitExceeded", "StartTimeTooRecent", "InvalidValue", "invalid", "invalid_client",
        "invalid_scope", "unauthorized_client", "unsupported_grant_type", "invalid_grant", "access_denied",
        "invalid_request", "invalid_token", "insufficient_scope", "UpdateConflict",
        "IdempotentRequestError", "UnprocessableEntity",
    ]
)  # fmt: skip


def _hint(status: int, code: str | None, path: str) -> str:
    """The next step for a refusal."""
    if status == 401:
        return "the credentials aren't accepted; connect the account again"
    if status == 402 or code in ("AccountExpired", "AccountSuspended"):
        return "the Zendesk account isn't active; ask its owner"
    if status == 403:
        return (
            "not allowed; the OAuth client's user must be an admin and the client's scopes must include "
            "`read` "
            "(or the plan lacks this)"
        )
    if status == 404:
        if code == "InvalidEndpoint":
            return "the account's plan doesn't have this"
        return "not found; check the subdomain, or the plan lacks this"
    if status == 409:
        return "it was changed by somebody else at the same time; run it again"
    if status in (400, 422):
        return "Zendesk didn't accept the request; report it with this line"
    return "Zendesk didn't accept the request"


def platform(settings: ZendeskSettings) -> Platform:
    """Zendesk's buckets, error codes and hints for the session."""
    return Platform(
        name="zendesk",
        buckets=(
            BucketRule("account", lambda path: path.startswith("/api/"), per_minute=200),
            BucketRule("export", lambda path: "/incremental/" in path, per_minute=10, header="incremental-exports"),
            BucketRule(
                "update",
                lambda path: path.startswith("/api/v2/tickets/"),
                per_minute=100,
                header="tickets-update",
                verbs=frozenset({"PUT", "POST", "DELETE"}),
            ),
        ),
        codes=_CODES,
        hint=_hint,
        aliases=(f"https://{settings.subdomain}.zendesk.com",),
    )


@dataclass(frozen=True)
class RawPage:
    """One answer of an export: its rows, the place after it, and whether the stream ends here for now."""

    rows: Any  # a list, or a frame where the caller's `parse` makes one
    cursor: str | None  # cursor exports
    end: int | None  # time exports: epoch seconds; null where the platform said none
    last: bool
    note: str | None = None  # why it was stopped early


class ZendeskApi:
    """Reads one account. `sleep`, `now` and `say` are handed to the session."""

    def __init__(
        self,
        settings: ZendeskSettings,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        described = platform(settings)
        self.credentials: ClientCredentials | ApiToken
        if settings.is_oauth:
            door = PlatformSession(settings.origin, described, limits=limits, sleep=sleep, now=now, say=say)
            self.credentials = ClientCredentials(settings, door, now)
        else:
            self.credentials = ApiToken(settings)
        self.session = PlatformSession(
            settings.origin,
            described,
            self.credentials,
            limits=limits,
            reserve=settings.reserve,
            sleep=sleep,
            now=now,
            say=say,
        )
        self._say = say or (lambda line: None)
        self._export_rows = EXPORT_ROWS
        self._me: dict[str, Any] | None = None

    # Who and when

    def me(self) -> dict[str, Any]:
        """The user whom the credentials act as. Anonymous callers get a user without an id: refused here."""
        if self._me is None:
            user = self.object("/api/v2/users/me", "user")
            if not user.get("id"):
                raise HttpRefused(
                    "zendesk: 401 for GET /api/v2/users/me: the credentials aren't accepted; connect the account again",
                    401,
                )
            self._me = user
        return self._me

    def platform_now(self) -> datetime:
        """Zendesk's clock as of its latest answer; asks once when nothing was asked yet. Ours only if it says
        none."""
        if self.session.platform_now is None:
            self.me()
        return self.session.platform_now or datetime.now(UTC)

    # Simple answers

    def object(self, path: str, name: str, **params: Any) -> dict[str, Any]:
        """The object called `name` of an answer. Raises BadPayload when it isn't there."""
        answer = self.session.answer("GET", path, params=params or None)
        found = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise BadPayload(f'zendesk: the answer to GET {path} has no object "{name}"; report it with this line')
        return found

    def listed(self, path: str, name: str, params: dict[str, Any] | None = None) -> Iterator[list[Any]]:
        """Pages of a list with cursor pagination; ends on `has_more`, on an empty page and on a cursor that
        stays."""
        query = {"page[size]": LIST_ROWS, **(params or {})}
        seen: set[str] = set()
        while True:
            answer = self.session.answer("GET", path, params=query)
            rows = _rows(answer, name, path)
            meta = answer.get("meta") or {}
            cursor = meta.get("after_cursor")
            yield rows
            if not meta.get("has_more") or not rows:
                return
            if not isinstance(cursor, str) or cursor in seen:
                self._say(f"zendesk: GET {path} names the same next page again; stopped there")
                return
            seen.add(cursor)
            query["page[after]"] = cursor

    def zenpy(self) -> Any:
        """A zenpy client on our session: no cache of its own, no waiting of its own."""
        from zenpy import Zenpy

        logging.getLogger("zenpy").setLevel(logging.INFO)  # below that it logs whole answers

        return Zenpy(subdomain=self.settings.subdomain, session=self.session, disable_cache=True)

    # Exports

    def by_cursor(
        self,
        resource: str,
        cursor: str | None,
        start: int,
        parse: Callable[[bytes], Any] | None = None,
        enough: Callable[[RawPage], bool] = lambda page: False,
    ) -> Iterator[RawPage]:
        """Pages of a cursor export from `cursor`, else from `start` (epoch seconds, inclusive), until `enough`.

        Each page carries the cursor after it. Ends at end_of_stream, and with a note where the cursor is
        missing or repeats.
        """
        path = f"/api/v2/incremental/{resource}/cursor"
        seen = {cursor}
        while True:
            place = {"cursor": cursor} if cursor else {"start_time": max(0, start)}
            answer = self._export(path, place, parse=parse)
            rows = _rows(answer, resource, path)
            following = answer.get("after_cursor")
            at_end = answer.get("end_of_stream") is True
            if not isinstance(following, str) or not following:
                note = (
                    None if at_end else f"zendesk: GET {path} names no next cursor; stopped there until the next pull"
                )
                yield RawPage(rows, None, None, True, note)
                return
            if at_end or following in seen:
                note = None if at_end else f"zendesk: GET {path} repeats a cursor; stopped there until the next pull"
                yield RawPage(rows, following, None, True, note)
                return
            page = RawPage(rows, following, None, False)
            yield page
            if enough(page):
                return
            seen.add(following)
            cursor = following

    def by_time(
        self, resource: str, start: int, enough: Callable[[RawPage], bool] = lambda page: False
    ) -> Iterator[RawPage]:
        """Pages of a time-based export from `start` (epoch seconds, inclusive), until `enough`.

        Ends at end_of_stream, where `end_time` is missing or does not advance, and, where the answer knows no
        end_of_stream (metric events), at a page with fewer rows than a full one.
        """
        path = f"/api/v2/incremental/{resource}"
        start = max(0, start)
        while True:
            answer = self._export(path, {"start_time": start}, sized=resource != "ticket_metric_events")
            rows = _rows(answer, resource, path)
            end = answer.get("end_time")
            end = int(end) if isinstance(end, int | float) and not isinstance(end, bool) and end > 0 else None
            ends_here = answer.get("end_of_stream")
            at_end = ends_here is True or (ends_here is None and len(rows) < EXPORT_ROWS)
            stuck = end is None or end <= start
            note = None
            if stuck and not at_end:
                note = f"zendesk: GET {path} does not go on after {_clock(start)}; stopped there for now"
            page = RawPage(rows, None, end, at_end or stuck, note)
            yield page
            if at_end or end is None or end <= start or enough(page):
                return
            start = end

    def _export(
        self,
        path: str,
        params: dict[str, Any],
        sized: bool = True,
        parse: Callable[[bytes], Any] | None = None,
    ) -> Any:
        """One export answer; after a timeout with fewer rows, down to the smallest size."""
        while True:
            smallest = self._export_rows == PAGE_SIZES[-1]
            query = {**params, "per_page": self._export_rows} if sized else params
            patience = {} if smallest or not sized else {"timeouts": 2}
            try:
                return self.session.answer("GET", path, parse=parse, params=query, **patience)
            except TimedOut:
                if smallest or not sized:
                    raise
                self._export_rows = PAGE_SIZES[PAGE_SIZES.index(self._export_rows) + 1]
                self._say(f"zendesk: GET {path} took too long; trying with {self._export_rows} rows a page")


def optional(what: str, read: Callable[[], Any], note: Callable[[str], None]) -> Any:
    """What `read` gives; None, and a line that says so, where the plan lacks it (403, 404)."""
    try:
        return read()
    except HttpRefused as refused:
        if refused.status not in (402, 403, 404):
            raise
        note(lacking(what, refused))
        return None


def lacking(what: str, refused: HttpRefused) -> str:
    """The line about a collector that the account lacks."""
    code = f" {refused.code}" if refused.code else ""
    return f"zendesk: {what} is not available here ({refused.status}{code}: plan or rights); going on without"


def _rows(answer: Any, name: str, path: str) -> Any:
    rows = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(rows, list | pl.DataFrame):
        raise BadPayload(f'zendesk: the answer to GET {path} has no list "{name}"; report it with this line')
    return rows


def _clock(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
