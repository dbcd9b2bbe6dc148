"""What a provider says of itself, and its keys: fetched by our rules, kept for a while."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.session import HttpRefused, Limits, Platform, PlatformSession, is_loopback
from helpdesk_wellbeing.errors import BadPayload, Refused
from helpdesk_wellbeing.hosts import meant

KEPT_S = 3600.0  # what a provider says of itself, and its keys
KEYS_AGAIN_S = 60.0  # an unknown key asks for the keys anew, but not more often
LIMITS = Limits(connect_s=5, read_s=10, answer_s=15, attempts=2, timeouts=1, longest_wait_s=3, max_bytes=1 << 20)
_CODES = frozenset({"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client",
                    "unsupported_grant_type", "invalid_token", "access_denied", "server_error"})  # fmt: skip
_PLATFORM = Platform("sign-in", (), codes=_CODES, hint=lambda status, code, path: "the provider let nobody in")


@dataclass(frozen=True)
class Said:
    """What counts of a provider's description."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    algorithms: tuple[str, ...]
    takes_secret_in_body: bool


class Provider:
    """One issuer. Safe for threads; `here`: it may be on this machine."""

    def __init__(self, issuer: str, *, here: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._here = here
        self._now = now
        self._lock = threading.Lock()
        self._said: tuple[float, Said] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    def said(self) -> Said:
        """What the provider says of itself. Raises PlatformError or BadPayload."""
        from authlib.oidc.discovery import get_well_known_url

        with self._lock:
            kept = self._said
        if kept is not None and self._now() - kept[0] < KEPT_S:
            return kept[1]
        found = _read(self.fetch("GET", get_well_known_url(self._issuer, external=True)), self._issuer)
        check_browser_address(found.authorization, here=self._here)
        with self._lock:
            self._said = (self._now(), found)
        return found

    def keys(self, *, anew: bool = False) -> dict[str, Any]:
        """The provider's public keys, as it publishes them; `anew`: there is one that these do not have."""
        with self._lock:
            kept = self._keys
        lasts = KEYS_AGAIN_S if anew else KEPT_S
        if kept is not None and self._now() - kept[0] < lasts:
            return kept[1]
        found = self.fetch("GET", self.said().keys)
        if not isinstance(found.get("keys"), list):
            raise BadPayload("sign-in: the provider's keys are in no shape that can be read; check the issuer")
        with self._lock:
            self._keys = (self._now(), found)
        return found

    def fetch(self, method: str, url: str, bearer: str | None = None, **arguments: Any) -> dict[str, Any]:
        """A JSON object from an address that may be asked. Raises PlatformError or BadPayload."""
        check_address(url, self._issuer, here=self._here)
        parts = urlsplit(url)
        session = PlatformSession(f"{parts.scheme}://{parts.netloc}", _PLATFORM, limits=LIMITS)
        if bearer is not None:
            arguments["headers"] = {"Authorization": f"Bearer {bearer}"}
        with session:
            found = session.answer(method, url, **arguments)
        if not isinstance(found, dict):
            raise BadPayload(f"sign-in: the answer to {method} {parts.path} is no object; check the issuer")
        return found


def check_browser_address(url: str, *, here: bool) -> None:
    """Raises Refused unless people may be sent there."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        is_plain = parts.scheme == "http" and here and is_loopback(url)
    except ValueError:
        raise Refused("sign-in: the provider names an address that is none; check the issuer") from None
    if not (parts.scheme == "https" or is_plain) or not parts.hostname or parts.username or not url.isprintable():
        raise Refused("sign-in: the provider names an address that is not https; check the issuer")


def check_address(url: str, issuer: str, *, here: bool) -> None:
    """Raises Refused unless we may fetch from there.

    That is https; this machine for accounts of this machine only; addresses of the house only if the issuer is there.
    """
    check_browser_address(url, here=here)
    where, home = _kinds(url), _kinds(issuer)
    if "barred" in where or ("here" in where and not here) or ("inside" in where and not home & {"inside", "here"}):
        raise Refused("sign-in: the provider names an address that is not for it to name; check the issuer")


def _kinds(url: str) -> frozenset[str]:
    """What its host's addresses are: here | inside | outside | barred. A host that nobody knows is found out later."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(_kind(str(one[4][0])) for one in found)


def _kind(text: str) -> str:
    address = meant(text)
    if address.is_loopback:
        return "here"
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "barred"  # such as a cloud's metadata
    return "outside" if address.is_global else "inside"


def _read(said: Mapping[str, Any], issuer: str) -> Said:
    if str(said.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise Refused("sign-in: who answers at the issuer's address calls itself something else; check the issuer")
    named = {name: said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    absent = [name for name, url in named.items() if not isinstance(url, str)]
    if absent:
        raise BadPayload(f"sign-in: the provider does not say its {absent[0]}; check the issuer")
    userinfo = said.get("userinfo_endpoint")
    methods = said.get("token_endpoint_auth_methods_supported")
    algorithms = said.get("id_token_signing_alg_values_supported")
    return Said(
        issuer=str(said["issuer"]),
        authorization=str(named["authorization_endpoint"]),
        token=str(named["token_endpoint"]),
        keys=str(named["jwks_uri"]),
        userinfo=userinfo if isinstance(userinfo, str) else None,
        algorithms=tuple(str(one) for one in algorithms) if isinstance(algorithms, list) else ("RS256",),
        takes_secret_in_body=isinstance(methods, list) and "client_secret_basic" not in methods,
    )


__all__ = ["HttpRefused", "Provider", "Said", "check_address", "check_browser_address"]
