"""Whether Zendesk itself opened one of our pages, and for whom: the token that it posts into a signed location.

The token is a JWT, signed by RS256 with the app's key. What it says is believed only after the signature fits the key
that the account's own host shows; which account is meant may be taken from it before that, but no address ever is.
https://developer.zendesk.com/documentation/apps/build-an-app/building-a-server-side-app/part-5-secure-the-app/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from helpdesk_wellbeing.errors import BadPayload
from webhooks.zendesk.app.joining import Installed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from webhooks.zendesk.app.keys import PublicKeys

ALGORITHM = "RS256"
LEEWAY_S = 30
LONGEST = 8 * 1024  # characters of a token
PRODUCT = "support"
_NEEDED = ("exp", "iat", "iss", "aud")
_USER = re.compile(r"(?:https://(?P<host>[a-z0-9.-]+)/api/v2/users/)?(?P<id>[1-9][0-9]{0,19})(?:\.json)?")


class Unproven(BadPayload):
    """Nothing that the token says is believed. The message is for our log: it repeats nothing of the token."""


@dataclass(frozen=True)
class Opened:
    """A page that Zendesk opened: in which account, and by which agent where it says so (platform id)."""

    app: Installed
    location: str
    agent: str | None


def verify(token: str, location: str, apps: Iterable[Installed], keys: PublicKeys) -> Opened:
    """What a token proves for this location. Raises Unproven.

    `apps`: our app in all accounts of this installation; the token is for one of them or for none.
    """
    if not token or len(token) > LONGEST:
        raise Unproven("no token, or one that is too long")
    _pin_algorithm(token)
    app = _meant(token, apps)
    claims = _claims(token, app, keys)
    context = claims.get("context")
    context = context if isinstance(context, Mapping) else {}
    if context.get("location") != location or context.get("product", PRODUCT) != PRODUCT:
        raise Unproven(f"{app.account}: the token is for another place than {location}")
    return Opened(app, location, _agent(claims.get("sub"), app))


def _pin_algorithm(token: str) -> None:
    """Before anything else: a token chooses neither `none` nor a secret that is no secret."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Unproven("no JWT") from None
    if header.get("alg") != ALGORITHM:
        raise Unproven(f"the token is not signed by {ALGORITHM}")


def _meant(token: str, apps: Iterable[Installed]) -> Installed:
    """Ours that the token says it is for; whether that is true only its signature shows."""
    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("aud")
    except jwt.PyJWTError:
        raise Unproven("no JWT") from None
    found = next((app for app in apps if app.audience == said), None)
    if found is None:
        raise Unproven("the token is for no app of this installation; run helpdesk-wellbeing package joined")
    return found


def _claims(token: str, app: Installed, keys: PublicKeys) -> dict[str, Any]:
    key = keys.of(app)
    if key is None:
        raise Unproven(f"{app.account}: the app's public key can't be read from {app.host} at the moment")
    try:
        return _decoded(token, app, key)
    except jwt.InvalidSignatureError:
        newer = keys.anew(app)
    if newer is None:
        raise Unproven(f"{app.account}: the token is not signed with the app's key")
    try:
        return _decoded(token, app, newer)
    except jwt.InvalidSignatureError:
        raise Unproven(f"{app.account}: the token is not signed with the app's key") from None


def _decoded(token: str, app: Installed, key: RSAPublicKey) -> dict[str, Any]:
    """The claims. Raises jwt.InvalidSignatureError, and Unproven for all else."""
    try:
        return jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=app.audience, issuer=app.issuers, leeway=LEEWAY_S,
            options={"require": list(_NEEDED), "strict_aud": True, "verify_sub": False, "verify_jti": False},
        )  # fmt: skip
    except jwt.InvalidSignatureError:
        raise
    except jwt.PyJWTError as error:
        raise Unproven(f"{app.account}: {type(error).__name__}") from None


def _agent(sub: Any, app: Installed) -> str | None:
    """The id in the claim, which is an address of the user or the id itself; None where it is neither."""
    found = _USER.fullmatch(str(sub)) if isinstance(sub, str | int) and not isinstance(sub, bool) else None
    if found is None or found["host"] not in (None, app.host):
        return None
    return found["id"]
