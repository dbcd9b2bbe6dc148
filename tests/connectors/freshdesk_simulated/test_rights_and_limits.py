"""Who may ask what, and how often."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.freshdesk.simulated import Options
from connectors.freshdesk.simulated.options import OPTIONAL, PLANS
from connectors.freshdesk.simulated.request import Request

PATHS = {
    "time_entries": "time_entries", "satisfaction_ratings": "surveys/satisfaction_ratings", "surveys": "surveys",
    "availability": "agents/1001/availability", "business_hours": "business_hours", "sla_policies": "sla_policies",
    "admin_groups": "admin/groups", "ticket_activities": "export/ticket_activities?created_at=2026-10-05",
    "roles": "roles",
}  # fmt: skip


def test_a_wrong_key_is_refused_and_says_so_in_json(serve):
    reader = serve()
    reader.session.auth = ("guessed", "X")
    assert reader.code("agents/me") == (401, "invalid_credentials")
    reader.session.auth = None
    assert reader.code("tickets") == (401, "invalid_credentials")


def test_any_password_does(serve):
    reader = serve()
    reader.session.auth = (reader.front.api_key, "")
    assert reader.get("agents/me")["contact"]["email"] == "service@example.com"


@pytest.mark.parametrize("feature", PATHS)
def test_what_the_account_lacks_is_refused_as_a_feature(serve, feature):
    assert serve(lacking=OPTIONAL).code(PATHS[feature]) == (403, "require_feature")
    if feature != "ticket_activities":
        assert serve().raw(PATHS[feature]).status_code == 200


def test_without_an_admins_key_people_and_settings_are_closed(serve):
    reader = serve(admin=False)
    for path in ("agents", "agents/1001", "groups", "business_hours", "sla_policies", "admin/groups"):
        assert reader.code(path) == (403, "access_denied")
    assert reader.get("agents/me")["ticket_scope"] == 1
    assert reader.get("ticket_fields")


def test_a_key_of_some_groups_sees_a_part_and_me_tells_so(serve):
    asked = {"actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"}
    rows = [asked | {"ticket": no, "group": group} for no, group in (("6", "11"), ("7", "12"), ("8", None))]
    reader = serve(rows, scope=2, groups=("12",))
    assert [row["id"] for row in reader.get("tickets")] == [7]
    assert reader.code("tickets/6") == (403, "access_denied")
    assert reader.code("tickets/6/conversations") == (403, "access_denied")
    me = reader.get("agents/me")
    assert (me["ticket_scope"], me["group_ids"]) == (2, [12])
    assert serve(rows, scope=3).get("tickets") == []


def test_unknown_paths_and_unknown_records_have_no_body(serve):
    reader = serve()
    for path in ("tickets/1", "agents/77", "groups/77", "nothing", "tickets/205/activities", "contacts/77"):
        answer = reader.raw(path)
        assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("plan", ["growth", "pro"])
def test_lists_of_tickets_have_a_smaller_limit_of_their_own(serve, plan):
    reader = serve(unlimited=False, plan=plan)
    answers = [reader.raw("tickets?per_page=1") for _ in range(PLANS[plan].tickets + 1)]
    assert [a.status_code for a in answers[-2:]] == [200, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert reader.raw("tickets/205").status_code == 200  # the account has some left
    reader.ticks[0] += 60
    assert reader.raw("tickets").status_code == 200


def test_the_quota_is_all_credits_of_a_minute_and_heads_tell_it(serve):
    reader = serve(unlimited=False, plan="trial")
    heads = [reader.raw("tickets/205?include=stats").headers for _ in range(25)]
    assert (heads[0]["X-RateLimit-Total"], heads[0]["X-RateLimit-Remaining"]) == ("50", "48")
    last = reader.raw("tickets/205")
    assert (last.status_code, last.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert reader.front.credits.total() == 50
    assert reader.front.quota.refused == 1


def test_what_costs_more_than_is_left_uses_nothing_up(serve):
    reader = serve(unlimited=False, plan="trial")
    reader.front.quota.others_use(48)
    assert reader.raw("tickets?include=stats").status_code == 429
    assert reader.raw("tickets/205").headers["X-RateLimit-Remaining"] == "1"


def test_somebody_else_may_use_up_everything_for_ten_minutes(serve):
    reader = serve(unlimited=False)
    reader.front.drain(minutes=10)
    statuses = []
    for _ in range(12):
        statuses.append(reader.raw("agents/me").status_code)
        reader.ticks[0] += 60
    assert statuses == [429] * 10 + [200] * 2


def test_a_scaled_minute_ends_sooner(serve):
    reader = serve(unlimited=False, minute=6.0)
    reader.front.drain()
    assert reader.raw("agents/me").headers["Retry-After"] == "6"
    reader.ticks[0] += 6
    assert reader.raw("agents/me").status_code == 200


def test_an_unknown_plan_or_feature_is_no_account():
    with pytest.raises(ValueError, match="growth"):
        Options(plan="gold")
    with pytest.raises(ValueError, match="time_entries"):
        Options(lacking=frozenset({"coffee"}))


WORDS = ["tickets", "agents", "groups", "search", "205", "1001", "time_entries", "export", "ticket_activities",
         "conversations", "archived", "surveys", "satisfaction_ratings", "availability", "contacts"]  # fmt: skip
NAMES = ["page", "per_page", "include", "updated_since", "filter", "requester_id", "email", "query", "created_at",
         "executed_after", "created_since", "order_by", "state", "only", "type"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=4),
    query=st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=12), min_size=1, max_size=1), max_size=3),
    key=st.none() | st.text(max_size=20),
)
def test_whatever_is_asked_there_is_an_answer(account, path, query, key):
    api = account()
    good = "Basic " + base64.b64encode(f"{api.api_key}:X".encode()).decode()
    asked = Request("GET", "/api/v2/" + "/".join(path), query, good if key is None else f"Basic {key}", b"", "")
    assert api.answer(asked).status in (200, 400, 401, 403, 404)


@pytest.fixture
def account(serve):
    """One account for all examples of a test."""
    kept = []

    def made():
        if not kept:
            kept.append(serve(activities="list", archive_after_days=1).front.api)
        return kept[0]

    return made
