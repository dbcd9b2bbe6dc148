import itertools
from datetime import UTC, date, datetime, timedelta
from math import isnan

import polars as pl
import pytest

from helpdesk_wellbeing.facts import schema
from helpdesk_wellbeing.people import GROUPS, LEAVE, PEOPLE, Directory
from helpdesk_wellbeing.signals.base import EVALUATION, Facts
from helpdesk_wellbeing.signals.ld1 import SIGNAL

TICKET = 100_000_000
EX10 = [14, 15, 13, 16, 14, 15, 17, 14, 13, 15, 16, 14, 15, 18, 14, 15, 13, 16, 15, 14]
USUAL = [15, 15, 15, 15]  # the days between the baseline and the day judged
START = date(2026, 3, 2)  # a Monday
ZONE = "Europe/Amsterdam"


def weekdays(count, start=START):
    days, day = [], start
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def a_shift(agent, day, weight, hour=8, hours=8, grade="A"):
    start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return {
        "agent": agent, "start": start, "end": start + timedelta(hours=hours), "date": day, "closed": True,
        "work_events": 30, "active_30": timedelta(hours=hours), "open_weight": round(weight * TICKET), "grade": grade,
    }  # fmt: skip


def a_day(agent, day, solved, hours=8, grade="A"):
    return {
        "agent": agent, "date": day, "work_events": 30, "active_30": timedelta(hours=hours),
        "touched_weight": 0, "solved_weight": round(solved * TICKET), "grade": grade,
    }  # fmt: skip


def frame(rows, columns):
    return pl.DataFrame(rows, schema={k: columns[k] for k in (rows[0] if rows else columns)}).select(
        [pl.col(k) if rows and k in rows[0] else pl.lit(None, dtype=t).alias(k) for k, t in columns.items()]
    )


def some_facts(shifts, days, since=None, until=None, people=(), leave=(), history_start=None, **more):
    empty = {name: pl.DataFrame(schema=s) for name, s in schema.SCHEMAS.items()}
    directory = Directory(
        ZONE,
        pl.DataFrame(list(people), schema=PEOPLE) if people else pl.DataFrame(schema=PEOPLE),
        pl.DataFrame(list(leave), schema=LEAVE, orient="row"),
        pl.DataFrame(schema=GROUPS),
        Directory.empty().on_call,
    )
    return Facts(
        since=since or datetime(2026, 2, 1, tzinfo=UTC),
        until=until or datetime(2026, 7, 1, tzinfo=UTC),
        history_start=history_start or datetime(2026, 1, 5, tzinfo=UTC),
        zone=ZONE,
        week_start=0,
        directory=directory,
        hard_possible=True,
        **(
            empty
            | {"shifts": frame(shifts, schema.SHIFTS), "days": frame(days, schema.DAYS)}
        ),
        **more,
    )  # fmt: skip


def history(weights, agent="7", solved=10.0, grade="A"):
    days = weekdays(len(weights))
    return (
        [a_shift(agent, d, w, grade=grade) for d, w in zip(days, weights, strict=True)],
        [a_day(agent, d, solved, grade=grade) for d in days],
    )


NOTHING = pl.DataFrame(
    schema={"subject": pl.String(), **dict.fromkeys(SIGNAL.memory, pl.Float64()), "on": pl.Boolean()}
)


COLUMNS = {**EVALUATION, **dict.fromkeys([*SIGNAL.values, *SIGNAL.memory], pl.Float64())}


def rows_of(facts, memory=NOTHING, on=lambda row: False):
    """All rows, with subjects switched on as `on` says about their latest row."""
    found, is_on = [], set(memory.filter(pl.col("on"))["subject"])
    rounds = SIGNAL.evaluate(facts, memory)
    try:
        rows = next(rounds)
        while True:
            found.append(rows)
            for row in rows.iter_rows(named=True):
                (is_on.add if on(row) else is_on.discard)(row["subject"])
            rows = rounds.send(frozenset(is_on))
    except StopIteration:
        pass
    return pl.concat([pl.DataFrame(schema=COLUMNS), *found])


def the_last(weights, **more):
    rows = rows_of(some_facts(*history(weights, **more)))
    return rows.filter(pl.col("raises") | ~pl.col("falls")).row(-1, named=True)


@pytest.mark.parametrize(("now", "z"), [(19, 1.799), (22, 3.148), (27, 5.396)])
def test_open_work_is_judged_against_the_own_median_with_a_floor_under_the_spread(now, z):
    row = the_last([*EX10, *USUAL, now])

    assert row["open_weight"] == now
    assert row["median_weight"] == 15
    assert row["z"] == pytest.approx(z, abs=0.001)
    assert row["days_of_work"] == pytest.approx(now / 10)
    assert row["raises"]


