"""What a ticket shows from one second to the next, folded from the log in columns."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

import numpy as np
import numpy.typing as npt
import polars as pl

from . import words
from .options import Options
from .words import CLOSED, NULL, RESOLVED

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Columns = dict[str, Numbers]
FOREVER = 1 << 60
# Bits of `flags`.
ESCALATED, FIRST_REPLY_LATE, NEXT_REPLY_LATE, DELETED, SPAM = 1, 2, 4, 8, 16
ALWAYS_SHOW = (
    "created", "replied", "noted", "customer_replied", "tagged", "untagged", "deleted", "spammed", "restored",
    "touched", "remarked",
)  # fmt: skip
COUNTED = {
    "reopened_count": "reopens", "agent_reassigned_count": "reassigned", "group_reassigned_count": "regrouped",
    "private_note_count": "notes", "agent_reply_count": "replies", "customer_reply_count": "customer_replies",
}  # fmt: skip


class TagSets:
    """Each set of tags that a ticket ever had, by number; the one without tags is 0."""

    def __init__(self) -> None:
        self.sets: list[tuple[str, ...]] = [()]
        self._numbers: dict[tuple[str, ...], int] = {(): 0}

    def number(self, tags: tuple[str, ...]) -> int:
        """The number of a set, in the order in which its tags came."""
        if tags not in self._numbers:
            self.sets.append(tags)
            self._numbers[tags] = len(self.sets) - 1
        return self._numbers[tags]


class Fold:
    """One pass over a log that is in order (`log.in_order`); columns of what each row leads to."""

    def __init__(self, log: pl.DataFrame, options: Options, tags: TagSets) -> None:
        self.options = options
        self.log = log
        self.sec = log["sec"].to_numpy()
        self.ticket = log["ticket"].to_numpy()
        self._kinds = {name: (log["kind"] == name).to_numpy() for name in log["kind"].unique()}
        self._rows = np.arange(len(self.sec))
        self.first = np.ones(len(self.sec), dtype=bool)
        self.first[1:] = self.ticket[1:] != self.ticket[:-1]
        self._begin = np.maximum.accumulate(np.where(self.first, self._rows, 0))
        self._tags = tags

    def versions(self) -> Columns:
        """One row per ticket and second in which something about it changed, sorted by ticket and second."""
        if not len(self.sec):
            return {name: np.empty(0, dtype=np.int64) for name in NAMES}
        columns, shows, moves = self._columns()
        columns["updated"] = self._latest(moves, self.sec)
        kept = np.flatnonzero(shows)
        ticket, sec = self.ticket[kept], self.sec[kept]
        last = np.ones(len(kept), dtype=bool)
        last[:-1] = (ticket[1:] != ticket[:-1]) | (sec[1:] != sec[:-1])
        kept = kept[last]
        result = {name: column[kept] for name, column in columns.items()}
        result["begins"] = self.sec[kept]
        ends = np.full(len(kept), FOREVER)
        same = result["ticket"][1:] == result["ticket"][:-1]
        ends[:-1][same] = result["begins"][1:][same]
        result["ends"] = ends
        return {name: result[name].astype(np.int64) for name in NAMES}

    def _columns(self) -> tuple[Columns, Mask, Mask]:
        created = self._is("created")
        columns: Columns = {"ticket": self.ticket, "created": self.sec[self._begin]}
        status, changed = self._state("status", self._codes("status", words.STATUS, words.OPEN))
        before = self._before(status)
        columns["status"] = status
        priority, repriced = self._state("priority", self._codes("priority", words.PRIORITY, 1))
        responder, assigned = self._state("assigned", self._ids("assignee"))
        group, moved = self._state("moved", self._ids("group"))
        columns |= {"priority": priority, "responder": responder, "group": group}
        columns |= self._stamps(status, before, changed)
        columns |= self._breaches()
        columns |= self._counts(responder, assigned, group, moved, before, changed, status)
        source = self.log["channel"].replace_strict(words.SOURCE, default=11, return_dtype=pl.Int64).to_numpy()
        columns["source"] = source[self._begin]
        columns["requester"] = self._requesters()
        columns["tags"] = self._latest_of(self._tag_numbers(), 0)
        moves = created | changed | repriced | assigned | moved
        for kind in ALWAYS_SHOW:
            moves = moves | self._is(kind)
        if self.options.merge_notes:
            moves = moves | self._is("merged")
        shows = moves | self._is("sla_breached")
        moves = shows if self.options.escalation_moves else moves
        return columns, shows | self.first, moves | self.first

    def _is(self, kind: str) -> Mask:
        found: Mask = self._kinds.get(kind, np.zeros(len(self.sec), dtype=bool))
        return found

    def _latest(self, where: Mask, values: Numbers, otherwise: int = NULL) -> Numbers:
        """Per row the value of the ticket's last row so far with `where`."""
        place = np.maximum.accumulate(np.where(where, self._rows, -1))
        known = place >= self._begin
        return np.where(known, values[np.maximum(place, 0)], otherwise)

    def _latest_of(self, pairs: tuple[Mask, Numbers], otherwise: int) -> Numbers:
        return self._latest(pairs[0], pairs[1], otherwise)

    def _before(self, state: Numbers) -> Numbers:
        """The state before each row."""
        shifted = np.roll(state, 1)
        shifted[self.first] = NULL
        return shifted

    def _so_far(self, where: Mask) -> Numbers:
        """How many rows of the ticket so far have `where`."""
        total = np.cumsum(where)
        return total - (total - where)[self._begin]

    def _state(self, kind: str, values: tuple[Numbers, Numbers]) -> tuple[Numbers, Mask]:
        """A folded state, and the rows that change it. `values`: at creation, at a change."""
        mine = self._is(kind)
        state = self._latest(self.first | mine, np.where(mine & ~self.first, values[1], values[0]))
        return state, mine & ~self.first & (state != self._before(state))

    def _codes(self, name: str, codes: dict[str, int], otherwise: int) -> tuple[Numbers, Numbers]:
        def read(column: str) -> Numbers:
            text = self.log[column].replace_strict(codes, default=otherwise, return_dtype=pl.Int64)
            return text.to_numpy()

        return read(name), read("after")

    def _ids(self, name: str) -> tuple[Numbers, Numbers]:
        return self.log[name].fill_null(NULL).to_numpy(), self.log["after_no"].fill_null(NULL).to_numpy()

    def _stamps(self, status: Numbers, before: Numbers, changed: Mask) -> Columns:
        """The times that `stats` shows: each the latest of its kind."""
        done, was_done = np.isin(status, (RESOLVED, CLOSED)), np.isin(before, (RESOLVED, CLOSED))
        turned = changed | self.first
        replied = self._is("replied")
        reopened = changed & was_done & ~done
        resolved = turned & ((status == RESOLVED) | ((status == CLOSED) & (before != RESOLVED)))
        closed = turned & (status == CLOSED)
        cleared = reopened if self.options.reopening_clears else np.zeros(len(self.sec), dtype=bool)
        stamp = np.where(cleared, NULL, self.sec)
        return {
            "agent_responded": self._latest(replied, self.sec),
            "requester_responded": self._latest(self._is("customer_replied"), self.sec),
            "first_responded": self._latest(replied & (self._so_far(replied) == 1), self.sec),
            "status_updated": self._latest(turned, self.sec),
            "reopened": self._latest(reopened, self.sec),
            "resolved": self._latest(resolved | cleared, stamp),
            "closed": self._latest(closed | cleared, stamp),
            "pending": self._latest(turned & (status == words.PENDING), self.sec),
        }

    def _breaches(self) -> Columns:
        """Flags, and when replies and solutions are due: a target that is missed was due when it was missed."""
        breach = self._is("sla_breached")
        metric = self.log["after"].fill_null("")
        following = breach & metric.is_in(["next_reply_time", "periodic_update_time"]).to_numpy()
        late = breach & metric.str.contains("resol|work|wait|owner").to_numpy()
        first = breach & ~following & ~late
        parts = [(ESCALATED, breach), (FIRST_REPLY_LATE, first), (NEXT_REPLY_LATE, following)]
        flags = np.zeros(len(self.sec), dtype=np.int64)
        for bit, where in parts:
            flags |= np.where(self._so_far(where) > 0, bit, 0)
        away = self._is("deleted") | self._is("spammed") | self._is("restored")
        state = np.where(self._is("deleted"), DELETED, np.where(self._is("spammed"), SPAM, 0))
        flags |= self._latest(away, state, 0)
        replied = self._is("replied")
        answered = self._whole(replied & (self._so_far(replied) == 1))
        priority = self._codes("priority", words.PRIORITY, 1)[0][self._begin]
        created = self.sec[self._begin]
        reply = created + 60 * _looked_up(priority, words.REPLY_MIN)
        solve = created + 86_400 * _looked_up(priority, words.RESOLVE_DAYS)
        reply = np.maximum(reply, np.where(answered == NULL, 0, answered + 600))
        missed, failed = self._whole(first), self._whole(late)
        return {
            "flags": flags,
            "fr_due": np.where(missed == NULL, reply, missed),
            "due": np.where(failed == NULL, solve, failed),
        }

    def _whole(self, where: Mask) -> Numbers:
        """Per row the first second, of all that the ticket goes through, with `where`; null when there is none."""
        starts = np.flatnonzero(self.first)
        lowest = np.minimum.reduceat(np.where(where, self.sec, FOREVER), starts)
        spread = lowest[np.cumsum(self.first) - 1]
        return np.where(spread == FOREVER, NULL, spread)

    def _counts(
        self, responder: Numbers, assigned: Mask, group: Numbers, moved: Mask, before: Numbers, changed: Mask,
        status: Numbers,
    ) -> Columns:  # fmt: skip
        was_done, done = np.isin(before, (RESOLVED, CLOSED)), np.isin(status, (RESOLVED, CLOSED))
        notes = self._is("noted") | (self._is("merged") if self.options.merge_notes else self._is("noted"))
        return {
            "reopens": self._so_far(changed & was_done & ~done),
            "reassigned": self._so_far(assigned & (self._before(responder) != NULL)),
            "regrouped": self._so_far(moved & (self._before(group) != NULL)),
            "notes": self._so_far(notes),
            "replies": self._so_far(self._is("replied")),
            "customer_replies": self._so_far(self._is("customer_replied")),
        }

    def _requesters(self) -> Numbers:
        """Who asks: the first requester that the ticket ever shows, else a number of the ticket's own."""
        actor = self.log["actor"].fill_null(NULL).to_numpy()
        asking = (self.log["actor_kind"] == "requester").fill_null(False).to_numpy() & (actor != NULL)
        starts = np.flatnonzero(self.first)
        place = np.minimum.reduceat(np.where(asking, self._rows, len(self._rows)), starts)
        place = place[np.cumsum(self.first) - 1]
        found = place < len(self._rows)
        return np.where(found, actor[np.minimum(place, len(self._rows) - 1)], 7_100_000_000_000 + self.ticket)

    def _tag_numbers(self) -> tuple[Mask, Numbers]:
        """Rows at which tags change, and the numbers of the sets they lead to."""
        where = self._is("tagged") | self._is("untagged")
        numbers = np.zeros(len(self.sec), dtype=np.int64)
        rows = (
            self.log.with_row_index("row").filter(pl.Series(where)).select("row", "ticket", "kind", "before", "after")
        )
        last, tags = None, dict[str, None]()
        for row, ticket, kind, before, after in rows.iter_rows():
            if ticket != last:
                last, tags = ticket, {}
            if kind == "tagged" and after is not None:
                tags[after] = None
            elif kind == "untagged":
                tags.pop(before, None)
            numbers[row] = self._tags.number(tuple(tags))
        return where, numbers


