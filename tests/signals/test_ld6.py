import itertools
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import GROUPS, Directory
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.ld6 import SIGNAL, backlog_values

EX16 = [120, 124, 123, 130, 133, 137, 136, 143, 147, 150]
BEFORE_EX16 = [100, 101, 102, 103, 104, 98, 99, 101, 100, 100]  # of the twenty, half lie at or above 120
START = date(2026, 5, 4)  # a Monday
LAST = date(2026, 5, 29)  # the Friday on which the twentieth business day ends


def weekdays(count):
    return [day for i in range(count * 2) if (day := START + timedelta(days=i)).weekday() < 5][:count]


def a_queue(backlog, days=None, group="1", solved=40):
    return pl.DataFrame(
        [
            {
                "group": group,
                "date": day,
                "created": solved,
                "solved": solved,
                "open_at_end": b,
                "escalated": 0,
                "reopened": 0,
            }
            for day, b in zip(days or weekdays(len(backlog)), backlog, strict=True)
        ],
        schema=schema.QUEUES,
    )


def some_facts(queues, schedule=None, zone=None, since=datetime(2026, 4, 1, tzinfo=UTC), until=None, **more):
    empty = Directory.empty()
    groups = pl.DataFrame([{"group": "1", "schedule": schedule, "time_zone": zone}], schema=GROUPS)
    defaults = {
        "since": since,
        "until": until or datetime(2026, 7, 31, tzinfo=UTC),
        "history_start": datetime(2026, 1, 5, tzinfo=UTC),
        "zone": "UTC",
        "week_start": 0,
        "directory": Directory("UTC", empty.people, empty.leave, groups, empty.on_call),
        "hard_possible": True,
        **{name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()},
        "queues": queues,
    }
    return Facts(**(defaults | more))


def on(facts, day):
    return SIGNAL.evaluate(facts).filter((pl.col("date") == day) & pl.col("raises")).row(0, named=True)


def test_a_growing_backlog_has_its_numbers():
    values = backlog_values(np.array([EX16], dtype=float), np.array([112.0]), np.array([40.0]))

    assert values["slope_per_day"][0] == pytest.approx(3.333, abs=0.001)
    assert values["p"][0] == pytest.approx(2.98e-5, abs=1e-7)
    assert values["ratio"][0] == pytest.approx(1.339, abs=0.001)
    assert values["days_to_clear"][0] == 3.75


def test_the_last_ten_business_days_are_judged_against_four_weeks():
    row = on(some_facts(a_queue(BEFORE_EX16 + EX16)), LAST)

    assert row["slope_per_day"] == pytest.approx(3.333, abs=0.001)
    assert row["ratio"] == pytest.approx(150 / 112)  # the median of the twenty: between 104 and 120
    assert row["days_to_clear"] == 3.75
    assert row["window_start"] == datetime(2026, 5, 18, tzinfo=UTC)


def test_a_business_day_may_raise_at_its_end_and_fall_at_four():
    rows = SIGNAL.evaluate(some_facts(a_queue(BEFORE_EX16 + EX16), zone="Europe/Amsterdam"))
    last = rows.filter(pl.col("date") == LAST)

    assert last["at"].to_list() == [
        datetime(2026, 5, 29, 22, tzinfo=UTC),
        datetime(2026, 5, 30, 2, tzinfo=UTC),
    ]
    assert last["raises"].to_list() == [True, False]
    assert last["falls"].to_list() == [False, True]
    assert set(rows["date"].dt.weekday()) == {1, 2, 3, 4, 5}


def test_business_days_are_those_of_the_schedule():
    days = [START + timedelta(days=i) for i in range(28) if (START + timedelta(days=i)).weekday() in (5, 6, 0)]
    facts = some_facts(a_queue(range(len(days)), days), schedule="Sat-Mon 10:00-18:00")

    rows = SIGNAL.evaluate(facts).filter(pl.col("date") < date(2026, 6, 1))

    assert rows["date"].unique().sort().to_list() == days[9:]
    assert SIGNAL.explain(facts, "1", rows.row(-1, named=True))[2] == {
        "what": "business days", "weekdays": ["Mon", "Sat", "Sun"], "note": "from the group's schedule",
    }  # fmt: skip


def test_without_a_schedule_the_evidence_says_what_was_assumed():
    facts = some_facts(a_queue(BEFORE_EX16 + EX16))
    evidence = SIGNAL.explain(facts, "1", on(facts, LAST))

    assert evidence[2]["note"] == "no schedule known: Monday to Friday assumed"
    assert [day["open"] for day in evidence[1]["days"]] == EX16


def test_a_date_without_a_row_is_an_empty_queue():
    days = weekdays(20)
    quiet = a_queue([5] * 10, days[:10], solved=6)

    row = SIGNAL.evaluate(some_facts(quiet)).filter((pl.col("date") == days[19]) & pl.col("falls")).row(0, named=True)

    assert (row["slope_per_day"], row["p"], row["ratio"], row["days_to_clear"]) == (0, 1, 0, 0)


def test_before_ten_business_days_nothing_is_said():
    facts = some_facts(a_queue(EX16[:9]), until=datetime(2026, 5, 15, tzinfo=UTC))

    assert SIGNAL.evaluate(facts).is_empty()
    assert SIGNAL.assess(facts).rows() == [("1", "too few days")]


def test_a_queue_that_solves_little_raises_nothing():
    rows = SIGNAL.evaluate(some_facts(a_queue(BEFORE_EX16 + EX16, solved=4)))

    assert not rows["raises"].any()
    assert rows["falls"].any()


def test_the_first_week_of_a_log_is_left_out():
    facts = some_facts(a_queue([1, 2, 3, 4, 5, *[100] * 10]), history_start=datetime(2026, 5, 4, 9, tzinfo=UTC))

    rows = SIGNAL.evaluate(facts)

    assert rows["date"].min() == weekdays(15)[14]
    assert rows["ratio"][0] == 1


def test_a_silent_queue_has_no_events_in_the_window():
    facts = some_facts(a_queue([0] * 20, solved=0))

    assert SIGNAL.assess(facts).rows() == [("1", "no events in window")]


def test_where_a_stretch_is_cut_and_the_order_of_rows_change_nothing():
    queues = pl.concat([a_queue(BEFORE_EX16 + EX16), a_queue(EX16 + EX16, group="2")])
    cuts = [datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=17 * i) for i in range(60)]
    whole = SIGNAL.evaluate(some_facts(queues, since=cuts[0], until=cuts[-1]))
    mixed = queues.sample(fraction=1, shuffle=True, seed=1)

    pieces = [
        SIGNAL.evaluate(some_facts(mixed.filter(pl.col("date") <= b.date()), since=a, until=b))
        for a, b in itertools.pairwise(cuts)
    ]

    assert pl.concat(pieces).sort("subject", "at").equals(whole)
