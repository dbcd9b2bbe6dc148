"""What a worker keeps between runs."""

from __future__ import annotations

import threading

import pytest

from helpdesk_wellbeing.errors import StoreBusy
from helpdesk_wellbeing.pipeline.counts import Counts
from helpdesk_wellbeing.pipeline.warm import Lanes, Turns, Warm


def test_the_accounts_used_last_stay_warm():
    made: list[str] = []
    warm = Warm(lambda account: made.append(account) or object(), most=2)

    first = warm.of("a")
    assert warm.of("a") is first
    for account in ("b", "a", "c", "a", "b"):
        warm.of(account)

    assert made == ["a", "b", "c", "b"]
    assert len(warm) == 2


def test_after_trouble_an_engine_is_made_anew():
    warm = Warm(lambda account: object(), most=2)
    first = warm.of("a")

    warm.drop("a")

    assert warm.of("a") is not first


def test_two_threads_never_work_on_one_account_but_on_two():
    turns = Turns()
    with turns.turn("a", 0.0), turns.turn("b", 0.0), pytest.raises(StoreBusy), turns.turn("a", 0.0):
        pass
    with turns.turn("a", 0.0):
        waits = threading.Thread(target=lambda: turns.turn("a", 5.0).__enter__())
        waits.start()
    waits.join(5.0)
    assert not waits.is_alive()


def test_counts_go_by_account():
    counts = Counts()
    counts.evaluated("acme", 0.25)
    counts.evaluated("acme", 0.5)
    counts.pulled("beta", "news")
    counts.step("pull")

    assert counts.snapshot() == {
        "evaluations": {"acme": {"count": 2, "seconds": 0.75}},
        "pulls": {"beta": {"news": 1}},
        "steps": {"pull": 1},
    }


def test_what_takes_long_holds_up_nothing_quick_and_only_one_of_each_goes_on():
    lanes, order = Lanes(), []

    def quick():
        with lanes.lane(quick=True):
            order.append("quick")

    with lanes.lane(quick=False):
        quick()
        with lanes.lane(quick=True):
            another = threading.Thread(target=quick)
            another.start()
            another.join(0.1)
            order.append("first")
        another.join(5)

    assert order == ["quick", "first", "quick"]
