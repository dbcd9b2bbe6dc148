"""LD3, sustained load increase: small rises of the work an agent touches a day, added up.

Judged at 04:00 local after each worked day. The sum runs over all days that can be judged; the baseline it
compares with moves along and stands still while the flag is on.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import micros
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.signals.base import Facts, Signal
from helpdesk_wellbeing.signals.ld1 import without_baseline
from helpdesk_wellbeing.signals.moments import passes_four
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
    baseline_window,
    terms_since,
    tickets,
    worked_days,
)
from helpdesk_wellbeing.statistics import cusum_scale, cusum_step

MINIMUM_DAYS = 20
SHOWN_DAYS = 20
MEMORY = ("sum", "base_median", "base_mad", "base_day")


def evaluate(facts: Facts, memory: pl.DataFrame) -> Generator[pl.DataFrame, frozenset[str], None]:
    """One row a worked day. A scheduled day without activity lowers the sum but is no evidence for an exit."""
    worked = worked_days(facts)
    all_at = worked.roster.instant(worked.agent, worked.column + 1, 4)
    wanted = (all_at > micros(facts.since)) & (all_at <= micros(facts.until))
    wanted &= ~worked.roster.barred[worked.agent, worked.column]
    wanted &= all_at < worked.roster.shared_since[worked.agent]
    judged = np.flatnonzero(wanted)
    at, agent, column = all_at[judged], worked.agent[judged], worked.column[judged]
    touched = worked.touched[worked.agent, worked.column].astype(np.float64)
    grade_b = worked.grade_b[worked.agent, worked.column]
    rolling = baseline_window(facts, worked, judged).of(touched, grade_b)
    restarted = terms_since(facts, worked, judged)
    seen = worked.seen[agent, column]
    day_start = worked.roster.instant(agent, column, 0)
    day_end = worked.roster.instant(agent, column + 1, 0)
    day = column + worked.roster.first_day
    x = touched[judged]

    agents = np.array(worked.roster.agents, dtype=object)
    remembered = Memory(worked.roster.agents, MEMORY, memory)
    for rows in rounds_of(agent, at):
        who = agent[rows]
        same_job = remembered.columns["base_day"][who] >= restarted[rows]
        frozen = remembered.on[who] & same_job
        doubled = np.where(grade_b[judged[rows]] | rolling.grade_b[rows], 2, 1)
        enough = frozen | (rolling.count[rows] >= MINIMUM_DAYS * doubled)
        rows, who, frozen, same_job = rows[enough], who[enough], frozen[enough], same_job[enough]
        median = np.where(frozen, remembered.columns["base_median"][who], rolling.median[rows])
        mad = np.where(frozen, remembered.columns["base_mad"][who], rolling.mad[rows])
        before = np.where(same_job, np.nan_to_num(remembered.columns["sum"][who]), 0.0)
        z = (x[rows] - median) / cusum_scale(median, mad, ONE_TICKET)
        after = cusum_step(before, z)
        left = {
            "sum": after,
            "base_median": median,
            "base_mad": mad,
            "base_day": day[rows].astype(np.float64),
        }
        remembered.write(who, left)
        on = yield evaluation_frame(
            subject=pl.Series(agents[who], dtype=pl.String),
            at=at[rows],
            date=day[rows],
            raises=seen[rows],
            falls=seen[rows],
            grade_b=grade_b[judged[rows]] | rolling.grade_b[rows],
            window_start=day_start[rows],
            window_end=day_end[rows],
            values={"cusum": after, **left},
        )
        remembered.switch(on)


def assess(facts: Facts) -> pl.DataFrame:
    """Agents without enough worked days to say what is usual for them."""
    worked = worked_days(facts)
    touched = worked.touched[worked.agent, worked.column].astype(np.float64)
    everything = np.arange(len(worked.agent))
    return not_assessable(without_baseline(facts, worked, everything, touched, MINIMUM_DAYS))


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sum and the last days of touched work; sums only, no list of tickets."""
    end = instance_end(instance, facts.until)
    days = facts.days_of(subject).filter(pl.col("date") < end.date())
    shown = days.tail(SHOWN_DAYS)
    return [
        {"what": "rise against own baseline, added up", "cusum": known(instance_value(instance, "cusum"))},
        {
            "what": "work touched on the last days",
            "unit": "normal e-mail tickets",
            "days": [
                {"date": day.isoformat(), "touched_weight": known(float(weight), 2)}
                for day, weight in zip(
                    shown["date"], tickets(shown["touched_weight"].fill_null(0).to_numpy()), strict=True
                )
            ],
        },
        {
            "what": "how it is judged",
            "baseline": "up to 40 worked days, ending 5 worked days before; kept while the flag is on",
            "one_day_adds_at_most": 2.5,
        },
    ]


SIGNAL = Signal(
    id="LD3",
    name="sustained load increase",
    subject="agent",
    values=("cusum",),
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("shifts", "days"),
    wakes=passes_four,
    memory=MEMORY,
)
