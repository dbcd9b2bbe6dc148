"""The cookies of signed-in browsers, and addresses that may be gone back to.

No `__Host-` prefix: it wants the path /, and then the pages of one account would get the session of another. Over TLS
the prefix `__Secure-` keeps what was set without TLS, by whoever, from counting.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface

from helpdesk_wellbeing.access import entering
from helpdesk_wellbeing.access.ways import LASTS as AWAY_LASTS
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.hosts import is_loopback

if TYPE_CHECKING:
    from datetime import timedelta

    from helpdesk_wellbeing.store import Store

NAME = "wellbeing"
AWAY = "wellbeing_away"  # of a browser whose person is at the other side of a sign-in
LASTS = entering.LASTS
SETUP = "/setup/"


def keep(response: Response, account: str | None, token: str, *, secure: bool) -> None:
    """Give the browser its session; the pages of other accounts never see it."""
    _set(response, NAME, account, token, LASTS, secure)


def drop(response: Response, account: str | None, *, secure: bool = False) -> None:
    """Take it back."""
    _drop(response, NAME, account, secure)


def send_away(response: Response, account: str, token: str, *, secure: bool) -> None:
    """Give the browser what shows, when its person comes back, that it was this one."""
    _set(response, AWAY, account, token, AWAY_LASTS, secure)


def is_back(response: Response, account: str, *, secure: bool) -> None:
    """Take that back."""
    _drop(response, AWAY, account, secure)


def kept(store: Store, account: str | None, name: str = NAME) -> str:
    """The browser's token; "" when it has none that counts. Over TLS only one that was set over TLS does."""
    over_tls = request.cookies.get(f"__Secure-{name}")
    if over_tls is not None:
        return over_tls
    plain = request.cookies.get(name, "")
    return "" if plain and is_secure(store, account) else plain


def path_of(account: str | None) -> str:
    """Below which the cookie is sent; None: the set-up of the installation."""
    return SETUP if account is None else f"/a/{account}/"


def is_secure(store: Store, account: str | None) -> bool:
    """Whether the browser speaks TLS: with us, or with a proxy before us as the admin or the proxy says.

    Whoever makes such a header up only makes their own cookies stricter.
    """
    if request.is_secure or request.headers.get("X-Forwarded-Proto") == "https":
        return True
    return account is not None and (policy_of(store, account).public_url or "").startswith("https://")


def base_of(store: Store, account: str) -> str | None:
    """Scheme and host that people reach us by: as the admin says, else this machine's; None: nobody has said.

    What the Host header says is believed for loopback only: anything else could send people elsewhere.
    """
    told = policy_of(store, account).public_url
    if told is not None:
        return told.rstrip("/")
    here = request.host_url.rstrip("/")
    return here if is_loopback(urlsplit(here).hostname) else None


def local(back: str | None, account: str | None) -> str | None:
    """The address if it is a page of this account (None: of the set-up), else None: nobody is sent elsewhere."""
    if back is None or "\\" in back or not back.isprintable():
        return None
    try:
        parts = urlsplit(back)
    except ValueError:
        return None
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(path_of(account))
    steps = re.split(r"[/\\]", unquote(unquote(parts.path)))  # browsers take %2e%2e for a step up
    return back.rstrip("?") if is_ours and ".." not in steps else None


def kept_here(response: Response) -> Response:
    """Without the host in an address of ours: a router's redirect names the one that the caller did."""
    where = response.headers.get("Location", "")
    if where.startswith(request.host_url):
        response.headers["Location"] = "/" + where.removeprefix(request.host_url).lstrip("/")
        response.set_data(b"")  # it repeats the address
    return response


class OfForms(SecureCookieSessionInterface):
    """Flask's own cookie (the token of forms, messages to the reader), for one account's pages, over TLS if we are."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_cookie_name(self, app: Flask) -> str:
        """Over TLS one that nobody can set without. While the request is opened its account is not known yet."""
        name = super().get_cookie_name(app)
        over_tls = f"__Secure-{name}"
        is_known = self.get_cookie_secure(app) if "account" in g else over_tls in request.cookies
        return over_tls if is_known else name

    def get_cookie_path(self, app: Flask) -> str:
        """Below which it is sent."""
        if "account" not in g:
            return "/"
        return path_of(g.account)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether it is sent over TLS only."""
        if "account" not in g:
            return is_secure(self._store, None)
        if "over_tls" not in g:
            g.over_tls = is_secure(self._store, g.account)
        return bool(g.over_tls)

    def drop_planted(self, app: Flask) -> None:
        """Over TLS, forget what came in a cookie that was set without: whoever did may know the token of forms."""
        if session and self.get_cookie_name(app) not in request.cookies:
            session.clear()


def _set(response: Response, name: str, account: str | None, value: str, lasts: timedelta, secure: bool) -> None:
    response.set_cookie(
        f"__Secure-{name}" if secure else name, value, max_age=int(lasts.total_seconds()), path=path_of(account),
        secure=secure, httponly=True, samesite="Lax",
    )  # fmt: skip


def _drop(response: Response, name: str, account: str | None, secure: bool) -> None:
    shown = f"__Secure-{name}" if secure else name
    response.delete_cookie(shown, path=path_of(account), secure=secure, httponly=True, samesite="Lax")
