"""What the account holds while it runs: saves are appended, people change, and whoever listens is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

import polars as pl

from helpdesk_wellbeing.events import SCHEMA

from .people import Staff
from .saves import Told, save_of
from .site import Holdings
from .touches import Touch
from .touches import told as told_of

Step = tuple[str, str | None, str | None]  # kind, before, after, in our words
NOTHING: Step = ("tagged", None, None)  # a save that changed nothing that our events know


@dataclass(frozen=True)
class Write:
    """One save that came in while the account ran; ids as text, in our words."""

    at: datetime
    ticket: str
    author: str
    channel: str  # "api", or what the person used
    steps: tuple[Step, ...]
    metadata: Mapping[str, Any]
    audit: int


class Record:
    """The account's present state. Everything that changes it comes through here, one at a time.

    `now` never lies before what was written last: a write on a ticket that changed within the same second gets the
    next one, so that its stamp moves.
    """

    def __init__(self, holdings: Holdings, now: Callable[[], datetime], show: Callable[[Holdings], None]) -> None:
        self.holdings = holdings
        self.lock = RLock()
        self.subscribed: list[Callable[[Touch], None]] = []
        self.on_write: list[Callable[[Write], None]] = []
        self._told = now
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._show = show
        self._saves = 0

    def now(self) -> datetime:
        """The account's time."""
        return max(self._told(), self._latest)

    def next_moment(self, ticket: int) -> datetime:
        """When a save on a ticket that is made now happens: whole seconds, after all that it went through."""
        newest = self.holdings.site.events["at"].max()
        at = self.now().astimezone(UTC).replace(microsecond=0)
        if isinstance(newest, datetime):
            at = max(at, newest.replace(microsecond=0))
        mine = self.holdings.site.children.filter(pl.col("ticket_no") == ticket)["sec"].max()
        if isinstance(mine, int):
            at = max(at, datetime.fromtimestamp(mine, UTC) + timedelta(seconds=1))
        return at

    def append(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Take in events newer than all there are; their children."""
        with self.lock:
            children = self.holdings.site.children_of(rows, self.holdings.ledger.requesters)
            self._take(rows, children)
        return children

    def tell(self, children: pl.DataFrame, words: Mapping[str, str]) -> list[Touch]:
        """Let webhooks say what happened."""
        touches = told_of(children, words)
        with self.lock:
            listeners = list(self.subscribed)
        for touch in touches:
            for listener in listeners:
                listener(touch)
        return touches

    def save(self, ticket: int, steps: Sequence[Step], told: Told, kind: str, created: Mapping[str, Any]) -> int:
        """Append one save by `told.author`, an actor of `kind`; its audit. `created`: first state of a new ticket."""
        with self.lock:
            at = self.next_moment(ticket)
            self._saves += 1
            batch = f"write-{self._saves}"
            rows = _rows(self.holdings.site.events, at, ticket, steps or [NOTHING], told, kind, batch, created)
            children = self.holdings.site.children_of(rows, self.holdings.ledger.requesters)
            save = save_of(children.sort("child").to_dicts(), told)
            audit = int(save.audit["id"])
            ledger = self.holdings.ledger
            ledger.saves[audit] = save
            if told.values:
                ledger.values[ticket] = ledger.values.get(ticket, {}) | {no: v[1] for no, v in told.values.items()}
            ledger.version += 1
            real = rows if steps else rows.clear()
            self._take(real, children)
            listeners = list(self.on_write)
        self.tell(children.filter(pl.col("id").is_in(real["id"].implode())), {})
        write = Write(at, str(ticket), str(told.author), told.channel, tuple(steps), dict(told.metadata), audit)
        for listener in listeners:
            listener(write)
        return audit

    def restaff(self, staff: Staff) -> None:
        """From now on the account has these people, groups and memberships."""
        with self.lock:
            self.holdings = self.holdings.with_staff(staff)
            self._show(self.holdings)

    def changed(self) -> None:
        """What tickets show besides was changed in the ledger."""
        with self.lock:
            self.holdings.ledger.version += 1

    def _take(self, rows: pl.DataFrame, children: pl.DataFrame) -> None:
        self.holdings = self.holdings.after(rows, children)
        newest = children["at"].max()
        if isinstance(newest, datetime):
            self._latest = max(self._latest, newest)
        self._show(self.holdings)


def _rows(
    events: pl.DataFrame, at: datetime, ticket: int, steps: Sequence[Step], told: Told, kind: str, batch: str,
    created: Mapping[str, Any],
) -> pl.DataFrame:  # fmt: skip
    mine = events.filter(pl.col("ticket") == str(ticket))
    channel = mine["channel"][0] if mine.height else "api" if created else "email"
    base: dict[str, Any] = dict.fromkeys(SCHEMA) | {
        "account": events["account"][0] if events.height else "", "at": at, "ticket": str(ticket),
        "actor": str(told.author), "actor_kind": kind, "batch": batch, "channel": channel, "grade": "A",
    }  # fmt: skip
    rows = [
        base
        | {"id": f"{batch}.{place}", "kind": step[0], "before": step[1], "after": step[2]}
        | (dict(created) if step[0] == "created" else {})
        for place, step in enumerate(steps)
    ]
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame(rows, schema=plain).cast(SCHEMA)


def without_member(staff: Staff, user: int, group: int | None) -> Staff:
    """The same people, of whom one left a group, or all of theirs."""
    kept = [m for m in staff.memberships if m["user_id"] != user or group not in (None, m["group_id"])]
    return replace(staff, memberships=kept)


def with_user(staff: Staff, user: int, stamp: str, **changes: Any) -> Staff:
    """The same people, one of them changed at `stamp`."""
    return replace(
        staff, users=[u | changes | {"updated_at": stamp} if u["id"] == user else u for u in staff.users]
    )  # fmt: skip
