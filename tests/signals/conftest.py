"""Small facts for the working-time signals: a plain fold of local instants into shifts and days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from helpdesk_wellbeing.facts.schema import DAYS, HANDLED, HARD, LOADS, QUEUES, SHIFTS, TOUCHES
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE, Directory
from helpdesk_wellbeing.signals.base import Facts

AMSTERDAM = "Europe/Amsterdam"
Instants = list[datetime]


def local(text: str, zone: str = AMSTERDAM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def every(start: str, end: str, minutes: int = 12, zone: str = AMSTERDAM) -> Instants:
    """Instants from `start` on in steps, `end` included."""
    at, last = local(start, zone), local(end, zone)
    steps = []
    while at < last:
        steps.append(at)
        at += timedelta(minutes=minutes)
    return [*steps, last]


def _runs(instants: Instants, gap: timedelta, strict: bool = True) -> list[Instants]:
    runs: list[Instants] = []
    for at in sorted(instants):
        if runs and (at - runs[-1][-1] <= gap if strict else at - runs[-1][-1] < gap):
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _active(instants: Instants, gap: int) -> timedelta:
    return sum((run[-1] - run[0] for run in _runs(instants, timedelta(minutes=gap))), timedelta())


def _overlap(instants: Instants, gap: int, spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    total = timedelta()
    for run in _runs(instants, timedelta(minutes=gap)):
        for begin, end in spans:
            total += max(timedelta(), min(run[-1], end) - max(run[0], begin))
    return total


def _day(day: date, zone: str, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _shift(agent: str, run: Instants, zone: str, until: datetime, grade: str) -> dict[str, Any]:
    gaps = [later - earlier for earlier, later in pairwise(run)]
    blocks = _runs(run, timedelta(minutes=30))
    stretches = _runs(run, timedelta(minutes=15), strict=False)
    dates = [run[0].astimezone(ZoneInfo(zone)).date() + timedelta(step) for step in range(4)]
    nights = [(_day(day, zone), _day(day, zone, 6)) for day in dates]
    end = run[-1].astimezone(ZoneInfo(zone))
    return {
        "agent": agent,
        "start": run[0],
        "end": run[-1],
        "date": dates[0],
        "closed": until >= run[-1] + timedelta(hours=6),
        "work_events": len(run),
        "active_15": _active(run, 15),
        "active_30": _active(run, 30),
        "active_60": _active(run, 60),
        "longest_gap": max(gaps, default=timedelta()),
        "breaks": sum((gap for gap in gaps if gap >= timedelta(minutes=15)), timedelta()),
        "longest_stretch": max(stretch[-1] - stretch[0] for stretch in stretches),
        "night": _overlap(run, 30, nights),
        "end_minute": end.hour * 60 + end.minute,
        "first_block_events": len(blocks[0]),
        "last_block_events": len(blocks[-1]),
        "open_weight": 0,
        "grade": grade,
    }


def _outside(
    day: date, zone: str, window: tuple[int, int], off: set[date], on_call: set[date]
) -> list[tuple[datetime, datetime]]:
    begin, end = _day(day, zone), _day(day + timedelta(1), zone)
    if day in on_call:
        return []
    if day in off or day.weekday() > 4:
        return [(begin, end)]
    return [(begin, begin + timedelta(minutes=window[0])), (begin + timedelta(minutes=window[1]), end)]


def _days(
    agent: str,
    instants: Instants,
    zone: str,
    window: tuple[int, int] | None,
    grade: str,
    off: set[date],
    on_call: set[date],
) -> list[dict[str, Any]]:
    place = ZoneInfo(zone)
    first, last = instants[0].astimezone(place).date(), instants[-1].astimezone(place).date()
    rows = []
    for step in range((last - first).days + 1):
        day = first + timedelta(step)
        whole = [(_day(day, zone), _day(day + timedelta(1), zone))]
        mine = [at for at in instants if at.astimezone(place).date() == day]
        active = {f"active_{gap}": _overlap(instants, gap, whole) for gap in (15, 30, 60)}
        if not mine and not any(active.values()):
            continue
        rows.append(
            {
                "agent": agent,
                "date": day,
                "first": mine[0] if mine else None,
                "last": mine[-1] if mine else None,
                "work_events": len(mine),
                **active,
                "tickets": len(mine),
                "clock_hours": len({at.astimezone(place).hour for at in mine}),
                "touched_weight": 0,
                "solved_weight": 0,
                "after_hours": None
                if window is None
                else _overlap(instants, 30, _outside(day, zone, window, off, on_call)),
                "grade": grade,
            }
        )
    return rows


def _dates(spans: list[tuple[str, str, str]] | None, agent: str) -> set[date]:
    found: set[date] = set()
    for who, begin, end in spans or []:
        first, last = date.fromisoformat(begin[:10]), date.fromisoformat(end[:10])
        found |= {first + timedelta(step) for step in range((last - first).days + 1) if who == agent}
    return found


def facts(
    work: dict[str, Instants],
    until: str | datetime,
    since: str | datetime = "2020-01-01T00:00",
    people: list[dict[str, Any]] | None = None,
    leave: list[tuple[str, str, str]] | None = None,
    on_call: list[tuple[str, str, str]] | None = None,  # whole dates
    zone: str = AMSTERDAM,
    window: tuple[int, int] | None = None,  # minutes of the day, Mon-Fri: what after_hours is outside of
    grade: str = "A",
    **more: Any,
) -> Facts:
    """Facts at `until` about agents with these work events; an agent's zone is that of its first people row."""
    end = local(until, zone) if isinstance(until, str) else until
    begin = local(since, zone) if isinstance(since, str) else since
    zones = {row["agent"]: row.get("time_zone") or zone for row in reversed(people or [])}
    shifts: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    for agent in sorted(work):
        seen = sorted(at for at in work[agent] if at <= end)
        if not seen:
            continue
        of = zones.get(agent, zone)
        shifts += [_shift(agent, run, of, end, grade) for run in _runs(seen, timedelta(hours=6), strict=False)]
        days += _days(agent, seen, of, window, grade, _dates(leave, agent), _dates(on_call, agent))
    starts = [row["start"] for row in shifts]
    directory = Directory(
        zone,
        pl.DataFrame([{**dict.fromkeys(PEOPLE), **row} for row in people or []], schema=PEOPLE),
        pl.DataFrame(
            [(who, date.fromisoformat(begin), date.fromisoformat(end)) for who, begin, end in leave or []],
            schema=LEAVE,
            orient="row",
        ),
        pl.DataFrame(schema=GROUPS),
        pl.DataFrame(
            [(who, local(begin), local(end)) for who, begin, end in on_call or []],
            schema=ON_CALL,
            orient="row",
        ),
    )
    return Facts(
        since=begin,
        until=end,
        history_start=min(starts, default=begin),
        zone=zone,
        week_start=more.pop("week_start", 0),
        directory=directory,
        shifts=pl.DataFrame(shifts, schema=SHIFTS),
        days=pl.DataFrame(days, schema=DAYS),
        queues=pl.DataFrame(schema=QUEUES),
        loads=pl.DataFrame(schema=LOADS),
        touches=pl.DataFrame(schema=TOUCHES),
        handled=pl.DataFrame(schema=HANDLED),
        hard=pl.DataFrame(schema=HARD),
        hard_possible=False,
        **more,
    )


@pytest.fixture
def working_facts() -> Callable[..., Facts]:
    return facts


@pytest.fixture
def at_local() -> Callable[..., datetime]:
    return local


@pytest.fixture
def events_every() -> Callable[..., Instants]:
    return every
