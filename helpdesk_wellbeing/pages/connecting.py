"""Connecting a helpdesk from a page: what the page asks for, and what whoever knows the platforms offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

Platform = Literal["zendesk", "freshdesk"]


@dataclass(frozen=True)
class Helpdesk:
    """A helpdesk as somebody typed it in. `place`: Zendesk's subdomain, Freshdesk's domain; an address that was copied
    from the browser will do. `base_url`: a server on this machine instead."""

    platform: Platform
    account: str
    place: str
    client_id: str = ""  # Zendesk: the OAuth client's identifier
    secret: str = field(default="", repr=False)  # Zendesk: the client's; Freshdesk: the API key
    base_url: str = ""


@dataclass(frozen=True)
class Connected:
    """What was connected."""

    who: str  # as whom we are known there
    notes: tuple[str, ...] = ()  # what the plan lacks


class Connecting(Protocol):
    """Accounts made and mended from a page. All raise ConfigError, PlatformError or BadPayload, whose messages never
    hold a secret, and keep nothing then."""

    def connect(self, asked: Helpdesk) -> Connected:
        """Prove the credentials, then keep them under a name that is not taken."""
        ...

    def reconnect(self, account: str, client_id: str, secret: str) -> Connected:
        """Prove other credentials of a connected account, then keep them in the place of its own."""
        ...

    def simulate(self, account: str) -> None:
        """Begin to fill a new account with the simulated team, in the background; see `pages.jobs`."""
        ...
