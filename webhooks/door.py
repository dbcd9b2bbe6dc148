"""The inbound door: prove the origin on the raw bytes, read, keep, answer. No rule runs inside a call.

`Door.receive` is the whole of it; `wsgi.py` carries it over HTTP.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.errors import BadPayload, WellbeingError
from helpdesk_wellbeing.instants import AHEAD
from webhooks.freshdesk import proof as freshdesk_proof
from webhooks.freshdesk import translate as freshdesk
from webhooks.freshdesk.rule_bodies import read_body
from webhooks.known import LookUp
from webhooks.outages import Outage
from webhooks.reading import Headers, NotJson, Payload, read_object
from webhooks.receipts import NotKept
from webhooks.zendesk import signature as zendesk_signature
from webhooks.zendesk import translate as zendesk

LARGEST = 256 * 1024  # bytes; the largest payload that a platform documents
RETRY_AFTER_S = 5
# No platform sends a call again for so long; what is older comes by pulls, and would have everything since worked anew.
BEHIND = timedelta(days=7)
OUTCOMES = (
    "kept",
    "repeated",
    "ignored",
    "future",
    "past",
    "unproven",
    "too_large",
    "too_slow",
    "wrong_type",
    "not_json",
    "unfit",
    "not_kept",
)

# (one of OUTCOMES, account), for a counter. The account is None unless it exists and is known by then.
Count = Callable[[str, str | None], None]

_log = logging.getLogger(__name__)


class Prove(Protocol):
    """Whether the account that has these secrets made this call, at about `now`."""

    def __call__(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, *, test_mode: bool
    ) -> bool: ...


@dataclass(frozen=True)
class Platform:
    """What the door has to know of a platform."""

    prove: Prove
    translate: Callable[[Payload, Headers, datetime], Delivery | None]  # None: a kind that isn't read
    read: Callable[[bytes], Payload] = read_object  # raises NotJson
    wrong_type: str = "send application/json in UTF-8, not compressed"


PLATFORMS: dict[str, Platform] = {
    "freshdesk": Platform(
        freshdesk_proof.shows_secret,
        freshdesk.translate,
        read_body,
        f"{Platform.wrong_type}; in the webhook of an automation rule choose the encoding JSON, not XML or form",
    ),
    "zendesk": Platform(zendesk_signature.is_signed, zendesk.translate),
}


@dataclass(frozen=True)
class Answer:
    """What the platform gets."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


_UNPROVEN = Answer(401, {"error": "the call is not proven to come from this account's helpdesk"})
_TOO_LARGE = Answer(413, {"error": f"the body has more than {LARGEST} bytes"})
_NOT_KEPT = Answer(503, {"error": "not stored; send it again"}, {"Retry-After": str(RETRY_AFTER_S)})


class Door:
    """Receives calls; `keep` stores a delivery durably and tells whether it is new (`Receipts.keep`).

    `test_mode` accepts what anybody can sign with Zendesk's public test secret: never in production.
    """

    def __init__(
        self,
        secrets_of: LookUp,
        keep: Callable[[Receipt], bool],
        count: Count,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        test_mode: bool = False,
    ) -> None:
        self._secrets_of = secrets_of
        self._keep = keep
        self._count = count
        self._now = now
        self._test_mode = test_mode
        self._outage = Outage(_log, "looking up the secrets of webhooks")

    def receive(self, platform: str, account: str, headers: Headers, body: bytes) -> Answer:
        """The answer to one call. Never raises for what came in.

        An account that does not exist is answered like a wrong proof. A call that is not proven leaves a count.
        """
        theirs = PLATFORMS[platform]
        now = self._now()
        try:
            secrets = self._secrets_of(platform, account)
        except WellbeingError as error:
            self._outage.begun(error)
            self._count("not_kept", None)
            return _NOT_KEPT
        self._outage.over()
        proven = theirs.prove(headers, body, secrets or (), now, test_mode=self._test_mode)
        if secrets is None or not proven:
            self._count("unproven", None if secrets is None else account)
            return _UNPROVEN
        outcome, answer = self._read_and_keep(theirs, account, headers, body, now)
        self._count(outcome, account)
        return answer

    def too_slow(self) -> None:
        """Count a body that does not come."""
        self._count("too_slow", None)

    def too_large(self) -> Answer:
        """The answer to a body over `LARGEST` bytes, which is not read."""
        self._count("too_large", None)
        return _TOO_LARGE

    def _read_and_keep(
        self, theirs: Platform, account: str, headers: Headers, body: bytes, now: datetime
    ) -> tuple[str, Answer]:
        if not _is_plain_json(headers):
            return "wrong_type", Answer(415, {"error": theirs.wrong_type})
        try:
            delivery = theirs.translate(theirs.read(body), headers, now)
        except NotJson as error:
            return "not_json", Answer(400, {"error": str(error)})
        except BadPayload as error:
            return "unfit", Answer(422, {"error": str(error)})
        if delivery is None:
            return "ignored", Answer(200, {"kept": 0, "ignored": True})
        times = [datetime.fromisoformat(event["at"]) for event in delivery.events]
        # Sent again they would be the same, so they are answered like what isn't read.
        if times and max(times) > now + AHEAD:
            return "future", Answer(200, {"kept": 0, "refused": "dated more than a day ahead of now"})
        if times and min(times) < now - BEHIND:
            return "past", Answer(200, {"kept": 0, "refused": "dated more than a week ago"})
        try:
            is_new = self._keep(Receipt(account, delivery, now))
        except NotKept:
            return "not_kept", _NOT_KEPT
        return (
            ("kept", Answer(200, {"kept": 1})) if is_new else ("repeated", Answer(200, {"kept": 0, "repeated": True}))
        )


def _is_plain_json(headers: Headers) -> bool:
    kind, _, parameters = headers.get("Content-Type", "").partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        return False
    return headers.get("Content-Encoding", "identity").strip().lower() == "identity"
