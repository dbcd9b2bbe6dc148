"""What changes while the account runs: rows are appended, tickets are folded anew, and whoever listens is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import RLock
from typing import Any

import polars as pl

from connectors.simulating.text import number_of
from helpdesk_wellbeing.events import KINDS, SCHEMA

from . import rows as shown
from .log import in_order, logged, rows_of
from .options import Options
from .rows import Object
from .site import Site
from .staff import Staff, presences
from .talks import Talk, Talks, spoken
from .versions import Fold, TagSets, Versions
from .words import NULL

Step = tuple[str, str | None, str | None]  # kind, before, after, in our words; besides ours: those of `log.LOG`
NOTHING: Step = ("touched", None, None)  # a save that changed nothing that our events know; it moves `updated_at`
TOUCHES = (
    "created", "replied", "noted", "customer_replied", "status", "assigned", "moved", "priority", "tagged", "untagged",
    "deleted", "handled",
)  # fmt: skip
WRITTEN = 5_000_000_000_000  # numbers of what is written while the account runs


@dataclass(frozen=True)
class Write:
    """One save that came in while the account ran; ids as text, in our words."""

    at: datetime
    ticket: str
    author: str
    channel: str  # "api", or what the person used
    steps: tuple[Step, ...]
    conversation: int | None  # the id of the reply or note that the save left


@dataclass(frozen=True)
class Happening:
    """One save on a ticket: its version before (null: it began) and after, and what was said in it."""

    sec: int
    ticket: int
    actor: int | None
    actor_kind: str
    before: Mapping[str, int] | None
    after: Mapping[str, int]
    kinds: tuple[str, ...]
    talks: tuple[Talk, ...]
    rows: tuple[Mapping[str, Any], ...] = ()  # of the log


class Record:
    """The account's state over time. Everything that changes it comes through here, one at a time.

    `besides` holds what tickets show that our events cannot say (custom fields, subjects), `texts` the same for
    conversations; both hold for the present only.
    """

    def __init__(self, site: Site, staff: Staff, now: Callable[[], datetime]) -> None:
        self.site = site
        self.options: Options = site.options
        self.lock = RLock()
        self.besides: dict[int, dict[str, Any]] = {}
        self.texts: dict[int, dict[str, Any]] = {}
        self.fields: list[Object] = []  # the account's own ticket fields, as `ticket_fields` lists them
        self.subscribed: list[Callable[[Happening], None]] = []
        self.on_write: list[Callable[[Write], None]] = []
        self._told = now
        self._latest = datetime.min.replace(tzinfo=UTC)
        self.tags = TagSets()
        self.log = logged(site.events, site.options)
        self.versions = Versions(Fold(self.log, site.options, self.tags).versions())
        self.talks = Talks(self.log, site.options)
        self._staff = staff
        self._written = 0
        self._presences: tuple[tuple[int, int], dict[int, tuple[str, int]]] | None = None

    # ---- what stands

    def now(self) -> datetime:
        """The account's time; never before what was written last."""
        return max(self._told(), self._latest)

    def clock(self) -> int:
        """The account's time in whole seconds since 1970."""
        return int(self.now().timestamp())

    @property
    def staff(self) -> Staff:
        """People and groups as they are."""
        return self._staff

    def restaff(self, staff: Staff) -> None:
        """From now on the account has these people and groups."""
        with self.lock:
            self._staff = staff

    def presences(self) -> dict[int, tuple[str, int]]:
        """Per agent the latest availability, and since when."""
        key = (self.clock(), self.site.events.height)
        kept = self._presences
        if kept is None or kept[0] != key:
            kept = self._presences = (key, presences(self.site.events, self.now()))
        return kept[1]

    def version(self, ticket: int, now: int | None = None) -> dict[str, int] | None:
        """A ticket as it stands, as numbers by column (`versions.NAMES`); null when there is none."""
        return self.versions.row(ticket, self.clock() if now is None else now)

    def ticket(self, ticket: int, now: int | None = None) -> Object | None:
        """A ticket as it is shown, deleted ones too; null when there is none."""
        now = self.clock() if now is None else now
        row = self.version(ticket, now)
        return None if row is None else self.shown(row, now)

    def shown(self, row: Mapping[str, int], now: int) -> Object:
        """A version as the platform writes it."""
        due = now - row["created"] >= self.options.due_delay_s
        no = row["ticket"]
        return shown.ticket(row, self.tags.sets[row["tags"]], self.besides.get(no, {}), due)

    def conversations(self, ticket: int, now: int | None = None) -> list[Object]:
        """A ticket's conversations, oldest first."""
        talks = self.talks.of(ticket, self.clock() if now is None else now)
        return shown.conversations(ticket, talks, self.texts)

    # ---- what happens

    def next_moment(self, ticket: int) -> int:
        """The second in which a save on a ticket that is made now happens: later than all that it shows already."""
        now = self.clock()
        row = self.versions.row(ticket, now)
        return now if row is None else max(now, row["begins"] + 1)

    def happen(self, events: pl.DataFrame) -> None:
        """Let more events (`events.SCHEMA`) have happened: it is later by now, and webhooks and apps hear of them."""
        with self.lock:
            rows = logged(events, self.options, place=self.log.height)
            self.site = replace(self.site, events=pl.concat([self.site.events, events]))
            happenings = self._take(rows)
            newest = events["at"].max()
            if isinstance(newest, datetime):
                self._latest = max(self._latest, newest)
        self.tell(happenings)

    def save(
        self, ticket: int, steps: Sequence[Step], author: int, kind: str = "integration", channel: str = "api",
        created: Mapping[str, Any] | None = None, besides: Mapping[str, Any] | None = None,
        text: Mapping[str, Any] | None = None,
    ) -> Write:  # fmt: skip
        """Append one save by `author`, an actor of `kind`.

        `created`: first state of a new ticket, in our words (status, priority, group, assignee as our ids). `besides`:
        what the ticket shows from now on that our events cannot say. `text`: the same for the save's reply or note.
        """
        with self.lock:
            sec = self.next_moment(ticket)
            events, rows = self._rows(ticket, sec, list(steps) or [NOTHING], author, kind, channel, created or {})
            self.site = replace(self.site, events=pl.concat([self.site.events, events]))
            if besides:
                self.besides[ticket] = _merged(self.besides.get(ticket, {}), besides)
            said = spoken(rows, self.options)["event"].to_list()
            if text and said:
                self.texts[said[0]] = dict(text)
            happenings = self._take(rows)
            at = datetime.fromtimestamp(sec, UTC)
            self._latest = max(self._latest, at)
            listeners = list(self.on_write)
        self.tell(happenings)
        write = Write(at, str(ticket), str(author), channel, tuple(steps), said[0] if said else None)
        for listener in listeners:
            listener(write)
        return write

    def touch(self, ticket: str, agent: str, kind: str, value: str | None) -> Write:
        """Let somebody do one thing to a ticket now; in our words and ids."""
        if kind not in TOUCHES:
            raise ValueError(f"nobody can do {kind} here; one can: {', '.join(TOUCHES)}")
        no = number_of(ticket)
        if (self.version(no) is None) != (kind == "created"):
            raise ValueError(f"ticket {ticket} is {'there already' if kind == 'created' else 'not there'}")
        by = "requester" if kind == "customer_replied" else "agent"
        step = (kind, value, None) if kind == "untagged" else (kind, None, value)
        return self.save(no, [step], number_of(agent), by, "browser")

    def tell(self, happenings: Sequence[Happening]) -> None:
        """Let webhooks and apps say what happened."""
        with self.lock:
            listeners = list(self.subscribed)
        for happening in happenings:
            for listener in listeners:
                listener(happening)

    def _rows(
        self, ticket: int, sec: int, steps: Sequence[Step], author: int, kind: str, channel: str,
        created: Mapping[str, Any],
    ) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
        at, base = datetime.fromtimestamp(sec, UTC), self._written
        self._written += len(steps)
        mine = self.version(ticket)
        events, rows = [], []
        for place, (word, before, after) in enumerate(steps):
            number = WRITTEN + base + place
            common = {"id": str(number), "kind": word, "before": before, "after": after, "actor_kind": kind,
                      "batch": f"write-{base}", "channel": channel if mine is None else None}  # fmt: skip
            first = dict(created) if word == "created" else {}
            if word in KINDS:
                events.append(
                    dict.fromkeys(SCHEMA) | common | first
                    | {"account": self._account(), "at": at, "ticket": str(ticket), "actor": str(author), "grade": "A",
                       "channel": channel if channel != "browser" else "web"}
                )  # fmt: skip
            numbers = {name: None if value is None else number_of(str(value)) for name, value in first.items()
                       if name in ("group", "assignee")}  # fmt: skip
            rows.append(
                common | first | numbers
                | {"ticket": ticket, "sec": sec, "place": self.log.height + place, "event": number, "actor": author,
                   "after_no": None if after is None else number_of(after)}
            )  # fmt: skip
        plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
        return pl.DataFrame(events, schema=plain).cast(SCHEMA), rows_of(rows)

    def _account(self) -> str:
        return str(self.site.events["account"][0]) if self.site.events.height else ""

    def _take(self, rows: pl.DataFrame) -> list[Happening]:
        """Take new rows in; what each save among them did."""
        since = dict(rows.group_by("ticket").agg(pl.col("sec").min()).iter_rows())
        self.log = pl.concat([self.log, rows], rechunk=self.log.n_chunks() > 64)
        mine = in_order(self.log.filter(pl.col("ticket").is_in(list(since))))
        later = Fold(mine, self.options, self.tags).versions()
        kept = [place for place, (no, sec) in enumerate(zip(later["ticket"], later["begins"], strict=True))
                if sec >= since[int(no)]]  # fmt: skip
        before = {no: self.version(no, sec - 1) for no, sec in since.items()}
        self.versions.supersede({name: column[kept] for name, column in later.items()}, since)
        self.talks.add(rows)
        return _happenings(rows, shown.versions(later, kept), before, self.options)


