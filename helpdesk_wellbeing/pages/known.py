"""What pages read over and over, kept until it changes: answers, directories, names, rules. Safe for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from helpdesk_wellbeing.acting.names import Names, names_in

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store import Store

T = TypeVar("T")
_MOST = 256


class Known:
    """One for a web process."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self.store = store
        self.catalogue = catalogue
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}
        self._lock = threading.Lock()
        self._asked: dict[str, float] = {}  # by account: when, on the clock of this process

    def note_asked(self, account: str) -> None:
        """Somebody looks at a page of the account."""
        self._asked[account] = time.monotonic()

    def asked_for(self, seconds: float) -> list[str]:
        """The accounts at which somebody has looked in the last so many seconds."""
        since = time.monotonic() - seconds
        return sorted(account for account, at in self._asked.copy().items() if at >= since)

    def forget(self, account: str) -> None:
        """The account was taken out."""
        self._asked.pop(account, None)
        with self._lock:
            self._kept = {what: kept for what, kept in self._kept.items() if not _is_of(what, account)}

    def directory(self, account: str) -> Directory:
        """The account's people, as they are now."""
        return self.kept(("directory", account), self.store.revision(account), lambda: self.store.directory(account))

    def names(self, account: str) -> Names:
        """What agents and groups are called."""
        return self.kept(("names", account), self.store.revision(account), lambda: names_in(self.directory(account)))

    def answer(self, account: str) -> dict[str, Any] | None:
        """What `check` answered when `serve` evaluated last, as far as it may be said now; None before the first time.

        What somebody contests, objects to or agrees on changes it (`acting.obeying`): plans are due at that moment.
        """
        run = self.store.work.run_of(account)
        version = (run.evaluated_until, run.plan_due_at, self.store.revision(account))  # who was erased is not in it
        return self.kept(("answer", account), version, lambda: self.store.work.answer_of(account))

    def evaluated(self, account: str) -> datetime | None:
        """When that was."""
        return self.store.work.run_of(account).evaluated_until

    def kept(self, what: Hashable, version: Hashable, make: Callable[[], T]) -> T:
        """The thing of this version; made when it is not there. Two threads may make it, one stays."""
        with self._lock:
            known = self._kept.get(what)
        if known is not None and known[0] == version:
            found: T = known[1]
            return found
        made = make()
        with self._lock:
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[what] = (version, made)
        return made


def _is_of(what: Hashable, account: str) -> bool:
    return isinstance(what, tuple) and account in what
