"""Background jobs and their rows; new tickets and their keys."""

from __future__ import annotations

import pytest

from connectors.zendesk.simulated import Faults
from connectors.zendesk.written import Change, Created, Item, JobRow, NewTicket, Queued, Refused, Unknown

SURVEY = NewTicket("How is it going?", "Five questions", requester="1002", group="11", tags=frozenset({"wb_survey"}))


def ended(one, job):
    for _ in range(20):
        state = one.writing.job(job.id)
        if state.is_over:
            return state
    raise AssertionError("the job never ends")


def test_a_job_takes_a_while_and_then_tells_each_rows_outcome(desk):
    one = desk(job_polls=2)
    stamp = one.writing.ticket("3").stamp
    one.front.others.delete("5", "1001")
    one.front.others.close("6", "1001")
    items = [
        Item("3", Change(assignee="1002", note="a"), stamp, "m3"),
        Item("4", Change(assignee="1002"), "2020-01-01T00:00:00Z", "m4"),
        Item("5", Change(assignee="1002"), None, "m5"),
        Item("6", Change(assignee="1002"), None, "m6"),
        Item("7", Change(assignee="1004"), None, "m7"),
    ]

    queued = one.writing.update_many(items)

    assert isinstance(queued, Queued)
    assert (queued.job.status, queued.job.total, queued.job.rows) == ("queued", 5, ())
    assert [one.writing.job(queued.job.id).status for _ in range(3)] == ["queued", "working", "completed"]
    rows = one.writing.job(queued.job.id).rows
    assert [(row.ticket, row.success, row.error, row.is_conflict) for row in rows] == [
        ("3", True, None, False),
        ("4", False, "UpdateConflict", True),
        ("5", False, "RecordNotFound", False),
        ("6", False, "RecordInvalid", False),
        ("7", False, "RecordInvalid", False),
    ]
    assert one.writing.marked("3", "m3") is not None
    assert one.seen("4")["assignee_id"] == 1001


def test_the_same_change_to_several_adds_and_removes_tags(desk):
    one = desk()
    queued = one.writing.update_all(["3", "4"], Change(), add_tags=["new"], remove_tags=["vip"], marker="m")
    assert ended(one, queued.job).rows == (
        JobRow("3", True, None, index=0),
        JobRow("4", True, None, index=1),
    )
    assert [one.seen(no)["tags"] for no in ("3", "4", "5")] == [["new"], ["new"], ["vip"]]


def test_several_jobs_are_asked_about_at_once(desk):
    one = desk(job_polls=0)
    jobs = [one.writing.update_all([no], Change(status="pending")).job.id for no in ("3", "4")]
    answer = one.api.session.answer("GET", "/api/v2/job_statuses/show_many", params={"ids": ",".join(jobs)})
    assert [job["status"] for job in answer["job_statuses"]] == ["completed", "completed"]


def test_too_many_jobs_at_once_are_waited_for(desk):
    one = desk(job_limit=1, job_polls=1)
    first = one.writing.update_all(["3"], Change(status="pending"))

    def ask(seconds: float) -> None:
        one.waited.append(seconds)
        one.writing.job(first.job.id)

    one.api.session._sleep = ask
    assert isinstance(one.writing.update_all(["4"], Change(status="pending")), Queued)
    assert one.waited == [1.0, 1.0]


@pytest.mark.parametrize("count", [0, 101])
def test_a_job_takes_one_to_a_hundred_tickets(desk, count):
    with pytest.raises(ValueError, match="1 to 100"):
        desk().writing.update_all(["3"] * count, Change(status="open"))


def test_a_private_ticket_for_an_agent_is_made_once_for_a_key(desk):
    one = desk()
    first = one.writing.create_ticket(SURVEY, "wave-1.1002")
    again = one.writing.create_ticket(SURVEY, "wave-1.1002")

    assert isinstance(first, Created)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.state.ticket == first.state.ticket
    shown = one.seen(first.state.ticket)
    assert (shown["requester_id"], shown["submitter_id"], shown["is_public"]) == (1002, 900000001, False)
    assert (shown["subject"], shown["tags"], shown["status"]) == ("How is it going?", ["wb_survey"], "new")
    assert one.writing.create_ticket(SURVEY, "wave-1.1001").state.ticket != first.state.ticket


def test_a_key_used_for_another_ticket_is_refused(desk):
    one = desk()
    one.writing.create_ticket(SURVEY, "wave-1.1002")
    other = NewTicket("Another", "ticket", requester="1002")
    assert one.writing.create_ticket(other, "wave-1.1002") == Refused("invalid", 400, "IdempotentRequestError")


def test_a_key_is_forgotten_after_two_hours(desk):
    one = desk()
    first = one.writing.create_ticket(SURVEY, "wave-1.1002")
    one.clock.forward(7201)
    second = one.writing.create_ticket(SURVEY, "wave-1.1002")
    assert (second.repeated, second.state.ticket != first.state.ticket) == (False, True)


def test_a_ticket_whose_answer_was_lost_is_found_again_by_its_key(desk):
    one = desk(faults=Faults({"lost": 1.0}, only="v2/tickets$", most=1))
    assert isinstance(one.writing.create_ticket(SURVEY, "k"), Unknown)
    assert one.writing.create_ticket(SURVEY, "k").repeated is True


@pytest.mark.parametrize(
    "new",
    [
        NewTicket("s", "b", requester="77"),
        NewTicket("s", " ", requester="1002"),
        NewTicket("s", "b", requester="1002", group="11", assignee="1004"),
    ],
)
def test_a_ticket_that_may_not_be_is_not_made(desk, new):
    one = desk()
    count = len(one.front.record.holdings.tickets(1 << 40, False))
    assert one.writing.create_ticket(new, "k").reason == "invalid"
    assert len(one.front.record.holdings.tickets(1 << 40, False)) == count


def test_a_ticket_can_be_made_in_the_background(desk):
    one = desk(job_polls=0)
    body = {"ticket": {"subject": "s", "comment": {"body": "b", "public": False}}}
    answer = one.api.session.request("POST", "/api/v2/tickets?async=true", json=body)
    assert answer.status_code == 202
    rows = ended(one, one.writing.job(answer.json()["job_status"]["id"])).rows
    assert one.seen(rows[0].ticket)["subject"] == "s"


def test_a_new_ticket_stands_in_the_stream_and_can_be_written_to(desk):
    one = desk()
    new = one.writing.create_ticket(SURVEY, "k").state.ticket
    one.writing.update(new, Change(status="solved", assignee="1002"), None, "m")
    one.clock.forward(120)
    answer = one.api.session.answer("GET", "/api/v2/incremental/ticket_events", params={"start_time": 0})
    first, second = [row for row in answer["ticket_events"] if str(row["ticket_id"]) == new]
    assert {key for child in first["child_events"] for key in child} >= {"requester_id", "status", "tags"}
    assert next(c for c in first["child_events"] if "requester_id" in c)["requester_id"] == "1002"
    assert second["child_events"][0]["event_type"] == "Change"
    assert one.seen(new)["requester_id"] == 1002


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_one_to_255_characters(desk, key):
    with pytest.raises(ValueError, match="255"):
        desk().writing.create_ticket(SURVEY, key)


def test_a_ticket_is_found_by_the_id_that_we_gave_it(desk):
    one = desk()
    made = one.writing.create_ticket(NewTicket("s", "b", requester="1002", external_id="wave-1.1002"), "k")
    assert one.writing.by_external_id("wave-1.1002") == made.state.ticket
    assert one.writing.by_external_id("wave-1.1001") is None
