"""Agents' local days as grids: a row an agent, a column a date. What load signals stand on.

A *worked day* is a local day with 60 active minutes or more, or with a scheduled shift and no leave. A
scheduled day without any activity counts as well, provided that the agent was seen in the four weeks
before: an agent who has not started yet, or has left, did not work and do nothing.

Nothing here looks further back than 26 weeks (`REACH_DAYS`), which is what facts hold, so a result does not
depend on where a stretch was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.people import NO_PERSON, Directory
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.schedules import parse_schedule
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.moments import local_instants
from helpdesk_wellbeing.statistics import median_and_mad, row_medians

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HOUR_US = 3_600_000_000
WORKED_US = HOUR_US  # active(30) that makes a local day a worked day
REACH_DAYS = 182  # 26 weeks
SEEN_WITHIN_DAYS = 28  # a silent scheduled day counts only this long after the last activity
EDGE_DAYS = 7  # in the first week of a log, tickets from before it are still invisible: no baseline looks at it
CHANGES_THAT_TELL = 10
BASELINE_DAYS = 40
BASELINE_GAP = 5  # the last baseline day is so many worked days before the day judged
BASELINE_REACH_DAYS = REACH_DAYS - SEEN_WITHIN_DAYS
NEVER = np.iinfo(np.int64).max
EPOCH = date(1970, 1, 1)


def edge_day(facts: Facts) -> int:
    """The first date (days since 1970) that a baseline may look at."""
    return day_number(facts.history_start.astimezone(ZoneInfo(facts.zone)).date()) + EDGE_DAYS


def seen_alike_since(facts: Facts, days: Ints) -> Ints:
    """For each date (days since 1970): the first one from which on as much was seen of people's work as on it.

    Where changes of tickets begin to name who made them, or cease to, everybody seems to do more, or less. A day tells
    by most of its changes, if it has enough of them.
    """
    told = facts.changes.filter(pl.col("all") >= CHANGES_THAT_TELL).sort("day")
    is_named = (told["unnamed"] * 2 <= told["all"]).to_numpy()
    turns = told["day"].to_physical().to_numpy().astype(np.int64)[np.flatnonzero(np.diff(is_named)) + 1]
    since = np.concatenate([[np.iinfo(np.int64).min], turns])
    return np.asarray(since[np.searchsorted(turns, days, side="right")])


@dataclass(frozen=True)
class Roster:
    """What the directory says about some agents on every date of a range; grids of [agent, date]."""

    agents: tuple[str, ...]
    first_day: int  # days since 1970 of column 0
    zones: tuple[str, ...]
    zone: Ints  # index into `zones`
    scheduled_minutes: Ints  # of the weekly schedule on that weekday; -1: no schedule known
    on_leave: Bools
    barred: Bools  # excluded, or not one person
    job_from: Ints  # first date (days since 1970) of the present groups and schedule
    shared_since: Ints  # [agent] instant from which the account counts as shared or automated

    @property
    def days(self) -> int:
        return int(self.zone.shape[1])

    @property
    def scheduled(self) -> Bools:
        """A shift is planned and the agent is not on leave."""
        return np.asarray((self.scheduled_minutes > 0) & ~self.on_leave)

    def instant(self, agent: Ints, column: Ints, hour: int) -> Ints:
        """UTC microseconds of an hour on local dates, in each agent's zone of that date; may run past the
        grid.
        """
        table = self._table(hour)
        return table[self.zone[agent, np.clip(column, 0, self.days - 1)], column]

    def next_instant(self, agent: Ints, column: Ints, after: Ints, hour: int) -> Ints:
        """The first `hour`:00 local at or after the given instants."""
        table = self._table(hour)
        zone = self.zone[agent, column]
        found = np.full(len(agent), NEVER, dtype=np.int64)
        for z in np.unique(zone):
            here = np.flatnonzero(zone == z)
            position = np.searchsorted(table[z], after[here])
            inside = position < table.shape[1]
            found[here[inside]] = table[z][position[inside]]
        return found

    def _table(self, hour: int) -> Ints:
        return np.stack([local_instants(z, self.first_day, self.days + 3, hour) for z in self.zones])


@dataclass(frozen=True)
class _Told:
    """The people file, apart: whom one row describes for ever, and the rows of those who change."""

    steady: dict[str, tuple[str | None, str | None, bool]]  # agent -> zone, schedule, barred
    changing: list[tuple[str, str | None, str | None, list[str] | None, bool, date | None]]


@once_per_object
def _told(directory: Directory) -> _Told:
    told = _Told({}, [])
    no_person = pl.col("identity").is_in(NO_PERSON)
    people = directory.people.sort("agent", "valid_from", nulls_last=False).with_columns(
        barred=pl.col("excluded").fill_null(False) | no_person.fill_null(False),
        steady=pl.col("valid_from").is_null() & (pl.len().over("agent") == 1),
    )
    columns = ("agent", "time_zone", "schedule", "groups", "barred", "valid_from", "steady")
    for agent, zone, schedule, groups, barred, valid_from, steady in people.select(columns).iter_rows():
        if steady:
            told.steady[agent] = zone, schedule, barred
        else:
            told.changing.append((agent, zone, schedule, groups, barred, valid_from))
    return told


def roster(facts: Facts, agents: Sequence[str], first_day: int, days: int) -> Roster:
    """Spread the directory's rows over dates; agents it does not name have the account's zone and no
    schedule.
    """
    row = {agent: i for i, agent in enumerate(agents)}
    shape = (len(row), days)
    weekday = (np.arange(first_day, first_day + days) + 3) % 7  # 1970-01-01 was a Thursday
    people = _told(facts.directory)
    unknown = (None, None, False)
    steady = [people.steady.get(agent, unknown) for agent in agents]
    zones = {facts.zone: 0}
    schedules: dict[str | None, int] = {None: 0}
    zone_of = [zones.setdefault(zone or facts.zone, len(zones)) for zone, _, _ in steady]
    schedule_of = [schedules.setdefault(schedule, len(schedules)) for _, schedule, _ in steady]
    minutes_of = {text: _planned(text, weekday) for text in schedules}
    zone = np.repeat(np.array(zone_of, dtype=np.int64), days).reshape(shape)
    minutes = np.stack(list(minutes_of.values()))[np.array(schedule_of, dtype=np.int64)]
    barred = np.repeat(np.array([out for _, _, out in steady], dtype=bool), days).reshape(shape)
    on_leave = np.zeros(shape, dtype=bool)
    job_from = np.full(shape, np.iinfo(np.int32).min, dtype=np.int64)
    before: tuple[object, ...] = ()
    for agent, name, schedule, groups, is_barred, valid_from in people.changing:
        i = row.get(agent)
        if i is None:
            continue
        start = 0 if valid_from is None else max(0, day_number(valid_from) - first_day)
        job = (agent, schedule, sorted(groups or []))
        if valid_from is not None and before and before[0] == agent and before != job:
            job_from[i, start:] = day_number(valid_from)
        before = job
        zone[i, start:] = zones.setdefault(name or facts.zone, len(zones))
        minutes[i, start:] = _planned(schedule, weekday)[start:]
        barred[i, start:] = is_barred
    for agent, first, last in facts.directory.leave.select("agent", "from", "to").iter_rows():
        i = row.get(agent)
        if i is not None:
            on_leave[i, max(0, day_number(first) - first_day) : max(0, day_number(last) - first_day + 1)] = True
    shared_since = np.full(len(row), NEVER, dtype=np.int64)
    for agent, since in facts.shared.items():
        if agent in row:
            shared_since[row[agent]] = micros(since)
    return Roster(tuple(agents), first_day, tuple(zones), zone, minutes, on_leave, barred, job_from, shared_since)


def _planned(schedule: str | None, weekday: Ints) -> Ints:
    """Minutes planned on each of some weekdays; -1 without a schedule."""
    if schedule is None:
        return np.full(len(weekday), -1, dtype=np.int64)
    return np.array(_minutes_by_weekday(schedule), dtype=np.int64)[weekday]


@lru_cache(maxsize=4096)
def _minutes_by_weekday(schedule: str) -> tuple[int, ...]:
    minutes = [0] * 7
    for weekday, start, end in parse_schedule(schedule):
        minutes[weekday] += end - start
    return tuple(minutes)


def weekdays_of(schedule: str | None) -> tuple[bool, ...]:
    """Business days of a schedule, Monday first; without one Monday to Friday."""
    if schedule is None:
        return (True,) * 5 + (False,) * 2
    return tuple(minutes > 0 for minutes in _minutes_by_weekday(schedule))


@dataclass(frozen=True)
class WorkedDays:
    """Agents' worked days in order, flat: agent by agent, date by date."""

    roster: Roster
    mask: Bools  # grid of [agent, date]
    agent: Ints  # row of the roster
    column: Ints  # date, as a column of the roster
    start: Ints  # [agent] position of the agent's first worked day (one more entry at the end)
    active: Ints  # grids of [agent, date]: active(30) in microseconds
    touched: Ints
    solved: Ints
    seen: Bools  # any work event
    grade_b: Bools

    @property
    def day(self) -> Ints:
        return self.column + self.roster.first_day

    def with_more(self, agent: Ints, column: Ints) -> WorkedDays:
        """The same with further worked days."""
        mask = self.mask.copy()
        mask[agent, column] = True
        who, when, start = _flat(mask)
        return replace(self, mask=mask, agent=who, column=when, start=start)

    def positions(self, agent: Ints, column: Ints) -> Ints:
        """Where some worked days stand in the flat order."""
        table = np.zeros(self.mask.shape, dtype=np.int64)
        table[self.agent, self.column] = np.arange(len(self.agent))
        return np.asarray(table[agent, column])


