"""Who works there, and when."""

from __future__ import annotations

from datetime import date
from zoneinfo import available_timezones

import pytest

from connectors.schedules import hours
from connectors.zones import _IANA, iana
from helpdesk_wellbeing.feed import HOLIDAYS
from helpdesk_wellbeing.people import GROUPS, PEOPLE

WEEK = 7 * 24 * 3600
OFFICE = [{"start_time": 1440 * day + 540, "end_time": 1440 * day + 1050} for day in range(1, 6)]


def test_the_roster_has_people_with_zones_and_groups(zendesk):
    roster = zendesk.connector().roster()

    assert roster.people.schema == PEOPLE
    assert roster.people.select("agent", "time_zone", "groups").rows() == [
        ("1", "Europe/Berlin", []),
        ("2", "Europe/Paris", ["10"]),
        ("3", "Europe/London", ["11"]),
        ("9", "Etc/UTC", []),
    ]
    assert roster.groups.schema == GROUPS
    assert roster.groups["group"].to_list() == ["10", "11"]
    assert roster.automation == frozenset({"9"})


def test_customers_are_not_in_the_roster(zendesk):
    assert "Somebody" not in repr(zendesk.connector().roster().people.rows())


def test_people_who_left_lately_are_in_the_roster(zendesk):
    gone = {"id": 4, "name": "Agent 04", "role": "agent", "active": False, "stamp": zendesk.now - WEEK}
    zendesk.users.append(gone)

    assert "4" in zendesk.connector().roster().people["agent"].to_list()


def test_one_schedule_goes_to_all_groups_and_names_the_accounts_zone(zendesk):
    zendesk.schedules = [{"id": 1, "name": "Office", "time_zone": "Amsterdam", "intervals": OFFICE}]
    zendesk.holidays = [{"id": 5, "name": "New Year", "start_date": "2027-01-01", "end_date": "2027-01-01"}]

    roster = zendesk.connector().roster()

    assert roster.zone == "Europe/Amsterdam"
    assert set(roster.groups.select("time_zone", "schedule").rows()) == {("Europe/Amsterdam", "Mon-Fri 09:00-17:30")}
    assert roster.holidays.schema == HOLIDAYS
    assert roster.holidays.rows() == [("Office", "New Year", date(2027, 1, 1), date(2027, 1, 1))]


def test_of_several_schedules_a_group_gets_the_one_of_its_name(zendesk):
    zendesk.schedules = [
        {"id": 1, "name": "support", "time_zone": "Tokyo", "intervals": OFFICE},
        {"id": 2, "name": "Night", "time_zone": "Tokyo", "intervals": []},
    ]

    roster = zendesk.connector().roster()

    assert roster.groups["schedule"].to_list() == ["Mon-Fri 09:00-17:30", None]
    assert any("1 groups without one of their name" in note for note in roster.notes)


def test_a_zone_name_that_does_not_exist_is_said_and_left_out(zendesk):
    zendesk.users[1]["iana_time_zone"] = "Mars/Olympus"
    zendesk.schedules = [{"id": 1, "name": "Office", "time_zone": "Atlantis", "intervals": OFFICE}]

    roster = zendesk.connector().roster()

    assert roster.people["time_zone"][1] is None
    assert any("users 2)" in note for note in roster.notes)
    assert any("schedule 1 carries a zone name" in note for note in roster.notes)


@pytest.mark.parametrize(
    "lacking", ["/groups", "/group_memberships", "/business_hours", "/custom_statuses", "/incremental"]
)
def test_the_roster_goes_on_without_what_the_plan_lacks(zendesk, lacking):
    zendesk.broken[lacking] = (403, {"error": "Forbidden"})
    connector = zendesk.connector()

    roster = connector.roster()

    assert roster.people.height == 4
    assert any("not available here" in note for note in connector.notes)


def test_every_zone_name_leads_to_one_that_exists():
    assert len(_IANA) > 150
    assert set(_IANA.values()) <= available_timezones()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("Copenhagen", "Europe/Copenhagen"),
        ("Europe/Copenhagen", "Europe/Copenhagen"),
        ("../../etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_zone_names(name, meant):
    assert iana(name) == meant


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ([(1980, 2460)], "Mon 09:00-17:00"),
        ([(1440 * day + 540, 1440 * day + 1050) for day in range(1, 6)], "Mon-Fri 09:00-17:30"),
        ([(540, 600), (1980, 2100), (2160, 2460)], "Mon 09:00-11:00; Mon 12:00-17:00; Sun 09:00-10:00"),
        ([(1440 + 1320, 2880 + 360)], "Mon 22:00-24:00; Tue 00:00-06:00"),
        ([(0, 10080)], "Mon-Sun 00:00-24:00"),
        ([(1980, 2100), (2100, 2460)], "Mon 09:00-17:00"),
        ([], None),
    ],
)
def test_hours_in_words(intervals, words):
    assert hours(intervals) == words
