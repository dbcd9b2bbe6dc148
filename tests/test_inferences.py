"""Which inferred changes count beside what was told."""

from __future__ import annotations

from helpdesk_wellbeing.inferences import SLACK_US, Change, unexplained

S = 1_000_000


def test_one_told_change_does_not_explain_two():
    told = Change("app:1", "status", "solved", 100 * S)
    reopened = Change("diff:1", "status", "open", 101 * S, 90 * S)
    solved = Change("diff:2", "status", "solved", 150 * S, 101 * S)

    assert unexplained([told, reopened, solved]) == {"diff:1", "diff:2"}


def test_two_changes_within_the_slack_are_each_explained_by_their_own():
    told = [Change("app:1", "status", "solved", 100 * S), Change("app:2", "status", "open", 101 * S)]
    seen = [Change("diff:1", "status", "solved", 100 * S, 40 * S), Change("diff:2", "status", "open", 101 * S, 100 * S)]

    assert unexplained([*seen, *told]) == set()


def test_the_last_told_change_before_the_sight_decides():
    seen = Change("diff:1", "status", "solved", 100 * S, 0)
    there_and_back = [Change("app:1", "status", "solved", 10 * S), Change("app:2", "status", "open", 20 * S)]

    assert unexplained([seen, there_and_back[0]]) == set()
    assert unexplained([seen, *there_and_back]) == {"diff:1"}
    assert unexplained([seen, Change("app:3", "status", "solved", 100 * S + SLACK_US)]) == set()
    assert unexplained([seen, Change("app:3", "status", "solved", 100 * S + SLACK_US + 1)]) == {"diff:1"}
    assert unexplained([seen, Change("app:3", "priority", "solved", 50 * S)]) == {"diff:1"}
