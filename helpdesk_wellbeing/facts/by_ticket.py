"""Events ticket by ticket: what is carried on, what was before, how often, all tickets at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.facts.rows import KIND, UNKNOWN, Rows, ordered_by
from helpdesk_wellbeing.facts.work import Bools


@dataclass(frozen=True)
class ByTicket:
    """The events of tickets, each ticket's one after the other."""

    row: Ints  # place in `Rows`
    at: Ints
    ticket: Ints
    kind: Ints
    first: Bools  # first of its ticket
    begin: Ints  # by ticket present: its first place here
    part: Ints  # which of the tickets present, 0..

    @staticmethod
    def of(rows: Rows) -> ByTicket:
        """All rows about tickets; availability is about agents."""
        chosen = np.flatnonzero((rows.ticket >= 0) & (rows.kind != KIND["availability"]))
        row = chosen[ordered_by(rows.ticket[chosen])]
        ticket = rows.ticket[row]
        first = np.ones(len(row), dtype=bool)
        first[1:] = ticket[1:] != ticket[:-1]
        return ByTicket(row, rows.at[row], ticket, rows.kind[row], first, np.flatnonzero(first), np.cumsum(first) - 1)

    @property
    def end(self) -> Ints:
        """By ticket present: its last place here."""
        return np.append(self.begin[1:], len(self.row))[: len(self.begin)] - 1

    def carried(self, said: Ints, initial: Ints) -> Ints:
        """Each row's value: the last one said about its ticket, else the initial one."""
        if not len(said):
            return said
        last = np.maximum.accumulate(np.where(said != UNKNOWN, np.arange(len(said)), -1))
        return np.where(last >= self.begin[self.part], said[last], initial[self.part])

    def previous(self, value: Ints, initial: Ints) -> Ints:
        """The value after the event before, at first the initial one."""
        before = np.empty_like(value)
        before[1:] = value[:-1]
        before[self.begin] = initial
        return before

    def times(self, flag: Bools) -> Ints:
        """How often the flag was set so far, per ticket."""
        total = np.cumsum(flag, dtype=np.int64)
        offset = total[self.begin] - flag[self.begin]
        return total - offset[self.part]
