import itertools
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import GROUPS, Directory
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.es1 import SIGNAL, funnel_point, rates

QUEUES = {"billing": (18, 90), "tech": (30, 300), "returns": (2, 6), "vip": (9, 40), "general": (24, 400)}
MONDAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, 2, tzinfo=UTC)  # 04:00 in Amsterdam


def some_facts(queues=QUEUES, tiers=(), hard_at=AT - timedelta(days=3), touched=MONDAY - timedelta(days=5), **more):
    touches, hard = [], []
    for group, (x, n) in queues.items():
        touches += [{"day": touched, "group": group, "ticket": f"{group}-{i}"} for i in range(n)]
        hard += [{"ticket": f"{group}-{i}", "at": hard_at, "indicators": "moved_up+rated_bad"} for i in range(x)]
    directory = Directory.empty("Europe/Amsterdam")
    groups = pl.DataFrame([{"group": g, "tier": t} for g, t in dict(tiers).items()], schema=GROUPS)
    defaults = {
        "since": datetime(2026, 5, 27, tzinfo=UTC),
        "until": datetime(2026, 6, 3, tzinfo=UTC),
        "history_start": datetime(2026, 1, 1, tzinfo=UTC),
        "zone": "Europe/Amsterdam",
        "week_start": 0,
        "directory": Directory(directory.zone, directory.people, directory.leave, groups, directory.on_call),
        "hard_possible": True,
        **{name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()},
        "touches": pl.DataFrame(touches, schema=schema.TOUCHES),
        "hard": pl.DataFrame(hard, schema=schema.HARD),
    }
    return Facts(**(defaults | more))


def values_of(facts, group):
    return SIGNAL.evaluate(facts).filter(pl.col("subject") == group).row(0, named=True)


@pytest.mark.parametrize(
    ("group", "rate", "p0", "low", "high", "shrunk", "ratio", "adjusted"),
    [
        ("billing", 0.2, 0.0871, 0.1304, 0.2941, 0.1597, 1.833, 0.00276),
        ("vip", 0.225, 0.0930, 0.1232, 0.3750, 0.1516, 1.631, 0.0198),
        ("tech", 0.1, 0.0989, 0.0709, 0.1392, 0.0998, 1.010, 0.670),
        ("general", 0.06, 0.1353, 0.0406, 0.0877, 0.0684, 0.505, 1.0),
        ("returns", 0.333, 0.0976, 0.0968, 0.7, 0.1228, 1.259, float("nan")),
    ],
)
def test_queues_are_compared_with_the_others(group, rate, p0, low, high, shrunk, ratio, adjusted):
    row = values_of(some_facts(), group)

    assert (row["x"], row["n"]) == QUEUES[group]
    shown = [row[k] for k in ("rate", "p0", "wilson_low", "wilson_high", "shrunk", "ratio", "p_adjusted")]
    assert shown == pytest.approx([rate, p0, low, high, shrunk, ratio, adjusted], abs=0.001, nan_ok=True)


def test_the_highest_rate_of_a_tiny_queue_raises_nothing():
    row = values_of(some_facts(), "returns")

    assert (row["raises"], row["falls"]) == (False, False)
    assert SIGNAL.assess(some_facts()).rows() == [("returns", "too few tickets")]


def test_the_place_in_the_funnel():
    assert funnel_point(18, 90, 83 / 836)["place"] == "alert"
    assert funnel_point(9, 40, 83 / 836)["place"] == "alert"
    assert funnel_point(9, 90, 83 / 836)["place"] == "inside"
    assert funnel_point(20, 90, 83 / 836)["place"] == "alarm"


def test_it_is_judged_on_mondays_at_four_of_the_accounts_zone():
    row = values_of(some_facts(), "billing")

    assert row["at"] == AT
    assert row["date"] == MONDAY
    assert row["window_start"] == datetime(2026, 5, 4, 2, tzinfo=UTC)
    assert SIGNAL.evaluate(some_facts(since=AT)).is_empty()
    assert SIGNAL.evaluate(some_facts(until=AT - timedelta(microseconds=1))).is_empty()
    assert SIGNAL.evaluate(some_facts(until=AT)).height == 5


