from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk_wellbeing.acting import asking, policy, review, views
from helpdesk_wellbeing.errors import CannotDecide, HasChanged
from helpdesk_wellbeing.plan.proposal import Move, Subject
from tests.acting_helpdesk import MONDAY

FLAG = {("open_work_overload", "agent", "anna")}


def setting(store, **changes):
    policy.change(store, "acme", "an admin", MONDAY, **changes)


def state(store, id):
    return views.shown(store, "acme", id)["state"]


def writes(store, id, kind="move"):
    return [w.target for w in store.writes.of_proposal("acme", id) if w.kind == kind]


@pytest.fixture
def proposed(store, a_proposal):
    proposal = a_proposal("1", "2")
    review.keep(store, "acme", [proposal], MONDAY)
    return proposal.id


def test_a_proposal_that_is_kept_again_is_there_once(store, a_proposal, proposed):
    assert review.keep(store, "acme", [a_proposal("1", "2")], MONDAY) == []
    assert len(views.listed(store, "acme")) == 1


def test_the_same_for_the_same_team_waits_once_though_two_processes_propose_it(store, a_proposal, proposed):
    later = a_proposal("1", "2", at=MONDAY + timedelta(seconds=3))

    assert review.keep(store, "acme", [later], MONDAY) == []
    review.decline(store, "acme", proposed, "a lead", "other", MONDAY)
    assert review.keep(store, "acme", [later], MONDAY) == [later.id]


def test_an_action_that_is_off_is_not_proposed(store, a_proposal):
    setting(store, modes={"check_in": "off"})

    assert review.keep(store, "acme", [a_proposal(action="check_in", moves=())], MONDAY) == []


def test_what_people_do_by_hand_is_done_when_they_accept_it(store, a_proposal):
    proposal = a_proposal(action="check_in", moves=(), subject=Subject("agent", "anna"))
    review.keep(store, "acme", [proposal], MONDAY)
    review.accept(store, "acme", proposal.id, "a lead", MONDAY)

    assert state(store, proposal.id) == "done"


def test_accepting_some_moves_writes_only_those(store, proposed):
    setting(store, modes={"rebalance": "approve"})
    review.accept(store, "acme", proposed, "a lead", MONDAY, only=["2"])

    assert writes(store, proposed) == ["2"]


@pytest.mark.parametrize("only", [["9"], []])
def test_accepting_moves_that_are_not_proposed_is_refused(store, proposed, only):
    with pytest.raises(CannotDecide):
        review.accept(store, "acme", proposed, "a lead", MONDAY, only=only)
    assert state(store, proposed) == "open"


def test_nobody_decides_twice(store, proposed):
    review.decline(store, "acme", proposed, "a lead", "not needed", MONDAY)

    with pytest.raises(CannotDecide, match="declined by a lead"):
        review.accept(store, "acme", proposed, "another", MONDAY)


def test_an_expired_proposal_cannot_be_accepted(store, proposed):
    with pytest.raises(CannotDecide, match="expired"):
        review.accept(store, "acme", proposed, "a lead", MONDAY + timedelta(hours=25))


def test_a_proposal_ends_with_its_flag_and_with_its_time(store, proposed):
    assert review.let_go(store, "acme", FLAG, MONDAY + timedelta(hours=1)) == []
    assert review.let_go(store, "acme", set(), MONDAY + timedelta(hours=1)) == [proposed]
    assert state(store, proposed) == "withdrawn"


def test_time_ends_a_proposal_whose_flag_goes_on(store, proposed):
    review.let_go(store, "acme", FLAG, MONDAY + timedelta(hours=24))

    assert state(store, proposed) == "expired"


def test_a_snoozed_proposal_comes_back(store, proposed):
    review.snooze(store, "acme", proposed, "a lead", MONDAY + timedelta(hours=3), MONDAY)
    review.let_go(store, "acme", FLAG, MONDAY + timedelta(hours=2))
    assert state(store, proposed) == "snoozed"
    review.let_go(store, "acme", FLAG, MONDAY + timedelta(hours=3))
    assert state(store, proposed) == "open"


