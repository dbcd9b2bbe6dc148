"""ES2, hard-ticket dose: hard tickets an agent handled, against what the others of the same group had an
hour.

Judged every Monday over the agent's last ten worked days. A ticket counts once for everybody who did work
on it in their window and whose window it became hard in. An agent of several groups is compared with the
colleagues of the one in which most of the tickets they handled had activity (the larger group, then the
smaller id, if it is a tie); the directory decides which groups an agent has, and where it names none, the
tickets alone do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.mondays import WINDOW_DAYS, at_four, last_monday, mondays
from helpdesk_wellbeing.signals.rounds import (
    evaluation_frame,
    instance_end,
    instance_start,
    instance_value,
    known,
    no_evaluations,
    not_assessable,
)
from helpdesk_wellbeing.signals.worked_days import (
    EPOCH,
    HOUR_US,
    Bools,
    Floats,
    Ints,
    WorkedDays,
    agent_rows,
    standing,
    worked_days,
)
from helpdesk_wellbeing.statistics import benjamini_hochberg, poisson_upper_tail

WINDOW_WORKED_DAYS = 10
LONGEST_WINDOW_DAYS = 49  # ten worked days at two a week, and some leave
RECENT_DAYS = 28
MINIMUM_HOURS = 20.0
MINIMUM_AGENTS = 5
VALUES = ("hard", "active_h", "expected", "ratio", "p_adjusted")


def doses(hard: Floats, hours: Floats, group: Ints) -> dict[str, Floats]:
    """expected, ratio and p of agents with their hard tickets, active hours and group.

    Where the others of a group had no hard ticket, the Poisson test would find anything significant; then p
    is the chance that all of them fall into this agent's share of the hours.
    """
    other_hard = np.bincount(group, weights=hard)[group] - hard
    other_hours = np.bincount(group, weights=hours)[group] - hours
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = other_hard / other_hours * hours
        ratio = np.where(hard == 0, 0.0, hard / expected)
        share = hours / (hours + other_hours)
        p = np.where(expected > 0, poisson_upper_tail(hard, np.nan_to_num(expected)), share**hard)
    return {"expected": expected, "ratio": ratio, "p": p}


@dataclass(frozen=True)
class _Windows:
    """Every agent's last ten worked days before a Monday; arrays over agents that worked lately."""

    agent: Ints  # row of the roster
    first: Ints  # column of the first and the last date
    last: Ints
    start: Ints  # instants, microseconds
    end: Ints
    hours: Floats
    grade_b: Bools
    days: pl.DataFrame  # agent (row), date: the worked days


