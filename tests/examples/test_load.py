"""Open work, load over days, balance, backlog (LD1, LD3, LD4, LD6; worked examples 9, 10, 11, 13, 16 and 22)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.signals.worked_days import tickets

OPEN = [14, 15, 13, 16, 14, 15, 17, 14, 13, 15, 16, 14, 15, 18, 14, 15, 13, 16, 15, 14]  # worked example 10
TOUCHED = [30, 32, 29, 31, 33, 30, 28, 31, 32, 30, 29, 31, 30, 33, 31, 30, 29, 32, 31, 30]  # worked example 11
USUAL_OPEN, USUAL_TOUCHED = [15] * 4, [30.5] * 4  # the days between baseline and the first day judged
FIRST_DAY = "2026-01-12"  # a Monday, a week after the log began
# worked example 22 as open tickets: z = (W - 15) x 0.6745 / 1.5
HYSTERESIS = [17, 21, 21, 19, 18, 17, 22]


def at(day, clock):
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def open_work(log, agent, days, weights):
    """So many normal tickets open when the day's work begins; routing takes and gives them."""
    held = 0
    for day, wanted in zip(days, weights, strict=True):
        for number in range(min(held, wanted), max(held, wanted)):
            giving = wanted > held
            log.event(
                at(day, "05:00") + timedelta(minutes=number),
                "assigned",
                "router",
                f"{agent}-{number}",
                actor_kind="system",
                after=agent if giving else "nobody",
                channel="email",
                status="open",
                priority="normal",
            )
        held = wanted
        log.work(agent, day, "09:00-11:00", step=20)


def solved_work(log, agent, days, each):
    """Answers that end some tickets a day, which nobody had been given."""
    for day in days:
        for number in range(each):
            log.event(
                at(day, "10:05") + timedelta(minutes=7 * number),
                "status",
                agent,
                f"{agent}-{day}-{number}",
                before="open",
                after="solved",
                channel="email",
                priority="normal",
            )


def touched_work(log, agent, days, weights):
    """So many normal tickets answered on a day; half a one more is a phone call and an urgent mail (1.2 + 1.3)."""
    for day, wanted in zip(days, weights, strict=True):
        kinds = [("email", "normal")] * int(wanted)
        if wanted != int(wanted):
            kinds = [("email", "normal")] * (int(wanted) - 2) + [("phone", "normal"), ("email", "high")]
        for number, (channel, priority) in enumerate(kinds):
            log.event(
                at(day, "08:00") + timedelta(minutes=8 * number),
                "replied",
                agent,
                f"{agent}-{day}-{number}",
                channel=channel,
                priority=priority,
                status="pending",
            )


def listed_tickets(log):
    """Worked example 9: six tickets in the hands of one agent, changed by nobody's work."""

    def change(ticket, minute, kind, **more):
        log.event(at("2026-01-12", "05:00") + timedelta(minutes=minute), kind, "r", ticket, actor_kind="system", **more)

    rows = {
        "w1": ("email", "normal", "open"),
        "w2": ("email", "urgent", "open"),
        "w3": ("chat", "normal", "open"),
        "w4": ("phone", "high", "open"),
        "w5": ("email", "low", "pending"),
        "w6": ("email", "high", "hold"),
    }
    for ticket, (channel, priority, status) in rows.items():
        change(ticket, 0, "created", channel=channel, priority=priority, status="open", assignee="holder")
        for reopen in range({"w2": 2, "w6": 1}.get(ticket, 0)):
            change(ticket, 1 + 2 * reopen, "status", after="solved", channel=channel)
            change(ticket, 2 + 2 * reopen, "status", after="open", channel=channel)
        change(ticket, 9, "status", after=status, channel=channel)
    change("w2", 10, "tagged", after="legal", channel="email")
    log.work("holder", "2026-01-12", "09:00-10:00")


