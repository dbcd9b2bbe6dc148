"""What two sights of a ticket differ in, and what the first one tells."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connectors.columns import Columns
from connectors.freshdesk.diffs import Context, tell
from connectors.freshdesk.sights import News, Row, Sight, load, read_row

CONTEXT = Context("acme", frozenset({"1", "2"}))
SIGHT = Sight("205", 1000, 1000, "2", 1, "10", None, (), "", False, 1)


def told(row: Row, before: Sight | None = None, since: int | None = None) -> list[tuple]:
    """(kind, before, after, at, since when) of the events, by time."""
    out: Columns[Context] = Columns(CONTEXT)
    tell(row, before, since, out)
    frame = out.frame()
    rows = zip(out.kind, out.before, out.after, out.at, (out.started.get(i) for i in range(frame.height)), strict=True)
    return sorted(rows, key=lambda row: (row[3], row[0], row[2] or ""))


def test_a_ticket_seen_right_after_its_creation_shows_its_first_state():
    out: Columns[Context] = Columns(CONTEXT)
    tell(Row(replace(SIGHT, at=1003, assignee="1", tags=("vip",)), "500"), None, None, out)

    created, tagged = out.frame().iter_rows(named=True)
    assert (created["actor"], created["actor_kind"], created["grade"], created["channel"]) == (
        "500", "requester", "A", "email",
    )  # fmt: skip
    assert (created["group"], created["assignee"], created["status"], created["priority"]) == ("10", "1", "open", "low")
    assert (tagged["kind"], tagged["after"], tagged["batch"]) == ("tagged", "vip", created["batch"])


def test_a_ticket_seen_late_shows_what_its_stamps_tell_and_no_more():
    stamps = {"first_responded_at": 1500, "resolved_at": 2000, "closed_at": 9000}
    seen = replace(SIGHT, at=9000, status="5", assignee="1", source=2)

    assert told(Row(seen, "500", stamps)) == [
        ("created", None, None, 1000, None),
        ("assigned", None, "1", 1500, 1000),
        ("status", "open", "solved", 2000, 1000),
        ("status", "solved", "closed", 9000, 1000),
    ]


def test_a_reopening_tells_of_a_solving_whose_stamp_is_gone():
    seen = replace(SIGHT, at=5000)

    assert told(Row(seen, None, {"reopened_at": 5000}))[1:] == [
        ("status", "open", "solved", 4999, 1000),
        ("status", "solved", "open", 5000, 1000),
    ]


def test_differences_are_dated_by_the_last_change_and_say_since_when_they_may_have_happened():
    seen = replace(SIGHT, at=5000, group="11", assignee="2", priority=4, tags=("a",))
    before = replace(SIGHT, at=3000, tags=("b",))

    assert told(Row(seen, None), before, since=4000) == [
        ("assigned", None, "2", 5000, 4000),
        ("moved", "10", "11", 5000, 4000),
        ("priority", "low", "urgent", 5000, 4000),
        ("tagged", None, "a", 5000, 4000),
        ("untagged", "b", None, 5000, 4000),
    ]


def test_a_change_of_status_is_dated_by_its_own_stamp_where_that_is_new():
    seen = replace(SIGHT, at=5000, status="3")

    assert told(Row(seen, None, {"status_updated_at": 4500}), SIGHT) == [("status", "open", "pending", 4500, 1000)]
    assert told(Row(seen, None, {"status_updated_at": 900}), SIGHT) == [("status", "open", "pending", 5000, 1000)]


def test_own_statuses_of_one_word_are_no_change():
    assert told(Row(replace(SIGHT, at=5000, status="7"), None), replace(SIGHT, status="6")) == []


def test_a_missed_target_is_dated_by_its_due_time_and_counts_once():
    seen = replace(SIGHT, at=5000, late="fe")

    assert told(Row(seen, None, {}, {"f": 4000, "e": 9000}), SIGHT) == [
        ("sla_breached", None, "reply_time", 4000, 1000)
    ]
    assert told(Row(replace(seen, at=9500), None, {}, {"f": 4000, "e": 9000}), seen) == []


def test_deleted_and_restored():
    gone = replace(SIGHT, at=5000, gone=True)

    assert told(Row(gone, None), SIGHT) == [("deleted", None, None, 5000, 1000)]
    assert told(Row(replace(SIGHT, at=6000), None), gone) == [("status", "deleted", "open", 6000, 5000)]


states = st.builds(
    lambda status, priority, group, assignee, tags: replace(
        SIGHT, status=status, priority=priority, group=group, assignee=assignee, tags=tuple(sorted(tags))
    ),
    st.sampled_from(["2", "3", "4", "5", "6"]), st.sampled_from([1, 2, 3, 4]), st.sampled_from([None, "10", "11"]),
    st.sampled_from([None, "1", "2"]), st.frozensets(st.sampled_from(["a", "b"])),
)  # fmt: skip


@given(st.lists(states, min_size=1, max_size=8), st.sets(st.integers(0, 7)))
def test_differences_lead_to_the_present_state_however_polls_are_cut(history, polls):
    """Whoever looks seldom sees fewer changes, but is led to the same state; looking twice tells nothing."""
    seen = [replace(state, at=1000 + 100 * number) for number, state in enumerate(history)]
    looked_at = [s for number, s in enumerate(seen[:-1]) if number in polls] + [seen[-1]]
    state = {"status": "open", "priority": "low", "moved": "10", "assigned": None, "tags": set()}
    before = SIGHT

    for sight in looked_at:
        row = Row(sight, None)
        for kind, old, new, at, since in told(row, before):
            assert before.at <= since <= at <= sight.at
            if kind == "tagged":
                state["tags"].add(new)
            elif kind == "untagged":
                state["tags"].remove(old)
            else:
                assert state[kind] == old
                state[kind] = new
        assert told(row, sight) == []
        before = load(sight.ticket, sight.dump())
        assert before == sight

    last = seen[-1]
    assert state == {
        "status": CONTEXT.word(last.status), "priority": ["low", "normal", "high", "urgent"][last.priority - 1],
        "moved": last.group, "assigned": last.assignee, "tags": set(last.tags),
    }  # fmt: skip


def test_offsets_in_times_are_read_and_missing_parts_are_no_trouble():
    row = {
        "id": 12, "status": 2, "priority": 1, "created_at": "2026-03-01T13:30:00+05:30",
        "updated_at": "2026-03-01T08:00:05Z", "stats": {"resolved_at": "nonsense"}, "tags": None,
    }  # fmt: skip

    read = read_row(row)

    assert read.sight.at - read.sight.created == 5
    assert read.stamps == {}


def test_what_another_version_remembered_is_forgotten():
    assert load("1", '[99, "x"]') is None
    assert load("1", "not json") is None
    known = replace(SIGHT, news=News(3, "7003", 900, None))
    assert load("205", known.dump()) == known
