"""Tokens for links: signed with a key that is derived from a secret, readable without it, believed only with it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

LONGEST = 600  # characters of a token


def new_secret() -> str:
    """256 random bits, as hex digits."""
    return secrets.token_hex(32)


def derived(secret: str, *purpose: str) -> bytes:
    """A key of 256 bits for one purpose; keys for different purposes have nothing in common."""
    return hmac.digest(bytes.fromhex(secret), json.dumps(purpose).encode(), "sha256")


def ident_of(secret: str, person: str) -> str:
    """What stands for a person in a link: 32 hex digits, the same each time; only the secret leads back."""
    return derived(secret, "ident", person).hex()[:32]


def sign(secret: str, purpose: str, said: list[Any]) -> str:
    """The token, fit for an address; the same each time."""
    return str(_signer(secret, purpose).dumps(said))


def said_by(token: str) -> list[Any] | None:
    """What a token says, unproven; None when it is no token at all."""
    if len(token) > LONGEST:
        return None
    try:
        _, said = URLSafeSerializer("").loads_unsafe(token)
    except (BadData, ValueError, RecursionError):
        return None
    is_plain = isinstance(said, list) and all(one.isprintable() for one in said if isinstance(one, str))
    return said if is_plain else None  # other signs are in no name of ours, and no database takes them


def is_proven(secret: str, purpose: str, token: str) -> bool:
    """Whether the token was signed with this secret, for this purpose."""
    try:
        _signer(secret, purpose).loads(token)
    except BadData:
        return False
    return True


def _signer(secret: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        derived(secret, "link"), salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
    )  # fmt: skip
