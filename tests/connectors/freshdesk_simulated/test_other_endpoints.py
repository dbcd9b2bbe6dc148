"""People, groups, opening hours, conversations, ratings, time entries, the activities export."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from connectors.freshdesk.simulated import Options


def test_conversations_come_oldest_first_with_texts_that_nobody_may_keep(serve):
    rows = serve().get("tickets/205/conversations")
    seen = [(r["source"], r["incoming"], r["private"], r["user_id"], r["created_at"][11:16]) for r in rows]
    assert seen == [
        (0, False, False, 1001, "08:20"), (0, True, False, 5001, "08:30"), (2, False, True, 1001, "08:35"),
        (0, False, False, 1001, "09:00"), (6, True, False, 5001, "09:10"),
    ]  # fmt: skip
    assert all("CANARY" in row["body"] and row["ticket_id"] == 205 for row in rows)


def test_conversations_are_those_of_the_moment_in_pages(serve):
    reader = serve()
    assert [r["id"] for r in reader.get("tickets/205/conversations?per_page=2&page=2")] == [9, 14]
    reader.clock.set(32)
    assert len(reader.get("tickets/205/conversations")) == 2
    assert len(reader.get("tickets/205?include=conversations")["conversations"]) == 2


def test_people_who_left_are_contacts_and_others_say_that_they_are_deactivated(serve):
    reader = serve()
    agents = {row["id"]: row["deactivated"] for row in reader.get("agents")}
    assert agents == {1001: False, 1002: False, 1004: True, 900_000_001: False}
    assert reader.raw("agents/1003").status_code == 404
    assert reader.get("contacts/1003")["name"] == "Left"
    assert reader.raw("contacts/1001").status_code == 404
    assert "CANARY" in reader.get("contacts/5001")["name"]


def test_agents_have_the_display_names_of_rails_for_zones(serve):
    assert serve().get("agents/1001")["contact"]["time_zone"] == "Eastern Time (US & Canada)"


def test_availability_is_the_latest_that_was_said(serve, ticket_rows):
    said = [{"ticket": None, "min": 70 + no, "actor": "1001", "kind": "availability", "after": word}
            for no, word in enumerate(("online", "offline"))]  # fmt: skip
    reader = serve([*ticket_rows("205"), *said])
    agent = reader.get("agents/1001")
    assert (agent["available"], agent["available_since"]) == (False, "2026-10-05T09:11:00Z")
    assert reader.get("agents/1002")["available_since"] is None
    (channel,) = reader.get("agents/1001/availability")["channel_availability"]
    assert (channel["available"], channel["availability_updated_at"]) == (False, "2026-10-05T09:11:00Z")
    listed = {row["id"]: row["availability"] for row in reader.get("agents?only=availability")}
    assert listed[1001]["channel_availability"] == [channel]


def test_members_of_groups_are_told_one_group_at_a_time(serve):
    reader = serve()
    assert ["agent_ids" in group for group in reader.get("groups")] == [False, False]
    assert reader.get("groups/12")["agent_ids"] == [1002]
    assert {a["id"] for a in reader.get("admin/groups/11/agents")} == {1001, 1002}
    assert "Link" not in reader.raw("admin/groups?per_page=1").headers


def test_opening_hours_come_in_both_clock_formats_with_ids_as_text(serve):
    reader = serve()
    usual, orders, returns = reader.get("business_hours")
    assert usual["business_hours"]["monday"] == {"start_time": "09:00:00 am", "end_time": "05:00:00 pm"}
    assert orders["business_hours"]["friday"] == {"start_time": "9:00 am", "end_time": "5:30 pm"}
    assert returns["business_hours"]["sunday"] == {"start_time": "12:00:00 am", "end_time": "08:00:00 am"}
    assert "monday" not in returns["business_hours"]
    assert returns["source_business_hours"][0]["slots"] == [{"start_time": "00:00", "end_time": "08:00"}]
    assert (orders["id"], orders["time_zone"]) == ("7001", "Mumbai")
    assert reader.get("groups/11")["business_hour_id"] == 7001
    assert reader.get("business_hours/7001") == orders
    assert serve(quoted_ids=False).get("business_hours")[0]["id"] == 7000


@pytest.mark.parametrize(
    ("scale", "steps"), [("current", {"good": (101, 103), "bad": (-103, -101), "neutral": (100, 100)}),
                         ("classic", {"good": (1, 1), "bad": (3, 3), "neutral": (2, 2)})],
)  # fmt: skip
def test_ratings_come_in_the_scale_of_the_account(serve, ticket_rows, scale, steps):
    rated = [{"ticket": "205", "min": 71 + no, "actor": "5001", "actor_kind": "requester", "kind": "rated", "after": w}
             for no, w in enumerate(steps)]  # fmt: skip
    reader = serve([*ticket_rows("205")[:-1], *rated], surveys=scale)
    rows = reader.get("surveys/satisfaction_ratings?created_since=2026-10-05T00:00:00Z")
    for row, (low, high) in zip(rows, steps.values(), strict=True):
        assert low <= row["ratings"]["default_question"] <= high
        assert (row["user_id"], row["agent_id"], row["group_id"]) == (5001, 1001, 12)
    assert reader.get("tickets/205/satisfaction_ratings") == rows
    assert len(reader.get("surveys/satisfaction_ratings?created_since=2026-10-05T09:13:00Z")) == 1
    assert reader.get("surveys?state=active")[0]["questions"][0]["id"] == "default_question"


def test_time_that_was_booked_can_be_asked_for_by_when_it_was_worked(serve, ticket_rows):
    booked = {"ticket": "205", "min": 80, "actor": "1001", "kind": "handled", "after": "900"}
    reader = serve([*ticket_rows("205"), booked])
    (row,) = reader.get("time_entries?executed_after=2026-10-05T09:20:00Z&executed_before=2026-10-05T09:20:00Z")
    assert (row["time_spent"], row["agent_id"], row["executed_at"]) == ("00:15", 1001, "2026-10-05T09:20:00Z")
    assert row["start_time"] == "2026-10-05T09:05:00Z"
    assert reader.get("tickets/205/time_entries") == [row]
    assert reader.get("time_entries?agent_id=1002") == []
    assert reader.get("time_entries?executed_after=2026-10-05T09:20:01Z") == []


def test_entries_may_be_made_up_and_are_corrected_later_without_a_trace_in_any_list(serve, ticket_rows):
    rows = [row | {"id": "50"} if row["kind"] == "replied" else row for row in ticket_rows("205")]
    reader = serve(rows, time_entries=True)
    before = reader.get("time_entries")
    reader.clock.set(3 * 1440)
    after = reader.get("time_entries")
    assert after[0]["time_spent_in_seconds"] == before[0]["time_spent_in_seconds"] + 600
    assert [row["executed_at"] for row in after] == [row["executed_at"] for row in before]
    assert serve().get("time_entries") == []


@pytest.mark.parametrize("shape", ["list", "object"])
def test_the_activities_of_a_day_are_behind_a_signed_address_that_takes_no_key(serve, shape):
    reader = serve(activities=shape)
    reader.clock.set(600)
    assert reader.raw("export/ticket_activities?created_at=2026-10-05").status_code == 404  # the day isn't over
    reader.clock.set(2 * 1440)
    export = reader.get("export/ticket_activities?created_at=2026-10-05")["export"]
    url = export["url"] if shape == "object" else export[0]["url"]
    assert reader.raw(url).status_code == 400
    assert requests.get(url.replace("signature=", "signature=0"), timeout=10).status_code == 403
    file = requests.get(url, timeout=10).json()
    first, *_, last = file["activities_data"]
    assert file["metadata"]["activities_count"] == len(file["activities_data"])
    assert first["performed_at"] == "05-10-2026 08:00:00 +0000"
    assert first["activity"]["new_ticket"]
    assert (last["performer_id"], last["activity"]) == (1001, {"status": "Resolved"})
    rule = next(row for row in file["activities_data"] if row["performer_type"] == "system")
    assert "performer_id" not in rule
    reader.clock.set(60 * 1440)
    assert reader.raw("export/ticket_activities?created_at=2026-10-05").status_code == 404


def kinds(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    words = {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    found: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, set()).update({words[type(value)]} if value is not None else set())
    return found


SAMPLES = {
    "conversations.json": "tickets/205/conversations", "time_entries.json": "time_entries",
    "agent_1.json": "agents/1001", "group_1.json": "groups/12",
}  # fmt: skip
# What samples carry from the time before, in other kinds: a switch that is a number by now.
OLDER = {"auto_ticket_assign"}


@pytest.mark.parametrize("sample", SAMPLES)
def test_answers_have_the_keys_and_kinds_of_recorded_ones(serve, shared, sample):
    theirs = json.loads((shared / "data/freshdesk-samples-python-freshdesk/v2" / sample).read_text())
    ours = serve(time_entries=True).get(SAMPLES[sample])
    mine, other = (kinds(rows if isinstance(rows, list) else [rows]) for rows in (ours, theirs))
    assert set(other) <= set(mine)
    for name in set(other) - OLDER:
        assert not mine[name] or not other[name] or mine[name] & other[name], name


def test_the_world_of_the_demo_keeps_its_numbers():
    assert Options().service_user == 900_000_001
