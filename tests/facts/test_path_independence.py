"""However time is cut, rows are ordered or batches fall: the facts are the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from helpdesk_wellbeing import feed

MONDAY = datetime(2026, 10, 19, tzinfo=UTC)  # the clock goes back in Europe on the 25th, in America on November 1st
MINUTES = 10 * 24 * 60
AGENTS = ("a1", "a2", "a3")
GROUPS = ("first", "second", None)
SORT = {
    "shifts": ["agent", "start"],
    "days": ["agent", "date"],
    "queues": ["group", "date"],
    "loads": ["at", "agent"],
    "touches": ["day", "group", "ticket"],
    "handled": ["agent", "date", "shift_start", "ticket"],
    "hard": ["ticket", "at"],
}

KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "created": st.fixed_dictionaries(
        {
            "group": st.sampled_from(GROUPS),
            "assignee": st.sampled_from(AGENTS),
            "priority": st.sampled_from(["low", None]),
        }
    ),
    "replied": st.just({}),
    "noted": st.just({}),
    "customer_replied": st.just({"actor": "c1", "actor_kind": "requester"}),
    "status": st.fixed_dictionaries(
        {
            "after": st.sampled_from(["open", "pending", "hold", "solved", "closed"]),
            "before": st.sampled_from([None, "solved"]),
        }
    ),
    "assigned": st.fixed_dictionaries(
        {"after": st.sampled_from([*AGENTS, None]), "before": st.sampled_from([*AGENTS, None])}
    ),
    "moved": st.fixed_dictionaries({"after": st.sampled_from(GROUPS), "before": st.sampled_from(GROUPS)}),
    "priority": st.fixed_dictionaries({"after": st.sampled_from(["low", "high", "urgent", None])}),
    "tagged": st.fixed_dictionaries({"after": st.sampled_from(["vip", "Legal"])}),
    "rated": st.fixed_dictionaries({"after": st.sampled_from(["good", "bad"]), "actor_kind": st.just("requester")}),
    "sla_breached": st.just({"actor": None}),
    "merged": st.just({}),
    "deleted": st.just({}),
    "availability": st.just({"after": "online"}),
}


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Spread over ten days, but often near a midnight or a whole hour, and often on a whole second."""
    minute = draw(
        st.one_of(st.integers(0, MINUTES), st.integers(0, 10).map(lambda d: d * 1440 + draw(st.integers(-90, 90))))
    )
    minute -= draw(st.sampled_from([0, 0, minute % 60]))
    return MONDAY + timedelta(minutes=max(minute, 0), seconds=draw(st.sampled_from([0, 0, 0, 1, 9, 10, 11, 59])))


@st.composite
def runs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few rows of one agent not far from each other."""
    at, agent = draw(moments()), draw(st.sampled_from(AGENTS))
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        row = {"at": at, "kind": kind, "actor": agent, "ticket": draw(st.sampled_from("123456789"))}
        row["batch"] = draw(st.sampled_from([None, None, "save"]))
        row["status"] = draw(st.sampled_from([None] * 8 + ["open", "solved"]))
        rows.append(row | draw(KINDS[kind]))
        at += draw(st.sampled_from([0, 1, 2, 8, 600, 1800, 3600, 5400, 6 * 3600, 20 * 3600])) * timedelta(seconds=1)
    return rows


snapshots = st.lists(
    st.fixed_dictionaries(
        {
            "ticket": st.sampled_from(["1", "2", "20", "21", "22"]),
            "created_at": st.one_of(moments(), st.just(MONDAY - timedelta(days=3))),
            "updated_at": st.one_of(moments(), st.none()),
            "status": st.sampled_from(["open", "pending", "solved"]),
            "group": st.sampled_from(GROUPS),
            "assignee": st.sampled_from([*AGENTS, None]),
            "priority": st.sampled_from(["high", None]),
            "channel": st.sampled_from(["chat", None]),
        }
    ),
    max_size=4,
    unique_by=lambda row: row["ticket"],
)


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    for name, keys in SORT.items():
        assert_frame_equal(one[name].sort(keys), other[name].sort(keys))
        assert one[name].select(keys).is_unique().all(), name


ZONES = pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York"])
FEW = settings(
    max_examples=4,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY = {
    "parts": st.lists(runs(), min_size=1, max_size=8),
    "known": snapshots,
    "seed": st.integers(0, 1000),
    "hours": st.integers(0, 40),
}


@ZONES
@FEW
@given(**ANY)
def test_any_cut_of_time_and_any_order_of_rows_gives_the_same_facts(log, staff, facts, zone, parts, known, seed, hours):
    gives_the_same(log, staff, facts, zone, parts, known, seed, hours)


@pytest.mark.prove
@ZONES
@settings(FEW, max_examples=60)
@given(**ANY)
def test_many_cuts_of_time_and_orders_of_rows_give_the_same_facts(log, staff, facts, zone, parts, known, seed, hours):
    gives_the_same(log, staff, facts, zone, parts, known, seed, hours)


def gives_the_same(
    log: Callable[..., pl.DataFrame],
    staff: Callable[..., Any],
    facts: Callable[..., dict[str, pl.DataFrame]],
    zone: str,
    parts: list[list[dict[str, Any]]],
    known: list[dict[str, Any]],
    seed: int,
    hours: int,
) -> None:
    lead, later = {"lead_of": ["first"]}, {"valid_from": date(2026, 10, 24)}
    who = staff(
        people_rows=[
            {"agent": "a1", "time_zone": "Asia/Kolkata", "schedule": "Mon-Fri 09:00-17:00"} | lead,
            {"agent": "a2", "time_zone": "Asia/Tokyo"},
            {"agent": "a2", "time_zone": "America/Sao_Paulo", "schedule": "Mon-Sun 20:00-04:00"} | later,
        ],
        groups=[{"group": "first", "tier": 1}, {"group": "second", "tier": 2, "time_zone": "Asia/Kolkata"}],
        leave=[("a1", date(2026, 10, 26), date(2026, 10, 27))],
        on_call=[("a1", MONDAY, MONDAY + timedelta(hours=30))],
        zone=zone,
    )  # fmt: skip
    events = log([row for part in parts for row in part])
    tickets = pl.DataFrame(known, schema=feed.TICKETS)
    until = MONDAY + timedelta(days=10, hours=hours)
    whole = facts(events, who, until, tickets=tickets)
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=seed)
    midnights = [MONDAY + timedelta(days=day) for day in range(12)]
    same(whole, facts(shuffled, who, until, cuts=midnights, tickets=tickets))
    whole_hours = [MONDAY + timedelta(hours=hour) for hour in range(12 * 24)]
    some = sorted(random.Random(seed).sample(whole_hours, 12))
    same(whole, facts(events, who, until, cuts=some, tickets=tickets))
