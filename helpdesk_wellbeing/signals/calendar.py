"""When agents are judged, and by what: 04:00 instants, people by date, worked days, contract days, leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import day_number
from helpdesk_wellbeing.people import DEFAULT_CONTRACT_HOURS, NO_PERSON, Directory
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.schedules import DAY_MINUTES, parse_schedule
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.moments import EVALUATION_HOUR, local_instants

Ints = npt.NDArray[np.int64]

DAY = 86_400_000_000  # microseconds
HOUR = 3_600_000_000
MINUTE = 60_000_000
WORKED_DAY = 60 * MINUTE  # active time from which a day counts as worked

MONDAY_TO_FRIDAY = 0b0011111
_FIRST_DATE = date(1, 1, 1)


# --- schedules ---


@cache
def scheduled_weekdays(schedule: str) -> int:
    """The weekdays of a schedule such as "Mon-Fri 09:00-17:30; Sat 10:00-14:00" as bits; Monday is bit 0.

    A window over midnight belongs to the weekday it begins on. Raises ConfigError for what it cannot read.
    """
    windows = parse_schedule(schedule)
    over_midnight = {(day + 1) % 7 for day, start, end in windows if start > 0 and end == DAY_MINUTES}
    begins = {day for day, start, _ in windows if start > 0 or day not in over_midnight}
    return sum(1 << day for day in begins)


@cache
def contract_weekdays(schedule: str | None) -> int:
    """The five weekdays of a five-day schedule, otherwise Monday to Friday, as bits; Monday is bit 0."""
    bits = scheduled_weekdays(schedule) if schedule else 0
    return bits if bits.bit_count() == 5 else MONDAY_TO_FRIDAY


# --- people by date ---


def with_person(frame: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """`frame` (has agent, date) with what held for that agent on that date; row order is kept.

    Adds zone (the account's where none is known), own_zone, preset, contract_hours, schedule, and left_out (excluded,
    or said to be shared or automation).
    """
    held = (pl.col("date") >= pl.col("_from")) & (pl.col("date") < pl.col("_to"))
    return (
        frame.lazy()
        .join(_spells(directory).lazy(), on="agent", how="left", maintain_order="left")
        .filter(pl.col("_from").is_null() | held)
        .drop("_from", "_to")
        .with_columns(_defaults(directory))
        .collect()
    )


def _defaults(directory: Directory) -> list[pl.Expr]:
    """What holds for people of whom nothing else is known."""
    return [
        pl.col("zone").fill_null(directory.zone),
        pl.col("own_zone").fill_null(value=False),
        pl.col("preset").fill_null(directory.preset),
        pl.col("contract_hours").fill_null(DEFAULT_CONTRACT_HOURS),
        pl.col("left_out").fill_null(value=False),
    ]


@once_per_object
def _spells(directory: Directory) -> pl.DataFrame:
    """People rows with the dates they hold, [_from, _to); an agent whose rows begin later gets a first, empty one."""
    rows = directory.people.select(
        "agent",
        zone=pl.col("time_zone"),
        own_zone=pl.col("time_zone").is_not_null(),
        preset="preset",
        contract_hours="contract_hours",
        schedule="schedule",
        left_out=pl.col("excluded").fill_null(value=False) | pl.col("identity").is_in(NO_PERSON).fill_null(value=False),
        _from=pl.col("valid_from").fill_null(_FIRST_DATE),
    )
    began = rows.group_by("agent").agg(pl.col("_from").min())
    unknown = began.filter(pl.col("_from") > _FIRST_DATE).select("agent", _from=pl.lit(_FIRST_DATE))
    return (
        pl.concat([rows, unknown], how="diagonal")
        .sort("agent", "_from", maintain_order=True)
        .unique(["agent", "_from"], keep="last", maintain_order=True)
        .with_columns(_to=pl.col("_from").shift(-1).over("agent").fill_null(date(9999, 12, 31)))
    )


def leave_days(directory: Directory, first: date, last: date) -> pl.DataFrame:
    """Each agent's leave days from `first` to `last` inclusive: agent, date; every day once."""
    inside = directory.leave.filter((pl.col("from") <= last) & (pl.col("to") >= first))
    return (
        inside.select(
            "agent",
            date=pl.date_ranges(pl.max_horizontal("from", pl.lit(first)), pl.min_horizontal("to", pl.lit(last))),
        )
        .explode("date")
        .drop_nulls()
        .unique()
        .sort("agent", "date")
    )


# --- instants ---


def instants(zones: pl.Series, dates: pl.Series, hour: int, shift_days: int = 0) -> pl.Series:
    """UTC instants of `hour`:00 in each row's zone, `shift_days` after each row's date."""
    days = dates.to_physical().to_numpy().astype(np.int64)
    found = np.zeros(len(days), dtype=np.int64)
    if len(days):
        low = int(days.min()) + shift_days
        span = int(days.max()) + shift_days - low + 1
        for zone, here in _by_zone(zones):
            table = local_instants(zone, low, span, hour)
            found[here] = table[days[here] + shift_days - low]
    return _as_utc(found)


