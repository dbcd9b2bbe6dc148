"""Lists, small objects, and what a plan lacks."""

from __future__ import annotations

import polars as pl
import pytest

from connectors.simulating.hours import intervals
from connectors.zendesk.simulated import Account, Options, SimulatedZendesk, Site
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import GROUPS, PEOPLE


def test_users_are_filtered_by_role_and_paged_by_cursor(serve, world):
    _, reader = serve(world)
    rows = reader.listed("users.json?role[]=agent&role[]=admin&page[size]=1", "users")
    assert [row["id"] for row in rows] == [1001, 900_000_001]


def test_a_full_last_page_is_followed_by_an_empty_one(serve, world):
    _, reader = serve(world)
    page = reader.get("groups?page[size]=2")
    assert (len(page["groups"]), page["meta"]["has_more"]) == (2, True)
    last = reader.get(page["links"]["next"])
    assert (last["groups"], last["meta"]["has_more"]) == ([], False)


def test_numbered_pages_stop_at_ten_thousand(serve, world):
    _, reader = serve(world)
    page = reader.get("users?per_page=2&page=1")
    assert (page["count"], page["previous_page"]) == (3, None)
    assert reader.get(page["next_page"])["next_page"] is None
    assert reader.raw("users?page=101").json()["error"] == "InvalidPaginationDepth"


def test_people_groups_and_roles_appear_as_told(serve):
    people = pl.DataFrame(
        {"agent": ["7", "8"], "name": ["Agent 07", "Agent 08"], "time_zone": ["America/New_York", None],
         "groups": [["11", "12"], ["12"]]}
    )  # fmt: skip
    people = people.with_columns(
        pl.lit(None).cast(dtype).alias(name) for name, dtype in PEOPLE.items() if name not in people.columns
    ).select(pl.col(name).cast(dtype) for name, dtype in PEOPLE.items())
    groups = pl.DataFrame(
        {"group": ["11", "12"], "name": ["Tier 1", "Tier 2"], "tier": [1, 2],
         "time_zone": ["Europe/London", None], "schedule": ["Mon-Fri 09:00-17:00", None],
         "target_share": [0.9, None]}, schema=GROUPS
    )  # fmt: skip
    roles = {"7": Account(role_type=1), "8": Account("admin", 4, active=False)}
    events = pl.DataFrame(schema=SCHEMA)
    with SimulatedZendesk(Site(events, people, groups, roles, options=Options(unlimited=True))) as front:
        staff = front.api.holdings.staff
    first, second = (user for user in staff.users if user["id"] in (7, 8))
    assert (first["time_zone"], first["iana_time_zone"]) == ("Eastern Time (US & Canada)", "America/New_York")
    assert (first["role_type"], first["only_private_comments"]) == (1, True)
    assert (second["active"], second["iana_time_zone"]) == (False, "Europe/Copenhagen")
    assert [(m["user_id"], m["group_id"], m["default"]) for m in staff.memberships] == [
        (7, 11, True), (7, 12, False), (8, 12, True)
    ]  # fmt: skip
    assert [(s["time_zone"], len(s["intervals"])) for s in staff.schedules] == [("London", 5)]


def test_schedules_count_minutes_from_sunday():
    assert intervals("Mon 09:00-17:00") == [{"start_time": 1980, "end_time": 2460}]
    assert intervals("Sat 22:00-06:00") == [
        {"start_time": 0, "end_time": 360},
        {"start_time": 9960, "end_time": 10_080},
    ]
    assert len(intervals("Mon-Fri 09:00-17:30; Sat 10:00-14:00")) == 6
    with pytest.raises(ValueError, match="Mon-Fri 09:00-17:30"):
        intervals("weekdays")


