"""What may come in: nothing from before the floor that retention has set, and nobody who was erased.

Who was erased stands here by a keyed hash only. Their events stay events of their tickets, by nobody in particular;
what is about them alone is not taken.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.store import state
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import tombstones

ERASED = "erased"  # who stands in the place of those who are
SECRET = "tombstones"  # the name of the account's secret that marks are made with
ENDED = ("solved", "closed", "deleted")
_FLOOR = "floor"
_NAMES = ("id", "agent", "user", "user_id", "agent_id", "person", "who")  # in JSON: whom an object is about
_LEAST_NUMBER = 10_000  # smaller ones in somebody's JSON are counts, not ids


@dataclass(frozen=True)
class Admission:
    """What of an account's new data is taken, and as what."""

    floor: datetime | None
    marks: frozenset[str]
    key: bytes

    def page(self, page: Page) -> Page:
        """A connector's page as it is stored."""
        if self.floor is None and not self.marks:
            return page
        memory = page.memory
        if self.marks and memory is not None and not memory.is_empty():
            texts = [self.text(text) for text in memory["memory"]]
            memory = memory.with_columns(pl.Series("memory", texts, dtype=pl.String))
        return replace(
            page,
            events=self.events(page.events),
            tickets=None if page.tickets is None else self.tickets(page.tickets),
            memory=memory,
            watermark=None if page.watermark is None else self.text(page.watermark),
        )

    def events(self, new: pl.DataFrame) -> pl.DataFrame:
        """Events (`events.SCHEMA`) as they are stored."""
        if self.floor is not None:
            new = new.filter(pl.col("at") >= self.floor)
        gone = self._gone(new[name] for name in ("actor", "assignee", "before", "after"))
        return neutral(new, gone) if gone else new

    def tickets(self, listed: pl.DataFrame) -> pl.DataFrame:
        """Ticket snapshots (`feed.TICKETS`) as they are stored."""
        if self.floor is not None:
            listed = listed.filter(~past(self.floor))
        gone = self._gone([listed["assignee"]])
        return listed if not gone else listed.with_columns(_hidden("assignee", gone))

    def people(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of a directory with the column `agent`, without those who were erased."""
        gone = self._gone([rows["agent"]]) if self.marks and "agent" in rows.columns else []
        return rows.filter(~pl.col("agent").is_in(gone)) if gone else rows

    def text(self, text: str) -> str:
        """JSON that a connector keeps for itself, without those who were erased; other text as it is."""
        if not self.marks:
            return text
        return _without_in(text, self.is_gone)

    def is_gone(self, person: str) -> bool:
        """Whether this agent was erased."""
        return bool(self.marks) and mark_of(self.key, person) in self.marks

    def _gone(self, several: Iterable[pl.Series]) -> list[str]:
        if not self.marks:
            return []
        named = pl.concat([one.cast(pl.String).alias("named") for one in several]).drop_nulls().unique()
        return [one for one in named if self.is_gone(one)]


def admission(connection: Connection, owner: Owner, secret: Callable[[], str | None]) -> Admission:
    """What holds for an account; `secret` is asked for only when somebody was erased."""
    query = sa.select(tombstones.c.mark).where(tombstones.c.account == owner.number)
    marks = frozenset(connection.execute(query).scalars())
    key = (secret() or "").encode() if marks else b""
    return Admission(floor_of(connection, owner), marks, key)


def floor_of(connection: Connection, owner: Owner) -> datetime | None:
    """Nothing from before it is stored any more; None: everything may be."""
    stored = state.get_meta(connection, owner, _FLOOR)
    return None if stored is None else instant(int(stored))


def raise_floor(connection: Connection, owner: Owner, floor: datetime) -> None:
    """Set it; a later one that was set before holds."""
    before = floor_of(connection, owner)
    if before is None or before < floor:
        state.set_meta(connection, owner, _FLOOR, str(micros(floor)))


def mark_of(key: bytes, person: str) -> str:
    """By what an erased agent is known again, by whoever has the key."""
    return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()


def past(floor: datetime) -> pl.Expr:
    """Which snapshots are of tickets that ended before the floor."""
    return (pl.col("updated_at") < floor).fill_null(False) & pl.col("status").is_in(ENDED).fill_null(False)


def neutral(events: pl.DataFrame, gone: Collection[str]) -> pl.DataFrame:
    """Events in which these agents are nobody in particular.

    Tickets and queues keep their histories. An assignment that says nothing any more is left out, and so is when
    somebody was online.
    """
    theirs = pl.col("actor").is_in(list(gone)).fill_null(False)
    assigned = pl.col("kind") == "assigned"
    said_nothing = (assigned & (pl.col("before") == ERASED) & (pl.col("after") == ERASED)).fill_null(False)
    kind = pl.col("actor_kind")
    return (
        events.filter(~(theirs & (pl.col("kind") == "availability")))
        .with_columns(
            _hidden("actor", gone),
            _hidden("assignee", gone),
            pl.when(theirs).then(pl.lit("unknown", events.schema["actor_kind"])).otherwise(kind).alias("actor_kind"),
            _hidden("before", gone, assigned),
            _hidden("after", gone, assigned),
        )
        .filter(~said_nothing)
    )  # fmt: skip


def _hidden(name: str, gone: Collection[str], where: pl.Expr | None = None) -> pl.Expr:
    theirs = pl.col(name).is_in(list(gone))
    return pl.when(theirs if where is None else theirs & where).then(pl.lit(ERASED)).otherwise(name).alias(name)


def for_connectors(text: str, gone: str) -> str:
    """What a connector keeps for itself, as it is stored once this agent was erased."""
    return _without_in(text, lambda one: one == gone)


def _without_in(text: str, is_anybody_gone: Callable[[str], bool]) -> str:
    """JSON without those who are gone: as keys, in lists of ids, as whom an object is about; elsewhere `ERASED`."""

    def is_gone(one: str) -> bool:
        return not _is_small(one) and is_anybody_gone(one)

    try:
        value = json.loads(text)
    except ValueError:
        return text
    left = _without(value, is_gone)
    if left is _DROPPED:
        return "null"
    return text if left == value else json.dumps(left, ensure_ascii=False, separators=(",", ":"))


_DROPPED = object()


def _without(value: Any, is_gone: Callable[[str], bool]) -> Any:
    if isinstance(value, dict):
        if any(_is(value.get(name), is_gone) for name in _NAMES):
            return _DROPPED
        left = {key: _without(one, is_gone) for key, one in value.items() if not is_gone(key)}
        return {key: one for key, one in left.items() if one is not _DROPPED}
    if isinstance(value, list):
        if all(isinstance(one, str) for one in value) or all(type(one) is int for one in value):
            return [one for one in value if not _is(one, is_gone)]
        return [one for one in (_without(one, is_gone) for one in value) if one is not _DROPPED]
    return ERASED if _is(value, is_gone) else value


def _is(value: Any, is_gone: Callable[[str], bool]) -> bool:
    if isinstance(value, str):
        return is_gone(value)
    return type(value) is int and not _is_small(str(value)) and is_gone(str(value))


def _is_small(text: str) -> bool:
    return text.isdecimal() and int(text) < _LEAST_NUMBER
