"""Single days that are planted: an outage, a misfiring form, the tickets of a tiny queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.demo.rota import MINUTE, Span, epoch
from helpdesk_wellbeing.demo.team import BULK_TICKETS, FREAK_TICKETS, TINY_TICKETS
from helpdesk_wellbeing.demo.words import HOUR

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.desk import Desk
    from helpdesk_wellbeing.demo.floor import Worker


def schedule(desk: Desk) -> None:
    """Set the planted days of a company."""
    company = desk.company
    if company.bulk:
        agent, day = company.bulk
        zone = desk.workers[agent].member.zone
        at = epoch(day, 10 * 60 + 5, zone)
        desk.at(at, misfire, desk, agent, at)
    if company.tiny:
        group, agent = company.tiny
        zone = desk.queues[group].group.zone
        for n in range(TINY_TICKETS):
            day = company.end - timedelta(days=24 - 3 * n)
            day -= timedelta(days=max(0, day.weekday() - 4))
            at = epoch(day, 10 * 60 + 11 * n, zone)
            desk.at(at, gift_card, desk, group, agent, at, n < 2)


def storm(desk: Desk, worker: Worker, spans: list[Span]) -> None:
    """An outage: many tickets of one kind just before the shift of the person who answers them all."""
    start = spans[0][0]
    group = worker.member.home
    for _ in range(FREAK_TICKETS):
        ticket = desk.new_ticket(group, start - int(desk.dice.between(120, 1800)), "web")
        ticket.priority, ticket.tags = "normal", ["outage"]
        batch = desk.record.save()
        desk.record.add(ticket.created, ticket, ticket.requester, "requester", "created", batch)
        desk.record.add(ticket.created, ticket, ticket.requester, "requester", "tagged", batch, None, "outage")
        desk.machines(ticket, ticket.created)
        desk.queues[group.id].unsolved += 1
        worker.special.append(ticket)


def misfire(desk: Desk, agent: str, t: int) -> None:
    """A form sends the same ticket sixty times; somebody closes them all at once."""
    group, add = desk.workers[agent].member.home, desk.record.add
    sync, close = desk.syncs[0], t + 70 * MINUTE
    for n in range(BULK_TICKETS):
        ticket = desk.new_ticket(group, t + n, "api")
        ticket.priority = "normal"
        add(t + n, ticket, sync, "integration", "created", desk.record.save())
        at, batch = close + n // 8, desk.record.save()
        ticket.assignee = agent
        add(at, ticket, agent, "agent", "assigned", batch, None, agent)
        ticket.status = "solved"
        add(at, ticket, agent, "agent", "status", batch, "new", "solved")
        desk.solved.append((at, ticket, ticket.version))


def gift_card(desk: Desk, group: str, agent: str, t: int, wrong: bool) -> None:
    """A ticket of the tiny queue, answered within the hour by a neighbour."""
    queue, add = desk.queues[group], desk.record.add
    ticket = desk.new_ticket(queue.group, t, "web")
    ticket.priority = "normal"
    batch = desk.record.save()
    add(t, ticket, ticket.requester, "requester", "created", batch)
    worker = desk.workers[agent]
    after = [x for x in worker.instants[worker.at :] if x > t] or [t + 20 * MINUTE]
    at, batch = after[0] + 60, desk.record.save()
    ticket.assignee = agent
    add(at, ticket, agent, "agent", "replied", batch)
    add(at, ticket, agent, "agent", "assigned", batch, None, agent)
    ticket.status = "solved"
    add(at, ticket, agent, "agent", "status", batch, "new", "solved")
    desk.solved.append((at, ticket, ticket.version))
    rated = "bad" if wrong else "good"
    desk.record.add(at + 5 * HOUR, ticket, ticket.requester, "requester", "rated", desk.record.save(), None, rated)
