"""The people file, laid out for columns: which zone and which schedule holds for whom from when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpdesk_wellbeing.clock import DAY, MINUTE, Clock, Ints, day_number, micros
from helpdesk_wellbeing.facts.spans import Spans, union, without
from helpdesk_wellbeing.people import Directory, by_own_hours
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.schedules import parse_schedule

NIGHT_END = 6 * 60 * MINUTE
_MARGIN = 3 * DAY
_EVER = -(2**62)
NOT_PEOPLE = ("automation", "shared")


def not_people(directory: Directory) -> dict[str, str]:
    """Accounts that the people file says are no person: agent -> "automation" or "shared"."""
    return {agent: word for agent, word in _identities(directory).items() if word in NOT_PEOPLE}


def certainly_people(directory: Directory) -> frozenset[str]:
    """Accounts that the people file says are one person, however they behave."""
    return frozenset(agent for agent, word in _identities(directory).items() if word == "person")


@once_per_object
def _identities(directory: Directory) -> dict[str, str]:
    rows = directory.people.filter(directory.people["identity"].is_not_null())
    return dict(rows.sort("valid_from", nulls_last=False).select("agent", "identity").iter_rows())


@dataclass(frozen=True)
class _Period:
    """What holds for one person from an instant until their next period."""

    zone: str
    schedule: str | None
    since: int


class Roster:
    """Zones and schedules of numbered agents over a stretch of time."""

    def __init__(self, agents: Sequence[str], zone: str, directory: Directory, low: int, high: int) -> None:
        self._low, self._high = low - _MARGIN, high + _MARGIN
        self._directory = by_own_hours(directory)
        periods = self._periods(agents, zone)
        zones = sorted({period.zone for row in periods for period in row})
        self.clock = Clock(zones, self._low, self._high)
        flat = [(agent, period) for agent, row in enumerate(periods) for period in row]
        self._agents = agents
        self._flat = flat
        self._agent = np.array([agent for agent, _ in flat], dtype=np.int64)
        since = np.array([period.since for _, period in flat], dtype=np.int64)
        self._since = np.clip(since, self._low, self._high)
        number = {name: index for index, name in enumerate(zones)}
        self._zone = np.array([number[period.zone] for _, period in flat], dtype=np.int64)
        self._scheduled = np.array([period.schedule is not None for _, period in flat], dtype=bool)
        self._width = self._high - self._low + 1
        self._single = len(flat) == len(agents)

    def period(self, agent: Ints, at: Ints) -> Ints:
        """Which row of the people file holds."""
        if self._single:
            return agent
        starts = self._agent * self._width + (self._since - self._low)
        place = agent * self._width + (at - self._low)
        return np.searchsorted(starts, place, side="right") - 1

    def zone(self, period: Ints) -> Ints:
        """The zone's number in `clock`."""
        return self._zone[period]

    def scheduled(self, period: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether a schedule is known."""
        return self._scheduled[period]

    def nights(self) -> Spans:
        """00:00 to 06:00 local, keyed by zone."""
        days = self._days()
        count = len(self.clock.zones)
        zone = np.repeat(np.arange(count, dtype=np.int64), len(days))
        day = np.tile(days, count)
        start = self.clock.day_start(zone, day)
        end = self.clock.utc(zone, day * DAY + NIGHT_END)
        return Spans(zone, start, end, self._low, self._high)

    def own_hours(self) -> Spans:
        """Scheduled time without leave, and time on call, keyed by agent: work in it is not after hours."""
        windows = self._windows()
        exceptions = self._exceptions()
        keys, starts, ends = [], [], []
        for index, (agent, period) in enumerate(self._flat):
            start, end = windows[period.zone, period.schedule]
            if not self._single:
                until = self._since[index + 1] if self._next_is_same(index) else self._high
                start, end = (
                    np.clip(start, self._since[index], until),
                    np.clip(end, self._since[index], until),
                )
            if agent in exceptions:
                continue
            keys.append(np.full(len(start), agent, dtype=np.int64))
            starts.append(start)
            ends.append(end)
        for agent, (leave, on_call) in exceptions.items():
            mine = [
                (int(a), int(b))
                for index in np.flatnonzero(self._agent == agent)
                for a, b in self._clipped(int(index), windows)
            ]
            rows = union(without(mine, leave) + on_call)
            keys.append(np.full(len(rows), agent, dtype=np.int64))
            starts.append(np.array([a for a, _ in rows], dtype=np.int64))
            ends.append(np.array([b for _, b in rows], dtype=np.int64))
        if not keys:
            nothing = np.zeros(0, dtype=np.int64)
            return Spans(nothing, nothing, nothing, self._low, self._high)
        return Spans(np.concatenate(keys), np.concatenate(starts), np.concatenate(ends), self._low, self._high)

    def _clipped(self, index: int, windows: dict[tuple[str, str | None], tuple[Ints, Ints]]) -> list[tuple[int, int]]:
        period = self._flat[index][1]
        until = self._since[index + 1] if self._next_is_same(index) else self._high
        start, end = windows[period.zone, period.schedule]
        clipped = np.clip(start, self._since[index], until), np.clip(end, self._since[index], until)
        return list(zip(clipped[0].tolist(), clipped[1].tolist(), strict=True))

    def _next_is_same(self, index: int) -> bool:
        return index + 1 < len(self._flat) and self._flat[index + 1][0] == self._flat[index][0]

    def _windows(self) -> dict[tuple[str, str | None], tuple[Ints, Ints]]:
        """UTC intervals of each (zone, schedule) in use; zones and schedules are few, people many."""
        in_use = {(period.zone, period.schedule) for _, period in self._flat}
        return {(zone, schedule): self._windows_of(zone, schedule) for zone, schedule in in_use}

    def _windows_of(self, zone: str, schedule: str | None) -> tuple[Ints, Ints]:
        days = self._days()
        weekdays = (days + 3) % 7  # 1970-01-01 was a Thursday
        number = np.int64(self.clock.zones.index(zone))
        starts, ends = [days[:0]], [days[:0]]
        for weekday, first, last in parse_schedule(schedule) if schedule else ():
            chosen = days[weekdays == weekday] * DAY
            keys = np.full(len(chosen), number)
            starts.append(self.clock.utc(keys, chosen + first * MINUTE))
            ends.append(self.clock.utc(keys, chosen + last * MINUTE, later=last * MINUTE < DAY))
        start, end = np.concatenate(starts), np.concatenate(ends)
        order = np.argsort(start, kind="stable")
        return start[order], np.maximum(end, start)[order]

    def _exceptions(self) -> dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
        """agent -> (leave, on call) as UTC intervals, for those who have any in this stretch."""
        number = {agent: index for index, agent in enumerate(self._agents)}
        found: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
        for agent, first, last in self._directory.leave.iter_rows():
            code = number.get(agent)
            if code is None or day_number(last) * DAY < self._low - DAY or day_number(first) * DAY > self._high + DAY:
                continue
            found.setdefault(code, ([], []))[0].append(self._leave(code, day_number(first), day_number(last)))
        for agent, start, end in self._directory.on_call.iter_rows():
            code = number.get(agent)
            if code is None or micros(end) < self._low or micros(start) > self._high:
                continue
            found.setdefault(code, ([], []))[1].append((max(micros(start), self._low), min(micros(end), self._high)))
        return found

    def _leave(self, agent: int, first: int, last: int) -> tuple[int, int]:
        days = np.array([first, last + 1], dtype=np.int64)
        days = np.clip(days, self._low // DAY - 1, self._high // DAY + 1)
        agents = np.full(2, agent, dtype=np.int64)
        zone = self.zone(self.period(agents, np.clip(days * DAY, self._low, self._high)))
        start, end = self.clock.day_start(zone, days).tolist()
        return start, end

    def _days(self) -> Ints:
        return np.arange(self._low // DAY - 1, self._high // DAY + 2, dtype=np.int64)

    def _periods(self, agents: Sequence[str], zone: str) -> list[list[_Period]]:
        known: dict[str, list[_Period]] = {}
        rows = self._directory.people.sort("valid_from", nulls_last=False)
        for agent, own, schedule, valid_from in rows.select("agent", "time_zone", "schedule", "valid_from").iter_rows():
            name = own or zone
            since = _EVER if valid_from is None else self._midnight(name, day_number(valid_from))
            known.setdefault(agent, []).append(_Period(name, schedule or None, since))
        default = _Period(zone, None, _EVER)
        periods = []
        for agent in agents:
            row = known.get(agent, [default])
            periods.append(row if row[0].since == _EVER else [default, *row])
        return periods

    def _midnight(self, zone: str, day: int) -> int:
        at = day * DAY
        clock = Clock([zone], at, at)
        return int(clock.day_start(np.zeros(1, dtype=np.int64), np.array([day], dtype=np.int64))[0])
