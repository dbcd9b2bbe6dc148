"""What comes of one write, on every platform, and how a request that changes something is made: once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import requests

from connectors.answers import read_json
from connectors.session import HttpRefused, PlatformSession, Unsent
from helpdesk_wellbeing.errors import BadPayload, RetryLater
from helpdesk_wellbeing.errors import Refused as RefusedForGood

Reason = Literal[
    "closed", "gone", "merged", "forbidden", "not_in_group", "agent_inactive", "group_empty", "field_gone",
    "unauthorised", "invalid",
]  # fmt: skip
FieldValue = str | int | float | bool | None


class Keep(Enum):
    """Stands for: as it is."""

    KEEP = "as it is"


KEEP = Keep.KEEP


@dataclass(frozen=True)
class Made:
    """Something that was set up is there, as the platform shows it."""

    id: str
    shown: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Done:
    """It was applied."""


@dataclass(frozen=True)
class Conflict:
    """Somebody else changed it since: read and decide again. Nothing was written."""


@dataclass(frozen=True)
class Refused:
    """Nothing was written, and the same request won't be taken."""

    reason: Reason
    status: int
    code: str | None  # the platform's error word, where it is a known one


@dataclass(frozen=True)
class Unknown:
    """It may have been applied or not: look before you write again. `why` says what failed."""

    why: str


def sent_once(
    session: PlatformSession, verb: str, path: str, why: Callable[[HttpRefused], Reason], *, patient: bool = True,
    **arguments: Any,
) -> requests.Response | Conflict | Refused | Unknown:  # fmt: skip
    """One request that changes something. Only what cannot have arrived is sent again, and not even that unless
    `patient`; `why` finds the reason of a refusal.

    Raises RetryLater when nothing was written (limits, no connection, or the reason for a refusal can't be read).
    """
    try:
        return session.request(verb, path, repeatable=False, patient=patient, **arguments)
    except Unsent:
        raise
    except HttpRefused as refused:
        if refused.status == 409:
            return Conflict()
        return Refused(why(refused), refused.status, refused.code)
    except RefusedForGood as refused:
        if refused.status != 401:
            raise
        return Refused("unauthorised", 401, None)
    except (RetryLater, BadPayload) as lost:
        return Unknown(str(lost))


def object_of(answer: requests.Response) -> dict[str, Any] | None:
    """The object that an answer is; null when it is none, or cannot be read."""
    try:
        parsed = read_json(answer.content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def made_of(row: Mapping[str, Any] | None) -> Made | None:
    """What was made; null when it has no id."""
    number = (row or {}).get("id")
    return None if row is None or number in (None, "") else Made(str(number), row)
