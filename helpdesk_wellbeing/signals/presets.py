"""Legal presets: which working-time numbers hold for an agent. The numbers themselves are in `presets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Average:
    """The average week over a reference period of completed weeks."""

    weeks: int
    limit_h: float


@dataclass(frozen=True)
class Alternative:
    """Weekly rest taken in parts: rests of `part_h` or more within 14 days, each less `minus_h`, sum to `total_h`."""

    part_h: float
    total_h: float
    minus_h: float


@dataclass(frozen=True)
class Break:
    """A break of `need_min` minutes once a shift holds more than (`inclusive`: at least) `after_h` hours of work."""

    after_h: float
    inclusive: bool
    need_min: float
    one_gap: bool  # in one piece; otherwise the sum of gaps of 15 minutes or more


@dataclass(frozen=True)
class Preset:
    """The numbers in force under one preset; of one without limits, rests and breaks are another's health hints."""

    name: str
    source: str
    warn_h: float
    limit_h: float
    daily_rest_h: float
    night_rest_h: float
    weekly_rest_h: float
    alternative: Alternative | None
    averages: tuple[Average, ...]
    breaks: tuple[Break, ...]
    max_stretch_h: float | None
    health_only: bool


def _break(raw: Mapping[str, Any]) -> Break:
    inclusive = "from_h" in raw
    after = raw["from_h"] if inclusive else raw["over_h"]
    return Break(after, inclusive, raw["need_min"], raw.get("one_gap", False))


def _preset(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Preset:
    own = tables[name]
    hints = tables[own["health_only"]] if "health_only" in own else own
    return Preset(
        name=name,
        source=own["source"],
        warn_h=own["warn_h"],
        limit_h=own["limit_h"],
        daily_rest_h=hints["daily_rest_h"],
        night_rest_h=hints.get("night_rest_h", hints["daily_rest_h"]),
        weekly_rest_h=hints["weekly_rest_h"],
        alternative=Alternative(**hints["alternative"]) if "alternative" in hints else None,
        averages=tuple(Average(**average) for average in own["averages"]),
        breaks=tuple(_break(raw) for raw in hints["breaks"]),
        max_stretch_h=hints.get("max_stretch_h"),
        health_only="health_only" in own,
    )


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    tables = tomllib.loads(files(__package__).joinpath("presets.toml").read_text(encoding="utf-8"))
    return {name: _preset(name, tables) for name in tables}


@cache
def numbers() -> pl.DataFrame:
    """One row a preset: its plain numbers, to join on `preset`. Absent numbers are null; `health_only` is 1 or 0."""
    return pl.DataFrame(
        [
            {
                "preset": preset.name,
                "warn_h": preset.warn_h,
                "limit_h": preset.limit_h,
                "daily_rest_h": preset.daily_rest_h,
                "night_rest_h": preset.night_rest_h,
                "weekly_rest_h": preset.weekly_rest_h,
                "alternative_part_h": preset.alternative and preset.alternative.part_h,
                "alternative_total_h": preset.alternative and preset.alternative.total_h,
                "alternative_minus_h": preset.alternative and preset.alternative.minus_h,
                "health_only": float(preset.health_only),
            }
            for preset in presets().values()
        ],
        schema={"preset": pl.String(), **dict.fromkeys(_NUMBERS, pl.Float64())},
    )


_NUMBERS = (
    "warn_h", "limit_h", "daily_rest_h", "night_rest_h", "weekly_rest_h",
    "alternative_part_h", "alternative_total_h", "alternative_minus_h", "health_only",
)  # fmt: skip
