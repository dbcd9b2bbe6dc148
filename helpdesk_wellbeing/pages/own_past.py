"""One agent against their own past: what each signal measures, week after week, as a series for a chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.series import Line, OverTime, Point, median
from helpdesk_wellbeing.signals.presets import Preset
from helpdesk_wellbeing.signals.wt2 import CRITICAL_H

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

Values = Mapping[str, float | int | None]
HOUR = 3.6e9  # microseconds
WEEK = timedelta(days=7)
LONGEST_DAILY_REST = 24.0  # hours; a longer one is a free day, about which WT4 says nothing
EVENTS_OF_A_SHIFT = 20  # fewer show nothing about pauses (WT6)
_NO_HARD = pl.DataFrame(schema={"date": pl.Date(), "hard": pl.UInt32()})


@dataclass(frozen=True)
class Mine:
    """An agent's facts, and the numbers that hold for them."""

    shifts: pl.DataFrame
    days: pl.DataFrame
    hard: pl.DataFrame  # date, hard
    preset: Preset
    contract_h: float
    week_start: int
    until: date  # the account's last day of which something is known; it may still run

    @staticmethod
    def of(known: Known, account: str, agent: str, now: datetime, *, with_hard: bool = False) -> Mine:
        """From what is kept; hard tickets only where they are asked for, because there are many."""
        hard = held.of_subject(held.hard_handled(known, account), agent) if with_hard else _NO_HARD
        row = held.person(known, account, agent, now.date())
        of = known.store.account(account)
        until = (known.evaluated(account) or now).astimezone(ZoneInfo(of.zone)).date()
        return Mine(
            held.of_agent(known, account, "shifts", agent),
            held.of_agent(known, account, "days", agent),
            hard.select("date", "hard"),
            held.preset_of(row),
            held.contract_hours(row),
            of.week_start,
            until,
        )


def own_past(signal: str, mine: Mine, values: Values | None = None) -> OverTime | None:
    """The series of a signal, with the limits of the flag (`values`) or of the preset; None where there is none.

    Observed spans are lower bounds and observed rests upper ones, so bands are what the gap between two events may be.
    """
    make = _SERIES.get(signal)
    made = make(mine, values or {}) if make else None
    return made if made is not None and any(p.value is not None for p in made.points) else None


def _wt1(mine: Mine, values: Values) -> OverTime:
    shifts = mine.shifts.filter(pl.col("work_events") >= 10)
    points = _banded(shifts.select("date", *_hours("active_30", "active_15", "active_60")))
    lines = [Line("limit", _of(values, "limit_h", mine.preset.limit_h)), Line("warns", mine.preset.warn_h)]
    return _with_usual("active_h", "shift", points, lines)


def _weekly(mine: Mine, values: Values, limit: Line | None) -> OverTime:
    sums = (pl.col(f"active_{gap}").sum().dt.total_microseconds() / HOUR for gap in (30, 15, 60))
    weeks = _by_week(mine.days, mine, *sums)
    return _with_usual("week_h", "week", _banded(weeks), [limit] if limit else [])


def _wt2(mine: Mine, values: Values) -> OverTime:
    return _weekly(mine, values, Line("limit", _of(values, "limit_h", CRITICAL_H)))


def _wt3(mine: Mine, values: Values) -> OverTime:
    known = values.get("limit_h") or min((a.limit_h for a in mine.preset.averages), default=None)
    return _weekly(mine, values, None if known is None else Line("limit", float(known)))


def _rests(mine: Mine) -> pl.DataFrame:
    between = (pl.col("start") - pl.col("end").shift(1)).dt.total_microseconds() / HOUR
    return mine.shifts.select("date", rest_h=between).drop_nulls()


def _wt4(mine: Mine, values: Values) -> OverTime:
    rests = _rests(mine).filter(pl.col("rest_h") <= LONGEST_DAILY_REST)
    limit = Line("limit", _of(values, "required_h", mine.preset.daily_rest_h))
    return OverTime("rest_h", "rest", _plain(rests), (limit,), "below")


def _wt5(mine: Mine, values: Values) -> OverTime:
    """As the signal has it: at the end of each shift, of rests that ended within seven days; of seven known ones."""
    shifts = mine.shifts.sort("start")
    rests = shifts.select("start", rest_h=(pl.col("start") - pl.col("end").shift(1)).dt.total_microseconds() / HOUR)
    points = []
    for day, end in shifts.select("date", "end").iter_rows():
        is_known = end - shifts["start"][0] >= WEEK
        recent = rests.filter((pl.col("start") > end - WEEK) & (pl.col("start") <= end))["rest_h"]
        longest = recent.max() if is_known else None
        points.append((day, longest))
    made = _plain(pl.DataFrame(points, schema={"date": pl.Date(), "longest": pl.Float64()}, orient="row"))
    limit = Line("limit", _of(values, "required_h", mine.preset.weekly_rest_h))
    return OverTime("longest_rest_7d_h", "shift", made, (limit,), "below")


