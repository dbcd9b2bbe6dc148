"""The pull: everything once, wherever it was interrupted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.errors import BadPayload, Refused
from tests.kept import Kept

WEEK = 7 * 24 * 3600
NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())


def test_a_pull_brings_every_save_ticket_and_breach_once(zendesk):
    zendesk.history(200, every_s=6 * 3600)
    zendesk.page = 7
    store = Kept()

    pages = store.take(zendesk.connector())

    kinds = [row["kind"] for row in store.events.values()]
    assert kinds.count("created") == 100
    assert kinds.count("status") == 100
    assert kinds.count("sla_breached") == 100
    assert len(store.tickets) == 100
    assert {page.stream for page in pages if page.done} == {
        "users", "ticket_events", "tickets", "metric_events", "satisfaction",
    }  # fmt: skip


def test_the_last_six_weeks_come_first(zendesk):
    zendesk.history(400, every_s=12 * 3600)
    zendesk.page = 50
    store = Kept()

    pages = store.take(zendesk.connector())

    firsts = [page.events["at"].min() for page in pages if page.stream == "ticket_events" and page.events.height]
    border = datetime.fromtimestamp(NOW, UTC) - timedelta(weeks=6)
    recent = [at >= border for at in firsts]
    assert recent[0] is True
    assert recent == sorted(recent, reverse=True)
    assert len(store.events) == 600


def test_since_limits_how_far_back_a_pull_goes(zendesk):
    zendesk.history(400, every_s=12 * 3600)
    since = datetime.fromtimestamp(NOW - 10 * WEEK, UTC)
    store = Kept()

    store.take(zendesk.connector(), since)

    assert min(row["at"] for row in store.events.values()) >= since
    before = len(store.events)
    store.take(zendesk.connector(), None)
    assert len(store.events) == 600 > before


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stops=st.lists(st.integers(0, 9), max_size=8),
    page=st.integers(1, 9),
    every=st.sampled_from([1, 40, 3600, 9 * 24 * 3600]),
)
def test_any_interruptions_and_a_resume_give_what_an_undisturbed_pull_gives(zendesk, stops, page, every):
    zendesk.saves, zendesk.tickets, zendesk.metrics = [], [], []
    zendesk.history(40, every_s=every)
    zendesk.page = page
    undisturbed, disturbed = Kept(), Kept()
    undisturbed.take(zendesk.connector())

    for stop in stops:
        disturbed.take(zendesk.connector(), pages=stop)
    disturbed.take(zendesk.connector())

    assert disturbed.events == undisturbed.events
    assert disturbed.tickets == undisturbed.tickets
    assert len(undisturbed.tickets) == 20


def test_a_row_that_became_visible_late_is_found_by_the_next_poll(zendesk):
    zendesk.history(20, every_s=60)
    store = Kept()
    store.take(zendesk.connector())
    late_at = zendesk.saves[-1]["timestamp"] - 55
    zendesk.save(77, 5, late_at, 2, {"event_type": "Change", "status": "solved", "previous_value": "open"})

    store.take(zendesk.connector())

    assert any(identity.startswith("00000000000077.") for identity in store.events)


def test_a_second_pull_asks_once_for_each_export_and_brings_nothing_new(zendesk):
    zendesk.history(200, every_s=6 * 3600)
    store = Kept()
    store.take(zendesk.connector())
    before = dict(store.events)
    zendesk.asked.clear()

    store.take(zendesk.connector())

    assert store.events == before
    assert sum("/incremental/" in line for line in zendesk.asked) == 4


def test_requests_are_one_for_a_thousand_rows_and_a_constant(zendesk):
    zendesk.history(20_000, every_s=600)
    connector = zendesk.connector()
    Kept().take(connector)

    exports = sum(count for name, count in connector.api.session.requests_made.items() if "incremental" in name)

    assert exports <= 20 + 10 + 10 + 16


def test_a_page_larger_than_a_thousand_rows_is_taken_whole(zendesk):
    for index in range(1300):
        zendesk.save(index + 1, index + 1, NOW - 5000, 500, {"event_type": "Create", "status": "new"})
    store = Kept()

    store.take(zendesk.connector())

    assert len(store.events) == 1300


def test_an_end_time_that_stands_still_stops_with_a_note(zendesk):
    zendesk.history(4, every_s=60)
    zendesk.broken["/incremental/ticket_events"] = lambda query: (
        200,
        {
            "ticket_events": zendesk.saves[:2],
            "end_time": int(query["start_time"]),
            "end_of_stream": False,
            "count": 2,
        },
    )
    connector = zendesk.connector()
    store = Kept()

    store.take(connector)

    assert any("ticket_events does not go on" in line for line in connector.notes)
    assert len(store.tickets) == 2


def test_a_null_end_time_never_overwrites_the_place(zendesk):
    zendesk.history(10, every_s=60)
    store = Kept()
    store.take(zendesk.connector())
    before = store.watermarks["ticket_events"]
    zendesk.broken["/incremental/ticket_events"] = (
        200,
        {"ticket_events": [], "end_time": None, "end_of_stream": True, "count": 0},
    )

    store.take(zendesk.connector())

    assert store.watermarks["ticket_events"] == before


def test_metric_events_without_an_end_of_stream_do_not_go_round_for_ever(zendesk):
    rows = [
        {"id": i, "ticket_id": 1, "metric": "reply_time", "type": "breach", "time": "2026-11-01T00:00:00Z"}
        for i in range(1000)
    ]
    zendesk.broken["/incremental/ticket_metric_events"] = (
        200,
        {"ticket_metric_events": rows, "end_time": 1_793_491_200, "count": 1000, "next_page": "again"},
    )
    connector = zendesk.connector()
    store = Kept()

    store.take(connector)

    asked = [line for line in zendesk.asked if "metric_events" in line]
    assert len(asked) < 12
    assert len(store.events) == 1000


def test_cursors_that_go_in_a_circle_stop_with_a_note(zendesk):
    turns = iter(["a", "b"] * 20)
    zendesk.broken["/incremental/tickets/cursor"] = lambda query: (
        200,
        {"tickets": [], "after_cursor": next(turns), "end_of_stream": False},
    )
    connector = zendesk.connector()

    Kept().take(connector, since=datetime.fromtimestamp(NOW - WEEK, UTC))

    assert any("repeats a cursor" in line for line in connector.notes)


def test_a_cursor_that_is_no_longer_taken_is_replaced_by_its_time(zendesk):
    zendesk.history(20, every_s=60)
    store = Kept()
    store.take(zendesk.connector())
    zendesk.ticket(999, NOW - 70)
    zendesk.broken["/incremental/tickets/cursor"] = lambda query: (
        (400, {"error": "InvalidValue"}) if "cursor" in query else None
    )
    connector = zendesk.connector()

    store.take(connector)

    assert "999" in store.tickets
    assert any("cursor of tickets isn't taken" in line for line in connector.notes)


def test_a_clock_of_ours_that_is_wrong_changes_nothing(zendesk):
    zendesk.now = NOW - 10 * 365 * 24 * 3600
    zendesk.history(20, every_s=3600)
    store = Kept()

    store.take(zendesk.connector())

    assert len(store.events) == 30
    begins = [line for line in zendesk.asked if "ticket_events?start_time" in line]
    assert f"start_time={zendesk.now - 6 * WEEK}" in begins[0]


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("/incremental/ticket_metric_events", "SLA breaches"),
        ("/incremental/users", "user export"),
        ("/agent_availabilities", "agent availability"),
        ("/guide/survey_responses", "CSAT survey responses"),
        ("/custom_statuses", "custom statuses"),
    ],
)
@pytest.mark.parametrize("status", [403, 404])
def test_a_collector_that_the_plan_lacks_is_said_and_the_rest_goes_on(zendesk, stream, said, status):
    zendesk.history(20, every_s=3600)
    zendesk.broken[stream] = (status, {"error": {"title": "Forbidden", "message": "ask the owner"}})
    connector = zendesk.connector()
    store = Kept()

    store.take(connector)

    assert sum(said in line for line in connector.notes) == 1
    assert sum(row["kind"] == "created" for row in store.events.values()) == 10


def test_the_main_stream_is_not_optional(zendesk):
    zendesk.broken["/incremental/ticket_events"] = (403, {"error": "Forbidden"})

    with pytest.raises(Refused, match=r"403 Forbidden for GET /api/v2/incremental/ticket_events: .*admin"):
        Kept().take(zendesk.connector())


@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b'{"ticket_events": null}', b'{"ticket_events": {}}', b'{"ticket_events": [', b""],
)
def test_an_answer_that_is_none_ends_in_one_clear_line(zendesk, body):
    zendesk.broken["/incremental/ticket_events"] = (200, body)

    with pytest.raises(BadPayload, match="zendesk: the answer to GET /api/v2/incremental/ticket_events") as caught:
        Kept().take(zendesk.connector())

    assert "\n" not in str(caught.value)


def test_rows_that_cannot_be_read_are_left_out_and_counted(zendesk):
    zendesk.history(4, every_s=60)
    zendesk.saves[0]["ticket_id"] = "no number"
    zendesk.tickets[0]["created_at"] = "yesterday"
    connector = zendesk.connector()
    store = Kept()

    store.take(connector)

    assert any("1 rows of ticket_events could not be read" in line for line in connector.notes)
    assert any("1 rows of ticket_states could not be read" in line for line in connector.notes)
    assert len(store.tickets) == 1


def test_people_who_left_are_staff_and_come_with_the_pages(zendesk, stamp):
    zendesk.users.append(
        {
            "id": 4,
            "name": "Agent 04",
            "role": "agent",
            "active": False,
            "stamp": NOW - 9 * WEEK,
            "updated_at": stamp(NOW - 9 * WEEK),
        }
    )
    zendesk.save(5, 1, NOW - 10 * WEEK, 4, {"event_type": "Comment", "comment_public": True, "comment_present": True})
    store = Kept()

    pages = store.take(zendesk.connector())

    [event] = store.events.values()
    assert (event["actor_kind"], event["kind"]) == ("agent", "replied")
    people = pl.concat([page.people for page in pages if page.people is not None])
    assert people["agent"].to_list() == ["4"]
    later = zendesk.connector().roster(store.watermarks)
    assert "4" in later.people["agent"].to_list()


def test_somebody_unknown_who_does_what_only_staff_can_is_looked_up(zendesk):
    zendesk.users.append({"id": 8, "name": "Agent 08", "role": "agent", "active": False, "stamp": -1})
    note = {"event_type": "Comment", "comment_public": False, "comment_present": True}
    zendesk.save(5, 1, NOW - 3600, 8, note)
    zendesk.save(6, 1, NOW - 3500, 4711, note)
    store = Kept()

    store.take(zendesk.connector())

    assert {row["actor"]: row["actor_kind"] for row in store.events.values()} == {"8": "agent", "4711": "unknown"}


def test_changes_of_availability_are_events_and_each_once(zendesk):
    def someone(status, since):
        return {"attributes": {"agent_id": 2, "agent_status": {"name": status, "updated_at": since}}}

    store = Kept()
    zendesk.presence = [someone("online", "2026-11-20T08:00:00.5Z")]
    store.take(zendesk.connector())
    store.take(zendesk.connector())
    zendesk.presence = [someone("Transfers only", "2026-11-20T09:00:00Z")]
    store.take(zendesk.connector())

    assert [(row["ticket"], row["actor"], row["before"], row["after"]) for row in store.events.values()] == [
        (None, "2", "online", "away")
    ]


def test_legacy_ratings_are_read_where_there_are_no_surveys(zendesk, stamp):
    base = {
        "ticket_id": 6,
        "requester_id": 500,
        "created_at": stamp(NOW - 9000),
        "updated_at": stamp(NOW - 8000),
    }
    zendesk.ratings = [
        {"id": 1, "score": "good", **base},
        {"id": 2, "score": "offered", **base},
        {"id": 3, "score": "bad", **base},
    ]
    store = Kept()

    store.take(zendesk.connector())

    rated = sorted(
        (row["after"], row["actor"], row["actor_kind"], int(row["at"].timestamp())) for row in store.events.values()
    )
    assert rated == [("bad", "500", "requester", NOW - 8000), ("good", "500", "requester", NOW - 8000)]


def test_survey_answers_come_before_legacy_ratings(zendesk, stamp):
    answer = {"type": "rating_scale", "rating": 5, "rating_category": "good"}
    zendesk.surveys = [
        {
            "id": "01AB",
            "responder_id": 500,
            "subject_zrns": ["zen:ticket:6"],
            "created_at": stamp(NOW - 9000),
            "answers": [answer, {"type": "open_ended", "value": "private words"}],
        }
    ]
    zendesk.ratings = [{"id": 1, "score": "good", "ticket_id": 6, "requester_id": 500, "created_at": stamp(NOW - 9000)}]
    store = Kept()

    store.take(zendesk.connector())

    assert [(row["ticket"], row["after"]) for row in store.events.values()] == [("6", "good")]


def test_progress_tells_where_the_pull_is(zendesk):
    zendesk.history(400, every_s=3600)
    zendesk.page = 50
    connector = zendesk.connector()
    lines = [connector.progress.line() for page in connector.pull({}, None) if page.stream == "ticket_events"]

    assert lines[0].startswith("ticket_events: 100 rows, at 2026-11-")
    assert "to go for this stretch" in lines[0]


def test_only_the_newest_stretch_of_ticket_events_tells_up_to_where_it_is_complete(zendesk):
    zendesk.history(400, every_s=12 * 3600)
    zendesk.page = 50
    store = Kept()

    pages = store.take(zendesk.connector())

    told = [page.covers for page in pages if page.covers is not None]
    border = datetime.fromtimestamp(NOW, UTC) - timedelta(weeks=6)
    assert told == sorted(told)
    assert min(told) >= border
    assert told[-1] == datetime.fromtimestamp(NOW - 60, UTC)
    assert {page.stream for page in pages if page.covers is not None} == {"ticket_events"}