def test_what_became_hard_before_the_window_does_not_count():
    assert values_of(some_facts(hard_at=AT - timedelta(days=28, seconds=1)), "billing")["x"] == 0
    assert values_of(some_facts(hard_at=AT - timedelta(days=28)), "billing")["x"] == 18
    assert values_of(some_facts(hard_at=AT), "billing")["x"] == 0


def test_a_ticket_without_activity_in_the_window_does_not_count():
    assert SIGNAL.evaluate(some_facts(touched=MONDAY)).is_empty()
    assert SIGNAL.evaluate(some_facts(touched=MONDAY - timedelta(days=29))).is_empty()
    assert SIGNAL.evaluate(some_facts(touched=MONDAY - timedelta(days=28))).height == 5


def test_a_second_line_is_compared_with_second_lines_only():
    facts = some_facts(tiers={"billing": 2, "tech": 2, "returns": 1, "vip": 1, "general": 1})

    assert set(SIGNAL.evaluate(facts)["subject"]) == {"returns", "vip", "general"}
    assert values_of(facts, "vip")["p0"] == pytest.approx(26 / 406)
    assert ("billing", "too few comparisons") in SIGNAL.assess(facts).rows()


def test_without_a_possible_strong_indicator_nothing_is_said():
    facts = some_facts(hard_possible=False)

    assert SIGNAL.evaluate(facts).is_empty()
    assert set(SIGNAL.assess(facts)["reason"]) == {"no input on this platform"}


def test_fewer_than_five_hard_tickets_raise_nothing():
    row = values_of(some_facts(QUEUES | {"vip": (4, 40)}), "vip")

    assert (row["raises"], row["falls"]) == (False, True)


def test_others_without_a_hard_ticket_do_not_make_a_few_significant():
    def numbers(x, n):
        values = rates(np.array([x, 0.0, 0.0]), np.array(n), np.zeros(3, dtype=np.int64))
        return values["p_adjusted"][0]

    assert numbers(5.0, [200.0, 30.0, 30.0]) > 0.1
    assert numbers(20.0, [100.0, 300.0, 300.0]) < 0.001


def test_with_ten_queues_a_spread_beyond_chance_widens_everything():
    n = np.full(10, 200.0)
    x = np.array([10.0, 12, 14, 16, 20, 24, 28, 32, 36, 48])
    ten = rates(x, n, np.zeros(10, dtype=np.int64))
    nine = rates(x[1:], n[1:], np.zeros(9, dtype=np.int64))

    assert ten["p_adjusted"][-1] > nine["p_adjusted"][-1] * 10
    assert ten["wilson_low"][-1] < nine["wilson_low"][-1]


def test_with_ten_alike_queues_nothing_is_widened():
    n = np.full(10, 200.0)
    values = rates(np.full(10, 20.0), n, np.zeros(10, dtype=np.int64))

    assert values["wilson_low"][0] == pytest.approx(0.0657, abs=0.001)


def test_the_order_of_rows_changes_nothing():
    facts = some_facts()
    shuffled = some_facts(
        touches=facts.touches.sample(fraction=1, shuffle=True, seed=3),
        hard=facts.hard.sample(fraction=1, shuffle=True, seed=4),
    )

    assert SIGNAL.evaluate(facts).equals(SIGNAL.evaluate(shuffled))


def test_where_a_stretch_is_cut_changes_nothing():
    cuts = [datetime(2026, 5, 20, tzinfo=UTC) + timedelta(hours=11 * i) for i in range(40)]
    whole = SIGNAL.evaluate(some_facts(since=cuts[0], until=cuts[-1]))
    pieces = [SIGNAL.evaluate(some_facts(since=a, until=b)) for a, b in itertools.pairwise(cuts)]

    assert pl.concat(pieces).sort("subject", "at").equals(whole)


def test_evidence_shows_the_funnel_and_what_made_tickets_hard():
    facts = some_facts()
    evidence = SIGNAL.explain(facts, "billing", values_of(facts, "billing"))

    assert evidence[0]["x"] == 18
    assert evidence[1]["pooled_rate"] == pytest.approx(83 / 836, abs=1e-6)
    assert evidence[1]["place"] == "alert"
    assert evidence[2]["indicators"] == {"moved_up": 18, "rated_bad": 18}
