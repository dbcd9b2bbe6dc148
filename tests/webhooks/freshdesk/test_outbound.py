"""What was decided is written into Freshdesk once, and its note once, whatever happens in between."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.freshdesk.marks import reference
from connectors.freshdesk.simulated import Faults
from connectors.freshdesk.writing import Writing
from connectors.session import Limits, Unsent
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
    Refused,
    Sent,
    Unknown,
    Written,
)
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.writes import Planned
from tests.dying import Killed
from tests.freshdesk_account import FIELD, OWN, a_desk
from webhooks.freshdesk.outbound import FreshdeskHelpdesk, has_arrived
from webhooks.outbound import Means, work_off

MOVE = Change(assignee="1002", tags=frozenset({"vip", MOVED_TAG}), label=MOVED, note="moved")
BECAUSE = Because("open_work_overload", "v1", "LD1", Subject("agent", "1001"), "warn", "2026-10-04", "A", {"z": 2.9})


@pytest.fixture
def desk():
    with a_desk() as desk:
        yield desk


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'wellbeing.db'}") as opened:
        opened.create_account("acme", platform="freshdesk", settings={"base_url": "http://127.0.0.1:9"})
        yield opened


def helpdesk_of(desk):
    return FreshdeskHelpdesk(Writing(desk.api), FIELD)


class Acting:
    """A store and the account, with a lead who accepts."""

    def __init__(self, store, desk):
        self.store, self.desk = store, desk
        policy.change(store, "acme", "an admin", desk.clock.at, modes={"rebalance": "approve"})

    def means(self, **more):
        """Those of a new process: it remembers nothing."""
        clock = self.desk.clock
        return Means(self.store, "acme", helpdesk_of(self.desk), now=clock, sleep=clock.forward, **more)

    def accepted(self, *tickets, giver="1001", receiver="1002", mode="approve", group="11"):
        at = self.desk.clock.at
        policy.change(self.store, "acme", "an admin", at, modes={"rebalance": mode})
        proposal = Proposal(
            "rebalance", Subject("agent", tickets[0]), (BECAUSE,), at, at + timedelta(hours=24), at,
            {"en": "Move some."}, moves=tuple(Move(ticket, group, giver, receiver) for ticket in tickets),
        )  # fmt: skip
        review.keep(self.store, "acme", [proposal], at)
        if mode == "approve":
            review.accept(self.store, "acme", proposal.id, "a lead", at)
        return proposal.id

    def until_done(self, rounds=12, **more):
        for _ in range(rounds):
            work_off(self.means(**more))
            self.desk.clock.forward(40)

    def write(self, key):
        return self.store.writes.get("acme", key)

    def is_moved_once(self, ticket, proposal):
        """By us, with one note, and the receipt says what the account says."""
        write = self.write(f"{proposal}:move:{ticket}")
        assert (write.state, "half" in write.receipt) == ("written", False)
        (note,) = self.desk.ours(ticket)
        assert (str(note["id"]), note["private"]) == (write.receipt["platform"], True)
        assert reference(write.key) in note["body_text"]
        assert self.assignments(ticket) == ["1002"]

    def assignments(self, ticket):
        """To whom it went by our writes, one after the other."""
        events = self.desk.front.site.events
        mine = events.filter((events["ticket"] == ticket) & (events["actor"] == OWN))
        return mine.filter(mine["kind"].cast(str) == "assigned")["after"].to_list()


@pytest.fixture
def acting(store, desk):
    return Acting(store, desk)


def test_a_move_is_one_put_and_one_private_note(acting, desk):
    proposal = acting.accepted("1", "2")
    work_off(acting.means())

    for ticket in ("1", "2"):
        acting.is_moved_once(ticket, proposal)
        assert desk.state(ticket) == (1002, {"vip", MOVED_TAG}, MOVED)
    assert desk.front.requests["PUT tickets/{id}"] == 2
    assert desk.front.requests["GET agents/{id}"] == 1


def test_undo_puts_back_what_was_there(acting, desk):
    before = desk.state("1")
    proposal = acting.accepted("1")
    work_off(acting.means())
    desk.clock.forward(5)
    review.undo(acting.store, "acme", proposal, "a lead", desk.clock.at)
    acting.until_done(2)

    assert desk.state("1") == before
    assert len(desk.ours("1")) == 2


def test_a_suggestion_comes_off_without_another_note(acting, desk):
    proposal = acting.accepted("1", mode="suggest")
    work_off(acting.means())
    assert desk.state("1") == (1001, {"vip", SUGGESTED_TAG}, SUGGESTED)

    review.decline(acting.store, "acme", proposal, "a lead", "wrong moment", desk.clock.at)
    acting.until_done(2)
    assert desk.state("1") == (1001, {"vip"}, None)
    assert len(desk.ours("1")) == 1


def dying(desk, at, after):
    """From now on the process dies with its request number `at`: before it is sent, or once it is answered."""
    session, real = desk.api.session, type(desk.api.session).request
    left = [at]

    def request(*arguments, **named):
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Killed
        answer = real(session, *arguments, **named)
        if left[0] == 0:
            raise Killed
        return answer

    session.request = request
    return left


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_killed_at_any_request_leaves_one_move_and_one_note(acting, desk, after):
    died = 0
    for ticket in range(1, 7):  # look, agent, look again, PUT, note; then none
        left = dying(desk, ticket, after)
        proposal = acting.accepted(str(ticket))
        with suppress(Killed):
            work_off(acting.means())
        died += left[0] <= 0
        del desk.api.session.request
        desk.clock.forward(100)
        acting.until_done(5)
        acting.is_moved_once(str(ticket), proposal)
        assert desk.state(str(ticket)) == (1002, {"vip", MOVED_TAG}, MOVED)
    assert died == 5


@pytest.mark.parametrize("after", [pytest.param(False, marks=pytest.mark.prove), True])
def test_suggesting_taking_back_and_undoing_survive_a_kill_at_any_request(acting, desk, after):
    def killed(at):
        dying(desk, at, after)
        with suppress(Killed):
            work_off(acting.means())
        del desk.api.session.request
        desk.clock.forward(125)
        acting.until_done(2)

    for at in range(1, 6):
        ticket = str(at)
        proposal = acting.accepted(ticket, mode="suggest")
        killed(at)
        assert (desk.state(ticket), len(desk.ours(ticket))) == ((1001, {"vip", SUGGESTED_TAG}, SUGGESTED), 1)
        review.decline(acting.store, "acme", proposal, "a lead", "wrong moment", desk.clock.at)
        killed(at)
        assert (desk.state(ticket), len(desk.ours(ticket))) == ((1001, {"vip"}, None), 1)
        for _ in range(2):  # the second time the ticket bears our marks already
            desk.clock.forward(60)
            proposal = acting.accepted(ticket)
            killed(at)
            assert desk.state(ticket) == (1002, {"vip", MOVED_TAG}, MOVED)
            desk.front.others.edit(ticket, "1002", {"responder_id": 1001})
        assert (acting.assignments(ticket), len(desk.ours(ticket))) == (["1002", "1002"], 3)
        desk.front.others.edit(ticket, "1001", {"responder_id": 1002})
        review.undo(acting.store, "acme", proposal, "a lead", desk.clock.at)
        killed(at)
        assert (desk.row(ticket)["responder_id"], len(desk.ours(ticket))) == (1001, 4)


def told_to_wait(desk, at):
    """From now on request number `at` is not sent, because the rate limit has it wait for 3 s."""
    session, real, left = desk.api.session, type(desk.api.session).request, [at]

    def request(*arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            raise Unsent("freshdesk: 429", 3.0)
        return real(session, *arguments, **named)

    session.request = request


@pytest.mark.parametrize("at", range(1, 6))
def test_what_was_surely_not_sent_is_made_as_soon_as_the_account_takes_it(acting, desk, at):
    told_to_wait(desk, at)  # look, agent, look again, PUT, note
    proposal = acting.accepted("1")
    assert work_off(acting.means()).stopped == "the helpdesk asks to wait 3 s"
    desk.clock.forward(4)
    assert work_off(acting.means()).written == 1

    acting.is_moved_once("1", proposal)
    assert "unsent" not in acting.write(f"{proposal}:move:1").receipt


def test_what_was_surely_not_sent_is_not_taken_for_what_somebody_else_did(acting, desk):
    told_to_wait(desk, 4)
    proposal = acting.accepted("1")
    work_off(acting.means())
    desk.front.others.edit("1", "1002", {"responder_id": 1002, "tags": ["vip", MOVED_TAG]})
    desk.clock.forward(4)
    work_off(acting.means())

    assert acting.write(f"{proposal}:move:1").receipt == {"reason": "moved by somebody else"}
    assert desk.ours("1") == []


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_invitation_that_was_surely_not_sent_is_made_as_soon_as_the_account_takes_it(acting, desk, at):
    acting.store.writes.plan("acme", [Planned("w1:1002", "w1", "invite", "1002", {})], desk.clock.at)
    told_to_wait(desk, at)
    work_off(acting.means(**asking(acting)))
    desk.clock.forward(4)
    assert work_off(acting.means(**asking(acting))).written == 1
    assert len(acting.store.writes.made_tickets("acme")) == 1


@pytest.mark.parametrize("at", [4, 5])
def test_whoever_takes_a_ticket_between_our_change_and_its_note_keeps_it(acting, desk, at):
    dying(desk, at, after=at == 4)  # the PUT is answered, or the note about to be sent
    proposal = acting.accepted("1")
    with suppress(Killed):
        work_off(acting.means())
    del desk.api.session.request
    desk.front.others.edit("1", "1001", {"responder_id": 1001, "tags": ["vip", MOVED_TAG, "mine"]})
    desk.clock.forward(100)
    acting.until_done(5)

    acting.is_moved_once("1", proposal)
    assert desk.state("1") == (1001, {"vip", MOVED_TAG, "mine"}, MOVED)


def test_what_somebody_takes_before_our_change_stays_theirs(acting, desk):
    desk.front.others.edit("1", "1002", {"responder_id": None})
    proposal = acting.accepted("1")
    acting.until_done(3)

    assert acting.write(f"{proposal}:move:1").receipt == {"reason": "moved by somebody else"}
    assert (desk.state("1"), desk.ours("1")) == ((None, {"vip"}, None), [])


EVERYTHING = {
    "throttle": 0.04, "throttle_bare": 0.02, "error": 0.05, "reset": 0.04, "truncate": 0.04, "cut_json": 0.02,
    "html": 0.02, "lost": 0.1, "late_error": 0.08, "conflict": 0.06, "write_error": 0.06, "collide": 0.08,
}  # fmt: skip


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(1, 7))
def test_kills_trouble_and_colleagues_at_once_leave_each_ticket_with_one_move_or_none(store, seed):
    dice, tickets = random.Random(seed), [str(number) for number in range(1, 41)]
    faults = Faults(share=EVERYTHING, seed=seed)
    taken = set()
    with a_desk(faults, Limits(attempts=3, first_backoff_s=0.001, longest_backoff_s=0.001), tickets=40) as desk:
        acting = Acting(store, desk)
        proposal = acting.accepted(*tickets)
        for _ in range(120):
            dying(desk, dice.randint(1, 30), after=dice.random() < 0.5)
            with suppress(Killed):
                work_off(acting.means())
            del desk.api.session.request
            if dice.random() < 0.3:
                ticket = dice.choice(tickets)
                taken.add(ticket)
                desk.front.others.edit(ticket, "1002", {"responder_id": None})
            desk.clock.forward(dice.choice([5, 40, 130]))
        acting.until_done(30)

        outcomes = Counter()
        for ticket in tickets:
            write = acting.write(f"{proposal}:move:{ticket}")
            outcomes[write.state] += 1
            if write.state == "written":
                acting.is_moved_once(ticket, proposal)
                assert desk.state(ticket)[0] in ((1002, None) if ticket in taken else (1002,))
            else:
                assert (write.receipt, ticket in taken) == ({"reason": "moved by somebody else"}, True)
                assert (acting.assignments(ticket), desk.ours(ticket), desk.state(ticket)[0]) == ([], [], None)
        assert outcomes["written"] + outcomes["skipped"] == 40


def test_a_ticket_that_never_rests_is_left_alone(store):
    with a_desk(Faults(share={"collide": 1.0}, in_a_row=10_000)) as desk:
        acting = Acting(store, desk)
        look = Writing.ticket
        helpdesk = helpdesk_of(desk)
        seen = helpdesk.look("1")
        desk.front.others.note("1", "1002", "Looking into it")

        assert look(desk.writing, "1").stamp != seen.stamp
        assert helpdesk.change(seen, MOVE, "k") == Conflict()
        assert acting.assignments("1") == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("delete_away", "gone"),
        ("agent_leaves", "agent left"),
        ("group_empties", "group empty"),
        ("forbid", "forbidden"),
    ],
)
def test_what_happens_right_before_the_write_is_a_reason(kind, reason):
    faults = Faults(share={kind: 1.0}, only=r"tickets/\d+$", most=1)
    with a_desk(faults, outsiders="refused") as desk:
        helpdesk = helpdesk_of(desk)
        assert helpdesk.change(helpdesk.look("1"), MOVE, "k") == Refused(reason)
        assert desk.state("1") == (1001, {"vip"}, None)


@pytest.mark.parametrize("outsiders", ["taken", "refused", "ignored"])
def test_nobody_gets_a_ticket_of_a_group_that_they_are_not_in(outsiders):
    with a_desk(outsiders=outsiders) as desk:
        helpdesk = helpdesk_of(desk)
        seen = helpdesk.look("1")
        assert helpdesk.change(seen, Change(assignee="1004", tags=seen.tags), "k") == Refused("not in group")
        assert desk.front.requests["PUT tickets/{id}"] == 0


def test_an_agent_whom_the_platform_passes_over_in_silence_gets_no_marks(desk):
    with a_desk(outsiders="ignored") as desk:
        helpdesk = helpdesk_of(desk)
        seen = helpdesk.look("1")
        assert helpdesk._writing.standing.why_not("1002", "11") is None
        desk.front.others.leaves_group("1002", "11")

        assert helpdesk.change(seen, MOVE, "k") == Refused("not in group")
        assert desk.state("1") == (1001, {"vip"}, None)


def test_without_our_field_the_rest_is_written_and_said(acting, desk):
    desk.front.others.drops_field(FIELD)
    proposal = acting.accepted("1")
    acting.until_done(2)

    assert desk.state("1") == (1002, {"vip", MOVED_TAG}, None)
    receipt = acting.write(f"{proposal}:move:1").receipt
    assert (receipt["lost_label"], receipt["after"]["label"]) == (True, None)
    acting.is_moved_once("1", proposal)


def test_a_ticket_that_goes_to_the_trash_before_its_note_was_moved_all_the_same(acting, desk):
    dying(desk, 5, after=False)
    proposal = acting.accepted("1")
    with suppress(Killed):
        work_off(acting.means())
    del desk.api.session.request
    desk.front.others.delete("1", "1002")
    desk.clock.forward(100)
    acting.until_done(5)

    assert acting.write(f"{proposal}:move:1").receipt["lost_note"] is True


@pytest.mark.parametrize("killed", [False, True])
def test_tickets_that_the_key_may_see_no_more_hold_nothing_up(acting, desk, killed):
    desk.front.others.edit("4", "1001", {"group_id": 12, "responder_id": 1004})
    proposal = acting.accepted("1", "2", "3")
    if killed:
        dying(desk, 4, after=False)
        with suppress(Killed):
            work_off(acting.means())
        del desk.api.session.request
        desk.clock.forward(100)
    lists = desk.front.api.lists
    lists.options = replace(lists.options, scope=2, groups=("12",))
    seen = acting.accepted("4", giver="1004", group="12", receiver="1006")
    acting.until_done(5)

    forbidden = [acting.write(f"{proposal}:move:{ticket}").receipt for ticket in ("1", "2", "3")]
    assert forbidden == [{"reason": "forbidden"}] * 3
    assert acting.write(f"{seen}:move:4").state == "skipped"
    assert acting.write(f"{seen}:move:4").receipt == {"reason": "agent left"}


def test_what_is_there_already_is_not_written(desk):
    helpdesk = helpdesk_of(desk)
    seen = helpdesk.look("1")

    assert helpdesk.change(seen, Change(tags=seen.tags, label=None), "k") == Written(None, "1")
    assert desk.front.requests["PUT tickets/{id}"] == 0


# ---- whether a PUT has arrived


def sent(before, after, stamp="then", **more):
    usual = {"assignee": "1001", "group": "11", "tags": ["vip"], "label": None, "status": "open"}
    return Sent(usual | before, usual | before | after, stamp, **more)


MOVED_ON = sent({}, {"assignee": "1002", "tags": ["vip", MOVED_TAG], "label": MOVED})
AGAIN = sent({"tags": ["vip", MOVED_TAG], "label": MOVED}, {"assignee": "1002"})
BACK = sent(
    {"assignee": "1002", "tags": ["vip", MOVED_TAG], "label": MOVED},
    {"assignee": "1001", "tags": ["vip"], "label": None},
)


@pytest.mark.parametrize(
    ("asked", "assignee", "tags", "label", "arrived"),
    [
        (MOVED_ON, "1002", {"vip", MOVED_TAG}, MOVED, True),
        (MOVED_ON, "1004", {"else", MOVED_TAG}, None, True),  # others went on with it
        (MOVED_ON, "1002", {"vip"}, None, False),  # somebody else did the same
        (MOVED_ON, "1001", {"vip", "new"}, None, False),
        (AGAIN, "1002", {"vip", MOVED_TAG}, MOVED, True),
        (AGAIN, "1004", {"vip", MOVED_TAG}, MOVED, False),
        (AGAIN, "1001", {"vip", MOVED_TAG, "new"}, MOVED, False),
        (BACK, "1001", {"vip"}, None, True),
        (BACK, "1004", {"vip", "new"}, None, True),
        (BACK, "1002", {"vip"}, MOVED, False),  # somebody took the tag off
        (BACK, "1002", {"vip", MOVED_TAG}, MOVED, False),
    ],
)
def test_a_ticket_shows_whether_our_change_got_through(desk, asked, assignee, tags, label, arrived):
    seen = helpdesk_of(desk).look("1")
    now = type(seen)("1", "open", assignee, "11", frozenset(tags), label, "now")
    assert has_arrived(now, asked) is arrived
    same = type(seen)("1", "open", assignee, "11", frozenset(tags), label, "then")
    assert has_arrived(same, asked) is False


def test_a_note_that_is_there_is_the_whole_write_and_a_half_one_is_finished(desk):
    helpdesk = helpdesk_of(desk)
    half = helpdesk.change(helpdesk.look("1"), MOVE, "k")
    assert isinstance(half, Half)
    seen = helpdesk.look("1")
    asked = sent({}, {"assignee": "1002", "tags": ["vip", MOVED_TAG], "label": MOVED}, note="moved")

    found = helpdesk.find(seen, asked, "k")
    assert isinstance(found, Half)
    written = found.finish()
    assert helpdesk.find(seen, asked, "k") == written
    assert len(desk.ours("1")) == 1


# ---- invitations


def asking(acting):
    invitation = Invitation("1002", "Five questions", "It takes two minutes:\nhttps://a.example/s/1?t=x&l=en")
    return {"invitation_of": lambda write: invitation}


def test_an_invitation_is_a_ticket_of_our_own_for_one_agent(acting, desk):
    acting.store.writes.plan("acme", [Planned("w1:1002", "w1", "invite", "1002", {})], desk.clock.at)
    acting.until_done(2, **asking(acting))
    (ticket,) = acting.store.writes.made_tickets("acme")
    row = desk.row(ticket)

    assert (row["responder_id"], row["requester_id"], row["tags"]) == (1002, int(OWN), [SURVEY_TAG])
    assert (row["status"], row["priority"], row["source"]) == (3, 1, 2)
    assert 'href="https://a.example/s/1?t=x&amp;l=en"' in row["description"]
    assert desk.front.api.writes.contacts == []


@pytest.mark.parametrize(("outsiders", "group"), [("taken", 12), ("refused", None), ("ignored", None)])
def test_an_invitation_reaches_an_agent_whom_the_group_of_surveys_does_not_have(outsiders, group):
    with a_desk(outsiders=outsiders) as desk:
        made = helpdesk_of(desk).invite(Invitation("1002", "s", "b", group="12"), "k")
        row = desk.row(made.ticket)
        assert (row["responder_id"], row["group_id"]) == (1002, group)


@pytest.mark.parametrize("after", [False, True])
def test_an_invitation_survives_a_kill_at_any_request(acting, desk, after):
    for at in (1, 2, 3):  # who we are, who is asked, the ticket
        acting.store.writes.plan("acme", [Planned(f"w{at}:1002", "w", "invite", "1002", {})], desk.clock.at)
        dying(desk, at, after)
        with suppress(Killed):
            work_off(acting.means(**asking(acting)))
        del desk.api.session.request
        desk.clock.forward(100)
        acting.until_done(5, **asking(acting))
        assert len(acting.store.writes.made_tickets("acme")) == at
        assert len(desk.ask("GET", f"tickets?requester_id={OWN}").json()) == at


def test_an_invitation_of_which_nobody_knows_is_none_of_those_of_others(desk):
    helpdesk = helpdesk_of(desk)
    made = helpdesk.invite(Invitation("1002", "s", "b"), "w1:1002")

    assert helpdesk.made("w1:1002") == made
    assert helpdesk.made("w1:1001") is None
    assert helpdesk.invite(Invitation("1005", "s", "b"), "w1:1005") == Refused("agent left")
    assert not isinstance(made, Unknown)
