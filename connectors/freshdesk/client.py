"""Freshdesk's endpoints: how they page, what they cost, what they need. Knows no event.

https://developers.freshdesk.com/api/
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.budget import BucketRule
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.session import HttpRefused, Limits, Platform, PlatformSession
from helpdesk_wellbeing.errors import BadPayload

ROWS = 100  # the most that a page holds
MOST_PAGES = 300  # of the list of tickets
_TRIES_THERE = 3  # on another host
MOST_OF_OTHERS = 500  # the vendor advises against more
_CODES = frozenset(
    [
        "missing_field", "invalid_value", "duplicate_value", "datatype_mismatch", "invalid_field", "invalid_json",
        "invalid_credentials", "access_denied", "require_feature", "account_suspended", "ssl_required",
        "readonly_field", "inconsistent_state", "max_agents_reached", "password_lockout", "password_expired",
        "no_content_required", "inaccessible_field", "incompatible_field",
    ]
)  # fmt: skip
# By the account's calls a minute; the trial's are not documented.
_LISTS = {0: 20, 400: 100, 700: 200, 1000: 300, 2000: 400}
_CREATES = {0: 20, 200: 80, 400: 160, 700: 280, 1000: 400, 2000: 800}
_TICKET = re.compile(r"/api/v2/tickets/\d+")


def _is_list(path: str) -> bool:
    return path == "/api/v2/tickets"


def _is_ticket(path: str) -> bool:
    return _TICKET.fullmatch(path) is not None


def _hint(status: int, code: str | None, path: str) -> str:
    """The next step for a refusal."""
    if status == 401:
        return "the API key isn't accepted; connect the account again"
    if code == "account_suspended":
        return "the Freshdesk account isn't active; ask its owner"
    if status == 403:
        return "not allowed; the key's agent must be an admin who sees all tickets, or the plan lacks this"
    if status == 404:
        return "not found, or hidden from the key's agent; check the domain"
    if status == 405:
        return "the ticket is in spam or in the trash"
    if status == 409:
        return "it was changed by somebody else at the same time; run it again"
    return "Freshdesk didn't accept the request; report it with this line"


class ApiKey:
    """The key as a user's name; any password will do."""

    def __init__(self, key: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{key}:X".encode()).decode()

    def header(self) -> str:
        """Basic authentication."""
        return self._header

    def renew(self) -> bool:
        """There is no other."""
        return False


def platform(settings: FreshdeskSettings) -> Platform:
    """Freshdesk's buckets, error codes and hints for the session."""
    return Platform(
        name="freshdesk",
        buckets=(
            BucketRule(
                "account", lambda path: path.startswith("/api/"), per_minute=200, by_credits=True, unsaid_reset=True
            ),
            BucketRule("tickets list", _is_list, per_minute=20, verbs=frozenset({"GET"}), by_total=_LISTS),
            BucketRule("tickets create", _is_list, per_minute=80, verbs=frozenset({"POST"}), by_total=_CREATES),
            BucketRule("tickets update", _is_ticket, per_minute=80, verbs=frozenset({"PUT"}), by_total=_CREATES),
        ),
        codes=_CODES,
        hint=_hint,
    )


class FreshdeskApi:
    """One account's API."""

    def __init__(
        self,
        settings: FreshdeskSettings,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self.session = PlatformSession(
            settings.origin, platform(settings), ApiKey(settings.api_key), limits=limits, reserve=settings.reserve,
            sleep=sleep, now=now, say=say,
        )  # fmt: skip
        self._say = say or (lambda line: None)
        self._limits, self._sleep, self._now = limits or Limits(), sleep, now
        self._me: dict[str, Any] | None = None

    def object(self, path: str, **arguments: Any) -> dict[str, Any]:
        """An answer that is one object. Raises PlatformError and BadPayload."""
        answer = self.session.answer("GET", path, **arguments)
        if not isinstance(answer, dict):
            raise BadPayload(f"freshdesk: the answer to GET {path} is no object; report it with this line")
        return answer

    def stranger(self, base_url: str) -> PlatformSession:
        """A session with another host that Freshdesk sent us to: it knows no key, and says nothing."""
        other = PlatformSession(
            base_url,
            Platform("freshdesk", buckets=()),
            limits=replace(self._limits, attempts=_TRIES_THERE),
            sleep=self._sleep,
            now=self._now,
        )
        other.auth = _unsigned  # nor what a .netrc may have for that host
        return other

    def me(self) -> dict[str, Any]:
        """The agent that the key belongs to; every agent may ask this."""
        if self._me is None:
            agent = self.object("/api/v2/agents/me")
            if not agent.get("id"):
                raise BadPayload("freshdesk: the answer to GET /api/v2/agents/me has no id; report it with this line")
            self._me = agent
        return self._me

    def platform_now(self) -> datetime:
        """Freshdesk's clock as of its latest answer; asks once when nothing was asked yet. Ours if it says none."""
        if self.session.platform_now is None:
            self.me()
        return self.session.platform_now or datetime.now(UTC)

    def rows(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """One answer that is a list. Raises PlatformError and BadPayload."""
        answer = self.session.answer("GET", path, params=params)
        if not isinstance(answer, list):
            raise BadPayload(f"freshdesk: the answer to GET {path} is no list; report it with this line")
        if answer and all(
            _says_nothing(row) for row in answer
        ):  # skipped over, its rows would never be asked for again
            raise BadPayload(f"freshdesk: the answer to GET {path} has nothing but nulls; run it again later")
        return answer

    def listed(
        self, path: str, params: Mapping[str, Any] | None = None, most: int = MOST_OF_OTHERS, first: int = 1
    ) -> Iterator[list[Any]]:
        """The pages of a list, until a short one, one that repeats the page before, or `most`."""
        before: list[Any] | None = None
        for page in range(first, most + 1):
            rows = self.rows(path, {**(params or {}), "page": page, "per_page": ROWS})
            if rows and rows == before:
                self._say(f"freshdesk: GET {path} gives the same page again; stopped there")
                return
            yield rows
            if len(rows) < ROWS:
                return
            before = rows
        self._say(f"freshdesk: GET {path} has more than {most} pages; stopped there")


def _says_nothing(row: Any) -> bool:
    return row is None or (isinstance(row, dict) and all(value is None for value in row.values()))


def _unsigned(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def optional(what: str, read: Callable[[], Any], note: Callable[[str], None]) -> Any:
    """What `read` gives; None, and a line that says so, where plan or rights lack it (402, 403, 404)."""
    try:
        return read()
    except HttpRefused as refused:
        if not is_absent(refused):
            raise
        note(lacking(what, refused))
        return None


def is_absent(refused: HttpRefused) -> bool:
    """Whether an account can simply lack what was asked for; a suspended one lacks everything."""
    return refused.status in (402, 403, 404) and refused.code != "account_suspended"


def lacking(what: str, refused: HttpRefused) -> str:
    """The line about something that the account lacks."""
    code = f" {refused.code}" if refused.code else ""
    return f"freshdesk: {what} is not available here ({refused.status}{code}: plan or rights); going on without"
