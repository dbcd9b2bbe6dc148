"""How long a pull still takes: from the rows seen, the time they span and the requests that we may make."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Estimate:
    """Rows and seconds to go; None where nothing can be said yet."""

    rows: int | None
    seconds: float | None


def estimate(
    rows_done: int,
    span_done_s: float,
    span_total_s: float,
    elapsed_s: float,
    per_minute: float | None,
    rows_known: int | None = None,
    rows_a_request: float = 1000.0,
) -> Estimate:
    """What is left, assuming that rows keep coming as densely as so far (or `rows_known`, the total, where
    known).

    The slower of our own speed and the quota counts; `per_minute` requests of `rows_a_request` rows each, None
    without a limit.
    """
    if rows_known is not None:
        left = max(0, rows_known - rows_done)
    elif span_done_s > 0 and rows_done > 0:
        left = round(rows_done * max(0.0, span_total_s - span_done_s) / span_done_s)
    else:
        return Estimate(None, None)
    by_speed = left * elapsed_s / rows_done if rows_done and elapsed_s > 0 else 0.0
    by_quota = left / rows_a_request / per_minute * 60 if per_minute else 0.0
    return Estimate(left, max(by_speed, by_quota))


@dataclass
class _Leg:
    begin: int
    end: int
    started: float
    rows_a_request: float
    rows: int = 0


class Tracker:
    """Follows one pull; `line()` tells where it is."""

    def __init__(self, per_minute: Callable[[], float | None], now: Callable[[], float] = time.monotonic) -> None:
        """`per_minute`: the requests a minute that are ours just now."""
        self._per_minute = per_minute
        self._now = now
        self._stream = ""
        self._leg: _Leg | None = None
        self._at: int | None = None
        self.rows: dict[str, int] = {}

    def begin(self, stream: str, begin: int, end: int, rows_a_request: float = 1000.0) -> None:
        """A stream is now read from `begin` to `end` (epoch seconds); `rows_a_request`: what one brings at most."""
        self._stream, self._leg, self._at = stream, _Leg(begin, end, self._now(), rows_a_request), None

    def saw(self, rows: int, at: int | None) -> None:
        """A page of so many rows came, and the stream now stands at this time."""
        if self._leg is not None:
            self._leg.rows += rows
        self.rows[self._stream] = self.rows.get(self._stream, 0) + rows
        self._at = at if at is not None else self._at

    def estimate(self) -> Estimate:
        """What is left of the stretch that is being read."""
        leg = self._leg
        if leg is None or self._at is None:
            return Estimate(None, None)
        begin = max(leg.begin, 0)
        elapsed, per_minute = self._now() - leg.started, self._per_minute()
        return estimate(
            leg.rows, self._at - begin, leg.end - begin, elapsed, per_minute, rows_a_request=leg.rows_a_request
        )

    def line(self) -> str:
        """Such as "ticket_events: 12,000 rows, at 2026-10-12 09:00 UTC, about 4 min to go for this
        stretch"."""
        said = f"{self._stream}: {self.rows.get(self._stream, 0):,} rows"
        if self._at:
            said += f", at {datetime.fromtimestamp(self._at, UTC):%Y-%m-%d %H:%M} UTC"
        seconds = self.estimate().seconds
        return said if seconds is None else f"{said}, {_words(seconds)} to go for this stretch"


def _words(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
