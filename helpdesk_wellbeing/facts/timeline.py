"""Work events of people laid out in time: shifts, blocks and gaps, exact in elapsed microseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpdesk_wellbeing.clock import DAY, HOUR, MINUTE, Ints
from helpdesk_wellbeing.facts.roster import Roster
from helpdesk_wellbeing.facts.work import Bools

SHIFT_GAP = 6 * HOUR
LONGEST_RUN = 48 * HOUR  # what runs longer without a rest is no person's shift; cutting it keeps pieces bounded
BAND = (15 * MINUTE, 30 * MINUTE, 60 * MINUTE)
BLOCK_GAP = 30 * MINUTE
BREAK = 15 * MINUTE
_NEVER = 2**62


@dataclass(frozen=True)
class Runs:
    """Consecutive rows: first and last row of each run, and the run of every row."""

    first: Ints
    last: Ints
    of: Ints

    @staticmethod
    def starting(at: Bools) -> Runs:
        """Runs that start where `at` is true (the first row must be)."""
        first = np.flatnonzero(at)
        last = np.append(first[1:], len(at)) - 1
        return Runs(first, last, np.cumsum(at) - 1)

    def total(self, values: Ints) -> Ints:
        """Sums per run."""
        result: Ints = np.add.reduceat(values, self.first) if len(self.first) else values[:0]
        return result

    def highest(self, values: Ints) -> Ints:
        """Maxima per run."""
        result: Ints = np.maximum.reduceat(values, self.first) if len(self.first) else values[:0]
        return result


@dataclass(frozen=True)
class Timeline:
    """Work events sorted by agent and instant, with what lies between them."""

    agent: Ints
    at: Ints
    period: Ints  # row of the people file that holds
    zone: Ints
    date: Ints
    starts: Bools  # first event of a shift
    step: Ints  # time to the next event of the same shift; 0 for its last

    @property
    def newcomer(self) -> Bools:
        """First row of an agent."""
        first = np.ones(len(self.agent), dtype=bool)
        first[1:] = self.agent[1:] != self.agent[:-1]
        return first


def lay(agent: Ints, at: Ints, roster: Roster) -> Timeline:
    """Shifts and local dates of events that are sorted by agent and instant."""
    period = roster.period(agent, at)
    zone = roster.zone(period)
    starts = _shift_starts(agent, at)
    step = np.zeros(len(at), dtype=np.int64)
    if len(at) > 1:
        step[:-1] = np.where(starts[1:], 0, at[1:] - at[:-1])
    return Timeline(agent, at, period, zone, roster.clock.date(zone, at), starts, step)


def _shift_starts(agent: Ints, at: Ints) -> Bools:
    starts = np.ones(len(at), dtype=bool)
    starts[1:] = (agent[1:] != agent[:-1]) | (at[1:] - at[:-1] >= SHIFT_GAP)
    while len(at):
        first = np.flatnonzero(starts)
        begun = np.repeat(at[first], np.diff(np.append(first, len(at))))
        over = at - begun > LONGEST_RUN
        if not over.any():
            break
        cut = over.copy()
        cut[1:] &= ~over[:-1] | starts[1:]
        starts |= cut
    return starts


def blocks(line: Timeline, shifts: Runs) -> tuple[Ints, Ints]:
    """Work events in the first and in the last active(30) block of each shift."""
    starts = line.starts.copy()
    starts[1:] |= line.step[:-1] > BLOCK_GAP
    found = Runs.starting(starts)
    size = found.last - found.first + 1
    return size[found.of[shifts.first]], size[found.of[shifts.last]]


def longest_stretch(line: Timeline, shifts: Runs) -> Ints:
    """Longest run without a gap of 15 minutes or more, per shift."""
    starts = line.starts.copy()
    starts[1:] |= line.step[:-1] >= BREAK
    found = Runs.starting(starts)
    length = line.at[found.last] - line.at[found.first]
    heads = found.of[shifts.first]
    result: Ints = np.maximum.reduceat(length, heads) if len(heads) else length
    return result


def closing(line: Timeline, shifts: Runs) -> Ints:
    """The instant from which a shift cannot grow any more."""
    end = line.at[shifts.last]
    following = np.full(len(end), _NEVER, dtype=np.int64)
    same = line.agent[shifts.first[1:]] == line.agent[shifts.first[:-1]]
    following[:-1] = np.where(same, line.at[shifts.first[1:]] + 1, _NEVER)
    return np.minimum(end + SHIFT_GAP, following)


def kept_from(line: Timeline, shifts: Runs, roster: Roster, until: int) -> Bools:
    """Rows that a later event may still matter to: open shifts and local dates that are not over.

    A date can change until an hour after its end, because active(60) reaches over midnight. Whole shifts
    are kept.
    """
    if len(line.at) == 0:
        return np.zeros(0, dtype=bool)
    open_shift = (closing(line, shifts) > until)[shifts.of]
    recent = np.flatnonzero(line.at > until - 4 * DAY)
    unfinished = np.zeros(len(line.at), dtype=bool)
    # Somebody who moves west lives a date longer than the zone of its first events says.
    for moment in (line.at[recent], np.full(len(recent), until), np.full(len(recent), until + DAY)):
        zone = roster.zone(roster.period(line.agent[recent], moment))
        ends = roster.clock.day_start(zone, line.date[recent] + 1)
        unfinished[recent] |= ends + BAND[-1] > until
    needed = open_shift | unfinished
    people = Runs.starting(line.newcomer)
    shift_from = shifts.first[shifts.of]
    earliest = np.where(needed, shift_from, len(line.at))
    start = np.minimum.reduceat(earliest, people.first)
    result: Bools = np.arange(len(line.at)) >= start[people.of]
    return result
