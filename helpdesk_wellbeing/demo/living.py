"""The simulated team as it lives on after somebody has moved its tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from helpdesk_wellbeing.demo.changes import Change, Course, part_ways, reassign
from helpdesk_wellbeing.demo.desk import Desk
from helpdesk_wellbeing.demo.dice import AgainDice, Dice, NotedDice
from helpdesk_wellbeing.demo.floor import Worker
from helpdesk_wellbeing.demo.record import Record
from helpdesk_wellbeing.demo.rota import epoch
from helpdesk_wellbeing.demo.simulation import DEFAULT_WEEKS, Time, desk_of, desk_seed, world_of
from helpdesk_wellbeing.demo.team import Company
from helpdesk_wellbeing.demo.world import World
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.events import UTC as INSTANT

OPEN_TICKETS = pl.Schema(
    {
        "ticket": pl.String(),
        "group": pl.String(),
        "assignee": pl.String(),  # null: nobody
        "status": pl.String(),
        "priority": pl.String(),
        "channel": pl.String(),
        "requester": pl.String(),
        "effort": pl.Float64(),  # weight of the ticket, its status left out
        "open_weight": pl.Float64(),  # with its status
        "hard": pl.Boolean(),
        "reopens": pl.Int64(),
        "created": INSTANT,
        "waiting_since": INSTANT,  # the last turn at it, else its creation
    }
)
STAFF = pl.Schema(
    {
        "agent": pl.String(),
        "groups": pl.List(pl.String()),
        "time_zone": pl.String(),
        "schedule": pl.String(),  # the rota of the day
        "skills": pl.List(pl.String()),  # what lies in the groups; nobody has others here
        "on_leave": pl.Boolean(),
        "present": pl.Boolean(),  # in a shift now, breaks included
        "open_weight": pl.Float64(),
        "in_hand": pl.String(),  # the ticket of the present turn
    }
)


class LivingTeam:
    """The team of one seed, which can be run to an instant, looked at, changed, and run on.

    Without changes its record is that of `simulate`. With changes the record before the first one is the same, byte
    for byte, and the record before each later one is what it is without that one. The same tickets come in at the same
    instants with the same priorities, channels and requesters; each turn at a ticket and each person's day draw what
    they drew without changes: what differs follows from the changes. The team has no SLA targets: breaches happen.
    """

    def __init__(self, seed: int, *, weeks: int = DEFAULT_WEEKS, end: date, account: str = "demo") -> None:
        """Raises ConfigError where the weeks are too few for the stories."""
        self.seed, self.account, self.time = seed, account, Time.of(weeks, end)
        self.begin_again()

    def begin_again(self) -> None:
        """Back before the first day, without changes."""
        self._desk = self._fresh(AgainDice(desk_seed(self.seed), self._noted[0].noted))
        self._desk.course.demand |= self._noted[1].demand
        self._desk.begin()
        self._now = 0

    def _fresh(self, dice: Dice) -> Desk:
        company = Company(Dice(self.seed * 1009), self.time.start, self.time.end)
        return desk_of(company, dice, Record(self.account), self.time, Course())

    @cached_property
    def _noted(self) -> tuple[NotedDice, Course]:
        """The weeks without changes."""
        dice = NotedDice(desk_seed(self.seed))
        desk = self._fresh(dice)
        desk.run()
        return dice, desk.course

    # ---- step by step

    def run(self, until: datetime) -> None:
        """Everything that comes before `until`."""
        self._now = max(self._now, _second(until))
        self._desk.go_on(self._now)

    def reassigned(
        self, ticket: str, agent: str | None, group: str | None, at: datetime, actor: str | None = None
    ) -> bool:
        """A ticket has changed hands at `at`, which may not lie before what has been run (ConfigError).

        `agent` and `group` say how it stands now (`agent` None: nobody, `group` None: as it was). With an `actor` the
        record shows the save; without one whoever calls keeps that record. False: nothing is left to do on the ticket,
        or it or the group is unknown; then the team goes on as it was.
        """
        if _second(at) < self._now:
            raise ConfigError(f"demo: ticket {ticket} cannot change hands at {at:%F %T}: the team has lived on since")
        self.run(at)
        change = Change(at, ticket, agent, group, actor)
        if not self._desk.changed:
            part_ways(self._desk, self._noted[1].breaches, self._now)
        return reassign(self._desk, change, self._now)

    def events(self) -> pl.DataFrame:
        """`events.SCHEMA`: what was recorded before the instant that was run to."""
        return self._desk.record.frame(self._now - 1)

    def tickets(self) -> pl.DataFrame:
        """OPEN_TICKETS as they stand, by id."""
        rows = [
            (
                t.id,
                t.group,
                t.assignee,
                t.status,
                t.priority,
                t.channel,
                t.requester,
                t.effort(),
                t.open_weight(),
                t.hard,
                t.reopens,
                _instant(t.created),
                _instant(t.last_touch or t.created),
            )
            for t in self._desk.tickets.values()
            if t.unsolved and t.created < self._now
        ]
        return pl.DataFrame(rows, schema=OPEN_TICKETS, orient="row").sort("ticket")

    def staff(self) -> pl.DataFrame:
        """STAFF as it stands, by id."""
        workers = [w for w in self._desk.workers.values() if w.member.truth == "person"]
        return pl.DataFrame([self._person(w) for w in workers], schema=STAFF, orient="row").sort("agent")

    def _person(self, worker: Worker) -> tuple[object, ...]:
        member, now = worker.member, self._now
        day = _instant(now).astimezone(ZoneInfo(member.zone)).date()
        rota = [text for since, text in member.rota if since is None or since <= day][-1]
        shifts = [
            (epoch(d, hours.start, member.zone), epoch(d, hours.end, member.zone))
            for d in (day - timedelta(days=1), day)
            if not member.away(d)
            for hours in (member.week_of(d)[d.weekday()],)
        ]
        return (
            member.id,
            [member.home.id, *member.also],
            member.zone,
            rota,
            [],
            any(a <= day <= b for a, b in member.leave),
            any(a <= now < b for a, b in shifts),
            worker.open_weight(),
            worker.ticket.id if worker.ticket else None,
        )

    # ---- as a whole

    def world(self, changes: Sequence[Change] = ()) -> World:
        """The whole of the weeks with these changes; the team stands at their end then."""
        self.begin_again()
        for change in sorted(changes, key=lambda c: c.at):
            self.reassigned(change.ticket, change.agent, change.group, change.at, change.actor)
        self._desk.go_on(self.time.until + 1)
        self._now = self.time.until + 1
        return world_of(self.seed, self.time, self._desk.record, [self._desk.company])


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
