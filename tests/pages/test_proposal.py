from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.access.gate import Part
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import policy, review, views
from helpdesk_wellbeing.agreement import recording, saying
from helpdesk_wellbeing.agreement.model import Agreement
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.events import conform
from helpdesk_wellbeing.pages import proposal as page
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.plan.proposal import Because, Move, Subject, from_json
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store.writes import Planned

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
RULES = Catalogue(SIGNALS, load_rules(SIGNALS))
BO = Viewer("acme", "zendesk:2", "Bo", "2", frozenset({Role.AGENT, Role.LEAD}), frozenset({"100"}))
CLEO = Viewer("acme", "zendesk:8", "Cleo", "8", frozenset({Role.AGENT, Role.LEAD}), frozenset({"200"}))
OPS = Viewer("acme", "email:ops@example.com", "Ops", None, frozenset({Role.OPS}))


def agent(id: str) -> Viewer:
    return Viewer("acme", f"zendesk:{id}", id, id, frozenset({Role.AGENT}))


@pytest.fixture
def known(store):
    return Known(store, RULES)


def part(known, viewer, id, at=NOW):
    found = page.build(known, viewer, id, at)
    return None if found is None else found.part


def token_in(text: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', text).group(1)


def looked_at(browser, id):
    """What a form needs after the evidence was opened."""
    text = browser.get(f"/a/acme/proposals/{id}?evidence=1").text
    return {"csrf_token": token_in(text), "opened": re.search(r'name="opened" value="([^"]+)"', text).group(1)}


def decide(browser, id, what, **form):
    return browser.post(f"/a/acme/proposals/{id}/{what}", data=form)


def state(store, id):
    return store.proposals.get("acme", id).state


# what each gets


def test_the_lead_of_the_team_and_ops_decide_and_nobody_else_sees_it(known, propose):
    id = propose("1", "2")

    assert part(known, BO, id) is part(known, OPS, id) is Part.DECIDES
    assert part(known, CLEO, id) is part(known, agent("4"), id) is None


def test_who_gives_or_receives_sees_their_tickets_and_no_colleague(known, propose):
    flag = Because("open_work_overload", "v1", "LD1", Subject("agent", "1"), "warn", "2026-03-02", "A", {})
    moves = (Move("1", "100", "1", "3", {"en": "Chen has room."}), Move("2", "100", "1", "5"))
    loads = [
        {"agent": a, "effort_before": 9.0, "effort_after": 5.0, "share_before": 1, "share_after": 1} for a in "135"
    ]
    id = propose(because=(flag,), moves=moves, details={"loads": loads})
    chen = page.build(known, agent("3"), id, NOW)

    assert (chen.part, chen.texts, chen.because) == (Part.CONCERNS, {}, ())
    assert [(m.ticket, m.giver, m.receiver, m.reasons) for m in chen.moves] == [("1", page.SOMEBODY, "Chen", {})]
    assert [row.name for row in chen.loads] == ["Chen"]
    assert {chen.may_accept, chen.may_decline, chen.may_snooze, chen.may_undo} == {False}


def test_a_lead_sees_what_no_law_asks_for_a_day_after_the_agent(known, propose, about_chen):
    id = propose(**about_chen)

    assert part(known, agent("3"), id) is Part.OWN
    assert part(known, BO, id) is part(known, OPS, id) is None
    assert part(known, BO, id, NOW + 1.1 * DAY) is Part.DECIDES


def test_nobody_decides_about_themselves(known, propose, about_chen):
    flag = replace(about_chen["because"][0], subject=Subject("agent", "2"))
    id = propose(**{**about_chen, "subject": Subject("agent", "2"), "because": (flag,), "lead_from": NOW})

    assert part(known, BO, id) is Part.OWN
    assert part(known, OPS, id) is None  # a lead's own goes to who leads the lead, or to nobody


def test_a_reason_that_its_agent_sees_first_is_kept_from_the_lead_for_a_day(known, propose, about_chen):
    id = propose("1", because=about_chen["because"])
    made = known.store.proposals.get("acme", id).made_at
    early, later = (page.build(known, BO, id, at) for at in (made, made + DAY))

    assert (early.because, early.told_later) == ((), made + DAY)
    assert [reason.subject.name for reason in later.because] == ["Chen"]


def test_loads_are_by_name_and_of_others_only_the_range_is_told(known, propose):
    def load(agent, share):
        return {"agent": agent, "effort_before": 9, "effort_after": 9, "share_before": share, "share_after": share}

    id = propose("1", details={"loads": [load("3", 0.5), load("1", 2.0), load(None, 1.3), load(None, 0.8)]})
    found = page.build(known, BO, id, NOW)

    assert [row.name for row in found.loads] == ["Ada", "Chen"]
    assert found.others == page.Others(2, 0.8, 1.3)


def test_loads_are_told_only_to_roles_that_may_see_what_is_said_of_one_person(known, store, propose):
    agreed = Agreement(
        parties=("the works council", "the management"), agreed_on=NOW.date(), signals=("LD1",), roles=("agent", "ops")
    )
    recording.record(store, "acme", agreed, "an admin", NOW, RULES)
    row = {"effort_before": 9, "effort_after": 9, "share_before": 1.0, "share_after": 1.0}
    id = propose("1", details={"loads": [row | {"agent": "1"}, row | {"agent": "3"}, row | {"agent": None}]})
    lead, ops = page.build(known, BO, id, NOW), page.build(known, OPS, id, NOW)

    assert (lead.part, lead.loads, lead.others, lead.moves[0].reasons) == (Part.DECIDES, (), None, {})
    assert (len(ops.loads), ops.moves[0].reasons["en"]) == (2, "There is room for 1.")


def test_it_is_put_aside_only_until_it_would_still_stand(known, propose):
    id = propose("1", expires_at=NOW + timedelta(hours=2))

    assert list(page.build(known, BO, id, NOW).aside_until) == ["1 hour"]


def test_shares_are_told_when_the_agent_has_had_the_time_of_a_reason_about_them(known, propose, about_chen):
    load = {"effort_before": 9.0, "effort_after": 8.0, "share_before": 2.1, "share_after": 1.9}
    rows = [load | {"agent": "1"}, load | {"agent": "3"}, load | {"agent": None}]
    id = propose("1", because=about_chen["because"], details={"loads": rows})
    made = known.store.proposals.get("acme", id).made_at
    early, later = (page.build(known, BO, id, at) for at in (made, made + DAY))

    assert [(row.name, row.effort_before, row.share_before) for row in early.loads] == [
        ("Ada", 9.0, None), ("Chen", 9.0, None),
    ]  # fmt: skip
    assert (early.others, early.moves[0].reasons) == (page.Others(1, None, None), {})
    assert [row.share_after for row in later.loads] == [1.9, 1.9]
    assert (later.others.lowest, bool(later.moves[0].reasons)) == (2.1, True)


def test_what_was_not_chosen_is_said_and_stays_in_the_loads(known, propose, store, signed_in):
    policy.change(store, "acme", "an admin", NOW, modes={"rebalance": "approve"})
    usual = {"effort": 2.0, "skills": [], "language": None, "knows": False, "hard": False, "others": 1}
    loads = [
        {"agent": "1", "effort_before": 10.0, "effort_after": 6.0, "share_before": 2.0, "share_after": 1.2},
        {"agent": "3", "effort_before": 0.0, "effort_after": 4.0, "share_before": 0.0, "share_after": 0.8},
    ]
    id = propose("1", "2", details={"loads": loads, "tickets": [usual | {"ticket": "1"}, usual | {"ticket": "2"}]})
    review.accept(store, "acme", id, BO.who, NOW, ["2"])
    found = page.build(known, BO, id, NOW)

    assert [(move.ticket, move.state) for move in found.moves] == [("1", "not chosen"), ("2", "planned")]
    assert [(row.effort_after, round(row.share_after, 4)) for row in found.loads] == [(8.0, 1.6), (2.0, 0.4)]
    text = signed_in("2").get(f"/a/acme/proposals/{id}?evidence=1").text
    assert "not chosen; it stays as it is" in text
    assert "nothing to be written" not in text


def test_an_accepted_survey_says_how_many_are_asked_and_when_the_last_is(known, propose, store, signed_in):
    id = propose(action="esat_wave", because=())
    review.accept(store, "acme", id, BO.who, NOW)
    waits = Planned("w:3", id, "invite", "3", {"wave": "w"}, NOW + timedelta(hours=3))
    store.writes.plan("acme", [waits, Planned("w:5", id, "invite", "5", {"wave": "w"})], NOW)
    store.writes.end("acme", store.writes.claim("acme", NOW, NOW + DAY, "me").key, "written", {}, NOW, "me")

    assert page.build(known, BO, id, NOW).asking == page.Asking(1, 2, NOW + timedelta(hours=3))
    text = signed_in("2").get(f"/a/acme/proposals/{id}").text
    assert "1 of 2 asked; the last at " in text
    assert "It cannot be undone" in text
    assert "It is being written" not in text


# the page


def test_who_may_not_see_it_gets_the_words_of_what_is_not_there(signed_in, propose):
    id = propose("1")
    answers = [signed_in("8").get(f"/a/acme/proposals/{one}") for one in (id, "0" * 12, "x", "<script>")]

    assert {answer.status_code for answer in answers} == {404}
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(texts) == 1


@pytest.mark.parametrize("role", [Role.HR, Role.COUNCIL, Role.ADMIN, Role.DPO])
def test_other_roles_have_no_proposals(signed_in, propose, role):
    assert signed_in(None, role).get(f"/a/acme/proposals/{propose('1')}").status_code == 403


def test_a_lead_accepts_after_the_evidence_was_opened_and_not_before(signed_in, propose, store):
    id, browser = propose("1", "2"), signed_in("2")
    first = browser.get(f"/a/acme/proposals/{id}").text
    assert "Accept all" not in first

    early = decide(browser, id, "accept", csrf_token=token_in(first))
    assert (early.status_code, state(store, id)) == (422, "open")
    done = decide(browser, id, "accept", **looked_at(browser, id))
    assert (done.status_code, state(store, id)) == (303, "accepted")
    assert store.proposals.get("acme", id).decided_by == "zendesk:2"


def test_the_proof_that_evidence_was_opened_is_of_one_person_and_one_proposal(signed_in, propose, store):
    id, ops = propose("1"), signed_in(None, Role.OPS)
    form = looked_at(ops, id)
    bo = signed_in("2")
    mine = token_in(bo.get(f"/a/acme/proposals/{id}").text)

    assert decide(bo, id, "accept", csrf_token=mine, opened=form["opened"]).status_code == 422
    assert state(store, id) == "open"


def test_a_part_is_accepted_and_only_that_is_written(signed_in, propose, store):
    policy.change(store, "acme", "an admin", NOW, modes={"rebalance": "approve"})
    id, browser = propose("1", "2"), signed_in("2")
    decide(browser, id, "accept", which="part", ticket=["2"], **looked_at(browser, id))

    assert [w.target for w in store.writes.of_proposal("acme", id)] == ["2"]


@pytest.mark.parametrize("tickets", [[], ["9"]])
def test_a_part_must_be_of_its_tickets(signed_in, propose, store, tickets):
    id, browser = propose("1"), signed_in("2")
    answer = decide(browser, id, "accept", which="part", ticket=tickets, **looked_at(browser, id))

    assert (answer.status_code, state(store, id)) == (422, "open")


def test_who_comes_second_is_told_what_it_is_now(signed_in, propose, store):
    id, browser = propose("1"), signed_in("2")
    form = looked_at(browser, id)
    review.decline(store, "acme", id, "zendesk:8", "wrong people", NOW)
    answer = decide(browser, id, "accept", **form)

    assert answer.status_code == 409
    assert "Nothing was changed. Cleo declined it on" in answer.text
    assert state(store, id) == "declined"


def test_declining_takes_a_reason_of_the_list(signed_in, propose, store):
    id, browser = propose("1"), signed_in("2")
    token = token_in(browser.get(f"/a/acme/proposals/{id}").text)

    assert decide(browser, id, "decline", csrf_token=token, reason="she is lazy").status_code == 422
    assert decide(browser, id, "decline", csrf_token=token, reason="wrong moment").status_code == 303
    assert views.shown(store, "acme", id)["reason"] == "wrong moment"


def test_it_is_put_aside_and_taken_back(signed_in, propose, store):
    policy.change(store, "acme", "an admin", NOW, modes={"rebalance": "approve"})
    id, browser = propose("1"), signed_in("2")
    token = token_in(browser.get(f"/a/acme/proposals/{id}").text)

    assert decide(browser, id, "snooze", csrf_token=token, until="1 hour").status_code == 303
    assert state(store, id) == "snoozed"
    decide(browser, id, "accept", **looked_at(browser, id))
    assert decide(browser, id, "undo", csrf_token=token).status_code == 303
    assert state(store, id) == "undone"
    assert decide(browser, id, "undo", csrf_token=token).status_code == 409


def test_a_form_of_another_site_decides_nothing(signed_in, propose, store):
    id, browser = propose("1"), signed_in("2")
    browser.get(f"/a/acme/proposals/{id}")

    assert decide(browser, id, "decline", reason="other").status_code == 400
    assert state(store, id) == "open"


def test_whom_it_is_about_reads_and_does_not_decide(signed_in, propose, store, about_chen):
    id, browser = propose(**about_chen), signed_in("3")
    text = browser.get(f"/a/acme/proposals/{id}").text

    assert "because it is about you" in text
    assert decide(browser, id, "decline", csrf_token=token_in(text), reason="other").status_code == 403
    assert state(store, id) == "open"


def test_ids_and_names_are_text_whatever_they_hold(signed_in, propose):
    id = propose("<script>alert(1)</script>", "\u202e12")
    text = signed_in("2").get(f"/a/acme/proposals/{id}?evidence=1").text

    assert "<script>alert" not in text
    assert "<bdi>\u202e12</bdi>" in text


def test_that_somebody_looked_is_in_the_audit_before_they_decide(signed_in, propose, store):
    id, browser = propose("1"), signed_in("2")
    for _ in range(2):
        browser.get(f"/a/acme/proposals/{id}")
    looks = [e for e in store.audit.entries("acme") if e.what == "looked"]

    assert len(looks) == 1
    assert (looks[0].body["by"], looks[0].body["proposals"]) == ("zendesk:2", [id])
    assert store.audit.word_of("acme", "3") in looks[0].body["agents"]


def test_a_trial_that_was_accepted_can_be_accepted_once_it_would_be_written(known, store, propose):
    id = propose("1")
    review.accept(store, "acme", id, "zendesk:2", NOW)
    assert not page.build(known, BO, id, NOW).may_accept
    policy.change(store, "acme", "an admin", NOW, modes={"rebalance": "approve"})

    assert page.build(known, BO, id, NOW).may_accept


def test_what_somebody_takes_on_is_not_called_done_and_can_be_put_back(store, propose, signed_in):
    id = propose(action="staffing_note")
    browser = signed_in("2")
    form = looked_at(browser, id)
    assert decide(browser, id, "accept", **form).status_code == 303
    text = browser.get(f"/a/acme/proposals/{id}").text
    assert "Taken on by Bo" in text
    assert ">Done<" not in text + browser.get("/a/acme/today").text

    assert decide(browser, id, "put-back", **form).status_code == 303
    assert state(store, id) == "open"
    assert decide(browser, id, "put-back", **form).status_code == 409
    review.accept(store, "acme", id, "a lead", NOW)
    with pytest.raises(CannotDecide):
        review.put_back(store, "acme", id, "a lead", NOW + 8 * DAY)
    review.put_back(store, "acme", id, "a lead", NOW + 4 * DAY)
    assert state(store, id) == "undone"


def test_what_was_taken_back_as_its_agent_objected_is_theirs_alone(known, store, propose, about_chen):
    id = propose(**about_chen | {"lead_from": NOW})
    assert part(known, BO, id) is Part.DECIDES
    saying.object_to(store, "acme", "3", "LD1", NOW)

    assert (part(known, BO, id), part(known, agent("3"), id)) == (None, Part.OWN)


def test_what_was_declined_does_not_wait_again_when_its_agent_has_objected(store, propose, about_chen):
    id = propose(**about_chen)
    review.decline(store, "acme", id, "a lead", "other", NOW)
    saying.object_to(store, "acme", "3", "LD1", NOW)

    with pytest.raises(CannotDecide, match="may not be acted upon"):
        review.put_back(store, "acme", id, "a lead", NOW)
    assert state(store, id) == "declined"


# what changed since


def renew(store, id, *tickets):
    old, at = from_json(store.proposals.get("acme", id).body), NOW + timedelta(seconds=1)
    moves = tuple(replace(old.moves[0], ticket=ticket) for ticket in tickets)
    assert review.renew(store, "acme", [replace(old, moves=moves, renewed_at=at)], at) == [id]


def test_who_looked_before_it_changed_is_told_to_look_again_and_nothing_is_accepted(store, propose, signed_in):
    policy.change(store, "acme", "an admin", NOW, modes={"rebalance": "approve"})
    id, browser = propose("1", "2"), signed_in("2")
    form = looked_at(browser, id)
    renew(store, id, "2", "3")
    answer = decide(browser, id, "accept", which="all", **form)

    assert answer.status_code == 409
    assert "This has changed since you looked at it" in answer.text
    assert "and renewed with what was measured on" in browser.get(f"/a/acme/proposals/{id}?evidence=1").text
    assert (state(store, id), store.writes.of_proposal("acme", id)) == ("open", [])
    assert decide(browser, id, "accept", which="all", **looked_at(browser, id)).status_code == 303
    assert [w.target for w in store.writes.of_proposal("acme", id)] == ["2", "3"]


def test_the_page_says_what_became_of_the_tickets_since_they_were_measured(known, store, propose):
    id = propose("1", "2", "3", "4")
    rows = [
        {"ticket": "1", "kind": "status", "after": "solved", "status": "solved"},
        {"ticket": "2", "kind": "assigned", "before": "1", "after": "5", "assignee": "5"},
        {"ticket": "3", "kind": "replied", "assignee": "1", "status": "open"},
        {"ticket": "9", "kind": "status", "after": "solved", "status": "solved"},
    ]
    assert page.build(known, BO, id, NOW).since is None
    frame = pl.DataFrame([{"at": NOW + timedelta(minutes=1), **row} for row in rows])
    store.add_events("acme", conform(frame, "acme")[0])

    shown = page.build(known, BO, id, NOW)
    assert shown.since == page.Since(4, solved=1, elsewhere=1)
    assert page.build(known, agent("3"), id, NOW).since is None
    review.decline(store, "acme", id, "a lead", "other", NOW)
    assert page.build(known, BO, id, NOW).since is None


def test_who_objected_reads_that_as_the_reason_and_others_only_that_it_is_gone(signed_in, store, propose, about_chen):
    id = propose(**{**about_chen, "lead_from": NOW})
    saying.object_to(store, "acme", "3", "LD1", NOW)
    assert "You objected to what it rested on" in signed_in("3").get(f"/a/acme/proposals/{id}").text

    saying.withdraw_objection(store, "acme", "3", "LD1", NOW)

    text = signed_in(None, Role.OPS).get(f"/a/acme/proposals/{id}").text
    assert "It is not available any more" in text
    assert "objected" not in text
    assert "What it rested on was over" not in text
