"""LD4, team imbalance: open work against scheduled hours, colleague by colleague, at five snapshots a day.

A team is a group of the directory. Its members are those whose shift plan is known, who are neither
excluded nor shared nor on leave and have hours in the five dates from the snapshot's on. A member's open
work counts whole, whichever group its tickets are in.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.events import UTC
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.people import Directory
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.moments import load_is_taken, local_instants, passes_four
from helpdesk_wellbeing.signals.rounds import (
    evaluation_frame,
    instance_end,
    instance_value,
    known,
    not_assessable,
    rounds_of,
)
from helpdesk_wellbeing.signals.worked_days import (
    Bools,
    Floats,
    Ints,
    agent_rows,
    roster,
)

CAPACITY_DAYS = 5
FOLLOWED_AT_LEAST = timedelta(days=2)  # a rule looks at snapshots of several days
MINIMUM_AGENTS = 3
MINIMUM_WEIGHT = 10.0  # normal tickets, over the team
MEMBERS_SHOWN = timedelta(days=8)  # how long after its last instance a flag shows the team's bars
MEMORY = ("last_max", "last_min", "last_at")


@once_per_object
def _membership(directory: Directory) -> pl.DataFrame:
    """group, agent and the dates (days since 1970) from which and before which the agent belongs to it."""
    people = directory.people.sort("agent", "valid_from", nulls_last=False)
    start = pl.col("valid_from").to_physical().cast(pl.Int64).fill_null(-(10**6))
    return (
        people.with_columns(first=start)
        .with_columns(end=pl.col("first").shift(-1).over("agent").fill_null(10**6))
        .explode("groups")
        .drop_nulls("groups")
        .select("agent", "first", "end", group="groups")
    )


def _capacity(facts: Facts, agents: list[str], first_day: int, days: int) -> tuple[Floats, Bools]:
    """Hours planned from each date on for five dates, and who is there to be compared; grids of [agent,
    date].
    """
    grid = roster(facts, agents, first_day, days + CAPACITY_DAYS)
    minutes = np.where(grid.scheduled, grid.scheduled_minutes, 0)
    total = np.concatenate([np.zeros((len(agents), 1), dtype=np.int64), np.cumsum(minutes, axis=1)], axis=1)
    ahead = total[:, CAPACITY_DAYS : CAPACITY_DAYS + days] - total[:, :days]
    there = ~grid.on_leave[:, :days] & ~grid.barred[:, :days] & (ahead > 0)
    return ahead / 60, there


def _team_ratios(facts: Facts, loads: pl.DataFrame) -> pl.DataFrame:
    """at, group, max_ratio, min_ratio of every snapshot at which a team can be compared."""
    members = _membership(facts.directory)
    agents = sorted(members["agent"].unique().to_list())
    shape = {
        "at": loads["at"].dtype,
        "group": pl.String(),
        "max_ratio": pl.Float64(),
        "min_ratio": pl.Float64(),
    }
    if not agents or not loads.height:
        return pl.DataFrame(schema=shape)
    snapshots = loads["at"].unique().sort()
    at = snapshots.dt.timestamp("us").to_numpy().astype(np.int64)
    date_column = snapshots.dt.convert_time_zone(facts.zone).dt.date()
    day = date_column.to_physical().to_numpy().astype(np.int64)
    first_day = int(day.min())
    hours, there = _capacity(facts, agents, first_day, int(day.max()) - first_day + 1)
    shared_since = roster(facts, agents, first_day, 1).shared_since
    weight = np.zeros((len(agents), len(at)))
    mine = loads.filter(pl.col("agent").is_in(agents))
    column = np.searchsorted(at, mine["at"].dt.timestamp("us").to_numpy())
    weight[agent_rows(mine["agent"], agents), column] = mine["weight"].to_numpy()

    found: list[pl.DataFrame] = []
    for (group,), rows in members.group_by("group", maintain_order=True):
        who = agent_rows(rows["agent"], agents)
        belongs = (day >= rows["first"].to_numpy()[:, None]) & (day < rows["end"].to_numpy()[:, None])
        counts = belongs & there[who][:, day - first_day] & (at < shared_since[who][:, None])
        highest, lowest, enough = _ratios(weight[who], hours[who][:, day - first_day], counts)
        found.append(
            pl.DataFrame(
                {
                    "at": snapshots.filter(pl.Series(enough)),
                    "group": pl.Series([group] * int(enough.sum()), dtype=pl.String),
                    "max_ratio": highest[enough],
                    "min_ratio": lowest[enough],
                }
            )
        )
    return pl.concat(found).sort("group", "at")


def _ratios(weight: Floats, hours: Floats, counts: Bools) -> tuple[Floats, Floats, Bools]:
    """Highest ratio of each snapshot, lowest among the others, and whether there is enough to compare."""
    ratios = team_ratios(weight, hours, counts)
    enough = (counts.sum(axis=0) >= MINIMUM_AGENTS) & (
        np.where(counts, weight, 0).sum(axis=0) >= MINIMUM_WEIGHT * ONE_TICKET
    )
    highest = np.where(counts, ratios, -np.inf)
    lowest = np.where(counts, ratios, np.inf)
    return highest.max(axis=0), lowest.min(axis=0), enough


def team_ratios(weight: Floats, hours: Floats, counts: Bools | None = None) -> Floats:
    """(W / cap) over (sum of W / sum of cap), a column a snapshot; NaN for those who do not count."""
    taken = np.ones(weight.shape, dtype=bool) if counts is None else counts
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(taken, weight, 0).sum(axis=0) / np.where(taken, hours, 0).sum(axis=0)
        return np.where(taken, weight / hours / mean, np.nan)


def evaluate(facts: Facts, memory: pl.DataFrame) -> Generator[pl.DataFrame, frozenset[str], None]:
    """A row a snapshot that may raise; at 04:00 of the account's zone one that may fall, with the last
    snapshot's values.

    The last snapshot is remembered, because the stretch may have been cut between it and 04:00.
    """
    found = _team_ratios(facts, facts.loads.filter(pl.col("at") > facts.since))
    raising = found.with_columns(seen_at="at", raises=pl.lit(True))
    rows = pl.concat([raising, _falling(facts, found, memory)]).sort("group", "at", "raises")
    teams = rows["group"].unique().sort().to_list()
    subject = agent_rows(rows["group"], teams)
    at, seen_at = _micros(rows["at"]), _micros(rows["seen_at"])
    values = {name: rows[name].to_numpy() for name in SIGNAL.values}
    frame = evaluation_frame(
        subject=rows["group"],
        at=at,
        date=rows["at"].dt.convert_time_zone(facts.zone).dt.date().to_physical().to_numpy(),
        raises=rows["raises"].to_numpy(),
        falls=~rows["raises"].to_numpy(),
        grade_b=np.full(rows.height, facts.grade_b_changes),
        window_start=seen_at,
        window_end=seen_at,
        values={
            **values,
            "last_max": values["max_ratio"],
            "last_min": values["min_ratio"],
            "last_at": seen_at.astype(np.float64),
        },
    )
    for positions in rounds_of(subject, at):
        yield frame[positions]


def _falling(facts: Facts, found: pl.DataFrame, memory: pl.DataFrame) -> pl.DataFrame:
    """A row a team and 04:00 that had a snapshot since the 04:00 before."""
    remembered = memory.drop_nulls("last_at").select(
        at=pl.col("last_at").cast(pl.Int64).cast(UTC),
        group="subject",
        max_ratio="last_max",
        min_ratio="last_min",
    )
    seen = pl.concat([remembered, found]).with_columns(seen_at="at").sort("at")
    fours = _fours(facts)
    return (
        seen.select(pl.col("group").unique())
        .join(fours, how="cross")
        .sort("at")
        .join_asof(seen, on="at", by="group", check_sortedness=False)
        .filter(pl.col("seen_at") > pl.col("before"))
        .select("at", "group", "max_ratio", "min_ratio", "seen_at", raises=pl.lit(False))
    )


def _fours(facts: Facts) -> pl.DataFrame:
    """04:00 of the account's zone inside the stretch, each with the one before."""
    first = day_number(facts.since.date()) - 2
    days = day_number(facts.until.date()) - first + 2
    at = pl.Series(local_instants(facts.zone, first, days, 4)).cast(UTC)
    return pl.DataFrame({"at": at, "before": at.shift(1)}).filter(
        (pl.col("at") > facts.since) & (pl.col("at") <= facts.until)
    )


