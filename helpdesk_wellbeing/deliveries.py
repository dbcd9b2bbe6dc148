"""What one proven inbound call brings, reduced to what the river needs: no ticket text, no customer's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TypeAlias

# One row of `events.SCHEMA` without `account`: every value as text (times in ISO 8601, UTC), absent ones left out.
# `before_code`, `after_code` and `status_code` are the platform's own codes of what the column beside says.
ProvisionalEvent: TypeAlias = Mapping[str, str]

LONGEST_KEY = 120
PROVISIONAL = "webhook:"  # how the ids begin of what gives way to a pull; other events are told for good


@dataclass(frozen=True)
class Delivery:
    """One call. Equal keys of one account are the same call, sent again."""

    key: str  # the platform's own id of the event or the delivery
    events: tuple[ProvisionalEvent, ...] = ()  # fit for `events.conform`
    tickets: tuple[str, ...] = ()  # "look at this ticket": hints for the next pull
    look: bool = False  # the next pull should come soon, though no ticket is named


@dataclass(frozen=True)
class Receipt:
    """A delivery, to whom it came and when (aware, our clock)."""

    account: str
    delivery: Delivery
    at: datetime


def delivery_key(kind: str, *parts: str) -> str:
    """A key such as "event:2b24ef10-…"; a long or strange one becomes a digest, so that it fits everywhere."""
    plain = ":".join((kind, *parts))
    if len(plain) <= LONGEST_KEY and plain.isascii() and plain.isprintable():
        return plain
    text = "\x1f".join(parts).encode("utf-8", "backslashreplace")
    return f"{kind}#{blake2b(text, digest_size=16).hexdigest()}"


def to_json(delivery: Delivery) -> str:
    """Compact JSON of everything but the key."""
    said = {"events": [dict(event) for event in delivery.events], "tickets": delivery.tickets, "look": delivery.look}
    return json.dumps({name: value for name, value in said.items() if value}, separators=(",", ":"))


def from_json(key: str, text: str) -> Delivery:
    """The delivery that `to_json` wrote."""
    said = json.loads(text)
    return Delivery(key, tuple(said.get("events", ())), tuple(said.get("tickets", ())), said.get("look", False))
