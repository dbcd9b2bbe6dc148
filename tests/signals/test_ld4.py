import itertools
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import GROUPS, LEAVE, PEOPLE, Directory
from helpdesk_wellbeing.signals.base import EVALUATION, Facts
from helpdesk_wellbeing.signals.ld4 import SIGNAL, team_ratios

TICKET = 100_000_000
OPEN = {"a": 18, "b": 9, "c": 6, "d": 12}
SCHEDULES = {
    "a": "Mon-Fri 09:00-15:00",  # 30 hours
    "b": "Mon-Fri 09:00-15:00",
    "c": "Mon-Thu 09:00-15:00",  # 24
    "d": "Mon-Fri 09:00-16:12",  # 36
}
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
TIMES = (6, 9, 12, 15, 18)
NOTHING = pl.DataFrame(
    schema={"subject": pl.String(), **dict.fromkeys(SIGNAL.memory, pl.Float64()), "on": pl.Boolean()}
)
COLUMNS = {**EVALUATION, **dict.fromkeys([*SIGNAL.values, *SIGNAL.memory], pl.Float64())}


def snapshots(weights, times=TIMES, day=MONDAY):
    rows = [
        {"at": day + timedelta(hours=h), "agent": agent, "weight": round(w * TICKET)}
        for h in times
        for agent, w in weights.items()
        if w
    ]
    return pl.DataFrame(rows, schema=schema.LOADS)


def a_team(schedules=SCHEDULES, groups=("1",), **more):
    return [{"agent": agent, "schedule": s, "groups": list(groups)} | more for agent, s in schedules.items()]


def some_facts(
    loads, people=None, leave=(), groups=(), since=MONDAY - timedelta(days=1), until=None, zone="UTC", **more
):
    directory = Directory(
        zone,
        pl.DataFrame(a_team() if people is None else people, schema=PEOPLE),
        pl.DataFrame(list(leave), schema=LEAVE, orient="row"),
        pl.DataFrame([{"group": g} for g in groups], schema=GROUPS),
        Directory.empty().on_call,
    )
    defaults = {
        "since": since,
        "until": until or MONDAY + timedelta(days=2),
        "history_start": datetime(2026, 1, 5, tzinfo=UTC),
        "zone": zone,
        "week_start": 0,
        "directory": directory,
        "hard_possible": True,
        **{name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()},
        "loads": loads,
    }
    return Facts(**(defaults | more))


def rows_of(facts, memory=NOTHING):
    return pl.concat([pl.DataFrame(schema=COLUMNS), *SIGNAL.evaluate(facts, memory)])


def test_open_work_an_hour_is_compared_with_the_teams():
    weight, hours = np.array([[18.0], [9], [6], [12]]), np.array([[30.0], [30], [24], [36]])

    assert team_ratios(weight, hours)[:, 0] == pytest.approx([1.6, 0.8, 0.6667, 0.8889], abs=0.0001)


def test_every_snapshot_may_raise_and_only_four_in_the_morning_may_fall():
    rows = rows_of(some_facts(snapshots(OPEN)))

    assert rows["subject"].unique().to_list() == ["1"]
    assert rows["max_ratio"].to_list() == pytest.approx([1.6] * 6)
    assert rows["min_ratio"].to_list() == pytest.approx([0.6667] * 6, abs=0.0001)
    assert rows["at"].dt.hour().to_list() == [6, 9, 12, 15, 18, 4]
    assert rows["raises"].to_list() == [True] * 5 + [False]
    assert rows["falls"].to_list() == [False] * 5 + [True]


def test_a_day_without_a_snapshot_has_no_falling_row():
    rows = rows_of(some_facts(snapshots(OPEN), until=MONDAY + timedelta(days=5)))

    assert rows.filter("falls").height == 1


def test_times_of_day_are_those_of_the_accounts_zone():
    rows = rows_of(some_facts(snapshots(OPEN, times=(22,)), zone="America/New_York"))

    assert rows["at"].to_list() == [MONDAY + timedelta(hours=22), MONDAY + timedelta(hours=32)]
    assert rows["date"].to_list() == [date(2026, 6, 1), date(2026, 6, 2)]