def judged_at(zones: pl.Series, dates: pl.Series) -> pl.Series:
    """The 04:00 local that ends each row's date: the morning after, as UTC."""
    return instants(zones, dates, EVALUATION_HOUR, shift_days=1)


def next_evaluation(moments: pl.Series, zones: pl.Series) -> pl.Series:
    """The first 04:00 local at or after each moment, as UTC."""
    wanted = moments.dt.timestamp("us").to_numpy()
    found = np.zeros(len(wanted), dtype=np.int64)
    if len(wanted):
        first = datetime.fromtimestamp(int(wanted.min()) / 1e6, UTC).date() - timedelta(2)
        span = int((wanted.max() - wanted.min()) // DAY) + 6
        for zone, here in _by_zone(zones):
            table = local_instants(zone, day_number(first), span, EVALUATION_HOUR)
            found[here] = table[np.searchsorted(table, wanted[here], side="left")]
    return _as_utc(found)


def _by_zone(zones: pl.Series) -> Iterable[tuple[str, npt.NDArray[np.bool_]]]:
    names = zones.unique().to_list()
    if len(names) == 1:
        yield names[0], np.ones(len(zones), dtype=np.bool_)
        return
    for name in names:
        yield name, (zones == name).to_numpy()


def _as_utc(microseconds: Ints) -> pl.Series:
    return pl.Series("at", microseconds).cast(pl.Datetime("us", "UTC"))


# --- days ---


def stretch_dates(facts: Facts) -> tuple[date, date]:
    """First and last local date that an evaluation of the stretch can judge, whatever the zone."""
    begin = max(facts.since, facts.history_start)
    return begin.date() - timedelta(3), facts.until.date() + timedelta(1)


@once_per_object
def first_days(facts: Facts) -> pl.DataFrame:
    """The first and the last date of each agent in the days known: agent, began, latest; sorted."""
    return facts.days.group_by("agent").agg(began=pl.col("date").min(), latest=pl.col("date").max()).sort("agent")


@once_per_object
def judged_days(facts: Facts) -> pl.DataFrame:
    """Days with work whose 04:00 evaluation is in the stretch: the days frame with the person's columns and `at`."""
    first, last = stretch_dates(facts)
    days = facts.days.filter(pl.col("date").is_between(first, last) & (pl.col("work_events") > 0))
    judged = with_person(days, facts.directory)
    return in_stretch(judged.with_columns(at=judged_at(judged["zone"], judged["date"])), facts)


def in_stretch(frame: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Rows whose `at` is in (since, until]."""
    return frame.filter((pl.col("at") > facts.since) & (pl.col("at") <= facts.until))


def day_grid(facts: Facts, first: date, last: date, agents: pl.Series) -> pl.DataFrame:
    """One row per agent and date from `first` to `last`, with or without work, sorted: a dense grid.

    Adds to the person's columns: at (the 04:00 that judges the date), active and after_hours (microseconds;
    after_hours is null where not known), work_events, low_grade, leave, scheduled, worked, seen (not before the
    agent's first day).
    """
    agents = agents.unique().sort()
    if _recent(facts)[0] <= first and last <= _recent(facts)[1]:
        return _part_of(_recent_grid(facts), facts, first, last, agents)
    return _laid_out(facts, first, last, agents)


def _recent(facts: Facts) -> tuple[date, date]:
    """The dates that several signals look at in every evaluation: five weeks, and the rest of this one."""
    today = facts.until.date()
    return today - timedelta(37), today + timedelta(7)


@once_per_object
def _recent_grid(facts: Facts) -> pl.DataFrame:
    return _laid_out(facts, *_recent(facts), first_days(facts)["agent"])


def _part_of(grid: pl.DataFrame, facts: Facts, first: date, last: date, agents: pl.Series) -> pl.DataFrame:
    """The same grid of some dates and agents."""
    known = first_days(facts)["agent"]
    begin, end = _recent(facts)
    width = (end - begin).days + 1
    if not agents.is_in(known.implode()).all():
        return _laid_out(facts, first, last, agents)
    if len(agents) == 1:
        here = known.search_sorted(agents[0])
        return grid.slice(here * width + (first - begin).days, (last - first).days + 1)
    dates = np.arange((first - begin).days, (last - begin).days + 1)
    rows = known.search_sorted(agents).to_numpy().astype(np.int64)[:, None] * width + dates
    return grid[rows.ravel()]


def _laid_out(facts: Facts, first: date, last: date, agents: pl.Series) -> pl.DataFrame:
    width = (last - first).days + 1
    dates = pl.Series("date", np.tile(np.arange(width, dtype=np.int32) + day_number(first), len(agents))).cast(pl.Date)
    grid = _people_on_grid(facts.directory, agents, first, width).with_columns(dates)
    days = facts.days.filter(pl.col("date").is_between(first, last))
    days, cells = _cells(days, agents, first, width)
    _, off = _cells(leave_days(facts.directory, first, last), agents, first, width)
    began = agents.to_frame("agent").join(first_days(facts), on="agent", how="left", maintain_order="left")["began"]
    seen = dates.to_physical().to_numpy() >= np.repeat(began.to_physical().fill_null(2**30).to_numpy(), width)

    def spread(values: pl.Series, empty: float) -> pl.Series:
        spread_out = np.full(len(grid), empty, dtype=np.float64 if np.isnan(empty) else np.int64)
        spread_out[cells] = values.to_numpy()
        return pl.Series(spread_out, nan_to_null=True)

    on_leave = np.zeros(len(grid), dtype=np.bool_)
    on_leave[off] = True
    active = spread(days["active_30"].dt.total_microseconds(), 0)
    scheduled = is_on(grid["schedule"], dates)
    counted = scheduled.to_numpy() & ~on_leave & seen
    return grid.with_columns(
        at=judged_at(grid["zone"], dates),
        active=active,
        after_hours=spread(days["after_hours"].dt.total_microseconds().cast(pl.Float64), np.nan),
        work_events=spread(days["work_events"], 0),
        low_grade=spread((days["grade"] == "B").cast(pl.Int64), 0) == 1,
        leave=pl.Series(on_leave),
        scheduled=scheduled,
        seen=pl.Series(seen),
        worked=pl.Series((active.to_numpy() >= WORKED_DAY) | counted),
    )


def _people_on_grid(directory: Directory, agents: pl.Series, first: date, width: int) -> pl.DataFrame:
    """`with_person` for every agent on every one of `width` dates, without a join of so many rows."""
    people = _coded_people(directory)
    spells = _spells(directory).with_row_index("_row").filter(pl.col("agent").is_in(agents.implode()))
    of_agent = agents.search_sorted(spells["agent"]).to_numpy()
    start = spells["_from"].to_physical().to_numpy().astype(np.int64) - day_number(first)
    known = spells["_row"].to_numpy().astype(np.int64)
    nobody = len(people) - 1
    row = np.full((len(agents), width), nobody, dtype=np.int64)
    alone = np.flatnonzero(start <= 0)  # later rows of the same agent, ordered by date, overwrite earlier ones
    row[of_agent[alone]] = known[alone, None]
    for later in np.flatnonzero((start > 0) & (start < width)):
        row[of_agent[later], start[later] :] = known[later]
    named = agents.gather(np.repeat(np.arange(len(agents)), width)).alias("agent")
    return people[row.ravel()].insert_column(0, named)


@once_per_object
def _coded_people(directory: Directory) -> pl.DataFrame:
    """The person's columns of every spell, and in the last row those of nobody in particular.

    Words are categories, so that many rows are numbers to be gathered, not texts.
    """
    spells = _spells(directory).drop("agent", "_from", "_to")
    nobody = pl.DataFrame({name: [None] for name in spells.columns}, schema=spells.schema)
    people = pl.concat([spells, nobody]).with_columns(_defaults(directory))
    return people.with_columns(pl.col("zone", "preset", "schedule").cast(pl.Categorical))


def _cells(rows: pl.DataFrame, agents: pl.Series, first: date, width: int) -> tuple[pl.DataFrame, Ints]:
    """The rows of these agents, and where in a grid of theirs each one is."""
    if not rows["agent"].is_in(agents.to_list()).all():
        rows = rows.filter(pl.col("agent").is_in(agents.to_list()))
    place = agents.search_sorted(rows["agent"]).to_numpy().astype(np.int64) * width
    return rows, place + rows["date"].to_physical().to_numpy() - day_number(first)


def is_on(schedules: pl.Series, dates: pl.Series) -> pl.Series:
    """Whether each row's schedule has a window beginning on each row's date; False without a schedule."""
    return _on_weekday(schedules, dates, lambda text: scheduled_weekdays(text) if text else 0)


def is_contract_day(schedules: pl.Series, dates: pl.Series) -> pl.Series:
    """Whether each row's date is one of the five contract weekdays (see `contract_weekdays`)."""
    return _on_weekday(schedules, dates, contract_weekdays)


def _on_weekday(schedules: pl.Series, dates: pl.Series, bits_of: Callable[[str | None], int]) -> pl.Series:
    weekday = dates.dt.weekday().to_numpy().astype(np.int64) - 1
    coded = schedules.cast(pl.Categorical)
    texts = coded.unique().drop_nulls()
    codes = coded.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    bits = np.full(int(codes.max(initial=-1)) + 2, bits_of(None), dtype=np.int64)  # the last one is for code -1
    bits[texts.to_physical().to_numpy()] = [bits_of(text) for text in texts]
    return pl.Series("scheduled", ((bits[codes] >> weekday) & 1).astype(np.bool_))


def week_of(day: date, week_start: int) -> date:
    """The first date of the week that holds `day`; `week_start` 0 = Monday."""
    return day - timedelta((day.weekday() - week_start) % 7)