def _merged(known: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields are merged key by key, everything else replaced."""
    fields = {**known.get("custom_fields", {}), **new.get("custom_fields", {})}
    return {**known, **new, **({"custom_fields": fields} if fields else {})}


def _happenings(
    rows: pl.DataFrame, later: Sequence[dict[str, int]], before: Mapping[int, Mapping[str, int] | None],
    options: Options,
) -> list[Happening]:  # fmt: skip
    """Saves among new rows, in the order of time; a save without effect that the platform shows is none."""
    versions = {(row["ticket"], row["begins"]): row for row in later}
    was = dict(before)
    result = []
    saves = rows.sort("sec", "place").group_by("ticket", "sec", "actor", "actor_kind", maintain_order=True)
    for key, mine in saves:
        ticket, sec = int(str(key[0])), int(str(key[1]))
        after = versions.get((ticket, sec))
        talks = [Talk(*row[1:]) for row in spoken(mine, options).iter_rows()]
        if after is None and "handled" not in mine["kind"].to_list():
            continue
        now = after or was.get(ticket)
        if now is not None:
            actor = mine["actor"][0]
            result.append(
                Happening(sec, ticket, None if actor in (None, NULL) else int(actor), str(mine["actor_kind"][0]),
                          was.get(ticket), now, tuple(mine["kind"].to_list()), tuple(talks), tuple(mine.to_dicts()))
            )  # fmt: skip
            was[ticket] = now
    return result
