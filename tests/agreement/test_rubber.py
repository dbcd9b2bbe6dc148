"""Whether people decide, or only click."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_wellbeing.agreement.rubber import Decision, decisions_in, rubber_stamping, stamping_of
from tests.agreement.conftest import AT


def decisions(count, seconds, declined=0):
    return [Decision(AT, AT + timedelta(seconds=seconds), n >= declined) for n in range(count)]


@pytest.mark.parametrize(
    ("made", "noticed"),
    [
        (decisions(20, 4), True),
        (decisions(19, 4), False),
        (decisions(20, 10), False),
        (decisions(20, 4, declined=1), False),  # 95 % is not above 95 %
        (decisions(40, 9, declined=1), True),
        (decisions(11, 4) + decisions(9, 4000), True),
        (decisions(9, 4) + decisions(11, 4000), False),
    ],
)
def test_accepting_everything_within_seconds_is_noticed(made, noticed):
    assert (rubber_stamping(made) is not None) is noticed


def test_it_is_said_in_one_line_without_names():
    assert str(rubber_stamping(decisions(40, 4))).startswith(
        "100% of the last 40 suggestions were accepted, half of them within 4 s of being seen"
    )


def test_decisions_are_read_from_the_audit(store):
    def add(seconds, what, **body):
        store.audit.add("acme", AT + timedelta(seconds=seconds), what, **body)

    add(0, "looked", by="zoe", proposals=["p1", "p2", "p3"])
    add(3, "accepted", by="zoe", proposal="p1")
    add(5, "looked", by="zoe", proposals=["p2"])
    add(60, "declined", by="zoe", proposal="p2", reason="not needed")
    add(61, "accepted", by="standing approval of admin", proposal="p3")
    add(62, "accepted", by="zoe", proposal="never shown")

    found = decisions_in(store.audit.entries("acme"))

    waits = [((one.decided_at - one.shown_at).total_seconds(), one.accepted) for one in found]
    assert waits == [(3.0, True), (60.0, False)]
    assert stamping_of(store, "acme", AT) is None


def test_what_lies_long_back_counts_no_more(store):
    with store.transaction():
        for n in range(20):
            store.audit.add("acme", AT, "looked", by="zoe", proposals=[f"p{n}"])
            store.audit.add("acme", AT + timedelta(seconds=2), "accepted", by="zoe", proposal=f"p{n}")

    assert stamping_of(store, "acme", AT + timedelta(days=1)).decisions == 20
    assert stamping_of(store, "acme", AT + timedelta(days=61)) is None