def _windows(worked: WorkedDays, at: int) -> _Windows:
    over = worked.roster.instant(worked.agent, worked.column + 1, 0) <= at
    age = (at // (24 * HOUR_US)) - worked.day
    usable = np.flatnonzero(over & (age <= LONGEST_WINDOW_DAYS))
    agent, column = worked.agent[usable], worked.column[usable]
    allowed = ~worked.roster.barred[agent, column] & (worked.roster.shared_since[agent] > at)
    agent, column, age = agent[allowed], column[allowed], age[usable][allowed]
    _, first, count = np.unique(agent, return_index=True, return_counts=True)
    nth_last = np.repeat(first + count, count) - np.arange(len(agent))
    inside = nth_last <= WINDOW_WORKED_DAYS
    lately = np.zeros(len(worked.roster.agents), dtype=bool)
    lately[agent[(age <= RECENT_DAYS) & worked.seen[agent, column]]] = True
    inside &= lately[agent]
    agent, column = agent[inside], column[inside]
    who, start, days = np.unique(agent, return_index=True, return_counts=True)
    end = start + days - 1
    slot = np.searchsorted(who, agent)
    hours = np.bincount(slot, weights=worked.active[agent, column] / HOUR_US, minlength=len(who))
    grade_b = np.bincount(slot, weights=worked.grade_b[agent, column], minlength=len(who)) > 0
    return _Windows(
        agent=who,
        first=column[start],
        last=column[end],
        start=worked.roster.instant(who, column[start], 0),
        end=worked.roster.instant(who, column[end] + 1, 0),
        hours=hours.astype(np.float64),
        grade_b=grade_b,
        days=pl.DataFrame(
            {
                "agent": agent,
                "date": pl.Series((column + worked.roster.first_day).astype(np.int32)).cast(pl.Date),
            }
        ),
    )


@dataclass(frozen=True)
class _Teams:
    """Whom every window's agent is compared with."""

    windows: _Windows
    group: Ints  # a number a group; agents without one have their own
    size: Ints  # agents of the group with active hours

    def minimum_hours(self) -> Floats:
        return np.asarray(MINIMUM_HOURS * np.where(self.windows.grade_b, 2, 1))

    def enough(self) -> Bools:
        return np.asarray((self.size >= MINIMUM_AGENTS) & (self.windows.hours >= self.minimum_hours()))


def _teams(facts: Facts, worked: WorkedDays, monday: date) -> _Teams:
    windows = _windows(worked, micros(at_four(monday, facts.zone)))
    homes = _home_groups(facts, worked, windows, monday)
    codes = {name: i for i, name in enumerate(sorted({home for home in homes if home is not None}))}
    group = np.array([-1 if home is None else codes[home] for home in homes], dtype=np.int64)
    group[group < 0] = len(codes) + np.arange(np.count_nonzero(group < 0))
    size = np.bincount(group, weights=windows.hours > 0)[group].astype(np.int64) if len(group) else group
    return _Teams(windows, group, size)


def _hard_counts(facts: Facts, worked: WorkedDays, windows: _Windows) -> tuple[Floats, Floats]:
    """Hard tickets handled in each window, and most of them in one shift."""
    handled = _hard_in_windows(facts, _handled_in_windows(facts, worked, windows), windows)
    count = handled.group_by("agent").agg(n=pl.col("ticket").n_unique())
    in_shift = handled.group_by("agent", "shift_start").agg(n=pl.col("ticket").n_unique())
    most = in_shift.group_by("agent").agg(pl.col("n").max())
    return _by_window(count, windows), _by_window(most, windows)


def _handled_in_windows(facts: Facts, worked: WorkedDays, windows: _Windows) -> pl.DataFrame:
    """agent (row), shift_start, ticket of everything handled on a day of a window."""
    if not len(windows.agent):
        return pl.DataFrame(schema={"agent": pl.Int64(), "shift_start": UTC, "ticket": pl.String()})
    first = EPOCH + timedelta(int(windows.first.min() + worked.roster.first_day))
    last = EPOCH + timedelta(int(windows.last.max() + worked.roster.first_day))
    mine = facts.handled.filter(pl.col("date").is_between(first, last))
    known_agents = mine.filter(pl.col("agent").is_in(list(worked.roster.agents)))
    rows = pl.Series(agent_rows(known_agents["agent"], worked.roster.agents))
    return known_agents.with_columns(agent=rows).join(windows.days, on=["agent", "date"], how="semi")


def _hard_in_windows(facts: Facts, handled: pl.DataFrame, windows: _Windows) -> pl.DataFrame:
    limits = pl.DataFrame(
        {
            "agent": windows.agent,
            "start": pl.Series(windows.start).cast(UTC),
            "end": pl.Series(windows.end).cast(UTC),
        }
    )
    return (
        handled.join(facts.hard.select("ticket", "at", "indicators"), on="ticket")
        .join(limits, on="agent")
        .filter((pl.col("at") >= pl.col("start")) & (pl.col("at") < pl.col("end")))
    )


def _by_window(counts: pl.DataFrame, windows: _Windows) -> Floats:
    out = np.zeros(len(windows.agent))
    out[np.searchsorted(windows.agent, counts["agent"].to_numpy())] = counts["n"].to_numpy()
    return out


def _home_groups(facts: Facts, worked: WorkedDays, windows: _Windows, monday: date) -> list[str | None]:
    """The group of every window's agent."""
    names = [worked.roster.agents[i] for i in windows.agent]
    told = _told_groups(facts, monday)
    size: dict[str, int] = {}
    for groups in told.values():
        for group in groups:
            size[group] = size.get(group, 0) + 1
    undecided = [row for row, name in zip(windows.agent, names, strict=True) if len(told.get(name, ())) != 1]
    busy: dict[int, dict[str, int]] = {}
    if undecided:
        handled = _handled_in_windows(facts, worked, windows)
        busy = _busy_groups(facts, handled.filter(pl.col("agent").is_in(undecided)), monday)
    homes: list[str | None] = []
    for row, name in zip(windows.agent, names, strict=True):
        seen = busy.get(int(row), {})
        options = told.get(name) or tuple(seen)
        ranked = sorted(options, key=lambda g: (-seen.get(g, 0), -size.get(g, 0), g))
        homes.append(ranked[0] if ranked else None)
    return homes


def _told_groups(facts: Facts, on: date) -> dict[str, tuple[str, ...]]:
    people = facts.directory.people.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= on))
    latest = people.sort("valid_from", nulls_last=False)
    return {agent: tuple(groups or ()) for agent, groups in latest.select("agent", "groups").iter_rows()}


