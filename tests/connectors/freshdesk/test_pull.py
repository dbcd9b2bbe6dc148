"""The pull: everything once, wherever it was interrupted, for little quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.freshdesk import FreshdeskSettings, connect
from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import PlatformError, Refused

NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())
HOUR, DAY, WEEK = 3600, 24 * 3600, 7 * 24 * 3600


def at(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def test_a_first_pull_brings_each_tickets_beginning_and_what_was_said_and_done_since(freshdesk, store):
    freshdesk.history(120, every_s=6 * HOUR)

    pages = store.take(freshdesk.connector())

    counted = {kind: len(store.of(kind)) for kind in ("created", "customer_replied", "replied", "status", "assigned")}
    assert counted == dict.fromkeys(counted, 120)
    assert all(page.events.schema == events.SCHEMA for page in pages)
    reply = min(store.of("replied"), key=lambda row: row["at"])
    assert (reply["actor"], reply["actor_kind"], reply["grade"], reply["channel"]) == ("2", "agent", "A", "email")
    solved = store.of("status")[0]
    assert (solved["after"], solved["actor"], solved["actor_kind"], solved["grade"]) == ("solved", None, "unknown", "B")
    assert len(store.tickets) == 120


def test_the_newest_day_comes_first(freshdesk, store):
    freshdesk.history(100, every_s=12 * HOUR)

    pages = store.take(freshdesk.connector())

    newest = [page.newest for page in pages if page.stream == "tickets" and page.events.height]
    assert newest[0] > at(NOW - DAY)
    assert newest[-1] < at(NOW - 6 * WEEK)


def test_a_second_pull_finds_what_changed_and_reads_the_conversations_of_nothing_else(freshdesk, store):
    freshdesk.history(50, every_s=HOUR)
    store.take(freshdesk.connector())
    known = dict(store.events)
    freshdesk.now += HOUR
    freshdesk.change(7, freshdesk.now - 60, status=5, group_id=11, stats={"closed_at": freshdesk.now - 60})
    freshdesk.asked.clear()

    store.take(freshdesk.connector())

    new = {row["kind"]: row for name, row in store.events.items() if name not in known}
    assert set(new) == {"status", "moved"}
    assert (new["status"]["before"], new["status"]["after"]) == ("solved", "closed")
    assert (new["moved"]["before"], new["moved"]["after"], new["moved"]["at"]) == ("10", "11", at(freshdesk.now - 60))
    assert new["moved"]["started_at"] == at(NOW - 120)  # the pull before had seen everything up to then
    assert freshdesk.calls()["/api/v2/tickets/{id}/conversations"] == 1


def test_conversations_are_read_from_the_page_of_the_last_known_one(freshdesk, store):
    freshdesk.ticket(1, NOW - DAY)
    for minute in range(250):
        freshdesk.say(1, NOW - DAY + 60 * minute, 1)
    store.take(freshdesk.connector())
    freshdesk.now += HOUR
    freshdesk.say(1, freshdesk.now - 30, 2, private=True)
    freshdesk.asked.clear()

    store.take(freshdesk.connector())

    assert [line.split("page=")[1][0] for line in freshdesk.asked if "conversations" in line] == ["3"]
    assert (len(store.of("replied")), len(store.of("noted"))) == (250, 1)


def test_a_deleted_conversation_hides_no_later_one(freshdesk, store):
    freshdesk.ticket(1, NOW - DAY)
    for minute in range(150):
        freshdesk.say(1, NOW - DAY + 60 * minute, 1)
    store.take(freshdesk.connector())
    freshdesk.now += HOUR
    del freshdesk.said[1][:60]
    late = freshdesk.say(1, freshdesk.now - 30, 2)

    store.take(freshdesk.connector())

    assert f"conversation:{late}" in store.events


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stops=st.lists(st.integers(0, 9), max_size=8),
    every=st.sampled_from([1, 40, 3600, 9 * 24 * 3600]),
)
def test_any_interruptions_and_a_resume_give_what_an_undisturbed_pull_gives(freshdesk, new_store, stops, every):
    freshdesk.tickets, freshdesk.said = {}, {}
    freshdesk.history(45, every_s=every)
    undisturbed, disturbed = new_store(), new_store()
    undisturbed.take(freshdesk.connector())

    for stop in stops:
        disturbed.take(freshdesk.connector(), pages=stop)
    disturbed.take(freshdesk.connector())

    assert disturbed.events == undisturbed.events
    assert disturbed.tickets == undisturbed.tickets
    assert len(undisturbed.tickets) == 45


def test_since_limits_how_far_back_events_go_and_may_be_moved_back_later(freshdesk, store):
    freshdesk.history(100, every_s=12 * HOUR)
    freshdesk.ticket(900, NOW - 30 * WEEK)
    freshdesk.say(900, NOW - HOUR, 1)
    since = at(NOW - 4 * WEEK)

    store.take(freshdesk.connector(), since)

    assert min(row["at"] for row in store.events.values()) >= since
    assert len(store.of("replied")) == 57
    store.take(freshdesk.connector(), None)
    assert len(store.of("replied")) == 101
    assert len(store.of("created")) == 101


def test_a_busy_ticket_is_read_when_it_rests_and_one_that_never_rests_or_that_nobody_took_later(freshdesk, store):
    connector = lambda: freshdesk.connector(patient=True)  # noqa: E731
    freshdesk.ticket(1, NOW - DAY, responder_id=1)
    freshdesk.ticket(2, NOW - DAY, responder_id=2)
    freshdesk.ticket(3, NOW - DAY)
    store.take(connector())
    freshdesk.asked.clear()
    freshdesk.say(1, NOW + 60, 1)
    freshdesk.say(3, NOW + 60, 500, incoming=True)
    read_at = {}
    for minute in range(5, 2 * 60, 5):
        freshdesk.now = NOW + 60 * minute
        freshdesk.say(2, freshdesk.now - 10, 2)
        store.take(connector())
        for ticket in (1, 2, 3):
            if ticket not in read_at and any(f"/tickets/{ticket}/conversations" in line for line in freshdesk.asked):
                read_at[ticket] = minute

    assert read_at == {1: 25, 2: 65, 3: 65}
    assert freshdesk.calls()["/api/v2/tickets/{id}/conversations"] == 3

    store.take(freshdesk.connector())
    assert len(store.of("replied")) == 1 + len(range(5, 2 * 60, 5))


def test_a_patient_pull_forgets_no_ticket_when_more_wait_than_it_keeps_in_mind(freshdesk, store, monkeypatch):
    monkeypatch.setattr("connectors.freshdesk.pull.MOST_WAITING", 3)
    for number in range(1, 11):
        freshdesk.ticket(number, NOW - DAY, responder_id=1)
    store.take(freshdesk.connector(patient=True))
    for number in range(1, 11):
        freshdesk.say(number, NOW + number * 300, 1)
    counts = []
    for hour in range(1, 9):
        freshdesk.now = NOW + hour * HOUR
        store.take(freshdesk.connector(patient=True))
        counts.append(len(store.of("replied")))

    assert (counts[0], counts[-1]) == (3, 10)


def test_a_patient_pull_in_a_quiet_hour_asks_for_little(freshdesk, store):
    freshdesk.history(50, every_s=HOUR)
    store.take(freshdesk.connector(patient=True))
    for _ in range(2):
        freshdesk.now += 4 * HOUR
        store.take(freshdesk.connector(patient=True))
    freshdesk.asked.clear()
    freshdesk.now += 300

    store.take(freshdesk.connector(patient=True))

    assert freshdesk.calls() == {"/api/v2/tickets": 1}


def test_tickets_in_spam_and_in_the_trash_are_deleted_and_may_come_back(freshdesk, store):
    for number in (1, 2, 3):
        freshdesk.ticket(number, NOW - DAY)
    store.take(freshdesk.connector())
    freshdesk.now += HOUR
    freshdesk.change(1, freshdesk.now - 50, spam=True)
    freshdesk.change(2, freshdesk.now - 40, deleted=True)
    store.take(freshdesk.connector())
    assert {row["ticket"] for row in store.of("deleted")} == {"1", "2"}

    freshdesk.now += HOUR
    freshdesk.change(1, freshdesk.now - 50, spam=False)
    store.take(freshdesk.connector())

    assert [(row["ticket"], row["before"], row["after"]) for row in store.of("status")] == [("1", "deleted", "open")]
    assert [store.tickets[number][3] for number in ("1", "2")] == ["open", "deleted"]


def test_what_was_said_before_a_deletion_is_looked_for(freshdesk, store):
    freshdesk.ticket(1, NOW - DAY)
    store.take(freshdesk.connector(patient=True))
    freshdesk.now += 3 * HOUR
    freshdesk.say(1, freshdesk.now - 3000, 1)
    freshdesk.change(1, freshdesk.now - 50, deleted=True)

    store.take(freshdesk.connector(patient=True))

    assert len(store.of("replied")) == 1


def test_after_three_weeks_without_a_pull_each_field_changed_once_some_time_in_between(freshdesk, store):
    freshdesk.ticket(1, NOW - DAY)
    store.take(freshdesk.connector())
    freshdesk.change(1, NOW + DAY, priority=2)
    freshdesk.change(1, NOW + 2 * DAY, priority=4, responder_id=2)
    freshdesk.now += 3 * WEEK
    connector = freshdesk.connector()

    store.take(connector)

    changed = {row["kind"]: row for row in store.events.values() if row["id"].startswith("diff:")}
    assert (changed["priority"]["before"], changed["priority"]["after"]) == ("low", "urgent")
    assert changed["assigned"]["at"] == at(NOW + 2 * DAY)
    assert at(NOW - 121) <= changed["assigned"]["started_at"] <= at(NOW)
    assert any("21 days ago" in note for note in connector.notes)


@pytest.mark.parametrize("status", [400, 403])
def test_a_list_that_refuses_stats_is_read_without(freshdesk, store, status):
    freshdesk.broken["/tickets"] = lambda query: (status, {"code": "x"}) if "include" in query else None
    freshdesk.history(5, every_s=HOUR)
    connector = freshdesk.connector()

    store.take(connector)

    assert len(store.of("created")) == 5
    assert any("does not come with `stats`" in note for note in connector.notes)


def test_a_list_that_is_refused_altogether_stops_the_pull(freshdesk, store):
    freshdesk.broken["/tickets"] = (403, {"code": "access_denied"})

    with pytest.raises(Refused, match="403 access_denied"):
        store.take(freshdesk.connector())


def test_every_optional_endpoint_may_be_missing(freshdesk, store):
    freshdesk.history(5, every_s=HOUR)
    freshdesk.broken["/agents/me"] = (200, {"id": 9, "ticket_scope": 1})
    for path in (
        "/agents",
        "/admin/groups",
        "/groups",
        "/business_hours",
        "/ticket_fields",
        "/time_entries",
        "/surveys",
    ):
        freshdesk.broken[path] = (403, {"code": "require_feature", "message": "no"})
    connector = freshdesk.connector()

    store.take(connector)

    assert len(store.of("replied")) == 5
    assert {row["actor_kind"] for row in store.of("replied")} == {"agent"}
    assert sum("require_feature" in note for note in connector.notes) == 7, connector.notes


def test_who_left_is_found_when_a_conversation_names_them(freshdesk, store):
    freshdesk.contacts[4] = {"id": 4, "name": "Agent 04", "active": False, "time_zone": "Madrid"}
    freshdesk.ticket(1, NOW - DAY)
    freshdesk.say(1, NOW - HOUR, 4, private=True)
    freshdesk.say(1, NOW - HOUR, 66)

    pages = store.take(freshdesk.connector())

    people = [row for page in pages if page.people is not None for row in page.people.iter_rows(named=True)]
    assert [(row["agent"], row["time_zone"]) for row in people] == [("4", "Europe/Madrid")]
    assert [(row["actor"], row["actor_kind"]) for row in store.of("noted")] == [("4", "agent")]
    assert [(row["actor"], row["actor_kind"]) for row in store.of("replied")] == [("66", "unknown")]
    assert "Agent 04" not in store.watermarks["roster"]


def test_the_keys_own_agent_is_the_plugin_unless_a_person_works_with_it(freshdesk, new_store):
    freshdesk.ticket(1, NOW - DAY)
    freshdesk.say(1, NOW - HOUR, 9)
    ours, theirs = new_store(), new_store()

    ours.take(freshdesk.connector())
    theirs.take(freshdesk.connector(own_user_is_person=True))

    assert [row["actor_kind"] for row in ours.of("replied")] == ["integration"]
    assert [row["actor_kind"] for row in theirs.of("replied")] == ["agent"]


def test_time_entries_are_read_once_and_running_timers_when_they_stopped(freshdesk, store):
    entry = {
        "id": 31, "ticket_id": 1, "agent_id": 2, "timer_running": False, "time_spent": "00:20",
        "executed_at": "2026-11-19T10:00:00Z",
    }  # fmt: skip
    running = {**entry, "id": 32, "timer_running": True, "time_spent": "00:00"}
    freshdesk.entries = [entry, running]
    store.take(freshdesk.connector())
    entry["time_spent"] = "00:40"
    running.update(timer_running=False, time_spent="01:30", time_spent_in_seconds=5400)
    freshdesk.now += DAY

    store.take(freshdesk.connector())

    assert {row["id"]: (row["actor"], row["after"]) for row in store.of("handled")} == {
        "time_entry:31": ("2", "1200"), "time_entry:32": ("2", "5400"),
    }  # fmt: skip


def test_ratings_are_read_on_every_scale(freshdesk, store):
    for number, value in enumerate((103, 101, 100, -101, -103, 1, 2, 3), 1):
        freshdesk.ratings.append(
            {
                "id": number, "user_id": 500, "ticket_id": 1, "ratings": {"default_question": value},
                "created_at": "2026-11-19T10:00:00Z",
            }
        )  # fmt: skip
    freshdesk.ratings.append(
        {"id": 99, "ticket_id": 1, "ratings": {"default_question": 7}, "created_at": "2026-11-19T10:00:00Z"}
    )
    connector = freshdesk.connector()

    store.take(connector)

    words = [store.events[f"rating:{number}"]["after"] for number in range(1, 9)]
    assert words == ["good", "good", "neutral", "bad", "bad", "good", "neutral", "bad"]
    assert any("rows of ratings could not be read" in note for note in connector.notes)


def test_availability_is_told_between_two_snapshots(freshdesk, store):
    def present(available: bool, since: str) -> dict:
        channel = {"channel": "freshdesk", "available": available, "logged_in": True, "availability_updated_at": since}
        return {"id": 1, "availability": {"channel_availability": [channel]}}

    freshdesk.presence = [present(True, "2026-11-20T08:00:00Z")]
    store.take(freshdesk.connector())
    freshdesk.presence = [present(False, "2026-11-20T12:30:00Z")]
    freshdesk.now += HOUR

    store.take(freshdesk.connector())

    told = [(row["actor"], row["before"], row["after"], row["at"].hour) for row in store.of("availability")]
    assert told == [("1", "online", "away", 12)]


def test_unreadable_rows_are_counted_and_never_stop_a_pull(freshdesk, store):
    freshdesk.history(5, every_s=HOUR)
    freshdesk.tickets[3]["priority"] = "very"
    freshdesk.said[2][0]["created_at"] = "yesterday"
    connector = freshdesk.connector()

    store.take(connector)

    assert len(store.of("created")) == 4
    assert {note.split(" could")[0] for note in connector.notes if "could not be read" in note} == {
        "freshdesk: 1 rows of conversations", "freshdesk: 1 rows of tickets",
    }  # fmt: skip


def test_custom_statuses_count_as_the_settings_say_else_as_their_label_says_else_as_pending(freshdesk, store):
    freshdesk.statuses |= {"6": ["Waiting on customer"], "7": ["On hold, third party"], "8": ["In progress"]}
    for number, status in enumerate((6, 7, 8), 1):
        freshdesk.ticket(number, NOW - DAY, status=status)

    store.take(freshdesk.connector(statuses={"In progress": "open"}))

    assert [store.tickets[str(number)][3] for number in (1, 2, 3)] == ["pending", "hold", "open"]


def test_the_roster_is_read_once_a_day(freshdesk, store):
    connector = freshdesk.connector()
    roster = connector.roster({})
    store.take(connector)

    assert roster.people.select("agent", "time_zone", "groups").rows() == [
        ("1", "Europe/Berlin", ["10"]), ("2", "Europe/Paris", ["10", "11"]), ("9", "Etc/UTC", []),
    ]  # fmt: skip
    assert roster.automation == frozenset({"9"})
    assert connector.roster(store.watermarks) is None
    assert freshdesk.connector().roster(store.watermarks) is None
    freshdesk.now += DAY
    freshdesk.asked.clear()
    later = freshdesk.connector()
    store.take(later)
    assert later.roster(store.watermarks).people.height == 3
    assert later.roster(store.watermarks) is None
    assert freshdesk.calls()["/api/v2/admin/groups"] == 1


def test_a_ticket_that_was_solved_twice_between_two_pulls_was_reopened(freshdesk, store):
    freshdesk.ticket(1, NOW - 2 * DAY)
    freshdesk.change(1, NOW - DAY, {"resolved_at": NOW - DAY}, status=4)
    store.take(freshdesk.connector())
    freshdesk.now += DAY
    freshdesk.change(1, NOW + HOUR, {"reopened_at": NOW + HOUR, "resolved_at": None}, status=2)
    freshdesk.change(1, NOW + 5 * HOUR, {"resolved_at": NOW + 5 * HOUR}, status=4)

    store.take(freshdesk.connector())

    told = sorted((row["at"], row["before"], row["after"]) for row in store.of("status"))
    assert told == [
        (at(NOW - DAY), "open", "solved"),
        (at(NOW + HOUR), "solved", "open"),
        (at(NOW + 5 * HOUR), "open", "solved"),
    ]


def test_a_restricted_key_is_told(freshdesk):
    freshdesk.scope = 2
    connector = freshdesk.connector()

    assert "global ticket scope" in connector.ping().missing[0]
    assert any("a part of the picture" in note for note in connector.roster({}).notes)


@pytest.mark.parametrize(("apart_s", "noted"), [(600, 6), (1, 0)])
def test_only_tickets_that_close_in_a_crowd_are_taken_to_be_closed_by_a_rule(freshdesk, store, apart_s, noted):
    for number in range(6):
        freshdesk.ticket(number + 1, NOW - 5 * DAY)
        freshdesk.change(number + 1, NOW - 3 * DAY, {"resolved_at": NOW - 3 * DAY}, status=4)
    store.take(freshdesk.connector())
    freshdesk.asked.clear()
    for number in range(6):
        at = NOW + 60 + number * apart_s
        freshdesk.say(number + 1, at, 1, private=True)
        freshdesk.change(number + 1, at, {"closed_at": at}, status=5)
    for hour in range(1, 4):
        freshdesk.now = NOW + hour * 2 * HOUR
        store.take(freshdesk.connector(patient=True))

    assert [row["after"] for row in store.of("status")] == ["solved"] * 6 + ["closed"] * 6
    assert len(store.of("noted")) == freshdesk.calls()["/api/v2/tickets/{id}/conversations"] == noted

    store.take(freshdesk.connector())
    assert len(store.of("noted")) == 6


def test_members_are_asked_for_group_by_group_where_no_list_names_them(freshdesk):
    freshdesk.agents = [{key: value for key, value in row.items() if key != "group_ids"} for row in freshdesk.agents]
    freshdesk.groups = [{"id": 10, "name": "Support"}]
    freshdesk.broken["/groups/10"] = (200, {"id": 10, "name": "Support", "agent_ids": [1]})

    people = freshdesk.connector().roster({}).people

    assert people["groups"].to_list() == [["10"], [], []]


def test_who_connects_says_whether_a_pull_is_one_of_many(freshdesk):
    settings = FreshdeskSettings(account="acme", domain="acme.freshdesk.com", api_key="k")

    assert not connect(settings).settings.patient
    assert connect(settings, patient=True).settings.patient
    assert repr(settings).count("k'") == 0


def test_somebody_else_using_up_the_quota_stops_the_pull_in_the_end(freshdesk, store):
    freshdesk.history(50, every_s=HOUR)
    store.take(freshdesk.connector(), pages=3)
    before = dict(store.events)
    freshdesk.broken[""] = (429, {})

    with pytest.raises(PlatformError):
        store.take(freshdesk.connector())

    assert store.events == before
    freshdesk.broken.clear()
    freshdesk.now += int(timedelta(minutes=10).total_seconds())
    store.take(freshdesk.connector())
    assert len(store.of("created")) == 50
