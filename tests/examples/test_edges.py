"""What surrounds the signals: who is a person, what cannot be said, the order of arrival, the command line."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.signals.base import REASONS
from helpdesk_wellbeing.signals.catalogue import SIGNALS

AS_OF = "2026-03-13T12:00"
AGENT_SIGNALS = sorted(signal.id for signal in SIGNALS.values() if signal.subject == "agent")


def around_the_clock(log, agent, day, hours, more=0):
    for hour in range(hours):
        log.event(f"{day}T{(3 + hour) % 24:02d}:30", "replied", agent, f"{hour}")
    for number in range(more):
        log.event(f"{day}T12:{number:02d}", "replied", agent, f"m{number}")


def written_log(new_log):
    log = new_log()
    for day in ("2026-03-03", "2026-03-05", "2026-03-09"):
        around_the_clock(log, "sixteen hours", day, 16)
        around_the_clock(log, "fifteen hours", day, 15)
        around_the_clock(log, "a tireless person", day, 16, more=20)
        around_the_clock(log, "robot", day, 19)
    log.person("a tireless person", identity="person")
    log.person("listed only")
    log.person("left out", excluded=True)
    log.person("phone line", identity="shared")
    log.person("left out later")
    log.person("left out later", excluded=True, valid_from=date(2026, 4, 1))
    log.work("left out later", "2026-03-11", "08:00-20:30")
    log.person("own zone", time_zone="America/Sao_Paulo", schedule="Mon-Fri 10:00-18:00")
    for day in ("09", "10", "11"):
        log.work("own zone", f"2026-03-{day}", "10:00-20:30", zone="America/Sao_Paulo")
        log.work("left out", f"2026-03-{day}", "08:00-20:30")
        log.work("phone line", f"2026-03-{day}", "08:00-20:30")
    log.work("gone", "2026-03-02", "09:00-17:00")
    log.work("hardly seen", "2026-03-10", "09:00", "10:00")
    log.work("hardly seen", "2026-03-11", "09:00", "10:00")
    log.work("back from holiday", "2026-03-02", "09:00-12:00")
    log.leave.append(("back from holiday", date(2026, 3, 3), date(2026, 3, 11)))
    for number in range(60):  # closes what piled up, ten a minute, then goes home
        log.event(f"2026-03-12T09:{number // 10:02d}:{number % 10:02d}", "status", "back from holiday", f"h{number}",
                  after="solved", status="solved")  # fmt: skip
    for number in range(400):
        log.event(f"2026-03-{2 + number % 10:02d}T{number % 24:02d}:00", "priority", "rule", f"r{number}",
                  actor_kind="system", after="high")  # fmt: skip
    return log


@pytest.fixture(scope="module")
def log(new_log):
    return written_log(new_log)


@pytest.fixture(scope="module")
def desk(open_desk, log):
    return open_desk(log)


def gaps(answer, agent):
    return {g["signal"]: g["reason"] for g in answer["not_assessable"] if g["subject"]["id"] == agent}


def test_sixteen_hours_on_three_days_ask_for_a_look(desk):
    answer = desk.at(AS_OF)

    assert answer["identity_review"] == [
        {"agent": "sixteen hours", "reason": "work in 16 different hours of a day, 3 days"}
    ]
    assert gaps(answer, "sixteen hours") == dict.fromkeys(AGENT_SIGNALS, "identity review")
    assert gaps(answer, "robot") == dict.fromkeys(AGENT_SIGNALS, "shared or automated")
    flagged = {f["subject"]["id"] for f in answer["flags"]}
    assert not flagged & {"sixteen hours", "robot", "left out", "phone line", "rule", "gone"}


def test_a_machine_is_known_from_its_third_day_on(desk):
    before = desk.at("2026-03-09T12:00")
    assert before["identity_review"] == []
    assert "shared or automated" not in gaps(before, "robot").values()


def test_who_is_said_to_be_a_person_is_judged_like_one(desk):
    assert desk.level("WT1", "a tireless person", AS_OF) == "critical"
    assert desk.level("WT1", "fifteen hours", AS_OF) == "critical"


def test_who_is_left_out_is_named_with_every_signal(desk):
    answer = desk.at(AS_OF)
    assert gaps(answer, "left out") == dict.fromkeys(AGENT_SIGNALS, "excluded")
    assert gaps(answer, "phone line") == dict.fromkeys(AGENT_SIGNALS, "shared or automated")


def test_who_will_be_left_out_later_is_judged_until_then(desk):
    assert desk.level("WT1", "left out later", AS_OF) == "critical"


def test_a_listed_agent_without_events_is_never_green(desk):
    found = gaps(desk.at(AS_OF), "listed only")
    assert sorted(found) == AGENT_SIGNALS
    assert set(found.values()) <= {"no events in window", "no schedule", "no zone"}


def test_somebody_of_whom_too_little_is_seen_is_never_green(desk):
    assert gaps(desk.at(AS_OF), "hardly seen") == {
        "WT1": "too few events",
        "WT2": "too few days",
        "WT3": "projection",
        "WT4": "too few events",
        "WT5": "too few days",
        "WT6": "too few events",
        "WT7": "no schedule",
        "WT8": "no zone",
        "LD1": "no baseline",
        "LD3": "no baseline",
        "ES2": "too few days",
    }
    assert gaps(desk.at(AS_OF), "gone")["WT1"] == "no events in window"
    assert gaps(desk.at(AS_OF), "own zone")["WT7"] == "too few days"


def test_reasons_come_from_the_closed_list(desk):
    assert {g["reason"] for g in desk.at(AS_OF)["not_assessable"]} <= set(REASONS)


def test_rules_of_the_helpdesk_are_nobody(desk):
    answer = desk.at(AS_OF)
    assert not [g for g in answer["not_assessable"] if g["subject"]["id"] == "rule"]
    assert desk.facts("days", "rule") == []


def test_a_bulk_close_after_a_holiday_is_no_load(desk):
    assert not [f for f in desk.at(AS_OF)["flags"] if f["subject"]["id"] == "back from holiday"]
    [_, day] = desk.facts("days", "back from holiday")
    assert day["work_events"] == 6


def test_evening_at_head_office_is_daytime_in_the_own_zone(desk):
    flag = desk.flag("WT1", "own zone", AS_OF)
    assert (flag["level"], flag["values"]["active_h"]) == ("warn", 10.5)
    assert flag["since"] == "2026-03-09"
    assert "no zone" not in gaps(desk.at(AS_OF), "own zone").values()


@pytest.mark.parametrize(
    "arrival", [pytest.param("shuffled in a hundred batches", marks=pytest.mark.prove), "twice, the latest first"]
)
def test_the_answer_is_the_same_however_the_log_arrives(open_desk, log, desk, arrival):
    events = log.events()
    parts = {
        "shuffled in a hundred batches": list(
            events.sample(fraction=1.0, shuffle=True, seed=2).iter_slices(-(-len(events) // 100))
        ),
        "twice, the latest first": [events[len(events) // 2 :], events, events[: len(events) // 2]],
    }[arrival]

    assert open_desk(log, arrivals=parts).at(AS_OF) == desk.at(AS_OF)


def test_no_answer_sees_a_later_event(open_desk, log, desk, new_log):
    instant = datetime(2026, 3, 10, 18, 29, tzinfo=UTC)  # in the middle of a shift
    cut = new_log()
    cut.__dict__.update(log.__dict__ | {"rows": [row for row in log.rows if row["at"] <= instant]})

    assert open_desk(cut).at(instant) == desk.at(instant)


def test_the_command_line_gives_the_same_answer(home, tmp_path, log, desk):
    from helpdesk_wellbeing.cli import cli

    def write(name, header, rows):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return str(tmp_path / name)

    columns = ("at", "ticket", "kind", "actor", "actor_kind", "after", "status")
    rows = [
        [row["at"].isoformat() if c == "at" else row.get(c) or "" for c in columns]
        for row in sorted(log.rows, key=lambda row: row["at"])
    ]
    known = ("agent", "time_zone", "schedule", "identity", "excluded", "valid_from")
    people = [
        [{True: "yes", None: ""}.get(person.get(c), person.get(c)) for c in known]
        for person in log.people
    ]  # fmt: skip
    run = CliRunner()
    imported = run.invoke(
        cli,
        [
            "import", write("log.csv", columns, rows), "--account", "acme", "--time-zone", "Europe/Amsterdam",
            "--people", write("people.csv", known, people),
            "--leave", write("leave.csv", ("agent", "from", "to"), log.leave),
        ],
    )  # fmt: skip
    assert imported.exit_code == 0, imported.output
    as_of = desk.at(AS_OF)["as_of"]

    checked = run.invoke(cli, ["check", "--account", "acme", "--as-of", as_of, "--format", "json"])

    assert checked.exit_code == 1
    assert json.loads(checked.stdout) == desk.at(AS_OF)
    assert datetime.fromisoformat(as_of) - timedelta(0) == datetime(2026, 3, 13, 11, tzinfo=UTC)
