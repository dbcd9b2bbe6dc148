"""What webhooks bring counts early, and gives way to what a pull brings."""

from __future__ import annotations

import json
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


# ---- told for good --------------------------------------------------------------------------------------------------


def told(minute: float, kind: str = "status", **more: str) -> dict[str, str]:
    return (
        reply(minute, id=f"app:{minute}", kind=kind, grade="A", **({"after": "solved"} if kind == "status" else {}))
        | more
    )


def learned(store, **roster: object) -> None:
    store.set_meta("acme", "roster", json.dumps(roster))


def test_what_an_app_event_told_is_an_event_for_good(store):
    deliver(store, told(1))

    assert take_in(store, "acme").events == 1
    assert store.read_events("acme")["id"].to_list() == ["app:1"]
    store.commit_page("acme", page(empty(), MONDAY + timedelta(hours=1)))
    assert ids(store) == ["app:1"]
    deliver(store, told(1), key="again")
    assert take_in(store, "acme").events == 0


def test_an_event_that_a_pull_gives_too_is_one_in_either_order(store):
    name = {"id": "conversation:9", "kind": "replied"}
    deliver(store, told(1, **name))
    take_in(store, "acme")
    row = conform(pl.DataFrame([reply(1, **name)]), "acme")[0]
    assert store.commit_page("acme", page(row, None)).repeated == 1

    later = conform(pl.DataFrame([reply(2, id="conversation:10")]), "acme")[0]
    store.commit_page("acme", page(later, None))
    deliver(store, told(2, id="conversation:10", kind="replied"))
    assert take_in(store, "acme").events == 0
    assert ids(store) == ["conversation:9", "conversation:10"]


def test_what_our_own_user_did_is_no_agents_work(store):
    learned(store, automation=["12"])
    deliver(store, told(1), told(2, actor="12"), told(3, actor="12", actor_kind="system"))
    take_in(store, "acme")

    assert store.read_events("acme")["actor_kind"].to_list() == ["agent", "integration", "system"]


@pytest.mark.parametrize(("statuses", "words"), [({}, ("pending", "pending")), ({"6": "hold"}, ("hold", "pending"))])
def test_the_accounts_own_statuses_mean_what_the_last_pull_learned(store, statuses, words):
    learned(store, statuses=statuses)
    deliver(store, told(1, before="open", before_code="2", after="pending", after_code="6"),
            told(2, kind="created", status="pending", status_code="7"))  # fmt: skip
    take_in(store, "acme")

    events = store.read_events("acme")
    assert (events["after"][0], events["status"][1]) == words


def test_a_change_between_two_statuses_of_one_meaning_is_none(store):
    learned(store, statuses={"6": "hold", "7": "hold"})
    deliver(store, told(1, before="pending", before_code="6", after="pending", after_code="7"))

    assert take_in(store, "acme").events == 0


def test_the_echo_of_our_own_write_is_one_event_and_asks_for_one_look(store):
    """The write comes back as an app event, as a rule's webhook and in the poll that the webhook asks for."""
    learned(store, automation=["12"])
    deliver(store, told(1, kind="assigned", after="11", actor="12"))
    deliver(store, key="rule:7", tickets=("7",))

    taken = take_in(store, "acme")
    diff = reply(1, id="diff:7:assigned:11:1", kind="assigned", after="11", actor="", actor_kind="unknown",
                 started_at=MONDAY.isoformat())  # fmt: skip
    store.commit_page("acme", page(conform(pl.DataFrame([diff]), "acme")[0], None))

    assert (taken.tickets, taken.look, take_in(store, "acme").look) == (("7",), True, False)
    assert store.read_events("acme").select("id", "actor_kind").rows() == [("app:1", "integration")]


def test_arrivals_late_and_in_disorder_make_facts_dirty_from_the_oldest_on(store):
    with store.writer("acme", "test"):
        store.set_clean("acme")
    deliver(store, told(90))
    deliver(store, told(-60 * 24 * 6, before="open"))
    take_in(store, "acme")

    assert store.dirty_since("acme") == MONDAY - timedelta(days=6)
    assert len(ids(store)) == 2


def test_a_delivery_without_events_or_tickets_may_ask_for_a_look(store):
    store.inbox.add_many([Receipt("acme", Delivery("fields", look=True), MONDAY)])

    taken = take_in(store, "acme")
    assert (taken.tickets, taken.look) == ((), True)
