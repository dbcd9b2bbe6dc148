"""Whether a call was signed by our Zendesk account.

https://developer.zendesk.com/documentation/webhooks/verifying/: base64 of HMAC-SHA256 over the timestamp header
and the raw body, one after the other; the secret is used as the text it is. Zendesk sets no limit of age; ours
is `WINDOW` both ways.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from webhooks.reading import Headers

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
WINDOW = timedelta(minutes=5)
# Signs the test calls of webhooks that do not exist yet; printed in Zendesk's documentation, so anybody has it.
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that belongs to a timestamp header and a body."""
    digest = hmac.digest(secret.encode(), timestamp.encode("utf-8", "replace") + body, sha256)
    return b64encode(digest).decode("ascii")


def is_signed(headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, *, test_mode: bool = False) -> bool:
    """Whether one of the account's secrets signed this body within `WINDOW` of `now` (aware).

    Takes the same time for an account without secrets. `test_mode` also accepts Zendesk's public test secret.
    """
    timestamp = headers.get(TIMESTAMP, "")
    shown = headers.get(SIGNATURE, "").encode("utf-8", "replace")
    usable = [secret for secret in secrets if secret and secret != PUBLIC_TEST_SECRET]
    if test_mode:
        usable.append(PUBLIC_TEST_SECRET)
    fits = [hmac.compare_digest(sign(secret, timestamp, body).encode(), shown) for secret in usable or ["none"]]
    return bool(usable) and any(fits) and _is_recent(timestamp, now)


def _is_recent(timestamp: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return at.tzinfo is not None and abs(now - at) <= WINDOW
