"""What webhooks bring counts early, and gives way to what a pull brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.arrivals import take_in
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.events import conform, empty
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))


@pytest.fixture
def store(home):
    opened = open_store(load_settings())
    opened.create_account("acme", platform="zendesk")
    opened.create_account("other", platform="zendesk")
    return opened


def reply(minute: float, **more: str) -> dict[str, str]:
    at = (MONDAY + timedelta(minutes=minute)).isoformat()
    said = {"id": f"webhook:{minute}", "at": at, "ticket": "7", "kind": "replied", "grade": "B"}
    return {**said, "actor": "11", "actor_kind": "agent", **more}


def deliver(store, *events: dict[str, str], key: str | None = None, tickets: tuple[str, ...] = ()) -> None:
    name = key or "+".join(event["id"] for event in events)
    store.inbox.add_many([Receipt("acme", Delivery(name, events, tickets), MONDAY)])


def pulled(*minutes: float) -> pl.DataFrame:
    rows = [reply(minute, id=f"audit:{minute}", grade="A") for minute in minutes]
    return conform(pl.DataFrame(rows), "acme")[0]


def page(events: pl.DataFrame, covers: datetime | None) -> Page:
    return Page("ticket_events", events, events.height, "place", covers=covers)


def ids(store) -> list[str]:
    return store.all_events("acme", None, None)["id"].to_list()


def test_what_a_webhook_brought_is_read_beside_the_pulled_events(store):
    store.add_events("acme", pulled(0))
    deliver(store, reply(1), tickets=("7",))

    taken = take_in(store, "acme")

    assert (taken.deliveries, taken.events, taken.tickets) == (1, 1, ("7",))
    assert ids(store) == ["audit:0", "webhook:1"]
    assert store.read_events("acme")["id"].to_list() == ["audit:0"]
    assert store.all_events_span("acme") == (MONDAY, MONDAY + timedelta(minutes=1), 2)
    assert take_in(store, "acme").deliveries == 0


def test_provisional_events_give_way_as_soon_as_a_pull_covers_their_second(store):
    for minute in (1, 2, 3):
        deliver(store, reply(minute))
    take_in(store, "acme")

    store.commit_page("acme", page(pulled(1, 2), MONDAY + timedelta(minutes=2, seconds=1)))

    assert ids(store) == ["audit:1", "audit:2", "webhook:3"]


def test_a_webhook_that_comes_after_the_pull_adds_nothing(store):
    store.commit_page("acme", page(pulled(1), MONDAY + timedelta(minutes=2)))
    deliver(store, reply(1))
    deliver(store, reply(30))

    assert take_in(store, "acme").events == 1
    assert ids(store) == ["audit:1", "webhook:30"]


def test_an_older_page_never_uncovers_what_was_covered(store):
    store.commit_page("acme", page(empty(), MONDAY + timedelta(minutes=5)))
    store.commit_page("acme", page(empty(), MONDAY + timedelta(minutes=1)))
    deliver(store, reply(3))

    assert take_in(store, "acme").events == 0


def test_the_same_event_told_by_two_deliveries_counts_once(store):
    deliver(store, reply(1), key="a")
    deliver(store, reply(1), key="b")

    assert take_in(store, "acme").events == 1
    deliver(store, reply(1), key="c")
    assert take_in(store, "acme").events == 0
    assert ids(store) == ["webhook:1"]


def test_a_delivery_that_does_not_fit_is_set_aside_and_holds_up_no_other(store):
    deliver(store, reply(1), {**reply(2), "kind": "teleported"}, key="odd")
    deliver(store, reply(3), key="good")

    for _ in range(9):
        take_in(store, "acme")

    assert ids(store) == ["webhook:3"]
    assert store.inbox.depth()["acme"].set_aside == 1


def test_one_accounts_arrivals_are_not_anothers(store):
    deliver(store, reply(1))

    assert take_in(store, "other").deliveries == 0
    take_in(store, "acme")
    assert store.all_events("other", None, None).is_empty()


def test_new_arrivals_make_the_facts_dirty_from_their_time_on_and_so_does_giving_way(store):
    store.add_events("acme", pulled(0))
    with store.writer("acme", "test"):
        store.set_clean("acme")
    deliver(store, reply(4))
    take_in(store, "acme")
    assert store.dirty_since("acme") == MONDAY + timedelta(minutes=4)

    with store.writer("acme", "test"):
        store.set_clean("acme")
    store.commit_page("acme", page(empty(), MONDAY + timedelta(minutes=9)))
    assert store.dirty_since("acme") == MONDAY + timedelta(minutes=4)


def test_an_engine_that_runs_on_sees_the_agents_reply_at_once_and_counts_it_once_after_the_pull(store):
    store.add_events("acme", pulled(0, 1, 2))
    engine = Engine(store, "acme", CATALOGUE)

    def work_events(minute: int) -> int:
        with store.writer("acme", "test"):
            engine.update()
        days = engine.assess(MONDAY + timedelta(minutes=minute)).facts.days
        return int(days["work_events"].sum())

    before = work_events(10)
    deliver(store, reply(5))
    deliver(store, reply(6, kind="status", before="open", after="solved", actor_kind="unknown"))
    take_in(store, "acme")
    early = work_events(10)
    store.commit_page("acme", page(pulled(5), MONDAY + timedelta(minutes=8)))

    assert (before, early, work_events(10)) == (3, 4, 4)
