"""What a way to sign in elsewhere offers, and what holds one try together while the person is away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from helpdesk_wellbeing.errors import Refused
from helpdesk_wellbeing.signed import derived, is_proven, said_by, sign

LASTS = timedelta(minutes=10)  # for typing a password and a second factor
_PURPOSE = "signing in"
_LONGEST_BACK = 200  # signs of an address to go back to; a token is not long


@dataclass(frozen=True)
class Identity:
    """Who somebody is elsewhere, proven."""

    names: tuple[str, ...]  # as in `members`, the surest first
    name: str  # what they are called there
    agent: str | None  # the platform's id, where the helpdesk itself says that they work there
    way: str


class NotProven(Refused):
    """The other side did not say who it is, or what it said cannot be believed. The message names no person."""


@dataclass(frozen=True)
class Attempt:
    """One try, from the sign-in page to the other side and back to the same browser."""

    state: str
    way: str
    back: str | None  # the page they wanted
    at: datetime
    verifier: str  # PKCE
    nonce: str
    callback: str  # where the other side sends them back to

    @property
    def challenge(self) -> str:
        """What of the verifier is told before (PKCE, S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Way(Protocol):
    """One way to sign in to one account."""

    @property
    def name(self) -> str:
        """As it stands in addresses: zendesk, oidc."""
        ...

    @property
    def label(self) -> str:
        """What people know the other side by."""
        ...

    def begin(self, attempt: Attempt) -> str:
        """The address to send the browser to. Raises PlatformError or BadPayload when the other side is away."""
        ...

    def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Who came back, from the arguments of the callback. Raises NotProven, other PlatformErrors, BadPayload."""
        ...


WaysOf = Callable[[str], Sequence[Way]]  # of an account; asked on each request, so it remembers


def new_attempt(secret: str, account: str, way: str, back: str | None, at: datetime, callback: str) -> Attempt:
    """A try that begins now."""
    return _attempt(secret, account, secrets.token_urlsafe(32), way, back, at, callback)


def as_token(secret: str, account: str, attempt: Attempt) -> str:
    """What the browser keeps meanwhile: signed, without verifier and nonce, which follow from the state."""
    back = attempt.back if attempt.back and len(attempt.back) <= _LONGEST_BACK else ""
    return sign(secret, _PURPOSE, [account, attempt.state, attempt.way, back, int(attempt.at.timestamp())])


def returned(secret: str, account: str, way: str, kept: str, state: str, at: datetime, callback: str) -> Attempt | None:
    """The try that came back, if this browser began it here, by this way, not long ago."""
    said = said_by(kept) if is_proven(secret, _PURPOSE, kept) else None
    if said is None or said[0] != account or said[2] != way:
        return None
    if not hmac.compare_digest(str(said[1]).encode(), state.encode()):
        return None
    began = datetime.fromtimestamp(said[4], at.tzinfo)
    if not began <= at <= began + LASTS:
        return None
    return _attempt(secret, account, state, way, said[3] or None, began, callback)


def _attempt(secret: str, account: str, state: str, way: str, back: str | None, at: datetime, callback: str) -> Attempt:
    verifier = derived(secret, "verifier", account, state).hex()
    nonce = derived(secret, "nonce", account, state).hex()
    return Attempt(state, way, back, at, verifier, nonce, callback)
