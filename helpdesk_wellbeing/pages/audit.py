"""The audit for those who look after it: what happened, by whom in words, and whether the log is whole.

Words can be told: who signed in at a known time stands beside theirs. So only data protection sees them where an entry
is about a personal matter; all others see that it happened, when, and how it was decided. Nobody sees measured values.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.signed import ident_of
from helpdesk_wellbeing.store.audit import DAMAGED, Entry, Head, Wanted

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.audit import Verdict

A_PAGE = 50
MOST_AT_ONCE = 100_000  # entries of a download
_CHECKED_EVERY = timedelta(hours=1)
_PERSON = re.compile(r"person-[0-9a-f]{16}")
# What stands behind `by` when it is not a person.
_NOBODY = frozenset(["receivers", "entry link", "nobody", "installation", "erased"])
_STANDING = "standing approval of "
_WHO_FIELDS = frozenset(["by", "who", "member", "name", "owner", "added_by", "decided_by"])
SOMEBODY = "somebody"  # stands for a person who is not told to this viewer
# What is about no personal matter: it says who did it, to everybody.
_ADMINISTRATION = frozenset([
    "agents told", "agreement", "agreement asked for", "agreement recorded", "audit cut", "audit downloaded",
    "connected", "entry link made", "files taken", "installed", "let in", "let in no more", "letter changed",
    "retention", "retention set", "role changed", "settings", "sign-in changed", "signed in", "signed out by another",
    "signed out everywhere", "token added", "token dropped", "uninstalled", DAMAGED,
])  # fmt: skip
# Of all else: what says nothing of whom it is about.
_TOLD = frozenset([
    "action", "answer", "expires", "mode", "page", "people", "proposal", "proposals", "purpose", "skipped", "until",
    "wave", "way", "written",
])  # fmt: skip
_IDENTS = frozenset(["proposal", "proposals"])  # made from whom they are about
# What agents do about themselves stands without who did it in older entries.
_THEIR_OWN = frozenset(["consent", "objection", "objection withdrawn", "own hours"])


@dataclass(frozen=True)
class Filter:
    """What somebody looks for. Days are local, both inclusive."""

    what: str | None = None
    like: int | None = None  # only by whom the entry of this number is
    word: str | None = None  # person-…, wherever it stands
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Row:
    """One entry. `said`: the rest of what it says, by name; persons are words."""

    seq: int
    at: datetime
    what: str
    by: str | None
    said: Mapping[str, Any]
    hash: str  # empty where what was left out could be guessed by it
    is_damaged: bool


@dataclass(frozen=True)
class State:
    """Whether the log is whole, and its end, to be written down elsewhere."""

    checked_at: datetime
    problem: str | None
    head: str  # SEQ:HASH
    entries: int


@dataclass(frozen=True)
class Log:
    """The page."""

    rows: tuple[Row, ...]
    before: int | None  # the number before which the next page begins; None: this is the last
    state: State
    noted: Verdict | None  # of the head that somebody noted earlier, if they gave one
    kinds: tuple[str, ...]  # of entries that there are among those looked at and known ones
    tells_persons: bool  # and lets look for them


KINDS = (
    "accepted", "agent erased", "agents told", "agreement", "agreement asked for", "audit downloaded", "connected",
    "consent", "consent asked", "contest settled", "contested", "declined", "done", "entry link made",
    "erasing asked for", "expired", "exported", "files taken", "installed", "let in", "let in no more",
    "letter changed", "looked", "no fixed hours", "objection", "objection withdrawn", "own hours",
    "page opened for a reason", "page shut again", "people changed", "proposed", "put back", "renewed", "retention",
    "retention set", "role changed", "settings", "sign-in changed",
    "signed in", "signed out by another", "signed out everywhere", "snoozed", "theme added", "theme answered",
    "token added", "token dropped", "undo asked", "uninstalled", "wave opened", "wave published", "withdrawn",
)  # fmt: skip


def build(
    known: Known, viewer: Viewer, wanted: Filter, now: datetime, *, before: int | None = None,
    noted: Head | None = None,
) -> Log:  # fmt: skip
    """Entries that fit, newest first; `noted`: a head of which the log must still be the continuation."""
    words = Words(known, viewer)
    found = known.store.audit.newest(viewer.account, words.wanted(wanted), before, A_PAGE + 1)
    rows = tuple(words.row(entry) for entry in found[:A_PAGE])
    more = rows[-1].seq if len(found) > A_PAGE else None
    verdict = None if noted is None else known.store.audit.verify(viewer.account, noted)
    kinds = tuple(sorted({*KINDS, *(row.what for row in rows)} - {DAMAGED}))
    return Log(rows, more, _state(known, viewer.account, now, False), verdict, kinds, words.tells)


def check(known: Known, viewer: Viewer, now: datetime) -> State:
    """Check the whole log now."""
    return _state(known, viewer.account, now, True)


def look_over(known: Known, account: str, now: datetime) -> None:
    """Check the log when it is time to, before somebody asks."""
    _state(known, account, now, False)


def read_head(text: str) -> Head | None:
    """A head as SEQ:HASH; None when it is none."""
    seq, _, digest = text.strip().partition(":")
    fits = seq.isdecimal() and len(seq) < 12 and re.fullmatch("[0-9a-f]{64}", digest)
    return Head(int(seq), digest) if fits else None


def download(known: Known, viewer: Viewer, wanted: Filter, now: datetime) -> Iterator[str]:
    """All entries that fit as CSV, newest first; that it was taken is an entry, too."""
    known.store.audit.add(viewer.account, now, "audit downloaded", by=viewer.who)
    words = Words(known, viewer)
    found = known.store.audit.newest(viewer.account, words.wanted(wanted), None, MOST_AT_ONCE)
    yield _line("number", "at", "what", "by", "about", "hash")
    for row in map(words.row, found):
        about = json.dumps(row.said, ensure_ascii=False)
        yield _line(row.seq, row.at.isoformat(), row.what, row.by or "", about, row.hash)


class Words:
    """Persons as words: agents by theirs in the log, everybody else by one that is made here and stays the same."""

    def __init__(self, known: Known, viewer: Viewer) -> None:
        self._store, self._account = known.store, viewer.account
        self._secret = known.store.access.cookie_secret()
        self._zone = ZoneInfo(known.directory(viewer.account).zone)
        self._words = {id: word for word, id in known.store.audit.persons(viewer.account).items()}
        self._members = {one.who: one.agent for one in known.store.access.members(viewer.account)}
        self.tells = viewer.has(Role.DPO)  # words in personal matters, too

    def row(self, entry: Entry) -> Row:
        """An entry as it is shown."""
        body = dict(entry.body)
        by = body.pop("by", body.get("agent") if entry.what in _THEIR_OWN else None)
        if not self.tells and _is_personal(entry):
            said = {name: self._untold(name, body[name]) for name in sorted(_TOLD & body.keys())}
            who = None if by is None else by if by in _NOBODY else SOMEBODY
            return Row(entry.seq, entry.at, entry.what, who, said, "", False)
        said = {name: self._plain(name, value) for name, value in sorted(body.items())}
        who = None if by is None else self.word(str(by))
        return Row(entry.seq, entry.at, entry.what, who, said, entry.hash, entry.what == DAMAGED)

    def word(self, who: str) -> str:
        """What stands for somebody who did something; what is no person as it is."""
        if who in _NOBODY or _PERSON.fullmatch(who):
            return who
        if who.startswith(_STANDING):
            return _STANDING + self.word(who.removeprefix(_STANDING))
        kind, _, id = who.partition(":")
        agent = self._members.get(who) or (id if kind in ("zendesk", "freshdesk") else None)
        made = f"member-{ident_of(self._secret, f'{self._account} {who}')[:8]}"
        return self._words.get(agent or "", made)

    def wanted(self, asked: Filter) -> Wanted:
        """The filter in the words of the store."""
        since = None if asked.first is None else datetime.combine(asked.first, time(), self._zone)
        until = None if asked.last is None else datetime.combine(asked.last + timedelta(days=1), time(), self._zone)
        like, word = (self._by(asked.like), asked.word) if self.tells else (None, None)
        return Wanted(asked.what, like, word, since, until)

    def _by(self, number: int | None) -> str | None:
        """By whom an entry is; text that is nobody's where there is no such entry."""
        if number is None:
            return None
        found = self._store.audit.entries(self._account, number - 1, 1)
        by = found[0].body.get("by") if found and found[0].seq == number else None
        return "" if by is None else str(by)

    def _plain(self, name: str, value: Any) -> Any:
        """What was measured of a person is left out: the page of the flag shows it to who may see it."""
        if isinstance(value, Mapping):
            return {key: self._plain(key, one) for key, one in value.items() if key != "values"}
        if isinstance(value, list | tuple):
            return [self._plain(name, one) for one in value]
        is_who = isinstance(value, str) and (name in _WHO_FIELDS or value in self._members or "@" in value)
        return self.word(value) if is_who else value

    def _untold(self, name: str, value: Any) -> Any:
        """What says nothing of a person; ids stay the same among themselves."""
        if name not in _IDENTS:
            return value
        if isinstance(value, list):
            return [self._untold(name, one) for one in value]
        return ident_of(self._secret, f"{self._account} {value}")[:12]


def _is_personal(entry: Entry) -> bool:
    """Whether it is about somebody's own matters; opting out of surveys stands among the settings."""
    changed = entry.body.get("changed")
    opted = entry.what == "settings" and isinstance(changed, Mapping) and "not_asked" in changed
    return opted or entry.what not in _ADMINISTRATION


def _state(known: Known, account: str, now: datetime, anew: bool) -> State:
    """The last check, made again when it is older than an hour; what came since is checked each time."""
    hour = int(now.timestamp() // _CHECKED_EVERY.total_seconds())
    last = known.kept(("audit", account), hour, dict[str, tuple[datetime, Any]])
    if anew or not last:
        last["check"] = (now, known.store.audit.verify(account))
    at, verdict = last["check"]
    if verdict.problem is None and verdict.head != known.store.audit.head(account):
        verdict = known.store.audit.verify_on(account, verdict.head)
        last["check"] = (at, verdict)
    return State(at, verdict.problem, f"{verdict.head.seq}:{verdict.head.hash}", verdict.entries)


def _line(*cells: Any) -> str:
    """A line of CSV that no spreadsheet takes for a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
