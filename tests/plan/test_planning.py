"""Planning: what becomes of a flag, what earlier proposals change in it, and who sees it when."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import pytest

from helpdesk_wellbeing.agreement.gate import CLOSED
from helpdesk_wellbeing.plan.actions import WAYS
from helpdesk_wellbeing.plan.planning import History, Past, rule_version
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import ACTIONS, SKIPPED, Subject, from_json, to_json

DAY = timedelta(days=1)


def found(planned, action):
    return [p for p in planned.proposals if p.action == action]


def reasons(planned):
    return {(s.action, s.subject.id): s.reason for s in planned.skipped}


def test_every_action_has_a_file_and_the_catalogue_suggests_no_other(scene):
    assert set(WAYS) == set(ACTIONS)
    suggested = {word for rule in scene.situation().rules.values() for word in rule.suggests}
    assert suggested == set(ACTIONS)


def test_a_flag_that_cools_raises_nothing(scene):
    scene.flag("WT1", "A", state="cooling")
    planned = scene.plan()
    assert not planned.proposals
    assert set(reasons(planned).values()) == {"cooling"}


def test_an_action_that_is_off_is_skipped(scene):
    scene.flag("WT1", "A")
    planned = scene.plan(policy=Policy(off=("check_in",)))
    assert reasons(planned) == {("check_in", "A"): "off"}
    assert found(planned, "pause_intake")


def test_an_unknown_action_of_an_own_rule_is_skipped(scene):
    scene.flag("WT6", "A")
    rules = scene.situation().rules
    own = rules["missing_break"].model_copy(update={"suggests": ("sing_a_song", "protect_break")})
    planned = scene.plan(rules={**rules, "missing_break": own})
    assert reasons(planned) == {("sing_a_song", "A"): "unknown action"}
    assert found(planned, "protect_break")


def test_an_own_rule_cannot_turn_an_action_on_somebody_it_is_not_for(scene):
    scene.person("queue", groups=["A"])  # ids of agents and groups may be the same
    scene.flag("ES2", "A")
    scene.flag("LD6", "queue", kind="queue", level="critical")
    rules = scene.situation().rules
    own = {
        "hard_ticket_dose": rules["hard_ticket_dose"].model_copy(update={"suggests": ("esat_wave", "staffing_note")}),
        "backlog_growth": rules["backlog_growth"].model_copy(update={"suggests": ("check_in", "protect_break")}),
    }
    planned = scene.plan(rules={**rules, **own})
    assert not planned.proposals
    assert set(reasons(planned).values()) == {"not for this subject"}


@pytest.mark.parametrize(
    ("hide", "people"),
    [("excluded", {"excluded": True}), ("shared", {}), ("review", {})],
)
def test_nothing_is_said_about_who_is_left_out(make_scene, hide, people):
    scene = make_scene()
    scene.person("A", **people)
    scene.shared = {"A": scene.now} if hide == "shared" else {}
    scene.review = [{"agent": "A", "reason": "many hours"}] if hide == "review" else []
    scene.flag("WT1", "A")
    planned = scene.plan()
    assert not planned.proposals
    assert set(reasons(planned).values()) == {"excluded"}


def test_without_an_agreement_no_single_agent_is_spoken_of(scene):
    scene.flag("WT1", "A")
    assert not scene.plan(gate=CLOSED).proposals


def test_two_rules_for_one_subject_make_one_proposal_with_both_reasons(scene):
    scene.flag("WT4", "A")
    scene.flag("WT1", "A", level="critical")
    (talk,) = found(scene.plan(), "check_in")
    assert [b.rule for b in talk.because] == ["long_day", "short_daily_rest"]
    assert "12.5 h of work" in talk.texts["en"]
    assert "9,5 uur rust" in talk.texts["nl"]


def test_a_lead_sees_statutory_ones_at_once_and_others_a_day_after_the_agent(scene):
    scene.flag("WT1", "A")
    scene.flag("ES2", "B")
    talks = {p.subject.id: p for p in found(scene.plan(), "check_in")}
    assert talks["A"].lead_from == scene.now
    assert talks["B"].lead_from == scene.now + DAY


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        (Past("open", timedelta(hours=1)), "already proposed"),
        (Past("accepted", 3 * DAY), "already proposed"),
        (Past("declined", 13 * DAY), "declined lately"),
        (Past("declined", 14 * DAY), None),
        (Past("undone", 2 * DAY), "declined lately"),
        (Past("done", 6 * DAY), "done lately"),  # four worked days ago
        (Past("done", 7 * DAY), None),
        (Past("expired", timedelta(hours=1)), None),
        (Past("withdrawn", timedelta(hours=1)), None),
        (Past("snoozed", DAY, DAY), "snoozed"),
        (Past("snoozed", DAY, -DAY), None),
    ],
)
def test_what_became_of_the_last_one_decides_whether_there_is_another(scene, past, reason):
    scene.flag("ES2", "A")
    until = None if past.until is None else scene.now + past.until
    history = History(latest={("check_in", Subject("agent", "A")): Past(past.state, scene.now - past.when, until)})
    planned = scene.plan(history=history)
    assert reasons(planned).get(("check_in", "A")) == reason


def test_the_budget_of_a_day_takes_the_worst_and_then_the_oldest_and_spares_the_statutory(scene):
    scene.flag("ES2", "A", since="2026-03-02")
    scene.flag("ES2", "B", level="critical", since="2026-03-03")
    scene.flag("ES2", "C", since="2026-02-23")
    scene.flag("WT1", "D")
    planned = scene.plan(policy=Policy(alerts_a_day=3))
    bounded = [(p.subject.id, p.action) for p in planned.proposals if p.subject.id != "D"]
    assert bounded == [("B", "no_new_escalations"), ("B", "check_in"), ("C", "no_new_escalations")]
    assert len(planned.proposals) == 5
    assert reasons(planned)["check_in", "C"] == "budget of the day used up"


def test_each_reviewer_has_a_budget_of_their_own_and_what_was_made_today_counts(make_scene):
    scene = make_scene()
    scene.person("A", groups=["north"])
    scene.person("B", groups=["south"])
    scene.person("L", groups=["office"], lead_of=["north"])
    scene.person("M", groups=["office"], lead_of=["south"])
    scene.flag("ES2", "A")
    scene.flag("ES2", "B")
    planned = scene.plan(policy=Policy(alerts_a_day=2), history=History(made_today={"L": 2}))
    assert {p.subject.id for p in planned.proposals} == {"B"}


def test_names_are_only_ever_data(scene):
    scene.people[0] |= {"name": "{slot}\n%s {0.__class__} <b>A</b>"}
    scene.flag("WT1", "A")
    (talk,) = found(scene.plan(), "check_in")
    assert talk.texts["en"].startswith("{slot} %s {0.__class__} <b>A</b>: a day with about 12.5 h")


def test_a_proposal_survives_json_and_says_which_rule_it_rests_on(scene):
    scene.flag("WT1", "A")
    rules = scene.situation().rules
    for proposal in scene.plan().proposals:
        assert from_json(to_json(proposal)) == proposal
        assert proposal.because[0].rule_version == rule_version(rules["long_day"])


def test_the_version_of_a_rule_changes_with_what_it_says_and_not_with_its_examples(scene):
    rule = scene.situation().rules["long_day"]
    assert rule_version(rule) == rule_version(rule.model_copy(update={"examples": ()}))
    assert rule_version(rule) != rule_version(rule.model_copy(update={"statutory": False}))


def test_settings_survive_json_and_refuse_what_the_planner_would():
    policy = Policy(off=("check_in",), rebalance={"most_moves": 4}, expiry_h={"check_in": 12})
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
    assert policy.expires_after("check_in") == timedelta(hours=12)
    for wrong in ({"k": 4}, {"quiet_h": 5}, {"languages": ["xx"]}, {"rebalance": {"continuity_bonus": 1}}, {"of": []}):
        with pytest.raises(ValueError, match="validation error"):
            Policy.model_validate(wrong)


def test_planning_changes_nothing_of_what_it_is_given(scene):
    scene.flag("WT1", "A")
    pending = MappingProxyType({"t": "B"})
    made = MappingProxyType({"": 1})
    scene.plan(history=History(pending=pending, made_today=made))


def test_reasons_are_of_the_closed_list(scene):
    for signal in ("WT1", "WT2", "WT3", "WT4", "WT5", "WT6", "WT7", "WT8", "LD1", "LD3", "ES2"):
        scene.flag(signal, "A")
    scene.flag("LD4", "support", kind="team")
    scene.flag("LD6", "support", kind="queue")
    planned = scene.plan()
    assert {s.reason for s in planned.skipped} <= set(SKIPPED)
