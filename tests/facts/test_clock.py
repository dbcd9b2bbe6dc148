"""Columnar local times against the standard library, one instant at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.clock import DAY, Clock, instant, micros
from helpdesk_wellbeing.errors import ConfigError

ZONES = (
    "Europe/Amsterdam",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
)
LOW, HIGH = micros(datetime(2017, 1, 1, tzinfo=UTC)), micros(datetime(2027, 1, 1, tzinfo=UTC))
CLOCK = Clock(ZONES, LOW, HIGH)
WALL_EPOCH = datetime(1970, 1, 1)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ZONES) - 1), st.integers(LOW, HIGH))
def test_wall_clock_time_is_that_of_the_zone(zone: int, at: int) -> None:
    shown = CLOCK.local(np.array([zone]), np.array([at]))[0]
    wall = instant(at).astimezone(ZoneInfo(ZONES[zone])).replace(tzinfo=None)
    assert WALL_EPOCH + timedelta(microseconds=int(shown)) == wall


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ZONES) - 1), st.integers(LOW // DAY, HIGH // DAY), st.integers(0, 95), st.booleans())
def test_back_from_the_wall_to_the_instant(zone: int, day: int, quarter: int, later: bool) -> None:
    local = day * DAY + quarter * DAY // 96
    found = int(CLOCK.utc(np.array([zone]), np.array([local]), later=later)[0])
    info = ZoneInfo(ZONES[zone])
    wall = (WALL_EPOCH + timedelta(microseconds=local)).replace(tzinfo=info, fold=int(later))
    plain = wall.astimezone(UTC)
    if plain.astimezone(info).replace(tzinfo=None) == wall.replace(tzinfo=None):
        assert instant(found) == plain
    else:  # a time that the clock leaps over: the instant of the leap
        assert instant(found - 1).astimezone(info).utcoffset() != instant(found).astimezone(info).utcoffset()


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ConfigError, match="Europe/Amsterdm"):
        Clock(["Europe/Amsterdm"], LOW, HIGH)
