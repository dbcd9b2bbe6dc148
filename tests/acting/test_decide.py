from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_wellbeing.acting.decide import Decided, Skip, decide, without_assignee
from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    MOVED_TAG,
    SUGGESTED_TAG,
    Seen,
    after,
    change_to_json,
    state_to_json,
)
from tests.acting_helpdesk import MONDAY

ASKED = {"giver": "anna", "receiver": "ben", "group": "g1", "note": "moved"}
SEEN = Seen("1", "open", "anna", "g1", frozenset({"vip"}), None, "2026-03-02T08:00:00Z")


def applied(seen, change):
    kept = {n: getattr(change, n) for n in ("assignee", "group", "label") if getattr(change, n) is not KEEP}
    return replace(seen, **kept, tags=seen.tags if change.tags is None else change.tags)


def undo_of(seen, decided, later):
    before = state_to_json(seen)
    asked = {"before": before, "after": after(before, change_to_json(decided.change)), "note": "undone"}
    return decide("undo", asked, later, MONDAY)


def test_a_move_sets_the_receiver_a_tag_the_label_and_a_note_and_leaves_the_group():
    change = decide("move", ASKED, SEEN, MONDAY).change

    assert (change.assignee, change.group, change.label, change.note) == ("ben", KEEP, "moved", "moved")
    assert change.tags == {"vip", MOVED_TAG}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"assignee": "cleo"}, "moved by somebody else"),
        ({"assignee": None}, "moved by somebody else"),
        ({"group": "g2"}, "group changed"),
        ({"status": "solved"}, "solved"),
        ({"problem": "merged"}, "merged"),
        ({"problem": "gone"}, "gone"),
        ({"problem": "closed"}, "closed"),
    ],
)
def test_a_ticket_that_is_not_as_it_was_stays(state, reason):
    assert decide("move", ASKED, replace(SEEN, **state), MONDAY) == Skip(reason)
    assert decide("suggest", ASKED, replace(SEEN, **state), MONDAY) == Skip(reason)


@pytest.mark.parametrize(("minutes", "stays"), [(59, True), (-59, True), (61, False), (-61, False)])
def test_a_ticket_that_came_within_an_hour_of_its_sla_limit_stays(minutes, stays):
    asked = {**ASKED, "next_sla": (MONDAY + timedelta(minutes=minutes)).isoformat()}

    assert (decide("move", asked, SEEN, MONDAY) == Skip("about to breach")) is stays
    shown = replace(SEEN, next_sla=asked["next_sla"])
    assert (decide("move", ASKED, shown, MONDAY) == Skip("about to breach")) is stays


def test_a_suggestion_leaves_the_assignee_and_can_be_taken_off_without_a_trace_in_labels():
    seen = replace(SEEN, label="theirs")
    suggested = applied(seen, decide("suggest", ASKED, seen, MONDAY).change)

    assert suggested.assignee == "anna"
    assert SUGGESTED_TAG in suggested.tags
    cleared = decide("clear", {}, suggested, MONDAY).change
    assert SUGGESTED_TAG not in applied(suggested, cleared).tags
    assert cleared.note is None


tags = st.frozensets(st.sampled_from(["vip", "bug", MOVED_TAG, SUGGESTED_TAG, "ä"]))
seens = st.builds(
    lambda tags, label: replace(SEEN, tags=tags, label=label), tags, st.sampled_from([None, "moved", "suggested", "x"])
)


@given(seens, st.sampled_from(["move", "suggest"]))
def test_undoing_at_once_gives_back_exactly_what_was_there(seen, kind):
    decided = decide(kind, ASKED, seen, MONDAY)
    later = applied(seen, decided.change)
    undone = undo_of(seen, decided, later)

    if isinstance(undone, Skip):
        assert undone.reason == "nothing to undo"
        assert state_to_json(later) == state_to_json(seen)
    else:
        assert state_to_json(applied(later, undone.change)) == state_to_json(seen)
        assert undone.not_restored == ()


others = st.fixed_dictionaries(
    {},
    optional={
        "assignee": st.sampled_from([None, "cleo", "anna"]),
        "group": st.sampled_from(["g2", "g1"]),
        "label": st.sampled_from(["theirs", None]),
        "tags": tags,
    },
)


@given(seens, others)
def test_undoing_never_changes_what_somebody_else_has_set_since(seen, touched):
    decided = decide("move", ASKED, seen, MONDAY)
    left = applied(seen, decided.change)
    later = replace(left, **touched)
    undone = undo_of(seen, decided, later)
    end = applied(later, undone.change) if isinstance(undone, Decided) else later

    for name in ("assignee", "group", "label"):
        if getattr(later, name) != getattr(left, name):
            assert getattr(end, name) == getattr(later, name), name
    assert end.tags - later.tags <= seen.tags
    assert later.tags - end.tags <= {MOVED_TAG}


def test_undoing_says_what_it_leaves_because_somebody_else_set_it():
    decided = decide("move", ASKED, SEEN, MONDAY)
    later = replace(applied(SEEN, decided.change), assignee="cleo")
    undone = undo_of(SEEN, decided, later)

    assert undone.not_restored == ("assignee",)
    assert undone.change.assignee is KEEP
    assert undone.change.tags == {"vip"}


def test_when_the_former_assignee_cannot_have_it_back_the_labels_go_all_the_same():
    decided = decide("move", ASKED, SEEN, MONDAY)
    less = without_assignee(undo_of(SEEN, decided, applied(SEEN, decided.change)))

    assert less.not_restored == ("assignee",)
    assert (less.change.assignee, less.change.tags) == (KEEP, {"vip"})
