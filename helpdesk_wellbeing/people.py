"""What no helpdesk knows about its people: zones, hours, schedules, leave, groups with tiers, on call."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

PRESETS = ("eu_floor", "nl_atw", "uk_wtr", "de_arbzg", "fr_ct", "us_flsa")
DEFAULT_PRESET = "eu_floor"
DEFAULT_CONTRACT_HOURS = 40.0

# A person may have several rows; each holds from `valid_from` (null: from the beginning) until the next one begins.
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


@dataclass(frozen=True)
class Directory:
    """Everything known about the people of one account."""

    zone: str  # the account's zone
    people: pl.DataFrame
    leave: pl.DataFrame
    groups: pl.DataFrame
    on_call: pl.DataFrame

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