def test_a_day_has_one_row_at_the_end_of_the_shift_and_one_at_the_next_four_in_the_morning():
    rows = rows_of(some_facts(*history([*EX10, *USUAL, 27])))

    last = weekdays(25)[-1]
    raising, falling = rows.tail(2).iter_rows(named=True)
    assert (raising["raises"], raising["falls"]) == (True, False)
    assert raising["at"] == datetime(last.year, last.month, last.day, 22, tzinfo=UTC)  # 16:00 and six hours
    assert (falling["raises"], falling["falls"]) == (False, True)
    assert falling["at"] == datetime(2026, 4, 4, 2, tzinfo=UTC)  # 04:00 in Amsterdam's summer
    assert falling["z"] == raising["z"]
    assert raising["date"] == falling["date"] == last


def test_with_fewer_than_fifteen_baseline_days_nothing_is_said():
    facts = some_facts(*history([15] * 18 + [60]), until=datetime(2026, 3, 27, 12, tzinfo=UTC))

    assert rows_of(facts).is_empty()
    assert SIGNAL.assess(facts).rows() == [("7", "no baseline")]


def test_fifteen_baseline_days_are_enough():
    assert the_last([15] * 19 + [60])["z"] > 3.5


def test_conversations_alone_need_twice_the_baseline():
    assert rows_of(some_facts(*history([15] * 33 + [60], grade="B"))).is_empty()
    assert the_last([15] * 34 + [60], grade="B")["grade"] == "B"


def test_a_small_median_raises_nothing():
    assert not the_last([2] * 24 + [9])["raises"]


def test_without_solved_tickets_there_are_no_days_of_work():
    assert isnan(the_last([*EX10, *USUAL, 27], solved=0)["days_of_work"])


def test_the_first_week_of_a_log_is_no_baseline():
    weights = [1] * 5 + [15] * 15 + [15] * 5
    facts = some_facts(*history(weights), history_start=datetime(2026, 3, 2, 7, tzinfo=UTC))

    rows = rows_of(facts)

    assert rows["median_weight"].unique().to_list() == [15]
    assert rows["date"].min() == weekdays(25)[24]  # the fifteenth usable day and five more


def test_the_baseline_stands_still_while_the_flag_is_on():
    weights = [15] * 20 + [40] * 40
    frozen = rows_of(some_facts(*history(weights)), on=lambda row: row["z"] >= 3.5)
    rolling = rows_of(some_facts(*history(weights)))

    assert frozen["median_weight"].to_list()[-1] == 15
    assert rolling["median_weight"].to_list()[-1] == 40


def test_where_a_stretch_is_cut_changes_nothing():
    shifts, days = history([*EX10, *USUAL, 27, 28, 29, 16, 15, 14, 15])
    whole = rows_of(some_facts(shifts, days), on=lambda row: row["z"] >= 2.5)

    cuts = [datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=17 * i) for i in range(140)]
    pieces, memory = [], NOTHING
    for since, until in itertools.pairwise(cuts):
        facts = some_facts(
            [s for s in shifts if s["start"] <= until],
            [d for d in days if d["date"] <= until.date()],
            since,
            until,
        )
        piece = rows_of(facts, memory, on=lambda row: row["z"] >= 2.5)
        if piece.height:
            pieces.append(piece)
            last = piece.unique("subject", keep="last")
            memory = last.select("subject", *SIGNAL.memory, on=pl.col("z") >= 2.5)

    assert pl.concat(pieces).equals(whole)


def test_the_order_of_rows_changes_nothing():
    shifts, days = history([*EX10, *USUAL, 27])
    more_shifts, more_days = history([*EX10, *USUAL, 22], agent="8")
    in_order = some_facts(shifts + more_shifts, days + more_days)
    shuffled = some_facts((more_shifts + shifts)[::-1], (days + more_days)[::-1])

    assert rows_of(in_order).equals(rows_of(shuffled))


def test_an_excluded_agent_and_a_shared_account_have_no_rows():
    facts = some_facts(
        *history([*EX10, *USUAL, 27]),
        people=[{"agent": "7", "excluded": True}],
    )

    assert rows_of(facts).is_empty()
    assert SIGNAL.assess(facts).rows() == [("7", "excluded")]
    shared = some_facts(*history([*EX10, *USUAL, 27]), shared={"7": datetime(2026, 3, 20, tzinfo=UTC)})
    assert rows_of(shared).is_empty()
    assert SIGNAL.assess(shared).rows() == [("7", "shared or automated")]


def test_two_shifts_of_a_day_are_one_day():
    shifts, days = history([15] * 24)
    last = weekdays(25)[-1]
    shifts += [a_shift("7", last, 40, hour=5, hours=4), a_shift("7", last, 20, hour=16, hours=3)]
    days += [a_day("7", last, 10)]

    rows = rows_of(some_facts(shifts, days)).filter(pl.col("date") == last)

    assert rows["open_weight"].to_list() == [40, 40]
    assert rows["raises"].to_list() == [True, False]


def test_evidence_holds_sums_and_no_tickets():
    row = the_last([*EX10, *USUAL, 27])

    evidence = SIGNAL.explain(some_facts(*history([*EX10, *USUAL, 27])), "7", row)

    assert evidence[0]["open_weight"] == 27
    assert evidence[1]["days"][-1] == {"date": "2026-04-03", "open_weight": 27.0}
    assert "ticket" not in str(evidence[1])