def team(log, name, held, hours):
    """Open tickets and the hours of a day, person by person."""
    for who in held:
        minutes = round(hours[who] * 60)
        agent = f"{name} {who}"
        log.person(agent, schedule=f"Mon-Fri 09:00-{9 + minutes // 60:02d}:{minutes % 60:02d}", groups=[name])
        for number in range(held[who]):
            log.event(
                at("2026-01-19", "05:00") + timedelta(minutes=number),
                "assigned",
                "router",
                f"{agent}-{number}",
                actor_kind="system",
                after=agent,
                channel="email",
                status="open",
            )


EXAMPLE_13 = {"A": 18, "B": 9, "C": 6, "D": 12}
HOURS_13 = {"A": 6, "B": 6, "C": 4.8, "D": 7.2}
BACKLOG = [120, 124, 123, 130, 133, 137, 136, 143, 147, 150]  # worked example 16
BEFORE = [100, 102, 98, 101, 99, 100, 103, 97, 100, 104]


def queue(log, name, days, backlog, solved):
    """`backlog` tickets at the end of each day with so many solved a day; the first comes in the edge week."""
    made = done = 0
    for day, wanted in zip(days, backlog, strict=True):
        minute = at(day, "06:00")
        create = wanted - (made - done) + (solved if made else 0)
        for number in range(create):
            log.event(
                minute + timedelta(seconds=20 * number),
                "created",
                None,
                f"{name}-{made + number}",
                group=name,
                status="new",
            )
        if made:
            for number in range(solved):
                log.event(
                    minute + timedelta(hours=6, seconds=20 * number),
                    "status",
                    None,
                    f"{name}-{done + number}",
                    group=name,
                    after="solved",
                )
            done += solved
        made += create


@pytest.fixture(scope="module")
def days(working_days):
    return working_days(FIRST_DAY, 40)


@pytest.fixture(scope="module")
def desk(open_desk, new_log, days):
    log = new_log("UTC")
    log.event("2026-01-05T08:00", "created", None, "first", status="new")  # a log cut by date has thin edges
    for agent, judged in (
        ("rises", [22, 22, 22, 15]),
        ("rises more", [27, 27, 27, 27, 15]),
        ("dips", [22, 15, 22, 15]),
    ):
        weights = OPEN + USUAL_OPEN + judged
        open_work(log, agent, days[: len(weights)], weights)
    weights = OPEN + USUAL_OPEN + HYSTERESIS + [22] * 7
    open_work(log, "up and down", days[: len(weights)], weights)
    open_work(log, "few", days[:27], [3] * 24 + [9, 9, 9])
    open_work(log, "new", days[20:27], [15] * 5 + [40, 40])
    open_work(log, "fourteen days", days[8:28], [15] * 18 + [40, 40])
    open_work(log, "fifteen days", days[7:28], [15] * 19 + [40, 40])
    for agent, held in (("four and a half days", 9), ("six days", 12), ("under four days", 7)):
        open_work(log, agent, days[:24], [held] * 24)
        solved_work(log, agent, days[:24], 2)
    touched_work(log, "busier", days[:31], TOUCHED + USUAL_TOUCHED + [31, 34, 35, 36, 34, 37, 30])
    touched_work(log, "one spike", days[:28], TOUCHED + USUAL_TOUCHED + [31, 60, 31, 30])
    listed_tickets(log)
    team(log, "uneven", EXAMPLE_13, HOURS_13)
    team(log, "very uneven", {"A": 24, "B": 4, "C": 4, "D": 4}, dict.fromkeys("ABCD", 8))
    for number in range(15):  # helped on Tuesday: nine each
        log.event(
            at("2026-01-20", "05:00"),
            "assigned",
            "router",
            f"very uneven A-{number}",
            actor_kind="system",
            after=f"very uneven {'BCD'[number % 3]}",
        )
    team(log, "all busy", {"A": 16, "B": 10, "C": 8, "D": 8}, dict.fromkeys("ABCD", 8))  # 1.52 and 0.76
    team(log, "at the line", {"A": 12, "B": 6, "C": 6, "D": 8}, dict.fromkeys("ABCD", 8))  # 1.5 and 0.75
    team(log, "two of them", {"A": 18, "B": 2}, dict.fromkeys("AB", 8))
    team(log, "idle", {"A": 6, "B": 1, "C": 2}, dict.fromkeys("ABC", 8))
    log.groups.append({"group": "no plan"})
    edge = date(2026, 1, 6)
    queue(log, "growing", [edge, *days[:20]], [100, *BEFORE, *BACKLOG], 40)
    queue(log, "steady", [edge, *days[:20]], [100, *BEFORE, *BEFORE], 10)
    queue(log, "tiny", [edge, *days[:20]], [10, *[10] * 10, *range(11, 21)], 4)
    first_week = [date(2026, 1, 5) + timedelta(step) for step in range(5)]
    queue(log, "filling up", [*first_week, *days[:20]], [30, 60, 90, 120, 150, *[150] * 20], 20)
    queue(log, "young", [days[11], *days[12:20]], list(range(100, 145, 5)), 20)
    return open_desk(log, "LD1 LD3 LD4 LD6")


