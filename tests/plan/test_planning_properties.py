"""Whatever a situation looks like: everything suggested is answered once, limits hold, nobody is exposed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from helpdesk_wellbeing.plan.people_now import now as people_now
from helpdesk_wellbeing.plan.planning import History, Past, propose
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import ACTIONS, SKIPPED, Subject, from_json, to_json
from helpdesk_wellbeing.plan.reviewers import is_statutory, reviewer_of

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
NAMES = ["A", "B", "C", "D", "E", "F", "{0}", "%s\n", "Ω"]
SCHEDULES = [
    "Mon-Fri 09:00-17:00",
    "Mon-Sun 08:00-18:00",
    "Mon-Fri 10:00-14:00",
    None,
    "Mon-Sun 22:00-06:00",
    "Tue 10:00-12:00",
    "Mon-Fri 09:00-12:00, 13:00-17:00",
]
SIGNALS = ["WT1", "WT2", "WT3", "WT4", "WT5", "WT6", "WT7", "WT8", "LD1", "LD3", "ES2"]
STATES = ["open", "snoozed", "accepted", "declined", "expired", "withdrawn", "done", "undone"]


@st.composite
def scenes(draw, make):
    scene = make()
    for group in ("north", "south"):
        scene.group(group, schedule=draw(st.sampled_from(SCHEDULES)))
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=3, unique=True)):
        scene.person(
            name,
            groups=draw(st.lists(st.sampled_from(["north", "south"]), max_size=2, unique=True)),
            schedule=draw(st.sampled_from(SCHEDULES)),
            time_zone=draw(st.sampled_from([None, "Asia/Manila", "America/Sao_Paulo"])),
            excluded=draw(st.integers(0, 5)) == 0,
            lead_of=draw(st.sampled_from([None, ["north"], ["south"]])),
        )
        if draw(st.integers(0, 4)) == 0:
            first = date(2026, 3, 4) + timedelta(draw(st.integers(-3, 3)))
            scene.leave.append((name, first, first + timedelta(draw(st.integers(0, 40)))))
        if draw(st.integers(0, 6)) == 0:
            scene.shared[name] = NOW
    for number in range(draw(st.integers(0, 25))):
        scene.ticket(
            f"t{number:02}",
            draw(st.sampled_from(NAMES[:4])),
            draw(st.sampled_from([0.1, 0.8, 1.0, 2.4])),
            group=draw(st.sampled_from(["north", "south", None])),
            hard=draw(st.booleans()),
        )
    level, state = st.sampled_from(["warn", "critical"]), st.sampled_from(["active", "active", "cooling"])
    since = st.sampled_from(["2026-02-20", "2026-03-01", "2026-03-03"])
    for signal, name in draw(st.sets(st.tuples(st.sampled_from(SIGNALS), st.sampled_from(NAMES)), max_size=8)):
        scene.flag(signal, name, level=draw(level), state=draw(state), since=draw(since))
    for signal, kind in (("LD4", "team"), ("LD6", "queue"), ("ES1", "queue")):
        if draw(st.booleans()):
            scene.flag(signal, draw(st.sampled_from(["north", "south"])), kind=kind, level=draw(level))
    return scene


@st.composite
def histories(draw):
    subjects = st.one_of(
        st.builds(Subject, st.just("agent"), st.sampled_from(NAMES)),
        st.builds(Subject, st.just("team"), st.sampled_from(["north", "south"])),
    )
    past = st.builds(Past, st.sampled_from(STATES), st.just(NOW - timedelta(days=draw(st.integers(0, 20)))))
    tickets = st.sampled_from([f"t{n:02}" for n in range(25)])
    return History(
        latest=draw(st.dictionaries(st.tuples(st.sampled_from(ACTIONS), subjects), past, max_size=6)),
        refused=draw(st.dictionaries(st.tuples(tickets, st.sampled_from(NAMES)), st.just(NOW + timedelta(1)))),
        moved=draw(st.dictionaries(tickets, st.just(NOW - timedelta(days=1)), max_size=4)),
        pending=draw(st.dictionaries(tickets, st.sampled_from(NAMES), max_size=4)),
        made_today=draw(st.dictionaries(st.sampled_from(["", *NAMES]), st.integers(0, 6), max_size=4)),
    )


@pytest.fixture(scope="module")
def looked_at(make_scene):
    return scenes(make_scene)


def examples(count):
    return hypothesis(max_examples=count)


@given(data=st.data())
@examples(80)
def test_every_suggested_action_ends_as_a_proposal_or_a_reason_once(data, looked_at):
    situation = data.draw(looked_at).situation(history=data.draw(histories()))
    planned = propose(situation)
    wanted = Counter(
        (action, flag["rule"], flag["subject"]["id"])
        for flag in situation.flags
        for action in situation.rules[flag["rule"]].suggests
    )
    proposed = Counter(
        (p.action, b.rule, b.subject.id) for p in planned.proposals for b in p.because if b.rule in situation.rules
    )
    skipped = Counter((s.action, s.rule, s.subject.id) for s in planned.skipped if s.rule in situation.rules)
    assert proposed + skipped == wanted
    assert {s.reason for s in planned.skipped} <= set(SKIPPED)
    keys = [(p.action, p.subject) for p in planned.proposals]
    assert len(keys) == len(set(keys))


@given(data=st.data())
@examples(30)
def test_the_order_of_rows_changes_nothing(data, looked_at):
    scene, history = data.draw(looked_at), data.draw(histories())
    first = propose(scene.situation(history=history))
    dice = random.Random(5)
    for rows in (scene.people, scene.tickets, scene.flags, scene.leave, scene.groups):
        dice.shuffle(rows)
    assert propose(scene.situation(history=history)) == first
    assert [from_json(to_json(p)) for p in first.proposals] == list(first.proposals)


@given(data=st.data(), most=st.integers(0, 5))
@examples(40)
def test_nobody_is_asked_more_than_the_budget_of_a_day(data, looked_at, most):
    history = data.draw(histories())
    situation = data.draw(looked_at).situation(history=history, policy=Policy(alerts_a_day=most))
    bounded = [p for p in propose(situation).proposals if not is_statutory(situation, p)]
    asked = Counter(reviewer_of(situation, p.subject) for p in bounded)
    for reviewer, count in asked.items():
        assert count + history.made_today.get(reviewer, 0) <= most


@st.composite
def crowded_teams(draw, make):
    """Two flagged teams at work, with every reason not to receive here and there."""
    scene = make()
    for number, name in enumerate(NAMES):
        rare = st.integers(0, 6).map(lambda n: n == 0)
        scene.person(
            name,
            groups=draw(st.sampled_from([["north"], ["south"], ["north", "south"]])),
            schedule=None if draw(rare) else SCHEDULES[draw(st.integers(0, 2))],
            excluded=draw(rare),
        )
        if draw(rare):
            scene.leave.append((name, date(2026, 3, 4), date(2026, 3, 5)))
        if draw(rare):
            scene.flag(draw(st.sampled_from(["WT1", "WT2", "WT3", "LD1", "ES2"])), name)
        for ticket in range(draw(st.sampled_from([0, 1, 2, 9]))):
            group = draw(st.sampled_from(scene.people[-1]["groups"]))
            scene.ticket(f"t{10 * number + ticket:02}", name, group=group, hard=draw(rare))
    for team in ("north", "south"):
        scene.flag("LD4", team, kind="team")
    return scene


@given(data=st.data())
@examples(60)
def test_tickets_go_to_nobody_who_is_left_out_away_light_flagged_or_declined_them(data, make_scene):
    situation = data.draw(crowded_teams(make_scene)).situation(history=data.draw(histories()), light=frozenset("F"))
    here = people_now(situation)
    active = [flag["subject"] for flag in situation.flags if flag["state"] == "active"]
    flagged = {subject["id"] for subject in active if subject["kind"] == "agent"}
    for move in (move for proposal in propose(situation).proposals for move in proposal.moves):
        receiver = here.people[move.receiver]
        assert move.giver in here.people
        assert move.group in receiver.groups
        assert receiver.scheduled
        assert not receiver.on_leave
        assert move.receiver not in flagged | {"F"}
        assert (move.ticket, move.receiver) not in situation.history.refused
        assert move.ticket not in situation.history.pending


@given(data=st.data())
@examples(40)
def test_nothing_is_proposed_for_who_is_left_out(data, looked_at):
    situation = data.draw(looked_at).situation(history=data.draw(histories()))
    subjects = {p.subject.id for p in propose(situation).proposals if p.subject.kind == "agent"}
    assert not subjects & people_now(situation).left_out


@given(data=st.data())
@examples(40)
def test_times_are_in_order_and_texts_name_nobody_else(data, looked_at):
    situation = data.draw(looked_at).situation(history=data.draw(histories()))
    for proposal in propose(situation).proposals:
        assert situation.as_of <= proposal.lead_from < proposal.expires_at
        assert set(proposal.texts) == {"en", "nl"}
        others = [f"Name of {name}" for name in NAMES if name != proposal.subject.id]
        for text in proposal.texts.values():
            assert not any(f"{' '.join(other.split())}:" in text for other in others)
            assert "\n" not in text
