"""Tickets through time: weights, open work, queues, hard tickets, what was there before the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing import feed
from helpdesk_wellbeing.facts.schema import ONE_TICKET

Log = Callable[..., pl.DataFrame]
Facts = Callable[..., dict[str, pl.DataFrame]]
Staff = Callable[..., Any]

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ticket(number: str, hour: float = 0, **more: Any) -> dict[str, Any]:
    """A ticket that comes in on Monday and belongs to a1."""
    made = {
        "at": MONDAY + hour * HOUR,
        "kind": "created",
        "ticket": number,
        "actor": "c",
        "actor_kind": "requester",
    }
    return (
        made | {"assignee": "a1", "group": "first", "channel": "email", "status": "open", "priority": "normal"} | more
    )


def change(number: str, hour: float, kind: str, after: str | None = None, **more: Any) -> dict[str, Any]:
    """A change by a trigger, so that it is nobody's work."""
    row = {"at": MONDAY + hour * HOUR, "kind": kind, "ticket": number, "after": after}
    return row | {"actor": "rule", "actor_kind": "system"} | more


def weight_at(found: dict[str, pl.DataFrame], hour: int, agent: str = "a1") -> float:
    rows = found["loads"].filter((pl.col("at") == MONDAY + hour * HOUR) & (pl.col("agent") == agent))
    return int(rows["weight"].sum()) / ONE_TICKET


def reopen(number: str, hour: float) -> list[dict[str, Any]]:
    return [change(number, hour, "status", "solved"), change(number, hour + 0.1, "status", "open")]


def test_ex9_weights_add_up_exactly(log: Log, facts: Facts) -> None:
    rows = [
        ticket("1"),
        ticket("2", priority="urgent"),
        *reopen("2", 1),
        *reopen("2", 2),
        change("2", 3, "tagged", "legal"),
        ticket("3", channel="chat"),
        ticket("4", channel="phone", priority="high"),
        ticket("5", priority="low", status="pending"),
        ticket("6", priority="high"),
        *reopen("6", 1),
        change("6", 4, "status", "hold"),
    ]
    found = facts(log(rows))
    assert found["loads"].filter(pl.col("at") == MONDAY + 6 * HOUR)["weight"].to_list() == [732_250_000]
    shift = facts(log([*rows, {"at": MONDAY + 5 * HOUR, "kind": "noted", "ticket": "1"}]))["shifts"]
    assert shift["open_weight"].to_list() == [732_250_000]


@pytest.mark.parametrize(
    ("state", "weight"),
    [
        ({"channel": "messaging"}, 0.8),
        ({"channel": "api"}, 1.0),
        ({"channel": "other"}, 1.0),
        ({"channel": "social"}, 1.0),
        ({"priority": None}, 1.0),
        ({"status": "new"}, 1.0),
        ({"status": "solved"}, 0.0),
    ],
)
def test_factors_of_one_ticket(log: Log, facts: Facts, state: dict[str, Any], weight: float) -> None:
    assert weight_at(facts(log([ticket("1") | state])), 6) == weight


@pytest.mark.parametrize("kind", ["merged", "deleted"])
def test_what_was_merged_or_deleted_weighs_nothing_and_was_not_solved(log: Log, facts: Facts, kind: str) -> None:
    rows = [ticket("1"), change("1", 7, "status", "closed"), change("1", 7, kind)] if kind == "merged" else [
        ticket("1"), change("1", 7, kind)
    ]  # fmt: skip
    found = facts(log(rows))
    assert (weight_at(found, 6), weight_at(found, 9)) == (1.0, 0.0)
    assert found["queues"].select("solved", "open_at_end").row(0) == (0, 0)


def test_open_work_moves_with_the_assignee(log: Log, facts: Facts) -> None:
    rows = [
        ticket("1"),
        change("1", 7, "assigned", "a2", before="a1"),
        change("1", 10, "assigned", None, before="a2"),
    ]
    found = facts(log(rows))
    assert [weight_at(found, hour, "a1") for hour in (6, 9, 12)] == [1.0, 0.0, 0.0]
    assert [weight_at(found, hour, "a2") for hour in (6, 9, 12)] == [0.0, 1.0, 0.0]


def test_a_snapshot_at_nine_includes_what_happened_at_nine(log: Log, facts: Facts) -> None:
    assert weight_at(facts(log([ticket("1", 9)])), 9) == 1.0


def test_open_weight_is_taken_just_before_the_first_event_of_the_shift(log: Log, facts: Facts) -> None:
    rows = [ticket("1"), ticket("2", 8), {"at": MONDAY + 8 * HOUR, "kind": "noted", "ticket": "1"}]
    assert facts(log(rows))["shifts"]["open_weight"].to_list() == [ONE_TICKET]


