"""The running desk: what arrives, who takes it, what becomes of it, as one queue of things to come.

Demand is steered: each day brings about as much as the people of that day can do, so that the unsolved work
of a quiet queue stays where it is. Real demand is rougher; here quiet subjects must be unmistakably quiet.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import date, timedelta

from helpdesk_wellbeing.demo import answers, incidents
from helpdesk_wellbeing.demo.cast import Group, Member, back, dates
from helpdesk_wellbeing.demo.changes import Breach, Course
from helpdesk_wellbeing.demo.dice import Dice
from helpdesk_wellbeing.demo.floor import Queue, Worker
from helpdesk_wellbeing.demo.record import Record, Ticket
from helpdesk_wellbeing.demo.rota import MINUTE, Span, epoch, saves, shift, working_spans
from helpdesk_wellbeing.demo.team import ZONE, Company
from helpdesk_wellbeing.demo.words import (
    AUTOMATION_CLOSE,
    AUTOMATION_SOLVE,
    BY_HOUR,
    DAY,
    FIRST_REQUESTER,
    FLAT,
    HOUR,
    PRIORITIES,
    REQUESTERS,
    ROUTING,
    ROUTING_SLACK,
    SLA,
    TOPICS,
    TOUCHES,
    TRIGGER_ROUTE,
)


class Desk:
    """All queues and people of one company, run from the first to the last day."""

    def __init__(
        self,
        company: Company,
        dice: Dice,
        record: Record,
        until: int,
        first_ticket: int,
        course: Course | None = None,
    ) -> None:
        self.company, self.dice, self.record, self.until = company, dice, record, until
        self.course = course or Course()
        self.changed = False  # from the first change on nothing is dated back
        self.tickets: dict[str, Ticket] = {}
        self.next_ticket = first_ticket
        self.queues = {g.id: Queue(g) for g in company.groups}
        self.workers = {m.id: Worker(m, dice) for m in company.members}
        self.bots = [m.id for m in company.members if m.truth == "bot"]
        self.syncs = [m.id for m in company.members if m.truth == "integration"]
        self.higher = {
            g.tier: [h.id for h in company.groups if h.tier == (g.tier or 0) + 1 and h.escalations]
            for g in company.groups
        }
        self.solved: deque[tuple[int, Ticket, int]] = deque()
        self.pending: deque[tuple[int, Ticket, int]] = deque()
        self._coming: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = 0

    # ---- the clock

    def at(self, instant: int, what: Callable[..., None], *args: object) -> None:
        """Let `what(*args)` happen at `instant`; nothing happens after the last instant."""
        if instant <= self.until:
            self._order += 1
            heapq.heappush(self._coming, (instant, self._order, what, args))

    def run(self) -> None:
        """Everything from the first day to the last instant."""
        self.begin()
        self.go_on(self.until + 1)

    def begin(self) -> None:
        """Set the days; nothing happens yet."""
        for day in dates(self.company.start, self.company.end):
            for queue in self.queues.values():
                if queue.group.staffed:
                    self.at(epoch(day, 0, queue.group.zone), self.demand, queue, day)
            for worker in self.workers.values():
                if worker.member.truth in ("person", "shared"):
                    hours = worker.member.week_of(day).get(day.weekday())
                    noon = 12 * 60 if hours and hours.start > 12 * 60 else 0  # before it a night may still run
                    self.at(epoch(day, noon, worker.member.zone), self.plan, worker, day)
            self.at(epoch(day, 90, ZONE), self.nightly, epoch(day, 90, ZONE))
        incidents.schedule(self)

    def go_on(self, until: int) -> None:
        """Everything that comes before `until`."""
        while self._coming and self._coming[0][0] < until:
            instant, _, what, args = heapq.heappop(self._coming)
            self.dice.turn(what.__name__, instant, getattr(args[0], "id", ""))
            what(*args)

    # ---- demand

    def demand(self, queue: Queue, day: date) -> None:
        """The tickets of a local day."""
        group = queue.group
        if not group.steered:
            return
        members = [m for m in group.members if m.truth in ("person", "shared")]
        able = sum(self.budget_of(m, day) for m in members if not m.away(day)) / 1.06
        usual = sum(self.budget_of(m, day) * len(m.week_of(day)) / 5 for m in members) / 1.06
        moved_in = sum(queue.came_in) / len(queue.came_in)
        queue.came_in.append(0)
        if group.holds:
            able, usual = able / 1.75, usual / 1.75
            level = sum(m.target for m in members) / 1.1 + max(7.5, 0.7 * usual)
            mean = able - moved_in + 0.85 * (level - queue.unsolved)
        else:
            level = sum(m.room for m in members) * 0.8 + group.waiting * usual
            mean = 0.78 * able - moved_in + 0.85 * (level - queue.unsolved)
            if group.surplus_from and day >= group.surplus_from:
                mean = 0.72 * able + (8 if day.weekday() < 5 else 0)
        least = 0.06 * usual
        if able < 0.5 * usual:  # a weekend
            mean = min(mean, 0.8 * able)
        count = self.dice.whole(min(max(mean, least), 1.3 * usual + 4) * self.dice.between(0.95, 1.05))
        count = self.course.demand.setdefault((group.id, day), count)
        by_hour = FLAT if "00:00" in group.schedule else BY_HOUR
        hours = [(n, share / sum(by_hour)) for n, share in enumerate(by_hour)]
        midnight = epoch(day, 0, group.zone)
        for _ in range(count):
            instant = midnight + self.dice.weighted(hours) * HOUR + int(self.dice.u() * HOUR)
            self.at(instant, self.arrive, queue, instant)

    def new_ticket(self, group: Group, t: int, channel: str) -> Ticket:
        """A ticket with its number, priority and requester."""
        self.next_ticket += 1
        requester = str(FIRST_REQUESTER + int(self.dice.u() * REQUESTERS))
        ticket = Ticket(str(self.next_ticket), group.id, channel, self.dice.weighted(PRIORITIES), requester, t)
        ticket.tags = [self.dice.pick(TOPICS)]
        self.tickets[ticket.id] = ticket
        return ticket

    def arrive(self, queue: Queue, t: int) -> None:
        """A customer's ticket comes in; every fifth by a trigger that finds its group."""
        ticket = self.new_ticket(queue.group, t, self.dice.weighted(queue.group.channels))
        add, batch = self.record.add, self.record.save()
        routed = self.dice.chance(0.2)
        if routed:
            ticket.group = ""
        add(t, ticket, ticket.requester, "requester", "created", batch)
        add(t, ticket, ticket.requester, "requester", "tagged", batch, None, ticket.tags[0])
        if routed:
            ticket.group = queue.group.id
            add(t, ticket, TRIGGER_ROUTE, "system", "moved", batch, None, ticket.group)
        self.machines(ticket, t)
        self.enqueue(queue, ticket, t)

    def machines(self, ticket: Ticket, t: int) -> None:
        for bot in self.bots if self.dice.chance(0.4) else ():
            when = t + int(self.dice.between(3, 40))
            ticket.tags.append("triaged")
            self.at(when, self._triage, ticket, bot, when)
        for sync in self.syncs:
            if self.dice.chance(0.08):
                when = t + int(self.dice.between(60, 900))
                self.at(when, self._note, when, ticket, sync, "integration")

    def _triage(self, ticket: Ticket, bot: str, t: int) -> None:
        self.record.add(t, ticket, bot, "agent", "tagged", self.record.save(), None, "triaged")

    def _note(self, t: int, ticket: Ticket, actor: str, kind: str) -> None:
        if ticket.status not in ("closed", "deleted"):
            self.record.add(t, ticket, actor, kind, "noted", self.record.save())

    def enqueue(self, queue: Queue, ticket: Ticket, t: int, *, known: bool = False) -> None:
        """Put an unassigned ticket into a queue; `known`: it already counts as unsolved there."""
        queue.waiting.append(ticket)
        if not known:
            queue.unsolved += 1
        if queue.group.holds:
            self.at(t + 2, self.route, queue, t + 2)

    # ---- routing in groups whose people hold tickets

    def route(self, queue: Queue, t: int) -> None:
        """Give waiting tickets to whoever is furthest below the level of work kept at each person."""
        while queue.waiting:
            short = [(w.open_weight() - level, w.member.id) for w, level in self._levels(queue, t)]
            least, agent = min(short, default=(0.0, ""))
            if least >= 0:
                return
            ticket = next((x for x in queue.waiting if least + x.effort() <= ROUTING_SLACK), None)
            if ticket is None:
                return
            queue.waiting.remove(ticket)
            worker = self.workers[agent]
            ticket.touches_left = TOUCHES[worker.taken % len(TOUCHES)]
            worker.taken += 1
            batch = self.record.save()
            ticket.assignee = agent
            worker.own.append(ticket)
            self.record.add(t, ticket, ROUTING, "system", "assigned", batch, None, agent)
            if ticket.status == "new":
                ticket.status = "open"
                self.record.add(t, ticket, ROUTING, "system", "status", batch, "new", "open")

    def _levels(self, queue: Queue, t: int) -> list[tuple[Worker, float]]:
        today = date(1970, 1, 1) + timedelta(days=t // DAY)
        levels = []
        for member in queue.group.members:
            level = member.target
            if member.pushed_from and today >= member.pushed_from:
                level += min(7.0, 2.4 * (1 + (today - member.pushed_from).days))
            gone = [a for a, b in member.leave if a <= today <= b]
            if gone and member.waits_on_leave:
                level += min(6.0, 0.6 * (today - gone[0]).days)
            levels.append((self.workers[member.id], level))
        return levels

    # ---- people at work

    def budget_of(self, member: Member, day: date) -> float:
        """Weight of the tickets that this person touches on a usual day."""
        budget = member.budget
        if member.more_from and day >= member.more_from:
            budget *= 1.5
        if member.hard_from and day >= member.hard_from:
            budget -= 0.5
        return budget

    def plan(self, worker: Worker, day: date) -> None:
        """When the person works on a local day, and how much gets touched."""
        member, pace = worker.member, worker.member.pace_of(day)
        spans: list[Span] = []
        budget = 0.0
        if not member.away(day):
            hours = member.week_of(day)[day.weekday()]
            start, end = epoch(day, hours.start, member.zone), epoch(day, hours.end, member.zone)
            spans = working_spans(self.dice, start, end, pace)
            budget = self.budget_of(member, day) + self._swing(worker) - self._around_a_peak(member, day)
            if member.waits_on_leave and any(day == back(b, -1) for _, b in member.leave):
                budget += self._first_day_back(worker)
        for text in member.extra.get(day, []):
            more = shift(text)
            spans.append((epoch(day, more.start, member.zone) + 90, epoch(day, more.end, member.zone) - 90))
            budget += 2.0 if member.away(day) else 0.0
        if not spans:
            return
        if self.company.freak == (member.id, day):
            incidents.storm(self, worker, spans)
            pace = type(pace)(gap=(5.0, 7.0), breaks=pace.breaks)
            budget, worker.swing = 0.0, [1.2, -1.2]
        worker.day, worker.budget, worker.touched = day, budget + min(0.0, worker.budget), set()
        worker.instants, worker.at = saves(self.dice, spans, pace), 0
        worker.ticket, worker.left = None, 0
        self.at(worker.instants[0], self.step, worker, worker.instants[0])

    def _swing(self, worker: Worker) -> float:
        """Days differ, but what one day has more the next has less: luck that does not add up."""
        if not worker.swing:
            swing = self.dice.between(0.0, 2.0) * min(1.0, max(0.85, worker.member.budget / 9))
            worker.swing = [-swing, swing]
        return worker.swing.pop()

    def _around_a_peak(self, member: Member, day: date) -> float:
        """Days around a freak day, before leave and after the first day back are a little calmer."""
        peaks = [self.company.freak[1]] if self.company.freak and self.company.freak[0] == member.id else []
        if member.waits_on_leave:
            first, last = member.leave[-1]
            peaks = [first, back(last, -1)]
        return 1.0 if any(0 < abs((day - peak).days) <= 4 for peak in peaks) else 0.0

    def _first_day_back(self, worker: Worker) -> float:
        """Everything that waited is brought to an end."""
        for ticket in worker.own:
            ticket.touches_left = 1
        worker.swing = [1.2, -1.2]
        return 7.0

    def step(self, worker: Worker, t: int) -> None:
        """One save: on the ticket in hand, or on the next one."""
        if worker.ticket is None:
            self._take(worker, t)
        if worker.ticket is None:
            self._aside(worker, t)
        elif worker.left > 1:
            worker.left -= 1
            self.prepare(worker, worker.ticket, t)
        else:
            self.finish(worker, worker.ticket, t)
            worker.ticket = None
        worker.at += 1
        if worker.at < len(worker.instants):
            then = max(worker.instants[worker.at], t + 20)
            self.at(then, self.step, worker, then)

    def _take(self, worker: Worker, t: int) -> None:
        left = len(worker.instants) - worker.at
        if worker.special:
            worker.ticket, worker.left = worker.special.popleft(), 1
            worker.touched.add(worker.ticket.id)
            return
        ticket = self._next(worker) if worker.budget > 0.45 else None
        if ticket is None:
            return
        worker.ticket = ticket
        worker.left = max(1, min(6, self.dice.whole(left / max(1.0, worker.budget / 1.06))))
        if ticket.id not in worker.touched:
            worker.budget -= ticket.effort()
            worker.touched.add(ticket.id)
        self._late_answer(worker, ticket, t)

    def _next(self, worker: Worker) -> Ticket | None:
        queue = self.queues[worker.member.home.id]
        if not queue.group.holds:
            handed = next((x for x in worker.own if x.status == "open"), None)  # by a change
            return handed or (queue.waiting.popleft() if queue.waiting else None)
        fresh = [x for x in worker.own if x.id not in worker.touched and x.status == "open"]
        return min(fresh, key=lambda x: (x.last_touch, x.id), default=None)

    def _late_answer(self, worker: Worker, ticket: Ticket, t: int) -> None:
        behind = worker.member.home.surplus_from is not None and worker.day >= worker.member.home.surplus_from
        if ticket.version == 0 and self.dice.chance(0.15 if behind else 0.02) and t - ticket.created > HOUR:
            when = int(self.dice.between(ticket.created + HOUR / 2, t))
            if self.changed:  # what is drawn after this must stay the same
                return
            self.breach(ticket, when)
            self.course.breaches.append(Breach(when, ticket.id, self.record.rows[-1]))

    def breach(self, ticket: Ticket, t: int) -> None:
        """Nobody has answered the ticket in time."""
        self.record.add(t, ticket, SLA, "system", "sla_breached", self.record.save(), None, "reply_time")

    def _aside(self, worker: Worker, t: int) -> None:
        """Time that goes into what was touched already: a note."""
        ticket = worker.last
        if ticket is None or ticket.status in ("closed", "deleted"):
            ticket = next((x for x in worker.own if x.status not in ("closed", "deleted")), None)
        if ticket is not None:
            self._note(t, ticket, worker.member.id, "agent")

    def prepare(self, worker: Worker, ticket: Ticket, t: int) -> None:
        """A save on the way to an answer: a note, a tag, a higher priority."""
        add, agent, batch, x = self.record.add, worker.member.id, self.record.save(), self.dice.u()
        worker.last = ticket
        ticket.version += 1
        if x < 0.015 and ticket.priority == "normal" and not ticket.raised:
            ticket.priority, ticket.raised = "high", True
            add(t, ticket, agent, "agent", "priority", batch, "normal", "high")
        elif x < 0.3 and len(ticket.tags) < 4:
            tag = self.dice.pick(TOPICS)
            if tag not in ticket.tags:
                ticket.tags.append(tag)
                add(t, ticket, agent, "agent", "tagged", batch, None, tag)
                return
            add(t, ticket, agent, "agent", "noted", batch)
        else:
            add(t, ticket, agent, "agent", "noted", batch)

    def finish(self, worker: Worker, ticket: Ticket, t: int) -> None:
        """The save that ends a turn at a ticket."""
        ticket.version += 1
        ticket.last_touch = t
        worker.last = ticket
        self.dice.turn("answer", ticket.id, ticket.turns)
        ticket.turns += 1
        answers.answer(self, worker, ticket, t)
        worker.done = ticket

    # ---- things that rules and planted days do

    def nightly(self, t: int) -> None:
        """The automations of half past one: solved after three days pending, closed after four more."""
        add, dice = self.record.add, self.dice
        while self.pending and self.pending[0][0] <= t - 3 * DAY:
            _, ticket, version = self.pending.popleft()
            if ticket.version == version and ticket.status == "pending":
                dice.turn("automation", ticket.id)
                at = t + int(dice.u() * 20 * MINUTE)
                self.let_go(ticket)
                ticket.status, ticket.version = "solved", version + 1
                self.queues[ticket.group].unsolved -= 1
                add(at, ticket, AUTOMATION_SOLVE, "system", "status", self.record.save(), "pending", "solved")
                self.solved.append((at, ticket, ticket.version))
        while self.solved and self.solved[0][0] <= t - 4 * DAY:
            _, ticket, version = self.solved.popleft()
            if ticket.version == version and ticket.status == "solved":
                ticket.status = "closed"
                dice.turn("automation", ticket.id)
                add(
                    t + int(dice.u() * 20 * MINUTE),
                    ticket,
                    AUTOMATION_CLOSE,
                    "system",
                    "status",
                    self.record.save(),
                    "solved",
                    "closed",
                )

    def let_go(self, ticket: Ticket) -> None:
        """Take a ticket off the list of the person who holds it."""
        worker = self.workers.get(ticket.assignee or "")
        if worker and ticket in worker.own:
            worker.own.remove(ticket)
