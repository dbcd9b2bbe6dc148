"""What a Zendesk connection needs to know. Secrets are kept out of every printed form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from helpdesk_wellbeing.errors import ConfigError

API_TOKENS_END = date(2027, 4, 30)  # Zendesk switches off every remaining API token
READING_SCOPES = ("read",)
WRITING_SCOPES = ("read", "write")
_LOOPBACK = re.compile(r"^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$")
_HTTPS = re.compile(r"^https://[A-Za-z0-9.-]+(:\d+)?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9][a-z0-9-]*$")


@dataclass(frozen=True)
class ZendeskSettings:
    """One connection: either `client_id` and `client_secret` (OAuth), or `email` and `api_token` (legacy).

    `scopes` is what is asked for; reading needs `read`. `people_by_api` lists agent accounts whose changes
    through the
    API count as theirs. `statuses` maps ids or agent labels of custom statuses to our status words, over what
    the platform
    says. `reserve` is the share of each rate limit that is left to other integrations. `own_user_is_person`:
    the user that
    the credentials belong to works tickets by hand, too; then only what it does through the API is the
    plugin's.
    """

    account: str
    subdomain: str
    base_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    api_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = READING_SCOPES
    people_by_api: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    reserve: float = 0.3
    recent_weeks: int = 6
    own_user_is_person: bool = False

    def __post_init__(self) -> None:
        who = f"account {self.account}"
        if not _SUBDOMAIN.match(self.subdomain):
            raise ConfigError(f'{who}: "{self.subdomain}" is no Zendesk subdomain; give the part before .zendesk.com')
        if not (_HTTPS.match(self.origin) or _LOOPBACK.match(self.origin)):
            raise ConfigError(
                f"{who}: base URL must be https://host, or http:// on loopback, without a path"
                + ("" if "@" in self.origin else f"; got {self.origin}")  # before an @ may be a password
            )
        if not 0 <= self.reserve < 1:
            raise ConfigError(f"{who}: reserve is a share from 0 to below 1, not {self.reserve}")
        if not self.is_oauth and not self.is_legacy:
            raise ConfigError(f"{who}: no credentials; give the OAuth client's id and secret, or e-mail and API token")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the account."""
        return (self.base_url or f"https://{self.subdomain}.zendesk.com").rstrip("/")

    @property
    def is_oauth(self) -> bool:
        """Whether an OAuth client is given in full."""
        return bool(self.client_id and self.client_secret)

    @property
    def is_legacy(self) -> bool:
        """Whether an API token is given in full."""
        return bool(self.email and self.api_token)


def ticket_page(stored: Mapping[str, Any], ticket: str) -> str | None:
    """Where an agent opens a ticket, by an account's stored settings; None when its address is not known."""
    if not stored.get("subdomain"):
        return None
    origin = stored.get("base_url") or f"https://{stored['subdomain']}.zendesk.com"
    return f"{origin.rstrip('/')}/agent/tickets/{quote(ticket, safe='')}"
