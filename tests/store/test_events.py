from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.store import Added, events, open_store
from helpdesk_wellbeing.store.fingerprints import fingerprints

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_what_is_stored_is_read_back_in_order_with_every_column(store, some_events):
    given = some_events(
        [
            {"id": "b", "at": MONDAY, "kind": "created", "status": "open", "priority": "high", "group": "g"},
            {"id": "a", "at": MONDAY, "actor": None, "actor_kind": "unknown", "grade": "B"},
            {"id": "c", "at": MONDAY - timedelta(days=400), "started_at": MONDAY, "due_at": MONDAY,
             "topic": "t", "before": "x", "after": "é", "channel": "other", "batch": "s1", "assignee": "9",
             "status": "deleted"},
        ]
    )  # fmt: skip

    assert store.add_events("acme", given) == Added(3, 0, MONDAY - timedelta(days=400))

    assert store.read_events("acme").equals(given.sort("at", "id"))
    assert store.read_events("acme").schema == SCHEMA


def test_an_id_counts_once_and_the_first_one_stays(store, some_events):
    store.add_events("acme", some_events([{"id": "a", "after": "first"}]))

    again = some_events([{"id": "a", "after": "other", "at": MONDAY + timedelta(days=9)}, {"id": "b"}, {"id": "b"}])

    assert store.add_events("acme", again) == Added(1, 2, MONDAY)
    assert store.read_events("acme").select("id", "after").rows() == [("a", "first"), ("b", None)]


def test_a_range_is_half_open_to_the_microsecond(store, a_series):
    store.add_events("acme", a_series(5, step_s=43_200))
    second, fourth = MONDAY + timedelta(hours=12), MONDAY + timedelta(hours=36)

    def ids(since, until):
        return store.read_events("acme", since, until)["id"].to_list()

    assert ids(second, fourth) == ["e000001", "e000002"]
    assert ids(second, fourth + timedelta(microseconds=1)) == ["e000001", "e000002", "e000003"]
    assert ids(second + timedelta(microseconds=1), fourth) == ["e000002"]
    assert ids(fourth, second) == []
    assert ids(None, MONDAY) == []


def test_columns_come_as_they_were_asked_for_even_when_nothing_has_a_value_in_them(store, a_series):
    store.add_events("acme", a_series(3))
    store.add_events("acme", a_series(2, prefix="f"))

    read = store.read_events("acme", columns=["topic", "kind", "account", "due_at"])

    assert dict(read.schema) == {name: SCHEMA[name] for name in ("topic", "kind", "account", "due_at")}
    assert read.height == 5
    assert read["topic"].null_count() == 5
    assert store.read_events("acme", columns=["topic"]).height == 5
    assert store.read_events("acme", MONDAY - timedelta(days=9), MONDAY, columns=["kind"]).schema == {
        "kind": SCHEMA["kind"]
    }
    with pytest.raises(ValueError, match="nonsense"):
        store.read_events("acme", columns=["nonsense"])


def test_a_column_that_is_empty_on_the_first_day_keeps_its_type_and_its_later_values(store, some_events):
    late = MONDAY + timedelta(days=3)
    store.add_events("acme", some_events([{"id": "a"}, {"id": "b", "at": late, "topic": "vpn", "due_at": late}]))

    read = store.read_events("acme")

    assert read.schema == SCHEMA
    assert read.select("topic", "due_at").rows() == [(None, None), ("vpn", late)]


def test_one_agents_events_are_those_the_agent_did(store, some_events):
    store.add_events("acme", some_events([{"id": "a", "actor": "1"}, {"id": "b", "actor": "2", "assignee": "1"}]))

    assert store.read_events("acme", agent="1")["id"].to_list() == ["a"]
    assert store.read_events("acme", agent="1", columns=["id"]).rows() == [("a",)]


def test_batches_are_even_and_together_are_everything(store, a_series):
    store.add_events("acme", a_series(1000))

    batches = list(store.iter_events("acme", batch=300))

    assert [b.height for b in batches] == [300, 300, 300, 100]
    assert pl.concat(batches).equals(store.read_events("acme"))


def test_a_walk_through_the_events_sees_one_state_while_others_write(store, a_series):
    store.add_events("acme", a_series(400))
    walk = store.iter_events("acme", batch=10)
    first = next(walk)

    store.add_events("acme", a_series(400, prefix="late"))

    assert first.height + sum(b.height for b in walk) == 400
    assert store.event_span("acme")[2] == 800