def test_a_reason_must_be_one_of_the_list(store, proposed):
    with pytest.raises(CannotDecide, match="wrong moment"):
        review.decline(store, "acme", proposed, "a lead", "she is lazy", MONDAY)


def test_reasons_are_counted(store, a_proposal, proposed):
    other = a_proposal("3", at=MONDAY + timedelta(seconds=1), subject=Subject("team", "g2"))
    review.keep(store, "acme", [other], MONDAY)
    for id in (proposed, other.id):
        review.decline(store, "acme", id, "a lead", "wrong people", MONDAY + timedelta(seconds=2))

    assert views.reasons_counted(store, "acme") == {"rebalance": {"wrong people": 2}}


def test_with_consent_nothing_is_written_before_the_receiver_agrees(store, proposed):
    setting(store, modes={"rebalance": "approve"}, consent=True)
    review.accept(store, "acme", proposed, "a lead", MONDAY)

    assert state(store, proposed) == "asked"
    assert writes(store, proposed) == []
    review.consent(store, "acme", proposed, "ben", True, MONDAY)
    assert writes(store, proposed) == ["1", "2"]
    assert state(store, proposed) == "accepted"


def test_receivers_are_asked_by_a_private_ticket_that_names_tickets_and_no_load(store, proposed):
    setting(store, modes={"rebalance": "approve"}, consent=True, public_url="https://our.host", language="nl")
    review.accept(store, "acme", proposed, "a lead", MONDAY)
    (question,) = [w for w in store.writes.of_proposal("acme", proposed) if w.kind == "invite"]
    invitation = asking.invitation(store, "acme", question, policy.policy_of(store, "acme"), MONDAY)

    assert question.target == invitation.agent == "ben"
    assert "https://our.host/consent/" in invitation.body
    assert "tickets naar jou kunnen: 2." in invitation.body
    assert "%" not in invitation.body
    review.consent(store, "acme", proposed, "ben", True, MONDAY)
    assert asking.invitation(store, "acme", question, policy.policy_of(store, "acme"), MONDAY) is None


def test_a_receiver_who_does_not_agree_gets_nothing(store, proposed):
    setting(store, modes={"rebalance": "approve"}, consent=True)
    review.accept(store, "acme", proposed, "a lead", MONDAY, only=["1"])
    review.consent(store, "acme", proposed, "ben", False, MONDAY)

    assert (state(store, proposed), writes(store, proposed)) == ("declined", [])


def test_nobody_answers_for_others_or_twice(store, proposed):
    setting(store, modes={"rebalance": "approve"}, consent=True)
    review.accept(store, "acme", proposed, "a lead", MONDAY)

    with pytest.raises(CannotDecide):
        review.consent(store, "acme", proposed, "cleo", True, MONDAY)
    review.consent(store, "acme", proposed, "ben", True, MONDAY)
    with pytest.raises(CannotDecide):
        review.consent(store, "acme", proposed, "ben", False, MONDAY)


def standing(**changes):
    return {
        "action": "rebalance", "group": "g1", "by": "an admin", "given_at": MONDAY.isoformat(),
        "until": (MONDAY + timedelta(days=7)).isoformat(), "an_hour": 3, **changes,
    }  # fmt: skip


def test_a_standing_approval_accepts_up_to_its_number_an_hour(store, a_proposal):
    setting(store, modes={"rebalance": "auto"}, standing=[standing()])
    later = MONDAY + timedelta(minutes=1)
    first, second = a_proposal("1", "2"), a_proposal("3", "4", at=later)
    review.keep(store, "acme", [first], MONDAY)
    store.proposals.change("acme", first.id, ("accepted",), "done", later)
    review.keep(store, "acme", [second], later)

    assert (writes(store, first.id), writes(store, second.id)) == (["1", "2"], ["3"])
    assert store.proposals.get("acme", first.id).decided_by == "standing approval of an admin"


