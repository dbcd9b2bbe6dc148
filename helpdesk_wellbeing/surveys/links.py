"""Links that prove membership once, and the seal under which answers wait. All keys of a wave come from its secret.

A link names the wave and a place in it (which teams), and has an id. The id is derived from the person by the wave's
secret, so that an invitation that must be sent again has the same link; with the secret, which is destroyed when the
wave closes, goes the only way from an id to a person. What is marked as used is a hash of the id.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

from helpdesk_wellbeing import signed
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.surveys.model import Given, Place
from helpdesk_wellbeing.surveys.questions import LONGEST_COMMENT

_PADDED = 8 * LONGEST_COMMENT  # bytes: every sealed answer is of one length, whatever it says
_NONCE = 12
_PURPOSE = "pulse"


@dataclass(frozen=True)
class Claim:
    """What a link says of itself, before and after it is proven."""

    account: str
    wave: str
    place: int
    ident: str


def new_secret() -> str:
    """A wave's secret: 256 random bits."""
    return signed.new_secret()


def new_wave() -> str:
    """A name for a wave that tells nothing."""
    return secrets.token_hex(8)


def ident_of(secret: str, person: str) -> str:
    """The id in the person's link."""
    return signed.ident_of(secret, person)


def mark_of(claim: Claim) -> str:
    """What is kept when a link was used."""
    return hashlib.sha256(json.dumps([claim.account, claim.wave, claim.ident]).encode()).hexdigest()


def sign(secret: str, claim: Claim) -> str:
    """The link's token, fit for an address."""
    return signed.sign(secret, _PURPOSE, [claim.account, claim.wave, claim.place, claim.ident])


def read(token: str) -> Claim | None:
    """What the token says, unproven; None when it is no token at all."""
    said = signed.said_by(token)
    if said is None or len(said) != 4:
        return None
    account, wave, place, ident = said
    texts = all(isinstance(one, str) for one in (account, wave, ident))
    return Claim(account, wave, place, ident) if texts and type(place) is int and place >= 0 else None


def is_proven(secret: str, token: str) -> bool:
    """Whether the token was signed with the wave's secret."""
    return signed.is_proven(secret, _PURPOSE, token)


def seal(secret: str, wave: str, number: int, given: Given) -> bytes:
    """An answer that only the wave's secret opens; `number` is the place's. Carries no time, always the same length."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = secrets.token_bytes(_NONCE)
    body = json.dumps([number, list(given.scores), given.comment], ensure_ascii=False).encode().ljust(_PADDED)
    if len(body) > _PADDED:
        raise BadPayload("surveys: an answer is too long to be sealed; shorten the comment")
    return nonce + ChaCha20Poly1305(signed.derived(secret, "seal")).encrypt(nonce, body, wave.encode())


def unseal(secret: str, wave: str, places: tuple[Place, ...], sealed: bytes) -> Given:
    """The answer again. Raises BadPayload when it was sealed for another wave or damaged."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce, body = sealed[:_NONCE], sealed[_NONCE:]
    try:
        opened = ChaCha20Poly1305(signed.derived(secret, "seal")).decrypt(nonce, body, wave.encode())
    except InvalidTag:
        raise BadPayload(
            f"surveys: an answer of wave {wave} cannot be opened; bring back the database and key file of one backup"
        ) from None
    number, scores, comment = json.loads(opened)
    return Given(places[number], tuple(scores), comment)
