"""Hours that agents chose themselves: what is after hours is judged by them, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import OWN_HOURS, Directory, by_own_hours
from helpdesk_wellbeing.signals import wt7
from tests.agreement.conftest import KNOWN

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = MONDAY + timedelta(days=32)


def evenings(agent):
    """Five days a week from 14:00 to 21:30, a reply every half hour, for a month."""
    days = [MONDAY + timedelta(days=n) for n in range(32) if (MONDAY + timedelta(days=n)).weekday() < 5]
    at = [day + timedelta(hours=14, minutes=29 * n) for day in days for n in range(16)]
    row = {"account": "log", "ticket": "1", "actor": agent, "actor_kind": "agent", "kind": "replied",
           "channel": "email", "grade": "A"}  # fmt: skip
    rows = [{**dict.fromkeys(SCHEMA), **row, "id": f"{agent}{n}", "at": when} for n, when in enumerate(at)]
    return pl.DataFrame(rows, schema=SCHEMA)


@pytest.fixture(scope="module")
def answers(new_store, people):
    """What is found of anna before and after she said her hours; of ben, who works the same, without any schedule."""
    store = new_store()
    rows = people({"agent": "anna", "time_zone": "UTC", "schedule": "Mon-Fri 09:00-17:00", "contract_hours": 20.0})
    store.replace_people("log", "file", rows)
    store.add_events("log", pl.concat([evenings("anna"), evenings("ben")]))

    def look():
        outcome = Engine(store, "log", KNOWN).assess(UNTIL)
        return outcome, wt7.evaluate(replace(outcome.facts, since=MONDAY)).filter(date=UNTIL.date() - timedelta(2))

    before = look()
    for agent in ("anna", "ben"):
        store.said.say("log", agent, "hours", {"schedule": "Mon-Fri 14:00-22:00"}, UNTIL)
    return before, look()


def test_work_in_hours_of_ones_own_is_not_after_hours(answers):
    (_, before), (_, after) = answers

    assert before.filter(subject="anna")["after_hours_h_per_week"].item() > 15
    assert after.filter(subject="anna")["after_hours_h_per_week"].item() < 0.5


def test_who_has_no_schedule_is_assessable_by_their_own_hours(answers):
    (outcome_before, before), (outcome_after, after) = answers

    assert before.filter(subject="ben").is_empty()
    assert after.filter(subject="ben")["share"].item() < 0.02
    assert ("ben", "no schedule") in wt7.assess(outcome_before.facts).rows()
    assert "ben" not in wt7.assess(outcome_after.facts)["subject"]


def test_the_evidence_says_that_it_is_their_own_window(answers):
    (before, rows), (after, _) = answers
    instance = rows.filter(subject="anna").row(0, named=True)

    assert all("hours" not in week for week in wt7.explain(before.facts, "anna", instance))
    assert {week["hours"] for week in wt7.explain(after.facts, "anna", instance)} == {"own window"}
    assert {week["schedule"] for week in wt7.explain(after.facts, "anna", instance)} == {"Mon-Fri 14:00-22:00"}


def test_nothing_that_the_law_counts_changes(answers):
    (before, _), (after, _) = answers
    statutory = [rule.id for rule in KNOWN.rules.values() if rule.statutory]

    for rule in statutory:
        assert after.standing.states[rule].equals(before.standing.states[rule]), rule
    assert after.facts.shifts.equals(before.facts.shifts)


def test_all_else_goes_by_the_schedule_that_others_keep(people):
    directory = replace(
        Directory.empty(),
        people=people({"agent": "anna", "schedule": "Mon 09:00-12:00"}),
        own_hours=pl.DataFrame(
            [("anna", "Tue 09:00-12:00"), ("zoe", "Wed 09:00-12:00")], schema=OWN_HOURS, orient="row"
        ),
    )

    own = by_own_hours(directory)

    assert own.people.select("agent", "schedule").rows() == [("anna", "Tue 09:00-12:00"), ("zoe", "Wed 09:00-12:00")]
    assert by_own_hours(directory) is own
    assert by_own_hours(own) is own
    assert directory.people["schedule"].to_list() == ["Mon 09:00-12:00"]
