from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.agreement import recording, saying
from helpdesk_wellbeing.agreement.model import Agreement
from helpdesk_wellbeing.agreement.showing import spells_of
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.facts.schema import QUEUES
from helpdesk_wellbeing.pages import today as page
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.plan.proposal import Subject
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Catalogue(SIGNALS, load_rules(SIGNALS))
BO = Viewer("acme", "zendesk:2", "Bo", "2", frozenset({Role.AGENT, Role.LEAD}), frozenset({"100"}))
CLEO = Viewer("acme", "zendesk:8", "Cleo", "8", frozenset({Role.AGENT, Role.LEAD}), frozenset({"200"}))
OPS = Viewer("acme", "email:ops@example.com", "Ops", None, frozenset({Role.OPS}))


@pytest.fixture
def known(store):
    return Known(store, RULES)


def flag(signal, rule, kind, id, level="warn", since="2026-03-02", **values):
    return {
        "signal": signal, "rule": rule, "subject": {"kind": kind, "id": id}, "level": level, "state": "active",
        "since": since, "window": {"start": f"{since}T00:00:00Z", "end": f"{since}T08:00:00Z"}, "values": values,
        "evidence": [], "grade": "A",
    }  # fmt: skip


def short_rest(agent, **more):
    return flag("WT4", "short_daily_rest", "agent", agent, rest_h=10.0, required_h=11.0, **more)


def more_work(agent, **more):
    return flag("LD3", "sustained_load_increase", "agent", agent, cusum=5.0, **more)


def evaluated(store, *flags, gaps=(), first_seen=NOW, withheld=(), **run):
    answer = {
        "account": "acme", "as_of": NOW.isoformat(), "flags": list(flags), "identity_review": [],
        "withheld": list(withheld),
        "not_assessable": [{"signal": s, "subject": {"kind": k, "id": i}, "reason": r} for s, k, i, r in gaps],
    }  # fmt: skip
    store.work.keep_answer("acme", NOW, answer)
    store.work.note_run("acme", **{"evaluated_until": NOW, "pulled_at": NOW, **run})
    store.seen.note("acme", spells_of(answer), first_seen)


def titles(found):
    return [card.subject.name for card in found.open]


def test_decisions_come_oldest_first_and_only_to_those_who_may_make_them(known, store, propose):
    evaluated(store)
    newer = propose("1", made_at=NOW - HOUR, lead_from=NOW - HOUR)
    older = propose(action="staffing_note", subject=Subject("queue", "200"), because=(), made_at=NOW - 5 * HOUR,
                    lead_from=NOW - 5 * HOUR)  # fmt: skip

    assert [card.id for card in page.build(known, OPS, NOW).open] == [older, newer]
    assert [card.id for card in page.build(known, BO, NOW).open] == [newer]
    assert [card.id for card in page.build(known, CLEO, NOW).open] == [older]


def test_how_many_end_soon_is_counted_where_the_oldest_come_first(known, store, propose):
    evaluated(store)
    propose("1", expires_at=NOW + 2 * HOUR)
    propose(action="staffing_note", subject=Subject("queue", "200"), because=())

    assert page.build(known, OPS, NOW).ending == 1


def test_what_is_put_aside_or_waits_for_others_stands_apart(known, store, propose):
    evaluated(store)
    id = propose("1", made_at=NOW - HOUR, lead_from=NOW - HOUR)
    review.snooze(store, "acme", id, "zendesk:2", NOW + HOUR, NOW)
    found = page.build(known, BO, NOW)

    assert ([card.id for card in found.aside], found.open, found.is_quiet) == ([id], (), True)


def test_what_is_about_one_person_reaches_the_lead_after_a_day(known, store, propose, about_chen):
    evaluated(store)
    propose(**about_chen)

    assert page.build(known, BO, NOW).open == ()
    assert titles(page.build(known, BO, NOW + 1.1 * DAY)) == ["Chen"]


def test_flags_without_a_proposal_keep_the_head_start_of_the_agent(known, store):
    evaluated(store, short_rest("1"), more_work("3"))

    assert [one.subject.name for one in page.build(known, BO, NOW).flags] == ["Ada"]
    assert [one.subject.name for one in page.build(known, BO, NOW + DAY).flags] == ["Ada", "Chen"]


