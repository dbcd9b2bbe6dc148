"""Where notices may be sent: addresses of chat services and mail servers, checked against a list and the network.

A setting must never make this program call a machine that only it can reach.
"""

from __future__ import annotations

import re
import socket
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from helpdesk_wellbeing.errors import ConfigError, Refused, RetryLater
from helpdesk_wellbeing.hosts import is_public

Kind = Literal["slack", "teams"]
KINDS: tuple[Kind, ...] = ("slack", "teams")
# A workflow's address in Teams is one of Power Platform's since November 2025; Azure Logic Apps have the older one.
HOSTS: dict[Kind, tuple[re.Pattern[str], ...]] = {
    "slack": (re.compile(r"hooks\.slack\.com"), re.compile(r"hooks\.slack-gov\.com")),
    "teams": (
        re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.environment\.api\.powerplatform\.com"),
        re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.logic\.azure\.com"),
    ),
}
_EXAMPLES: dict[Kind, str] = {
    "slack": "https://hooks.slack.com/services/…",
    "teams": "https://….environment.api.powerplatform.com/… (a workflow's) or https://….logic.azure.com/…",
}
_RETIRED = re.compile(r"[a-z0-9-]+\.webhook\.office\.com|outlook\.office(365)?\.com")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST = 2000
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]{2,45}\]?")


def check_webhook(kind: Kind, url: str, *, loopback: bool) -> None:
    """Raises ConfigError unless this may be the address of a webhook; it is not repeated, as it is a secret.

    `loopback`: a server on this machine may stand in for the service.
    """
    parts = _apart(kind, url)
    host = parts.hostname or ""
    if host in _LOOPBACK and loopback and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or parts.username is not None or parts.port not in (None, 443):
        raise ConfigError(f"the {kind} webhook: only https on port 443, without a user; such as {_EXAMPLES[kind]}")
    if _RETIRED.fullmatch(host):
        raise ConfigError(
            "the teams webhook: Microsoft switched these connectors off in May 2026; make a workflow in the channel "
            '("Send webhook alerts to a channel") and take its address'
        )
    if not any(pattern.fullmatch(host) for pattern in HOSTS[kind]):
        raise ConfigError(f"the {kind} webhook: this host is none of {kind}'s; an address is such as {_EXAMPLES[kind]}")


def _apart(kind: Kind, url: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or len(url) > _LONGEST or "\\" in url or " " in url:
        raise ConfigError(f"the {kind} webhook: this is no address; copy it whole, such as {_EXAMPLES[kind]}")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        raise ConfigError(f"the {kind} webhook: this is no address; such as {_EXAMPLES[kind]}") from None
    return parts


def check_public(url: str, *, loopback: bool) -> None:
    """Raises Refused when the host's name leads to a machine that is not on the public internet.

    The name is looked up again for the request itself; there the certificate has to be the service's.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if loopback and host in _LOOPBACK:
        return
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RetryLater(f"{host}: there is no such host, or the network is away") from None
    for *_, place in found:
        if not is_public(str(place[0])):
            raise Refused(f"{host} leads to an address that is not public; nothing is sent there")


def mail_address(text: str) -> str | None:
    """A plain mail address; None for anything else: what could be a second recipient, or a second header."""
    return text if MAIL.fullmatch(text) and ".." not in text and len(text) <= 254 else None
