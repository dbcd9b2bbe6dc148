"""The Zendesk connector: `ping`, `roster`, `pull`. It only reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from connectors.positions import WEEK_S, load
from connectors.progress import Tracker
from connectors.session import HttpRefused, Limits
from connectors.zendesk.auth import LEGACY_NOTE, WHERE
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.pull import Pull
from connectors.zendesk.roster import Book, read_current, read_roster
from connectors.zendesk.settings import ZendeskSettings
from helpdesk_wellbeing.feed import Page, Ping, Remembered, Roster


class ZendeskConnector:
    """One account. `notes` collects what could not be read and why, one line each, each once."""

    platform = "zendesk"

    def __init__(
        self,
        settings: ZendeskSettings,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`say` gets each line as it comes up; `sleep` and `now` (seconds) stand in for the clock in
        tests."""
        self.settings = settings
        self.notes: list[str] = []
        self.api = ZendeskApi(settings, limits=limits, sleep=sleep, now=now, say=say)
        self.progress = Tracker(lambda: self.api.session.budget.per_minute("export"), now)
        self._say = say or (lambda line: None)
        self._book = Book()
        self._known = False

    @property
    def quota_left(self) -> int | None:
        """API calls left in the present minute, as Zendesk said last."""
        return self.api.session.budget.left("account")

    def progress_line(self) -> str:
        """Stream, rows, and the time that the rest will take by speed and quota."""
        return self.progress.line()

    def ping(self) -> Ping:
        """Who the credentials act as, and what they lack. Raises Refused when they are no good at all."""
        try:
            user = self.api.me()
        except HttpRefused as refused:
            raise self._refused_everywhere(refused) from refused
        role = str(user.get("role") or "unknown")
        missing = [f"scope {scope}" for scope in self.api.credentials.missing()]
        mend = ["allow `read` in the scopes of the client"] if missing else []
        if role != "admin":
            missing.append("role admin (the exports are for admins)")
            mend.append("give the user an admin role")
        notes = []
        if self.settings.is_oauth:
            kind = f"OAuth client {self.settings.client_id}"
            granted = self.api.credentials.granted
            if granted is not None:
                notes.append(f"granted scopes: {' '.join(sorted(granted)) or 'none'}")
            if not self.settings.own_user_is_person:
                notes.append(
                    f"what user {user['id']} does counts as the plugin's own; it should be nobody's daily account"
                )
        else:
            kind = "API token"
            notes.append(LEGACY_NOTE)
        return Ping(
            f"zendesk {self.settings.subdomain}: user {user['id']} ({role}), {kind}",
            tuple(notes),
            tuple(missing),
            f"{kind} of user {user['id']} lacks {', '.join(missing)}; {' and '.join(mend)}" if mend else "",
        )

    def roster(self, watermarks: Mapping[str, str] | None = None) -> Roster:
        """People and groups. Former staff comes from the user export: from the stored place of the stream
        `users` where
        `watermarks` are given or a pull came before, else from what changed in the last weeks.
        """
        self._learn_staff()
        stored = (watermarks or {}).get("users")
        if stored is not None:
            former = load("zendesk", "users", stored).kept.get("former", ())
            self._book.former |= {str(one) for one in former} - self._book.current.keys()
        elif not self._book.former:
            self._read_recent_export()
        own = self._own_user()
        roster = read_roster(self.api, self._book, frozenset({own}) if own else frozenset())
        for line in roster.notes:
            self._note(line)
        return roster

    def pull(
        self, watermarks: Mapping[str, str], since: datetime | None, remembered: Remembered = lambda tickets: {}
    ) -> Iterator[Page]:
        """Pages of every stream, the last six weeks first, then older history backward down to `since`
        (aware; None: all).

        To be stored page by page with its watermark; a pull that ends anywhere goes on from there. Nothing has to be
        `remembered` of a ticket, because the exports tell changes. Raises
        RetryLater and
        Refused from `helpdesk_wellbeing.errors`; what was yielded before stays good.
        """
        self._learn_staff()
        yield from Pull(self.api, self._book, self.progress, self._note, self._own_user()).pages(watermarks, since)

    def _learn_staff(self) -> None:
        if not self._known:
            read_current(self.api, self._book, self._note)
            self._known = True

    def _read_recent_export(self) -> None:
        start = int(self.api.platform_now().timestamp()) - self.settings.recent_weeks * WEEK_S
        try:
            for page in self.api.by_cursor("users", None, start):
                self._book.take_export(page.rows)
        except HttpRefused as refused:
            if refused.status not in (402, 403, 404):
                raise
            self._note("zendesk: the user export is not available here; people who left may be missing")

    def _own_user(self) -> str | None:
        """Whose every change is ours: the user of the OAuth client, unless a person works with it."""
        if self.settings.is_oauth and not self.settings.own_user_is_person:
            return str(self.api.me()["id"])
        return None

    def _refused_everywhere(self, refused: HttpRefused) -> HttpRefused:
        if refused.status == 403 and self.settings.is_oauth:
            asked = " ".join(self.settings.scopes)
            return HttpRefused(
                f"zendesk: 403 for GET /api/v2/users/me (client {self.settings.client_id}): the token was "
                f"granted but "
                f'opens nothing; the scopes asked for ("{asked}") aren\'t those of the client. Allow `read` '
                f"under {WHERE}",
                403,
                refused.code,
            )
        if refused.status == 401 and self.settings.is_legacy:
            return HttpRefused(
                "zendesk: 401 for GET /api/v2/users/me: e-mail or API token isn't accepted. Zendesk makes "
                "no new API "
                "tokens and switches idle ones off; connect with an OAuth client (--client-id)",
                401,
                refused.code,
            )
        return refused

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)
            self._say(line)