def test_small_objects_answer(serve, world):
    _, reader = serve(world)
    assert {s["status_category"] for s in reader.get("custom_statuses")["custom_statuses"]} == {
        "new", "open", "pending", "hold", "solved"
    }  # fmt: skip
    assert reader.get("custom_statuses?status_categories=hold")["custom_statuses"][0]["agent_label"] == "Hold"
    zones = {zone["name"]: zone["offset"] for zone in reader.get("time_zones.json")["time_zones"]}
    assert zones["UTC"] == 0
    assert reader.get("business_hours/schedules")["schedules"] == []
    assert reader.get("slas/policies")["sla_policies"][0]["policy_metrics"]
    assert reader.get("search/count?query=type:ticket")["count"] == 6
    assert reader.get("account/settings")["settings"]["active_features"]["customer_satisfaction_survey"] is True
    assert [t["id"] for t in reader.get("tickets/show_many?ids=3,2,5")["tickets"]] == [3, 5]
    assert reader.get("users/1001")["user"]["role"] == "agent"


def test_what_the_plan_lacks_is_an_invalid_endpoint_or_forbidden(serve, world):
    _, reader = serve(world, schedules=False, sla=False, metric_events=False, custom_statuses=False, csat=None)
    for path in ("agent_availabilities", "custom_statuses", "guide/survey_responses", "no/such/thing",
                 "incremental/ticket_metric_events?start_time=0"):  # fmt: skip
        answer = reader.raw(path)
        assert (path, answer.status_code, answer.json()["error"]) == (path, 404, "InvalidEndpoint")
    for path in ("business_hours/schedules", "slas/policies", "satisfaction_ratings"):
        answer = reader.raw(path)
        assert (answer.status_code, answer.json()["error"]["title"]) == (403, "Forbidden")
    assert reader.raw("tickets/99").json()["error"] == "RecordNotFound"


def test_legacy_ratings_show_good_and_bad_in_a_window(serve, events_of):
    rated = [
        {
            "ticket": str(n),
            "actor": "5001",
            "actor_kind": "requester",
            "kind": "rated",
            "after": after,
            "min": n,
        }
        for n, after in enumerate(["good", "bad", "neutral", "good"])
    ]
    events = events_of(rated)
    _, reader = serve(events, csat="ratings")
    rows = reader.listed("satisfaction_ratings?score=received&page[size]=2", "satisfaction_ratings")
    assert [(row["ticket_id"], row["score"]) for row in rows] == [(0, "good"), (1, "bad"), (3, "good")]
    since = int(events["at"][1].timestamp())
    assert len(reader.listed(f"satisfaction_ratings?start_time={since}&page[size]=9", "satisfaction_ratings")) == 2
    assert len(reader.get("satisfaction_ratings?score=bad")["satisfaction_ratings"]) == 1


def test_survey_responses_show_neutral_too_and_filter_by_milliseconds(serve, events_of):
    rated = [
        {
            "ticket": str(n),
            "actor": "5001",
            "actor_kind": "requester",
            "kind": "rated",
            "after": after,
            "min": n,
        }
        for n, after in enumerate(["good", "bad", "neutral"], start=1)
    ]
    events = events_of(rated)
    _, reader = serve(events)
    since = int(events["at"][1].timestamp() * 1000)
    rows = reader.listed(f"guide/survey_responses?filter[created_at_start]={since}", "survey_responses")
    assert [row["subjects"][0]["zrn"] for row in rows] == ["zen:ticket:2", "zen:ticket:3"]
    assert [row["answers"][0]["rating_category"] for row in rows] == ["bad", "neutral"]


def test_availability_shows_the_present_state_only(serve, events_of):
    told = [
        {"ticket": "0", "actor": "7", "kind": "availability", "after": "online", "min": 1},
        {"ticket": "0", "actor": "7", "kind": "availability", "after": "away", "min": 2},
    ]
    _, reader = serve(events_of(told), availability=True)
    page = reader.get("agent_availabilities?include=channels&page[size]=100")
    states = {row["attributes"]["agent_id"]: row["attributes"]["agent_status"]["name"] for row in page["data"]}
    assert states == {7: "away", 900_000_001: "offline"}
    assert {thing["attributes"]["name"] for thing in page["included"]} == {"support", "messaging", "talk"}
