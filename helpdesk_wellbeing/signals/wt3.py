"""WT3, average week over the preset's reference periods; leave days leave hours and contract days alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import day_number
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.calendar import (
    first_days,
    instants,
    is_contract_day,
    judged_at,
    leave_days,
    stretch_dates,
    week_of,
    with_person,
)
from helpdesk_wellbeing.signals.moments import passes_four
from helpdesk_wellbeing.signals.presets import Average, presets
from helpdesk_wellbeing.signals.rows import evidence, finish, known_agents, not_assessable, nothing
from helpdesk_wellbeing.signals.windows import Floats

COLUMNS = ("average_h", "limit_h", "weeks", "ratio")
LONGEST = 24  # weeks
OBSERVED_SHARE = 0.5  # of a reference period, in weeks since the first event
CONTRACT_DAYS = 5  # a week


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row at the 04:00 after each completed week, for the average nearest to its limit.

    It falls when the week that just ended shows any activity.
    """
    first, last = stretch_dates(facts)
    ends = [day for day in _dates(first, last) if week_of(day + timedelta(1), facts.week_start) == day + timedelta(1)]
    if not ends or facts.days.is_empty():
        return nothing(COLUMNS)
    return finish(averages(facts, ends), facts, COLUMNS)


def averages(facts: Facts, ends: list[date]) -> pl.DataFrame:
    """Per agent and last day of a completed week: the average nearest to its limit of those that may be judged.

    `ends` are consecutive last days of weeks. Columns of an evaluation before `finish`.
    """
    first = ends[0] - timedelta(7 * LONGEST - 1)
    weeks = LONGEST - 1 + len(ends)
    days = facts.days.filter(pl.col("date").is_between(first, ends[-1]))
    leave = leave_days(facts.directory, first, ends[-1])
    counted = days if leave.is_empty() else days.join(leave, on=["agent", "date"], how="anti")
    agents = days["agent"].rle().struct.field("value").unique().sort()
    began = first_days(facts).filter(pl.col("agent").is_in(agents.implode()))
    first_week = (began["began"].to_physical().to_numpy().astype(np.int64) - day_number(first)) // 7
    shape = (len(agents), weeks)
    active = _by_week(counted, agents, first, shape, counted["active_30"].dt.total_microseconds())
    low = _by_week(days, agents, first, shape, (days["grade"] == "B").cast(pl.Int64))
    contract = np.full(shape, float(CONTRACT_DAYS))
    if not leave.is_empty():
        off = with_person(leave.filter(pl.col("agent").is_in(agents.to_list())), facts.directory)
        off = off.filter(is_contract_day(off["schedule"], off["date"]))
        contract -= _by_week(off, agents, first, shape, pl.Series(np.ones(len(off), dtype=np.int64)))
    unseen = np.arange(weeks)[None, :] < first_week[:, None]
    active[unseen] = 0.0
    contract[unseen] = 0.0

    judged = with_person(
        agents.alias("agent").to_frame().join(pl.Series("date", ends).to_frame(), how="cross"),
        facts.directory,
    )
    observed = np.arange(LONGEST, weeks + 1)[None, :] - np.maximum(first_week, 0)[:, None]
    found = _worst(judged["preset"], active, contract, observed)
    return (
        judged.with_columns(
            at=judged_at(judged["zone"], judged["date"]),
            **{name: pl.Series(values, nan_to_null=True) for name, values in found.items()},
            low_grade=pl.Series(_rolling(low, LONGEST).ravel() > 0),
            raises=pl.lit(value=True),
            falls=pl.Series(active[:, LONGEST - 1 :].ravel() > 0),
            window_end=instants(judged["zone"], judged["date"], 0, shift_days=1),
        )
        .drop_nulls("ratio")
        .pipe(_with_window_start)
    )


def _with_window_start(rows: pl.DataFrame) -> pl.DataFrame:
    reach = rows["weeks"].cast(pl.Int64) * 7 - 1
    begin = rows["date"] - (reach * 86_400_000).cast(pl.Duration("ms"))
    return rows.with_columns(window_start=instants(rows["zone"], begin, 0))


