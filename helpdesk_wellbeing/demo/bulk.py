"""Plausible activity in bulk, for benches: whole weeks at a time, as columns, without a story.

Every ticket goes the same way: created, taken, noted, tagged, answered and left pending on one working day,
answered by its customer, answered again and solved on the next one, perhaps rated, closed four days later.
People work whole shifts with a lunch break in the zone of their group.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.events import ACTOR_KINDS, CHANNELS, GRADES, KINDS, PRIORITIES, SCHEMA, STATUSES
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE, Directory

Ints = npt.NDArray[np.int64]
DEFAULT_END = date(2026, 11, 20)
GROUP_COUNT = 50
TIER_1 = 40  # groups of the first line; all but the last two of the others are second line
ZONES = ("Europe/Amsterdam", "Europe/London", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata")
SHIFT = "09:00-17:30"
EVENTS_A_TICKET = 11.12
SLOTS = 32  # ticket numbers kept free for one agent on one day
FIRST_AGENT, FIRST_GROUP, FIRST_TICKET, FIRST_REQUESTER = 100_000, 9_000, 1_000_000, 50_000_000
CLOSING_RULE = 1
HOUR, DAY = 3600, 86400
# Values of `before` and `after` as codes.
WORDS = ("", "open", "pending", "solved", "closed", "delivery", "complaint", "good", "bad", "new")
NONE, OPEN, PENDING, SOLVED, CLOSED, TOPIC, COMPLAINT, GOOD, BAD, NEW = range(len(WORDS))
AGENT = -1  # stands for the ticket's own agent in `before` and `after`

# What happens to every ticket: save, kind, actor kind, before, after, status after it; the saves are
# 0 created, 1 taken, 2 noted, 3 tagged, 4 answered, 5 the customer's answer, 6 solved, 7 closed, 8 rated.
LIFE = (
    (0, "created", "requester", NONE, NONE, "new"),
    (1, "assigned", "agent", NONE, AGENT, "new"),
    (2, "noted", "agent", NONE, NONE, "new"),
    (3, "tagged", "agent", NONE, TOPIC, "new"),
    (4, "replied", "agent", NONE, NONE, "new"),
    (4, "status", "agent", NEW, PENDING, "pending"),
    (5, "customer_replied", "requester", NONE, NONE, "pending"),
    (5, "status", "requester", PENDING, OPEN, "open"),
    (6, "replied", "agent", NONE, NONE, "open"),
    (6, "status", "agent", OPEN, SOLVED, "solved"),
    (7, "status", "system", SOLVED, CLOSED, "closed"),
    (8, "rated", "requester", NONE, GOOD, "solved"),
)


class _Team:
    """Who works when, as arrays by agent."""

    def __init__(self, n_events: int, n_agents: int, weeks: int, seed: int) -> None:
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.agents = np.arange(n_agents)
        self.group = self.agents % GROUP_COUNT
        self.zone = self.group % len(ZONES)
        self.works = np.ones((n_agents, 7), dtype=bool)
        self.works[:, 5:] = False
        self.works[self.agents % 10 == 9, 4] = False  # part-timers
        a_day = n_events / EVENTS_A_TICKET / (weeks * self.works.sum())
        if not 0 < a_day < SLOTS - 1:
            raise ConfigError(
                f"demo: {n_events} events for {n_agents} agents in {weeks} weeks is no plausible working day"
            )
        self.tickets = np.floor(a_day + self.rng.random(n_agents)).astype(np.int64).clip(1)  # new ones a day
        self.previous = np.full(n_agents, -1)  # day number of the working day before


def bulk_events(
    n_events: int, n_agents: int, weeks: int, seed: int, *, end: date = DEFAULT_END, account: str = "bulk"
) -> Iterator[pl.DataFrame]:
    """About `n_events` events of `n_agents` agents over `weeks` weeks up to the Sunday of `end`'s week.

    One frame of `events.SCHEMA` a week (UTC), each sorted by time and later than the one before. The
    last tickets stay pending. Raises ConfigError where a working day would be empty or absurdly full.
    """
    team = _Team(n_events, n_agents, weeks, seed)
    first = end - timedelta(days=end.weekday() + 7 * (weeks - 1))
    spill = np.empty((6, 0), dtype=np.int64)
    count = 0
    for n in range(weeks):
        begin = first + timedelta(days=7 * n)
        chunks = [spill, *(_day(team, begin + timedelta(days=d), 7 * n + d, begin) for d in range(7))]
        rows = np.concatenate(chunks, axis=1)
        ends = _epoch(begin + timedelta(days=7))
        later = rows[0] >= ends
        spill, rows = rows[:, later], rows[:, ~later]
        yield _frame(rows[:, np.argsort(rows[0], kind="stable")], team, count, account)
        count += rows.shape[1]


def bulk_directory(n_agents: int, *, zone: str = "Europe/Amsterdam") -> Directory:
    """People and groups that match `bulk_events` with as many agents."""
    agents = range(n_agents)
    people: list[tuple[object, ...]] = [
        (
            str(FIRST_AGENT + a),
            f"Agent {a:04d}",
            ZONES[a % GROUP_COUNT % len(ZONES)],
            None,
            32.0 if a % 10 == 9 else 40.0,
            f"Mon-{'Thu' if a % 10 == 9 else 'Fri'} {SHIFT}",
            [str(FIRST_GROUP + a % GROUP_COUNT)],
            [],
            [],
            [],
            False,
            None,
            None,
        )
        for a in agents
    ]
    groups = [
        (
            str(FIRST_GROUP + g),
            f"Group {g:02d}",
            1 if g < TIER_1 else 2 if g < GROUP_COUNT - 2 else 3,
            ZONES[g % len(ZONES)],
            f"Mon-Fri {SHIFT}",
            None,
        )
        for g in range(GROUP_COUNT)
    ]
    return Directory(
        zone,
        pl.DataFrame(people, schema=PEOPLE, orient="row"),
        pl.DataFrame(schema=LEAVE),
        pl.DataFrame(groups, schema=GROUPS, orient="row"),
        pl.DataFrame(schema=ON_CALL),
    )


def _epoch(day: date, hour: int = 0, zone: str = "UTC") -> int:
    local = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    return int(local.astimezone(UTC).timestamp())


def _day(team: _Team, day: date, number: int, week: date) -> Ints:
    """What follows from the work of one local day: rows of at, ticket, agent, life step, batch, luck."""
    on = np.flatnonzero(team.works[:, day.weekday()])
    if not len(on):
        return np.empty((6, 0), dtype=np.int64)
    times = _save_times(team, on, day)
    count = team.tickets[on]
    row = np.repeat(np.arange(len(on)), count)  # of each ticket: which of today's agents
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    agent, take = on[row], count[row] + 4 * nth
    fresh = FIRST_TICKET + (number * len(team.agents) + agent) * SLOTS + nth
    old_day = team.previous[agent]
    old = FIRST_TICKET + (old_day * len(team.agents) + agent) * SLOTS + nth
    team.previous[on] = number
    floor = _epoch(week)
    taken, pending = times[row, take], times[row, take + 3]
    created = taken - (team.rng.random(len(row)) * np.minimum(6 * HOUR, taken - floor - 1)).astype(np.int64) - 1
    parts = [_steps(created, fresh, agent, 0), _steps(taken, fresh, agent, 1)]
    parts += [_steps(times[row, take + k], fresh, agent, 1 + k) for k in (1, 2)] + [_steps(pending, fresh, agent, 4)]
    back = old_day >= 0
    if back.any():
        agent, old, solved = agent[back], old[back], times[row, nth][back]
        answered = solved - (60 + team.rng.random(len(old)) * 7 * HOUR).astype(np.int64)
        answered = np.maximum(answered, floor) if day.weekday() == 0 else answered
        parts += [
            _steps(answered, old, agent, 5),
            _steps(solved, old, agent, 6),
            _steps(solved + 4 * DAY, old, agent, 7),
        ]
        rated = team.rng.random(len(old)) < 0.12
        late = (HOUR + team.rng.random(int(rated.sum())) * 20 * HOUR).astype(np.int64)
        parts.append(_steps(solved[rated] + late, old[rated], agent[rated], 8))
    return np.concatenate(parts, axis=1)


def _save_times(team: _Team, on: Ints, day: date) -> Ints:
    """Instants of the saves of today's agents, a row each: five a ticket, from nine to half past five."""
    starts = np.array([_epoch(day, 9, zone) for zone in ZONES])[team.zone[on]]
    per = 5 * team.tickets[on]
    width = int(per.max())
    gaps = team.rng.uniform(0.6, 1.4, (len(on), width)) * (435 * 60 / per)[:, None]
    gaps[:, 0] = team.rng.uniform(60, 900, len(on))
    gaps[np.arange(len(on)), per // 2] += team.rng.uniform(35 * 60, 50 * 60, len(on))
    return starts[:, None] + np.cumsum(gaps, axis=1).astype(np.int64)


def _steps(at: Ints, ticket: Ints, agent: Ints, save: int) -> Ints:
    """Rows of all life steps of one save."""
    steps = [n for n, step in enumerate(LIFE) if step[0] == save]
    rows = np.empty((6, len(at) * len(steps)), dtype=np.int64)
    for column, values in enumerate((at, ticket, agent)):
        rows[column] = np.repeat(values, len(steps))
    rows[3] = np.tile(steps, len(at))
    rows[4] = rows[1] * 16 + save  # a ticket has each save once
    rows[5] = (rows[1] * 2_654_435_761) & 0xFFFF_FFFF  # the ticket's own luck
    return rows


def _words(words: tuple[str, ...], codes: npt.NDArray[np.uint8]) -> pl.Series:
    return pl.Series(words, dtype=pl.Enum(words)).gather(codes)


def _frame(rows: Ints, team: _Team, count: int, account: str) -> pl.DataFrame:
    at, ticket, agent, step, batch, luck = rows
    kinds = np.array([KINDS.index(life[1]) for life in LIFE], dtype=np.uint8)[step]
    actor_kinds = np.array([ACTOR_KINDS.index(life[2]) for life in LIFE], dtype=np.uint8)[step]
    before = np.array([life[3] for life in LIFE])[step]
    after = np.array([life[4] for life in LIFE])[step]
    draw = luck / 2**32
    after = np.where((after == TOPIC) & (draw < 0.03), COMPLAINT, after)
    after = np.where((after == GOOD) & (draw > 0.85), BAD, after)
    statuses = np.array([STATUSES.index(life[5]) for life in LIFE], dtype=np.uint8)[step]
    priority = np.searchsorted([0.15, 0.77, 0.95], draw).astype(np.uint8)
    channel = np.searchsorted([0.6, 0.8, 0.9], (luck % 1000) / 1000).astype(np.uint8)
    words = pl.Series(WORDS, dtype=pl.String)
    frame = pl.DataFrame(
        {
            "at": at,
            "ticket": ticket,
            "agent": agent + FIRST_AGENT,
            "batch": batch,
            "luck": luck,
            "group": team.group[agent] + FIRST_GROUP,
            "step": step,
            "actor": actor_kinds,
        }
    )
    person = pl.col("agent").cast(pl.String)
    assigned = pl.col("step") > 0
    columns = {
        "id": (pl.int_range(pl.len()) + count + 1).cast(pl.String),
        "account": pl.lit(account),
        "at": (pl.col("at") * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        "ticket": pl.col("ticket").cast(pl.String),
        "actor": pl.when(pl.col("actor") == ACTOR_KINDS.index("agent"))
        .then(person)
        .when(pl.col("actor") == ACTOR_KINDS.index("requester"))
        .then((pl.col("luck") % 500_000 + FIRST_REQUESTER).cast(pl.String))
        .otherwise(pl.lit(f"rule:{CLOSING_RULE}")),
        "actor_kind": pl.lit(_words(ACTOR_KINDS, actor_kinds)),
        "kind": pl.lit(_words(KINDS, kinds)),
        "before": pl.lit(words.gather(before)).replace("", None),
        "after": pl.when(pl.lit(pl.Series(after)) == AGENT)
        .then(person)
        .otherwise(pl.lit(words.gather(np.maximum(after, 0))).replace("", None)),
        "channel": pl.lit(_words(CHANNELS, channel)),
        "batch": pl.col("batch").cast(pl.String),
        "grade": pl.lit("A").cast(pl.Enum(GRADES)),
        "group": pl.col("group").cast(pl.String),
        "assignee": pl.when(assigned).then(person),
        "status": pl.lit(_words(STATUSES, statuses)),
        "priority": pl.lit(_words(PRIORITIES, priority)),
    }
    return frame.select(
        columns[name].alias(name) if name in columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )
