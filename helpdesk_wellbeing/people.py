"""What no helpdesk knows about its people: zones, hours, schedules, leave, groups with tiers, on call."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.instants import parse_instants, zone_problem
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.schedules import parse_schedule
from helpdesk_wellbeing.tables import Reader, read_table
from helpdesk_wellbeing.words import did_you_mean, excerpt

PRESETS = ("eu_floor", "nl_atw", "uk_wtr", "de_arbzg", "fr_ct", "us_flsa")
DEFAULT_PRESET = "eu_floor"
DEFAULT_CONTRACT_HOURS = 40.0
_DECIMAL_COMMA = re.compile(r"(\d+),(\d{1,2})")  # as spreadsheets with semicolons write it
IDENTITIES = ("person", "shared", "automation")
NO_PERSON = ("shared", "automation")

# A person may have several rows; each holds from `valid_from` (null: from the start) until the next begins.
PEOPLE = pl.Schema(
    {
        "agent": pl.String(),
        "name": pl.String(),
        "time_zone": pl.String(),  # IANA; null: unknown, the account's zone is used and WT8 is not assessable
        "preset": pl.String(),
        "contract_hours": pl.Float64(),  # a week
        "schedule": pl.String(),  # "Mon-Fri 09:00-17:30; Sat 10:00-14:00"; null: unknown
        "groups": pl.List(pl.String()),
        "skills": pl.List(pl.String()),
        "languages": pl.List(pl.String()),
        "lead_of": pl.List(pl.String()),
        "excluded": pl.Boolean(),
        "identity": pl.String(),  # person | shared | automation | null
        "valid_from": pl.Date(),
    }
)
LEAVE = pl.Schema({"agent": pl.String(), "from": pl.Date(), "to": pl.Date()})  # inclusive
GROUPS = pl.Schema(
    {
        "group": pl.String(),
        "name": pl.String(),
        "tier": pl.Int8(),  # 1, 2, 3; null: no tier
        "time_zone": pl.String(),
        "schedule": pl.String(),
        "target_share": pl.Float64(),  # SLA target, 0..1
    }
)
ON_CALL = pl.Schema({"agent": pl.String(), "from": pl.Datetime("us", "UTC"), "to": pl.Datetime("us", "UTC")})
OWN_HOURS = pl.Schema({"agent": pl.String(), "schedule": pl.String()})  # what agents chose themselves


@dataclass(frozen=True)
class Directory:
    """Everything known about the people of one account."""

    zone: str  # the account's zone
    people: pl.DataFrame
    leave: pl.DataFrame
    groups: pl.DataFrame
    on_call: pl.DataFrame
    own_hours: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OWN_HOURS))
    preset: str = DEFAULT_PRESET  # of those for whom nobody named another

    @staticmethod
    def empty(zone: str = "UTC") -> Directory:
        """Nobody is known."""
        return Directory(
            zone,
            pl.DataFrame(schema=PEOPLE),
            pl.DataFrame(schema=LEAVE),
            pl.DataFrame(schema=GROUPS),
            pl.DataFrame(schema=ON_CALL),
        )


def holding(people: pl.DataFrame, day: date) -> pl.DataFrame:
    """`PEOPLE`, one row an agent: the one that holds on this date; who begins later is left out."""
    begun = people.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= day))
    return begun.sort("valid_from", nulls_last=False).unique("agent", keep="last", maintain_order=True)


def meant(people: pl.DataFrame, day: date) -> pl.DataFrame:
    """Those of `holding` of whom something may be said: nobody excluded, no shared account and no machine."""
    is_person = ~pl.col("identity").is_in(NO_PERSON).fill_null(False)
    return holding(people, day).filter(~pl.col("excluded").fill_null(False) & is_person)


def by_own_hours(directory: Directory) -> Directory:
    """The same people with the hours that they chose themselves in the place of their schedules, at all times.

    Only what is after hours is judged by these (WT7); rest, breaks, plans and leave go by the schedule.
    """
    return directory if directory.own_hours.is_empty() else _by_own_hours(directory)


@once_per_object
def _by_own_hours(directory: Directory) -> Directory:
    own = directory.own_hours.rename({"schedule": "own"})
    people = directory.people.join(own, on="agent", how="left", maintain_order="left")
    people = people.with_columns(schedule=pl.coalesce("own", "schedule")).drop("own")
    unknown = directory.own_hours.join(directory.people.select("agent"), on="agent", how="anti")
    columns = [pl.col(n) if n in unknown.columns else pl.lit(None, t).alias(n) for n, t in PEOPLE.items()]
    people = pl.concat([people, unknown.select(columns).with_columns(excluded=pl.lit(False))])
    return replace(directory, people=people, own_hours=pl.DataFrame(schema=OWN_HOURS))


def read_people(path: Path) -> pl.DataFrame:
    """A people file as `PEOPLE`; `excluded` is false where it says nothing, what else is absent is null.

    A person may have several rows that differ in `valid_from`. Raises ConfigError that names every bad row.
    """
    frame = read_table(path, PEOPLE, _PEOPLE_READERS, required=("agent",), key=("agent", "valid_from"))
    return frame.with_columns(pl.col("excluded").fill_null(False))


def read_person(fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """One row of `PEOPLE` from text by column, and by column what is wrong with it; empty fields are null."""
    row: dict[str, Any] = dict.fromkeys(PEOPLE)
    wrong = {}
    for name, text in ((name, text.strip()) for name, text in fields.items() if name in PEOPLE):
        try:
            row[name] = _PEOPLE_READERS.get(name, str)(text) if text else None
        except ValueError as error:
            wrong[name] = str(error)
    return row | {"excluded": bool(row["excluded"])}, wrong


def read_leave(path: Path) -> pl.DataFrame:
    """A leave file as `LEAVE`, both dates inside the leave. Raises ConfigError that names every bad row."""
    everything = ("agent", "from", "to")
    return read_table(path, LEAVE, {"from": _date, "to": _date}, everything, everything, _ends_after_it_begins)


def read_groups(path: Path) -> pl.DataFrame:
    """A groups file as `GROUPS`. Raises ConfigError that names every bad row."""
    return read_table(path, GROUPS, _GROUP_READERS, required=("group",), key=("group",))


def read_on_call(path: Path) -> pl.DataFrame:
    """An on-call file as `ON_CALL`; instants are ISO 8601 with offset, `to` is the first instant after it.

    Raises ConfigError that names every bad row.
    """
    everything = ("agent", "from", "to")
    readers = {"from": _instant, "to": _instant}
    return read_table(path, ON_CALL, readers, everything, everything, _takes_time)


def _ends_after_it_begins(row: dict[str, Any]) -> str | None:
    return f"to ({row['to']}) is before from ({row['from']})" if row["to"] < row["from"] else None


def _takes_time(row: dict[str, Any]) -> str | None:
    return "to must be after from" if row["to"] <= row["from"] else None


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f'"{excerpt(text)}" is not one of {", ".join(words)}{did_you_mean(text, words)}')
        return text

    return read


def _zone(text: str) -> str:
    if why := zone_problem(text):
        raise ValueError(why)
    return text


def _schedule(text: str) -> str:
    try:
        parse_schedule(text)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return text


def _number(low: float, high: float, what: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(_DECIMAL_COMMA.sub(r"\1.\2", text))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f'"{excerpt(text)}" is not {what}')
        return value

    return read


def _tier(text: str) -> int:
    if text not in ("1", "2", "3"):
        raise ValueError(f'"{excerpt(text)}" is not a tier; write 1, 2 or 3')
    return int(text)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise ValueError(f'"{excerpt(text)}" is not a date such as 2026-11-20') from error


def _instant(text: str) -> datetime:
    read = parse_instants(pl.Series([text])).row(0, named=True)
    if read["reason"] is not None:
        raise ValueError(str(read["reason"]).replace("; name the time zone in a mapping (time_zone)", ""))
    instant: datetime = read["at"]
    return instant


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f'"{excerpt(text)}" is neither yes nor no')
    return text == "yes"


def _list(text: str) -> list[str] | None:
    return [part.strip() for part in text.split(";") if part.strip()] or None


_PEOPLE_READERS: dict[str, Reader] = {
    "time_zone": _zone,
    "preset": _one_of(PRESETS),
    "contract_hours": _number(0.5, 168, "a number of hours a week (0.5 to 168)"),
    "schedule": _schedule,
    "groups": _list,
    "skills": _list,
    "languages": _list,
    "lead_of": _list,
    "excluded": _yes_or_no,
    "identity": _one_of(IDENTITIES),
    "valid_from": _date,
}
_GROUP_READERS: dict[str, Reader] = {
    "tier": _tier,
    "time_zone": _zone,
    "schedule": _schedule,
    "target_share": _number(0, 1, "a share from 0 to 1"),
}