def _busy_groups(facts: Facts, handled: pl.DataFrame, monday: date) -> dict[int, dict[str, int]]:
    """Agent (row) -> group -> tickets they handled that had activity there in the last 28 evaluation days."""
    if not handled.height:
        return {}
    first = monday - timedelta(days=WINDOW_DAYS)
    where = facts.touches.filter(
        (pl.col("day") >= first) & (pl.col("day") < monday) & pl.col("group").is_not_null()
    ).join(handled.select("ticket").unique(), on="ticket", how="semi")
    counts = (
        handled.select("agent", "ticket")
        .unique()
        .join(where.select("group", "ticket").unique(), on="ticket")
        .group_by("agent", "group")
        .len()
    )
    found: dict[int, dict[str, int]] = {}
    for agent, group, tickets in counts.iter_rows():
        found.setdefault(agent, {})[group] = tickets
    return found


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row a Monday of every agent with enough hours and enough colleagues."""
    days = mondays(facts)
    if not days:
        return no_evaluations((*VALUES, "hard_in_shift"))
    worked = worked_days(facts)
    found = [_evaluate_on(facts, worked, monday) for monday in days]
    return pl.concat([no_evaluations((*VALUES, "hard_in_shift")), *found]).sort("subject", "at")


def _evaluate_on(facts: Facts, worked: WorkedDays, monday: date) -> pl.DataFrame:
    teams = _teams(facts, worked, monday)
    windows = teams.windows
    hard, in_shift = _hard_counts(facts, worked, windows)
    numbers = doses(hard, windows.hours, teams.group)
    enough = teams.enough()
    n = len(windows.agent)
    at = np.full(n, micros(at_four(monday, facts.zone)))
    names = np.array(worked.roster.agents, dtype=object)[windows.agent]
    return evaluation_frame(
        subject=pl.Series(names, dtype=pl.String),
        at=at,
        date=np.full(n, day_number(monday)),
        raises=enough,
        falls=enough,
        grade_b=windows.grade_b,
        window_start=windows.start,
        window_end=windows.end,
        values={
            "hard": hard,
            "active_h": windows.hours,
            "expected": numbers["expected"],
            "ratio": numbers["ratio"],
            "p_adjusted": benjamini_hochberg(np.where(enough, numbers["p"], np.nan)),
            "hard_in_shift": in_shift,
        },
    ).filter(pl.Series(enough))


def assess(facts: Facts) -> pl.DataFrame:
    """Agents with too few hours or colleagues at the latest Monday, or whose tickets were followed for a part only."""
    reasons = standing(facts, RECENT_DAYS)
    worked = worked_days(facts)
    teams = _teams(facts, worked, last_monday(facts, facts.until))
    lately = np.array([not facts.is_followed(at) for at in pl.Series(teams.windows.start).cast(UTC)], dtype=bool)
    short = dict(
        zip(
            (worked.roster.agents[i] for i in teams.windows.agent),
            zip((teams.windows.hours < teams.minimum_hours()) | lately, teams.size < MINIMUM_AGENTS, strict=True),
            strict=True,
        )
    )
    for agent, reason in reasons.items():
        if reason is None:
            too_few_hours, too_few_colleagues = short.get(agent, (True, False))
            if too_few_hours:
                reasons[agent] = "too few days"
            elif too_few_colleagues:
                reasons[agent] = "too few comparisons"
    return not_assessable(reasons)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Hard tickets, active hours, what was expected, and what made them hard; no tickets, no texts, no
    colleagues.
    """
    shown = {name: known(instance_value(instance, name), 6) for name in VALUES}
    evidence: list[dict[str, Any]] = [{"what": "hard tickets handled in the last ten worked days", **shown}]
    start, end = instance_start(instance, facts.since), instance_end(instance, facts.until)
    worked = worked_days(facts)
    if subject not in worked.roster.agents:
        return evidence
    begins = worked.roster.instant(worked.agent, worked.column, 0)
    inside = (begins >= micros(start)) & (begins < micros(end))
    inside &= worked.agent == worked.roster.agents.index(subject)
    dates = pl.Series(worked.day[inside].astype(np.int32)).cast(pl.Date)
    mine = facts.handled.filter((pl.col("agent") == subject) & pl.col("date").is_in(dates.implode()))
    words = (
        facts.hard.filter((pl.col("at") >= start) & (pl.col("at") < end))
        .join(mine.select("ticket").unique(), on="ticket", how="semi")
        .select(pl.col("indicators").str.split("+"))
        .explode("indicators")["indicators"]
        .drop_nulls()
    )
    in_shift = (
        mine.join(facts.hard.filter((pl.col("at") >= start) & (pl.col("at") < end)), on="ticket", how="semi")
        .group_by("date", "shift_start")
        .agg(pl.col("ticket").n_unique())
        .sort("ticket", "date", descending=True)
        .head(1)
    )
    most = [
        {"what": "most hard tickets in one shift", "date": day, "hard": n}
        for day, n in in_shift.select("date", "ticket").iter_rows()
    ]
    mix = dict(words.value_counts().sort("indicators").iter_rows())
    return [*evidence, {"what": "what made the tickets hard", "indicators": mix}, *most]


SIGNAL = Signal(
    id="ES2",
    name="hard-ticket dose",
    subject="agent",
    values=VALUES,
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    helpers=("hard_in_shift",),
)