def test_the_span_is_known_without_reading(store, a_series):
    assert store.event_span("acme") == (None, None, 0)
    store.add_events("acme", a_series(3, step_s=60))

    assert store.event_span("acme") == (MONDAY, MONDAY + timedelta(minutes=2), 3)


def test_the_oldest_new_event_is_where_facts_stop_to_hold(store, a_series):
    assert store.dirty_since("acme") is None
    store.add_events("acme", a_series(2, start=MONDAY + timedelta(days=5)))
    assert store.dirty_since("acme") == MONDAY + timedelta(days=5)
    store.add_events("acme", a_series(2, prefix="x"))
    assert store.dirty_since("acme") == MONDAY
    store.add_events("acme", a_series(2, prefix="y", start=MONDAY + timedelta(days=9)))
    assert store.dirty_since("acme") == MONDAY

    store.set_clean("acme")
    store.add_events("acme", a_series(2))

    assert store.dirty_since("acme") is None


def test_events_of_another_account_are_refused(store, a_series):
    with pytest.raises(BadPayload, match="another account"):
        store.add_events("acme", a_series(2, account="other"))
    with pytest.raises(BadPayload, match="have no id"):
        store.add_events("acme", a_series(2).with_columns(id=pl.lit(None, pl.String)))
    with pytest.raises(BadPayload, match="topic"):
        store.add_events("acme", a_series(2).drop("topic"))
    with pytest.raises(ConfigError, match="there are: acme"):
        store.add_events("nobody", a_series(2))


def test_two_accounts_with_the_same_ids_never_mix(store, a_series):
    store.create_account("other")
    store.add_events("acme", a_series(10))

    assert store.add_events("other", a_series(4, account="other")) == Added(4, 0, MONDAY)

    assert store.event_span("acme")[2] == 10
    assert store.read_events("other")["account"].unique().to_list() == ["other"]
    assert store.read_events("acme")["account"].unique().to_list() == ["acme"]


def test_ids_with_the_same_fingerprint_are_still_different_events(store, a_series):
    def crowded(ids: pl.Series, salt: int) -> pl.Series:
        return fingerprints(ids, salt) % 7 + 7 * salt

    batch = a_series(40, step_s=7200)
    with store.transaction(), store._write("acme") as (connection, owner):
        first = events.add(connection, owner, batch.head(25), crowded)
        second = events.add(connection, owner, batch.sample(fraction=1, shuffle=True, seed=1), crowded)

    assert (first.new, second.new, second.repeated) == (25, 15, 25)
    assert store.read_events("acme").equals(batch)


def test_a_fingerprint_depends_on_the_id_alone():
    short = ["", "a", "a\0", "1234567", "12345678", "123456789", "é", "x" * 128]
    long = ["x" * 129, "x" * 4000]

    together = fingerprints(pl.Series([*short, *long])).to_list()
    alone = [fingerprints(pl.Series([one])).item() for one in [*short, *long]]

    assert together == alone
    assert len(set(together)) == len(together)
    assert min(together) >= 0
    assert fingerprints(pl.Series(["zendesk:4711"])).item() == 1584268850148256667


def test_a_day_of_many_small_pages_stays_in_few_chunks(store, a_series):
    for page in a_series(1000, step_s=1).iter_slices(10):
        store.add_events("acme", page)

    with store._read("acme") as (connection, _):
        chunks = connection.exec_driver_sql("SELECT count(*), sum(rows) FROM event_chunks").one()

    assert chunks[0] <= 10
    assert chunks[1] == 1000


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_split_shuffle_and_repetition_stores_the_same_set(data, tmp_path_factory, a_series):
    whole = a_series(60, step_s=5000)
    order = data.draw(st.permutations([*range(60), *data.draw(st.lists(st.integers(0, 59), max_size=20))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=6)))
    shuffled = whole[order]

    with open_store(f"sqlite:///{tmp_path_factory.mktemp('any')}/wellbeing.db") as store:
        store.create_account("acme")
        added = [
            store.add_events("acme", shuffled[start:end])
            for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)
        ]

        assert store.read_events("acme").equals(whole)
        assert sum(a.new for a in added) == 60
        assert sum(a.repeated for a in added) == len(order) - 60
        assert store.dirty_since("acme") == MONDAY
