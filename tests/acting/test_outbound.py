"""What was decided is written once, whatever the helpdesk does."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from helpdesk_wellbeing.acting import policy, review, views
from helpdesk_wellbeing.acting.helpdesk import MOVED_TAG, SUGGESTED_TAG, Change, Conflict, Invitation, Refused, Unknown
from helpdesk_wellbeing.errors import NotLetIn, RetryLater
from helpdesk_wellbeing.plan.proposal import Move
from helpdesk_wellbeing.store.writes import Planned
from tests.acting_helpdesk import a_desk, in_turn
from webhooks.outbound import Means, work_off


@pytest.fixture
def desk():
    return a_desk(["1", "2", "3"])


@pytest.fixture
def means(store, desk):
    return Means(store, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep)


@pytest.fixture
def accepted(store, desk, a_proposal):
    """A proposal to move three tickets that a lead has accepted."""
    policy.change(store, "acme", "an admin", desk.clock.at, modes={"rebalance": "approve"})
    proposal = a_proposal("1", "2", "3", at=desk.clock.at)
    assert review.keep(store, "acme", [proposal], desk.clock.at) == [proposal.id]
    review.accept(store, "acme", proposal.id, "a lead", desk.clock.at)
    return proposal.id


def until_done(means, rounds=12):
    """Rounds, as the pipeline makes them, with time between."""
    for _ in range(rounds):
        work_off(means)
        means.helpdesk.clock.sleep(40)


def reasons(store, id):
    return {w.target: w.receipt.get("reason") for w in store.writes.of_proposal("acme", id) if w.kind == "move"}


def test_an_accepted_move_is_one_write_with_a_note(store, desk, means, accepted):
    tally = work_off(means)

    assert tally.written == 3
    assert [ticket for ticket, _, _ in desk.saves] == ["1", "2", "3"]
    assert all(seen.assignee == "ben" and MOVED_TAG in seen.tags for seen in desk.tickets.values())
    assert "evenly" in desk.saves[0][2].note
    assert views.shown(store, "acme", accepted)["state"] == "done"


def test_a_second_round_writes_nothing(desk, means, accepted):
    until_done(means, 3)

    assert len(desk.saves) == 3


def test_a_write_whose_answer_was_lost_is_looked_for_and_not_made_again(store, desk, means, accepted):
    desk.lost_answers = 3
    until_done(means)

    assert desk.moved() == ["1", "2", "3"]
    assert {w.state for w in store.writes.of_proposal("acme", accepted)} == {"written"}
    assert {w.receipt["platform"] for w in store.writes.of_proposal("acme", accepted)} == {
        "audit-0", "audit-1", "audit-2"
    }  # fmt: skip


def test_a_write_that_meets_a_defect_holds_no_other_up_and_is_tried_later(store, desk, means, accepted):
    def fails(request, ticket):
        if ticket == "1":
            raise ValueError("what Mrs Smith wrote")

    desk.before = fails
    tally = work_off(means)

    assert desk.moved() == ["2", "3"]
    assert (tally.written, tally.later, tally.stopped) == (2, 1, None)
    assert re.fullmatch(r"writing \(move\): ValueError in fails, line \d+; a defect of this program, .*", tally.problem)
    desk.before = in_turn()
    assert work_off(means).written == 0
    desk.clock.sleep(601)
    assert work_off(means).written == 1


def test_where_every_write_meets_a_defect_the_account_is_put_off(store, desk, means, accepted):
    desk.before = in_turn(*[KeyError("x")] * 30)
    tally = work_off(means)

    assert (tally.written, tally.stopped) == (0, "one write after the other failed")
    assert store.writes.due(desk.clock.now() + timedelta(minutes=9)) == {}


def test_a_request_that_was_lost_on_the_way_is_made_again(desk, means, accepted):
    desk.before = in_turn(Unknown(), Unknown(), Unknown(), Unknown())
    until_done(means)

    assert sorted(desk.moved()) == ["1", "2", "3"]


def test_what_somebody_else_moved_meanwhile_stays_with_whom_they_gave_it(store, desk, means, accepted):
    def meanwhile(request, ticket):
        if request == "change" and ticket == "2" and desk.tickets["2"].assignee == "anna":
            desk.somebody_changes("2", assignee="cleo")

    desk.before = meanwhile
    until_done(means)

    assert desk.tickets["2"].assignee == "cleo"
    assert desk.moved() == ["1", "3"]
    assert reasons(store, accepted)["2"] == "moved by somebody else"


def test_after_a_conflict_it_is_read_and_decided_again(desk, means, accepted):
    def meanwhile(request, ticket):
        if request == "change" and "seen" not in desk.tickets[ticket].tags:
            desk.somebody_changes(ticket, tags=desk.tickets[ticket].tags | {"seen"})

    desk.before = meanwhile
    until_done(means)

    assert sorted(desk.moved()) == ["1", "2", "3"]
    assert all({"seen", "vip", MOVED_TAG} <= seen.tags for seen in desk.tickets.values())


def test_a_ticket_that_never_rests_is_left_in_the_end(store, desk, means, accepted):
    desk.before = lambda request, ticket: Conflict() if (request, ticket) == ("change", "2") else None
    until_done(means, 60)

    assert reasons(store, accepted) == {"1": None, "2": "kept changing", "3": None}


@pytest.mark.parametrize("reason", ["closed", "forbidden", "agent left", "group empty", "not in group", "invalid"])
def test_a_refusal_is_kept_with_its_reason_and_the_others_go_on(store, desk, means, accepted, reason):
    desk.before = lambda request, ticket: Refused(reason) if (request, ticket) == ("change", "2") else None
    until_done(means, 2)

    assert reasons(store, accepted) == {"1": None, "2": reason, "3": None}
    assert views.shown(store, "acme", accepted)["state"] == "done"


def test_a_token_revoked_in_the_middle_stops_the_round_and_nothing_is_lost(desk, means, accepted):
    desk.before = in_turn(None, NotLetIn("no longer; run connect"))
    tally = work_off(means)

    assert (tally.written, len(desk.saves)) == (1, 1)
    assert "connect" in tally.stopped
    desk.clock.sleep(700)
    until_done(means, 2)
    assert sorted(desk.moved()) == ["1", "2", "3"]


def test_when_the_helpdesk_asks_to_wait_the_round_ends_and_goes_on_later(desk, means, accepted):
    desk.before = in_turn(None, RetryLater("slowly", after=30.0))

    assert "wait 30 s" in work_off(means).stopped
    assert len(desk.saves) == 1
    desk.clock.sleep(31)
    until_done(means, 2)
    assert sorted(desk.moved()) == ["1", "2", "3"]


def test_the_budget_of_a_minute_is_kept_also_by_two_processes(store, desk, means, accepted):
    policy.change(store, "acme", "an admin", desk.clock.at, updates_a_minute=2)

    assert work_off(means).written == 2
    assert work_off(Means(store, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep)).written == 0
    desk.clock.sleep(61)
    assert work_off(means).written == 1


def test_the_switch_stops_everything_and_lets_it_go_on(store, desk, means, accepted):
    policy.change(store, "acme", "an admin", desk.clock.at, stopped=True)

    assert work_off(means).stopped is not None
    assert desk.saves == []
    policy.change(store, "acme", "an admin", desk.clock.at, stopped=False)
    desk.clock.sleep(61)
    assert work_off(means).written == 3


def test_undo_puts_back_what_nobody_touched_and_says_what_it_could_not(store, desk, means, accepted):
    before = {ticket: (seen.assignee, seen.tags, seen.label) for ticket, seen in desk.tickets.items()}
    work_off(means)
    desk.somebody_changes("2", assignee="cleo")
    desk.clock.sleep(5)
    review.undo(store, "acme", accepted, "a lead", desk.clock.at)
    until_done(means, 2)

    assert {t: (s.assignee, s.tags, s.label) for t, s in desk.tickets.items() if t != "2"} == {
        ticket: state for ticket, state in before.items() if ticket != "2"
    }
    assert (desk.tickets["2"].assignee, MOVED_TAG in desk.tickets["2"].tags) == ("cleo", False)
    undone = {
        w["ticket"]: w["not_restored"] for w in views.shown(store, "acme", accepted)["writes"] if w["kind"] == "undo"
    }
    assert undone == {"1": [], "2": ["assignee"], "3": []}


def test_undo_of_a_write_of_which_nobody_knows_yet_waits_for_the_truth(store, desk, means, accepted):
    desk.lost_answers = 3
    work_off(means)
    review.undo(store, "acme", accepted, "a lead", desk.clock.at)
    until_done(means)

    assert all(seen.assignee == "anna" and seen.tags == {"vip"} for seen in desk.tickets.values())


def test_undo_before_anything_was_written_writes_nothing(store, desk, means, accepted):
    review.undo(store, "acme", accepted, "a lead", desk.clock.at)
    until_done(means, 3)

    assert desk.saves == []


def test_undo_for_an_agent_who_left_takes_the_labels_off(store, desk, means, accepted):
    work_off(means)

    def anna_has_left(request, ticket):
        last = desk.saves[-1][2] if desk.saves else None
        return Refused("agent left") if request == "change" and last and tries.pop(ticket, None) else None

    tries = {"1": True, "2": True, "3": True}
    desk.before = anna_has_left
    review.undo(store, "acme", accepted, "a lead", desk.clock.at)
    until_done(means, 3)

    assert all(seen.assignee == "ben" and MOVED_TAG not in seen.tags for seen in desk.tickets.values())


def test_a_suggestion_is_written_and_taken_off_when_it_is_declined(store, desk, means, a_proposal):
    policy.change(store, "acme", "an admin", desk.clock.at, modes={"rebalance": "suggest"})
    proposal = a_proposal("1", at=desk.clock.at)
    review.keep(store, "acme", [proposal], desk.clock.at)
    work_off(means)

    assert SUGGESTED_TAG in desk.tickets["1"].tags
    assert desk.tickets["1"].assignee == "anna"
    desk.clock.sleep(5)
    review.decline(store, "acme", proposal.id, "a lead", "wrong moment", desk.clock.at)
    until_done(means, 2)
    assert desk.tickets["1"].tags == {"vip"}


def test_in_a_dry_run_nothing_is_written(store, desk, means, a_proposal):
    proposal = a_proposal("1", at=desk.clock.at)
    review.keep(store, "acme", [proposal], desk.clock.at)
    review.accept(store, "acme", proposal.id, "a lead", desk.clock.at)
    until_done(means, 2)

    assert desk.saves == []


def test_an_invitation_is_made_once_and_its_ticket_is_known_as_ours(store, desk, means):
    asked = Planned("w1:ben", "w1", "invite", "ben", {})
    store.writes.plan("acme", [asked], desk.clock.at)
    means = Means(
        store, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep,
        invitation_of=lambda write: Invitation(write.target, "five questions", "link"),
    )  # fmt: skip
    desk.lost_answers = 1
    until_done(means, 4)

    assert list(desk.invited) == ["w1:ben"]
    assert list(store.writes.made_tickets("acme")) == ["made-0"]


def test_every_write_stands_in_the_audit(store, means, accepted):
    work_off(means)
    log = store.audit.entries("acme")

    assert [e.what for e in log] == ["settings", "proposed", "accepted", "written", "written", "written", "done"]
    assert log[1].body["because"][0]["version"] == "v1"
    assert log[2].body["by"] == "a lead"
    assert log[3].body["platform"] == "audit-0"
    assert "anna" not in str(log)
    assert "ben" not in str(log)
    assert store.audit.verify("acme").problem is None


def test_a_process_that_dies_anywhere_leaves_each_ticket_moved_once(store, desk, means, accepted):
    """Cut off at every single request in turn, before it and after it."""

    class Killed(BaseException):
        pass

    desk.lost_answers = 0
    steps = {"left": 0}

    def maybe_die(request, ticket):
        steps["left"] -= 1
        if steps["left"] == 0:
            raise Killed

    desk.before = maybe_die
    for cut in range(1, 30):
        steps["left"] = cut % 4 + 1
        desk.lost_answers = cut % 2
        with suppress(Killed):
            work_off(means)
        desk.clock.sleep(timedelta(minutes=2).total_seconds())
    desk.before = lambda request, ticket: None
    until_done(means, 3)

    assert sorted(desk.moved()) == ["1", "2", "3"]


def test_a_request_that_arrives_while_its_successor_looks_is_found_and_not_taken_for_another_s(
    store, desk, means, accepted
):
    """The first try hangs on its way; it gets through between our look and our question."""
    on_its_way = []

    def hangs(request, ticket):
        if (request, ticket) == ("change", "1") and not on_its_way:
            on_its_way.append(desk.tickets["1"])
            return Unknown()
        if (request, ticket) == ("find", "1") and len(on_its_way) == 1:
            on_its_way.append(None)
            last = store.writes.get("acme", f"{accepted}:move:1")
            desk.before = lambda request, ticket: None
            desk.change(on_its_way[0], Change(assignee="ben", tags=frozenset(last.receipt["after"]["tags"])), last.key)
        return None

    desk.before = hangs
    until_done(means, 4)

    assert sorted(desk.moved()) == ["1", "2", "3"]
    assert reasons(store, accepted) == {"1": None, "2": None, "3": None}


def test_nothing_is_given_up_while_a_request_may_be_on_its_way(store, desk, means, a_proposal):
    """Meanwhile the ticket has come near its limit, so that we would not move it any more."""
    due = desk.clock.at + timedelta(minutes=60, seconds=20)
    policy.change(store, "acme", "an admin", desk.clock.at, modes={"rebalance": "approve"})
    proposal = a_proposal(at=desk.clock.at, moves=(Move("1", "g1", "anna", "ben", next_sla=due.isoformat()),))
    review.keep(store, "acme", [proposal], desk.clock.at)
    review.accept(store, "acme", proposal.id, "a lead", desk.clock.at)
    desk.before = in_turn(Unknown())
    work_off(means)
    desk.clock.sleep(40)

    assert (work_off(means).later, reasons(store, proposal.id)) == (1, {"1": None})
    desk.clock.sleep(120)
    until_done(means, 1)
    assert reasons(store, proposal.id) == {"1": "about to breach"}
    assert desk.saves == []


def test_what_happens_in_the_rest_of_the_second_of_a_stamp_is_seen(store, desk, means, accepted):
    """The stamp does not show it, so the ticket is looked at again when its second is over."""
    desk.somebody_changes("1", tags=frozenset({"vip", "one"}))
    same = desk.tickets["1"].stamp
    sleep = desk.clock.sleep

    def meanwhile(seconds):
        desk.tickets["1"] = replace(desk.tickets["1"], assignee="cleo", stamp=same)
        sleep(seconds)

    work_off(Means(store, "acme", desk, now=desk.clock.now, sleep=meanwhile))

    assert desk.tickets["1"].assignee == "cleo"
    assert reasons(store, accepted)["1"] == "moved by somebody else"


@pytest.mark.parametrize("ahead", [timedelta(seconds=-90), timedelta(seconds=90)])
def test_the_second_is_that_of_the_helpdesk_s_clock(store, desk, means, accepted, ahead):
    look = desk.look
    desk.look = lambda ticket: replace(look(ticket), at=datetime.fromisoformat(desk.tickets[ticket].stamp))
    desk.clock.sleep(100)
    slept = desk.clock.slept
    work_off(Means(store, "acme", desk, now=lambda: desk.clock.now() + ahead, sleep=desk.clock.sleep))

    assert desk.clock.slept > slept


def test_who_was_away_for_longer_than_the_claim_sends_and_says_nothing_any_more(store, desk, means, accepted):
    other = Means(store, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep)

    def falls_asleep(request, ticket):
        if (request, ticket) == ("look", "1"):
            desk.before = lambda request, ticket: None
            desk.clock.sleep(100)
            work_off(other)
        return

    desk.before = falls_asleep
    work_off(means)

    assert sorted(desk.moved()) == ["1", "2", "3"]
    assert reasons(store, accepted) == {"1": None, "2": None, "3": None}
    assert [e.what for e in store.audit.entries("acme")].count("written") == 3
    assert [e.what for e in store.audit.entries("acme")].count("done") == 1


def test_a_refusal_for_the_account_s_sake_puts_all_its_writes_off(desk, means, accepted):
    asked = []

    def slowly(request, ticket):
        asked.append(ticket)
        raise RetryLater("slowly", after=60.0)

    desk.before = slowly
    work_off(means)
    desk.clock.sleep(30)

    assert work_off(means).stopped is None
    assert asked == ["1"]


def test_trouble_with_one_ticket_after_the_other_ends_the_round(desk, means, accepted):
    asked = []

    def trouble(request, ticket):
        asked.append(ticket)
        raise RetryLater("502")

    desk.before = trouble
    assert work_off(means).stopped == "the helpdesk has trouble"
    assert asked == ["1", "2", "3"]


def test_a_request_whose_fate_stays_unknown_is_repeated_less_and_less_often(store, desk, means, accepted):
    desk.before = lambda request, ticket: Unknown() if request == "change" else None
    until_done(means, 60)

    tries = {w.tries for w in store.writes.of_proposal("acme", accepted)}
    assert max(tries) < 12, "in forty minutes"


def test_an_invitation_that_was_sent_before_its_wave_ended_is_still_known_as_ours(store, desk, means):
    store.writes.plan("acme", [Planned("w1:ben", "w1", "invite", "ben", {})], desk.clock.at)
    asked = [Invitation("ben", "five questions", "link")]
    means = Means(
        store, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep,
        invitation_of=lambda write: asked.pop() if asked else None,
    )  # fmt: skip
    desk.lost_answers = 1
    until_done(means, 3)

    assert list(store.writes.made_tickets("acme")) == ["made-0"]
    assert store.writes.counts("acme") == {"written": 1}


@pytest.fixture
def plain(desk):
    """A helpdesk without versions, on which a note is a request of its own."""
    desk.forgiving, desk.notes_apart = False, True
    return desk


def test_a_note_that_is_a_request_of_its_own_follows_the_change(store, plain, means, accepted):
    assert work_off(means).written == 3
    assert Counter(ticket for ticket, _ in plain.noted) == {"1": 1, "2": 1, "3": 1}
    assert plain.moved() == ["1", "2", "3"]
    assert all("half" not in w.receipt for w in store.writes.of_proposal("acme", accepted))


def test_what_was_written_without_its_note_gets_the_note_whoever_has_the_ticket_then(store, plain, means, accepted):
    def dies(request, ticket):
        if (request, ticket) == ("note", "1"):
            raise RetryLater("502")

    plain.before = dies
    work_off(means)
    plain.before = lambda request, ticket: None
    plain.somebody_changes("1", assignee="cleo")
    until_done(means, 6)

    assert plain.tickets["1"].assignee == "cleo"
    assert Counter(ticket for ticket, _ in plain.noted) == {"1": 1, "2": 1, "3": 1}
    assert reasons(store, accepted) == {"1": None, "2": None, "3": None}


def test_without_versions_nothing_is_sent_again_while_a_request_may_be_on_its_way(store, plain, means, accepted):
    plain.before = in_turn(Unknown())
    work_off(means)
    plain.clock.sleep(60)
    work_off(means)

    assert sorted(plain.moved()) == ["2", "3"]
    plain.clock.sleep(121)
    until_done(means, 2)
    assert sorted(plain.moved()) == ["1", "2", "3"]


def test_a_process_that_dies_anywhere_leaves_one_note_where_notes_are_apart(store, plain, means, accepted):
    class Killed(BaseException):
        pass

    for cut in range(1, 40):
        left = iter(range(cut % 5 + 1))

        def maybe_die(request, ticket, left=left):
            if next(left, None) is None:
                raise Killed

        plain.before = maybe_die
        plain.lost_answers = cut % 3
        with suppress(Killed):
            work_off(means)
        plain.clock.sleep(timedelta(minutes=3).total_seconds())
    plain.before, plain.lost_answers = lambda request, ticket: None, 0
    until_done(means, 9)

    assert sorted(plain.moved()) == ["1", "2", "3"]
    assert Counter(ticket for ticket, _ in plain.noted) == {"1": 1, "2": 1, "3": 1}


def test_an_invitation_whose_answer_was_lost_is_looked_for_before_it_is_made_again(store, plain, means):
    store.writes.plan("acme", [Planned("w1:ben", "w1", "invite", "ben", {})], plain.clock.at)
    asked = []
    plain.before = lambda request, ticket: asked.append(request)
    means = Means(
        store, "acme", plain, now=plain.clock.now, sleep=plain.clock.sleep,
        invitation_of=lambda write: Invitation(write.target, "five questions", "link"),
    )  # fmt: skip
    plain.lost_answers = 1
    until_done(means, 4)

    assert asked == ["invite", "made"]
    assert list(store.writes.made_tickets("acme")) == ["made-0"]