@once_per_object
def worked_days(facts: Facts) -> WorkedDays:
    """All worked days that the facts show."""
    first_day = day_number(facts.since.date()) - REACH_DAYS
    days = day_number(facts.until.date()) + 2 - first_day
    agents = agents_seen(facts)
    grid = roster(facts, agents, first_day, days)
    frame = facts.days.filter(pl.col("date") >= EPOCH + timedelta(first_day))
    i = agent_rows(frame["agent"], agents)
    column = frame["date"].to_physical().to_numpy().astype(np.int64) - first_day
    inside = column < days
    if not inside.all():
        frame, i, column = frame.filter(pl.Series(inside)), i[inside], column[inside]
    cell = i * days + column

    def spread(values: pl.Series) -> Ints:
        out = np.zeros(len(agents) * days, dtype=np.int64)
        out[cell] = values.to_physical().fill_null(0).to_numpy()
        return out.reshape(len(agents), days)

    active = spread(frame["active_30"])
    seen = spread(frame["work_events"]) > 0
    columns = np.broadcast_to(np.arange(days), seen.shape)
    last_seen = np.maximum.accumulate(np.where(seen, columns, -REACH_DAYS), axis=1)
    recently_seen = columns - last_seen <= SEEN_WITHIN_DAYS
    worked = (active >= WORKED_US) | (grid.scheduled & recently_seen)
    rows, cols, start = _flat(worked)
    return WorkedDays(
        roster=grid,
        mask=worked,
        agent=rows,
        column=cols,
        start=start,
        active=active,
        touched=spread(frame["touched_weight"]),
        solved=spread(frame["solved_weight"]),
        seen=seen,
        grade_b=spread(frame["grade"]) > 0,
    )


