"""The Freshdesk connector: `ping`, `roster`, `pull`. It only reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.freshdesk.client import FreshdeskApi, is_absent
from connectors.freshdesk.pull import Pull
from connectors.freshdesk.roster import Book, partial, read_roster
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.positions import load
from connectors.progress import Tracker
from connectors.session import HttpRefused, Limits
from helpdesk_wellbeing.feed import Page, Ping, Remembered, Roster

ROSTER_EVERY_S = 24 * 3600


class FreshdeskConnector:
    """One account. `notes` collects what could not be read and why, one line each, each once."""

    platform = "freshdesk"

    def __init__(
        self,
        settings: FreshdeskSettings,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`say` gets each line as it comes up; `sleep` and `now` (seconds) stand in for the clock in tests."""
        self.settings = settings
        self.notes: list[str] = []
        self.api = FreshdeskApi(settings, limits=limits, sleep=sleep, now=now, say=say)
        self.progress = Tracker(lambda: self.api.session.budget.per_minute("account"), now)
        self._say = say or (lambda line: None)
        self._book: Book | None = None
        self._unsaid: Roster | None = None  # read on the way, and not yet given away

    @property
    def quota_left(self) -> int | None:
        """Credits left in the present minute, as Freshdesk said last."""
        return self.api.session.budget.left("account")

    def progress_line(self) -> str:
        """Stream, rows, and the time that the rest will take by speed and quota."""
        return self.progress.line()

    def ping(self) -> Ping:
        """Whose key it is, and what it lacks. Raises Refused when it is no good at all."""
        me = self.api.me()
        missing, mend = [], []
        sees = partial(me.get("ticket_scope"))
        if sees is not None:
            missing.append(f"global ticket scope (the key's agent sees only {sees}: the picture would be partial)")
            mend.append("the scope Global Access")
        try:
            self.api.rows("/api/v2/agents", {"per_page": 1})
        except HttpRefused as refused:
            if not is_absent(refused):
                raise
            missing.append("admin rights (agents, groups and business hours are for admins)")
            mend.append("the role Administrator")
        notes = []
        if not self.settings.own_user_is_person:
            notes.append(f"what agent {me['id']} does counts as the plugin's own; it should be nobody's daily account")
        return Ping(
            f"freshdesk {self.settings.domain}: agent {me['id']}, API key",
            tuple(notes),
            tuple(missing),
            f"the key of agent {me['id']} lacks {', '.join(missing)}; give the agent {' and '.join(mend)}"
            if mend
            else "",
        )

    def roster(self, watermarks: Mapping[str, str] | None = None) -> Roster | None:
        """People and groups, with those who left as far as they were met; None where what is stored holds.

        Before any pull it is read; a pull reads it again once a day, and this gives what it read.
        """
        if self._stored_book(watermarks or {}).read_at is None:
            return self._read_roster()
        found, self._unsaid = self._unsaid, None
        return found

    def pull(
        self, watermarks: Mapping[str, str], since: datetime | None, remembered: Remembered = lambda tickets: {}
    ) -> Iterator[Page]:
        """Pages of every stream, what is new first, then history backward down to `since` (aware; None: all).

        To be stored page by page with its watermark and memory; a pull that ends anywhere goes on from there. Raises
        RetryLater and Refused from `helpdesk_wellbeing.errors`; what was yielded before stays good.
        """
        book = self._stored_book(watermarks)
        if book.read_at is None:
            self._unsaid = self._read_roster()
        pull = Pull(self.api, book, self.progress, self._note, watermarks, remembered)
        is_old = pull.now - (book.read_at or 0) >= ROSTER_EVERY_S
        if is_old:
            self._unsaid = self._read_roster()
            pull.learn()
        if "roster" not in watermarks:
            yield pull.roster_page()
        yield from pull.pages(since)
        if is_old:  # at the end, when it is about to be stored
            yield pull.roster_page()

    def _read_roster(self) -> Roster:
        book = self._stored_book({})
        self.api.me()
        now = self.api.platform_now()
        roster = read_roster(self.api, book, now.year)
        book.read_at = int(now.timestamp())
        for line in roster.notes:
            self._note(line)
        own = None if self.settings.own_user_is_person else book.own
        return replace(roster, automation=frozenset({own} if own else ()))

    def _stored_book(self, watermarks: Mapping[str, str]) -> Book:
        if self._book is None:
            stored = watermarks.get("roster")
            self._book = Book() if stored is None else Book.of(load("freshdesk", "roster", stored))
        return self._book

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)
            self._say(line)