def test_touched_and_solved_weights_leave_the_status_out(log: Log, facts: Facts) -> None:
    rows = [
        ticket("1", priority="urgent"),
        ticket("2", status="pending"),
        {"at": MONDAY + 8 * HOUR, "kind": "noted", "ticket": "2"},
        {"at": MONDAY + 8.5 * HOUR, "kind": "noted", "ticket": "2"},
        {"at": MONDAY + 9 * HOUR, "kind": "status", "ticket": "1", "after": "solved"},
    ]
    day = facts(log(rows))["days"].row(0, named=True)
    assert (day["touched_weight"], day["solved_weight"], day["tickets"]) == (260_000_000, 160_000_000, 2)


def test_a_ticket_that_an_agent_creates_solved_is_solved_by_them(log: Log, facts: Facts) -> None:
    found = facts(log([ticket("1", 9, status="solved", actor="a1", actor_kind="agent")]))
    assert found["days"]["solved_weight"].to_list() == [ONE_TICKET]
    assert found["queues"].select("created", "solved", "open_at_end").row(0) == (1, 1, 0)


TIERS = [{"group": "first", "tier": 1}, {"group": "second", "tier": 2}]


def test_queues_follow_tickets_between_groups_and_quiet_dates_carry_on(log: Log, facts: Facts, staff: Staff) -> None:
    rows = [
        ticket("1"),
        ticket("2"),
        change("1", 8, "moved", "second", before="first"),
        change("2", 25, "status", "solved"),
        change("2", 26, "status", "open"),
        change("1", 97, "status", "solved"),
    ]
    queues = facts(log(rows), staff(groups=TIERS), until=MONDAY + 5 * DAY)["queues"]
    first = queues.filter(pl.col("group") == "first").drop("group").rows()
    assert first == [
        (date(2026, 3, 9), 2, 0, 1, 1, 0),
        (date(2026, 3, 10), 0, 1, 1, 0, 1),
        (date(2026, 3, 11), 0, 0, 1, 0, 0),
        (date(2026, 3, 12), 0, 0, 1, 0, 0),
        (date(2026, 3, 13), 0, 0, 1, 0, 0),
    ]
    second = queues.filter(pl.col("group") == "second")
    assert second["open_at_end"].to_list() == [1, 1, 1, 1, 0]
    assert second["created"].sum() == 0


def test_a_ticket_that_is_routed_after_its_creation_is_created_where_it_arrives(log: Log, facts: Facts) -> None:
    rows = [ticket("1", group=None), change("1", 0.01, "moved", "second")]
    queues = facts(log(rows), until=MONDAY + DAY)["queues"]
    assert queues.select("group", "created", "open_at_end").rows() == [("second", 1, 1)]


def test_queue_dates_are_those_of_the_groups_zone(log: Log, facts: Facts, staff: Staff) -> None:
    groups = [{"group": "first", "time_zone": "Asia/Kolkata"}]
    queues = facts(log([ticket("1", 20)]), staff(groups=groups), until=MONDAY + DAY)["queues"]
    assert queues.select("date", "created").rows() == [(date(2026, 3, 10), 1)]


def test_touches_are_told_once_a_day_from_four_to_four(log: Log, facts: Facts) -> None:
    rows = [ticket("1", 3), change("1", 5, "noted"), change("1", 23, "noted"), change("1", 27, "noted")]
    rows.append(change("1", 28, "moved", "second", before="first"))
    found = facts(log(rows), cuts=[MONDAY + DAY])["touches"]
    assert found.rows() == [
        (date(2026, 3, 8), "first", "1"),
        (date(2026, 3, 9), "first", "1"),
        (date(2026, 3, 10), "second", "1"),
        (date(2026, 3, 10), "first", "1"),
    ]


STRONG = {
    "escalated": [change("1", 8, "moved", "second", before="first")],
    "listed_tag": [change("1", 8, "tagged", "Legal")],
    "bad_rating": [change("1", 8, "rated", "bad")],
}
WEAK = {
    "reopened_twice": [*reopen("1", 1), *reopen("1", 2)],
    "priority_raised": [change("1", 3, "priority", "high", before="normal")],
    "sla_breached": [change("1", 4, "sla_breached", "first_reply")],
    "lead_noted": [{"at": MONDAY + 5 * HOUR, "kind": "noted", "actor": "lead"}],
    "many_replies": [change("1", 6 + n / 10, "customer_replied") for n in range(6)],
}
LEAD = [{"agent": "lead", "lead_of": ["first"]}]


