"""The public keys of our app, one an account, from the account's own host. Zendesk may change them at any time.

https://developer.zendesk.com/api-reference/ticketing/apps/apps/#get-app-public-key
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import BadPayload, WellbeingError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from helpdesk_wellbeing.store import Store
    from webhooks.zendesk.app.joining import Installed

ANEW_AFTER_S = 60.0  # a signature that doesn't fit sets off one look at most in this time
AFTER_TROUBLE_S = 10.0
SMALLEST_BITS = 2048
_LARGEST_BYTES = 16 * 1024
_MOST_WAIT = 8  # for a key that is not known yet; threads are few

Fetch = Callable[["Installed"], "RSAPublicKey"]  # raises WellbeingError


@dataclass
class _Kept:
    key: RSAPublicKey | None
    again_from: float  # by the clock of `PublicKeys`


class PublicKeys:
    """Keys as `fetch` gives them, remembered. Anybody can send us tokens, so nobody can make us ask often."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()
        self._first: dict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
        self._waiting = threading.BoundedSemaphore(_MOST_WAIT)

    def of(self, app: Installed) -> RSAPublicKey | None:
        """The key as last seen, asked for when there is none; None when it can't be had now."""
        known = self._known(app)
        if known is not None or not self._waiting.acquire(blocking=False):
            return known
        try:
            with self._first[app.host, app.app]:  # many are opened at once after a start
                return self._known(app) or self.anew(app)
        finally:
            self._waiting.release()

    def _known(self, app: Installed) -> RSAPublicKey | None:
        kept = self._kept.get((app.host, app.app))
        return None if kept is None else kept.key

    def anew(self, app: Installed) -> RSAPublicKey | None:
        """The key as it is now; None when it was asked for a moment ago, or can't be had."""
        place = app.host, app.app
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and self._clock() < kept.again_from:
                return None
            known = None if kept is None else kept.key
            # before asking: those who come meanwhile do not ask, too
            self._kept[place] = _Kept(known, self._clock() + ANEW_AFTER_S)
        try:
            key = self._fetch(app)
        except WellbeingError:
            self._kept[place] = _Kept(known, self._clock() + AFTER_TROUBLE_S)
            return None
        self._kept[place] = _Kept(key, self._clock() + ANEW_AFTER_S)
        return key


def from_account(store: Store) -> Fetch:
    """Asks the host of the account's connection; anonymous, because the key is public."""
    from connectors.session import HttpRefused, Limits, Platform, PlatformSession

    limits = Limits(connect_s=3.0, read_s=5.0, answer_s=5.0, attempts=1, timeouts=1, max_bytes=_LARGEST_BYTES)

    def fetch(app: Installed) -> RSAPublicKey:
        base = store.account(app.account).settings.get("base_url") or f"https://{app.host}"
        session = PlatformSession(str(base), Platform("zendesk", ()), limits=limits)
        path = f"/api/v2/apps/{app.app}/public_key"
        with session:
            try:
                answer = session.request("GET", path, headers={"Accept": "*/*"}, patient=False)
            except HttpRefused as refused:
                if refused.status != 404:
                    raise
                answer = session.request("GET", f"{path}.pem", headers={"Accept": "*/*"}, patient=False)
        return read_key(answer.content, app.account)

    return fetch


def read_key(pem: bytes, account: str) -> RSAPublicKey:
    """The key in PEM. Raises BadPayload for anything but an RSA key of a size that nobody breaks."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.strip())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_BITS:
        raise BadPayload(f"{account}: the app's public key is no RSA key of {SMALLEST_BITS} bits or more; run "
                         f"helpdesk-wellbeing package joined --account {account}")  # fmt: skip
    return key
