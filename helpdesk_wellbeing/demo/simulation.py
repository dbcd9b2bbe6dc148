"""A simulated support team over some weeks: one call, one seed, one world; with changes, as it would have gone on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from helpdesk_wellbeing.demo.cast import Member
from helpdesk_wellbeing.demo.changes import Change, Course
from helpdesk_wellbeing.demo.desk import Desk
from helpdesk_wellbeing.demo.dice import Dice
from helpdesk_wellbeing.demo.record import Record
from helpdesk_wellbeing.demo.rota import epoch, week
from helpdesk_wellbeing.demo.team import ZONE, Company
from helpdesk_wellbeing.demo.words import FIRST_REQUESTER, REQUESTERS, RULES
from helpdesk_wellbeing.demo.world import USERS, Roster, World
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE, Directory

DEFAULT_WEEKS = 10


def simulate(
    seed: int,
    *,
    weeks: int = DEFAULT_WEEKS,
    end: date,
    scale: int = 1,
    account: str = "demo",
    changes: Sequence[Change] = (),
) -> World:
    """The world of `seed`: `weeks` weeks up to and including `end` (a date of the account's zone).

    The last instant is 23:59:59 UTC of `end`. `scale` adds further companies of the same size without any
    stories. The same arguments give the same world. With `changes` (at scale 1) the record before each is as it
    would be without it; tickets come in as ever, and what differs follows from the changes.
    Raises ConfigError where the weeks are too few for the stories.
    """
    if changes:
        from helpdesk_wellbeing.demo.living import LivingTeam

        if scale != 1:
            raise ConfigError("demo: a team with changes is simulated at scale 1 only")
        return LivingTeam(seed, weeks=weeks, end=end, account=account).world(changes)
    time = Time.of(weeks, end, scale)
    record = Record(account)
    companies = []
    for number in range(scale):
        company = Company(Dice(seed * 1009 + number), time.start, end, number)
        desk_of(company, Dice(desk_seed(seed, number)), record, time).run()
        companies.append(company)
    return world_of(seed, time, record, companies)


@dataclass(frozen=True)
class Time:
    """The time that is simulated."""

    start: date  # first and last local date of the account's zone
    end: date
    as_of: datetime  # the last instant (UTC)

    @staticmethod
    def of(weeks: int, end: date, scale: int = 1) -> Time:
        """So many weeks up to and including `end`; ConfigError where they are too few for the stories."""
        if weeks < 9 or scale < 1:
            raise ConfigError(
                f"demo: {weeks} weeks at scale {scale}: the planted stories need at least 9 weeks and scale 1"
            )
        as_of = datetime.combine(end, datetime.max.time(), UTC).replace(microsecond=0)
        return Time(end - timedelta(days=7 * weeks - 1), end, as_of)

    @property
    def until(self) -> int:
        """The last second since 1970."""
        return int(self.as_of.timestamp())


def desk_seed(seed: int, number: int = 0) -> int:
    """What the draws of a company's desk begin with."""
    return seed * 7919 + 31 + number


def desk_of(company: Company, dice: Dice, record: Record, time: Time, course: Course | None = None) -> Desk:
    """The desk of a company before its first day."""
    return Desk(company, dice, record, time.until, 100_000 + 10_000_000 * company.number, course)


def world_of(seed: int, time: Time, record: Record, companies: Sequence[Company]) -> World:
    """What was recorded, with who works there and what is planted."""
    return World(
        seed=seed,
        start=time.start,
        end=time.end,
        as_of=time.as_of,
        zone=ZONE,
        events=record.frame(time.until),
        roster=_roster(companies),
        planted=tuple(companies[0].planted),
        innocents=tuple(companies[0].innocents),
    )


def _roster(companies: Sequence[Company]) -> Roster:
    members = [m for c in companies for m in c.members]
    groups = [g for c in companies for g in c.groups]
    office = next(g.id for g in groups if not g.staffed)
    others = [
        ("410900", "Team lead A", "admin", office),
        ("410901", "Team lead B", "admin", office),
        ("410902", "Observer", "light_agent", office),
    ]
    users = pl.DataFrame(
        [(m.id, m.name, "agent", m.truth, m.zone, [m.home.id, *m.also]) for m in members]
        + [(user, name, role, "person", ZONE, [group]) for user, name, role, group in others],
        schema=USERS,
        orient="row",
    )
    leads = [(g.id, "410900" if n % 2 else "410901") for n, g in enumerate(groups) if g.staffed]
    people = [row for m in members if m.truth in ("person", "shared") for row in _person_rows(m)]
    people += [
        (
            user,
            name,
            ZONE,
            None,
            None,
            None,
            [group],
            [],
            [],
            [g for g, lead in leads if lead == user],
            role == "light_agent",
            None,
            None,
        )
        for user, name, role, group in others
    ]
    directory = Directory(
        ZONE,
        pl.DataFrame(people, schema=PEOPLE, orient="row"),
        pl.DataFrame([(m.id, a, b) for m in members for a, b in m.leave], schema=LEAVE, orient="row"),
        pl.DataFrame([(g.id, g.name, g.tier, g.zone, g.schedule, None) for g in groups], schema=GROUPS, orient="row"),
        pl.DataFrame(
            [(m.id, _instant(a, 18 * 60, m.zone), _instant(b, 8 * 60, m.zone)) for m in members for a, b in m.on_call],
            schema=ON_CALL,
            orient="row",
        ),
    )
    return Roster(directory, users, RULES, FIRST_REQUESTER, REQUESTERS)


def _instant(day: date, minute: int, zone: str) -> datetime:
    return datetime.fromtimestamp(epoch(day, minute, zone), UTC)


def _person_rows(member: Member) -> list[tuple[object, ...]]:
    """A row per rota; an account that two people share has no rota of its own."""
    rows: list[tuple[object, ...]] = []
    for since, rota in member.rota if member.truth == "person" else [(None, None)]:
        assert rota is None or week(rota)
        rows.append(
            (
                member.id,
                member.name,
                member.zone,
                member.preset,
                member.contract,
                rota,
                [member.home.id, *member.also],
                [],
                [],
                [],
                False,
                None,
                since,
            )
        )
    return rows
