"""Freshdesk's endpoints: how they page, what they cost, what they need. Knows no event.

https://developers.freshdesk.com/api/
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.budget import BucketRule
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.session import Limits, Platform, PlatformSession
from helpdesk_wellbeing.errors import BadPayload

ROWS = 100  # the most that a page holds
MOST_PAGES = 300  # of the list of tickets
_CODES = frozenset(
    [
        "missing_field", "invalid_value", "duplicate_value", "datatype_mismatch", "invalid_field", "invalid_json",
        "invalid_credentials", "access_denied", "require_feature", "account_suspended", "ssl_required",
        "readonly_field", "inconsistent_state", "max_agents_reached", "password_lockout", "password_expired",
        "no_content_required", "inaccessible_field", "incompatible_field",
    ]
)  # fmt: skip


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
            BucketRule("account", lambda path: path.startswith("/api/"), per_minute=200),
            BucketRule("tickets list", lambda path: path == "/api/v2/tickets", per_minute=20, verbs=frozenset({"GET"})),
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

    def object(self, path: str, **arguments: Any) -> dict[str, Any]:
        """An answer that is one object. Raises PlatformError and BadPayload."""
        answer = self.session.answer("GET", path, **arguments)
        if not isinstance(answer, dict):
            raise BadPayload(f"freshdesk: the answer to GET {path} is no object; report it with this line")
        return answer

    def me(self) -> dict[str, Any]:
        """The agent that the key belongs to; every agent may ask this."""
        return self.object("/api/v2/agents/me")

    def listed(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[list[Any]]:
        """The pages of a list, until a short one."""
        page = 1
        while True:
            rows = self.session.answer("GET", path, params={**(params or {}), "page": page, "per_page": ROWS})
            if not isinstance(rows, list):
                raise BadPayload(f"freshdesk: the answer to GET {path} is no list; report it with this line")
            yield rows
            if len(rows) < ROWS:
                return
            page += 1
