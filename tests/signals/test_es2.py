import itertools
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import PEOPLE, Directory
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.es2 import SIGNAL, doses
from helpdesk_wellbeing.statistics import benjamini_hochberg

MONDAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
DAYS = [MONDAY - timedelta(days=d) for d in (14, 13, 12, 11, 10, 7, 6, 5, 4, 3)]  # two weeks, Monday to Friday


def a_team(hard, hours=6.0, days=DAYS, grade="A"):
    """Frames of agents who handled so many hard tickets each, the same on every day, one shift a day."""
    worked, handled, hard_rows = [], [], []
    for agent, count in hard.items():
        worked += [
            {
                "agent": agent,
                "date": d,
                "work_events": 20,
                "active_30": timedelta(hours=hours),
                "grade": grade,
            }
            for d in days
        ]
        for i in range(count):
            day = days[i % len(days)]
            start = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
            handled.append({"agent": agent, "date": day, "shift_start": start, "ticket": f"{agent}-{i}"})
            hard_rows.append({"ticket": f"{agent}-{i}", "at": start + timedelta(hours=1), "indicators": "moved_up"})
    return {
        "days": pl.DataFrame(worked, schema_overrides=schema.DAYS).select(
            pl.col(k) if k in worked[0] else pl.lit(None, dtype=t).alias(k) for k, t in schema.DAYS.items()
        ),
        "handled": pl.DataFrame(handled, schema=schema.HANDLED),
        "hard": pl.DataFrame(hard_rows, schema=schema.HARD),
    }


def some_facts(frames, groups=None, **more):
    agents = frames["days"]["agent"].unique().sort()
    groups = groups or {agent: ["1"] for agent in agents}
    people = pl.DataFrame([{"agent": a, "groups": g} for a, g in groups.items()], schema=PEOPLE)
    empty = Directory.empty()
    defaults = {
        "since": datetime(2026, 5, 27, tzinfo=UTC),
        "until": datetime(2026, 6, 3, tzinfo=UTC),
        "history_start": datetime(2026, 1, 1, tzinfo=UTC),
        "zone": "UTC",
        "week_start": 0,
        "directory": Directory("UTC", people, empty.leave, empty.groups, empty.on_call),
        "hard_possible": True,
        **{name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()},
    }
    return Facts(**(defaults | frames | more))


OTHERS = dict(zip("bcdefgh", (6, 5, 5, 5, 5, 5, 6), strict=True))  # 37 in seven times 60 hours


def values_of(facts, agent="a"):
    return SIGNAL.evaluate(facts).filter(pl.col("subject") == agent).row(0, named=True)


def test_the_dose_is_compared_with_what_the_others_had_an_hour():
    row = values_of(some_facts(a_team({"a": 14, **OTHERS})))

    assert (row["hard"], row["active_h"]) == (14, 60)
    assert row["expected"] == pytest.approx(5.2857, abs=0.0001)
    assert row["ratio"] == pytest.approx(2.649, abs=0.001)
    assert row["p_adjusted"] == pytest.approx(0.00938, abs=0.0001)
    assert (row["raises"], row["falls"], row["at"], row["date"]) == (True, True, AT, MONDAY)


def test_the_correction_for_many_agents_keeps_a_lucky_find_quiet():
    numbers = doses(np.array([11.0, 37.0]), np.array([60.0, 420.0]), np.array([0, 0]))

    assert numbers["expected"][0] == pytest.approx(5.2857, abs=0.0001)
    assert numbers["ratio"][0] == pytest.approx(2.081, abs=0.001)
    assert numbers["p"][0] == pytest.approx(0.01966, abs=0.00001)
    family = np.array([numbers["p"][0], 0.04, 0.21, 0.33, 0.48, 0.55, 0.77, 0.90])
    assert benjamini_hochberg(family)[0] == pytest.approx(0.157, abs=0.001)
    assert values_of(some_facts(a_team({"a": 11, **OTHERS})))["p_adjusted"] > 0.1


def test_a_ticket_counts_once_for_everybody_who_handled_it():
    frames = a_team({"a": 10, **OTHERS})
    again = frames["handled"].filter(pl.col("agent") == "a").with_columns(date=pl.lit(DAYS[0]))
    by_b = again.with_columns(agent=pl.lit("b"))
    frames["handled"] = pl.concat([frames["handled"], again, by_b])

    assert values_of(some_facts(frames))["hard"] == 10
    assert values_of(some_facts(frames), "b")["hard"] == 16


def test_tickets_that_became_hard_outside_the_window_do_not_count():
    frames = a_team({"a": 10, **OTHERS})
    start = datetime(2026, 5, 18, tzinfo=UTC)
    for at, count in ((start - timedelta(seconds=1), 0), (start, 10), (datetime(2026, 5, 30, tzinfo=UTC), 0)):
        frames["hard"] = frames["hard"].with_columns(at=pl.lit(at).cast(schema.HARD["at"]))
        assert values_of(some_facts(frames))["hard"] == count


def test_only_the_last_ten_worked_days_count():
    frames = a_team({"a": 10, **OTHERS})
    earlier = a_team({"a": 10}, days=[MONDAY - timedelta(days=17)])
    frames = {name: pl.concat([earlier[name], frames[name]]) for name in frames}

    assert values_of(some_facts(frames))["active_h"] == 60


