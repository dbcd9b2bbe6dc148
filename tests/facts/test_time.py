"""Shifts, blocks and days: worked examples and the edges of clocks and calendars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

Log = Callable[..., pl.DataFrame]
Facts = Callable[..., dict[str, pl.DataFrame]]
Staff = Callable[..., Any]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AMSTERDAM = "Europe/Amsterdam"


def local(text: str, zone: str = AMSTERDAM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def every(minutes: int, start: datetime, end: datetime, agent: str = "a1") -> list[dict[str, Any]]:
    """Work from start to end, both included."""
    count = (end - start) // timedelta(minutes=minutes)
    return [{"at": start + n * minutes * MINUTE, "actor": agent} for n in range(count + 1)]


def test_ex1_blocks_and_their_band(log: Log, facts: Facts) -> None:
    times = ["09:00", "09:10", "09:35", "10:20", "10:40", "12:00", "12:05"]
    rows = [{"at": local(f"2026-03-10 {time}")} for time in times]
    shift = facts(log(rows))["shifts"].row(0, named=True)
    assert [shift[f"active_{gap}"] / MINUTE for gap in (15, 30, 60)] == [15, 60, 105]
    assert shift["longest_gap"] == 80 * MINUTE
    assert shift["breaks"] == (25 + 45 + 20 + 80) * MINUTE
    assert shift["longest_stretch"] == 10 * MINUTE
    assert (shift["work_events"], shift["first_block_events"], shift["last_block_events"]) == (7, 3, 2)


@pytest.mark.parametrize("kind", ["system", "integration", "requester", "unknown"])
def test_ex1_a_change_that_no_agent_made_leaves_active_time_alone(log: Log, facts: Facts, kind: str) -> None:
    times = ["09:00", "09:10", "09:35", "10:20", "10:40", "12:00", "12:05"]
    rows = [{"at": local(f"2026-03-10 {time}")} for time in times]
    trigger = {"at": local("2026-03-10 09:58"), "kind": "status", "after": "open", "actor_kind": kind}
    assert facts(log([*rows, trigger]))["shifts"]["active_30"].to_list() == [60 * MINUTE]
    counted = trigger | {"actor_kind": "agent"}
    assert facts(log([*rows, counted]))["shifts"]["active_30"].to_list() == [105 * MINUTE]


@pytest.mark.parametrize(("night", "hours"), [("2026-10-24", 9), ("2026-03-28", 7), ("2026-03-10", 8)])
def test_ex2_a_night_lasts_as_long_as_it_elapses(log: Log, facts: Facts, staff: Staff, night: str, hours: int) -> None:
    begin = local(f"{night} 22:00")
    end = local(f"{date.fromisoformat(night) + timedelta(days=1)} 06:00")
    found = facts(log(every(10, begin, end)), staff(zone=AMSTERDAM))
    shift = found["shifts"].row(0, named=True)
    assert shift["end"] - shift["start"] == hours * HOUR
    assert shift["active_15"] == hours * HOUR
    assert shift["night"] == (hours - 2) * HOUR
    assert shift["date"] == date.fromisoformat(night)
    assert found["days"]["active_30"].to_list() == [2 * HOUR, (hours - 2) * HOUR]


def test_ex8_night_minutes_are_active_minutes_between_midnight_and_six(log: Log, facts: Facts, staff: Staff) -> None:
    blocks = [("10 21:00", "10 23:40"), ("11 00:15", "11 01:30"), ("11 02:10", "11 05:30")]
    rows = [row for a, b in blocks for row in every(5, local(f"2026-03-{a}"), local(f"2026-03-{b}"))]
    shifts = facts(log(rows), staff(zone=AMSTERDAM))["shifts"]
    assert shifts["night"].to_list() == [275 * MINUTE]
    assert shifts["end_minute"].to_list() == [5 * 60 + 30]


def test_a_gap_of_thirty_minutes_goes_on_and_one_more_microsecond_does_not(log: Log, facts: Facts) -> None:
    start = local("2026-03-10 09:00")
    for gap, active in ((30 * MINUTE, 30 * MINUTE), (30 * MINUTE + timedelta(microseconds=1), 0 * MINUTE)):
        shift = facts(log([{"at": start}, {"at": start + gap}]))["shifts"].row(0, named=True)
        assert shift["active_30"] == active
        assert shift["active_60"] == gap


def test_six_hours_part_two_shifts_and_a_moment_less_does_not(log: Log, facts: Facts) -> None:
    start = local("2026-03-10 09:00")
    apart = facts(log([{"at": start}, {"at": start + 6 * HOUR}]))["shifts"]
    assert apart["work_events"].to_list() == [1, 1]
    together = facts(log([{"at": start}, {"at": start + 6 * HOUR - timedelta(microseconds=1)}]))["shifts"]
    assert together["work_events"].to_list() == [2]


def test_a_shift_is_closed_when_six_hours_have_passed(log: Log, facts: Facts) -> None:
    events = log([{"at": local("2026-03-10 09:00")}])
    ends = local("2026-03-10 15:00")
    assert facts(events, until=ends)["shifts"]["closed"].to_list() == [True]
    assert facts(events, until=ends - timedelta(microseconds=1))["shifts"]["closed"].to_list() == [False]


def test_a_run_without_rest_is_cut_after_two_days(log: Log, facts: Facts) -> None:
    start = local("2026-03-10 00:00")
    shifts = facts(log(every(60, start, start + 100 * HOUR)))["shifts"]
    assert (shifts["end"] - shifts["start"]).to_list() == [48 * HOUR, 48 * HOUR, 2 * HOUR]


def test_active_minutes_are_split_at_local_midnight_and_events_stay_on_their_own_date(
    log: Log, facts: Facts, staff: Staff
) -> None:
    rows = [{"at": local(f"2026-03-{text}"), "ticket": text} for text in ("15 23:40", "15 23:50", "16 00:20")]
    days = facts(log(rows), staff(zone=AMSTERDAM))["days"]
    assert days["date"].to_list() == [date(2026, 3, 15), date(2026, 3, 16)]  # a Sunday and a Monday
    assert days["work_events"].to_list() == [2, 1]
    assert days["tickets"].to_list() == [2, 1]
    assert days["active_15"].to_list() == [10 * MINUTE, 0 * MINUTE]
    assert days["active_30"].to_list() == [20 * MINUTE, 20 * MINUTE]
    assert days["last"].to_list() == [rows[1]["at"], rows[2]["at"]]


def test_an_event_on_the_stroke_of_midnight_belongs_to_the_new_day(log: Log, facts: Facts, staff: Staff) -> None:
    rows = [{"at": local("2026-03-15 23:50")}, {"at": local("2026-03-16 00:00")}]
    days = facts(log(rows), staff(zone=AMSTERDAM))["days"]
    assert days["active_30"].to_list() == [10 * MINUTE, 0 * MINUTE]
    assert days["work_events"].to_list() == [1, 1]


def test_the_hour_of_day_means_nothing_without_the_agents_own_zone(log: Log, facts: Facts, staff: Staff) -> None:
    rows = every(10, local("2026-03-10 20:00", "America/Sao_Paulo"), local("2026-03-10 23:00", "America/Sao_Paulo"))
    own = staff([{"agent": "a1", "time_zone": "America/Sao_Paulo"}], zone=AMSTERDAM)
    assert facts(log(rows), own)["shifts"]["night"].to_list() == [0 * HOUR]
    assert facts(log(rows), staff(zone=AMSTERDAM))["shifts"]["night"].to_list() == [3 * HOUR]


def test_a_new_zone_holds_from_midnight_of_its_first_day(log: Log, facts: Facts, staff: Staff) -> None:
    moved = staff(
        [
            {"agent": "a1", "time_zone": "Europe/Amsterdam"},
            {"agent": "a1", "time_zone": "America/New_York", "valid_from": date(2026, 3, 11)},
        ],
        zone=AMSTERDAM,
    )
    rows = [{"at": local("2026-03-10 09:00")}, {"at": local("2026-03-11 21:00", "America/New_York")}]
    assert facts(log(rows), moved)["days"]["date"].to_list() == [date(2026, 3, 10), date(2026, 3, 11)]
    assert facts(log(rows), staff(zone=AMSTERDAM))["days"]["date"].to_list()[1] == date(2026, 3, 12)


def ex7_rows() -> list[dict[str, Any]]:
    blocks = [("08:30", "12:00"), ("12:45", "17:40"), ("20:15", "20:50")]
    return [row for a, b in blocks for row in every(5, local(f"2026-03-10 {a}"), local(f"2026-03-10 {b}"))]


def test_ex7_after_hours_is_active_time_outside_the_own_schedule(log: Log, facts: Facts, staff: Staff) -> None:
    row = {"agent": "a1", "time_zone": AMSTERDAM, "schedule": "Mon-Fri 09:00-17:30"}
    day = facts(log(ex7_rows()), staff([row]))["days"].row(0, named=True)
    assert (day["active_30"], day["after_hours"]) == (540 * MINUTE, 75 * MINUTE)


def test_leave_counts_whole_on_call_does_not_and_without_a_schedule_nothing_is_known(
    log: Log, facts: Facts, staff: Staff
) -> None:
    row = {"agent": "a1", "time_zone": AMSTERDAM, "schedule": "Mon-Fri 09:00-17:30"}
    leave = [("a1", date(2026, 3, 9), date(2026, 3, 10))]
    assert facts(log(ex7_rows()), staff([row], leave=leave))["days"]["after_hours"].to_list() == [540 * MINUTE]
    call = [("a1", local("2026-03-10 20:00"), local("2026-03-10 20:30"))]
    assert facts(log(ex7_rows()), staff([row], on_call=call))["days"]["after_hours"].to_list() == [60 * MINUTE]
    assert facts(log(ex7_rows()), staff([row | {"schedule": None}]))["days"]["after_hours"].to_list() == [None]


@pytest.mark.parametrize(("night", "inside"), [("2026-10-24", 9), ("2026-03-28", 7)])
def test_a_night_schedule_covers_its_own_night_when_the_clock_changes(
    log: Log, facts: Facts, staff: Staff, night: str, inside: int
) -> None:
    row = {"agent": "a1", "time_zone": AMSTERDAM, "schedule": "Sat 22:00-06:00"}
    begin, end = local(f"{night} 21:00"), local(f"{date.fromisoformat(night) + timedelta(days=1)} 07:00")
    days = facts(log(every(15, begin, end)), staff([row]))["days"]
    assert days["active_30"].sum() == (inside + 2) * HOUR
    assert days["after_hours"].to_list() == [HOUR, HOUR]


def test_zones_that_change_the_clock_at_midnight_split_where_the_date_changes(
    log: Log, facts: Facts, staff: Staff
) -> None:
    zone = "America/Sao_Paulo"  # 2018-11-04: from 00:00 straight to 01:00
    begin = local("2018-11-03 23:40", zone)
    days = facts(log(every(10, begin, begin + 40 * MINUTE)), staff(zone=zone))["days"]
    assert days["date"].to_list() == [date(2018, 11, 3), date(2018, 11, 4)]
    assert days["active_30"].to_list() == [20 * MINUTE, 20 * MINUTE]
    back = local("2019-02-16 22:50", zone)  # 2019-02-16: 23:00 to 24:00 happens twice
    days = facts(log(every(10, back, back + 150 * MINUTE)), staff(zone=zone))["days"]
    assert days["active_30"].to_list() == [130 * MINUTE, 20 * MINUTE]


def test_a_log_cut_by_date_shows_no_more_than_it_holds(log: Log, facts: Facts) -> None:
    start = local("2026-03-10 09:00")
    rows = every(10, start, start + 8 * HOUR)
    cut = [row for row in rows if row["at"] >= start + 4 * HOUR]
    whole, part = facts(log(rows))["shifts"], facts(log(cut))["shifts"]
    assert part["active_30"][0] == 4 * HOUR < whole["active_30"][0]
    assert part["start"].to_list() == [start + 4 * HOUR]


def test_a_date_that_lasts_longer_because_somebody_moved_west_is_one_day(log: Log, facts: Facts, staff: Staff) -> None:
    moved = staff(
        [
            {"agent": "a1", "time_zone": "Asia/Tokyo"},
            {"agent": "a1", "time_zone": "America/Sao_Paulo", "valid_from": date(2026, 10, 24)},
        ]
    )
    rows = [
        {"at": datetime(2026, 10, 23, 23, 9, tzinfo=UTC)},
        {"at": datetime(2026, 10, 25, 1, 9, tzinfo=UTC)},
    ]
    midnights = [datetime(2026, 10, day, tzinfo=UTC) for day in (24, 25, 26)]
    days = facts(log(rows), moved, cuts=midnights)["days"]
    assert days.select("date", "work_events").rows() == [(date(2026, 10, 24), 2)]