@pytest.mark.parametrize(
    "changes",
    [{"group": "g2"}, {"until": (MONDAY - timedelta(hours=1)).isoformat()}, {"action": "esat_wave"}],
)
def test_a_standing_approval_holds_for_its_action_group_and_time_only(store, a_proposal, changes):
    setting(store, modes={"rebalance": "auto"}, standing=[standing(**changes)])
    proposal = a_proposal("1")
    review.keep(store, "acme", [proposal], MONDAY)

    assert (state(store, proposal.id), writes(store, proposal.id)) == ("open", [])


def test_settings_that_do_not_fit_are_refused_and_nothing_changes(store):
    from helpdesk_wellbeing.errors import ConfigError

    with pytest.raises(ConfigError, match="modes"):
        setting(store, modes={"rebalance": "yolo"})
    assert policy.policy_of(store, "acme") == policy.Acting()


def test_what_is_decided_is_in_the_audit_with_who_and_why(store, proposed):
    review.decline(store, "acme", proposed, "a lead", "wrong moment", MONDAY)
    last = store.audit.entries("acme")[-1]

    assert (last.what, last.body) == ("declined", {"proposal": proposed, "by": "a lead", "reason": "wrong moment"})


def test_what_is_put_aside_or_was_declined_by_mistake_waits_again(store, a_proposal, proposed):
    review.snooze(store, "acme", proposed, "a lead", MONDAY + timedelta(hours=3), MONDAY)
    review.put_back(store, "acme", proposed, "a lead", MONDAY)
    assert (state(store, proposed), views.shown(store, "acme", proposed)["snoozed_until"]) == ("open", None)
    review.decline(store, "acme", proposed, "a lead", "other", MONDAY)
    review.put_back(store, "acme", proposed, "a lead", MONDAY)
    assert state(store, proposed) == "open"


def test_what_was_declined_is_not_put_back_beside_another_for_the_same_or_after_its_time(store, a_proposal, proposed):
    review.decline(store, "acme", proposed, "a lead", "other", MONDAY)
    with pytest.raises(CannotDecide):
        review.put_back(store, "acme", proposed, "a lead", MONDAY + timedelta(hours=24))
    review.keep(store, "acme", [a_proposal("1", "2", at=MONDAY + timedelta(seconds=3))], MONDAY)
    with pytest.raises(CannotDecide, match="another one"):
        review.put_back(store, "acme", proposed, "a lead", MONDAY)


def test_what_labels_were_written_for_is_not_put_back_after_it_was_declined(store, a_proposal):
    setting(store, modes={"rebalance": "suggest"})
    proposal = a_proposal("1")
    review.keep(store, "acme", [proposal], MONDAY)
    review.decline(store, "acme", proposal.id, "a lead", "other", MONDAY)

    with pytest.raises(CannotDecide):
        review.put_back(store, "acme", proposal.id, "a lead", MONDAY)


# what changed meanwhile


def renewed(proposal, *tickets, receiver="ben", at=MONDAY + timedelta(hours=1)):
    moves = tuple(Move(ticket, "g1", "anna", receiver) for ticket in tickets)
    return replace(proposal, moves=moves, renewed_at=at, expires_at=at + timedelta(hours=24))


def test_a_renewed_proposal_keeps_its_id_and_age_and_says_what_is_so_now(store, a_proposal, proposed):
    new = renewed(a_proposal("1", "2"), "2", "3")
    assert review.renew(store, "acme", [new], new.renewed_at) == [proposed]
    (shown,) = views.listed(store, "acme")

    assert [move["ticket"] for move in shown["moves"]] == ["2", "3"]
    assert (shown["made_at"], shown["measured_at"]) == (MONDAY.isoformat(), new.renewed_at.isoformat())
    assert store.audit.entries("acme")[-1].what == "renewed"


