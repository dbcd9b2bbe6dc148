"""Reading what comes back over HTTP: bodies, error codes, waiting times."""

from __future__ import annotations

import gc
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

_LARGE = 1 << 17


def read_json(body: bytes) -> Any:
    """The JSON in `body`. Raises ValueError.

    A page makes some ten thousand young dictionaries, none of them garbage: the collector, looking through
    them again and again while they are made, takes more time than the reading (measured: 51 ms against 20 ms
    for 2 MB).
    """
    paused = len(body) > _LARGE and gc.isenabled()
    if paused:
        gc.disable()
    try:
        return orjson.loads(body)
    finally:
        if paused:
            gc.enable()


def path_of(url: str) -> str:
    """The path of an address, without its query."""
    return urlsplit(url).path or "/"


def folded(path: str) -> str:
    """An endpoint's name: ids as {id}, no suffix."""
    return re.sub(r"/\d+(?=/|$|\.)", "/{id}", path.removesuffix(".json"))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; the header carries seconds or a date, which is read against the same answer's own Date."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
        answered = parsedate_to_datetime(headers["Date"])
        return max(0.0, (until - answered).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


def short_code(body: bytes, known: frozenset[str]) -> str | None:
    """The platform's error code, in any of the shapes seen; never its free text."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(parsed, dict):
        return None
    candidates: list[Any] = [parsed.get("error"), parsed.get("code")]
    if isinstance(parsed.get("error"), dict):
        candidates += [parsed["error"].get("title"), parsed["error"].get("code")]
    errors = parsed.get("errors")
    if isinstance(errors, list):
        for entry in errors:
            if isinstance(entry, dict):
                candidates += [entry.get("code"), entry.get("title")]
    return next((word for word in candidates if isinstance(word, str) and word in known), None)
