"""However a period is cut into stretches, the same evaluations come out."""

from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from helpdesk_wellbeing.signals.base import EVALUATION
from helpdesk_wellbeing.signals.catalogue import SIGNALS

WORKING_TIME = sorted(name for name in SIGNALS if name.startswith("WT"))
PEOPLE = [
    {"agent": "7", "time_zone": "Europe/Amsterdam", "preset": "nl_atw", "schedule": "Mon-Fri 09:00-17:30"},
    {"agent": "8", "time_zone": "America/Sao_Paulo", "preset": "uk_wtr", "schedule": "Sun-Thu 22:00-06:00"},
]
BEGIN, DAYS = "2026-03-16T00:00", 21  # over the change to summer time

shifts = st.lists(
    st.tuples(st.integers(0, DAYS - 1), st.integers(0, 23), st.integers(1, 13), st.sampled_from([7, 12, 20, 40])),
    max_size=25,
)


def closed_rows(frame, running):
    """Rows that can't be emitted again with newer values: not those at the end of a shift seen only in part."""
    return frame.filter(~pl.col("at").is_in(running))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    work=st.fixed_dictionaries({"7": shifts, "8": shifts}),
    cuts=st.lists(st.integers(0, DAYS * 24 * 60), max_size=3),
)
def test_cutting_a_period_anywhere_gives_the_same_rows(working_facts, at_local, work, cuts):
    begin = at_local(BEGIN)
    instants = {
        agent: [
            begin + timedelta(days=day, hours=hour, minutes=step)
            for day, hour, hours, pace in mine
            for step in range(0, hours * 60, pace)
        ]
        for agent, mine in work.items()
    }
    until = begin + timedelta(days=DAYS + 1)
    bounds = [begin, *sorted({begin + timedelta(minutes=cut) for cut in cuts} - {begin}), until]
    whole = working_facts(instants, until, since=begin, people=PEOPLE, window=(540, 1050))
    pieces = [
        working_facts(instants, end, since=start, people=PEOPLE, window=(540, 1050)) for start, end in pairwise(bounds)
    ]
    final = set(whole.shifts["end"].to_list())
    seen_in_part = [at for piece in pieces for at in piece.shifts["end"].to_list() if at not in final]

    for name in WORKING_TIME:
        together = SIGNALS[name].evaluate(whole)
        apart = pl.concat([SIGNALS[name].evaluate(piece) for piece in pieces])
        order = ["subject", "at", "date", "window_start", "raises"]
        assert_frame_equal(
            closed_rows(apart, seen_in_part).sort(order), closed_rows(together, seen_in_part).sort(order)
        )


@pytest.mark.parametrize("name", WORKING_TIME)
def test_a_signal_without_facts_answers_with_its_columns(working_facts, name):
    signal = SIGNALS[name]

    rows = signal.evaluate(working_facts({}, "2026-03-16T12:00"))

    assert rows.is_empty()
    assert rows.schema == pl.Schema({**EVALUATION, **dict.fromkeys([*signal.values, *signal.helpers], pl.Float64())})
    assert signal.assess(working_facts({}, "2026-03-16T12:00")).is_empty()


@pytest.mark.parametrize("name", WORKING_TIME)
def test_rows_are_sorted_and_inside_the_stretch(working_facts, events_every, name):
    work = {
        who: [at for day in range(2, 30) for at in events_every(f"2026-03-{day:02d}T08:00", f"2026-03-{day:02d}T19:00")]
        for who in ("8", "7")
    }
    facts = working_facts(work, "2026-03-30T12:00", since="2026-03-20T12:00", people=PEOPLE, window=(540, 1050))

    rows = SIGNALS[name].evaluate(facts)

    assert_frame_equal(rows, rows.sort("subject", "at", maintain_order=True))
    assert rows["at"].is_between(facts.since, facts.until, closed="right").all()
    assert isinstance(rows["at"].min() or facts.until, datetime)
