"""LD1, open-work overload: what an agent has open when the day's work begins, against what is usual for
them.

Judged once a worked day. Raising: at the end of the shift with which the day counts as worked (known six
hours after its last event); falling: at the next 04:00 local. The open work is that at the start of the
day's first shift.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import micros
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.moments import passes_four, shift_closes
from helpdesk_wellbeing.signals.rounds import (
    Memory,
    evaluation_frame,
    instance_end,
    instance_value,
    known,
    not_assessable,
    rounds_of,
)
from helpdesk_wellbeing.signals.worked_days import (
    EPOCH,
    HOUR_US,
    WORKED_US,
    Baseline,
    Bools,
    Floats,
    Ints,
    WorkedDays,
    agent_rows,
    baseline_window,
    standing,
    terms_since,
    tickets,
    worked_days,
)
from helpdesk_wellbeing.statistics import robust_scale, robust_z

MINIMUM_DAYS = 15
MINIMUM_MEDIAN = 4.0  # normal tickets
SHIFT_CLOSES_US = 6 * HOUR_US
WINDOW_DAYS = 63  # 45 worked days of a five-day week
USED = ("agent", "date", "start", "end", "active_30", "open_weight", "grade")
MEMORY = ("base_median", "base_mad", "base_solved", "base_day")


@dataclass(frozen=True)
class _Snapshots:
    """One a worked day with a shift; arrays of one length, sorted by agent and date."""

    agent: Ints
    column: Ints
    weight: Ints  # open at the start of the first shift
    start: Ints  # of that shift
    end: Ints  # of the shift with which the day counts as worked
    grade_b: Bools


@once_per_object
def _snapshots(facts: Facts) -> tuple[_Snapshots, WorkedDays]:
    plain = worked_days(facts)
    grid = plain.roster
    known = (pl.col("date") >= EPOCH + timedelta(grid.first_day)) & pl.col("open_weight").is_not_null()
    shifts = facts.shifts.select(USED).filter(known)
    agent = agent_rows(shifts["agent"], grid.agents)
    column = shifts["date"].to_physical().to_numpy().astype(np.int64) - grid.first_day
    start = shifts["start"].dt.timestamp("us").to_numpy()
    days, scheduled = grid.days, grid.scheduled
    place = agent * days + column
    if (np.diff(place) < 0).any():  # who moves west may begin two shifts on dates that run backwards
        order = np.lexsort((start, place))
        shifts, agent, column, place = shifts[order], agent[order], column[order], place[order]
    opening = np.flatnonzero(np.diff(place, prepend=-1))
    group = np.repeat(np.arange(len(opening)), np.diff(np.append(opening, len(agent))))
    active = shifts["active_30"].to_physical().to_numpy().astype(np.int64)
    so_far = np.cumsum(active)
    of_the_day = so_far - (so_far - active)[opening][group]
    deciding = np.flatnonzero((of_the_day >= WORKED_US) | scheduled[agent, column])
    judged, place = np.unique(group[deciding], return_index=True)
    last, first = deciding[place], opening[judged]
    grade_b = shifts["grade"].to_physical().fill_null(0).to_numpy() > 0
    found = _Snapshots(
        agent=agent[first],
        column=column[first],
        weight=shifts["open_weight"].to_numpy()[first],
        start=shifts["start"].dt.timestamp("us").to_numpy()[first],
        end=shifts["end"].dt.timestamp("us").to_numpy()[last],
        grade_b=grade_b[first] | grade_b[last],
    )
    return found, plain.with_more(found.agent, found.column)


@dataclass(frozen=True)
class _Usual:
    """Flat over all worked days: what a baseline is made of."""

    position: Ints  # of each snapshot among the worked days
    weight: Floats  # NaN where no shift began on a worked day
    grade_b: Bools
    solved: Floats


def _usual(found: _Snapshots, worked: WorkedDays) -> _Usual:
    position = worked.positions(found.agent, found.column)
    weight = np.full(len(worked.agent), np.nan)
    weight[position] = found.weight
    grade_b = worked.grade_b[worked.agent, worked.column]
    return _Usual(position, weight, grade_b, worked.solved[worked.agent, worked.column].astype(np.float64))


def evaluate(facts: Facts, memory: pl.DataFrame) -> Generator[pl.DataFrame, frozenset[str], None]:
    """Two rows a worked day, one that may raise and one that may fall; weights are shown in normal tickets."""
    found, worked = _snapshots(facts)
    usual = _usual(found, worked)
    known_at = found.end + SHIFT_CLOSES_US
    next_four = worked.roster.next_instant(found.agent, found.column, known_at, 4)
    at = np.concatenate([known_at, next_four])
    snapshot = np.tile(np.arange(len(found.agent)), 2)
    raising = np.arange(len(at)) < len(known_at)
    wanted = (at > micros(facts.since)) & (at <= micros(facts.until))
    wanted &= ~worked.roster.barred[found.agent, found.column][snapshot]
    wanted &= at < worked.roster.shared_since[found.agent][snapshot]
    at, snapshot, raising = at[wanted], snapshot[wanted], raising[wanted]
    falling = (~raising).astype(np.int64)
    needed, place = np.unique(snapshot, return_inverse=True)
    judged = usual.position[needed]
    window = baseline_window(facts, worked, judged)
    rolling = window.of(usual.weight, usual.grade_b)
    rolling_solved = window.median(usual.solved)
    restarted = terms_since(facts, worked, judged)

    agents = np.array(worked.roster.agents, dtype=object)
    remembered = Memory(worked.roster.agents, MEMORY, memory)
    for rows in rounds_of(found.agent[snapshot], at, falling, found.column[snapshot]):
        one, base = snapshot[rows], place[rows]
        who, column = found.agent[one], found.column[one]
        frozen = remembered.on[who] & (remembered.columns["base_day"][who] >= restarted[base])
        doubled = found.grade_b[one] | rolling.grade_b[base]
        enough = frozen | (rolling.count[base] >= MINIMUM_DAYS * np.where(doubled, 2, 1))
        rows, one, base, who, column = (x[enough] for x in (rows, one, base, who, column))
        frozen = frozen[enough]
        usual_now = Baseline(
            median=np.where(frozen, remembered.columns["base_median"][who], rolling.median[base]),
            mad=np.where(frozen, remembered.columns["base_mad"][who], rolling.mad[base]),
            count=rolling.count[base],
            grade_b=rolling.grade_b[base],
        )
        solved = np.where(frozen, remembered.columns["base_solved"][who], rolling_solved[base])
        day = (column + worked.roster.first_day).astype(np.float64)
        left = {
            "base_median": usual_now.median,
            "base_mad": usual_now.mad,
            "base_solved": solved,
            "base_day": day,
        }
        weight = found.weight[one].astype(np.float64)
        remembered.write(who, left)
        enough_open = usual_now.median >= MINIMUM_MEDIAN * ONE_TICKET
        on = yield evaluation_frame(
            subject=pl.Series(agents[who], dtype=pl.String),
            at=at[rows],
            date=column + worked.roster.first_day,
            raises=raising[rows] & (frozen | enough_open),
            falls=~raising[rows],
            grade_b=found.grade_b[one] | usual_now.grade_b,
            window_start=found.start[one],
            window_end=found.end[one],
            values={
                "open_weight": weight / ONE_TICKET,
                "median_weight": usual_now.median / ONE_TICKET,
                "z": robust_z(weight, usual_now.median, usual_now.mad, ONE_TICKET),
                "days_of_work": np.divide(weight, solved, out=np.full(len(rows), np.nan), where=solved > 0),
                **left,
            },
        )
        remembered.switch(on)


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without enough worked days to say what is usual for them."""
    found, worked = _snapshots(facts)
    usual = _usual(found, worked)
    return not_assessable(without_baseline(facts, worked, usual.position, usual.weight, MINIMUM_DAYS))


