"""Shifts, agent-days and handled tickets from a timeline of work events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import DAY, HOUR, MINUTE, Ints
from helpdesk_wellbeing.events import GRADES
from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.facts.roster import Roster
from helpdesk_wellbeing.facts.rows import Names, ordered_by
from helpdesk_wellbeing.facts.timeline import BAND, BREAK, Runs, Timeline, blocks, closing, longest_stretch


@dataclass(frozen=True)
class Worked:
    """What work events carry beside their instants, in the order of the timeline."""

    ticket: Ints  # -1: none
    grade: Ints
    effort: Ints  # of the touched ticket, without the status factor
    solved: Ints  # weight of what this act solved
    open_weight: Ints  # at starts of shifts


@dataclass(frozen=True)
class Stretch:
    """The half-open stretch that is folded now."""

    since: int
    until: int

    def piece(self, at: Ints) -> Ints:
        """The UTC day, inside the stretch, to which a change belongs."""
        return np.clip(at // DAY, self.since // DAY, (self.until - 1) // DAY)


def shifts(line: Timeline, runs: Runs, worked: Worked, roster: Roster, names: Names, stretch: Stretch) -> pl.DataFrame:
    """`schema.SHIFTS` and `piece`: every shift that changed in the stretch."""
    done = closing(line, runs)
    end = line.at[runs.last]
    closed = done <= stretch.until
    changed = (end >= stretch.since) | (closed & (done > stretch.since))
    first_block, last_block = blocks(line, runs)
    frame = _named(line, runs, names).with_columns(
        start=_instants(line.at[runs.first]),
        end=_instants(end),
        date=_dates(line.date[runs.first]),
        closed=closed,
        work_events=runs.last - runs.first + 1,
        **_active(runs, line.step),
        longest_gap=_durations(runs.highest(line.step)),
        breaks=_durations(runs.total(np.where(line.step >= BREAK, line.step, 0))),
        longest_stretch=_durations(longest_stretch(line, runs)),
        night=_durations(runs.total(_night(line, roster))),
        end_minute=roster.clock.local(line.zone[runs.last], end) % DAY // MINUTE,
        first_block_events=first_block,
        last_block_events=last_block,
        open_weight=worked.open_weight[runs.first],
        grade=_grades(runs, worked),
        piece=_dates(stretch.piece(np.where(closed, np.minimum(done, stretch.until - 1), end))),
    )
    return frame.filter(pl.Series(changed)).select(*schema.SHIFTS, "piece").cast(dict(schema.SHIFTS))  # type: ignore[arg-type]


def days(
    line: Timeline,
    worked: Worked,
    roster: Roster,
    names: Names,
    stretch: Stretch,
    *,
    schedules: bool = True,
) -> pl.DataFrame:
    """`schema.DAYS` and `piece`: every agent's local date that changed in the stretch."""
    runs = date_runs(line)
    here, next_day = _split(line, roster)
    last, step = line.at[runs.last], line.step[runs.last]
    changed_at = np.where(step <= BAND[-1], last + step, last)  # a step out of the date belongs to it, too
    active = _active_of_days(line, runs, here, next_day)
    tickets, touched = _touched(line, runs, worked)
    hours = roster.clock.local(line.zone, line.at) % DAY // HOUR
    clock_hours = np.bitwise_count(np.bitwise_or.reduceat(np.int64(1) << hours, runs.first)) if len(hours) else hours
    frame = _named(line, runs, names).with_columns(
        date=_dates(line.date[runs.first]),
        first=_instants(line.at[runs.first]),
        last=_instants(last),
        work_events=runs.last - runs.first + 1,
        **active,
        tickets=tickets,
        clock_hours=clock_hours,
        touched_weight=touched,
        solved_weight=runs.total(worked.solved),
        after_hours=_after_hours(line, runs, roster, here, next_day) if schedules else None,
        grade=_grades(runs, worked),
        piece=_dates(stretch.piece(changed_at)),
    )
    changed = pl.Series(changed_at >= stretch.since)
    return frame.filter(changed).select(*schema.DAYS, "piece").cast(dict(schema.DAYS))  # type: ignore[arg-type]


