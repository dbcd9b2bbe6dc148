"""Blocks, shifts and who did what: from rows of a log to hours (worked examples 1 and 2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

MINUTE = timedelta(minutes=1)
EXAMPLE_1 = ("09:00", "09:10", "09:35", "10:20", "10:40", "12:00", "12:05")


@pytest.fixture(scope="module")
def desk(open_desk, new_log):
    log = new_log()
    for agent in ("plain", "with-trigger", "with-integration", "with-arrivals"):
        for at in EXAMPLE_1:
            log.event(f"2026-03-10T{at}", "replied", agent, "1")
    log.event("2026-03-10T09:58", "priority", "with-trigger", "1", actor_kind="system", after="high")
    log.event("2026-03-10T09:58", "tagged", "with-integration", "1", actor_kind="integration", after="vip")
    log.event("2026-03-10T09:58", "rated", "with-arrivals", "1", after="good")
    log.event("2026-03-10T09:59", "availability", "with-arrivals", None, after="away")
    log.event("2026-03-10T10:00", "customer_replied", "with-arrivals", "1", actor_kind="requester")
    log.event("2026-03-10T10:01", "sla_breached", "with-arrivals", "1", after="first reply")
    log.event("2026-03-10T10:02", "merged", "with-arrivals", "1")
    for evening in ("2026-10-24", "2026-03-28", "2026-03-10"):
        log.work("nights", evening, "22:00-06:00", step=30)
    log.work("bulk", "2026-03-10", "09:00")
    for second in range(12):
        log.event(f"2026-03-10T09:20:{second:02d}", "status", "bulk", f"b{second}", after="solved")
    for second in range(4):
        log.event(f"2026-03-10T09:40:{second:02d}", "status", "bulk", f"c{second}", after="solved")
    for kind, after in (("status", "solved"), ("tagged", "x"), ("noted", None)):
        log.event("2026-03-10T09:55", kind, "bulk", "d", after=after, batch="one save")
    log.work("sao-paulo", "2026-03-10", "21:00-23:30", zone="America/Sao_Paulo")
    log.person("sao-paulo", time_zone="America/Sao_Paulo")
    return open_desk(log)


def active(desk, agent, day):
    row = next(row for row in desk.facts("days", agent) if row["date"] == date.fromisoformat(day))
    return tuple(row[f"active_{gap}"] / MINUTE for gap in (15, 30, 60))


def test_the_band_of_example_1_is_15_60_and_105_minutes(desk):
    assert active(desk, "plain", "2026-03-10") == (15, 60, 105)


@pytest.mark.parametrize("agent", ["with-trigger", "with-integration", "with-arrivals"])
def test_what_no_person_did_does_not_close_a_gap(desk, agent):
    assert active(desk, agent, "2026-03-10") == (15, 60, 105)


@pytest.mark.parametrize(("evening", "hours"), [("2026-10-24", 9), ("2026-03-28", 7), ("2026-03-10", 8)])
def test_a_night_is_as_long_as_it_took_and_belongs_to_the_date_it_began(desk, evening, hours):
    night = next(s for s in desk.facts("shifts", "nights") if s["date"] == date.fromisoformat(evening))

    assert night["end"] - night["start"] == timedelta(hours=hours)
    assert night["active_30"] == timedelta(hours=hours)


def test_minutes_are_split_at_local_midnight_on_the_night_the_clock_goes_back(desk):
    assert active(desk, "nights", "2026-10-24")[1] == 120
    assert active(desk, "nights", "2026-10-25")[1] == 420


def test_a_bulk_edit_is_one_act_per_ten_seconds_and_one_save_is_one_act(desk):
    [day] = desk.facts("days", "bulk")

    # 09:00; 09:20:00 and :11; four single closings; one save
    assert day["work_events"] == 1 + 2 + 4 + 1


def test_a_date_is_that_of_the_agents_own_zone(desk):
    [shift] = desk.facts("shifts", "sao-paulo")

    assert shift["date"] == date(2026, 3, 10)
    assert shift["start"] == datetime.fromisoformat("2026-03-11T00:00Z")