def test_signals_that_are_not_in_the_agreement_are_named(known, store, signed_in):
    evaluated(store, withheld=["LD3"])
    assert page.build(known, BO, NOW).held_back  # nothing is needed here, so only a rule can keep it back
    body = Agreement(parties=("x",), agreed_on=NOW.date(), signals=("WT4",))
    recording.record(store, "acme", body, "a test", NOW, RULES)
    store.work.keep_answer("acme", NOW, store.work.answer_of("acme") | {"withheld": ["LD3"]})

    found = page.build(known, BO, NOW)
    assert (found.is_agreed, [id for id, _ in found.not_agreed]) == (True, ["sustained_load_increase"])
    shown = signed_in("2").get("/a/acme/today").text
    assert "not in the agreement" in shown
    assert "no agreement is recorded" not in shown


def test_a_flag_that_a_proposal_answers_is_not_told_twice(known, store, propose, about_chen):
    evaluated(store, flag("LD1", "open_work_overload", "agent", "3", open_weight=31.0), first_seen=NOW - 2 * DAY)
    propose(**{**about_chen, "lead_from": NOW})

    assert page.build(known, BO, NOW).flags == ()


def test_people_stand_by_the_age_of_what_is_said_and_then_by_name_never_by_a_value(known, store):
    evaluated(store, short_rest("6"), short_rest("1", level="critical"), short_rest("3", since="2026-03-01"))

    assert [one.subject.name for one in page.build(known, BO, NOW).flags] == ["Chen", "Ada", "Fay"]


def test_a_lead_gets_neither_other_teams_nor_themselves(known, store):
    evaluated(store, short_rest("2"), short_rest("7"))

    assert page.build(known, BO, NOW).flags == ()
    assert [one.subject.name for one in page.build(known, OPS, NOW).flags] == ["Gus"]


def test_what_an_agent_contested_is_told_to_nobody(known, store):
    from helpdesk_wellbeing.store.said import Contest

    evaluated(store, short_rest("1"))
    contest = Contest("c1", "short_daily_rest", "agent", "1", date(2026, 3, 2), "not me", True, NOW, NOW + 30 * DAY)
    store.said.contest("acme", contest)

    assert page.build(known, BO, NOW).flags == ()


def test_what_rests_on_a_flag_is_gone_at_once_when_it_is_contested(known, store, propose, about_chen):
    on = flag("LD1", "open_work_overload", "agent", "3")
    evaluated(store, on)
    id = propose(**about_chen | {"made_at": NOW - timedelta(days=2), "lead_from": NOW - timedelta(days=1)})
    assert [card.id for card in page.build(known, BO, NOW).open] == [id]

    saying.contest(store, "acme", on, "not me", NOW, by="zendesk:3", agent="3")

    found = page.build(known, BO, NOW)
    assert (found.open, found.over, found.flags) == ((), (), ())
    assert store.proposals.get("acme", id).state == "withdrawn"
    assert [one["rule"] for one in known.answer("acme")["paused"]] == ["open_work_overload"]


def test_what_others_decided_leaves_room_for_what_was_ones_own_to_decide(known, store, propose, monkeypatch):
    monkeypatch.setattr(page, "LATELY_AT_MOST", 1)
    evaluated(store)
    own = propose("1", made_at=NOW - 2 * HOUR)
    others = propose(action="staffing_note", subject=Subject("queue", "200"), because=(), made_at=NOW - 2 * HOUR)
    for id, at in ((own, NOW - HOUR), (others, NOW)):
        review.decline(store, "acme", id, "somebody", "other", at)

    assert [[one.id for one in page.build(known, who, NOW).decided] for who in (BO, OPS)] == [[own], [others]]


def test_a_small_teams_flag_that_would_tell_of_one_person_is_held_back(known, store):
    evaluated(store, flag("LD4", "team_imbalance", "team", "200"), flag("LD6", "backlog_growth", "queue", "200"))

    assert [one.rule for one in page.build(known, CLEO, NOW).flags] == ["backlog_growth"]


def test_what_cannot_be_assessed_is_grouped_by_reason_and_named_where_names_mend_it(known, store):
    gaps = [("WT7", "agent", "4", "no schedule"), ("LD3", "agent", "4", "no baseline"),
            ("LD1", "agent", "5", "no baseline"), ("WT7", "agent", "9", "no schedule")]  # fmt: skip
    evaluated(store, gaps=gaps)
    found = page.build(known, BO, NOW).gaps

    assert [(gap.reason, gap.people, gap.names) for gap in found] == [
        ("no baseline", 2, ()),
        ("no schedule", 1, ("Dia",)),
    ]
    assert [rule for rule, _ in found[0].rules] == ["open_work_overload", "sustained_load_increase"]