def handled(
    line: Timeline, runs: Runs, worked: Worked, names: Names, tickets: pl.Series, stretch: Stretch
) -> pl.DataFrame:
    """`schema.HANDLED` and `piece`: what was handled here for the first time in its shift and date."""
    both = line.starts.copy()
    both[1:] |= line.date[1:] != line.date[:-1]
    first = _firsts(np.cumsum(both), worked.ticket)
    first = first[line.at[first] >= stretch.since]
    return pl.DataFrame(
        {
            "agent": names.series(line.agent[first]),
            "date": _dates(line.date[first]),
            "shift_start": _instants(line.at[runs.first[runs.of[first]]]),
            "ticket": tickets.gather(pl.Series(worked.ticket[first].astype(np.uint32))),
            "piece": _dates(line.at[first] // DAY),
        }
    )


def date_runs(line: Timeline) -> Runs:
    """Rows of one agent on one local date."""
    new = line.newcomer
    new[1:] |= line.date[1:] != line.date[:-1]
    return Runs.starting(new)


def _named(line: Timeline, runs: Runs, names: Names) -> pl.DataFrame:
    return names.series(line.agent[runs.first]).alias("agent").to_frame()


def _active(runs: Runs, step: Ints) -> dict[str, pl.Series]:
    return {f"active_{gap // MINUTE}": _durations(runs.total(np.where(step <= gap, step, 0))) for gap in BAND}


def _split(line: Timeline, roster: Roster) -> tuple[Ints, Ints]:
    """Each step's time on the date it begins on, and on the date it ends on when that is another."""
    here, beyond = line.step.copy(), np.zeros(len(line.step), dtype=np.int64)
    crossing = np.flatnonzero((line.step[:-1] > 0) & (line.date[1:] != line.date[:-1])) if len(line.step) else here
    if len(crossing):
        start, end = line.at[crossing], line.at[crossing + 1]
        midnight = roster.clock.day_start(line.zone[crossing + 1], line.date[crossing + 1])
        midnight = np.clip(midnight, start, end)
        here[crossing], beyond[crossing] = midnight - start, end - midnight
    return here, beyond


def _active_of_days(line: Timeline, runs: Runs, here: Ints, beyond: Ints) -> dict[str, pl.Series]:
    found = {}
    for gap in BAND:
        counts = line.step <= gap
        total = runs.total(np.where(counts, here, 0))
        found[f"active_{gap // MINUTE}"] = _durations(total + _from_before(runs, np.where(counts, beyond, 0)))
    return found


def _from_before(runs: Runs, beyond: Ints) -> Ints:
    """What the step before each run's first row brings into it."""
    if len(runs.first) == 0:
        return beyond
    return np.where(runs.first > 0, beyond[runs.first - 1], 0)


def _night(line: Timeline, roster: Roster) -> Ints:
    """Active(30) time between 00:00 and 06:00 local of the step after each event."""
    night = np.zeros(len(line.step), dtype=np.int64)
    early = roster.clock.local(line.zone, line.at) % DAY < 7 * HOUR
    chosen = np.flatnonzero((line.step > 0) & (line.step <= BAND[1]) & (early | np.append(early[1:], False)))
    if len(chosen):
        spans, zone = roster.nights(), line.zone[chosen]
        night[chosen] = spans.covered(zone, line.at[chosen + 1]) - spans.covered(zone, line.at[chosen])
    return night


def _after_hours(line: Timeline, runs: Runs, roster: Roster, here: Ints, beyond: Ints) -> pl.Series:
    own = roster.own_hours()
    counts = (line.step > 0) & (line.step <= BAND[1])
    covered = own.covered(line.agent, line.at)
    middle, end = covered.copy(), covered.copy()
    end[:-1] = np.where(counts[:-1], covered[1:], covered[:-1])
    crossing = np.flatnonzero(counts & (beyond > 0))
    middle = end.copy()
    middle[crossing] = own.covered(line.agent[crossing], line.at[crossing] + here[crossing])
    inside_here, inside_beyond = np.where(counts, middle - covered, 0), np.where(counts, end - middle, 0)
    outside_here = np.where(counts, here, 0) - inside_here
    outside_beyond = np.where(counts, beyond, 0) - inside_beyond
    total = runs.total(outside_here) + _from_before(runs, outside_beyond)
    known = runs.total((~roster.scheduled(line.period)).astype(np.int64)) == 0
    return pl.Series(total).cast(schema.DURATION).to_frame("t").select(
        pl.when(pl.Series(known)).then(pl.col("t"))
    )["t"]  # fmt: skip


def _touched(line: Timeline, runs: Runs, worked: Worked) -> tuple[Ints, Ints]:
    """Distinct tickets per date, and the weight of each at its first touch."""
    first = _firsts(runs.of, worked.ticket)
    count = len(runs.first)
    tickets = np.bincount(runs.of[first], minlength=count).astype(np.int64)
    touched = np.zeros(len(runs.of), dtype=np.int64)
    touched[first] = worked.effort[first]
    return tickets, runs.total(touched)


def _firsts(group: Ints, ticket: Ints) -> Ints:
    """First row of every (group, ticket) pair, in order; rows without a ticket are left out."""
    rows = np.flatnonzero(ticket >= 0)
    if len(rows) == 0:
        return rows
    key = group[rows] * (int(ticket.max()) + 1) + ticket[rows]
    fits = int(key.max()) * len(rows) < 2**62
    order = ordered_by(key) if fits else np.argsort(key, kind="stable")
    new = np.ones(len(rows), dtype=bool)
    new[1:] = key[order][1:] != key[order][:-1]
    result: Ints = np.sort(rows[order[new]])
    return result


def _grades(runs: Runs, worked: Worked) -> pl.Series:
    worst = runs.highest(worked.grade)
    return pl.Series(worst).cast(pl.UInt8).replace_strict(
        dict(enumerate(GRADES)), return_dtype=pl.Enum(GRADES)
    )  # fmt: skip


def _instants(at: Ints) -> pl.Series:
    return pl.Series(at, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def _dates(day: Ints) -> pl.Series:
    return pl.Series(day, dtype=pl.Int64).cast(pl.Int32).cast(pl.Date)


def _durations(length: Ints) -> pl.Series:
    return pl.Series(length, dtype=pl.Int64).cast(schema.DURATION)
