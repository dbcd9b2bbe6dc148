"""Whether a call comes from our Freshdesk account. Freshdesk signs nothing, so it shows a secret.

The secret is a header of its own or the password of basic auth (any user name); HTTPS keeps it from others.
https://support.freshdesk.com/en/support/solutions/articles/132589
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime

from webhooks.reading import Headers

HEADER = "X-Helpdesk-Wellbeing-Secret"


def shows_secret(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, *, test_mode: bool = False
) -> bool:
    """Whether the call shows one of the account's secrets. Takes the same time for an account without any.

    The arguments are those of every platform; only `headers` and `secrets` matter here.
    """
    shown = [headers.get(HEADER, "").encode("utf-8", "replace"), _password(headers.get("Authorization", ""))]
    usable = [secret.encode() for secret in secrets if secret]
    fits = [hmac.compare_digest(secret, one) for secret in usable or [b"none"] for one in shown]
    return bool(usable) and any(fits)


def _password(authorization: str) -> bytes:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(credentials.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""
