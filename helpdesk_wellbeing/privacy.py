"""Privacy gates as code: who may be spoken of."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from helpdesk_wellbeing.hosts import is_loopback

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.accounts import Account


def needs_agreement(account: Account) -> bool:
    """Signals about single agents need a recorded agreement, except on an imported log or a server on this machine."""
    return account.platform is not None and not _is_here(account)


def is_on_this_machine(account: Account) -> bool:
    """Whether the account's helpdesk is a server on this machine: a demo, a test."""
    return account.platform is not None and _is_here(account)


def _is_here(account: Account) -> bool:
    return is_loopback(urlsplit(account.settings.get("base_url") or "").hostname)
