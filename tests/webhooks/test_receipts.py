from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.errors import StoreError
from webhooks.receipts import NotKept, Receipts


def a_receipt(number: int = 1, account: str = "acme") -> Receipt:
    return Receipt(account, Delivery(f"event:{number}"), datetime(2026, 3, 2, tzinfo=UTC))


class Slow:
    """A commit that waits until it may go on, and remembers what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, receipts):
        self.begun.set()
        self.may_end.wait(10)
        self.batches.append([receipt.delivery.key for receipt in receipts])
        return [True] * len(receipts)


def wait_for_depth(receipts: Receipts, depth: int) -> None:
    for _ in range(1000):
        if receipts.depth == depth:
            return
        threading.Event().wait(0.01)
    raise AssertionError(receipts.depth)


def test_what_arrives_during_a_commit_shares_the_next_one():
    commit = Slow()
    receipts = Receipts(commit)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(receipts.keep, a_receipt(0))
        commit.begun.wait(5)
        others = [pool.submit(receipts.keep, a_receipt(number)) for number in range(1, 6)]
        wait_for_depth(receipts, 5)
        assert not first.done()
        commit.may_end.set()

        assert [one.result() for one in (first, *others)] == [True] * 6
    assert [len(batch) for batch in commit.batches] == [1, 5]
    assert receipts.stop()


def test_a_failed_commit_fails_all_who_waited_and_is_logged_when_it_begins_and_ends(caplog):
    works = [False, False, True]

    def commit(receipts):
        if not works.pop(0):
            raise StoreError("store: the disk is full")
        return [True] * len(receipts)

    receipts = Receipts(commit)
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with pytest.raises(NotKept, match="the store failed"):
                receipts.keep(a_receipt())
        assert receipts.keep(a_receipt()) is True

    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    receipts.stop()


def test_a_delivery_that_cannot_be_stored_does_not_take_its_neighbours_along():
    started, may_go = threading.Event(), threading.Event()

    def commit(receipts):
        if [receipt.delivery.key for receipt in receipts] == ["event:0"]:
            started.set()
            may_go.wait(5)
        if any(receipt.account == "gone" for receipt in receipts):
            raise ValueError("no such account")
        return [True] * len(receipts)

    receipts = Receipts(commit)
    with ThreadPoolExecutor(8) as pool:
        pool.submit(receipts.keep, a_receipt(0))
        started.wait(5)
        good = [pool.submit(receipts.keep, a_receipt(number)) for number in (1, 2)]
        bad = pool.submit(receipts.keep, a_receipt(3, "gone"))
        wait_for_depth(receipts, 3)
        may_go.set()

        assert [one.result() for one in good] == [True, True]
        with pytest.raises(NotKept):
            bad.result()
    receipts.stop()


def test_too_many_who_wait_are_turned_away():
    commit = Slow()
    receipts = Receipts(commit, places=2)
    with ThreadPoolExecutor(4) as pool:
        kept = [pool.submit(receipts.keep, a_receipt(0))]
        commit.begun.wait(5)
        kept += [pool.submit(receipts.keep, a_receipt(number)) for number in (1, 2)]
        wait_for_depth(receipts, 2)

        with pytest.raises(NotKept, match="2 calls are waiting"):
            receipts.keep(a_receipt(3))
        commit.may_end.set()
        assert [one.result() for one in kept] == [True] * 3
    receipts.stop()


def test_who_waits_too_long_is_told_so_and_is_not_stored_later():
    commit = Slow()
    receipts = Receipts(commit, wait_s=0.2)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(receipts.keep, a_receipt(0))
        commit.begun.wait(5)
        with pytest.raises(NotKept, match="not stored within"):
            receipts.keep(a_receipt(1))
        with pytest.raises(NotKept):
            first.result()
        commit.may_end.set()
    receipts.stop()

    assert commit.batches == [["event:0"]]


def test_stopping_commits_what_waits_and_takes_no_more():
    commit = Slow()
    receipts = Receipts(commit)
    with ThreadPoolExecutor(4) as pool:
        kept = [pool.submit(receipts.keep, a_receipt(0))]
        commit.begun.wait(5)
        kept.append(pool.submit(receipts.keep, a_receipt(1)))
        wait_for_depth(receipts, 1)
        stopped = pool.submit(receipts.stop)
        commit.may_end.set()

        assert stopped.result() is True
        assert [one.result() for one in kept] == [True, True]
    with pytest.raises(NotKept, match="stopping"):
        receipts.keep(a_receipt(2))


def test_stopping_before_anything_came_is_immediate():
    assert Receipts(lambda receipts: []).stop() is True
