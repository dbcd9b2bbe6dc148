from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.dialects import postgresql

from helpdesk_wellbeing.deliveries import LONGEST_KEY, Delivery, Receipt, delivery_key, from_json, to_json
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.store import inbox

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def box(store):
    store.create_account("globex")
    return store.inbox


def a_receipt(key: str = "event:1", account: str = "acme", late_s: float = 0.0) -> Receipt:
    delivery = Delivery(
        key, ({"id": f"webhook:{key}.0", "at": "2026-03-02T09:00:00+00:00", "kind": "created"},), ("35",)
    )
    return Receipt(account, delivery, MONDAY + timedelta(seconds=late_s))


def keys(box, account: str = "acme", most: int = 1000) -> list[str]:
    return [waiting.delivery.key for waiting in box.take(account, most)]


def test_a_key_counts_once_in_its_account(box):
    new = box.add_many([a_receipt("a"), a_receipt("b"), a_receipt("a"), a_receipt("a", "globex")])
    again = box.add_many([a_receipt("b"), a_receipt("c"), a_receipt("a", "globex")])

    assert (new, again) == ([True, True, False, True], [False, True, False])
    assert (keys(box), keys(box, "globex")) == (["a", "b", "c"], ["a"])


def test_comes_out_as_it_went_in_oldest_first(box):
    box.add_many([a_receipt("later", late_s=1.5), a_receipt("first")])

    first, later = box.take("acme")
    assert first.delivery == a_receipt("first").delivery
    assert (first.received, later.received) == (MONDAY, MONDAY + timedelta(seconds=1.5))
    assert keys(box, most=1) == ["first"]


def test_what_is_done_does_not_come_back(box):
    box.add_many([a_receipt("a"), a_receipt("b")])
    box.finish("acme", ["a"])

    assert box.add_many([a_receipt("a")]) == [False]
    assert keys(box) == ["b"]


def test_finishing_is_undone_with_the_work_it_belongs_to(store, box):
    box.add_many([a_receipt("a")])

    def work() -> None:
        with store.transaction():
            box.finish("acme", ["a"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()

    assert keys(box) == ["a"]


def test_accounts_do_not_touch_each_other(box):
    box.add_many([a_receipt("a"), a_receipt("a", "globex")])
    box.finish("globex", ["a"])
    box.fail("globex", ["a"], "no")
    box.forget("globex", MONDAY + timedelta(days=1))

    assert keys(box) == ["a"]
    assert box.take("acme")[0].tries == 0


def test_what_fails_again_and_again_is_set_aside(box):
    box.add_many([a_receipt("a"), a_receipt("b")])
    for _ in range(inbox.MOST_TRIES):
        assert "a" in keys(box)
        box.fail("acme", ["a"], "a column was odd")

    assert keys(box) == ["b"]
    assert box.depth() == {"acme": inbox.Depth(1, MONDAY, 1)}


def test_keys_are_forgotten_only_when_their_work_is_done(box):
    box.add_many([a_receipt("done"), a_receipt("waits"), a_receipt("young", late_s=60)])
    box.finish("acme", ["done", "young"])

    assert box.forget("acme", MONDAY + timedelta(seconds=60)) == 1
    assert box.add_many([a_receipt("done"), a_receipt("young")]) == [True, False]
    assert "waits" in keys(box)


def test_the_depth_names_only_accounts_where_something_waits(box):
    box.add_many([a_receipt("a", late_s=5), a_receipt("b"), a_receipt("c", "globex")])
    box.finish("globex", ["c"])

    assert box.depth() == {"acme": inbox.Depth(2, MONDAY, 0)}


def test_an_unknown_account_is_refused_with_all_that_came_along(box):
    with pytest.raises(ConfigError, match="nobody"):
        box.add_many([a_receipt("a"), a_receipt("b", "nobody")])

    assert keys(box) == []


def test_threads_that_offer_the_same_keys_store_each_once(box):
    offers = [[a_receipt(f"{number}") for number in range(start, start + 20)] for start in range(0, 40, 5)]
    with ThreadPoolExecutor(4) as pool:
        told = [new for news in pool.map(box.add_many, offers) for new in news]

    assert sum(told) == len(keys(box)) == 55


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_commits_of_the_inbox_survive_a_power_cut_and_others_stay_quick(store, box):
    def level() -> int:
        with store._database.reading() as connection:
            return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    box.add_many([a_receipt()])
    after_receipt = level()
    store.mark_dirty("acme")

    assert (after_receipt, level()) == (2, 1)


def test_the_statement_is_postgresql_too():
    text = str(inbox._insertion("postgresql").compile(dialect=postgresql.dialect()))

    assert "jsonb_array_elements" in text
    assert "ON CONFLICT DO NOTHING RETURNING" in text


@pytest.mark.parametrize("own", ["x" * 500, "with\nline", "☃", "\ud800", "a" * LONGEST_KEY])
def test_strange_keys_become_short_plain_ones(own):
    key = delivery_key("event", own)

    assert key.isascii()
    assert len(key) <= LONGEST_KEY
    assert key == delivery_key("event", own) != delivery_key("event", own + "x")


def test_a_delivery_without_anything_is_small():
    assert to_json(Delivery("a")) == "{}"
    assert from_json("a", "{}") == Delivery("a")
