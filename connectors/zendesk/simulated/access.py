"""OAuth client credentials, their tokens, and the legacy API token."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from .options import Options
from .signing_in import SigningIn

LIFETIME = 1800  # what a new client's tokens get when nothing is asked for; the answer does not say so
SHORTEST, LONGEST = 300, 172_800
BROAD = ("read", "write", "impersonate")
NARROW = (
    "tickets",
    "users",
    "auditlogs",
    "organizations",
    "hc",
    "apps",
    "triggers",
    "automations",
    "targets",
    "webhooks",
)
VOCABULARY = frozenset(BROAD) | {f"{word}:{verb}" for word in NARROW for verb in ("read", "write")}


@dataclass(frozen=True)
class Token:
    number: int
    scopes: tuple[str, ...]
    until: float  # time.monotonic()
    expires_at: str
    shown: str
    user: int | None = None  # null: the service user


@dataclass
class Access:
    """Who may ask for what. Secrets are made at start and exist in memory only."""

    options: Options
    client_id: str = field(default_factory=lambda: f"wellbeing_{secrets.token_hex(4)}")
    client_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    api_token: str = field(default_factory=lambda: secrets.token_hex(20))
    minted: int = 0
    signing_in: SigningIn = field(init=False)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.signing_in = SigningIn(self.options)

    def mint(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The answer of `POST /oauth/tokens`."""
        grant = body.get("grant_type")
        if grant not in ("client_credentials", "authorization_code"):
            return 400, _oauth_error("unsupported_grant_type", "The authorization grant type is not supported.")
        given = (str(body.get("client_id", "")), str(body.get("client_secret", "")))
        if not (_same(given[0], self.client_id) and _same(given[1], self.client_secret)):
            return 401, _oauth_error("invalid_client", "Client authentication failed.")
        code = self.signing_in.redeemed(body) if grant == "authorization_code" else None
        if grant == "authorization_code" and code is None:
            return 400, _oauth_error("invalid_grant", "The authorization grant is invalid, expired or revoked.")
        scope = code.scope if code else str(body.get("scope") or " ".join(self.options.allowed_scopes))
        asked = tuple(scope.split())
        if any(word in VOCABULARY and not self._allowed(word) for word in asked):
            return 400, _oauth_error("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
        wanted = body.get("expires_in")
        if wanted is not None and not (isinstance(wanted, int) and SHORTEST < wanted < LONGEST):
            return 400, _oauth_error("invalid_request", "expires_in must be between 300 and 172800 seconds.")
        token = self._issue(asked, wanted or LIFETIME, code.user if code else None)
        answer: dict[str, Any] = {"access_token": token, "token_type": "bearer", "scope": scope}
        if wanted is not None:
            answer["expires_in"] = wanted
        return 201, answer

    def _allowed(self, word: str) -> bool:
        verb = word.rpartition(":")[2]
        return word in self.options.allowed_scopes or verb in self.options.allowed_scopes

    def _issue(self, scopes: tuple[str, ...], lifetime: int, user: int | None) -> str:
        token = secrets.token_hex(32)
        lived = lifetime if self.options.token_ttl is None else self.options.token_ttl
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + lifetime))
        with self._lock:
            self.minted += 1
            self._tokens[token] = Token(self.minted, scopes, time.monotonic() + lived, expires, token[:10], user)
        return token

    def who(self, header: str | None) -> Token | None:
        """The token behind an Authorization header; null: nobody we know, or no longer."""
        kind, _, value = (header or "").partition(" ")
        if kind.lower() == "bearer":
            with self._lock:
                token = self._tokens.get(value.strip())
            return token if token and token.until > time.monotonic() else None
        if kind.lower() == "basic":
            return self._legacy(value)
        return None

    def _legacy(self, value: str) -> Token | None:
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return None
        if name == f"{self.options.service_email}/token" and _same(secret, self.api_token):
            return Token(0, ("read", "write"), float("inf"), "2027-04-30T00:00:00Z", secret[:10])
        return None

    def switch_off(self) -> None:
        """The OAuth client and all that it was given stop working for good, and the API token, too."""
        self.client_secret = secrets.token_hex(32)
        self.api_token = secrets.token_hex(20)
        self.revoke_all()

    def revoke_all(self) -> None:
        """Every OAuth token given out so far stops working."""
        with self._lock:
            self._tokens.clear()


def may_read(token: Token, resource: str) -> bool:
    """Audits and the event stream need the broad scope; lists also open to their own."""
    return "read" in token.scopes or f"{resource}:read" in token.scopes


def may_write(token: Token, resource: str) -> bool:
    """The broad scope, or the resource's own."""
    return "write" in token.scopes or f"{resource}:write" in token.scopes


def current(token: Token, user: int, base: str) -> dict[str, Any]:
    """The answer of `oauth/tokens/current`."""
    return {
        "token": {
            "url": f"{base}/api/v2/oauth/tokens/{token.number}.json",
            "id": token.number,
            "user_id": user,
            "client_id": 1234,
            "token": token.shown,
            "refresh_token": None,
            "scopes": list(token.scopes),
            "created_at": "2026-01-05T08:00:00Z",
            "used_at": "2026-01-05T08:00:00Z",
            "expires_at": token.expires_at,
        }
    }


def _same(given: str, right: str) -> bool:
    return secrets.compare_digest(given.encode(), right.encode())


def _oauth_error(word: str, text: str) -> dict[str, Any]:
    return {"error": word, "error_description": text}
