"""Single writes to Freshdesk, and their outcomes told in full."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.freshdesk.marks import html_of, is_marked, reference
from connectors.freshdesk.simulated import Faults
from connectors.freshdesk.simulated.writes import text_of
from connectors.freshdesk.standing import Standing
from connectors.freshdesk.written import (
    PENDING,
    Change,
    Created,
    NewTicket,
    Noted,
    Queued,
    Written,
    body_of,
    body_of_note,
    job_of,
    state_of,
)
from connectors.outcomes import Conflict, Done, Refused, Unknown
from connectors.session import Limits
from helpdesk_wellbeing.errors import BadPayload, RetryLater
from tests.fleet import until
from tests.freshdesk_account import FIELD, OWN, a_desk

ROW = {"id": 7, "status": 2, "updated_at": "2026-03-01T09:00:00Z", "responder_id": 4, "group_id": 5, "tags": ["a"]}


@pytest.fixture
def desk():
    with a_desk() as desk:
        yield desk


def once(kind, only="tickets", **more):
    return Faults(share={kind: 1.0}, only=only, in_a_row=9, most=1, **more)


# ---- bodies and states


def test_a_change_names_only_what_it_sets_and_null_clears():
    assert body_of(Change()) == {}
    assert body_of(Change(assignee=None, group="7", tags=frozenset("ba"), fields={"cf_x": None})) == {
        "responder_id": None, "group_id": 7, "tags": ["a", "b"], "custom_fields": {"cf_x": None}
    }  # fmt: skip


@given(st.text(), st.text(min_size=1))
def test_a_note_is_private_escaped_and_known_again_by_its_marker(text, marker):
    body = body_of_note(text, marker)
    assert body["private"] is True
    assert is_marked({"body_text": text_of(body["body"])}, marker, "body_text")
    assert not is_marked({"body_text": text_of(body["body"])}, marker + "x", "body_text", "body")


def test_a_text_of_ours_cannot_become_html():
    html = html_of('<script>x</script> & "q"\nhttps://a.example/s?t=1&u=2', "k")
    assert html.startswith("<p>&lt;script&gt;x&lt;/script&gt; &amp; &quot;q&quot;<br>")
    assert '<a href="https://a.example/s?t=1&amp;u=2">' in html
    assert html.endswith(f">{reference('k')}</p>")


def test_a_state_s_stamp_moves_with_all_that_a_write_may_touch():
    stamp = state_of(ROW, {}).stamp
    for changed in ({"responder_id": None}, {"group_id": 6}, {"status": 3}, {"tags": []}, {"custom_fields": {"x": 1}},
                    {"updated_at": "2026-03-01T09:00:01Z"}):  # fmt: skip
        assert state_of(ROW | changed, {}).stamp != stamp
    assert state_of(ROW | {"subject": "s"}, {}).stamp == stamp


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        ({}, "2026-03-01T10:00:00Z"),
        ({"stats": {"first_responded_at": "2026-03-01T09:00:00Z"}}, "2026-03-02T10:00:00Z"),
        ({"fr_escalated": True}, "2026-03-02T10:00:00Z"),
        ({"nr_due_by": "2026-03-01T09:30:00Z", "stats": {"requester_responded_at": "2026-03-01T09:10:00Z"}},
         "2026-03-01T09:30:00Z"),
        ({"nr_due_by": "2026-03-01T09:30:00Z"}, "2026-03-01T10:00:00Z"),
        ({"fr_due_by": "2026-03-01T14:00:00+05:30"}, "2026-03-01T14:00:00+05:30"),
        ({"status": 3}, None),
        ({"status": 4}, None),
        ({"status": 6}, "2026-03-01T10:00:00Z"),
        ({"due_by": None, "fr_due_by": None}, None),
        ({"deleted": True}, None),
    ],
)  # fmt: skip
def test_the_next_breach_is_that_of_a_clock_that_runs(changed, due):
    row = ROW | {"due_by": "2026-03-02T10:00:00Z", "fr_due_by": "2026-03-01T10:00:00Z"}
    assert state_of(row | changed, {}).breach_at == due


def test_custom_statuses_count_as_pending_unless_mapped():
    assert state_of(ROW | {"status": 8}, {}).status == "pending"
    assert state_of(ROW | {"status": 8}, {"8": "hold"}).status == "hold"
    with pytest.raises(BadPayload):
        state_of({"id": 7}, {})


@pytest.mark.parametrize("word", ["IN PROGRESS", "in_progress", "In Progress"])
def test_a_job_s_word_is_read_however_it_is_written(word):
    assert not job_of({"status": word}, "j").is_over
    assert job_of({"status": word.replace(word, "COMPLETED")}, "j").is_over


# ---- writes


def test_an_update_changes_what_it_names_and_nothing_else(desk):
    made = desk.writing.update("1", Change(assignee="1002", tags=frozenset({"vip", "x"}), fields={FIELD: "moved"}))

    assert isinstance(made, Written)
    assert (made.state.assignee, made.state.group, made.state.fields) == ("1002", "11", {FIELD: "moved"})
    assert desk.state("1") == (1002, {"vip", "x"}, "moved")
    assert desk.row("1")["status"] == 2


def test_a_ticket_in_the_trash_or_never_there_is_gone(desk):
    assert desk.writing.delete_ticket("2") == Done()
    assert desk.writing.ticket("2").is_gone
    assert desk.writing.ticket("404").is_gone
    for ticket, status in (("2", 405), ("404", 404)):
        assert desk.writing.update(ticket, Change(assignee="1002")) == Refused("gone", status, None)
        assert desk.writing.note(ticket, "t", "k") == Refused("gone", status, None)
        assert desk.writing.marked(ticket, "k") is None


@pytest.mark.parametrize(("agent", "reason"), [("1005", "agent_inactive"), ("1003", "agent_inactive")])
def test_an_agent_who_can_t_have_tickets_is_told_from_other_trouble(desk, agent, reason):
    assert desk.writing.update("1", Change(assignee=agent)).reason == reason
    assert desk.writing.standing.why_not(agent, "11") == reason


def test_why_an_agent_of_another_group_is_refused():
    with a_desk(outsiders="refused") as desk:
        assert desk.writing.update("1", Change(assignee="1004"), "11").reason == "not_in_group"
        assert desk.writing.standing.why_not("1004", "11") == "not_in_group"
        assert desk.writing.standing.why_not("1002", "11") is None
        desk.front.others.empties("11")
        assert desk.writing.standing.why_not("1002", "11") == "group_empty"
        assert desk.writing.standing.why_not("1002", "77") == "group_empty"


def test_who_may_not_see_agents_leaves_it_to_the_platform():
    with a_desk(admin=False) as desk:
        assert desk.writing.standing.why_not("1005", "11") is None


def test_agents_are_asked_about_once_in_half_a_minute(desk):
    now = [0.0]
    standing = Standing(desk.api, lambda: now[0])
    for at in (0.0, 10.0, 29.0, 31.0):
        now[0] = at
        standing.why_not("1002", "11")
    assert desk.front.requests["GET agents/{id}"] == 2


def test_a_field_that_an_admin_deleted_is_told(desk):
    desk.front.others.drops_field(FIELD)
    assert desk.writing.update("1", Change(fields={FIELD: "moved"})).reason == "field_gone"


def test_a_value_that_the_field_doesn_t_know_is_invalid(desk):
    assert desk.writing.update("1", Change(fields={FIELD: "else"})) == Refused("invalid", 400, "invalid_value")


def test_a_key_that_isn_t_accepted_and_one_that_may_not(desk):
    desk.front.api.revoke()
    assert desk.writing.update("1", Change(assignee="1002")).reason == "unauthorised"
    with a_desk(once("forbid")) as other:
        assert other.writing.update("1", Change(assignee="1002")).reason == "forbidden"


@pytest.mark.parametrize("kind", ["lost", "late_error", "write_error", "hang"])
def test_what_may_have_arrived_is_unknown_and_sent_once(kind):
    limits = Limits(first_backoff_s=0.01, read_s=0.5)
    with a_desk(once(kind, hang_seconds=0.8), limits) as desk:
        made = desk.writing.note("1", "text", "k")

        assert isinstance(made, Unknown)
        assert desk.front.requests["POST tickets/{id}/notes"] == 1
        written = 0 if kind == "write_error" else 1
        until(lambda: len(desk.ours("1")) >= written, 10)  # nobody waited for it to get through
        assert len(desk.ours("1")) == written


def test_what_cannot_have_arrived_is_for_later_after_another_look():
    with a_desk(once("throttle", "notes", retry_after=7)) as desk:
        with pytest.raises(RetryLater) as told:
            desk.writing.note("1", "text", "k")
        assert (told.value.after, desk.waited, desk.ours("1")) == (7.0, [], [])
        assert isinstance(desk.writing.note("1", "text", "k"), Noted)


def test_a_write_does_not_wait_for_the_rate_limit_either():
    with a_desk(unlimited=False, plan="growth") as desk:
        while desk.api.session.budget.left("account") != 60:  # the reserve
            desk.writing.ticket("1", clocks=False)
        with pytest.raises(RetryLater) as told:
            desk.writing.update("1", Change(assignee="1002"))
        assert told.value.after > 0
        assert desk.front.requests["PUT tickets/{id}"] == 0


def test_a_conflict_is_told_as_one():
    with a_desk(once("conflict")) as desk:
        assert desk.writing.update("1", Change(assignee="1002")) == Conflict()


def test_a_note_is_found_by_its_marker_also_beyond_the_first_page(desk):
    for number in range(105):
        desk.front.others.note("1", "1002", f"note {number}")
    made = desk.writing.note("1", "text", "prop:move:1")

    assert isinstance(made, Noted)
    assert desk.writing.marked("1", "prop:move:1") == made
    assert desk.writing.marked("1", "prop:move:1:undo") is None
    assert desk.ours("1")[0]["private"] is True


def test_a_new_ticket_is_private_work_of_nobody_and_found_again(desk):
    new = NewTicket("five questions", "link https://a.example/x", OWN, "w1:1001", "1001", "11", frozenset({"wb"}))
    made = desk.writing.create_ticket(new)

    assert isinstance(made, Created)
    row = desk.row(made.ticket)
    assert (row["status"], row["priority"], row["responder_id"], row["requester_id"]) == (PENDING, 1, 1001, int(OWN))
    assert desk.writing.made("w1:1001") == made.ticket
    assert desk.writing.made("w1:1002") is None
    assert desk.front.api.writes.contacts == []
    assert desk.writing.create_ticket(replace(new, assignee="1005")).reason == "agent_inactive"


def test_many_tickets_are_changed_by_a_job_but_never_their_tags(desk):
    queued = desk.writing.update_many(["1", "2"], Change(fields={FIELD: None}, assignee="1002"))

    assert isinstance(queued, Queued)
    assert desk.writing.wait_for(queued.job, desk.waited.append)
    assert {desk.writing.ticket(ticket).assignee for ticket in ("1", "2")} == {"1002"}
    with pytest.raises(ValueError, match="tags"):
        desk.writing.update_many(["1"], Change(tags=frozenset()))


def test_a_job_that_never_ends_is_not_waited_for_without_end():
    with a_desk(job_polls=1000) as desk:
        queued = desk.writing.update_many(["1"], Change(assignee="1002"))
        assert not desk.writing.wait_for(queued.job, desk.waited.append)
        assert 60 <= sum(desk.waited) < 80
