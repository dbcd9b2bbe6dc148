"""People, groups and holidays of a helpdesk as the frames of a roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from connectors.schedules import Schedule
from helpdesk_wellbeing.feed import HOLIDAYS
from helpdesk_wellbeing.people import GROUPS, PEOPLE


def people_frame(rows: Sequence[dict[str, Any]], belongs: dict[str, list[str]]) -> pl.DataFrame:
    """Rows of the people table: id, name, zone and groups; the rest is not the platform's to know."""
    frame = pl.DataFrame(
        {
            "agent": pl.Series([str(row["id"]) for row in rows], dtype=pl.String),
            "name": pl.Series([row.get("name") for row in rows], dtype=pl.String),
            "time_zone": pl.Series([row.get("zone") for row in rows], dtype=pl.String),
            "groups": pl.Series([sorted(belongs.get(str(row["id"]), [])) for row in rows], dtype=pl.List(pl.String)),
        }
    )
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in PEOPLE.items() if name not in frame.columns]
    return frame.with_columns(missing).select(PEOPLE.names())


def groups_frame(rows: Sequence[dict[str, Any]], schedules: Sequence[Schedule | None]) -> pl.DataFrame:
    """Rows of the groups table; `schedules` has the one of each group."""
    frame = pl.DataFrame(
        {
            "group": pl.Series([str(row["id"]) for row in rows], dtype=pl.String),
            "name": pl.Series([row.get("name") for row in rows], dtype=pl.String),
            "time_zone": pl.Series([schedule.zone if schedule else None for schedule in schedules], dtype=pl.String),
            "schedule": pl.Series([schedule.hours if schedule else None for schedule in schedules], dtype=pl.String),
        }
    )
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in GROUPS.items() if name not in frame.columns]
    return frame.with_columns(missing).select(GROUPS.names())


def holidays_frame(schedules: Sequence[Schedule]) -> pl.DataFrame:
    """Days on which a schedule does not hold."""
    rows: list[tuple[str, str, date, date]] = [
        (schedule.name, name, first, last) for schedule in schedules for name, first, last in schedule.holidays
    ]
    return pl.DataFrame(rows, schema=HOLIDAYS, orient="row")


def account_zone(schedules: Sequence[Schedule], people: pl.DataFrame) -> str | None:
    """The zone of the first schedule; without schedules the one that most people have."""
    for schedule in schedules:
        if schedule.zone:
            return schedule.zone
    zones = Counter(people["time_zone"].drop_nulls().to_list())
    return min(zones, key=lambda zone: (-zones[zone], zone)) if zones else None
