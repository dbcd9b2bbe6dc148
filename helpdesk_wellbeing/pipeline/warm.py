"""What a worker keeps between runs: warm engines, whose turn it is in this process, and who computes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from helpdesk_wellbeing.errors import StoreBusy

T = TypeVar("T")


class Warm(Generic[T]):
    """The things used last, one an account, at most so many; made when they are not there. Safe for threads."""

    def __init__(self, make: Callable[[str], T], most: int) -> None:
        self._make = make
        self._most = most
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, account: str) -> T:
        """The account's own."""
        with self._lock:
            if account not in self._kept:
                self._kept[account] = self._make(account)
            self._kept.move_to_end(account)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return self._kept[account]

    def drop(self, account: str) -> None:
        """Forget the account's, after trouble."""
        with self._lock:
            self._kept.pop(account, None)

    def __contains__(self, account: str) -> bool:
        return account in self._kept

    def __len__(self) -> int:
        return len(self._kept)


class Lanes:
    """One quick piece of work and one long one at a time.

    Threads of one process that compute at the same time only hold each other up; a long history must not hold up what
    is done in an instant.
    """

    def __init__(self) -> None:
        self._quick, self._long = threading.Lock(), threading.Lock()

    @contextmanager
    def lane(self, *, quick: bool) -> Iterator[None]:
        """Wait for one's turn, and have it."""
        with self._quick if quick else self._long:
            yield


class Turns:
    """One thread of this process at a time works on an account: the store's lease is the whole process's."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._given_back = threading.Condition()

    @contextmanager
    def turn(self, account: str, wait_s: float) -> Iterator[None]:
        """Have the account to oneself. Raises StoreBusy after `wait_s`."""
        with self._given_back:
            if not self._given_back.wait_for(lambda: account not in self._taken, wait_s):
                raise StoreBusy(f"account {account} is being worked on by this process; try again when it is done")
            self._taken.add(account)
        try:
            yield
        finally:
            with self._given_back:
                self._taken.discard(account)
                self._given_back.notify_all()
