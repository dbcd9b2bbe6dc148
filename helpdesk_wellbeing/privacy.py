"""Privacy gates as code: who may be spoken of."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.accounts import Account


def needs_agreement(account: Account) -> bool:
    """Signals about single agents need a recorded agreement, except on an imported log or a server on this machine."""
    return account.platform is not None and not _is_loopback(account.settings.get("base_url"))


def is_on_this_machine(account: Account) -> bool:
    """Whether the account's helpdesk is a server on this machine: a demo, a test."""
    return account.platform is not None and _is_loopback(account.settings.get("base_url"))


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url or "").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
