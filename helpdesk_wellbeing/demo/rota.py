"""Rotas, and the instants at which a person saves something on a working day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.demo.dice import Dice

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTE = 60
Span = tuple[int, int]  # seconds


@dataclass(frozen=True)
class Shift:
    """Hours of a day, in minutes after local midnight; `end` may reach into the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start) / 60


Week = dict[int, Shift]  # weekday (Monday 0) -> shift


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def shift(text: str) -> Shift:
    """A shift from "22:00-06:00"; an end that is not after the start lies on the next day."""
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Shift(start, end if end > start else end + 24 * 60)


def week(text: str) -> Week:
    """Hours by weekday from "Mon-Fri 09:00-17:30; Sat 10:00-14:00"."""
    hours: Week = {}
    for piece in text.split(";"):
        names, span = piece.split()
        first, _, last = names.partition("-")
        for day in range(DAYS.index(first), DAYS.index(last or first) + 1):
            hours[day] = shift(span)
    return hours


def epoch(day: date, minute: int, zone: str) -> int:
    """The instant of a local wall-clock minute; minutes from 1440 on lie on the next day."""
    local = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=minute)
    return int(local.astimezone(UTC).timestamp())


@dataclass(frozen=True)
class Pace:
    """How a person spreads saves over a shift: minutes between saves, and the length of the breaks."""

    gap: tuple[float, float] = (11.0, 27.5)
    breaks: tuple[tuple[float, float], ...] = ((38.0, 58.0),)  # spread evenly over shifts of 5.5 hours and more
    edge: float = 14.0  # the first and the last save lie at most so far inside the shift


def working_spans(dice: Dice, start: int, end: int, pace: Pace) -> list[Span]:
    """A shift cut at its breaks."""
    start += int(dice.between(1, pace.edge) * MINUTE)
    end -= int(dice.between(1, pace.edge) * MINUTE)
    breaks = pace.breaks if end - start >= 5 * 3600 else ()
    spans, at = [], start
    for n, (short, long) in enumerate(breaks, 1):
        middle = start + (end - start) * n / (len(breaks) + 1) + dice.between(-20, 20) * MINUTE
        length = dice.between(short, long) * MINUTE
        spans.append((at, int(middle - length / 2)))
        at = int(middle + length / 2)
    return [*spans, (at, end)]


def saves(dice: Dice, spans: list[Span], pace: Pace) -> list[int]:
    """Instants of saves: both ends of each span and steps of the person's pace between them."""
    instants: list[int] = []
    for start, end in spans:
        at = start
        while end - at > pace.gap[1] * MINUTE:
            instants.append(at)
            at += int(dice.between(*pace.gap) * MINUTE)
        instants += [at, end] if end - at > MINUTE else [end]
    return instants
