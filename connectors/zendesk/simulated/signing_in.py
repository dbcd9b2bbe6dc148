"""The page that asks people whether they agree to a sign-in, and the codes that it sends them back with.

Nobody has a password here: whoever opens the page chooses as whom.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from .answers import Answer
from .options import Options

CODE_LIVES_S = 120.0
TITLE = "Sign in"
HTML = "text/html; charset=utf-8"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")


@dataclass(frozen=True)
class Code:
    """What was agreed to, until somebody fetches the token."""

    user: int
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str | None
    until: float  # time.monotonic()


@dataclass
class SigningIn:
    """The codes that are under way."""

    options: Options
    _codes: dict[str, Code] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def page(self, query: Mapping[str, list[str]], client_id: str, users: list[dict[str, Any]]) -> Answer:
        """`GET /oauth/authorizations/new`: all who may sign in; with `user`, back to where they came from."""
        asked = {name: query[name][0] for name in _ASKED if name in query}
        goal = asked.get("redirect_uri", "")
        if asked.get("client_id") != client_id or not self._may_go(goal):
            return sheet(
                TITLE, "<h1>Invalid authorization request</h1><p>No such client, or not its redirect URL.</p>", 400
            )
        if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
            return _back(goal, {"error": "unsupported_response_type", "state": asked.get("state", "")})
        chosen = query.get("user", [""])[0]
        if chosen == "nobody":
            return _back(goal, {"error": "access_denied", "state": asked.get("state", "")})
        user = next((one for one in users if str(one["id"]) == chosen), None)
        if user is None:
            return sheet(TITLE, _choice(asked, [one for one in users if _may_sign_in(one)], self.options.subdomain))
        return _back(goal, {"code": self._made(int(user["id"]), asked), "state": asked.get("state", "")})

    def redeemed(self, body: Mapping[str, Any]) -> Code | None:
        """What a code stands for; it does so once, for whoever began it."""
        with self._lock:
            code = self._codes.pop(str(body.get("code", "")), None)
        if code is None or code.until < time.monotonic() or code.redirect_uri != body.get("redirect_uri"):
            return None
        if code.client_id != body.get("client_id"):
            return None
        digest = hashlib.sha256(str(body.get("code_verifier", "")).encode()).digest()
        told = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return None if code.challenge is not None and code.challenge != told else code

    def _made(self, user: int, asked: Mapping[str, str]) -> str:
        text = secrets.token_hex(20)
        code = Code(user, asked["client_id"], asked["redirect_uri"], asked.get("scope") or "read",
                    asked.get("code_challenge"), time.monotonic() + CODE_LIVES_S)  # fmt: skip
        with self._lock:
            self._codes = {name: one for name, one in self._codes.items() if one.until > time.monotonic()}
            self._codes[text] = code
        return text

    def _may_go(self, goal: str) -> bool:
        if self.options.redirect_urls:
            return goal in self.options.redirect_urls
        parts = urlsplit(goal)
        return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def _may_sign_in(user: Mapping[str, Any]) -> bool:
    return user["role"] != "end-user" and bool(user["active"]) and not user["suspended"]


def _back(goal: str, said: Mapping[str, str]) -> Answer:
    return Answer(b"", 302, {"Location": f"{goal}{'&' if '?' in goal else '?'}{urlencode(said)}"}, HTML)


def _choice(asked: Mapping[str, str], users: list[dict[str, Any]], subdomain: str) -> str:
    def link(user: object, text: str) -> str:
        address = f"/oauth/authorizations/new?{urlencode({**asked, 'user': user})}"
        return f'<li><a href="{escape(address)}">{escape(text)}</a></li>'

    rows = [link(one["id"], f"{one['name']} ({one['role']})") for one in sorted(users, key=lambda one: one["name"])]
    return (
        f"<h1>Simulated Zendesk: {escape(subdomain)}</h1><p>Helpdesk Wellbeing wants to know who you are. Sign in as:"
        f"</p><ul>{''.join(rows)}{link('nobody', 'nobody, I refuse')}</ul>"
    )


def sheet(title: str, body: str, status: int = 200) -> Answer:
    """A plain page of the simulated helpdesk."""
    style = "<style>body{font:16px/1.6 sans-serif;margin:2rem auto;max-width:40rem}dt{color:#555}</style>"
    head = f'<head><meta name="viewport" content="width=device-width"><title>{title}</title>{style}</head>'
    text = f'<!DOCTYPE html><html lang="en">{head}<body>{body}</body></html>'
    return Answer(text.encode(), status, {"X-Frame-Options": "DENY"}, HTML)
