"""Tokens of the API: 256 random bits that are shown once; only their hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.names import ACCOUNT, check_decider
from helpdesk_wellbeing.store.audit import Name

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

PREFIX = "hw_"  # by which those who look for leaked secrets know one
LONGEST = 100  # characters
_BYTES = 32


def add(store: Store, account: str, name: str, at: datetime) -> str:
    """A new token that decides in the name of `name`; nobody can see it again. The audit says that it was made.

    Raises ConfigError for a name that cannot stand in a line, or that another token of the account has.
    """
    name = name.strip()
    check_decider(name)
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    with store.transaction():
        if any(one.name == name for one in store.installed.tokens(account)):
            raise ConfigError(f'{account}: there is a token of "{name}" already; drop it first, or take another name')
        store.installed.add_token(account, hash_of(token), name, at)
        store.audit.add(account, at, "token added", name=Name(name))
    return token


def drop(store: Store, account: str, name: str, at: datetime) -> None:
    """From now on the token of this name opens nothing. Raises ConfigError when there is none."""
    with store.transaction():
        if not store.installed.drop_tokens(account, name):
            raise ConfigError(f'{account}: there is no token of "{name}"; see token list --account {account}')
        store.audit.add(account, at, "token dropped", name=Name(name))


def name_of(store: Store, account: str, token: str) -> str | None:
    """In whose name the token decides for this account; None: it opens nothing there, or there is no such account."""
    if not ACCOUNT.fullmatch(account) or not token.isascii() or len(token) > LONGEST or not store.has_account(account):
        return None
    given, found = hash_of(token), None
    for one in store.installed.tokens(account):  # all of them, each in the same time
        if hmac.compare_digest(one.hash, given):
            found = one.name
    return found


def hash_of(token: str) -> str:
    """What is kept of a token. It is random through and through, so one round is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
