"""Who did what: saves, bulk edits, machines and shared accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing.facts.identity import recognise

Log = Callable[..., pl.DataFrame]
Facts = Callable[..., dict[str, pl.DataFrame]]
Staff = Callable[..., Any]

NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def seconds(*offsets: float, **more: Any) -> list[dict[str, Any]]:
    """Each second another ticket."""
    return [{"at": NINE + offset * SECOND, "ticket": f"t{n}"} | more for n, offset in enumerate(offsets)]


def count(facts: dict[str, pl.DataFrame]) -> int:
    return int(facts["days"]["work_events"].sum())


def test_what_one_save_did_is_one_work_event(log: Log, facts: Facts) -> None:
    save = [{"at": NINE, "kind": kind, "batch": "s1"} for kind in ("replied", "status", "tagged")]
    other = [{"at": NINE + SECOND, "kind": "noted", "batch": "s2"}]
    assert count(facts(log(save + other))) == 2


def test_two_people_with_the_same_batch_did_two_things(log: Log, facts: Facts) -> None:
    rows = [{"at": NINE, "batch": "s1", "actor": agent} for agent in ("a1", "a2")]
    assert count(facts(log(rows))) == 2


def test_a_bulk_close_is_one_act_that_handles_and_solves_its_first_ticket_only(log: Log, facts: Facts) -> None:
    made = [{"at": NINE - timedelta(days=1), "ticket": f"t{n}", "kind": "created", "actor": "c"} for n in range(30)]
    for row in made:
        row["actor_kind"] = "requester"
    found = facts(log(made + seconds(*[n / 5 for n in range(30)], kind="status", after="solved")))
    day = found["days"].row(0, named=True)
    assert (day["work_events"], day["tickets"], day["solved_weight"]) == (1, 1, 100_000_000)
    assert found["handled"]["ticket"].to_list() == ["t0"]
    assert found["days"]["first"].to_list() == [NINE]


@pytest.mark.parametrize(
    ("offsets", "acts"),
    [
        ((0, 2, 4, 6, 10), 1),
        ((0, 2, 4, 6, 10.000001), 5),
        ((0, 2, 4, 6), 4),
        (tuple(range(0, 30)), 3),
        (tuple(range(0, 14)), 2),
        ((0, 20, 22, 24, 26, 28, 60), 3),
    ],
)
def test_five_tickets_within_ten_seconds_are_a_bulk_edit(log: Log, facts: Facts, offsets: Any, acts: int) -> None:
    assert count(facts(log(seconds(*offsets)))) == acts


def test_many_changes_of_one_ticket_are_no_bulk_edit(log: Log, facts: Facts) -> None:
    assert count(facts(log(seconds(0, 1, 2, 3, 4, 5, ticket="t")))) == 6


def test_what_somebody_else_does_meanwhile_does_not_make_a_bulk_edit(log: Log, facts: Facts) -> None:
    rows = [row | {"actor": f"a{n % 2}"} for n, row in enumerate(seconds(*range(8)))]
    assert count(facts(log(rows))) == 8


@pytest.mark.parametrize("kind", ["merged", "availability", "rated", "customer_replied", "sla_breached"])
def test_these_kinds_are_never_work(log: Log, facts: Facts, kind: str) -> None:
    assert facts(log([{"at": NINE, "kind": kind, "after": "online"}]))["days"].height == 0


def test_machines_and_shared_accounts_do_no_work_and_excluded_people_keep_their_facts(
    log: Log, facts: Facts, staff: Staff
) -> None:
    rows = [{"at": NINE, "actor": agent} for agent in ("bot", "desk", "listed", "quiet")]
    who = staff(
        [
            {"agent": "bot", "identity": "automation"},
            {"agent": "desk", "identity": "shared"},
            {"agent": "quiet", "excluded": True},
        ]
    )
    found = facts(log(rows), who, automation=frozenset({"listed"}))
    assert found["days"]["agent"].to_list() == ["quiet"]


def hours_of(agent: str, hours: int, days: int) -> list[dict[str, Any]]:
    return [
        {"at": datetime(2026, 3, 2 + day, hour, tzinfo=UTC), "actor": agent, "ticket": f"{agent}{day}{hour}"}
        for day in range(days)
        for hour in range(hours)
    ]


def test_an_automation_account_that_touches_more_tickets_than_any_person_is_recognised(
    log: Log, facts: Facts, staff: Staff
) -> None:
    days = facts(log(hours_of("siebel", 24, 5) + hours_of("a1", 9, 5)))["days"]
    assert days.group_by("agent").agg(pl.col("tickets").sum()).sort("tickets")["agent"][-1] == "siebel"
    shared, review = recognise(days, staff())
    assert shared == {"siebel": datetime(2026, 3, 4, 23, tzinfo=UTC)}
    assert review == []


def test_eighteen_hours_are_for_review_and_nineteen_are_no_person(log: Log, facts: Facts, staff: Staff) -> None:
    rows = hours_of("eighteen", 18, 3) + hours_of("nineteen", 19, 3) + hours_of("fifteen", 15, 9)
    rows += hours_of("twice", 20, 2)
    shared, review = recognise(facts(log(rows))["days"], staff())
    assert sorted(shared) == ["nineteen"]
    assert review == [{"agent": "eighteen", "reason": "work in 18 different hours of a day, 3 days"}]


def test_the_people_file_decides_who_is_a_person(log: Log, facts: Facts, staff: Staff) -> None:
    days = facts(log(hours_of("busy", 20, 4) + hours_of("long", 17, 8)))["days"]
    _, review = recognise(days, staff())
    assert review == [{"agent": "long", "reason": "work in 17 different hours of a day, 8 days"}]
    rows = [
        {"agent": "busy", "identity": "person"},
        {"agent": "long", "identity": "person"},
        {"agent": "desk", "identity": "shared"},
    ]
    shared, review = recognise(days, staff(rows))
    assert (sorted(shared), review) == (["desk"], [])


def test_the_third_day_counts_by_the_agents_own_dates(log: Log, facts: Facts, staff: Staff) -> None:
    found = facts(log(hours_of("a1", 24, 1)), staff([{"agent": "a1", "time_zone": "Asia/Kolkata"}]))
    assert found["days"].select("date", "clock_hours").rows() == [
        (date(2026, 3, 2), 19),
        (date(2026, 3, 3), 5),
    ]