def test_example_9_the_open_list_weighs_7_3225(desk):
    [shift] = desk.facts("shifts", "holder")
    assert tickets(pl.Series([shift["open_weight"]]).to_numpy())[0] == pytest.approx(7.3225, abs=1e-9)


def test_example_10_open_work_against_the_own_median(desk, days):
    second = f"{days[25]}T23:00"

    assert desk.level("LD1", "rises", f"{days[24]}T23:00") == "none"  # one day is not enough
    flag = desk.flag("LD1", "rises", second)
    assert flag["level"] == "warn"
    assert flag["values"]["open_weight"] == 22.0
    assert flag["values"]["median_weight"] == 15.0
    assert flag["values"]["z"] == pytest.approx(3.148, abs=0.001)
    assert flag["since"] == days[25].isoformat()


def test_example_10_critical_comes_one_step_later(desk, days):
    assert desk.story("LD1", "rises more")[:3] == [
        (f"{days[24]} 17:00", "pending"),
        (f"{days[25]} 17:00", "warn"),
        (f"{days[26]} 17:00", "critical"),
    ]
    flag = desk.flag("LD1", "rises more", f"{days[26]}T23:00")
    assert flag["values"]["z"] == pytest.approx(5.396, abs=0.001)


def test_one_high_day_between_ordinary_ones_is_no_overload(desk):
    assert {level for _, level in desk.story("LD1", "dips")} == {"pending", "none"}


def test_example_22_enter_cool_clear_and_stay_quiet_for_five_days(desk, days):
    next_morning = [day + timedelta(1) for day in days]
    assert desk.story("LD1", "up and down") == [
        (f"{days[25]} 17:00", "pending"),
        (f"{days[26]} 17:00", "warn"),
        (f"{next_morning[28]} 04:00", "cooling"),
        (f"{next_morning[29]} 04:00", "cleared"),
        # five worked days of quiet (days 30 to 34), then two more high days
        (f"{days[35]} 17:00", "pending"),
        (f"{days[36]} 17:00", "warn"),
    ]
    assert desk.level("LD1", "up and down", f"{next_morning[28]}T04:00") == "(warn)"


def test_a_low_median_is_not_judged_and_a_short_past_is_no_baseline(desk, days):
    assert desk.story("LD1", "few") == []
    assert desk.reason("LD1", "new", f"{days[26]}T23:00") == "no baseline"


def test_fifteen_days_are_a_baseline_and_fourteen_are_not(desk, days):
    # the last of the twenty days has 15 days before its five days of distance, with 19 days only 14
    assert desk.story("LD1", "fifteen days")[0] == (f"{days[26]} 17:00", "pending")
    assert desk.story("LD1", "fourteen days") == [(f"{days[27]} 17:00", "pending")]


def test_open_work_is_measured_in_days_of_own_solving_too(desk, days):
    assert desk.story("LD1", "four and a half days")[:2] == [
        (f"{days[19]} 17:00", "pending"),
        (f"{days[20]} 17:00", "warn"),
    ]
    assert desk.story("LD1", "six days")[2] == (f"{days[21]} 17:00", "critical")
    assert desk.story("LD1", "under four days") == []
    flag = desk.flag("LD1", "four and a half days", f"{days[24]}T23:00")
    assert (flag["values"]["days_of_work"], flag["values"]["z"]) == (4.5, 0.0)