def test_much_that_ends_soon_or_cannot_be_assessed_is_folded_in_its_order(store, propose, signed_in, about_chen):
    reasons = ("no schedule", "no baseline", "too few days", "nobody is known", "no zone")
    evaluated(store, gaps=[("WT7", "agent", "4", reason) for reason in reasons])
    made = [
        propose(**about_chen | {"subject": Subject("agent", agent), "lead_from": NOW, "because": (),
                                "expires_at": NOW + timedelta(hours=number)})
        for number, agent in enumerate("13456", 1)
    ]  # fmt: skip
    text = signed_in("2").get("/a/acme/today").text
    ends = text[text.index('id="ends"') : text.index("Accepting notes")]

    assert re.findall("proposals/([0-9a-f]{12})", ends) == made
    before, folded = ends.split("<details>")
    assert (before.count("<li>"), folded.count("<li>")) == (4, 1)
    assert ">One more<" in folded
    gaps = text[text.index('<ul class="gaps">') :]
    assert gaps[: gaps.index("<details>")].count("<li>") == 3
    assert ">2 more reasons<" in gaps


def test_before_the_first_evaluation_nothing_is_called_quiet(known, signed_in):
    found = page.build(known, BO, NOW)

    assert (found.is_evaluated, found.is_quiet, found.freshness.until) == (False, False, None)
    assert "Nothing was looked at yet" in signed_in("2").get("/a/acme/today").text


def test_quiet_is_said_with_what_is_unknown_and_how_fresh_it_is(store, signed_in):
    evaluated(store, gaps=[("WT7", "agent", "4", "no schedule")])
    text = signed_in("2").get("/a/acme/today").text

    assert "Nothing needs a decision" in text
    assert "No schedule is known of one person." in text
    assert "is taken into account" in text


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"failures": 3, "problem": "secret host"}, "cannot be read at the moment"),
        ({"paused_at": NOW}, "is paused"),
        ({"evaluated_until": NOW - 2 * DAY}, "more than a day old"),
    ],
)
def test_trouble_with_the_helpdesk_is_said_without_its_details(store, signed_in, run, said):
    evaluated(store, **run)
    text = signed_in("2").get("/a/acme/today").text

    assert said in text
    assert "secret host" not in text


def test_each_team_has_its_tickets_of_the_last_known_day(known, store):
    evaluated(store)
    counts = {"created": 4, "solved": 3, "open_at_end": 20, "escalated": 0, "reopened": 0}
    rows = [{"group": group, "date": NOW.date(), **counts} for group in ("100", "200")]
    frame = pl.DataFrame(rows, schema=QUEUES).with_columns(piece=pl.lit(NOW.date()))
    store.write_pieces("acme", NOW.replace(hour=0, minute=0, second=0), {"queues": frame})

    assert [(one.subject.name, one.open) for one in page.build(known, BO, NOW).queues] == [("Billing", 20)]
    assert len(page.build(known, OPS, NOW).queues) == 2


@pytest.mark.parametrize("role", [Role.HR, Role.COUNCIL, Role.ADMIN, Role.DPO])
def test_today_is_for_those_who_decide(signed_in, role):
    assert signed_in(None, role).get("/a/acme/today").status_code == 403
    assert signed_in("4").get("/a/acme/today").status_code == 403


def test_the_page_speaks_dutch_and_says_what_accepting_does(store, signed_in, propose):
    evaluated(store)
    propose("1", "2")
    text = signed_in("2", language="nl").get("/a/acme/today").text

    assert "Verplaats 2 tickets binnen Billing" in text
    assert "Proef: je beslissing wordt bewaard" in text


def test_that_somebody_looked_is_noted_once_and_opens_no_proposal(store, signed_in, propose):
    evaluated(store, short_rest("6"))
    id, browser = propose("1"), signed_in("2")
    for _ in range(2):
        browser.get("/a/acme/today")
    [look] = [entry for entry in store.audit.entries("acme") if entry.what == "looked"]

    assert (look.body["by"], look.body["listed"], "proposals" in look.body) == ("zendesk:2", [id], False)
    assert store.audit.word_of("acme", "6") in look.body["agents"]
