import itertools
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import LEAVE, PEOPLE, Directory
from helpdesk_wellbeing.signals.base import EVALUATION, Facts
from helpdesk_wellbeing.signals.ld3 import SIGNAL

TICKET = 100_000_000
EX11 = [30, 32, 29, 31, 33, 30, 28, 31, 32, 30, 29, 31, 30, 33, 31, 30, 29, 32, 31, 30]
START = date(2026, 3, 2)  # a Monday
BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
AFTER = datetime(2026, 9, 1, tzinfo=UTC)
NOTHING = pl.DataFrame(
    schema={"subject": pl.String(), **dict.fromkeys(SIGNAL.memory, pl.Float64()), "on": pl.Boolean()}
)
COLUMNS = {**EVALUATION, **dict.fromkeys([*SIGNAL.values, *SIGNAL.memory], pl.Float64())}


def weekdays(count):
    return [day for i in range(count * 2) if (day := START + timedelta(days=i)).weekday() < 5][:count]


def history(touched, agent="7", hours=8.0, grade="A"):
    rows = [
        {
            "agent": agent, "date": day, "work_events": 30, "active_30": timedelta(hours=hours),
            "touched_weight": round(x * TICKET), "solved_weight": 0, "grade": grade,
        }
        for day, x in zip(weekdays(len(touched)), touched, strict=True)
        if x is not None
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides=schema.DAYS).select(
        pl.col(k) if k in rows[0] else pl.lit(None, dtype=t).alias(k) for k, t in schema.DAYS.items()
    )


def some_facts(days, since=BEFORE, until=AFTER, people=(), leave=(), **more):
    empty = Directory.empty()
    directory = Directory(
        "UTC",
        pl.DataFrame(list(people), schema=PEOPLE),
        pl.DataFrame(list(leave), schema=LEAVE, orient="row"),
        empty.groups,
        empty.on_call,
    )
    defaults = {
        "since": since,
        "until": until,
        "history_start": datetime(2026, 1, 5, tzinfo=UTC),
        "zone": "UTC",
        "week_start": 0,
        "directory": directory,
        "hard_possible": True,
        **{name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()},
        "days": days,
    }
    return Facts(**(defaults | more))


def rows_of(facts, memory=NOTHING, enter=float("inf"), leave=1.0):
    """All rows; a subject is switched on above `enter` and off below `leave`."""
    found, on = [], set(memory.filter(pl.col("on"))["subject"])
    rounds = SIGNAL.evaluate(facts, memory)
    try:
        rows = next(rounds)
        while True:
            found.append(rows)
            for subject, c in rows.select("subject", "cusum").iter_rows():
                if c > enter:
                    on.add(subject)
                elif c < leave:
                    on.discard(subject)
            rows = rounds.send(frozenset(on))
    except StopIteration:
        pass
    return pl.concat([pl.DataFrame(schema=COLUMNS), *found]), on


def sums_after_a_fixed_baseline(observed):
    """The sums of `observed`, with the baseline of EX11 standing still because the flag is on."""
    usual = [30.5] * 4
    days = history([*EX11, *usual, *observed])
    last_usual = weekdays(24)[-1]
    memory = pl.DataFrame(
        [{"subject": "7", "sum": 0.0, "base_median": 30.5 * TICKET, "base_mad": 0.5 * TICKET, "base_day": 20514.0,
          "on": True}], schema=NOTHING.schema,
    )  # fmt: skip
    since = datetime(last_usual.year, last_usual.month, last_usual.day + 1, 4, tzinfo=UTC)
    return rows_of(some_facts(days, since=since), memory, enter=0, leave=-1)[0]["cusum"].to_list()


def test_small_rises_add_up_over_the_days():
    sums = sums_after_a_fixed_baseline([31, 34, 35, 36, 34, 37])

    assert sums == pytest.approx([0, 1.048, 2.538, 4.471, 5.519, 7.894], abs=0.001)


def test_one_freak_day_cannot_signal():
    assert sums_after_a_fixed_baseline([31, 60, 31, 30]) == pytest.approx([0, 2.5, 2.221, 1.5], abs=0.001)


def test_the_baseline_moves_along_and_ends_five_worked_days_before():
    rows, _ = rows_of(some_facts(history([*EX11, 30, 30, 30, 30, 31, 90, 90, 90, 90, 90])))

    first = rows.row(0, named=True)
    assert first["date"] == weekdays(25)[24]
    assert first["at"] == datetime(2026, 4, 4, 4, tzinfo=UTC)
    assert first["base_median"] == 30.5 * TICKET
    assert rows["base_median"].to_list()[-1] == 30 * TICKET  # none of the heavy days is in it yet