def test_who_is_on_leave_is_left_out_and_planned_leave_takes_hours_away():
    away_now = rows_of(some_facts(snapshots(OPEN), leave=[("b", date(2026, 6, 1), date(2026, 6, 1))]))
    away_soon = rows_of(some_facts(snapshots(OPEN), leave=[("b", date(2026, 6, 2), date(2026, 6, 3))]))

    assert away_now["max_ratio"][0] == pytest.approx((18 / 30) / (36 / 90))
    assert away_soon["max_ratio"][0] == pytest.approx((18 / 30) / (45 / 108))


@pytest.mark.parametrize("mark", [{"excluded": True}, {"identity": "shared"}])
def test_excluded_people_and_shared_accounts_are_left_out(mark):
    people = [*a_team(), *a_team({"e": "Mon-Fri 09:00-15:00"}, **mark)]

    assert rows_of(some_facts(snapshots(OPEN | {"e": 50}), people))["max_ratio"][0] == pytest.approx(1.6)
    shared = {"e": MONDAY - timedelta(days=1)}
    recognised = some_facts(
        snapshots(OPEN | {"e": 50}), [*a_team(), *a_team({"e": "Mon-Fri 09:00-15:00"})], shared=shared
    )
    assert rows_of(recognised)["max_ratio"][0] == pytest.approx(1.6)


def test_somebody_without_open_work_is_part_of_the_team():
    rows = rows_of(some_facts(snapshots({"a": 18, "b": 9, "d": 12})))

    assert rows["min_ratio"][0] == 0


def test_two_people_or_little_open_work_say_nothing():
    two = a_team({"a": SCHEDULES["a"], "b": SCHEDULES["b"]})
    assert rows_of(some_facts(snapshots({"a": 30, "b": 1}), two)).is_empty()
    assert rows_of(some_facts(snapshots({"a": 9.99}))).is_empty()
    assert not rows_of(some_facts(snapshots({"a": 10}))).is_empty()


def test_a_team_without_a_shift_plan_is_not_assessable():
    people = a_team(dict.fromkeys("abcd"))

    assert SIGNAL.assess(some_facts(snapshots(OPEN), people, groups=["1", "2"])).rows() == [
        ("1", "no schedule"),
        ("2", "no schedule"),
    ]
    assert SIGNAL.assess(some_facts(snapshots(OPEN))).is_empty()
    two = a_team({"a": SCHEDULES["a"], "b": SCHEDULES["b"]})
    assert SIGNAL.assess(some_facts(snapshots(OPEN), two)).rows() == [("1", "too few comparisons")]


def test_who_changes_teams_counts_where_they_are():
    move = {"agent": "a", "schedule": SCHEDULES["a"], "groups": ["2"], "valid_from": date(2026, 6, 2)}
    loads = pl.concat([snapshots(OPEN, (9,)), snapshots(OPEN, (9,), MONDAY + timedelta(days=1))])

    rows = rows_of(some_facts(loads, [*a_team(), move])).filter("raises")

    assert rows["max_ratio"][0] == pytest.approx(1.6)
    assert rows["max_ratio"][1] < 1.6


def test_where_a_stretch_is_cut_changes_nothing():
    loads = pl.concat([snapshots(OPEN, day=MONDAY + timedelta(days=d)) for d in range(3)])
    cuts = [MONDAY - timedelta(hours=5) + timedelta(hours=5 * i) for i in range(25)]
    whole = rows_of(some_facts(loads, since=cuts[0], until=cuts[-1]))

    pieces, memory = [], NOTHING
    for since, until in itertools.pairwise(cuts):
        inside = loads.filter((pl.col("at") > since) & (pl.col("at") <= until))
        piece = rows_of(some_facts(inside, since=since, until=until), memory)
        if piece.height:
            pieces.append(piece)
            memory = piece.tail(1).select("subject", *SIGNAL.memory, on=False)

    assert pl.concat(pieces).equals(whole)


def test_the_order_of_rows_changes_nothing():
    loads = snapshots(OPEN)
    mixed = some_facts(loads.sample(fraction=1, shuffle=True, seed=1), a_team()[::-1])

    assert rows_of(mixed).equals(rows_of(some_facts(loads)))


def test_evidence_has_letters_for_names():
    facts = some_facts(snapshots(OPEN))
    row = rows_of(facts).row(0, named=True)

    evidence = SIGNAL.explain(facts, "1", row)

    assert evidence[0]["max_ratio"] == 1.6
    assert evidence[1]["members"] == [
        {"member": "A", "ratio": 1.6},
        {"member": "B", "ratio": 0.889},
        {"member": "C", "ratio": 0.8},
        {"member": "D", "ratio": 0.667},
    ]