NAMES = (
    "ticket", "begins", "ends", "updated", "created", "status", "priority", "source", "requester", "responder",
    "group", "agent_responded", "requester_responded", "first_responded", "status_updated", "reopened", "resolved",
    "closed", "pending", "flags", "tags", "fr_due", "due", "reopens", "reassigned", "regrouped", "notes", "replies",
    "customer_replies",
)  # fmt: skip


class Versions:
    """Every version of every ticket, in the order of `updated`, then ticket.

    Readers take `columns` once and go on with it; versions are only ever added, and one that is superseded gets the
    second in which that happens.
    """

    def __init__(self, columns: Columns) -> None:
        self.changes = 0  # counts what was added since
        self._lock = RLock()
        self._take(columns)

    @property
    def columns(self) -> Columns:
        """All rows there are by now."""
        with self._lock:
            size = self._size
            return {name: column[:size] for name, column in self._room.items()}

    def _take(self, columns: Columns) -> None:
        """Put rows in order, with room for more."""
        order = np.lexsort((columns["ticket"], columns["begins"], columns["updated"]))
        size = len(order)
        spare = np.zeros(size // 8 + 256, dtype=np.int64)
        self._room = {name: np.concatenate([column[order], spare]) for name, column in columns.items()}
        self._by_ticket = np.lexsort((self._room["begins"][:size], self._room["ticket"][:size]))
        self._tickets = self._room["ticket"][:size][self._by_ticket]
        self._added: dict[int, list[int]] = {}
        self._size = size

    def supersede(self, later: Columns, since: dict[int, int]) -> None:
        """From the second that `since` gives for a ticket on, its versions are those in `later`."""
        with self._lock:
            self._supersede(later, since)
            self.changes += 1

    def _supersede(self, later: Columns, since: dict[int, int]) -> None:
        places = {ticket: self._places(ticket) for ticket in since}
        size, more = self._size, len(later["ticket"])
        order = np.lexsort((later["ticket"], later["begins"], later["updated"]))
        later = {name: column[order] for name, column in later.items()}
        newest = self._room["updated"][size - 1] if size else 0
        in_order = not more or later["updated"][0] >= newest
        if in_order and size + more <= len(self._room["ticket"]):
            for name, column in later.items():
                self._room[name][size : size + more] = column
            for place, ticket in enumerate(later["ticket"].tolist(), start=size):
                self._added.setdefault(ticket, []).append(place)
            self._size = size + more
            self._end(self._room, places, since, later)
        else:
            columns = {name: column.copy() if name == "ends" else column for name, column in self.columns.items()}
            self._end(columns, places, since, later)
            self._take({name: np.concatenate([column, later[name]]) for name, column in columns.items()})

    @staticmethod
    def _end(columns: Columns, places: dict[int, Numbers], since: dict[int, int], later: Columns) -> None:
        """Versions from `since` on never stand any more; the one before stands until the first of the later ones."""
        ends, begins = columns["ends"], columns["begins"]
        for ticket, mine in places.items():
            void = begins[mine] >= since[ticket]
            ends[mine[void]] = begins[mine[void]]
            before = mine[~void]
            if len(before):
                next_ = later["begins"][later["ticket"] == ticket]
                last = before[np.argmax(np.where(ends[before] > begins[before], begins[before], -1))]
                ends[last] = next_.min() if len(next_) else FOREVER

    def _places(self, ticket: int) -> Numbers:
        low, high = np.searchsorted(self._tickets, [ticket, ticket + 1])
        mine = self._by_ticket[low:high]
        added = self._added.get(ticket)
        return np.concatenate([mine, np.array(added, dtype=np.int64)]) if added else mine

    def at(self, ticket: int, now: int) -> int | None:
        """The row of a ticket's version at `now`; null when there is none yet."""
        with self._lock:
            mine = self._places(ticket)
            begins, ends = self._room["begins"][mine], self._room["ends"][mine]
            found = np.flatnonzero((begins <= now) & (now < ends))
            return int(mine[found[0]]) if len(found) else None

    def row(self, ticket: int, now: int) -> dict[str, int] | None:
        """The same version as numbers by column."""
        with self._lock:
            place = self.at(ticket, now)
            return None if place is None else {name: int(column[place]) for name, column in self._room.items()}

    def live(self, columns: Columns, now: int, since: int | None = None) -> Numbers:
        """Rows of the versions that stand at `now` and were updated at `since` or later, in order."""
        updated = columns["updated"]
        low = 0 if since is None else int(np.searchsorted(updated, since, side="left"))
        high = int(np.searchsorted(updated, now, side="right"))
        rows = np.flatnonzero((columns["begins"][low:high] <= now) & (columns["ends"][low:high] > now))
        return rows + low


def _looked_up(codes: Numbers, table: dict[int, int]) -> Numbers:
    find: Callable[[Numbers], Numbers] = np.vectorize(table.__getitem__, otypes=[np.int64])
    return find(codes)
