"""What a page that Zendesk opened carries instead of a cookie, because browsers may keep cookies from framed pages.

A token says which account and which agent the page was opened for and when; it is in the page's own HTML and in the
body of what that page posts, never in an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from helpdesk_wellbeing.signed import is_proven, said_by, sign

LASTS = timedelta(minutes=15)  # after each answer
AT_MOST = timedelta(hours=4)  # after Zendesk opened the page
_PURPOSE = "page in Zendesk"


@dataclass(frozen=True)
class PageToken:
    """A page that is open. `proposal`: what was shown in full, so that it may be decided from here."""

    account: str
    location: str
    agent: str | None
    opened_at: datetime
    shown_at: datetime
    proposal: str | None = None
    measured_at: str | None = None  # of that proposal (ISO 8601), as it was shown

    def text(self, secret: str) -> str:
        """The token; `secret` as of `store.access.cookie_secret`."""
        shown = [self.proposal or "", self.measured_at or ""]
        times = [int(at.timestamp()) for at in (self.opened_at, self.shown_at)]
        return sign(secret, _PURPOSE, [self.account, self.location, self.agent or "", *times, *shown])


def read(secret: str, token: str, now: datetime) -> PageToken | None:
    """The page that a token stands for; None when it is not ours, or too old."""
    said = _said(secret, token)
    if said is None:
        return None
    opened_at, shown_at = (datetime.fromtimestamp(said[place], UTC) for place in (3, 4))
    if now >= min(shown_at + LASTS, opened_at + AT_MOST):
        return None
    return PageToken(said[0], said[1], said[2] or None, opened_at, shown_at, said[5] or None, said[6] or None)


def account_of(secret: str, token: str) -> str | None:
    """Whose page it was, however old; None when the token is not ours."""
    said = _said(secret, token)
    return None if said is None else str(said[0])


def _said(secret: str, token: str) -> list[Any] | None:
    said = said_by(token) if is_proven(secret, _PURPOSE, token) else None
    return said if said is not None and len(said) == 7 else None
