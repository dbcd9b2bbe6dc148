"""How many wrong tries at a door are answered, for each caller and for each account."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from helpdesk_wellbeing.sheets import Patience

OF_ACCOUNT, OF_CALLER = 60, 10  # wrong tries a minute
_MOST = 4096  # callers that are remembered; the one who was quiet longest is forgotten first


class Doorkeeper:
    """Counts wrong tries: those of one address, and those at one account's door from anywhere.

    Only wrong tries are counted, and a right one is let in however many were wrong, so nobody can lock others out.
    Which address calls is what the socket says; a header could say anything. Behind a proxy that is the proxy's own
    address, on loopback or inside the house: there only the account's number counts, and the proxy limits callers.
    """

    def __init__(
        self, of_account: int = OF_ACCOUNT, of_caller: int = OF_CALLER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._numbers = {"account": of_account, "caller": of_caller}
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Patience] = OrderedDict()
        self._lock = threading.Lock()

    def wrong(self, account: str | None, address: str | None) -> bool:
        """Count a wrong try; false: there were too many, say nothing but that."""
        is_outside = address is not None and not _is_inside(address)
        if is_outside and not self._bucket("caller", str(address)).spend():
            return False  # without counting it against the account: others call there, too
        return self._bucket("account", account or "").spend()

    def _bucket(self, kind: str, of: str) -> Patience:
        with self._lock:
            key = (kind, of)
            if key not in self._buckets:
                while len(self._buckets) >= _MOST:
                    self._buckets.popitem(last=False)
                self._buckets[key] = Patience(self._numbers[kind], self._clock)
            self._buckets.move_to_end(key)
            return self._buckets[key]


def _is_inside(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return True
