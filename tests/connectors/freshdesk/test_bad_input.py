"""What accounts and lines can be like: nothing of it is lost in silence, and nothing of it breaks a pull."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.session import Limits
from helpdesk_wellbeing.errors import BadPayload, PlatformError, Refused, RetryLater

NOW = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp())
HOUR, DAY, WEEK = 3600, 24 * 3600, 7 * 24 * 3600


def test_a_quota_that_somebody_else_uses_up_for_ten_minutes_is_waited_for(freshdesk, store, monkeypatch):
    freshdesk.history(5, every_s=HOUR)
    said = []
    connector = freshdesk.connector(say=said.append)
    real, began = freshdesk._body, connector.progress._now()

    def body(path, query):
        return (429, {}) if connector.progress._now() - began < 600 else real(path, query)

    monkeypatch.setattr(freshdesk, "_body", body)
    freshdesk.quota = {"Retry-After": "120"}

    store.take(connector)

    assert len(store.of("replied")) == 5
    assert any("waiting 120 s as told" in line for line in said)


@pytest.mark.parametrize("refused", ["stats", "requester,stats"])
def test_an_include_that_is_refused_costs_the_stamps_only(freshdesk, store, refused):
    freshdesk.broken["/tickets"] = lambda query: (400, {"code": "invalid_value"}) if "include" in query else None
    freshdesk.history(5, every_s=HOUR)

    store.take(freshdesk.connector())

    assert len(store.of("replied")) == len(store.of("created")) == 5


def test_a_key_with_group_scope_is_told_at_connecting_and_with_every_roster(freshdesk):
    freshdesk.scope = 3
    connector = freshdesk.connector()

    assert "sees only tickets assigned to it" in connector.ping().missing[0]
    connector.roster({})
    assert any("a part of the picture" in note and "global scope" in note for note in connector.notes)


def test_merged_tickets_are_closed_and_the_note_of_the_merge_is_a_note(freshdesk, store):
    freshdesk.ticket(1, NOW - DAY)
    freshdesk.ticket(2, NOW - DAY)
    store.take(freshdesk.connector())
    freshdesk.now += HOUR
    freshdesk.say(1, freshdesk.now - 60, 1, private=True)
    freshdesk.change(1, freshdesk.now - 60, {"closed_at": freshdesk.now - 60}, status=5)

    store.take(freshdesk.connector())

    assert [(row["ticket"], row["after"], row["actor_kind"]) for row in store.of("status")] == [
        ("1", "closed", "unknown")
    ]
    assert [(row["ticket"], row["actor"]) for row in store.of("noted")] == [("1", "1")]


def test_the_wall_at_page_300_is_never_come_near(freshdesk, store):
    for number in range(1, 401):
        freshdesk.ticket(number, NOW - 500_000 + 30 * number)
    asked = []
    freshdesk.before_page = lambda query: asked.append(int(query.get("page", 1)))

    store.take(freshdesk.connector())

    assert len(store.of("created")) == 400
    assert max(asked) == 1


def test_rows_that_move_while_pages_are_read_are_neither_missed_nor_repeated(freshdesk, store):
    freshdesk.history(250, every_s=HOUR)
    store.take(freshdesk.connector())
    freshdesk.now += DAY
    for number in range(1, 251):
        freshdesk.change(number, freshdesk.now - 5000 + number, priority=3)
    turns = iter(range(1, 60))

    def somebody_works(query):
        turn = next(turns, None)
        if turn is not None and "filter" not in query:
            freshdesk.change(turn, freshdesk.now - 100 + turn, group_id=11)

    freshdesk.before_page = somebody_works
    store.take(freshdesk.connector())
    freshdesk.before_page = lambda query: None
    store.take(freshdesk.connector())

    assert sorted({row["ticket"] for row in store.of("priority")}, key=int) == [str(n) for n in range(1, 251)]
    assert len(store.of("priority")) == 250
    moved = [number for number, row in freshdesk.tickets.items() if row["group_id"] == 11]
    assert sorted(int(row["ticket"]) for row in store.of("moved")) == moved


@pytest.mark.parametrize("answer", [None, [None], [{"id": None, "updated_at": None}], [None, {}]])
@pytest.mark.parametrize("path", ["/tickets", "/tickets/1/conversations", "/time_entries", "/surveys"])
def test_answers_of_nulls_end_the_pull_and_what_they_hide_comes_with_the_next(freshdesk, store, path, answer):
    freshdesk.ticket(1, NOW - DAY)
    freshdesk.say(1, NOW - HOUR, 1)
    freshdesk.broken[path] = (200, answer)
    with pytest.raises(BadPayload):
        store.take(freshdesk.connector())
    del freshdesk.broken[path]

    store.take(freshdesk.connector())

    assert (len(store.of("created")), len(store.of("replied"))) == (1, 1)


@pytest.mark.parametrize("total", ["200.0", "200", "many", "", "-1", "1e3"])
def test_headers_with_decimals_or_nonsense_break_nothing(freshdesk, store, total):
    freshdesk.quota = {
        "X-RateLimit-Total": total, "X-RateLimit-Remaining": "150.0", "X-RateLimit-Used-CurrentRequest": "1.0",
    }  # fmt: skip
    freshdesk.history(5, every_s=HOUR)

    store.take(freshdesk.connector())

    assert len(store.of("replied")) == 5


def test_a_page_of_html_in_place_of_json_ends_in_one_line(freshdesk, store):
    freshdesk.broken["/tickets"] = (200, "<html>Sign in, Mrs Private</html>")

    with pytest.raises(BadPayload) as caught:
        store.take(freshdesk.connector())

    assert "Private" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_elsewhere_is_not_followed(freshdesk, store, status):
    freshdesk.quota = {"Location": "https://elsewhere.example/api/v2/tickets"}
    freshdesk.broken["/tickets"] = (status, {})

    with pytest.raises(Refused, match="another host"):
        store.take(freshdesk.connector())

    assert not any("elsewhere" in line for line in freshdesk.asked)


@pytest.mark.parametrize("jump", [-10 * 365 * DAY, 10 * 365 * DAY])
def test_a_clock_of_theirs_that_is_years_off_is_the_one_that_counts(freshdesk, store, jump):
    freshdesk.now += jump
    freshdesk.history(5, every_s=HOUR)

    store.take(freshdesk.connector())

    assert len(store.of("replied")) == 5


def test_a_clock_of_theirs_that_jumps_back_an_hour_and_forth_loses_nothing(freshdesk, store):
    freshdesk.history(5, every_s=HOUR)
    store.take(freshdesk.connector())
    for jump in (-HOUR, 2 * HOUR):
        freshdesk.now += jump
        freshdesk.say(5, freshdesk.now - 30, 1)
        freshdesk.tickets[5]["updated"] = freshdesk.now - 30
        store.take(freshdesk.connector())
    freshdesk.now += DAY
    freshdesk.say(5, freshdesk.now - 30, 2)
    store.take(freshdesk.connector())

    assert len(store.of("replied")) == 5 + 3


def test_ids_of_thirteen_digits_stay_whole(freshdesk, store):
    big = 9_007_199_254_740_993  # one more than a float can tell from its neighbour
    freshdesk.agents.append({"id": big, "ticket_scope": 1, "group_ids": [10], "contact": {"name": "Agent 03"}})
    freshdesk.ticket(7_000_000_000_123, NOW - DAY, responder_id=big, group_id=1_060_000_000_017)
    freshdesk.say(7_000_000_000_123, NOW - HOUR, big)

    store.take(freshdesk.connector())

    assert [(row["ticket"], row["actor"]) for row in store.of("replied")] == [("7000000000123", str(big))]
    assert [row["after"] for row in store.of("assigned")] == [str(big)]
    assert store.of("created")[0]["group"] == "1060000000017"


@pytest.mark.parametrize(("field", "value"), [("source", 4711), ("source", None), ("status", 99), ("priority", 9)])
def test_numbers_that_nobody_knows_become_what_is_least_wrong(freshdesk, store, field, value):
    freshdesk.ticket(1, NOW - DAY, **{field: value})

    store.take(freshdesk.connector())

    (created,) = store.of("created")
    shown = {"source": (created["channel"], "other"), "status": (store.tickets["1"][3], "pending"),
             "priority": (created["priority"], None)}  # fmt: skip
    assert shown[field][0] == shown[field][1]


def test_a_time_zone_that_nobody_knows_is_said_and_no_zone(freshdesk):
    freshdesk.agents[0]["contact"]["time_zone"] = "Atlantis"
    connector = freshdesk.connector()

    roster = connector.roster({})

    assert dict(roster.people.select("agent", "time_zone").rows()) == {"1": None, "2": "Europe/Paris", "9": "Etc/UTC"}
    assert any("zone" in note and "1" in note for note in connector.notes)


def test_a_ticket_whose_fields_are_all_null_is_counted_and_the_others_come(freshdesk, store):
    freshdesk.history(3, every_s=HOUR)
    shown = freshdesk._shown

    def half_null(row, with_stats):
        said = shown(row, with_stats)
        return dict.fromkeys(said) if row["id"] == 2 else said

    freshdesk._shown = half_null
    connector = freshdesk.connector()
    store.take(connector)

    assert {row["ticket"] for row in store.of("created")} == {"1", "3"}
    assert any("rows of tickets could not be read" in note for note in connector.notes)


def test_a_ticket_of_which_only_what_must_be_is_there_comes(freshdesk, store):
    freshdesk.ticket(
        1, NOW - DAY, priority=None, source=None, requester_id=None, group_id=None, tags=None, stats={}, due_by=None
    )

    store.take(freshdesk.connector())

    (created,) = store.of("created")
    assert (created["group"], created["priority"], created["channel"]) == (None, None, "other")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_trouble_without_end_is_one_of_our_errors(freshdesk, store, status):
    freshdesk.broken["/tickets"] = (status, {"message": "Mrs Private"})

    with pytest.raises(RetryLater) as caught:
        store.take(freshdesk.connector(limits=Limits(attempts=3)))

    assert isinstance(caught.value, PlatformError)
    assert "Private" not in str(caught.value)