def test_example_11_small_rises_add_up(desk, days):
    morning = [day + timedelta(1) for day in days]
    assert desk.story("LD3", "busier")[:2] == [(f"{morning[27]} 04:00", "warn"), (f"{morning[28]} 04:00", "critical")]
    for index, cusum in ((27, 4.471), (28, 5.519), (29, 7.894)):
        flag = desk.flag("LD3", "busier", f"{morning[index]}T04:00")
        assert flag["values"]["cusum"] == pytest.approx(cusum, abs=0.001)


def test_example_11_a_single_spike_stays_quiet(desk, days):
    assert desk.story("LD3", "one spike") == []
    outcome = desk.engine.assess(at(days[27] + timedelta(1), "04:00"))
    memory = outcome.standing.memories["sustained_load_increase"]
    [total] = memory.filter(pl.col("subject") == "one spike")["sum"]
    assert total == pytest.approx(1.5, abs=0.001)


def test_example_13_shares_of_a_fair_load(desk):
    assert desk.level("LD4", "uneven", "2026-01-19T08:59") == "none"  # one snapshot is not enough
    flag = desk.flag("LD4", "uneven", "2026-01-19T09:00")
    assert flag["level"] == "warn"
    assert flag["values"] == {"max_ratio": 1.6, "min_ratio": 0.6667}
    assert flag["subject"] == {"kind": "team", "id": "uneven"}
    assert [bar["ratio"] for bar in flag["evidence"][1]["members"]] == [1.6, 0.889, 0.8, 0.667]


@pytest.mark.parametrize(
    ("team", "story"),
    [
        ("very uneven", [("06:00", "pending"), ("09:00", "warn"), ("12:00", "critical")]),
        ("at the line", [("06:00", "pending"), ("09:00", "warn")]),
        ("all busy", []),
        ("two of them", []),
        ("idle", []),
    ],
)
def test_an_imbalance_needs_a_colleague_with_room_and_two_snapshots(desk, team, story):
    monday = [(clock[11:], level) for clock, level in desk.story("LD4", team) if clock.startswith("2026-01-19")]
    assert monday == story


def test_an_imbalance_ends_the_morning_after_it_was_evened_out(desk):
    assert desk.story("LD4", "very uneven")[-1] == ("2026-01-21 04:00", "cleared")


def test_what_cannot_be_compared_is_said(desk):
    assert desk.reason("LD4", "two of them", "2026-01-19T12:00") == "too few comparisons"
    assert desk.reason("LD4", "no plan", "2026-01-19T12:00") == "no schedule"
    assert desk.reason("LD4", "all busy", "2026-01-19T12:00") is None


def test_example_16_a_backlog_that_grows(desk, days):
    midnight = f"{days[19] + timedelta(1)}T00:00"
    flag = desk.flag("LD6", "growing", midnight)

    assert flag["level"] == "warn"
    assert flag["values"]["slope_per_day"] == pytest.approx(3.333, abs=0.001)
    assert flag["values"]["p"] == pytest.approx(2.98e-5, rel=0.01)
    assert flag["values"]["ratio"] == pytest.approx(1.339, abs=0.001)
    assert flag["values"]["days_to_clear"] == pytest.approx(3.75)
    assert "Monday to Friday assumed" in str(flag["evidence"])


def test_a_steady_a_tiny_and_a_young_queue_do_not_grow(desk, days):
    friday_night = f"{days[19] + timedelta(1)}T04:00"
    for name in ("steady", "tiny", "young"):
        assert desk.level("LD6", name, friday_night) == "none"
    assert desk.story("LD6", "filling up") == []  # what grows in a log's first week is the log
    assert desk.reason("LD6", "young", friday_night) == "too few days"
    assert desk.reason("LD6", "tiny", friday_night) == "too few tickets"
    assert desk.reason("LD6", "steady", friday_night) is None
    assert desk.reason("LD6", "no plan", friday_night) == "no events in window"
