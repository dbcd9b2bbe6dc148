"""The columnar fold against a slow, plain one that does one thing at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

START = datetime(2026, 10, 23, tzinfo=UTC)  # Europe's clocks go back on the 25th
ZONES = {"a1": "Europe/Amsterdam", "a2": "America/New_York", "a3": "Asia/Kolkata"}
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
GAPS = (15, 30, 60)
CHANNEL = {"chat": Fraction(8, 10), "phone": Fraction(12, 10)}
PRIORITY = {"low": Fraction(8, 10), "high": Fraction(13, 10), "urgent": Fraction(16, 10)}
STATUS = {"pending": Fraction(25, 100), "hold": Fraction(10, 100), "solved": 0, "closed": 0}
UNIT = 100_000_000

Rows = list[dict[str, Any]]


def plain_acts(rows: Rows) -> dict[str, Rows]:
    """Work events per agent: bulk edits first, then saves."""
    by_hour: dict[tuple[str, Any], Rows] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (r["at"], r["id"])):
        if row["actor_kind"] == "agent" and row["kind"] in (
            "created",
            "replied",
            "noted",
            "status",
            "priority",
        ):
            by_hour[row["actor"], row["at"].replace(minute=0, second=0, microsecond=0)].append(row)
    acts: dict[str, Rows] = defaultdict(list)
    for (agent, _), work in sorted(by_hour.items(), key=lambda item: item[0]):
        first_of_save: dict[str, Any] = {}
        for row in work:
            if row["batch"]:
                first_of_save.setdefault(row["batch"], row["id"])
        place, before = 0, None  # `before`: last instant of a bulk edit that may go on
        while place < len(work):
            row = work[place]
            window = [r for r in work[place:] if r["at"] - row["at"] <= 10 * SECOND]
            goes_on = before is not None and row["at"] - before <= 10 * SECOND
            if goes_on or len({r["ticket"] for r in window}) >= 5:
                acts[agent].append(row)
                place += len(window)
                before = window[-1]["at"]
                continue
            if first_of_save.get(row["batch"], row["id"]) == row["id"]:
                acts[agent].append(row)
            place, before = place + 1, None
    return acts


def to_next_ten(moment: datetime) -> timedelta:
    """Time to the next multiple of ten seconds; midnights and six o'clock are such multiples."""
    return (10 - moment.second % 10) * SECOND


def plain_shifts(acts: Rows, zone: ZoneInfo) -> Rows:
    shifts: Rows = []
    for row in acts:
        at = row["at"]
        if not shifts or at - shifts[-1]["end"] >= 360 * MINUTE or at - shifts[-1]["start"] > 48 * 60 * MINUTE:
            shifts.append({"start": at, "end": at, "events": 1, "gaps": [], "night": timedelta()})
            continue
        shift = shifts[-1]
        gap = at - shift["end"]
        shift["gaps"].append(gap)
        if gap <= 30 * MINUTE:
            moment = shift["end"]
            while moment < at:
                step = min(to_next_ten(moment), at - moment)
                if moment.astimezone(zone).hour < 6:
                    shift["night"] += step
                moment += step
        shift["end"] = at
        shift["events"] += 1
    return shifts


def plain_days(acts: Rows, shifts: Rows, zone: ZoneInfo) -> dict[Any, dict[str, Any]]:
    days: dict[Any, dict[str, Any]] = defaultdict(
        lambda: {"events": 0, "tickets": set(), "hours": set(), **{gap: timedelta() for gap in GAPS}}
    )
    starts = {shift["start"] for shift in shifts}
    for place, row in enumerate(acts):
        clock = row["at"].astimezone(zone)
        day = days[clock.date()]
        day["events"] += 1
        day["tickets"].add(row["ticket"])
        day["hours"].add(clock.hour)
        if row["at"] in starts and (place == 0 or acts[place - 1]["at"] != row["at"]):
            continue
        length, moment = row["at"] - acts[place - 1]["at"], acts[place - 1]["at"]
        while length <= 60 * MINUTE and moment < row["at"]:
            step = min(to_next_ten(moment), row["at"] - moment)
            for gap in GAPS:
                if length <= gap * MINUTE:
                    days[moment.astimezone(zone).date()][gap] += step
            moment += step
    return days


