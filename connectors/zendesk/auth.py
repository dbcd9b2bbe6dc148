"""Proving who we are to Zendesk: OAuth client credentials, and the legacy API token."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from connectors.session import HttpRefused, PlatformSession
from connectors.zendesk.settings import API_TOKENS_END, READING_SCOPES, ZendeskSettings
from helpdesk_wellbeing.errors import BadPayload, Refused

ASKED_LIFETIME_S = 3600  # always asked for: without it the answer may not say when the token ends
UNSAID_LIFETIME_S = 1800  # what a token lives when the answer doesn't say
WHERE = "Admin Center > Apps and integrations > APIs > OAuth clients"

_ADVICE = {
    "invalid_client": "the client id or its secret isn't accepted; copy both anew (id: the *identifier*)",
    "invalid_scope": "the client may not have the scopes asked for; allow `{scopes}` in its scopes",
    "unauthorized_client": "the client may not use client credentials; its kind must be *confidential*",
    "unsupported_grant_type": "this client has no client credentials; make a *confidential* one",
    "invalid_grant": "the user that the client belongs to can't sign in; make a client as another admin",
    "access_denied": "the user that the client belongs to may not have this token; it must be an admin",
    "invalid_request": "the token request wasn't understood; check the client id and the base URL",
}
_UNKNOWN_ADVICE = "the client wasn't accepted; check its id, its secret and its kind"


class GrantRefused(Refused):
    """No token was given; nothing works until the connection is mended."""

    status = 401  # whatever the token endpoint answered: these credentials open nothing


class ClientCredentials:
    """OAuth tokens for a confidential client, asked for anew before they end and once after a 401."""

    def __init__(
        self, settings: ZendeskSettings, session: PlatformSession, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`session` has no credentials of its own; `now` in seconds, any origin."""
        self._settings = settings
        self._session = session
        self._now = now
        self._token: str | None = None
        self._renew_at = 0.0
        self.granted: frozenset[str] | None = None  # None: the answer did not say

    def __repr__(self) -> str:
        return f"ClientCredentials(client {self._settings.client_id})"

    def header(self) -> str:
        """Bearer and a token that lives on for a while."""
        if self._token is None or self._now() >= self._renew_at:
            self._mint()
        return f"Bearer {self._token}"

    def renew(self) -> bool:
        """A new token after a 401. The session asks for it once a request."""
        self._mint()
        return True

    def missing(self) -> tuple[str, ...]:
        """Scopes that reading needs and that were not granted."""
        if self.granted is None:
            return ()
        return tuple(scope for scope in READING_SCOPES if scope not in self.granted)

    def _mint(self) -> None:
        body = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "scope": " ".join(self._settings.scopes),
            "expires_in": ASKED_LIFETIME_S,
        }
        try:
            answer = self._session.answer("POST", "/oauth/tokens", json=body, repeatable=True)
        except HttpRefused as refused:
            raise self._explain(refused) from refused
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise BadPayload("zendesk: POST /oauth/tokens answered without an access token; check the base URL")
        lifetime = answer.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else UNSAID_LIFETIME_S
        scope = answer.get("scope")
        self.granted = frozenset(scope.split()) if isinstance(scope, str) else None
        self._token, self._renew_at = token, self._now() + seconds * 0.8

    def _explain(self, refused: HttpRefused) -> GrantRefused:
        if refused.status == 404:
            advice = f"no Zendesk account answers at {self._settings.origin}; check the subdomain"
        else:
            told = _ADVICE.get(refused.code or "", _UNKNOWN_ADVICE).format(scopes=" ".join(self._settings.scopes))
            advice = f"{told} ({WHERE})"
        named = f"{refused.status} {refused.code}" if refused.code else str(refused.status)
        client = self._settings.client_id
        return GrantRefused(f"zendesk: {named} for POST /oauth/tokens (client {client}): {advice}")


class ApiToken:
    """The legacy API token. Zendesk makes no new ones and ends all on `API_TOKENS_END`."""

    granted: frozenset[str] | None = None

    def __init__(self, settings: ZendeskSettings) -> None:
        joined = f"{settings.email}/token:{settings.api_token}"
        self._header = "Basic " + base64.b64encode(joined.encode()).decode()

    def __repr__(self) -> str:
        return "ApiToken(…)"

    def header(self) -> str:
        """Basic authorisation with the token in the password's place."""
        return self._header

    def renew(self) -> bool:
        """There is nothing to renew."""
        return False

    def missing(self) -> tuple[str, ...]:
        """An API token has all rights of its user."""
        return ()


LEGACY_NOTE = f"API tokens end on {API_TOKENS_END.isoformat()}; connect with an OAuth client (--client-id) before that"
