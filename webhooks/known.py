"""Which accounts there are and which secrets prove their calls, remembered for a few seconds.

So a call costs no decryption, and a changed secret holds soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

SECRET = "webhook_secret"  # the name in the store, not a secret
PREVIOUS_SECRET = "webhook_secret_previous"  # accepted as well while one replaces the other
_UNTIL = "webhook_secret_previous_until"

# (platform, account) -> its secrets, the newest first; None where there is no such account
LookUp: TypeAlias = Callable[[str, str], tuple[str, ...] | None]

_LONGEST_NAME = 200
_LOOKING_S = 1.0


def from_store(store: Store) -> LookUp:
    """Looks into the store.

    Raises StoreError when it can't be read, and ConfigError when its key is another one or when it has no account at
    all: platforms then send again, as they would not if each were unknown here.
    """

    def look_up(platform: str, account: str) -> tuple[str, ...] | None:
        if len(account) > _LONGEST_NAME or not account.isprintable() or not store.has_account(account):
            if not store.accounts():
                raise ConfigError(f"store: {store.place}: no account yet; run connect, or bring back the database")
            return None
        if store.account(account).platform != platform:
            return None
        names = (SECRET,) if _is_over(store, account, datetime.now(UTC)) else (SECRET, PREVIOUS_SECRET)
        found = (store.get_secret(account, name) for name in names)
        return tuple(secret for secret in found if secret)

    return look_up


def replace_secret(store: Store, account: str, secret: str, until: datetime) -> bool:
    """Take a new secret; the one before is accepted too until then. Whether there was one.

    Raises ConfigError when it is the one that is kept already.
    """
    with store.transaction():
        old = store.get_secret(account, SECRET)
        if old == secret:
            raise ConfigError(f"{account}: this webhook secret is the one that is kept already; take a new one")
        if old is not None:
            store.put_secret(account, PREVIOUS_SECRET, old)
            store.set_meta(account, _UNTIL, until.astimezone(UTC).isoformat())
        store.put_secret(account, SECRET, secret)
    return old is not None


def forget_previous(store: Store, account: str) -> bool:
    """Accept the newest secret only; whether there was another one."""
    with store.transaction():
        store.set_meta(account, _UNTIL, None)
        return store.drop_secret(account, PREVIOUS_SECRET)


def _is_over(store: Store, account: str, now: datetime) -> bool:
    until = store.get_meta(account, _UNTIL)
    return until is not None and datetime.fromisoformat(until) <= now


class Remembered:
    """A `LookUp` that asks another one at most once in `seconds` for each account; errors are not remembered."""

    def __init__(
        self,
        look_up: LookUp,
        *,
        seconds: float = 5.0,
        places: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._places = places  # anybody can ask for accounts that don't exist
        self._clock = clock
        self._found: dict[tuple[str, str], tuple[float, tuple[str, ...] | None]] = {}

    def __call__(self, platform: str, account: str) -> tuple[str, ...] | None:
        now = self._clock()
        kept = self._found.get((platform, account))
        if kept is not None and kept[0] > now:
            return kept[1]
        if kept is not None:  # one call looks again; those beside it go on with what was known
            self._found[platform, account] = (now + _LOOKING_S, kept[1])
        try:
            found = self._look_up(platform, account)
        except BaseException:
            self._found.pop((platform, account), None)
            raise
        if len(self._found) >= self._places:
            self._found.clear()
        self._found[platform, account] = (now + self._seconds, found)
        return found
