"""What an answer leads to: waiting for the customer, a solved ticket, a move up, a rating, a reopening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.demo.record import Ticket
from helpdesk_wellbeing.demo.words import HOUR, STRONG, TEAM_ROOM, TRIGGER_BACK

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.desk import Desk
    from helpdesk_wellbeing.demo.floor import Worker

DOSE, SPARED = 0.22, 0.03  # hard tickets per answer where they land on one desk, and for the others there


def answer(desk: Desk, worker: Worker, ticket: Ticket, t: int) -> None:
    """The save that ends a turn; its consequences are set for later."""
    group = worker.member.home
    freak = "outage" in ticket.tags
    if group.holds:
        _answer_own(desk, worker, ticket, t)
    elif (
        not freak and desk.dice.chance(0.012) and worker.member.truth == "person" and _odd_end(desk, worker, ticket, t)
    ):
        return
    elif not freak and (way := _turns_hard(desk, worker, ticket)):
        _hard(desk, worker, ticket, t, way)
    elif not freak and _may_wait(desk, worker, ticket) and desk.dice.chance(0.42):
        _wait(desk, worker, ticket, t)
    else:
        _solve(desk, worker, ticket, t)


def _turns_hard(desk: Desk, worker: Worker, ticket: Ticket) -> str | None:
    """Hard tickets come evenly spread: luck that clusters would look like a planted problem."""
    member, group = worker.member, worker.member.home
    p = group.hard
    dosed = next((m for m in group.members if m.hard_from and worker.day >= m.hard_from), None)
    if dosed is not None:
        p = DOSE if dosed is member else SPARED
    worker.hard_share += p * desk.dice.between(0.6, 1.4)
    if worker.hard_share < 1 or ticket.hard:
        return None
    worker.hard_share -= 1
    way = desk.dice.weighted(STRONG)
    return "complaint" if way == "moved" and not desk.higher.get(group.tier) else way


def _assign(desk: Desk, worker: Worker, ticket: Ticket, t: int, batch: str) -> None:
    agent = worker.member.id
    if ticket.assignee != agent:
        before, ticket.assignee = ticket.assignee, agent
        desk.record.add(t, ticket, agent, "agent", "assigned", batch, before, agent)


def _status(desk: Desk, worker: Worker, ticket: Ticket, t: int, batch: str, status: str) -> None:
    if ticket.status != status:
        before, ticket.status = ticket.status, status
        desk.record.add(t, ticket, worker.member.id, "agent", "status", batch, before, status)


def _may_wait(desk: Desk, worker: Worker, ticket: Ticket) -> bool:
    room = len(worker.own) < worker.member.room
    held = sum(w.open_weight() for w in map(desk.workers.get, (m.id for m in worker.member.home.members)) if w)
    return room and held + 0.25 * ticket.effort() < TEAM_ROOM


def _wait(desk: Desk, worker: Worker, ticket: Ticket, t: int) -> None:
    batch = desk.record.save()
    desk.record.add(t, ticket, worker.member.id, "agent", "replied", batch)
    _assign(desk, worker, ticket, t, batch)
    _status(desk, worker, ticket, t, batch, "pending")
    if ticket not in worker.own:  # what a change handed over is there already
        worker.own.append(ticket)
    version = ticket.version
    desk.pending.append((t, ticket, version))
    if desk.dice.chance(0.72):
        when = t + int(desk.dice.between(2, 34) * HOUR)
        desk.at(when, _customer_back, desk, ticket, when, version)


def _customer_back(desk: Desk, ticket: Ticket, t: int, version: int) -> None:
    """The customer answers: the ticket opens again and a trigger gives it back to the queue."""
    if ticket.version != version or ticket.status not in ("pending", "solved"):
        return
    add, batch, before = desk.record.add, desk.record.save(), ticket.status
    ticket.version += 1
    if before == "solved":
        ticket.reopens += 1
    queue, holder = desk.queues[ticket.group], ticket.assignee
    add(t, ticket, ticket.requester, "requester", "customer_replied", batch)
    ticket.status = "open"
    add(t, ticket, ticket.requester, "requester", "status", batch, before, "open")
    desk.let_go(ticket)
    ticket.assignee = None
    add(t, ticket, TRIGGER_BACK, "system", "assigned", batch, holder, None)
    desk.enqueue(queue, ticket, t, known=before == "pending")


def _solve(desk: Desk, worker: Worker, ticket: Ticket, t: int, rating: str | None = None) -> None:
    batch = desk.record.save()
    desk.record.add(t, ticket, worker.member.id, "agent", "replied", batch)
    _assign(desk, worker, ticket, t, batch)
    _status(desk, worker, ticket, t, batch, "solved")
    desk.let_go(ticket)
    desk.queues[ticket.group].unsolved -= 1
    version = ticket.version
    desk.solved.append((t, ticket, version))
    if rating is None and desk.dice.chance(0.18):
        rating = "good"
    if rating:
        when = t + int(desk.dice.between(2, 30) * HOUR)
        desk.at(when, _rate, desk, ticket, when, rating)
    elif ticket.reopens == 0 and "outage" not in ticket.tags and desk.dice.chance(0.03):
        when = t + int(desk.dice.between(3, 60) * HOUR)
        desk.at(when, _customer_back, desk, ticket, when, version)


def _rate(desk: Desk, ticket: Ticket, t: int, rating: str) -> None:
    if ticket.status == "deleted":
        return
    ticket.hard = ticket.hard or rating == "bad"
    desk.record.add(t, ticket, ticket.requester, "requester", "rated", desk.record.save(), None, rating)


def _hard(desk: Desk, worker: Worker, ticket: Ticket, t: int, way: str) -> None:
    """A ticket turns out hard: it goes up a tier, becomes a complaint, or ends with a bad rating."""
    if way == "bad":
        _solve(desk, worker, ticket, t, rating="bad")
        return
    ticket.hard = True
    if way == "moved":
        _move(desk, worker, ticket, t, desk.dice.pick(desk.higher[worker.member.home.tier]))
        return
    ticket.tags.append("complaint")
    desk.record.add(t, ticket, worker.member.id, "agent", "tagged", desk.record.save(), None, "complaint")
    _solve(desk, worker, ticket, t)


def _move(desk: Desk, worker: Worker, ticket: Ticket, t: int, group: str) -> None:
    add, agent, batch, before = desk.record.add, worker.member.id, desk.record.save(), ticket.group
    add(t, ticket, agent, "agent", "noted", batch)
    desk.let_go(ticket)
    if ticket.assignee:
        holder, ticket.assignee = ticket.assignee, None
        add(t, ticket, agent, "agent", "assigned", batch, holder, None)
    ticket.group = group
    add(t, ticket, agent, "agent", "moved", batch, before, group)
    _status(desk, worker, ticket, t, batch, "open")
    desk.queues[before].unsolved -= 1
    queue = desk.queues[group]
    queue.came_in[-1] += 1
    desk.enqueue(queue, ticket, t)


def _odd_end(desk: Desk, worker: Worker, ticket: Ticket, t: int) -> bool:
    """Now and then a ticket is a duplicate, spam, or somebody else's."""
    add, agent, x = desk.record.add, worker.member.id, desk.dice.u()
    queue = desk.queues[ticket.group]
    if x < 0.4 and worker.done and worker.done is not ticket and worker.done.group == ticket.group:
        batch = desk.record.save()
        add(t, ticket, agent, "agent", "merged", batch, None, worker.done.id)
        _status(desk, worker, ticket, t, batch, "closed")
    elif x < 0.6:
        ticket.status = "deleted"
        add(t, ticket, agent, "agent", "deleted", desk.record.save())
    else:
        peers = [g.id for g in desk.company.groups if g.tier == 1 and g.id != ticket.group and "Night" not in g.name]
        _move(desk, worker, ticket, t, desk.dice.pick(peers))
        return True
    desk.let_go(ticket)
    queue.unsolved -= 1
    return True


def _answer_own(desk: Desk, worker: Worker, ticket: Ticket, t: int) -> None:
    """A turn at a held ticket: solved with the last one, else it goes on."""
    ticket.touches_left -= 1
    if ticket.touches_left <= 0:
        way = _turns_hard(desk, worker, ticket) or ""
        if way:
            _hard(desk, worker, ticket, t, way)
        else:
            _solve(desk, worker, ticket, t)
        desk.at(t + 3, desk.route, desk.queues[worker.member.home.id], t + 3)
        return
    batch = desk.record.save()
    desk.record.add(t, ticket, worker.member.id, "agent", "replied", batch)
    if desk.dice.chance(0.5):
        version = ticket.version
        when = t + int(desk.dice.between(1, 18) * HOUR)
        desk.at(when, _write_again, desk, ticket, when, version)


def _write_again(desk: Desk, ticket: Ticket, t: int, version: int) -> None:
    if ticket.version == version and ticket.status == "open":
        desk.record.add(t, ticket, ticket.requester, "requester", "customer_replied", desk.record.save())