def test_many_hard_tickets_in_one_shift_are_seen():
    frames = a_team({"a": 10, **OTHERS})
    one_day = pl.col("agent") == "a"
    shift = datetime(2026, 5, 29, 8, tzinfo=UTC)
    frames["handled"] = frames["handled"].with_columns(
        date=pl.when(one_day).then(pl.lit(DAYS[-1])).otherwise("date"),
        shift_start=pl.when(one_day).then(pl.lit(shift).cast(schema.HANDLED["shift_start"])).otherwise("shift_start"),
    )

    assert values_of(some_facts(frames))["hard_in_shift"] == 10
    assert values_of(some_facts(frames), "b")["hard_in_shift"] == 1


def test_a_group_of_four_or_twenty_hours_missing_say_nothing():
    small = some_facts(a_team({"a": 14, "b": 1, "c": 1, "d": 1}))
    assert SIGNAL.evaluate(small).is_empty()
    assert set(SIGNAL.assess(small)["reason"]) == {"too few comparisons"}

    short = some_facts(a_team({"a": 14, **OTHERS}, hours=1.9))
    assert SIGNAL.evaluate(short).is_empty()
    assert set(SIGNAL.assess(short)["reason"]) == {"too few days"}
    assert SIGNAL.evaluate(some_facts(a_team({"a": 14, **OTHERS}, hours=2.0))).height == 8


def test_conversations_alone_need_twice_the_hours():
    assert SIGNAL.evaluate(some_facts(a_team({"a": 14, **OTHERS}, hours=3.9, grade="B"))).is_empty()
    assert values_of(some_facts(a_team({"a": 14, **OTHERS}, hours=4, grade="B")))["grade"] == "B"


def test_of_several_groups_that_of_most_handled_tickets_counts():
    frames = a_team({"a": 14, **OTHERS})
    groups = {"a": ["1", "2"], **{x: ["1"] for x in "bcdefgh"}, "i": ["2"]}
    in_group_2 = [{"day": DAYS[0], "group": "2", "ticket": f"a-{i}"} for i in range(9)]
    in_group_1 = [{"day": DAYS[0], "group": "1", "ticket": f"a-{i}"} for i in range(5, 12)]

    everywhere = some_facts(frames, groups)
    elsewhere = some_facts(frames, groups, touches=pl.DataFrame(in_group_2 + in_group_1, schema=schema.TOUCHES))

    assert values_of(everywhere)["hard"] == 14  # no activity known: the larger group
    assert "a" not in SIGNAL.evaluate(elsewhere)["subject"]


def test_without_known_groups_the_tickets_tell_them():
    frames = a_team({"a": 14, **OTHERS})
    touches = frames["hard"].select(day=pl.lit(DAYS[0]), group=pl.lit("5"), ticket="ticket")
    groups = {agent: [] for agent in "abcdefgh"}

    assert values_of(some_facts(frames, groups, touches=touches))["ratio"] == pytest.approx(2.649, abs=0.001)


def test_a_person_who_is_left_out_is_nobodys_comparison():
    frames = a_team({"a": 14, **OTHERS})
    shared = some_facts(frames, shared={"b": datetime(2026, 5, 1, tzinfo=UTC)})

    assert values_of(shared)["expected"] == pytest.approx(31 / 360 * 60)
    assert "b" not in SIGNAL.evaluate(shared)["subject"]
    assert SIGNAL.assess(shared).rows() == [("b", "shared or automated")]


def test_others_without_a_hard_ticket_do_not_make_one_significant():
    numbers = doses(np.array([1.0, 0, 0]), np.array([60.0, 60, 60]), np.zeros(3, dtype=np.int64))

    assert numbers["p"][0] == pytest.approx(1 / 3)
    assert numbers["ratio"][1] == 0


def test_who_has_been_away_for_four_weeks_has_no_events():
    frames = a_team({"a": 14, **OTHERS})
    facts = some_facts(frames, since=AT + timedelta(days=40), until=AT + timedelta(days=47))

    assert SIGNAL.evaluate(facts).is_empty()
    assert set(SIGNAL.assess(facts)["reason"]) == {"no events in window"}


def test_the_order_of_rows_and_the_cut_of_a_stretch_change_nothing():
    frames = a_team({"a": 14, **OTHERS})
    cuts = [datetime(2026, 5, 26, tzinfo=UTC) + timedelta(hours=13 * i) for i in range(30)]
    whole = SIGNAL.evaluate(some_facts(frames, since=cuts[0], until=cuts[-1]))
    mixed = {name: f.sample(fraction=1, shuffle=True, seed=2) for name, f in frames.items()}

    pieces = [SIGNAL.evaluate(some_facts(mixed, since=a, until=b)) for a, b in itertools.pairwise(cuts)]

    assert pl.concat(pieces).sort("subject", "at").equals(whole)


def test_evidence_names_what_made_the_tickets_hard_and_nothing_else():
    facts = some_facts(a_team({"a": 14, **OTHERS}))

    evidence = SIGNAL.explain(facts, "a", values_of(facts))

    assert evidence[0]["hard"] == 14
    assert evidence[1]["indicators"] == {"moved_up": 14}
    assert "a-" not in str(evidence)
