"""Reading what came in: strict JSON, and the few kinds of values that are taken from it.

What is not plainly an id, a known word, a time or a tag is not taken, so no text of a ticket and no name of a
customer can pass.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol, TypeAlias

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.instants import EARLIEST, LATEST

Payload: TypeAlias = Mapping[str, Any]


class Headers(Protocol):
    """A call's headers; names are found whatever their case."""

    def get(self, key: str, default: str, /) -> str: ...


DEEPEST = 32
_LONGEST_TAG = 255
_ID = re.compile(r"[0-9]{1,20}")
_REFERENCE = re.compile(r"[0-9A-Za-z_.:-]{1,80}")


class NotJson(BadPayload):
    """The body is not the JSON object that was agreed on; answered with 400."""


def read_object(body: bytes) -> Payload:
    """The body's JSON object. Raises NotJson for anything else.

    Refused are: other encodings than UTF-8, a name twice in one object, NaN and infinities, numbers too large
    for a float, more than `DEEPEST` levels.
    """
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_repetition, parse_constant=_no_number, parse_float=_finite
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise NotJson("the body is not JSON in UTF-8 with each name once and finite numbers") from error
    if not isinstance(found, dict):
        raise NotJson("the body is not a JSON object")
    _check_depth(found)
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for value in level:
            inner = value.values() if isinstance(value, dict) else value
            deeper.extend(one for one in inner if isinstance(one, dict | list))
        if not deeper:
            return
        level = deeper
    raise _too_deep()


def _too_deep() -> NotJson:
    return NotJson(f"the body has more than {DEEPEST} levels")


def part(payload: Payload, name: str) -> Payload:
    """An object inside; an empty one where there is none."""
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def identity(value: Any) -> str | None:
    """A platform's id as text; nothing, "", 0 and whatever is not a whole number are None."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int) and not 0 < value < 10**20:  # str() of a very long number is refused by Python
        return None
    text = str(value)
    return text if _ID.fullmatch(text) and text.strip("0") else None


def reference(value: Any) -> str | None:
    """An opaque id that the platform made (ULID, UUID)."""
    return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def tags(value: Any) -> tuple[str, ...]:
    """Tags, each once; what cannot be one is left out."""
    found = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(tag for tag in found if _is_tag(tag)))


def _is_tag(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TAG and value.isprintable()


def text_time(value: Any) -> str | None:
    """ISO 8601 text with an offset as the same instant in UTC; None for anything else."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return None if at.tzinfo is None else _sensible(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def epoch_time(value: Any) -> str | None:
    """Seconds or milliseconds since 1970, as a number or as text, as ISO 8601 in UTC; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
        seconds = number / 1000 if number > 1e11 else number
        return _sensible(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _sensible(at: datetime) -> str | None:
    return at.isoformat() if EARLIEST <= at < LATEST else None


def without_gaps(**values: str | None) -> dict[str, str]:
    """What is there."""
    return {name: value for name, value in values.items() if value is not None}
