"""Who did what: from events to work events, before anything is counted.

A work event is one act of one person. What one save did together is one act; so is a bulk edit: five or
more different tickets within ten seconds of its first one, and each further ten seconds while it goes on.
Both are judged within a UTC hour, so that an hour's facts need no other hour's raw events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpdesk_wellbeing.clock import HOUR, SECOND, Ints

BULK_TICKETS = 5
BULK_SECONDS = 10
_REACH = BULK_SECONDS * SECOND

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Acts:
    """Work rows sorted by agent, instant and id; `lead` is the row of the act that each one belongs to."""

    agent: Ints
    at: Ints
    ticket: Ints  # -1: none
    lead: Ints  # rows that are acts themselves point to themselves

    @property
    def counts(self) -> Bools:
        """Rows that are work events."""
        own: Bools = self.lead == np.arange(len(self.lead))
        return own


def acts(agent: Ints, at: Ints, ticket: Ints, save: npt.NDArray[np.uint64]) -> Acts:
    """Join what was one act.

    Rows are work by people, sorted by agent, instant and id; `save` is 0 where no batch is named.
    """
    lead = _first_of_save(agent, at, save)
    bulk = _bulk_leads(agent, at, ticket)
    inside = bulk >= 0
    # A save that began inside a bulk edit belongs to it; one that began before it stays where it began.
    lead = np.where(inside, bulk, lead)
    return Acts(agent, at, ticket, lead[lead] if len(lead) else lead)


def _first_of_save(agent: Ints, at: Ints, save: npt.NDArray[np.uint64]) -> Ints:
    lead = np.arange(len(agent), dtype=np.int64)
    rows = np.flatnonzero(save)
    if len(rows) == 0:
        return lead
    key = save[rows] ^ _mixed(agent[rows].astype(np.uint64) * np.uint64(100_003) + (at[rows] // HOUR).astype(np.uint64))
    order = np.argsort(key, kind="stable")
    key = key[order]
    new = np.concatenate([[True], key[1:] != key[:-1]])
    first = rows[order][np.flatnonzero(new)][np.cumsum(new) - 1]
    lead[rows[order]] = first
    return lead


def _mixed(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread small numbers over 64 bits (the finaliser of splitmix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _bulk_leads(agent: Ints, at: Ints, ticket: Ints) -> Ints:
    """For each row the first row of the bulk act it is part of; -1 for ordinary work."""
    lead = np.full(len(agent), -1, dtype=np.int64)
    reach = BULK_TICKETS - 1
    if len(agent) <= reach:
        return lead
    hour = at // HOUR
    near = (at[reach:] - at[:-reach] <= _REACH) & (agent[reach:] == agent[:-reach]) & (hour[reach:] == hour[:-reach])
    near &= ticket[:-reach] >= 0
    starts = np.flatnonzero(near)
    if len(starts) == 0:
        return lead
    place = _places(agent, at)
    last = _window_ends(place, at, starts)
    starts = starts[_distinct_tickets(agent, ticket, starts, last) >= BULK_TICKETS]
    _walk(place, at, agent, starts, lead)
    return lead


def _places(agent: Ints, at: Ints) -> Ints:
    low = int(at.min())
    width = int(at.max()) - low + 2 * HOUR
    return agent * width + (at - low)


def _window_ends(place: Ints, at: Ints, rows: Ints) -> Ints:
    """Last row within ten seconds of each of `rows`, in the same UTC hour."""
    reach = np.minimum(_REACH, HOUR - 1 - at[rows] % HOUR)
    return np.searchsorted(place, place[rows] + reach, side="right") - 1


def _distinct_tickets(agent: Ints, ticket: Ints, first: Ints, last: Ints) -> Ints:
    """How many different tickets rows first..last touch; counting stops at what makes a bulk edit."""
    edges = np.zeros(len(agent) + 1, dtype=np.int64)
    np.add.at(edges, first, 1)
    np.add.at(edges, last + 1, -1)
    rows = np.flatnonzero(np.cumsum(edges[:-1]) > 0)
    earlier = np.full(len(agent), -1, dtype=np.int64)
    key = agent[rows] * (int(ticket.max()) + 2) + ticket[rows] + 1
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    earlier[rows[order][1:]] = np.where(same, rows[order][:-1], -1)
    seen = np.zeros(len(first), dtype=np.int64)
    alive = np.arange(len(first))
    step = 0
    while len(alive):
        row = first[alive] + step
        seen[alive] += (earlier[row] < first[alive]) & (ticket[row] >= 0)
        step += 1
        alive = alive[(seen[alive] < BULK_TICKETS) & (first[alive] + step <= last[alive])]
    return seen


def _walk(place: Ints, at: Ints, agent: Ints, starts: Ints, lead: Ints) -> None:
    """Cut bulk runs into acts of ten seconds. One step an act, never one a row."""
    count = len(place)
    next_start = 0
    row = -1
    going_on = False
    while True:
        if not going_on:
            next_start = int(np.searchsorted(starts, row))
            if next_start == len(starts):
                return
            row = int(starts[next_start])
        end = int(_window_ends(place, at, np.array([row]))[0])
        lead[row : end + 1] = row
        row, before = end + 1, end
        going_on = (
            row < count
            and bool(agent[row] == agent[before])
            and bool(at[row] - at[before] <= _REACH)
            and bool(at[row] // HOUR == at[before] // HOUR)
        )


def weigh_solved(work: Acts, solved: Ints) -> Ints:
    """Weights of solved tickets, gathered on the act; of several tickets in one act the first only."""
    gathered = np.zeros(len(solved), dtype=np.int64)
    rows = np.flatnonzero((solved > 0) & (work.ticket == work.ticket[work.lead]))
    np.add.at(gathered, work.lead[rows], solved[rows])
    return gathered
