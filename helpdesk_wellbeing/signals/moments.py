"""Instants at which something is judged, and whether a stretch of time holds one.

Most stretches are minutes long and hold few of them: a signal that names what it waits for is left out of all others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.signals.base import Facts

Ints = npt.NDArray[np.int64]

EVALUATION_HOUR = 4  # local
CLOSING_GAP = timedelta(hours=6)  # a shift that has been silent for so long is over
_DAY_ZERO = datetime(1970, 1, 1)


@lru_cache(maxsize=512)
def local_instants(zone: str, first_day: int, days: int, hour: int) -> Ints:
    """UTC microseconds of `hour`:00 local on `days` dates from `first_day` (days since 1970) on.

    A local time that a clock change leaves out is taken as if the clock had not been changed yet, which is the instant
    of the change; of two the first one is meant.
    """
    place = ZoneInfo(zone)
    begin = _DAY_ZERO + timedelta(days=first_day, hours=hour)
    every = [(begin + timedelta(step)).replace(tzinfo=place).timestamp() for step in range(days)]
    instants = np.array([round(at) * 1_000_000 for at in every], dtype=np.int64)
    instants.flags.writeable = False
    return instants


@once_per_object
def passes_four(facts: Facts) -> bool:
    """Whether it becomes 04:00 in the stretch for anybody or any queue; otherwise no day is judged in it."""
    return _passes(facts, EVALUATION_HOUR)


@once_per_object
def passes_midnight(facts: Facts) -> bool:
    """Whether a day ends in the stretch for anybody or any queue."""
    return _passes(facts, 0)


@once_per_object
def shift_goes_on(facts: Facts) -> bool:
    """Whether a shift was seen to go on in the stretch: its end, as far as seen, lies in it."""
    return _any_inside(facts, facts.shifts["end"])


@once_per_object
def shift_closes(facts: Facts) -> bool:
    """Whether a shift has been silent for six hours at some instant of the stretch."""
    return _any_inside(facts, facts.shifts["end"], CLOSING_GAP)


def load_is_taken(facts: Facts) -> bool:
    """Whether open work was counted in the stretch."""
    return _any_inside(facts, facts.loads["at"])


def _passes(facts: Facts, hour: int) -> bool:
    first, last = day_number(facts.since.date()) - 2, day_number(facts.until.date()) + 2
    since, until = micros(facts.since), micros(facts.until)
    tables = (local_instants(zone, first, last - first + 1, hour) for zone in _zones(facts))
    return any(bool(((at > since) & (at <= until)).any()) for at in tables)


def _zones(facts: Facts) -> Iterable[str]:
    people, groups = facts.directory.people["time_zone"], facts.directory.groups["time_zone"]
    return {facts.zone, facts.directory.zone, *people.drop_nulls().unique(), *groups.drop_nulls().unique()}


def _any_inside(facts: Facts, instants: pl.Series, after: timedelta = timedelta(0)) -> bool:
    at = instants.to_physical().to_numpy()
    return bool(((at > micros(facts.since - after)) & (at <= micros(facts.until - after))).any())