def test_the_baseline_stands_still_while_the_flag_is_on():
    days = history([*EX11, 30, 30, 30, 30, *[60] * 60])

    frozen, on = rows_of(some_facts(days), enter=4)
    rolling, _ = rows_of(some_facts(days))

    assert on == {"7"}
    assert frozen["base_median"].to_list()[-1] < 31 * TICKET
    assert rolling["base_median"].to_list()[-1] == 60 * TICKET


def test_a_scheduled_day_without_activity_counts_with_0_once_it_is_over():
    touched = [*EX11, 30, 30, 30, 30, 60, None, 30]
    people = [{"agent": "7", "schedule": "Mon-Fri 09:00-17:00"}]
    rows, _ = rows_of(some_facts(history(touched), people=people))

    assert rows["date"].to_list()[:3] == weekdays(27)[24:]
    assert rows["cusum"].to_list()[:2] == [2.5, 0]
    assert rows["raises"].to_list()[:3] == [True, False, True]
    assert rows["falls"].to_list()[:3] == [True, False, True]
    assert rows_of(some_facts(history(touched)))[0].height == 2


def test_a_day_of_leave_is_no_worked_day():
    touched = [*EX11, 30, 30, 30, 30, 60, None, 30]
    people = [{"agent": "7", "schedule": "Mon-Fri 09:00-17:00"}]
    away = weekdays(27)[25]
    rows, _ = rows_of(some_facts(history(touched), people=people, leave=[("7", away, away)]))

    assert away not in rows["date"].to_list()


def test_scheduled_days_before_the_first_activity_are_not_counted():
    people = [{"agent": "7", "schedule": "Mon-Fri 09:00-17:00"}]
    with_schedule, _ = rows_of(
        some_facts(history([*EX11, 30, 30, 30, 30, 60]), people=people, until=datetime(2026, 4, 5, tzinfo=UTC))
    )

    assert with_schedule["base_median"].to_list() == [30.5 * TICKET]


def test_under_twenty_baseline_days_nothing_is_said():
    facts = some_facts(history([30] * 19 + [90] * 5), until=datetime(2026, 4, 5, tzinfo=UTC))

    assert rows_of(facts)[0].is_empty()
    assert SIGNAL.assess(facts).rows() == [("7", "no baseline")]


def test_an_hour_of_activity_makes_a_worked_day():
    assert rows_of(some_facts(history([30] * 30, hours=0.99)))[0].is_empty()
    assert rows_of(some_facts(history([30] * 30, hours=1)))[0].height == 6


def test_the_first_week_of_a_log_is_no_baseline():
    rows, _ = rows_of(some_facts(history([1] * 5 + [30] * 30), history_start=datetime(2026, 3, 2, 8, tzinfo=UTC)))

    assert rows["base_median"].unique().to_list() == [30 * TICKET]
    assert rows["cusum"].max() == 0


def test_with_other_groups_or_another_schedule_the_baseline_begins_anew():
    people = [
        {"agent": "7", "groups": ["1"]},
        {"agent": "7", "groups": ["2"], "valid_from": weekdays(31)[30]},
    ]
    rows, _ = rows_of(some_facts(history([30] * 30 + [60] * 30), people=people))

    assert rows["cusum"].max() == 0
    assert rows["base_median"].to_list()[-1] == 60 * TICKET


def test_where_a_stretch_is_cut_changes_nothing():
    days = history([*EX11, 30, 30, 30, 30, 31, 40, 41, 42, 45, 20, 21, 22, 20, 31, 30, 44])
    whole, _ = rows_of(some_facts(days), enter=4)
    cuts = [BEFORE + timedelta(hours=17 * i) for i in range(140)]

    pieces, memory = [], NOTHING
    for since, until in itertools.pairwise(cuts):
        facts = some_facts(days.filter(pl.col("date") <= until.date()), since, until)
        piece, on = rows_of(facts, memory, enter=4)
        if piece.height:
            pieces.append(piece)
            memory = piece.tail(1).select("subject", *SIGNAL.memory, on=pl.col("subject").is_in(list(on)))

    assert pl.concat(pieces).equals(whole)


def test_the_order_of_rows_changes_nothing():
    days = pl.concat([history([*EX11, 30, 30, 30, 30, 60]), history([30] * 30, agent="8")])

    assert rows_of(some_facts(days))[0].equals(rows_of(some_facts(days.sample(fraction=1, shuffle=True, seed=5)))[0])


def test_evidence_is_a_line_of_days():
    facts = some_facts(history([*EX11, 30, 30, 30, 30, 60]))
    row = rows_of(facts)[0].row(0, named=True)

    evidence = SIGNAL.explain(facts, "7", row)

    assert evidence[0]["cusum"] == 2.5
    assert evidence[1]["days"][-1] == {"date": "2026-04-03", "touched_weight": 60.0}