@pytest.mark.parametrize("word", sorted(STRONG))
def test_one_strong_sign_makes_a_ticket_hard(log: Log, facts: Facts, staff: Staff, word: str) -> None:
    hard = facts(log([ticket("1"), *STRONG[word]]), staff(groups=TIERS))["hard"]
    assert hard.rows() == [("1", MONDAY + 8 * HOUR, word)]


@pytest.mark.parametrize("word", sorted(WEAK))
def test_one_weak_sign_does_not_and_two_do(log: Log, facts: Facts, staff: Staff, word: str) -> None:
    who = staff(LEAD, groups=TIERS)
    assert facts(log([ticket("1"), *WEAK[word]]), who)["hard"].height == 0
    other = "sla_breached" if word != "sla_breached" else "priority_raised"
    rows = sorted([*WEAK[word], *WEAK[other]], key=lambda row: row["at"])
    hard = facts(log([ticket("1"), *rows]), who)["hard"]
    assert hard.rows() == [("1", rows[-1]["at"], "+".join(sorted([word, other])))]


def test_what_points_the_other_way_is_no_sign(log: Log, facts: Facts, staff: Staff) -> None:
    rows = [
        ticket("1", priority="urgent", group="second"),
        change("1", 1, "moved", "first", before="second"),
        change("1", 2, "priority", "high", before="urgent"),
        change("1", 3, "tagged", "vip"),
        change("1", 4, "rated", "good"),
        change("1", 5, "assigned", None, before="a1"),
        change("1", 6, "sla_breached", "first_reply"),
    ]
    assert facts(log(rows), staff(groups=TIERS))["hard"].height == 0


def test_a_ticket_becomes_hard_once(log: Log, facts: Facts) -> None:
    rows = [ticket("1"), change("1", 2, "tagged", "legal"), change("1", 30, "tagged", "press")]
    hard = facts(log(rows), cuts=[MONDAY + DAY])["hard"]
    assert hard.rows() == [("1", MONDAY + 2 * HOUR, "listed_tag")]


def snapshot(number: str, created: datetime, updated: datetime | None, **more: Any) -> dict[str, Any]:
    row = {"ticket": number, "created_at": created, "updated_at": updated, "status": "open", "group": "first"}
    return row | {"assignee": "a1", "priority": None, "channel": "email"} | more


def test_open_work_from_before_the_log_comes_from_snapshots(log: Log, facts: Facts) -> None:
    tickets = pl.DataFrame(
        [
            snapshot("old", MONDAY - 30 * DAY, MONDAY - 20 * DAY),
            snapshot("done", MONDAY - 30 * DAY, MONDAY - 20 * DAY, status="solved"),
            snapshot("young", MONDAY + 10 * HOUR, MONDAY + 10 * HOUR),
        ],
        schema=feed.TICKETS,
    )
    found = facts(log([ticket("1")]), tickets=tickets)
    assert [weight_at(found, hour) for hour in (6, 9, 12)] == [2.0, 2.0, 3.0]
    queues = found["queues"]
    assert queues.select("created", "open_at_end").row(0) == (2, 3)


def test_what_the_first_event_leaves_open_comes_from_the_snapshot(log: Log, facts: Facts) -> None:
    tickets = pl.DataFrame([snapshot("1", MONDAY - DAY, MONDAY + 90 * HOUR, priority="urgent")], schema=feed.TICKETS)
    found = facts(log([change("1", 7, "noted")]), tickets=tickets)
    assert (weight_at(found, 6), weight_at(found, 9)) == (1.6, 1.6)


def test_a_change_tells_by_itself_what_was_before(log: Log, facts: Facts) -> None:
    rows = [change("1", 7, "status", "open", before="solved", group="first", assignee="a1")]
    found = facts(log(rows))
    assert weight_at(found, 9) == 1.25
    assert found["queues"]["reopened"].to_list()[0] == 1


def test_a_long_quiet_solved_ticket_is_forgotten_whatever_the_slices_were(log: Log, facts: Facts) -> None:
    rows = [
        ticket("1"),
        *reopen("1", 1),
        change("1", 2, "status", "solved"),
        change("1", 50 * 24, "status", "open"),
    ]
    rows[-1] |= {"assignee": "a1", "group": "first"}
    until = MONDAY + 52 * DAY
    whole = facts(log(rows), until=until)
    daily = facts(log(rows), until=until, cuts=[MONDAY + n * DAY for n in range(52)])
    for name in ("loads", "queues"):
        assert whole[name].equals(daily[name])
    assert weight_at(whole, 50 * 24 + 6) == 1.0
