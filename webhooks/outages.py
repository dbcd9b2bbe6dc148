"""Trouble that lasts is told twice: when it begins and when it ends."""

from __future__ import annotations

import logging
import threading


class Outage:
    """One kind of trouble. `begun` and `over` may be called as often as it is seen, from any thread."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._lock = threading.Lock()
        self._lasts = False

    def begun(self, error: Exception) -> None:
        """It happens; the first one of a row is logged."""
        with self._lock:
            first, self._lasts = not self._lasts, True
        if first:
            self._log.error("%s fails, calls are answered with 503: %s", self._what, error)

    def over(self) -> None:
        """It works; logged if it did not before."""
        if not self._lasts:
            return
        with self._lock:
            lasted, self._lasts = self._lasts, False
        if lasted:
            self._log.warning("%s works again", self._what)
