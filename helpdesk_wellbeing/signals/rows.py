"""What the working-time signals share: finishing frames of evaluations, assessing, plain evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from helpdesk_wellbeing.people import NO_PERSON
from helpdesk_wellbeing.signals.base import EVALUATION, NO_INPUT, NOT_ASSESSABLE, Facts
from helpdesk_wellbeing.signals.calendar import with_person


def finish(rows: pl.DataFrame, facts: Facts, columns: Sequence[str]) -> pl.DataFrame:
    """EVALUATION columns plus `columns`, sorted by subject and time, of this stretch, without people who are left out.

    `rows` has agent, left_out, low_grade and the columns named. Rows of an account recognised as shared end there.
    """
    inside = (pl.col("at") > facts.since) & (pl.col("at") <= facts.until)
    kept = rows.lazy().filter(~pl.col("left_out") & inside)
    if facts.shared:
        shared = pl.LazyFrame(
            {"agent": list(facts.shared), "_shared": list(facts.shared.values())},
            schema={"agent": pl.String(), "_shared": EVALUATION["at"]},
        )
        kept = kept.join(shared, on="agent", how="left", maintain_order="left").filter(
            pl.col("_shared").is_null() | (pl.col("at") < pl.col("_shared"))
        )
    return (
        kept.select(
            subject="agent",
            at=pl.col("at").cast(EVALUATION["at"]),
            date="date",
            raises="raises",
            falls="falls",
            grade=pl.when("low_grade").then(pl.lit("B")).otherwise(pl.lit("A")).cast(EVALUATION["grade"]),
            window_start=pl.col("window_start").cast(EVALUATION["window_start"]),
            window_end=pl.col("window_end").cast(EVALUATION["window_end"]),
            **{name: pl.col(name).cast(pl.Float64) for name in columns},
        )
        .sort("subject", "at", "date", "window_start", maintain_order=True)
        .collect()
    )


def nothing(columns: Sequence[str]) -> pl.DataFrame:
    """No evaluations."""
    return pl.DataFrame(schema={**EVALUATION, **dict.fromkeys(columns, pl.Float64())})


def hours(duration: str) -> pl.Expr:
    """A duration column in hours."""
    return pl.col(duration).dt.total_microseconds() / 3.6e9


def minutes(duration: str) -> pl.Expr:
    """A duration column in minutes."""
    return pl.col(duration).dt.total_microseconds() / 6e7


def doubled(least: int) -> pl.Expr:
    """Minimum evidence: twice as much where grade B is among it."""
    return pl.when("low_grade").then(2 * least).otherwise(least)


def enough_events(least: int) -> pl.Expr:
    """Shifts with so many work events; twice as many where grade B is among them."""
    return pl.col("work_events") >= pl.when(pl.col("grade") == "B").then(2 * least).otherwise(least)


def known_agents(facts: Facts) -> pl.DataFrame:
    """Agents of the directory or with days, as they stand on the date of `until`, without those found to be shared."""
    seen = pl.concat([facts.directory.people["agent"], facts.days["agent"]]).unique().sort()
    today = seen.alias("agent").to_frame().with_columns(date=pl.lit(facts.until.date()))
    return with_person(today.filter(~pl.col("agent").is_in(list(facts.shared))), facts.directory)


def not_assessable(agents: pl.DataFrame, facts: Facts, reason: pl.Expr, days: int) -> pl.DataFrame:
    """NOT_ASSESSABLE rows: excluded and shared people by their reason, the others by `reason` where it is not null.

    Where changes of tickets of the last `days` days name nobody, what was seen of a person's work may be over a limit,
    but never proves that it is within: then everybody has a reason.
    """
    if not facts.names_changes(days):
        reason = pl.coalesce(reason, pl.lit(NO_INPUT))
    identity = facts.directory.people.filter(pl.col("identity").is_in(NO_PERSON))["agent"]
    return (
        agents.select(
            subject="agent",
            reason=pl.when(~pl.col("left_out"))
            .then(reason)
            .when(pl.col("agent").is_in(identity.to_list()))
            .then(pl.lit("shared or automated"))
            .otherwise(pl.lit("excluded")),
        )
        .drop_nulls("reason")
        .cast(NOT_ASSESSABLE)
        .sort("subject")
    )


def without_events(facts: Facts, days: int) -> pl.Expr:
    """True for agents without a shift reaching into the last `days` days before `until`."""
    recent = agents_with(facts.shifts, pl.col("end") > facts.until - timedelta(days))
    return ~pl.col("agent").is_in(recent)


def agents_with(frame: pl.DataFrame, condition: pl.Expr) -> list[str]:
    """The agents of the rows that meet a condition; the other columns are not touched."""
    return frame.lazy().filter(condition).select(pl.col("agent").unique()).collect().to_series().to_list()


def window_of(instance: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The instance's window as aware UTC datetimes."""
    return instance["window_start"], instance["window_end"]


def said(value: Any) -> Any:
    """A value as evidence shows it: instants as ISO 8601 UTC, dates as ISO dates, hours with three decimals."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return round(value.total_seconds() / 3600, 3)
    if isinstance(value, float):
        return round(value, 3) if abs(value) >= 0.001 or value == 0 else float(f"{value:.3g}")
    return value


def evidence(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a small frame as evidence; what is not known is left out."""
    return [{name: said(value) for name, value in row.items() if value is not None} for row in frame.to_dicts()]


def shifts_between(facts: Facts, subject: str, start: datetime, end: datetime) -> pl.DataFrame:
    """The subject's shifts that overlap [start, end]."""
    return facts.shifts_of(subject).filter((pl.col("end") >= start) & (pl.col("start") <= end))


def shift_hours(shifts: pl.DataFrame) -> list[dict[str, Any]]:
    """Shifts as evidence: first and last instant, active hours with their band, work events."""
    return evidence(
        shifts.select(
            "date",
            first="start",
            last="end",
            active_h=hours("active_30"),
            active_15_h=hours("active_15"),
            active_60_h=hours("active_60"),
            work_events="work_events",
        )
    )


def days_between(facts: Facts, subject: str, first: date, last: date) -> pl.DataFrame:
    """The subject's days from `first` to `last` inclusive."""
    return facts.days_of(subject).filter(pl.col("date").is_between(first, last))


def day_hours(days: pl.DataFrame) -> list[dict[str, Any]]:
    """Days as evidence: first and last instant, active hours with their band."""
    return evidence(
        days.select(
            "date",
            "first",
            "last",
            active_h=hours("active_30"),
            active_15_h=hours("active_15"),
            active_60_h=hours("active_60"),
        )
    )
