"""Signing people in with the account's own Zendesk: OAuth authorization code with PKCE, then who they are there.

The token is used once, for that question, and ends five minutes later by itself.
https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from connectors.session import HttpRefused, Limits, Platform, PlatformSession
from helpdesk_wellbeing.access.ways import Attempt, Identity, NotProven
from helpdesk_wellbeing.errors import BadPayload

SCOPE = "users:read"  # the narrowest that answers who somebody is
SHORTEST_TOKEN_S = 301  # Zendesk takes more than 300
STAFF_ROLES = frozenset({"agent", "admin"})
LIMITS = Limits(connect_s=5, read_s=10, answer_s=15, attempts=2, timeouts=1, longest_wait_s=3, max_bytes=1 << 20)
_CODES = frozenset({"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client",
                    "unsupported_grant_type", "invalid_token"})  # fmt: skip


@dataclass(frozen=True)
class ZendeskSignIn:
    """The way "zendesk" of one account. A public client has no secret; PKCE stands in for it."""

    origin: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "zendesk"
    label: str = "Zendesk"

    def begin(self, attempt: Attempt) -> str:
        """The page of the helpdesk that asks whether they agree."""
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": attempt.callback, "scope": SCOPE,
            "state": attempt.state, "code_challenge": attempt.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self.origin}/oauth/authorizations/new?{urlencode(asked)}"

    def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Who came back; agents and admins only."""
        code = answer.get("code", "")
        if not code or answer.get("error"):
            raise NotProven("zendesk: nobody agreed to the sign-in; try it again")
        user = self._user(self._token(attempt, code))
        number = user.get("id")
        if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            raise NotProven("zendesk: it did not say who signed in; try it again")
        is_staff = user.get("role") in STAFF_ROLES
        if not is_staff or user.get("active") is not True or user.get("suspended") is True:
            raise NotProven("zendesk: whoever signed in is no agent of this helpdesk")
        agent = str(number)
        return Identity((f"zendesk:{agent}",), str(user.get("name") or agent)[:200], agent, self.name)

    def _token(self, attempt: Attempt, code: str) -> str:
        body = {
            "grant_type": "authorization_code", "code": code, "client_id": self.client_id,
            "redirect_uri": attempt.callback, "scope": SCOPE, "code_verifier": attempt.verifier,
            "expires_in": SHORTEST_TOKEN_S,
        }  # fmt: skip
        if self.client_secret is not None:
            body["client_secret"] = self.client_secret
        try:
            said = _session(self.origin).answer("POST", "/oauth/tokens", json=body)
        except HttpRefused as refused:
            raise NotProven(f"{refused}; the sign-in is begun anew from our page") from refused
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token:
            raise BadPayload("zendesk: POST /oauth/tokens answered without an access token; check the base URL")
        return token

    def _user(self, token: str) -> Mapping[str, Any]:
        try:
            said = _session(self.origin, token).answer("GET", "/api/v2/users/me.json")
        except HttpRefused as refused:
            raise NotProven(f"{refused}; the OAuth client's scopes must include `{SCOPE}` or `read`") from refused
        user = said.get("user") if isinstance(said, dict) else None
        if not isinstance(user, dict):
            raise BadPayload('zendesk: the answer to GET /api/v2/users/me.json has no "user"; check the base URL')
        return user


class _OneToken:
    def __init__(self, token: str) -> None:
        self._token = token

    def header(self) -> str:
        """A bearer token that is not renewed."""
        return f"Bearer {self._token}"

    def renew(self) -> bool:
        """There is nothing to renew it with."""
        return False


def _session(origin: str, token: str | None = None) -> PlatformSession:
    platform = Platform("zendesk", (), codes=_CODES, hint=lambda status, code, path: "Zendesk let nobody in")
    return PlatformSession(origin, platform, _OneToken(token) if token else None, limits=LIMITS)
