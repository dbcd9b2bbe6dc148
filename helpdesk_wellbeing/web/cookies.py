"""The cookie of a signed-in browser, and addresses that may be gone back to."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, request

NAME = "wellbeing"
LASTS = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)


def keep(response: Response, account: str, token: str, *, secure: bool) -> None:
    """Give the browser its session; the pages of other accounts never see it."""
    response.set_cookie(
        NAME, token, max_age=int(LASTS.total_seconds()), path=path_of(account), secure=secure, httponly=True,
        samesite="Lax",
    )  # fmt: skip


def drop(response: Response, account: str) -> None:
    """Take it back."""
    response.delete_cookie(NAME, path=path_of(account), httponly=True, samesite="Lax")


def path_of(account: str) -> str:
    """Below which the cookie is sent."""
    return f"/a/{account}/"


def is_secure(public_url: str | None) -> bool:
    """Whether the browser speaks TLS: with us, or with a proxy before us as the admin says."""
    return request.is_secure or (public_url or "").startswith("https://")


def local(back: str | None, account: str) -> str | None:
    """The address if it is a page of this account, else None: nobody is sent elsewhere."""
    if back is None or "\\" in back or not back.isprintable():
        return None
    parts = urlsplit(back)
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(path_of(account))
    return back.rstrip("?") if is_ours and ".." not in parts.path.split("/") else None
