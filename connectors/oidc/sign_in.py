"""The way "oidc" of one account: authorization code with PKCE, and an ID token that must fit in everything.

https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from connectors.oidc.provider import HttpRefused, Provider, Said
from helpdesk_wellbeing.access.ways import Attempt, Identity, NotProven
from helpdesk_wellbeing.errors import BadPayload

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SCOPE = "openid profile email"
LEEWAY_S = 60  # between two clocks
# Asymmetric ones: with the others whoever can check a token could make one, and "none" proves nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_DOUBT = "sign-in: the provider's ID token cannot be believed ({}); begin anew from our page"


class OidcSignIn:
    """One provider, as this account is known to it. Remembers what the provider says of itself; safe for threads."""

    name = "oidc"

    def __init__(
        self, issuer: str, client_id: str, client_secret: str | None, label: str, *, here: bool = False
    ) -> None:
        self.label = label
        self._client_id = client_id
        self._client_secret = client_secret
        self._provider = Provider(issuer, here=here)

    def __repr__(self) -> str:
        return f"OidcSignIn(client {self._client_id})"

    def begin(self, attempt: Attempt) -> str:
        """The provider's page."""
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": attempt.callback, "scope": SCOPE,
            "state": attempt.state, "nonce": attempt.nonce, "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        where = self._provider.said().authorization
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Who came back. An e-mail address counts only where the provider has verified it."""
        code = answer.get("code", "")
        if not code or answer.get("error"):
            raise NotProven("sign-in: nobody agreed to the sign-in; try it again")
        said = self._provider.said()
        if answer.get("iss", said.issuer) != said.issuer:  # RFC 9207: who answers is whom we asked
            raise NotProven(_DOUBT.format("another issuer answered"))
        tokens = self._tokens(said, attempt, code)
        claims = self._claims(said, str(tokens["id_token"]), attempt.nonce)
        if "email" not in claims and said.userinfo and isinstance(tokens.get("access_token"), str):
            claims = {**self._more(said.userinfo, str(tokens["access_token"]), claims["sub"]), **claims}
        return self._identity(said, claims)

    def _tokens(self, said: Said, attempt: Attempt, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": attempt.callback,
            "client_id": self._client_id, "code_verifier": attempt.verifier,
        }  # fmt: skip
        arguments: dict[str, Any] = {}
        if self._client_secret is not None and said.takes_secret_in_body:
            form["client_secret"] = self._client_secret
        elif self._client_secret is not None:  # RFC 6749, 2.3.1: both are quoted first
            arguments["auth"] = (quote(self._client_id, safe=""), quote(self._client_secret, safe=""))
        try:
            tokens = self._provider.fetch("POST", said.token, data=form, **arguments)
        except HttpRefused as refused:
            raise NotProven(f"{refused}; the sign-in is begun anew from our page") from refused
        if not isinstance(tokens.get("id_token"), str):
            raise BadPayload("sign-in: the provider gave no ID token; the client must be one for OpenID Connect")
        return tokens

    def _claims(self, said: Said, token: str, nonce: str) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        try:
            header, payload = self._decoded(said, token)
            claims = CodeIDToken(
                payload,
                header,
                {
                    "iss": {"essential": True, "value": said.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {"nonce": nonce, "client_id": self._client_id},
            )
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise NotProven(_DOUBT.format(type(error).__name__)) from None
        sub = claims.get("sub")
        if not isinstance(sub, str) or not sub or len(sub) > 255:
            raise NotProven(_DOUBT.format("no subject"))
        return dict(claims)

    def _decoded(self, said: Said, token: str) -> tuple[Any, dict[str, Any]]:
        """Header and claims, the signature checked. A key that is not known yet may be new."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError

        allowed = [one for one in said.algorithms if one in ALGORITHMS] or ["RS256"]
        try:
            decoded = jwt.decode(token, _usable(self._provider.keys()), algorithms=allowed)
        except (InvalidKeyIdError, ValueError):
            decoded = jwt.decode(token, _usable(self._provider.keys(anew=True)), algorithms=allowed)
        return decoded.header, decoded.claims

    def _more(self, userinfo: str, token: str, sub: Any) -> dict[str, Any]:
        """What the provider says only when asked again."""
        try:
            said = self._provider.fetch("GET", userinfo, bearer=token)
        except HttpRefused:
            return {}
        return said if said.get("sub") == sub else {}

    def _identity(self, said: Said, claims: Mapping[str, Any]) -> Identity:
        names = [f"oidc:{said.issuer}:{claims['sub']}"]
        email = claims.get("email")
        if isinstance(email, str) and claims.get("email_verified") is True and "@" in email and email.isprintable():
            names.append(f"email:{email.strip().lower()}")
        called = claims.get("name") or claims.get("preferred_username") or email or "?"
        shown = str(called) if str(called).isprintable() else "?"
        return Identity(tuple(names), shown[:200], None, self.name)


def _usable(keys: Mapping[str, Any]) -> KeySet:
    """The keys that sign; others of the set may be of kinds and curves that nobody here knows."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    found = []
    for key in keys["keys"]:
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use") != "enc":
            with suppress(JoseError, KeyError, ValueError, TypeError):
                found.append(JWKRegistry.import_key(key))
    return KeySet(found)
