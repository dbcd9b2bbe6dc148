"""What somebody outside changes in the running desk, and what stays as it was when its weeks run again with changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.demo.record import Ticket

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.desk import Desk

CHANGED_BATCHES = 1_000_000_000  # saves after a change are numbered from here on


@dataclass(frozen=True)
class Change:
    """A ticket changes hands: how it stands after the save."""

    at: datetime  # UTC
    ticket: str
    agent: str | None  # None: nobody, back to its queue
    group: str | None = None  # None: as it was
    actor: str | None = None  # whose save the record shows; None: the helpdesk keeps the record of this save itself


@dataclass(frozen=True)
class Breach:
    """An SLA breach, which this simulation finds only when the answer comes, and then dates back."""

    at: int
    ticket: str
    row: tuple[object, ...]  # of the record


@dataclass
class Course:
    """What happens to the desk from outside, whatever its people do."""

    demand: dict[tuple[str, date], int] = field(default_factory=dict)  # tickets of a queue's local day
    breaches: list[Breach] = field(default_factory=list)


def part_ways(desk: Desk, known: Sequence[Breach], t: int) -> None:
    """From here on the weeks may go otherwise than in the run in which the breaches in `known` were found.

    Up to here the record has to stay as it was then, with breaches that were to be found later. Later ones come to pass
    in their time, if the ticket still waits.
    """
    found = {breach.ticket for breach in desk.course.breaches}
    for breach in known:
        if breach.ticket in found:
            continue
        if breach.at < t:
            desk.record.rows.append(breach.row)
        else:
            desk.at(breach.at, _breach, desk, breach.ticket, breach.at)
    desk.changed = True
    desk.record.batch += CHANGED_BATCHES


def _breach(desk: Desk, number: str, t: int) -> None:
    ticket = desk.tickets.get(number)
    if ticket is not None and ticket.unsolved and ticket.version == 0:
        desk.breach(ticket, t)


def reassign(desk: Desk, change: Change, t: int) -> bool:
    """Put the ticket into other hands; whether there was anything left to do on it.

    Whoever had it in hand lets it go. A customer who was to answer does so all the same.
    """
    ticket = desk.tickets.get(change.ticket)
    group = change.group or (ticket.group if ticket else "")
    if ticket is None or not ticket.unsolved or ticket.created > t or group not in desk.queues:
        return False
    if change.agent == ticket.assignee and group == ticket.group:
        return True
    before, holder = ticket.group, ticket.assignee
    _take_away(desk, ticket)
    ticket.group, ticket.assignee = group, change.agent
    desk.queues[before].unsolved -= 1
    worker = desk.workers.get(change.agent or "")
    if change.agent is None:
        desk.enqueue(desk.queues[group], ticket, t)
    else:
        desk.queues[group].unsolved += 1
        if worker is not None:
            worker.own.append(ticket)
    _record(desk, change, ticket, t, before, holder)
    for queue in {before, group}:
        if desk.queues[queue].group.holds:
            desk.at(t + 2, desk.route, desk.queues[queue], t + 2)
    return True


def _take_away(desk: Desk, ticket: Ticket) -> None:
    desk.let_go(ticket)
    waiting = desk.queues[ticket.group].waiting
    if ticket in waiting:
        waiting.remove(ticket)
    for worker in desk.workers.values():
        if worker.ticket is ticket:
            worker.ticket, worker.left = None, 0
        if ticket in worker.special:
            worker.special.remove(ticket)


def _record(desk: Desk, change: Change, ticket: Ticket, t: int, before: str, holder: str | None) -> None:
    opened = ticket.status == "new" and change.agent is not None
    if opened:
        ticket.status = "open"
    if change.actor is None:
        return
    batch, actor, add = desk.record.save(), change.actor, desk.record.add
    if ticket.group != before:
        add(t, ticket, actor, "integration", "moved", batch, before, ticket.group)
    if ticket.assignee != holder:
        add(t, ticket, actor, "integration", "assigned", batch, holder, ticket.assignee)
    if opened:
        add(t, ticket, actor, "integration", "status", batch, "new", "open")