def test_who_looked_at_it_before_it_changed_accepts_nothing(store, a_proposal, proposed):
    setting(store, modes={"rebalance": "approve"})
    new = renewed(a_proposal("1", "2"), "3")
    review.renew(store, "acme", [new], new.renewed_at)

    with pytest.raises(HasChanged):
        review.accept(store, "acme", proposed, "a lead", new.renewed_at, seen=MONDAY)
    assert (state(store, proposed), writes(store, proposed)) == ("open", [])
    review.accept(store, "acme", proposed, "a lead", new.renewed_at, seen=new.renewed_at)
    assert writes(store, proposed) == ["3"]


@pytest.mark.parametrize("decide", ["accept", "decline", "snooze"])
def test_what_was_decided_or_put_aside_is_not_renewed_and_does_not_lapse(store, a_proposal, proposed, decide):
    more = {"accept": (), "decline": ("other",), "snooze": (MONDAY + timedelta(hours=3),)}[decide]
    getattr(review, decide)(store, "acme", proposed, "a lead", *more, MONDAY)
    before = views.shown(store, "acme", proposed)

    assert review.renew(store, "acme", [renewed(a_proposal("1", "2"), "3")], MONDAY) == []
    assert review.lapse(store, "acme", [(proposed, "nothing to move")], MONDAY) == []
    assert views.shown(store, "acme", proposed) == before


def test_what_makes_no_sense_any_more_is_withdrawn_with_the_reason(store, proposed):
    assert review.lapse(store, "acme", [(proposed, "nothing to move")], MONDAY) == [proposed]
    shown = views.shown(store, "acme", proposed)

    assert (shown["state"], shown["reason"]) == ("withdrawn", "nothing to move")


def test_labels_follow_the_tickets_of_a_renewed_suggestion(store, a_proposal):
    setting(store, modes={"rebalance": "suggest"})
    proposal = a_proposal("1", "2", "3")
    review.keep(store, "acme", [proposal], MONDAY)
    store.writes.claim("acme", MONDAY, MONDAY + timedelta(hours=2), "a worker")  # the one for ticket 1
    new = renewed(proposal, "2", "4")
    review.renew(store, "acme", [new], new.renewed_at)
    found = {(w.kind, w.target, w.state) for w in store.writes.of_proposal("acme", proposal.id)}

    assert found == {
        ("suggest", "1", "planned"), ("clear", "1", "planned"), ("suggest", "2", "planned"),
        ("suggest", "3", "skipped"), ("suggest", "4", "planned"),
    }  # fmt: skip
    back = renewed(proposal, "1", "2", at=MONDAY + timedelta(hours=2))
    review.renew(store, "acme", [back], back.renewed_at)
    labelled = [w.key for w in store.writes.of_proposal("acme", proposal.id) if w.target == "1"]
    assert len(labelled) == 3


def test_a_ticket_that_is_suggested_for_somebody_else_keeps_its_label(store, a_proposal):
    setting(store, modes={"rebalance": "suggest"})
    proposal = a_proposal("1", "2")
    review.keep(store, "acme", [proposal], MONDAY)
    store.writes.claim("acme", MONDAY, MONDAY + timedelta(hours=2), "a worker")
    store.writes.end("acme", f"{proposal.id}:suggest:1", "written", {}, MONDAY, "a worker")
    new = renewed(proposal, "1", "2", receiver="chen")
    review.renew(store, "acme", [new], new.renewed_at)

    found = sorted((w.kind, w.target, w.state) for w in store.writes.of_proposal("acme", proposal.id))
    assert found == [
        ("suggest", "1", "planned"), ("suggest", "1", "written"), ("suggest", "2", "planned"),
        ("suggest", "2", "skipped"),
    ]  # fmt: skip
    review.decline(store, "acme", proposal.id, "a lead", "other", new.renewed_at)
    cleared = [w.target for w in store.writes.of_proposal("acme", proposal.id) if w.kind == "clear"]
    assert cleared == ["1"]
