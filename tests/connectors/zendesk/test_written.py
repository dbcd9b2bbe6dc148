"""Bodies and answers of writes, in the shapes that the platform documents and that were recorded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.zendesk.written import (
    MARKER,
    Change,
    JobRow,
    NewTicket,
    TicketState,
    audit_of,
    body_of,
    body_of_new,
    job_of,
    state_of,
)
from helpdesk_wellbeing.errors import BadPayload

TAGS = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))


def test_a_change_names_only_what_it_sets():
    assert body_of(Change(), None, None) == {}
    assert body_of(Change(assignee=None), None, None) == {"assignee_id": None}
    assert body_of(Change(group="7", fields={"360001": "high"}), "2026-11-21T10:00:00Z", "k") == {
        "group_id": 7,
        "custom_fields": [{"id": 360001, "value": "high"}],
        "safe_update": True,
        "updated_stamp": "2026-11-21T10:00:00Z",
        "metadata": {MARKER: "k"},
    }


@given(st.text(min_size=1), st.booleans(), st.none() | st.just("42"))
def test_a_note_always_says_whether_it_is_public(text, public, author):
    body = body_of(Change(note=text, note_public=public, note_author=author), None, None)
    assert body["comment"]["public"] is public
    assert body_of_new(NewTicket("s", text, public=public))["comment"]["public"] is public


@given(TAGS, TAGS, TAGS)
def test_undone_tags_are_those_from_before(held, added, others):
    before = TicketState("1", "open", None, None, held, {}, "t")
    new = added - held
    after = TicketState("1", "open", None, None, before.tags_with(new, []) | others, {}, "u")
    assert after.tags_with(remove=new - others) == held | others


def test_a_job_in_recorded_shapes():
    rows = [
        {"action": "update", "id": 244, "status": "Updated", "success": True},
        {"index": 1, "id": 3561, "account_id": 10},
        {"index": 2, "error": "TicketConflict", "details": "words of the platform"},
        {"index": 3, "id": 9, "errors": "words of the platform"},
    ]
    job = job_of({"id": "V3-1", "status": "completed", "total": 4, "results": rows})
    assert job.is_over
    assert job.rows == (
        JobRow("244", True, None),
        JobRow("3561", True, None, index=1),
        JobRow(None, False, "TicketConflict", True, 2),
        JobRow("9", False, "failed", False, 3),
    )
    assert not job_of({"id": "V3-1", "status": "queued", "total": 4, "results": None}).is_over


def test_an_audit_is_ours_by_its_marker_only():
    assert audit_of({"id": 1, "author_id": 9, "created_at": "t", "metadata": {"custom": {MARKER: "k"}}}).marker == "k"
    for metadata in (None, {}, {"custom": None}, {"custom": {"time_spent": "3m"}}, {"custom": {MARKER: ["k"]}}):
        assert audit_of({"id": 1, "author_id": 9, "created_at": "t", "metadata": metadata}).marker is None


@pytest.mark.parametrize("row", [{}, {"id": 1}, {"id": "1", "updated_at": "t", "status": "open"}])
def test_a_ticket_without_what_a_decision_needs_is_no_ticket(row):
    with pytest.raises(BadPayload):
        state_of(row)
