"""Queue-days: what came, went and stayed in each group, by dates of the group's own zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import DAY, HOUR, Clock, Ints
from helpdesk_wellbeing.facts.hard import Signs
from helpdesk_wellbeing.facts.rows import Names
from helpdesk_wellbeing.facts.tickets import History, is_open
from helpdesk_wellbeing.people import Directory

COUNTS = ("created", "solved", "escalated", "reopened")
# How much is open in each group that has been seen, and since which of its dates it is known.
OPEN = pl.Schema({"group": pl.String(), "open": pl.Int64(), "since": pl.Int64()})
# Counts of dates that have begun and not ended.
RUNNING = pl.Schema({"group": pl.String(), "day": pl.Int64(), **dict.fromkeys(COUNTS, pl.Int64())})
_EVALUATION_HOUR = 4
_NEVER = 2**40  # a date after all others


@dataclass(frozen=True)
class QueueDays:
    """Rows of `schema.QUEUES` with `piece`, and what the next stretch needs."""

    frame: pl.DataFrame
    open: pl.DataFrame
    running: pl.DataFrame


def count(
    history: History,
    before: pl.DataFrame,
    running: pl.DataFrame,
    groups: Names,
    signs: Signs,
    clock: Clock,
    zone: Ints,
    since: int,
    until: int,
) -> QueueDays:
    """Queue-days of every group known so far for every date that overlaps [since, until).

    `before`: OPEN at `since`; `running`: RUNNING counts; `zone`: each group's zone in `clock`.
    """
    table = _Table(groups, clock, zone, since, until)
    _count_turns(table, history, signs)
    table.take_over(running)
    opening, known = _known_so_far(table, before)
    _know_from_activity(known, table, history)
    at_end = opening[:, None] + np.cumsum(table.counts["change"], axis=1)

    group, column = table.cells_from(known)
    day = column + table.low
    ends = clock.day_start(zone[group], day + 1)
    counts = pl.DataFrame({"group": groups.series(group), "day": day}).with_columns(
        pl.Series(name, table.counts[name][group, column]) for name in COUNTS
    )
    piece = np.clip((ends - 1) // DAY, since // DAY, (until - 1) // DAY)
    frame = counts.select(
        "group",
        pl.col("day").cast(pl.Int32).alias("date"),
        "created",
        "solved",
        pl.Series("open_at_end", at_end[group, column]),
        "escalated",
        "reopened",
        pl.Series("piece", piece.astype(np.int32)),
    )
    seen = np.flatnonzero(known < _NEVER)
    after = pl.DataFrame({"group": groups.series(seen), "open": at_end[seen, -1], "since": known[seen]})
    unfinished = counts.filter(pl.Series(ends > until))
    return QueueDays(frame, after.cast(dict(OPEN)), unfinished.cast(dict(RUNNING)))  # type: ignore[arg-type]


class _Table:
    """Counts by group and date, from the earliest to the latest date that any group has in [since, until)."""

    def __init__(self, groups: Names, clock: Clock, zone: Ints, since: int, until: int) -> None:
        number = len(groups.names)
        every = np.arange(number, dtype=np.int64)
        self.groups, self._clock, self._zone = groups, clock, zone
        self.begin, self.last = _dates(clock, zone, every, since), _dates(clock, zone, every, until - 1)
        self.low = int(self.begin.min()) if number else 0
        self.width = int(self.last.max()) - self.low + 1 if number else 1
        self.counts = {name: np.zeros((number, self.width), dtype=np.int64) for name in (*COUNTS, "change")}

    def add(self, name: str, at: Ints, group: Ints, amount: int) -> None:
        """Count instants for their groups; where there is no group nothing is counted."""
        inside = group >= 0
        group = group[inside]
        np.add.at(self.counts[name], (group, self.dates(group, at[inside]) - self.low), amount)

    def take_over(self, running: pl.DataFrame) -> None:
        """Add what was counted earlier for dates that go on."""
        place = self.groups.numbers(running["group"])
        for name in COUNTS:
            np.add.at(self.counts[name], (place, running["day"].to_numpy() - self.low), running[name].to_numpy())

    def dates(self, group: Ints, at: Ints) -> Ints:
        """Each instant's date in its group's zone, in days since 1970."""
        return _dates(self._clock, self._zone, group, at)

    def cells_from(self, known: Ints) -> tuple[Ints, Ints]:
        """Group and column of every date of the stretch from which on its group is known."""
        date = np.arange(self.width)[None, :] + self.low
        group, column = np.nonzero((date >= np.maximum(self.begin, known)[:, None]) & (date <= self.last[:, None]))
        return group, column


def _count_turns(table: _Table, history: History, signs: Signs) -> None:
    """What came, went, came back and was handed up, and by how much the open tickets changed."""
    for name, rows, group in (
        ("created", history.created, history.group),
        ("solved", history.solved, history.group),
        ("reopened", history.reopened, history.group),
        ("escalated", signs.higher(history.group_before, history.group), history.group_before),
    ):
        table.add(name, history.at[rows], group[rows], 1)
    was = np.where(history.seen_before & is_open(history.status_before), history.group_before, -1)
    now = np.where(is_open(history.status), history.group, -1)
    changed = np.flatnonzero(was != now)
    table.add("change", history.at[changed], was[changed], -1)
    table.add("change", history.at[changed], now[changed], 1)


def _known_so_far(table: _Table, before: pl.DataFrame) -> tuple[Ints, Ints]:
    """How much is open in each group when the stretch begins, and the date since which that is known."""
    number = len(table.groups.names)
    opening, known = np.zeros(number, dtype=np.int64), np.full(number, _NEVER, dtype=np.int64)
    place = table.groups.numbers(before["group"])
    opening[place] = before["open"].to_numpy()
    known[place] = before["since"].to_numpy()
    return opening, known


def _know_from_activity(known: Ints, table: _Table, history: History) -> None:
    """A group is known from the date on which a ticket was first seen in it, or seen to leave it."""
    present = np.flatnonzero(history.group >= 0)
    left = np.flatnonzero((history.group_before >= 0) & (history.group != history.group_before))
    for rows, group in ((present, history.group[present]), (left, history.group_before[left])):
        np.minimum.at(known, group, table.dates(group, history.at[rows]))


def opening(states: pl.DataFrame, groups: Names, clock: Clock, zone: Ints, at: int) -> pl.DataFrame:
    """OPEN rows for tickets that are there when the log begins."""
    counted = states.filter(pl.col("group").is_not_null()).group_by("group").len("open").sort("group")
    place = groups.numbers(counted["group"])
    since = _dates(clock, zone, place, np.full(len(place), at))
    return counted.with_columns(since=pl.Series(since)).cast(dict(OPEN))  # type: ignore[arg-type]


def zones_of(groups: Names, directory: Directory, account_zone: str, low: int, high: int) -> tuple[Clock, Ints]:
    """A clock and each group's zone in it."""
    own = dict(directory.groups.select("group", "time_zone").iter_rows())
    names = [own.get(group) or account_zone for group in groups.names]
    zones = sorted({account_zone, *names})
    return Clock(zones, low, high), np.array([zones.index(name) for name in names], dtype=np.int64)