def plain_weights(rows: Rows) -> Callable[[str, datetime], int]:
    """Open weight of an agent just before an instant."""

    def at(agent: str, instant: datetime) -> int:
        state: dict[str, dict[str, Any]] = {}
        for row in sorted(rows, key=lambda r: (r["at"], r["id"])):
            if row["at"] >= instant:
                break
            new = {"assignee": None, "channel": "email", "priority": None, "status": "new", "reopens": 0}
            ticket = state.setdefault(row["ticket"], new)
            if row["kind"] == "created":
                ticket.update(assignee=row["assignee"], channel=row["channel"], status="open")
            if row["kind"] == "priority":
                ticket["priority"] = row["after"]
            if row["kind"] == "status":
                if ticket["status"] in ("solved", "closed") and row["after"] not in ("solved", "closed"):
                    ticket["reopens"] += 1
                ticket["status"] = row["after"]
        total = Fraction(0)
        for ticket in state.values():
            if ticket["assignee"] == agent:
                weight = CHANNEL.get(ticket["channel"], 1) * PRIORITY.get(ticket["priority"], 1)
                weight *= STATUS.get(ticket["status"], 1)
                total += weight * (1 + min(Fraction(ticket["reopens"], 4), Fraction(1, 2)))
        whole = total * UNIT
        assert whole.denominator == 1
        return int(whole)

    return at


@st.composite
def logs(draw: st.DrawFn) -> Rows:
    rows: Rows = []
    tickets = [str(number) for number in range(7)]
    for number, ticket in enumerate(tickets):
        made = {"at": START, "kind": "created", "ticket": ticket, "actor": None, "actor_kind": "system"}
        made |= {
            "assignee": sorted(ZONES)[number % 3],
            "channel": draw(st.sampled_from(["email", "chat", "phone"])),
        }
        rows.append(made)
    for _ in range(draw(st.integers(1, 5))):
        at = START + draw(st.integers(1, 3 * 24 * 60)) * MINUTE
        agent = draw(st.sampled_from(sorted(ZONES)))
        for _ in range(draw(st.integers(1, 25))):
            kind = draw(st.sampled_from(["replied", "noted", "status", "priority"]))
            row = {"at": at, "kind": kind, "actor": agent, "ticket": draw(st.sampled_from(tickets))}
            row["batch"] = draw(st.sampled_from([None, None, None, "x", "y"]))
            if kind == "status":
                row["after"] = draw(st.sampled_from(["open", "pending", "hold", "solved", "closed"]))
            if kind == "priority":
                row["after"] = draw(st.sampled_from(["low", "normal"]))
            rows.append(row)
            seconds = draw(st.sampled_from([0, 1, 3, 10, 11, 600, 900, 901, 1790, 1800, 3600, 3601, 7200, 21600]))
            at += seconds * SECOND
    for number, row in enumerate(rows):
        row |= {"id": f"{number * 7919 % 100_003:06d}", "batch": row.get("batch")}
        row.setdefault("actor_kind", "agent")
    return rows


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
          phases=(Phase.explicit, Phase.generate))  # fmt: skip
@given(rows=logs())
def test_the_columnar_fold_agrees_with_a_plain_one(
    log: Callable[..., pl.DataFrame],
    staff: Callable[..., Any],
    facts: Callable[..., dict[str, pl.DataFrame]],
    rows: Rows,
) -> None:
    found = facts(log(rows), staff([{"agent": a, "time_zone": z} for a, z in ZONES.items()]))
    open_weight = plain_weights(rows)
    acts = plain_acts(rows)
    assert found["shifts"]["agent"].unique().sort().to_list() == sorted(acts)
    for agent, work in acts.items():
        zone = ZoneInfo(ZONES[agent])
        shifts = plain_shifts(work, zone)
        got = found["shifts"].filter(pl.col("agent") == agent).rows(named=True)
        assert len(got) == len(shifts)
        for mine, plain in zip(got, shifts, strict=True):
            assert (mine["start"], mine["end"], mine["work_events"]) == (
                plain["start"],
                plain["end"],
                plain["events"],
            )
            for gap in GAPS:
                active = sum((g for g in plain["gaps"] if g <= gap * MINUTE), timedelta())
                assert mine[f"active_{gap}"] == active
            assert mine["longest_gap"] == max(plain["gaps"], default=timedelta())
            assert mine["breaks"] == sum((g for g in plain["gaps"] if g >= 15 * MINUTE), timedelta())
            assert mine["night"] == plain["night"]
            assert mine["date"] == plain["start"].astimezone(zone).date()
            assert mine["open_weight"] == open_weight(agent, plain["start"])
        days = plain_days(work, shifts, zone)
        rows_of = found["days"].filter(pl.col("agent") == agent).rows(named=True)
        assert [row["date"] for row in rows_of] == sorted(days)
        for row in rows_of:
            plain = days[row["date"]]
            assert row["work_events"] == plain["events"]
            assert row["tickets"] == len(plain["tickets"])
            assert row["clock_hours"] == len(plain["hours"])
            assert [row[f"active_{gap}"] for gap in GAPS] == [plain[gap] for gap in GAPS]