def _micros(series: pl.Series) -> Ints:
    return series.dt.timestamp("us").to_numpy().astype(np.int64)


def assess(facts: Facts) -> pl.DataFrame:
    """Teams whose shift plan is unknown, that are too small to compare, or whose work is followed since lately only."""
    today = day_number(facts.until.astimezone(ZoneInfo(facts.zone)).date())
    members = _membership(facts.directory).filter((pl.col("first") <= today) & (pl.col("end") > today))
    agents = sorted(members["agent"].unique().to_list())
    grid = roster(facts, agents, today, 1)
    person = {a for i, a in enumerate(agents) if not grid.barred[i, 0] and a not in facts.shared}
    planned = {a for i, a in enumerate(agents) if grid.scheduled_minutes[i, 0] >= 0} & person
    reasons: dict[str, str | None] = {}
    known_groups = {*facts.directory.groups["group"], *facts.queues["group"], *members["group"]}
    by_group = {group: set(rows["agent"]) for (group,), rows in members.group_by("group")}
    for group in known_groups - {None}:
        team = by_group.get(group, set()) & person
        if len(team & planned) >= MINIMUM_AGENTS:
            if not facts.is_followed(facts.until - FOLLOWED_AT_LEAST):
                reasons[group] = "too few days"
            continue
        reasons[group] = "too few comparisons" if team and team <= planned else "no schedule"
    return not_assessable(reasons)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bars without names: letters from the heaviest to the lightest, as ratios to the team's mean."""
    at = instance_end(instance, facts.until)
    evidence: list[dict[str, Any]] = [
        {
            "what": "open work per scheduled hour of the next five days, against the team's mean",
            "max_ratio": known(instance_value(instance, "max_ratio")),
            "min_ratio": known(instance_value(instance, "min_ratio")),
        }
    ]
    bars = _bars(facts, subject, at)
    if bars:
        evidence.append({"what": "team without names", "members": bars})
    return evidence


