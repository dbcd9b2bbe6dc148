"""At every second of its clock the account shows what the platform would show then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.freshdesk.simulated import Options, Site
from connectors.freshdesk.simulated.log import logged
from connectors.freshdesk.simulated.record import Record
from connectors.freshdesk.simulated.staff import staff_of
from connectors.freshdesk.simulated.versions import NAMES, Fold, TagSets

VIEW = "tickets/205?include=stats"


@pytest.mark.parametrize(
    ("minute", "status", "responder", "group", "priority", "tags"),
    [
        (0, 2, None, 11, 2, ["routed"]),
        (10, 2, 1001, 11, 2, ["routed"]),
        (20, 4, 1001, 11, 2, ["routed"]),
        (30, 2, 1001, 11, 2, ["routed"]),
        (40, 2, 1001, 12, 2, ["routed"]),
        (50, 8, 1001, 12, 3, ["routed"]),
        (60, 4, 1001, 12, 3, []),
    ],
)
def test_a_ticket_shows_its_state_of_the_moment(serve, minute, status, responder, group, priority, tags):
    reader = serve()
    reader.clock.set(minute)
    row = reader.get(VIEW)
    shown = (row["status"], row["responder_id"], row["group_id"], row["priority"], row["tags"])
    assert shown == (status, responder, group, priority, tags)


def test_before_it_is_created_there_is_no_ticket(serve):
    reader = serve()
    reader.clock.set(-1)
    assert reader.raw("tickets/205").status_code == 404
    assert reader.get("tickets?updated_since=2026-01-01T00:00:00Z") == []


def test_stats_are_the_latest_times_only(serve):
    stats = serve().get(VIEW)["stats"]
    assert stats == {
        "agent_responded_at": "2026-10-05T09:00:00Z", "requester_responded_at": "2026-10-05T08:30:00Z",
        "first_responded_at": "2026-10-05T08:20:00Z", "status_updated_at": "2026-10-05T09:00:00Z",
        "reopened_at": "2026-10-05T08:30:00Z", "resolved_at": "2026-10-05T09:00:00Z", "closed_at": None,
        "pending_since": None,
    }  # fmt: skip


def test_reopening_may_clear_when_it_was_resolved(serve):
    for clears, told in ((False, "2026-10-05T08:20:00Z"), (True, None)):
        reader = serve(reopening_clears=clears)
        reader.clock.set(31)
        assert reader.get(VIEW)["stats"]["resolved_at"] == told


def test_hold_is_a_status_of_the_accounts_own_that_the_fields_name(serve):
    reader = serve()
    reader.clock.set(50)
    (field,) = (f for f in reader.get("ticket_fields") if f["type"] == "default_status")
    assert field["choices"][str(reader.get(VIEW)["status"])][0] == "On hold"


def test_a_status_that_the_platform_does_not_tell_apart_moves_nothing(serve):
    rows = [
        {"ticket": "7", "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"},
        {"ticket": "7", "min": 9, "actor": "1001", "kind": "status", "before": "new", "after": "open"},
    ]
    assert serve(rows).get("tickets/7")["updated_at"] == "2026-10-05T08:00:00Z"


def test_deleted_tickets_and_spam_have_lists_of_their_own(serve):
    rows = []
    for no in ("6", "7"):
        rows += [{"ticket": no, "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"},
                 {"ticket": no, "min": 5, "actor": "1001", "kind": "deleted"}]  # fmt: skip
    reader = serve(rows)
    since = "updated_since=2026-01-01T00:00:00Z"
    assert [t["id"] for t in reader.get(f"tickets?{since}&filter=spam")] == [6]
    assert [(t["id"], t["deleted"]) for t in reader.get(f"tickets?{since}&filter=deleted")] == [(7, True)]
    assert reader.get(f"tickets?{since}") == []
    assert reader.get("tickets/6")["spam"]
    reader.clock.set(4)
    assert len(reader.get(f"tickets?{since}")) == 2


def test_a_merge_closes_one_ticket_and_leaves_a_note_in_both(serve):
    rows = []
    for no in ("6", "7"):
        rows.append({"ticket": no, "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"})
    away = {"ticket": "6", "min": 5, "actor": "1001"}
    rows += [away | {"kind": "merged", "after": "7"}, away | {"kind": "status", "before": "new", "after": "closed"}]
    reader = serve(rows)
    assert reader.get("tickets/6")["status"] == 5
    for no in (6, 7):
        (note,) = reader.get(f"tickets/{no}/conversations")
        assert (note["private"], note["user_id"]) == (True, 1001)
        assert reader.get(f"tickets/{no}")["updated_at"] == "2026-10-05T08:05:00Z"
    assert serve(rows, merge_notes=False).get("tickets/7/conversations") == []


def test_a_missed_target_escalates_the_ticket_and_was_due_when_it_was_missed(serve):
    missed = {"min": 90, "actor_kind": "system", "kind": "sla_breached", "after": "reply_time"}
    first = {"ticket": "7", "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"}
    rows = [first, missed | {"ticket": "7"}]
    for moves, stamp in ((True, "2026-10-05T09:30:00Z"), (False, "2026-10-05T08:00:00Z")):
        reader = serve(rows, escalation_moves=moves)
        row = reader.get("tickets/7")
        assert (row["is_escalated"], row["fr_escalated"], row["nr_escalated"]) == (True, True, False)
        assert (row["fr_due_by"], row["updated_at"]) == ("2026-10-05T09:30:00Z", stamp)
        reader.clock.set(89)
        assert not reader.get("tickets/7")["is_escalated"]


def test_due_times_come_seconds_after_creation(serve):
    reader = serve()
    reader.clock.set(0)
    assert reader.get("tickets/205")["due_by"] is None
    reader.clock.set(1)
    assert reader.get("tickets/205")["due_by"]


def test_what_was_closed_long_ago_is_archived(serve):
    rows = [{"ticket": "7", "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "closed"}]
    reader = serve(rows, archive_after_days=120)
    reader.clock.set(121 * 1440)
    assert reader.get("tickets?updated_since=2026-01-01T00:00:00Z") == []
    assert reader.raw("tickets/7").status_code == 404
    assert reader.get("tickets/archived/7")["status"] == 5
    assert reader.get("tickets/archived/7/conversations") == []


KINDS = st.sampled_from(["replied", "noted", "customer_replied", "status", "assigned", "moved", "priority", "tagged",
                         "untagged", "sla_breached", "deleted"])  # fmt: skip
AFTER = {"status": ["new", "open", "pending", "hold", "solved", "closed"], "assigned": ["1001", "1002", None],
         "moved": ["11", "12"], "priority": ["low", "high"], "tagged": ["a", "b"], "untagged": ["a", "b"],
         "sla_breached": ["reply_time", "next_reply_time", "resolution_time"]}  # fmt: skip


@st.composite
def histories(draw):
    rows = []
    for no in ("6", "7"):
        rows.append({"ticket": no, "actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new"})
    for _ in range(draw(st.integers(0, 14))):
        kind = draw(KINDS)
        value = draw(st.sampled_from(AFTER[kind])) if kind in AFTER else None
        column = "before" if kind == "untagged" else "after"
        rows.append({"ticket": draw(st.sampled_from(["6", "7"])), "min": draw(st.integers(0, 9)), "actor": "1001",
                     "kind": kind, column: value})  # fmt: skip
    return sorted(rows, key=lambda row: row.get("min", 0))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=histories(), minute=st.integers(0, 10), cut=st.integers(0, 16), clears=st.booleans())
def test_the_past_is_what_was_seen_then_and_what_comes_later_changes_nothing(events_of, rows, minute, cut, clears):
    """Folding all and looking back gives what folding up to then gives; appending gives what folding all gives."""
    options = Options(reopening_clears=clears)
    events = events_of(rows)
    whole = Record(Site(events, options=options), staff_of(Site(events)), lambda: events["at"].max())
    now = int(events["at"].min().timestamp()) + 60 * minute
    log = logged(events, options)
    until = Fold(log.filter(log["sec"] <= now), options, tags := TagSets()).versions()
    looked = [name for name in NAMES if name not in ("ends", "fr_due", "due", "tags")]
    for ticket in (6, 7):
        seen = np.flatnonzero(until["ticket"] == ticket)[-1]
        row = whole.version(ticket, now)
        assert {name: row[name] for name in looked} == {name: int(until[name][seen]) for name in looked}
        assert whole.tags.sets[row["tags"]] == tags.sets[until["tags"][seen]]
    place = min(max(cut, 2), events.height)
    bit = Record(Site(events[:place], options=options), staff_of(Site(events)), lambda: events["at"].max())
    bit.happen(events[place:])
    for ticket in (6, 7):
        row, other = bit.version(ticket, now), whole.version(ticket, now)
        assert bit.tags.sets[row.pop("tags")] == whole.tags.sets[other.pop("tags")]
        left_out = ("ends", "fr_due", "due")
        assert {k: v for k, v in row.items() if k not in left_out} == {
            k: v for k, v in other.items() if k not in left_out
        }
        assert bit.talks.of(ticket, now) == whole.talks.of(ticket, now)
