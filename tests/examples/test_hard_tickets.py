"""Hard tickets in queues and in one pair of hands (ES1, ES2; worked examples 18 and 19)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

QUEUES = {"billing": (18, 90), "tech": (30, 300), "returns": (2, 6), "vip": (9, 40), "general": (24, 400)}
MONDAY = "2026-03-30T04:00"
GROUP = [f"agent {letter}" for letter in "ABCDEFG"]
# hard tickets of the others and of the one, week by week: 37 and 11 in the first two, 37 and 14 in the last two
OTHERS = ((3, 3, 3, 3, 2, 2, 2), (3, 3, 3, 3, 3, 2, 2)) * 2
ONE = (5, 6, 7, 7)


def at(day, clock):
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def queue(log, name, hard, count, day, tag="legal"):
    for number in range(count):
        when = at(day, "08:00") + timedelta(minutes=number)
        log.event(when, "created", None, f"{name}-{number}", group=name, status="new", channel="email")
        if number < hard:
            log.event(when + timedelta(hours=8), "tagged", None, f"{name}-{number}", after=tag, group=name)


def hard_work(log, agent, days, count):
    """Six hours of work a day for a week with so many hard tickets in it, one or two a day."""
    for number, day in enumerate(days):
        log.work(agent, day, "09:00-15:00", step=30)
        for second in range(number, count, 5):
            ticket = f"{agent}-{day}-{second}"
            log.event(at(day, "09:10") + timedelta(minutes=30 * second), "replied", agent, ticket)
            log.event(at(day, "09:11") + timedelta(minutes=30 * second), "tagged", None, ticket, after="abuse")


@pytest.fixture(scope="module")
def desk(open_desk, new_log, working_days):
    log = new_log("UTC")
    for name, (hard, count) in QUEUES.items():
        log.groups.append({"group": name, "tier": 1})
        queue(log, name, hard, count, "2026-03-03")
    for name in ("second line", "third line"):  # two of a tier have one queue each to be compared with
        log.groups.append({"group": name, "tier": 2})
        queue(log, name, 20, 40, "2026-03-04")
    log.groups.append({"group": "before the window", "tier": 1})
    queue(log, "before the window", 40, 40, "2026-03-01")
    days = working_days("2026-03-02", 20)
    for agent in [*GROUP, "one"]:
        log.person(agent, groups=["hotline"])
    for week in range(4):
        mine = days[5 * week : 5 * week + 5]
        for agent, count in zip(GROUP, OTHERS[week], strict=True):
            hard_work(log, agent, mine, count)
        hard_work(log, "one", mine, ONE[week])
    for agent in ("small team A", "small team B"):
        log.person(agent, groups=["pair"])
        for week in range(4):
            hard_work(log, agent, days[5 * week : 5 * week + 5], 2)
    # five hard ones in one shift, in a group of its own size
    for letter in "ABCDE":
        log.person(f"escalation {letter}", groups=["escalation"])
        for week in range(4):
            hard_work(log, f"escalation {letter}", days[5 * week : 5 * week + 5], 1)
    for number in range(5):
        log.event(at(days[19], "13:10") + timedelta(minutes=6 * number), "replied", "escalation A", f"e{number}")
        log.event(at(days[19], "16:00") + timedelta(minutes=number), "tagged", None, f"e{number}", after="threat")
    # a bulk save handles its first ticket only
    for number in range(12):
        log.event(at(days[19], "14:05"), "tagged", "escalation B", f"bulk{number}", after="press", batch="one save")
    return open_desk(log, "ES1 ES2")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "billing",
            {
                "rate": 0.2, "p0": 0.0871, "wilson_low": 0.1304, "wilson_high": 0.2941, "shrunk": 0.1597,
                "ratio": 1.833, "p_adjusted": 0.00276,
            },
        ),
        (
            "vip",
            {
                "rate": 0.225, "p0": 0.0930, "wilson_low": 0.1232, "wilson_high": 0.3750, "shrunk": 0.1516,
                "ratio": 1.631, "p_adjusted": 0.0198,
            },
        ),
    ],
)  # fmt: skip
def test_example_18_two_queues_have_more_hard_tickets_than_chance(desk, name, values):
    flag = desk.flag("ES1", name, MONDAY)

    assert (flag["level"], flag["subject"]["kind"]) == ("warn", "queue")
    assert (flag["values"]["x"], flag["values"]["n"]) == QUEUES[name]
    for key, expected in values.items():
        assert flag["values"][key] == pytest.approx(expected, abs=0.001), key
    assert flag["evidence"][1]["place"] == "alert"
    assert flag["window"] == {"start": "2026-03-02T04:00:00Z", "end": "2026-03-30T04:00:00Z"}


def test_example_18_the_highest_rate_is_a_tiny_queues_and_is_not_judged(desk):
    assert desk.level("ES1", "returns", MONDAY) == "none"
    assert desk.reason("ES1", "returns", MONDAY) == "too few tickets"
    for name in ("tech", "general"):
        assert desk.level("ES1", name, MONDAY) == "none"
        assert desk.reason("ES1", name, MONDAY) is None


def test_a_second_line_is_not_compared_with_a_first(desk):
    for name in ("second line", "third line"):
        assert desk.level("ES1", name, MONDAY) == "none"
        assert desk.reason("ES1", name, MONDAY) == "too few comparisons"


def test_what_happened_before_the_window_is_not_counted(desk):
    assert desk.reason("ES1", "before the window", MONDAY) == "no events in window"


def test_queues_are_judged_on_mondays_only(desk):
    assert desk.story("ES1", "vip")[0][0].endswith("04:00")
    assert {datetime.fromisoformat(clock).weekday() for clock, _ in desk.story("ES1", "vip")} == {0}


def test_example_19_eleven_of_48_may_be_chance_among_eight(desk):
    assert desk.level("ES2", "one", "2026-03-16T04:00") == "none"
    assert desk.reason("ES2", "one", "2026-03-16T04:00") is None


def test_example_19_fourteen_of_51_are_critical_one_step_at_a_time(desk):
    assert desk.story("ES2", "one")[:2] == [("2026-03-23 04:00", "warn"), ("2026-03-30 04:00", "critical")]
    flag = desk.flag("ES2", "one", MONDAY)
    assert (flag["values"]["hard"], flag["values"]["active_h"]) == (14, 60.0)
    assert flag["values"]["expected"] == pytest.approx(5.2857, abs=0.001)
    assert flag["values"]["ratio"] == pytest.approx(2.649, abs=0.001)


def test_a_small_group_has_nobody_to_be_compared_with(desk):
    assert desk.reason("ES2", "small team A", MONDAY) == "too few comparisons"


def test_five_hard_tickets_in_one_shift_are_a_dose_of_their_own(desk):
    assert desk.story("ES2", "escalation A") == [(MONDAY.replace("T", " "), "warn")]  # critical is a step further
    assert desk.level("ES2", "escalation B", MONDAY) == "none"


def test_a_bulk_save_handles_its_first_ticket_only(desk):
    assert desk.level("ES2", "escalation B", MONDAY) == "none"  # twelve would be critical
