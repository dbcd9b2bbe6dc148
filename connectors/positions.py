"""How far each stream has been read. A watermark is a position as JSON; nobody else looks inside.

Everything from `low` up to the forward place is stored. Older history is read in windows that end at `low`;
the window
under way is remembered with the place in it, so that a kill between two pages costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from helpdesk_wellbeing.errors import StoreError

WEEK_S = 7 * 24 * 3600
OVERLAP_S = 120  # a poll of a time stream reads this much again: rows may become visible late
_FIRST_ACCOUNTS = 1_167_609_600  # 2007: no helpdesk is older
_VERSION = 1


@dataclass(frozen=True)
class Position:
    """Times are epoch seconds of the platform's clock. `kept` is what a stream itself must remember."""

    low: int
    forward: int | None = None
    cursor: str | None = None
    window_from: int | None = None
    window_at: int | None = None
    window_cursor: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """As a watermark."""
        said = {
            "low": self.low,
            "forward": self.forward,
            "cursor": self.cursor,
            "window": None if self.window_from is None else [self.window_from, self.window_at, self.window_cursor],
            "kept": dict(self.kept) or None,
        }
        return orjson.dumps({"v": _VERSION} | {key: value for key, value in said.items() if value is not None}).decode()


def load(platform: str, stream: str, watermark: str) -> Position:
    """The position in a watermark. Raises StoreError when another version wrote it."""
    try:
        said = orjson.loads(watermark)
        if said["v"] != _VERSION:
            raise ValueError("version")
        window = said.get("window") or [None, None, None]
        return Position(
            low=int(said["low"]),
            forward=said.get("forward"),
            cursor=said.get("cursor"),
            window_from=window[0],
            window_at=window[1],
            window_cursor=window[2],
            kept=said.get("kept") or {},
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f'{platform}: the stored place of the stream "{stream}" is not readable; it was written by another '
            f"version. "
            "Use that version, or connect the account under another name and pull again"
        ) from error


def older_bound(low: int, read_weeks: float, floor: int) -> int:
    """Where the next older window begins: each is four times what has been read, the rest of history is one.

    Growing windows keep the requests that a window's end wastes few, however old the account is.
    """
    size = max(6.0, read_weeks) * 4 * WEEK_S
    bound = low - int(size)
    if size > 100 * WEEK_S or bound < _FIRST_ACCOUNTS:
        bound = 0
    return max(bound, floor)