def touches(history: History, clock: Clock, zone: int, rows_tickets: pl.Series, groups: Names) -> pl.DataFrame:
    """Evaluation day, group, ticket and first instant of every ticket's activity in a group.

    A move is activity in the group it leaves, too.
    """
    moved = np.flatnonzero((history.group_before >= 0) & (history.group != history.group_before))
    stayed = np.flatnonzero(history.group >= 0)
    at = np.concatenate([history.at[stayed], history.at[moved]])
    group = np.concatenate([history.group[stayed], history.group_before[moved]])
    ticket = np.concatenate([history.ticket[stayed], history.ticket[moved]])
    day = (clock.local(np.full(len(at), zone, dtype=np.int64), at) - _EVALUATION_HOUR * HOUR) // DAY
    # Neighbours repeat mostly; dropping them first leaves little for the real search.
    new = np.ones(len(at), dtype=bool)
    new[1:] = (ticket[1:] != ticket[:-1]) | (group[1:] != group[:-1]) | (day[1:] != day[:-1])
    frame = pl.DataFrame({"day": day[new], "group": group[new], "ticket": ticket[new], "at": at[new]})
    frame = frame.sort("at", maintain_order=True).unique(["day", "group", "ticket"], keep="first", maintain_order=True)
    return pl.DataFrame(
        {
            "day": frame["day"].cast(pl.Int32).cast(pl.Date),
            "group": groups.series(frame["group"].to_numpy()),
            "ticket": rows_tickets.gather(frame["ticket"].cast(pl.UInt32)),
            "piece": (frame["at"] // DAY).cast(pl.Int32).cast(pl.Date),
        }
    )


def _dates(clock: Clock, zone: Ints, group: Ints, at: Ints | int) -> Ints:
    return clock.date(zone[group], np.broadcast_to(np.asarray(at, dtype=np.int64), group.shape))


def evaluation_day(clock: Clock, zone: int, at: int) -> pl.Expr:
    """The evaluation day (04:00 to 04:00 of the zone) that an instant lies in, as a date."""
    local = clock.local(np.array([zone], dtype=np.int64), np.array([at], dtype=np.int64))
    day = int((local[0] - _EVALUATION_HOUR * HOUR) // DAY)
    return pl.lit(day, dtype=pl.Int32).cast(pl.Date)
