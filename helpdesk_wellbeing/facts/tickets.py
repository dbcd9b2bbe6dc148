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
from helpdesk_wellbeing.facts.rows import (
    KIND,
    NOBODY,
    PRIORITY,
    STATUS,
    UNKNOWN,
    Names,
    Rows,
    ordered_by,
    word_numbers,
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
    chosen = np.flatnonzero((rows.ticket >= 0) & (rows.kind != KIND["availability"]))
    order = chosen[ordered_by(rows.ticket[chosen])]
    ticket, at, kind = rows.ticket[order], rows.at[order], rows.kind[order]
    count = len(order)
    first = np.ones(count, dtype=bool)
    first[1:] = ticket[1:] != ticket[:-1]
    begin = np.flatnonzero(first)
    part = np.cumsum(first) - 1  # which ticket of those present, 0..
    present = rows.tickets.gather(pl.Series(ticket[begin].astype(np.uint32))).alias("ticket").to_frame()
    state = present.join(known, on="ticket", how="left", maintain_order="left")
    seen = state["last"].is_not_null().to_numpy()
    initial = _Initial(state, agents, groups)
    said = _Said(rows, order, agents, groups)
    fallback = listed.fallbacks(present, seen, kind[begin], at[begin], snapshots, agents, groups)
    initial.fill(fallback, ~seen)
    initial.first_words(said, begin, ~seen, kind[begin])

    status = _carried(said.status, initial.status, begin, part)
    group = _carried(said.group, initial.group, begin, part)
    assignee = _carried(said.assignee, initial.assignee, begin, part)
    priority = _carried(said.priority, initial.priority, begin, part)
    channel = _carried(said.channel, initial.channel, begin, part)
    status_before = _previous(status, initial.status, begin)
    group_before = _previous(group, initial.group, begin)
    priority_before = _previous(priority, initial.priority, begin)

    seen_before = np.where(first, seen[part], True)
    gone = (status_before == _SOLVED) | (status_before == _CLOSED)
    opened = is_open(status)
    reopened = gone & opened
    finished = (status == _SOLVED) | (status == _CLOSED)
    created_here = kind == KIND["created"]
    solved = finished & (is_open(status_before) | (created_here & ~seen_before)) & ~_merging(kind, at, ticket)
    reopens = _running(reopened, begin, part) + initial.reopens[part]
    replies = _running(kind == KIND["customer_replied"], begin, part) + initial.replies[part]

    marks = hard.marks(
        hard.Seen(rows, order, kind, group, group_before, assignee, priority, priority_before, reopens, replies),
        signs,
    )
    all_signs = hard.accumulate(marks, initial.signs, begin, part)
    was_hard = initial.hard[part]
    is_hard = was_hard | hard.is_hard(all_signs)
    hard_before = _previous(is_hard.astype(np.int64), initial.hard.astype(np.int64), begin) > 0

    into_view = ~seen_before & (created_here | opened | solved)
    in_group = group >= 0
    had_group = (_running(in_group, begin, part) - in_group + initial.grouped[part]) > 0
    created = in_group & ~had_group & (into_view | seen_before)

    weight = weights.open_weight(channel, priority, status, reopens, is_hard.astype(np.int64))
    starting = weights.open_weight(
        initial.channel, initial.priority, initial.status, initial.reopens, initial.hard.astype(np.int64)
    )
    weight_before = _previous(weight, np.where(seen, starting, 0), begin)
    assignee_before = _previous(assignee, initial.assignee, begin)
    history = History(
        row=order,
        at=at,
        ticket=ticket,
        first=first,
        seen_before=seen_before,
        status=status,
        status_before=status_before,
        group=group,
        group_before=group_before,
        assignee=assignee,
        assignee_before=assignee_before,
        weight=weight,
        weight_before=weight_before,
        effort=weights.effort(channel, priority, status, reopens, is_hard.astype(np.int64)),
        created=created,
        solved=solved,
        reopened=reopened,
        became_hard=is_hard & ~hard_before,
        signs=all_signs,
    )
    end = np.append(begin[1:], count)[: len(begin)] - 1
    after = pl.DataFrame(
        {
            "ticket": present["ticket"],
            "status": status[end],
            "group": groups.series(group[end]),
            "assignee": agents.series(assignee[end]),
            "priority": priority[end],
            "channel": channel[end],
            "reopens": np.minimum(reopens[end], 1000),
            "replies": np.minimum(replies[end], 1000),
            "signs": all_signs[end],
            "hard": is_hard[end],
            "grouped": had_group[end] | in_group[end],
            "last": at[end],
        }
    ).cast(dict(STATE))  # type: ignore[arg-type]
    return history, after


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
        for name in ("status", "group", "assignee", "priority", "channel"):
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
            lambda words: word_numbers(words, STATUS, UNKNOWN),
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
            lambda words: word_numbers(words, PRIORITY, UNKNOWN),
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


def _carried(said: Ints, initial: Ints, begin: Ints, part: Ints) -> Ints:
    """Each row's value: the last one said about its ticket, else the initial one."""
    last = np.maximum.accumulate(np.where(said != UNKNOWN, np.arange(len(said)), -1)) if len(said) else said
    return np.where(last >= begin[part], said[last], initial[part]) if len(said) else said


def _previous(value: Ints, initial: Ints, begin: Ints) -> Ints:
    before = np.empty_like(value)
    before[1:] = value[:-1]
    before[begin] = initial
    return before


def _running(flag: Bools, begin: Ints, part: Ints) -> Ints:
    """How often the flag was set so far, per ticket."""
    total = np.cumsum(flag, dtype=np.int64)
    offset = total[begin] - flag[begin]
    return total - offset[part]


def _merging(kind: Ints, at: Ints, ticket: Ints) -> Bools:
    """Rows at the instant at which their ticket was merged into another: what closes then was not solved."""
    merged = np.flatnonzero(kind == KIND["merged"])
    result = np.zeros(len(kind), dtype=bool)
    for row in merged.tolist():
        low = np.searchsorted(ticket, ticket[row])
        high = np.searchsorted(ticket, ticket[row], side="right")
        result[low:high] |= at[low:high] == at[row]
    return result
