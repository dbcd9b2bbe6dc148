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
    number = len(groups.names)
    every = np.arange(number, dtype=np.int64)
    begin, last = _dates(clock, zone, every, since), _dates(clock, zone, every, until - 1)
    low, width = int(begin.min()) if number else 0, int(last.max() - begin.min()) + 1 if number else 1
    table = {name: np.zeros((number, width), dtype=np.int64) for name in (*COUNTS, "change")}

    def add(name: str, chosen: Ints, group: Ints, amount: int) -> None:
        inside = group >= 0
        chosen, group = chosen[inside], group[inside]
        day = _dates(clock, zone, group, history.at[chosen]) - low
        np.add.at(table[name], (group, day), amount)

    def rows(flag: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
        return np.flatnonzero(flag)

    created, solved, reopened = rows(history.created), rows(history.solved), rows(history.reopened)
    escalated = rows(signs.higher(history.group_before, history.group))
    add("created", created, history.group[created], 1)
    add("solved", solved, history.group[solved], 1)
    add("reopened", reopened, history.group[reopened], 1)
    add("escalated", escalated, history.group_before[escalated], 1)
    was = np.where(history.seen_before & is_open(history.status_before), history.group_before, -1)
    now = np.where(is_open(history.status), history.group, -1)
    changed = rows(was != now)
    add("change", changed, was[changed], -1)
    add("change", changed, now[changed], 1)

    place = groups.numbers(running["group"])
    for name in COUNTS:
        np.add.at(table[name], (place, running["day"].to_numpy() - low), running[name].to_numpy())
    opening, known = np.zeros(number, dtype=np.int64), np.full(number, 2**40, dtype=np.int64)
    known_place = groups.numbers(before["group"])
    opening[known_place] = before["open"].to_numpy()
    known[known_place] = before["since"].to_numpy()
    present = rows(history.group >= 0)
    seen_on = _dates(clock, zone, history.group[present], history.at[present])
    np.minimum.at(known, history.group[present], seen_on)
    np.minimum.at(known, *_first_left(history, clock, zone))
    at_end = opening[:, None] + np.cumsum(table["change"], axis=1)

    group, column = np.nonzero(
        (np.arange(width)[None, :] + low >= np.maximum(begin, known)[:, None])
        & (np.arange(width)[None, :] + low <= last[:, None])
    )
    day = column + low
    ends = clock.day_start(zone[group], day + 1)
    piece = np.clip((ends - 1) // DAY, since // DAY, (until - 1) // DAY)
    frame = pl.DataFrame(
        {
            "group": groups.series(group),
            "date": day.astype(np.int32),
            "created": table["created"][group, column],
            "solved": table["solved"][group, column],
            "open_at_end": at_end[group, column],
            "escalated": table["escalated"][group, column],
            "reopened": table["reopened"][group, column],
            "piece": piece.astype(np.int32),
        }
    )
    unfinished = ends > until
    kept = pl.DataFrame({"group": groups.series(group), "day": day}).with_columns(
        pl.Series(name, table[name][group, column]) for name in COUNTS
    )
    known_now = rows(known < 2**40)
    after = pl.DataFrame({"group": groups.series(known_now), "open": at_end[known_now, -1], "since": known[known_now]})
    return QueueDays(frame, after.cast(dict(OPEN)), kept.filter(pl.Series(unfinished)).cast(dict(RUNNING)))  # type: ignore[arg-type]


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


def _first_left(history: History, clock: Clock, zone: Ints) -> tuple[Ints, Ints]:
    left = np.flatnonzero((history.group_before >= 0) & (history.group != history.group_before))
    return history.group_before[left], _dates(clock, zone, history.group_before[left], history.at[left])


def _dates(clock: Clock, zone: Ints, group: Ints, at: Ints | int) -> Ints:
    return clock.date(zone[group], np.broadcast_to(np.asarray(at, dtype=np.int64), group.shape))


def evaluation_day(clock: Clock, zone: int, at: int) -> pl.Expr:
    """The evaluation day (04:00 to 04:00 of the zone) that an instant lies in, as a date."""
    local = clock.local(np.array([zone], dtype=np.int64), np.array([at], dtype=np.int64))
    day = int((local[0] - _EVALUATION_HOUR * HOUR) // DAY)
    return pl.lit(day, dtype=pl.Int32).cast(pl.Date)
