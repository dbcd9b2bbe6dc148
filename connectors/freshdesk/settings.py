"""What a Freshdesk connection needs to know. The key is kept out of every printed form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import excerpt

_LOOPBACK = re.compile(r"^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$")
_HTTPS = re.compile(r"^https://[A-Za-z0-9.-]+(:\d+)?$")
_DOMAIN = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


@dataclass(frozen=True)
class FreshdeskSettings:
    """One connection. `api_key` is the key of one agent and sees what this agent may see.

    `domain` is the vendor's own, such as acme.freshdesk.com, even where customers see another one. `statuses` maps ids
    or labels of the account's own statuses to our status words. `reserve` is the share of each rate limit that is left
    to other integrations. `own_user_is_person`: the key's agent works tickets by hand, too.

    `patient`: this one of many pulls need not be complete. Conversations are then put off until their ticket was quiet
    for `quiet_minutes` or has waited for `longest_wait_minutes` (which is also how long one is left alone that nobody
    has taken yet), and lists that rarely tell something are read by the hour: it saves more than half of the quota.
    """

    account: str
    domain: str
    api_key: str = field(repr=False)
    base_url: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    reserve: float = 0.3
    recent_weeks: int = 6
    own_user_is_person: bool = False
    patient: bool = False
    quiet_minutes: int = 20
    longest_wait_minutes: int = 60

    def __post_init__(self) -> None:
        who = f"account {self.account}"
        if not _DOMAIN.fullmatch(self.domain):
            raise ConfigError(f'{who}: "{excerpt(self.domain)}" is not a host name; it looks like acme.freshdesk.com')
        if not (_HTTPS.match(self.origin) or _LOOPBACK.match(self.origin)):
            raise ConfigError(
                f"{who}: base URL must be https://host, or http:// on loopback, without a path"
                + ("" if "@" in self.origin else f"; got {self.origin}")  # before an @ may be a password
            )
        if not 0 <= self.reserve < 1:
            raise ConfigError(f"{who}: reserve is a share from 0 to below 1, not {self.reserve}")
        if not self.api_key:
            raise ConfigError(f"{who}: no API key; it stands in the profile settings of the agent it belongs to")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the account."""
        return (self.base_url or f"https://{self.domain}").rstrip("/")


def ticket_page(stored: Mapping[str, Any], ticket: str) -> str | None:
    """Where an agent opens a ticket, by an account's stored settings; None when it has no such pages (simulated)."""
    if not stored.get("domain") or _LOOPBACK.match(stored.get("base_url") or ""):
        return None
    return f"https://{stored['domain']}/a/tickets/{quote(ticket, safe='')}"