@dataclass(frozen=True)
class Usual:
    """What is usual for somebody, in normal tickets: open work when the day begins, and work solved on a worked day."""

    median: float
    scale: float  # of deviations from the median, as z has it
    solved: float


def usual_now(facts: Facts) -> dict[str, Usual]:
    """By agent, the baseline of the latest judged day; without those for whom LD1 cannot warn for lack of evidence."""
    found, worked = _snapshots(facts)
    usual = _usual(found, worked)
    agent, reverse_first = np.unique(found.agent[::-1], return_index=True)
    last = usual.position[::-1][reverse_first]
    window = baseline_window(facts, worked, last)
    base, solved = window.of(usual.weight, usual.grade_b), window.median(usual.solved)
    enough = base.count >= MINIMUM_DAYS * np.where(base.grade_b, 2, 1)
    enough &= base.median >= MINIMUM_MEDIAN * ONE_TICKET
    scale = robust_scale(base.median, base.mad, ONE_TICKET)
    numbers = (base.median / ONE_TICKET, scale / ONE_TICKET, solved / ONE_TICKET)
    return {
        worked.roster.agents[agent[place]]: Usual(*(float(column[place]) for column in numbers))
        for place in np.flatnonzero(enough)
    }


def without_baseline(
    facts: Facts, worked: WorkedDays, positions: Ints, values: Floats, minimum: int
) -> dict[str, str | None]:
    """Every agent -> the reason why the last of these worked days could not be judged, if there is one."""
    reasons = standing(facts, WINDOW_DAYS)
    over = worked.roster.instant(worked.agent[positions], worked.column[positions] + 1, 0)
    past = positions[over <= micros(facts.until)]
    agent, reverse_first = np.unique(worked.agent[past][::-1], return_index=True)
    last = past[::-1][reverse_first]
    grade_b = worked.grade_b[worked.agent, worked.column]
    base = baseline_window(facts, worked, last).of(values, grade_b)
    needed = minimum * np.where(base.grade_b, 2, 1)
    ready = {worked.roster.agents[i] for i in agent[base.count >= needed]}
    return {who: "no baseline" if reason is None and who not in ready else reason for who, reason in reasons.items()}


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Open work now against the agent's own median; sums only, no list of tickets."""
    end = instance_end(instance, facts.until)
    shown = {name: known(instance_value(instance, name)) for name in SIGNAL.values}
    earlier = facts.shifts_of(subject).filter((pl.col("end") <= end) & pl.col("open_weight").is_not_null())
    first_of_day = earlier.unique("date", keep="first", maintain_order=True).sort("date").tail(BASELINE_SHOWN)
    weights = tickets(first_of_day["open_weight"].to_numpy())
    return [
        {"what": "open work against own median", **shown, "unit": "normal e-mail tickets"},
        {
            "what": "open work at the start of the last days",
            "days": [
                {"date": day.isoformat(), "open_weight": known(float(weight), 2)}
                for day, weight in zip(first_of_day["date"], weights, strict=True)
            ],
        },
        {
            "what": "how it is judged",
            "baseline": "up to 40 worked days, ending 5 worked days before; kept while the flag is on",
            "minimum_days": MINIMUM_DAYS,
        },
    ]


BASELINE_SHOWN = 20

SIGNAL = Signal(
    id="LD1",
    name="open-work overload",
    subject="agent",
    values=("open_weight", "median_weight", "z", "days_of_work"),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts", "days"),
    wakes=lambda facts: shift_closes(facts) or passes_four(facts),
    memory=MEMORY,
)
