"""Open tickets as planning sees them: from what the fold carries and from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.events import CHANNELS, PRIORITIES, STATUSES, conform
from helpdesk_wellbeing.facts.schema import HANDLED, ONE_TICKET
from helpdesk_wellbeing.facts.tickets import STATE
from helpdesk_wellbeing.plan.open_work import MANY_TICKETS, OPEN, open_work
from helpdesk_wellbeing.plan.policy import Tags

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def state(ticket, status="open", **other):
    usual = {
        "group": "support", "assignee": "A", "priority": PRIORITIES.index("normal"), "channel": CHANNELS.index("email"),
        "reopens": 0, "replies": 0, "signs": 0, "hard": False, "grouped": True, "last": 0,
    }  # fmt: skip
    return {"ticket": ticket, "status": STATUSES.index(status), **usual, **other}


def event(kind, ticket="1", hours=0, **other):
    return {"at": AT + timedelta(hours=hours), "kind": kind, "ticket": ticket, **other}


def read(states, events=(), handled=(), tags=None, next_sla=None):
    log, problems = conform(pl.DataFrame([event("noted", "other", actor="Z"), *events], infer_schema_length=None), "x")
    assert problems.is_empty()
    worked = [{"agent": agent, "date": AT.date(), "shift_start": AT, "ticket": ticket} for agent, ticket in handled]
    known = pl.DataFrame(states, schema=STATE)
    return open_work(known, log, pl.DataFrame(worked, schema=HANDLED), tags or Tags(), next_sla)


def row(frame, ticket="1"):
    return frame.row(by_predicate=pl.col("ticket") == ticket, named=True)


def test_only_unsolved_tickets_are_open_and_their_effort_is_that_of_the_signals():
    found = read([state("1"), state("2", "pending"), state("3", "solved"), state("4", "hold", hard=True)])
    assert found.schema == OPEN
    assert dict(found.select("ticket", "effort").rows()) == {
        "1": ONE_TICKET,
        "2": ONE_TICKET // 4,
        "4": ONE_TICKET * 15 // 100,
    }


def test_what_is_not_known_holds_nothing_back():
    found = row(read([state("1", priority=-1, channel=-1)]))
    assert (found["effort"], found["next_sla"], found["last_move"], found["language"]) == (ONE_TICKET, None, None, None)
    assert (found["skills"], found["known_by"], found["call_back"], found["made_by_plugin"]) == ([], [], False, False)


def test_tags_tell_promised_calls_skills_languages_and_own_tickets():
    tags = Tags(call_back=("Call_Back",), skills={"vat": "tax"}, languages={"lang_nl": "nl"}, own=("ours",))
    events = [event("tagged", after=tag, hours=n) for n, tag in enumerate(["CALL_BACK", "vat", "lang_nl", "ours", "x"])]
    found = row(read([state("1")], events, tags=tags))
    assert (found["call_back"], found["skills"], found["language"], found["made_by_plugin"]) == (
        True,
        ["tax"],
        "nl",
        True,
    )


def test_a_tag_that_was_taken_off_says_nothing():
    events = [event("tagged", after="cb"), event("untagged", before="cb", hours=1)]
    assert not row(read([state("1")], events, tags=Tags(call_back=("cb",))))["call_back"]


def test_the_first_assignment_is_no_change_of_hands():
    events = [
        event("assigned", after="A"),
        event("assigned", "2", before="A", after="B", hours=2),
        event("assigned", "2", before="B", after=None, hours=3),
    ]
    found = read([state("1"), state("2")], events)
    assert row(found)["last_move"] is None
    assert row(found, "2")["last_move"] == AT + timedelta(hours=2)


def test_the_latest_due_time_holds_unless_another_source_knows_it():
    events = [event("replied", actor="A", hours=n, due_at=AT + timedelta(days=n)) for n in (1, 2)]
    assert row(read([state("1")], events))["next_sla"] == AT + timedelta(days=2)
    assert row(read([state("1")], events, next_sla={"1": AT}))["next_sla"] == AT


def test_who_worked_on_it_or_for_its_requester_knows_it():
    asked = [event("created", str(n), actor="R", actor_kind="requester") for n in (1, 2)]
    found = read([state("1")], asked, handled=[("A", "1"), ("B", "2"), ("C", "3")])
    assert row(found)["known_by"] == ["A", "B"]


@pytest.mark.parametrize("tickets", [MANY_TICKETS, MANY_TICKETS + 1])
def test_a_requester_of_very_many_tickets_is_known_by_nobody(tickets):
    asked = [event("created", str(n), actor="R", actor_kind="requester") for n in range(1, tickets + 1)]
    found = read([state("1")], asked, handled=[("B", "2")])
    assert row(found)["known_by"] == (["B"] if tickets == MANY_TICKETS else [])