def _worst(preset: pl.Series, active: Floats, contract: Floats, observed: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """The average nearest to its limit, row by row; NaN where none may be judged."""
    cells = observed.size
    found = {name: np.full(cells, np.nan) for name in COLUMNS}
    for name, numbers in presets().items():
        of_preset = (preset == name).to_numpy()
        if not of_preset.any():
            continue
        for average in numbers.averages:
            value = _average(average, active, contract, observed)
            ratio = value / average.limit_h
            better = of_preset & ~np.isnan(ratio) & ~(ratio <= found["ratio"])
            found["average_h"][better] = value[better]
            found["limit_h"][better] = average.limit_h
            found["weeks"][better] = average.weeks
            found["ratio"][better] = ratio[better]
    return found


def _average(average: Average, active: Floats, contract: Floats, observed: npt.NDArray[np.int64]) -> Floats:
    """Hours a week over the last weeks of the reference period; NaN where too little of it was observed."""
    days = _rolling(contract, average.weeks)
    enough = (np.minimum(observed, average.weeks) >= OBSERVED_SHARE * average.weeks) & (days > 0)
    hours = _rolling(active, average.weeks) / 3.6e9
    return np.where(enough, hours / np.where(days > 0, days, np.nan) * CONTRACT_DAYS, np.nan).ravel()


def _rolling(weeks: Floats, width: int) -> Floats:
    """Sums over `width` weeks, ending at each week from the LONGEST-th on."""
    running = np.concatenate([np.zeros((len(weeks), 1)), np.cumsum(weeks, axis=1)], axis=1)
    return np.asarray(running[:, LONGEST:] - running[:, LONGEST - width : running.shape[1] - width])


def _by_week(days: pl.DataFrame, agents: pl.Series, first: date, shape: tuple[int, int], values: pl.Series) -> Floats:
    runs = days["agent"].rle()  # sorted, so there are few
    known = agents.search_sorted(runs.struct.field("value")).to_numpy().astype(np.int64)
    row = np.repeat(known, runs.struct.field("len").to_numpy())
    week = (days["date"].to_physical().to_numpy().astype(np.int64) - day_number(first)) // 7
    sums = np.bincount(row * shape[1] + week, weights=values.to_numpy(), minlength=shape[0] * shape[1])
    return sums.reshape(shape).astype(np.float64)


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(step) for step in range((last - first).days + 1)]


def _judged_agents(facts: Facts) -> list[str]:
    """Agents of whom the last completed week could be judged."""
    last = week_of(facts.until.date(), facts.week_start) - timedelta(1)
    rows = averages(facts, [last - timedelta(7), last])
    return rows.filter(pl.col("at") <= facts.until)["agent"].unique().to_list()


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without events in the reference period, without a limit, or with less than half of every period seen."""
    agents = known_agents(facts)
    longest = {
        name: max((average.weeks for average in numbers.averages), default=0) for name, numbers in presets().items()
    }
    judged = _judged_agents(facts) if not facts.days.is_empty() else []
    agents = agents.join(first_days(facts), on="agent", how="left", maintain_order="left").with_columns(
        reach=pl.col("preset").replace_strict(longest, return_dtype=pl.Int64)
    )
    window_start = pl.lit(facts.until.date()) - pl.duration(days=7 * pl.col("reach"))
    reason = (
        pl.when(pl.col("reach") == 0)
        .then(pl.lit("no limit in preset"))
        .when(pl.col("latest").is_null() | (pl.col("latest") < window_start))
        .then(pl.lit("no events in window"))
        .when(~pl.col("agent").is_in(judged))
        .then(pl.lit("projection"))
    )
    return not_assessable(agents, facts, reason, 7 * LONGEST)


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The weeks of the reference period: hours with their band, leave days, days without data."""
    last: date = instance["date"]
    first = last - timedelta(7 * int(instance["weeks"]) - 1)
    dates = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    mine = facts.days_of(subject)
    leave = leave_days(facts.directory, first, last).filter(pl.col("agent") == subject)
    rows = dates.join(mine, on="date", how="left", maintain_order="left").with_columns(
        week=pl.lit(first) + pl.duration(days=7 * ((pl.col("date") - pl.lit(first)).dt.total_days() // 7)),
        leave=pl.col("date").is_in(leave["date"].to_list()),
    )
    weekly = rows.group_by("week", maintain_order=True).agg(
        week_h=pl.col("active_30").filter(~pl.col("leave")).sum().dt.total_microseconds() / 3.6e9,
        week_15_h=pl.col("active_15").filter(~pl.col("leave")).sum().dt.total_microseconds() / 3.6e9,
        week_60_h=pl.col("active_60").filter(~pl.col("leave")).sum().dt.total_microseconds() / 3.6e9,
        leave_days=pl.col("leave").sum(),
        days_without_data=(pl.col("work_events").is_null() & ~pl.col("leave")).sum(),
    )
    return evidence(weekly)


SIGNAL = Signal(
    id="WT3",
    name="average week over reference period",
    subject="agent",
    values=("average_h", "limit_h", "weeks"),
    helpers=("ratio",),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("days",),
    wakes=passes_four,
)
