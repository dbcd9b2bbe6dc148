"""What a session tells of its waiting: enough to know that it goes on, never a line a request."""

from __future__ import annotations

from collections.abc import Callable

SHORT_S = 5.0  # nobody needs to hear of a shorter wait
EVERY_S = 60.0


class Telling:
    """Speaks to an admin, at most once a minute about each of two things; safe to share between threads.

    A retry that waits for longer than a minute is told all the same: such waits come less often by themselves.
    """

    def __init__(self, name: str, say: Callable[[str], None], now: Callable[[], float]) -> None:
        """`name`: the platform's; `now`: seconds."""
        self._name = name
        self._say = say
        self._now = now
        self._waited_at = self._retried_at = float("-inf")
        self._untold = 0

    def waits(self, seconds: float) -> None:
        """The next request is put off to keep within the rate limit."""
        now = self._now()
        if seconds < SHORT_S or now - self._waited_at < EVERY_S:
            return
        self._waited_at = now
        self._say(
            f"{self._name}: the account's limit for this minute is used up as far as it is ours; "
            f"going on in {seconds:.0f} s"
        )

    def tries_again(self, line: str, seconds: float) -> None:
        """A request failed, and is made again after so many seconds."""
        now = self._now()
        if seconds <= EVERY_S and now - self._retried_at < EVERY_S:
            self._untold += 1
            return
        more = f"; {self._untold:,} other tries failed since the last such line" if self._untold else ""
        self._retried_at, self._untold = now, 0
        self._say(line + more)