def _wt6(mine: Mine, values: Values) -> OverTime:
    shifts = mine.shifts.filter(pl.col("work_events") >= EVENTS_OF_A_SHIFT)
    breaks = shifts.select("date", breaks=pl.col("breaks").dt.total_microseconds() / 6e7)
    needed = values.get("needed_min") or max((b.need_min for b in mine.preset.breaks), default=0)
    return OverTime("breaks_min", "shift", _plain(breaks), (Line("limit", float(needed)),), "below")


def _wt7(mine: Mine, values: Values) -> OverTime:
    days = mine.days.filter(pl.col("after_hours").is_not_null())
    weeks = _by_week(days, mine, pl.col("after_hours").sum().dt.total_microseconds() / HOUR)
    return _with_usual("after_hours_h", "week", _plain(weeks), [Line("warns", 2.0)])


def _wt8(mine: Mine, values: Values) -> OverTime:
    nights = mine.shifts.select("date", night=pl.col("night").dt.total_microseconds() / HOUR)
    return OverTime("night_h", "week", _plain(_by_week(nights, mine, pl.col("night").sum())))


def _ld1(mine: Mine, values: Values) -> OverTime:
    first = mine.shifts.filter(pl.col("open_weight").is_not_null()).unique("date", keep="first", maintain_order=True)
    points = _plain(first.select("date", pl.col("open_weight") / ONE_TICKET))
    usual = values.get("median_weight")
    lines = [] if usual is None else [Line("usual", float(usual))]
    made = OverTime("open_weight", "day", points, tuple(lines))
    return made if lines else _with_usual("open_weight", "day", points, [])


def _ld3(mine: Mine, values: Values) -> OverTime:
    worked = mine.days.filter(pl.col("touched_weight") > 0).tail(60)
    return _with_usual(
        "touched_weight", "day", _plain(worked.select("date", pl.col("touched_weight") / ONE_TICKET)), []
    )


def _es2(mine: Mine, values: Values) -> OverTime:
    return _with_usual("hard", "week", _plain(_by_week(mine.hard, mine, pl.col("hard").sum())), [])


_SERIES: Mapping[str, Callable[[Mine, Values], OverTime]] = {
    "WT1": _wt1, "WT2": _wt2, "WT3": _wt3, "WT4": _wt4, "WT5": _wt5, "WT6": _wt6, "WT7": _wt7, "WT8": _wt8,
    "LD1": _ld1, "LD3": _ld3, "ES2": _es2,
}  # fmt: skip


def _of(values: Values, name: str, otherwise: float) -> float:
    value = values.get(name)
    return otherwise if value is None else float(value)


def _hours(*names: str) -> list[pl.Expr]:
    return [pl.col(name).dt.total_microseconds() / HOUR for name in names]


def _by_week(frame: pl.DataFrame, mine: Mine, *sums: pl.Expr) -> pl.DataFrame:
    """By the week's first day: of a week that the beginning of the data cuts off nothing is known; the one that still
    runs is left out."""
    past = (pl.col("date").dt.weekday() - 1 - mine.week_start) % 7
    weeks = (
        frame.with_columns(week=pl.col("date") - pl.duration(days=past))
        .filter(pl.col("week") + WEEK <= mine.until)
        .sort("week")
        .group_by("week", maintain_order=True)
        .agg(*sums)
    )
    begun = mine.days["date"].min()
    is_whole = pl.lit(value=True) if begun is None else pl.col("week") >= begun
    return weeks.with_columns(pl.when(is_whole).then(pl.exclude("week")))


def _plain(rows: pl.DataFrame) -> tuple[Point, ...]:
    return tuple(Point(day, None if value is None else round(value, 2)) for day, value in rows.rows())


def _banded(rows: pl.DataFrame) -> tuple[Point, ...]:
    return tuple(Point(day, *(None if one is None else round(one, 2) for one in more)) for day, *more in rows.rows())


def _with_usual(measure: str, each: Any, points: tuple[Point, ...], lines: list[Line]) -> OverTime:
    values = [p.value for p in points if p.value is not None]
    usual = median(values)
    more = [Line("usual", round(usual, 2))] if usual is not None and len(values) >= 4 else []
    return OverTime(measure, each, points, (*lines, *more))