def _flat(mask: Bools) -> tuple[Ints, Ints, Ints]:
    """Row and column of every true cell, row by row, and where each row begins."""
    rows, columns = np.nonzero(mask)
    ends = np.cumsum(np.count_nonzero(mask, axis=1))
    return rows, columns, np.concatenate([[0], ends])


def agents_seen(facts: Facts) -> list[str]:
    """Everybody with a day or a shift, sorted."""
    both = pl.concat([frame["agent"].rle().struct.field("value") for frame in (facts.days, facts.shifts)])
    return both.drop_nulls().unique().sort().to_list()


def agent_rows(names: pl.Series, agents: Sequence[str]) -> Ints:
    """Positions of names in a sorted list that holds them all."""
    if not len(names):
        return np.zeros(0, dtype=np.int64)
    return names.cast(pl.Enum(agents)).to_physical().to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Baseline:
    """What was usual before some judged days; arrays of one length."""

    median: Floats
    mad: Floats
    count: Ints
    grade_b: Bools  # an event of grade B is in it


@dataclass(frozen=True)
class BaselineWindow:
    """Up to 40 worked days before each judged one, the last 5 worked days before it: positions and which of
    them count.
    """

    positions: Ints  # [judged, 40] into the flat worked days
    counts: Bools

    def of(self, values: Floats, grade_b: Bools) -> Baseline:
        """Median and MAD of flat values; NaN is a day without a value."""
        taken = np.where(self.counts, values[self.positions], np.nan)
        median, mad, count = median_and_mad(taken)
        worst = np.asarray((grade_b[self.positions] & ~np.isnan(taken)).any(axis=1))
        return Baseline(median, mad, count, worst)

    def median(self, values: Floats) -> Floats:
        """Only the median."""
        return row_medians(np.where(self.counts, values[self.positions], np.nan))


