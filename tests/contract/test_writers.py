"""What every writer promises: `acting.helpdesk.Helpdesk`, over real HTTP, among other people and bad lines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from connectors.session import Limits
from helpdesk_wellbeing.acting import policy, review
from helpdesk_wellbeing.acting.helpdesk import (
    MOVED,
    MOVED_TAG,
    SUGGESTED,
    SUGGESTED_TAG,
    SURVEY_TAG,
    Change,
    Conflict,
    Half,
    Invitation,
    Reason,
    Refused,
    Seen,
    Sent,
    Unknown,
    Written,
    after,
    change_to_json,
    state_to_json,
)
from helpdesk_wellbeing.errors import NotLetIn, RetryLater
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.writes import Planned
from webhooks.outbound import Means, work_off

NOTE = "What this is about:\n<b>load</b> & 1 > 0"
INVITATION = Invitation("1002", "Five questions", "It takes two minutes:\nhttps://a.example/s/1?t=x&l=en")
TICKETS = [str(number) for number in range(1, 13)]
ONE_TRY = Limits(attempts=1, timeouts=1, read_s=1.0, first_backoff_s=0.001, longest_backoff_s=0.001)


def move(seen: Seen, to: str = "1002", note: str | None = NOTE) -> Change:
    return Change(assignee=to, tags=seen.tags | {MOVED_TAG}, label=MOVED, note=note)


def back(seen: Seen) -> Change:
    return Change(assignee="1001", tags=seen.tags - {MOVED_TAG}, label=None)


def sent(seen: Seen, change: Change, **more: Any) -> Sent:
    """What is kept of a request before it is made."""
    before = state_to_json(seen)
    return Sent(before, after(before, change_to_json(change)), seen.stamp, note=change.note, **more)


def finished(outcome: Any) -> Any:
    """With the note that may be a request of its own."""
    return outcome.finish() if isinstance(outcome, Half) else outcome


# ---- looking and changing


def test_a_look_shows_how_a_ticket_stands(desk):
    account = desk()

    seen = account.helpdesk().look("1")

    assert (seen.ticket, seen.status, seen.assignee, seen.group) == ("1", "open", "1001", "11")
    assert (seen.tags, seen.label, seen.problem) == (frozenset({"vip"}), None, None)
    assert seen.stamp
    assert abs(seen.at - account.clock.at) < timedelta(seconds=5)


def test_a_change_is_written_once_whole_and_with_a_private_note(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    outcome = finished(helpdesk.change(seen, move(seen), "key-1"))

    assert isinstance(outcome, Written)
    assert (outcome.ticket, outcome.lost_label, outcome.lost_note) == ("1", False, False)
    ticket = account.ticket("1")
    assert (ticket.assignee, ticket.tags, ticket.label) == ("1002", {"vip", MOVED_TAG}, MOVED)
    assert (len(ticket.notes), ticket.said) == (1, 0)
    assert "What this is about:" in ticket.notes[0]
    assert helpdesk.look("1").stamp != seen.stamp


def test_a_change_leaves_alone_what_it_does_not_name(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    assert isinstance(finished(helpdesk.change(seen, Change(tags=seen.tags | {SUGGESTED_TAG}), "key-1")), Written)

    ticket = account.ticket("1")
    assert (ticket.assignee, ticket.tags, ticket.label) == ("1001", {"vip", SUGGESTED_TAG}, None)
    assert (ticket.notes, ticket.said) == ((), 0)


def test_a_ticket_can_be_nobodys(desk):
    account = desk()
    helpdesk = account.helpdesk()

    assert isinstance(finished(helpdesk.change(helpdesk.look("1"), Change(assignee=None), "key-1")), Written)

    assert account.ticket("1").assignee is None
    assert helpdesk.look("1").assignee is None


def test_what_is_done_is_undone_to_the_state_of_before(desk):
    account = desk()
    helpdesk = account.helpdesk()
    before = account.ticket("1")
    seen = helpdesk.look("1")
    finished(helpdesk.change(seen, move(seen), "key-1"))
    seen = helpdesk.look("1")

    assert isinstance(finished(helpdesk.change(seen, back(seen), "key-1:undo")), Written)

    assert replace(account.ticket("1"), notes=()) == before


# ---- among others


def test_who_was_quicker_keeps_the_ticket_and_nothing_is_written(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.clock.forward(2)
    platform.saves(account.front, "1", "1002", None, ["vip", "mine"])

    assert helpdesk.change(seen, move(seen), "key-1") == Conflict()

    ticket = account.ticket("1")
    assert (ticket.assignee, ticket.tags, ticket.notes) == (None, {"vip", "mine"}, ())


def test_tags_of_others_survive(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.clock.forward(2)
    platform.saves(account.front, "1", "1001", "1001", ["vip", "urgent"])
    assert helpdesk.change(seen, move(seen), "key-1") == Conflict()
    seen = helpdesk.look("1")

    assert isinstance(finished(helpdesk.change(seen, move(seen), "key-1")), Written)

    assert account.ticket("1").tags == {"vip", "urgent", MOVED_TAG}


def test_somebody_in_the_same_moment_is_a_conflict_or_is_left_as_they_are(desk, platform):
    account = desk(platform.faults({"collide": 1.0}, only=r"tickets/\d+$", most=1))
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    outcome = helpdesk.change(seen, move(seen), "key-1")

    assert isinstance(outcome, Conflict | Written | Half)
    assert (account.ticket("1").assignee == "1002") == (not isinstance(outcome, Conflict))


def test_a_ticket_that_is_gone_is_refused(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.front.others.delete("1", "1001")

    assert helpdesk.change(seen, move(seen), "key-1") == Refused("gone")
    assert helpdesk.look("1").problem == "gone"


def test_a_ticket_that_never_was_is_gone(desk):
    assert desk().helpdesk().look("4711").problem == "gone"


def test_a_closed_ticket_says_so(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    account.front.others.close("1", "1001")

    seen = helpdesk.look("1")

    assert seen.status == "closed"
    if platform.locks_closed:
        assert seen.problem == "closed"
        assert helpdesk.change(seen, move(seen), "key-1") == Refused("closed")


@pytest.mark.parametrize("when", ["before", "in the same moment"])
def test_an_agent_who_left_gets_nothing(desk, platform, when):
    faults = platform.faults({"agent_leaves": 1.0 if when != "before" else 0.0}, only=r"tickets/\d+$", most=1)
    account = desk(faults)
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    if when == "before":
        account.front.others.leaves("1002")

    assert helpdesk.change(seen, move(seen), "key-1") in (Refused("agent left"), Refused("not in group"))
    assert account.ticket("1").assignee == "1001"
    assert account.ticket("1").notes == ()


@pytest.mark.parametrize(
    ("agent", "reason"), [("1004", "not in group"), ("1005", "agent left"), ("1003", ("agent left", "not in group"))]
)
def test_who_cannot_have_a_ticket_gets_none(desk, agent, reason):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    refused = helpdesk.change(seen, move(seen, agent), "key-1")

    assert isinstance(refused, Refused)
    assert refused.reason in (reason if isinstance(reason, tuple) else (reason,))
    assert refused.reason in get_args(Reason)
    assert (account.ticket("1").assignee, account.ticket("1").notes) == ("1001", ())


def test_a_group_without_members_takes_nothing(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.front.others.empties("12")

    assert helpdesk.change(seen, Change(assignee=None, group="12"), "key-1") == Refused("group empty")
    assert account.ticket("1").assignee == "1001"


def test_a_write_that_is_forbidden_is_a_reason(desk, platform):
    account = desk(platform.faults({"forbid": 1.0}, only=r"tickets/\d+$"))
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    assert helpdesk.change(seen, move(seen), "key-1") == Refused("forbidden")
    assert account.ticket("1").assignee == "1001"


def test_without_our_field_the_rest_is_written_and_said(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    platform.drops_label(account.front)

    outcome = finished(helpdesk.change(seen, move(seen), "key-1"))
    if isinstance(outcome, Conflict):  # without the field the ticket isn't what was seen
        seen = helpdesk.look("1")
        outcome = finished(helpdesk.change(seen, move(seen), "key-1"))

    assert isinstance(outcome, Written)
    assert outcome.lost_label
    assert account.ticket("1").assignee == "1002"
    assert account.ticket("1").tags == {"vip", MOVED_TAG}


# ---- on bad lines


@pytest.mark.parametrize("fault", ["lost", "late_error"])
def test_a_lost_answer_is_unknown_and_looking_tells(desk, platform, fault):
    account = desk(platform.faults({fault: 1.0}, only=r"tickets/\d+$", most=1))
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.clock.forward(2)

    assert isinstance(helpdesk.change(seen, move(seen), "key-1"), Unknown)

    again = account.helpdesk()  # of another process
    found = finished(again.find(again.look("1"), sent(seen, move(seen)), "key-1"))
    assert isinstance(found, Written)
    assert account.ticket("1").assignee == "1002"
    assert len(account.ticket("1").notes) == 1


def test_what_never_arrived_is_not_found(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")

    assert helpdesk.find(helpdesk.look("1"), sent(seen, move(seen)), "key-1") is None


def test_what_somebody_else_did_alike_is_not_ours(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.clock.forward(2)
    platform.saves(account.front, "1", "1001", "1002", ["vip"])

    assert helpdesk.find(helpdesk.look("1"), sent(seen, move(seen)), "key-1") is None


def test_a_note_that_is_there_is_found_and_no_second_one_made(desk):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    finished(helpdesk.change(seen, move(seen), "key-1"))

    for _ in range(3):
        again = account.helpdesk()
        found = again.find(again.look("1"), sent(seen, move(seen)), "key-1")
        assert isinstance(found, Written)

    assert len(account.ticket("1").notes) == 1


@pytest.mark.parametrize("fault", ["throttle", "throttle_bare"])
def test_told_to_slow_down_nothing_is_written_and_it_may_be_tried_later(desk, platform, fault):
    account = desk(platform.faults({fault: 1.0}, in_a_row=100))

    with pytest.raises(RetryLater):
        account.helpdesk(limits=ONE_TRY).look("1")
    assert account.ticket("1").assignee == "1001"


@pytest.mark.parametrize("fault", ["html", "cut_json", "error", "null_page", "reset", "truncate"])
def test_a_look_without_a_readable_answer_may_be_tried_later(desk, platform, fault):
    account = desk(platform.faults({fault: 1.0}, in_a_row=100, only=r"tickets"))

    with pytest.raises(RetryLater):
        account.helpdesk(limits=ONE_TRY).look("1")


def test_credentials_that_end_are_told_apart(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    seen = helpdesk.look("1")
    account.front.faults.writes_until_revoked = 1
    first = helpdesk.look("2")
    finished_once = helpdesk.change(first, Change(tags=first.tags | {"x"}), "key-2")
    assert isinstance(finished_once, Written)

    with pytest.raises(NotLetIn) as caught:
        helpdesk.change(seen, move(seen), "key-1")

    assert not any(secret in str(caught.value) for secret in platform.secrets(account.front))
    assert account.ticket("1").assignee == "1001"


# ---- invitations


def test_an_invitation_is_one_private_ticket_and_no_new_customer(desk, platform):
    account = desk()
    helpdesk = account.helpdesk()
    customers = platform.customers(account.front)

    made = helpdesk.invite(INVITATION, "w1:1002")

    assert isinstance(made, Written)
    assert account.helpdesk().made("w1:1002") == made
    ticket = account.ticket(made.ticket)
    assert ticket.tags == {SURVEY_TAG}
    assert platform.customers(account.front) == customers


def test_an_invitation_is_found_by_its_own_marker_only(desk):
    account = desk()
    helpdesk = account.helpdesk()
    one = helpdesk.invite(INVITATION, "w1:1002")
    other = helpdesk.invite(replace(INVITATION, agent="1004"), "w1:1004")

    assert [helpdesk.made("w1:1002"), helpdesk.made("w1:1004"), helpdesk.made("w1:1001")] == [one, other, None]


def test_who_left_is_not_invited(desk, platform):
    account = desk()
    customers = platform.customers(account.front)

    refused = account.helpdesk().invite(replace(INVITATION, agent="1005"), "w1:1005")

    assert isinstance(refused, Refused)
    assert account.helpdesk().made("w1:1005") is None
    assert platform.customers(account.front) == customers


@pytest.mark.parametrize("fault", ["lost", "late_error"])
def test_an_invitation_of_unknown_fate_is_found(desk, platform, fault):
    account = desk(platform.faults({fault: 1.0}, only="tickets", most=1))

    assert isinstance(account.helpdesk().invite(INVITATION, "w1:1002"), Unknown)

    assert isinstance(account.helpdesk().made("w1:1002"), Written)


# ---- the whole of it: as acting drives it, among lost answers and other people

EVERYTHING = {
    "throttle": 0.04, "throttle_bare": 0.02, "error": 0.05, "reset": 0.04, "truncate": 0.04, "cut_json": 0.02,
    "html": 0.02, "lost": 0.1, "late_error": 0.08, "conflict": 0.06, "write_error": 0.06, "collide": 0.08,
}  # fmt: skip
BECAUSE = Because("open_work_overload", "v1", "LD1", Subject("agent", "1001"), "warn", "2026-10-04", "A", {"z": 2.9})


@dataclass
class Acting:
    """A store and an account, with a lead who accepts."""

    store: Any
    account: Any
    invitations: dict[str, Invitation] = field(default_factory=dict)

    def accepted(self, *tickets: str) -> str:
        at = self.account.clock.at
        policy.change(self.store, "acme", "an admin", at, modes={"rebalance": "approve"})
        proposal = Proposal(
            "rebalance", Subject("agent", "1001"), (BECAUSE,), at, at + timedelta(hours=24), at,
            {"en": "Move some."}, moves=tuple(Move(ticket, "11", "1001", "1002") for ticket in tickets),
        )  # fmt: skip
        review.keep(self.store, "acme", [proposal], at)
        review.accept(self.store, "acme", proposal.id, "a lead", at)
        return proposal.id

    def until_done(self, rounds: int = 60) -> None:
        """Each round by a process of its own, which remembers nothing."""
        clock = self.account.clock
        for _ in range(rounds):
            helpdesk = self.account.helpdesk(limits=Limits(attempts=3, first_backoff_s=0.001, longest_backoff_s=0.001))
            means = Means(
                self.store, "acme", helpdesk, now=clock, sleep=clock.forward,
                invitation_of=lambda write: self.invitations[write.target],
            )  # fmt: skip
            with suppress(RetryLater):
                work_off(means)
            counts = self.store.writes.counts("acme")
            if not counts.get("planned", 0) + counts.get("sent", 0):
                return
            clock.forward(40)

    def states(self) -> list[tuple[Any, ...]]:
        shown = [self.account.ticket(ticket) for ticket in TICKETS]
        return [(ticket.assignee, ticket.tags, ticket.label, ticket.said) for ticket in shown]


@pytest.fixture
def acting(tmp_path, platform):
    with open_store(f"sqlite:///{tmp_path / 'wellbeing.db'}") as store:
        store.create_account("acme", platform=platform.name, settings={"base_url": "http://127.0.0.1:9"})
        yield lambda account: Acting(store, account)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.prove)])
def test_under_a_hostile_helpdesk_each_ticket_moves_once_with_one_note_and_back(desk, acting, platform, seed):
    faults = platform.faults(EVERYTHING, seed=seed)
    account = desk(faults)
    acting = acting(account)
    before = acting.states()
    proposal = acting.accepted(*TICKETS)
    acting.until_done()

    assert acting.states() == [("1002", {"vip", MOVED_TAG}, MOVED, 0)] * 12
    assert [len(account.ticket(ticket).notes) for ticket in TICKETS] == [1] * 12
    receipts = [acting.store.writes.get("acme", f"{proposal}:move:{ticket}") for ticket in TICKETS]
    assert {write.state for write in receipts} == {"written"}

    review.undo(acting.store, "acme", proposal, "a lead", account.clock.at)
    acting.until_done()
    assert acting.states() == before
    assert [len(account.ticket(ticket).notes) for ticket in TICKETS] == [2] * 12
    assert faults.happened["lost"] + faults.happened["late_error"] > 2


@pytest.mark.parametrize("fault", ["lost", "late_error", "write_error"])
def test_an_invitation_is_made_once_whatever_becomes_of_its_answer(desk, acting, platform, fault):
    account = desk(platform.faults({fault: 1.0}, only="tickets", most=1))
    acting = acting(account)
    acting.invitations["1002"] = INVITATION
    before = account.front.site.events["ticket"].n_unique()
    acting.store.writes.plan("acme", [Planned("w1:1002", "w1", "invite", "1002", {})], account.clock.at)
    acting.until_done(8)

    assert account.front.site.events["ticket"].n_unique() == before + 1
    assert [account.helpdesk().made("w1:1002").ticket] == list(acting.store.writes.made_tickets("acme"))


def test_what_we_write_is_an_integrations_in_the_account(desk, acting, platform):
    account = desk()
    acting = acting(account)
    acting.accepted("1", "2")
    acting.until_done(4)

    ours = account.front.site.events.filter(account.front.site.events["actor"] == platform.own)
    assert set(ours["actor_kind"].cast(str)) == {"integration"}
    assert SUGGESTED not in str(ours["after"].to_list())
    assert "replied" not in ours["kind"].cast(str).to_list()
