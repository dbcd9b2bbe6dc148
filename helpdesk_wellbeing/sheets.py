"""What pages have in common that a private link opens: one look, headers that keep the link to itself, patience."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
WRONG_A_MINUTE = 60  # of all callers together: who calls is not looked at
STYLE = (TEMPLATES / "sheet.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def language_of(wanted: str | None, languages: Sequence[str]) -> str:
    """What the present caller reads: what was asked for, else what the browser prefers, else the first."""
    from flask import request

    if wanted in languages:
        return str(wanted)
    return request.accept_languages.best_match(languages) or languages[0]


class Patience:
    """How many wrong links or tokens are answered as such; above it they are put off. One bucket for all callers."""

    def __init__(self, a_minute: int = WRONG_A_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = a_minute / 60
        self._most = self._left = float(a_minute)
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Take one; false when there is none left."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * self._rate)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