def baseline_window(facts: Facts, worked: WorkedDays, judged: Ints) -> BaselineWindow:
    """The baseline days of judged positions: none of the log's first week, on other terms or too long ago."""
    steps = np.arange(BASELINE_DAYS) - BASELINE_DAYS + 1 - BASELINE_GAP
    positions = judged[:, None] + steps
    first = worked.start[worked.agent[judged]]
    counts = positions >= first[:, None]
    positions = np.where(counts, positions, 0)
    day = worked.day[positions]
    oldest = np.maximum(worked.day[judged] - BASELINE_REACH_DAYS, terms_since(facts, worked, judged))
    counts &= day >= np.maximum(oldest, edge_day(facts))[:, None]
    return BaselineWindow(positions, counts)


def terms_since(facts: Facts, worked: WorkedDays, positions: Ints) -> Ints:
    """The first date from which on these worked days compare: same groups and schedule, as much of the work seen."""
    job_from = worked.roster.job_from[worked.agent[positions], worked.column[positions]]
    return np.asarray(np.maximum(job_from, seen_alike_since(facts, worked.day[positions])))


def tickets(weight: Ints) -> Floats:
    """Whole weight units as normal tickets."""
    return np.asarray(weight / ONE_TICKET)


def standing(facts: Facts, window_days: int) -> dict[str, str | None]:
    """Every agent seen or listed -> why nothing can be said about them, or None where something may."""
    since = EPOCH + timedelta(_today(facts) - window_days)
    recent = set(facts.days.filter((pl.col("date") > since) & (pl.col("work_events") > 0))["agent"].unique())
    return {
        agent: reason if reason is not None or agent in recent else "no events in window"
        for agent, reason in _barred_today(facts).items()
    }


@once_per_object
def _barred_today(facts: Facts) -> dict[str, str | None]:
    today = _today(facts)
    listed = facts.directory.people["agent"].drop_nulls().unique().to_list()
    agents = sorted({*agents_seen(facts), *listed})
    grid = roster(facts, agents, today, 1)
    shared = grid.barred[:, 0] | (grid.shared_since <= micros(facts.until))
    excluded = _last_known(facts.directory.people, today, "excluded")
    return {
        agent: "excluded" if excluded.get(agent) else "shared or automated" if is_shared else None
        for agent, is_shared in zip(agents, shared.tolist(), strict=True)
    }


def _today(facts: Facts) -> int:
    return day_number(facts.until.astimezone(ZoneInfo(facts.zone)).date())


def _last_known(people: pl.DataFrame, today: int, column: str) -> dict[str, object]:
    held = people.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= EPOCH + timedelta(today)))
    return dict(held.sort("valid_from", nulls_last=False).select("agent", column).iter_rows())
