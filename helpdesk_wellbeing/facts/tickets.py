"""Tickets through time: state after every event, and what changed with it.

State is folded from what events say (their state columns first, else `after` of a change). What a ticket's
first event leaves open comes from the change's own `before`, else from the snapshot of the ticket, else it
is new and of normal priority.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import DAY, Ints
from helpdesk_wellbeing.events import CHANNELS
from helpdesk_wellbeing.facts import hard, listed, weights
from helpdesk_wellbeing.facts.by_ticket import ByTicket
from helpdesk_wellbeing.facts.rows import (
    KIND,
    NOBODY,
    PRIORITY_WORDS,
    STATUS,
    STATUS_WORDS,
    UNKNOWN,
    Names,
    Rows,
    places,
)
from helpdesk_wellbeing.facts.work import Bools

# What is remembered of a ticket; numbers of words are their places in the lists of `events`.
STATE = pl.Schema(
    {
        "ticket": pl.String(),
        "status": pl.Int8(),
        "group": pl.String(),
        "assignee": pl.String(),
        "priority": pl.Int8(),
        "channel": pl.Int8(),
        "reopens": pl.Int16(),
        "replies": pl.Int16(),
        "signs": pl.Int16(),  # indicators seen so far, as bits of `hard.INDICATORS`
        "hard": pl.Boolean(),
        "grouped": pl.Boolean(),  # was in a group before
        "last": pl.Int64(),  # microseconds since 1970 of its last event
    }
)
FORGOTTEN_AFTER = 35 * DAY
UNSOLVED = frozenset(STATUS[word] for word in ("new", "open", "pending", "hold"))
_OPEN_LIMIT = STATUS["hold"]
_SOLVED, _CLOSED, _DELETED = STATUS["solved"], STATUS["closed"], STATUS["deleted"]
_OTHER = CHANNELS.index("other")
_CHANGING = ("status", "group", "assignee", "priority")
_COUNTED_AT_MOST = 1000  # of what is remembered; nothing asks for more than a few

Reader = Callable[[pl.Series], Ints]


@dataclass(frozen=True)
class History:
    """One row per event of a ticket, sorted by ticket, instant and id."""

    row: Ints  # place in `Rows`
    at: Ints
    ticket: Ints
    first: Bools  # first row of its ticket in this stretch
    seen_before: Bools  # the ticket had a state before this row
    status: Ints
    status_before: Ints
    group: Ints
    group_before: Ints
    assignee: Ints
    assignee_before: Ints
    weight: Ints  # open weight after this event
    weight_before: Ints
    effort: Ints  # weight without the status factor
    created: Bools  # came into being or into sight in `group` here
    solved: Bools
    reopened: Bools
    became_hard: Bools
    signs: Ints


def is_open(status: Ints) -> Bools:
    """Unsolved: new, open, pending or on hold."""
    return (status >= 0) & (status <= _OPEN_LIMIT)


def follow(
    rows: Rows, known: pl.DataFrame, snapshots: pl.DataFrame, agents: Names, groups: Names, signs: hard.Signs
) -> tuple[History, pl.DataFrame]:
    """The history of every ticket with an event in this stretch, and their states at its end.

    `known`: STATE rows of tickets seen before; `snapshots`: feed.TICKETS.
    """
    by_ticket = ByTicket.of(rows)
    present = (
        rows.tickets.gather(pl.Series(by_ticket.ticket[by_ticket.begin].astype(np.uint32))).alias("ticket").to_frame()
    )
    state = present.join(known, on="ticket", how="left", maintain_order="left")
    seen = state["last"].is_not_null().to_numpy()
    said = _Said(rows, by_ticket.row, agents, groups)
    initial = _Initial(state, agents, groups)
    begin_kind, begin_at = by_ticket.kind[by_ticket.begin], by_ticket.at[by_ticket.begin]
    initial.fill(listed.fallbacks(present, seen, begin_kind, begin_at, snapshots, agents, groups), ~seen)
    initial.first_words(said, by_ticket.begin, ~seen, begin_kind)

    fields = _fields(by_ticket, said, initial)
    turns = _turns(by_ticket, fields, initial, seen)
    hardness = _hardness(rows, by_ticket, fields, turns, initial, signs)
    history = _history(by_ticket, fields, turns, hardness, _starting_weight(initial, seen))
    return history, _states_at_end(present["ticket"], by_ticket, fields, turns, hardness, agents, groups)


@dataclass(frozen=True)
class _Fields:
    """What a ticket looks like right after each event, and right before it."""

    status: Ints
    status_before: Ints
    group: Ints
    group_before: Ints
    assignee: Ints
    assignee_before: Ints
    priority: Ints
    priority_before: Ints
    channel: Ints


def _fields(by_ticket: ByTicket, said: _Said, initial: _Initial) -> _Fields:
    after = {name: by_ticket.carried(getattr(said, name), getattr(initial, name)) for name in (*_CHANGING, "channel")}
    before = {f"{name}_before": by_ticket.previous(after[name], getattr(initial, name)) for name in _CHANGING}
    return _Fields(**after, **before)


@dataclass(frozen=True)
class _Turns:
    """What became of a ticket with each event."""

    seen_before: Bools
    created: Bools
    solved: Bools
    reopened: Bools
    reopens: Ints  # so far
    replies: Ints
    grouped: Bools  # is or was in a group


def _turns(by_ticket: ByTicket, fields: _Fields, initial: _Initial, seen: Bools) -> _Turns:
    seen_before = np.where(by_ticket.first, seen[by_ticket.part], True)
    came = by_ticket.kind == KIND["created"]
    opened, was_open = is_open(fields.status), is_open(fields.status_before)
    reopened = _is_done(fields.status_before) & opened
    solved = (
        _is_done(fields.status)
        & (was_open | (came & ~seen_before))
        & ~_merging(by_ticket.kind, by_ticket.at, by_ticket.ticket)
    )
    into_view = ~seen_before & (came | opened | solved)
    in_group = fields.group >= 0
    had_group = (by_ticket.times(in_group) - in_group + initial.grouped[by_ticket.part]) > 0
    return _Turns(
        seen_before=seen_before,
        created=in_group & ~had_group & (into_view | seen_before),
        solved=solved,
        reopened=reopened,
        reopens=by_ticket.times(reopened) + initial.reopens[by_ticket.part],
        replies=by_ticket.times(by_ticket.kind == KIND["customer_replied"]) + initial.replies[by_ticket.part],
        grouped=had_group | in_group,
    )


def _is_done(status: Ints) -> Bools:
    done: Bools = (status == _SOLVED) | (status == _CLOSED)
    return done


@dataclass(frozen=True)
class _Hardness:
    """Indicators so far after each event, whether they suffice, and whether it was this event that did it."""

    signs: Ints
    is_hard: Bools
    became_hard: Bools


def _hardness(
    rows: Rows, by_ticket: ByTicket, fields: _Fields, turns: _Turns, initial: _Initial, signs: hard.Signs
) -> _Hardness:
    marks = hard.marks(
        hard.Seen(
            rows, by_ticket.row, by_ticket.kind, fields.group, fields.group_before, fields.assignee, fields.priority,
            fields.priority_before, turns.reopens, turns.replies,
        ),
        signs,
    )  # fmt: skip
    so_far = hard.accumulate(marks, initial.signs, by_ticket.begin, by_ticket.part)
    is_hard = initial.hard[by_ticket.part] | hard.is_hard(so_far)
    hard_before = by_ticket.previous(is_hard.astype(np.int64), initial.hard.astype(np.int64)) > 0
    return _Hardness(so_far, is_hard, is_hard & ~hard_before)


def _starting_weight(initial: _Initial, seen: Bools) -> Ints:
    """Open weight of each ticket before its first event here; nothing where that event brings it into sight."""
    weight = weights.open_weight(
        initial.channel, initial.priority, initial.status, initial.reopens, initial.hard.astype(np.int64)
    )
    return np.where(seen, weight, 0)


def _history(
    by_ticket: ByTicket, fields: _Fields, turns: _Turns, hardness: _Hardness, starting_weight: Ints
) -> History:
    traits = (fields.channel, fields.priority, fields.status, turns.reopens, hardness.is_hard.astype(np.int64))
    weight = weights.open_weight(*traits)
    return History(
        row=by_ticket.row,
        at=by_ticket.at,
        ticket=by_ticket.ticket,
        first=by_ticket.first,
        seen_before=turns.seen_before,
        status=fields.status,
        status_before=fields.status_before,
        group=fields.group,
        group_before=fields.group_before,
        assignee=fields.assignee,
        assignee_before=fields.assignee_before,
        weight=weight,
        weight_before=by_ticket.previous(weight, starting_weight),
        effort=weights.effort(*traits),
        created=turns.created,
        solved=turns.solved,
        reopened=turns.reopened,
        became_hard=hardness.became_hard,
        signs=hardness.signs,
    )


def _states_at_end(
    names: pl.Series,
    by_ticket: ByTicket,
    fields: _Fields,
    turns: _Turns,
    hardness: _Hardness,
    agents: Names,
    groups: Names,
) -> pl.DataFrame:
    """STATE of each ticket present after its last event here."""
    end = by_ticket.end
    return pl.DataFrame(
        {
            "ticket": names,
            "status": fields.status[end],
            "group": groups.series(fields.group[end]),
            "assignee": agents.series(fields.assignee[end]),
            "priority": fields.priority[end],
            "channel": fields.channel[end],
            "reopens": np.minimum(turns.reopens[end], _COUNTED_AT_MOST),
            "replies": np.minimum(turns.replies[end], _COUNTED_AT_MOST),
            "signs": hardness.signs[end],
            "hard": hardness.is_hard[end],
            "grouped": turns.grouped[end],
            "last": by_ticket.at[end],
        }
    ).cast(dict(STATE))  # type: ignore[arg-type]


def remember(known: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """All known tickets with the new states in place."""
    return pl.concat([known.join(after.select("ticket"), on="ticket", how="anti"), after])


def forget(known: pl.DataFrame, now: int) -> pl.DataFrame:
    """Without tickets that are done and have been quiet for five weeks."""
    return known.filter((pl.col("status") <= _OPEN_LIMIT) | (pl.col("last") > now - FORGOTTEN_AFTER))


class _Initial:
    """State of each present ticket before its first row here."""

    def __init__(self, state: pl.DataFrame, agents: Names, groups: Names) -> None:
        def ints(column: str, default: int) -> Ints:
            return state[column].cast(pl.Int64).fill_null(default).to_numpy().copy()

        self.status = ints("status", STATUS["new"])
        self.group = _named(groups.numbers(state["group"]), state["last"])
        self.assignee = _named(agents.numbers(state["assignee"]), state["last"])
        self.priority = ints("priority", UNKNOWN)
        self.channel = ints("channel", UNKNOWN)
        self.reopens = ints("reopens", 0)
        self.replies = ints("replies", 0)
        self.signs = ints("signs", 0)
        self.hard = state["hard"].fill_null(False).to_numpy().copy()
        self.grouped = state["grouped"].fill_null(False).to_numpy().copy()

    def fill(self, fallback: pl.DataFrame, new: Bools) -> None:
        """Take what the snapshots say about tickets that begin here."""
        place = fallback["place"].to_numpy()
        for name in (*_CHANGING, "channel"):
            getattr(self, name)[place] = fallback[name].to_numpy()
        assert bool(new[place].all())

    def first_words(self, said: _Said, begin: Ints, new: Bools, kind: Ints) -> None:
        """What the first event of a new ticket tells about the time before it."""
        for own_kind, name in (
            ("status", "status"),
            ("moved", "group"),
            ("assigned", "assignee"),
            ("priority", "priority"),
        ):
            values = getattr(self, name)
            told = new & (kind == KIND[own_kind])
            before = getattr(said, f"{name}_before")
            values[told] = np.where(before[begin[told]] == UNKNOWN, values[told], before[begin[told]])
            # Any other first event shows the state as it was already.
            shown = new & (kind != KIND[own_kind]) & (getattr(said, name)[begin] != UNKNOWN)
            values[shown] = getattr(said, name)[begin[shown]]
        came = new & (kind == KIND["created"])
        self.status[came] = STATUS["new"]
        self.group[came] = UNKNOWN
        self.assignee[came] = UNKNOWN


def _named(places: Ints, last: pl.Series) -> Ints:
    places = places.copy()
    places[(places == UNKNOWN) & last.is_not_null().to_numpy()] = NOBODY
    return places


class _Said:
    """What each row says about the state right after it; UNKNOWN where it says nothing."""

    def __init__(self, rows: Rows, order: Ints, agents: Names, groups: Names) -> None:
        self.status, self.status_before = self._change(
            rows,
            order,
            "status",
            rows.status,
            lambda words: places(words, STATUS_WORDS),
            STATUS["open"],
        )
        self.group, self.group_before = self._change(rows, order, "moved", rows.group, groups.numbers, NOBODY)
        self.assignee, self.assignee_before = self._change(
            rows, order, "assigned", rows.assignee, agents.numbers, NOBODY
        )
        self.priority, self.priority_before = self._change(
            rows,
            order,
            "priority",
            rows.priority,
            lambda words: places(words, PRIORITY_WORDS),
            NOBODY,
        )
        kind = rows.kind[order]
        ended = (kind == KIND["deleted"]) | (kind == KIND["merged"])
        self.status[ended] = _DELETED
        channel = rows.channel[order]
        self.channel = np.where(channel == _OTHER, UNKNOWN, channel)

    @staticmethod
    def _change(rows: Rows, order: Ints, kind: str, column: Ints, read: Reader, none: int) -> tuple[Ints, Ints]:
        after = column.copy()
        before = np.full(len(column), UNKNOWN, dtype=np.int64)
        changed = rows.of_kind(kind)
        told = read(rows.words("after", changed))
        told = np.where(told == UNKNOWN, none, told)
        after[changed] = np.where(after[changed] == UNKNOWN, told, after[changed])
        before[changed] = read(rows.words("before", changed))
        return after[order], before[order]


def _merging(kind: Ints, at: Ints, ticket: Ints) -> Bools:
    """Rows at the instant at which their ticket was merged into another: what closes then was not solved."""
    merged = np.flatnonzero(kind == KIND["merged"])
    result = np.zeros(len(kind), dtype=bool)
    for row in merged.tolist():
        low = np.searchsorted(ticket, ticket[row])
        high = np.searchsorted(ticket, ticket[row], side="right")
        result[low:high] |= at[low:high] == at[row]
    return result