def _bars(facts: Facts, group: str, at: datetime) -> list[dict[str, Any]]:
    loads = facts.loads.filter((pl.col("at") == at) & (pl.col("at") >= facts.until - MEMBERS_SHOWN))
    day = day_number(at.astimezone(ZoneInfo(facts.zone)).date())
    members = _membership(facts.directory).filter(
        (pl.col("group") == group) & (pl.col("first") <= day) & (pl.col("end") > day)
    )
    agents = sorted(members["agent"].unique().to_list())
    if not loads.height or not agents:
        return []
    hours, there = _capacity(facts, agents, day, 1)
    grid = roster(facts, agents, day, 1)
    weight = np.zeros((len(agents), 1))
    mine = loads.filter(pl.col("agent").is_in(agents))
    weight[agent_rows(mine["agent"], agents), 0] = mine["weight"].to_numpy()
    ratios = team_ratios(weight, hours, there & (grid.shared_since > micros(at))[:, None])[:, 0]
    ordered = sorted((float(r) for r in ratios if np.isfinite(r)), reverse=True)
    return [{"member": _letter(i), "ratio": round(r, 3)} for i, r in enumerate(ordered)]


def _letter(i: int) -> str:
    return chr(ord("A") + i) if i < 26 else f"{chr(ord('A') + i // 26 - 1)}{chr(ord('A') + i % 26)}"


SIGNAL = Signal(
    id="LD4",
    name="team imbalance",
    subject="team",
    values=("max_ratio", "min_ratio"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("loads",),
    wakes=lambda facts: load_is_taken(facts) or passes_four(facts),
    memory=MEMORY,
)
