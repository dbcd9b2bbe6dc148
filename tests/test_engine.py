"""Engine: however events come in and time is cut, the answer is the same, and it never looks ahead."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.rules.run import memory_schema
from helpdesk_wellbeing.settings import Settings, load_settings
from helpdesk_wellbeing.signals.base import FRAMES, Facts
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))


@pytest.fixture
def store(home):
    opened = open_store(load_settings())
    opened.create_account("demo", zone="Europe/Amsterdam")
    return opened


@pytest.fixture(scope="module")
def events(world):
    return world.events


def know_people(store, world):
    roster = world.roster
    for kind in ("people", "leave", "groups", "on_call"):
        getattr(store, f"replace_{kind}")("demo", "file", getattr(roster, kind))


def answer(store, as_of: datetime) -> str:
    engine = Engine(store, "demo", CATALOGUE)
    with store.writer("demo", "test"):
        engine.update()
    return json.dumps(check(engine.assess(as_of), CATALOGUE, gate=OPEN), indent=1)


def in_order(store, events, as_of):
    store.add_events("demo", events)


def shuffled_and_then_again_in_order(store, events, as_of):
    store.add_events("demo", events.sample(fraction=1.0, shuffle=True, seed=7))
    store.add_events("demo", events)


def in_25_small_batches(store, events, as_of):
    in_small_batches(store, events, 25)


def in_100_small_batches(store, events, as_of):
    in_small_batches(store, events, 100)


def in_small_batches(store, events, count):
    """Each has rows of every day."""
    mixed = events.sample(fraction=1.0, shuffle=True, seed=3)
    for batch in mixed.iter_slices(mixed.height // (count - 1)):
        store.add_events("demo", batch)


def day_by_day_with_a_check_each_week(store, events, as_of):
    for i, ((_,), day) in enumerate(
        events.with_columns(day=pl.col("at").dt.date()).partition_by("day", as_dict=True, maintain_order=True).items()
    ):
        store.add_events("demo", day.drop("day"))
        if i % 9 == 0:
            answer(store, day["at"].max())


def hour_by_hour_on_the_last_day_with_late_rows(store, events, as_of):
    hour_by_hour_with_late_rows(store, events, as_of - timedelta(days=1))


def hour_by_hour_on_the_last_two_days_with_late_rows(store, events, as_of):
    hour_by_hour_with_late_rows(store, events, as_of - timedelta(days=2))


def hour_by_hour_with_late_rows(store, events, since):
    store.add_events("demo", events.filter(pl.col("at") < since))
    recent = events.filter(pl.col("at") >= since).with_row_index()
    late = pl.col("index") % 37 == 0
    hours = recent.with_columns(hour=pl.col("at").dt.truncate("1h") + pl.when(late).then(timedelta(hours=5)))
    hours = hours.with_columns(pl.col("hour").fill_null(pl.col("at").dt.truncate("1h"))).sort("hour")
    for i, part in enumerate(hours.partition_by("hour", maintain_order=True)):
        store.add_events("demo", part.drop("index", "hour"))
        if i % 5 == 0:
            answer(store, part["at"].max())


def the_recent_half_first(store, events, as_of):
    middle = as_of - timedelta(weeks=4)
    store.add_events("demo", events.filter(pl.col("at") >= middle))
    answer(store, as_of)
    store.add_events("demo", events.filter(pl.col("at") < middle))


@pytest.fixture(scope="module")
def filled(tmp_path_factory, world):
    home = tmp_path_factory.mktemp("filled")
    with open_store(Settings(home, f"sqlite:///{home}/wellbeing.db")) as store:
        store.create_account("demo", zone="Europe/Amsterdam")
        know_people(store, world)
        store.add_events("demo", world.events)
        yield store


@pytest.fixture(scope="module")
def expected(filled, world):
    return answer(filled, world.as_of)


@pytest.fixture
def folded(home, filled, expected):
    """A store of the test's own that has everything and has answered."""
    shutil.copytree(Path(filled.place).parent, home)
    with open_store(load_settings()) as store:
        yield store


@pytest.fixture(scope="module")
def facts(filled, world):
    return Engine(filled, "demo", CATALOGUE).assess(world.as_of).facts


@pytest.mark.parametrize(
    "arrive",
    [
        shuffled_and_then_again_in_order,
        pytest.param(in_25_small_batches, marks=pytest.mark.prove),
        pytest.param(in_100_small_batches, marks=pytest.mark.prove),
        pytest.param(day_by_day_with_a_check_each_week, marks=pytest.mark.prove),
        pytest.param(hour_by_hour_on_the_last_day_with_late_rows, marks=pytest.mark.prove),
        pytest.param(hour_by_hour_on_the_last_two_days_with_late_rows, marks=pytest.mark.prove),
        pytest.param(the_recent_half_first, marks=pytest.mark.prove),  # each time on PostgreSQL, see below
    ],
    ids=lambda arrive: arrive.__name__,
)
def test_the_answer_does_not_depend_on_how_events_arrive(store, world, expected, arrive):
    know_people(store, world)

    arrive(store, world.events, world.as_of)

    assert answer(store, world.as_of) == expected


def test_what_was_planted_is_found_and_no_innocent_is_flagged(expected, world):
    from helpdesk_wellbeing.demo import judge

    verdict = judge(json.loads(expected)["flags"], world)

    assert not verdict.missed
    assert not verdict.wrong


def test_an_answer_never_looks_ahead(store, world):
    know_people(store, world)
    then = world.as_of - timedelta(days=10, hours=7)
    store.add_events("demo", world.events.filter(pl.col("at") <= then))
    lived = answer(store, then)

    store.add_events("demo", world.events)

    assert answer(store, then) == lived


def test_a_backtest_tells_the_changes_that_living_through_would_have_shown(folded, world):
    store = folded
    engine = Engine(store, "demo", CATALOGUE)

    history = engine.history(world.as_of - timedelta(days=21), world.as_of)

    on_now = {(f["rule"], f["subject"]["id"]) for f in json.loads(answer(store, world.as_of))["flags"]}
    raised = {(r, s) for r, s, to in history.select("rule", "subject", "to").iter_rows() if to in ("warn", "critical")}
    cleared = {(r, s) for r, s, to in history.select("rule", "subject", "to").iter_rows() if to == "cleared"}
    assert raised
    assert raised - cleared <= on_now | {k for k in raised if k[1] in _silent(store, world)}


def _silent(store, world):
    outcome = Engine(store, "demo", CATALOGUE).assess(world.as_of)
    return {*outcome.facts.shared, *(entry["agent"] for entry in outcome.review)}


def test_an_engine_that_is_kept_between_looks_answers_like_a_new_one(store, world):
    know_people(store, world)
    begin = world.as_of - timedelta(hours=26)
    store.add_events("demo", world.events.filter(pl.col("at") < begin))
    recent = world.events.filter(pl.col("at") >= begin).with_row_index()
    kept = Engine(store, "demo", CATALOGUE)

    for minutes in (5, 12, 61, 390, 395, 1500):
        now = begin + timedelta(minutes=minutes)
        late = recent.filter((pl.col("index") % 5 == 0) & (pl.col("at") < now - timedelta(minutes=45)))
        prompt = recent.filter((pl.col("index") % 5 > 0) & (pl.col("at") < now))
        store.add_events(
            "demo", pl.concat([late, prompt]).drop("index").filter(pl.col("at") > now - timedelta(hours=3))
        )
        with store.writer("demo", "test"):
            kept.update()
        outcome = kept.assess(now)
        again = Engine(store, "demo", CATALOGUE).assess(now)
        assert check(outcome, CATALOGUE, gate=OPEN) == check(again, CATALOGUE, gate=OPEN)


def rounds(stepwise):
    """What a stepwise signal yields while nothing is on."""
    frame = next(stepwise, None)
    while frame is not None:
        yield frame
        try:
            frame = stepwise.send(frozenset())
        except StopIteration:
            return


def as_of(facts, until):
    """Facts as far as they were known then, roughly."""
    known = {"shifts": pl.col("end"), "loads": pl.col("at"), "hard": pl.col("at")}
    dated = {"days": pl.col("date"), "queues": pl.col("date"), "touches": pl.col("day"), "handled": pl.col("date")}
    cut = {name: getattr(facts, name).filter(column <= until) for name, column in known.items()}
    cut |= {name: getattr(facts, name).filter(column <= until.date()) for name, column in dated.items()}
    return {**vars(facts), **cut, "until": until, "as_of": False}


class Watched(Facts):
    """Facts that remember which of their frames were looked at."""

    def __getattribute__(self, name):
        if name in FRAMES:
            object.__getattribute__(self, "__dict__").setdefault("seen", set()).add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("rule", CATALOGUE.rules)
def test_a_signal_looks_only_at_the_facts_that_it_says_it_reads_and_wakes_for_every_row(facts, rule):
    signal = SIGNALS[CATALOGUE.rules[rule].signal]
    nothing = pl.DataFrame(schema=memory_schema(signal))

    for hour in range(0, 7 * 24, 2):
        until = facts.until - timedelta(hours=hour)
        watched = Watched(**{**as_of(facts, until), "since": until - timedelta(hours=2)})
        rows = rounds(signal.evaluate(watched, nothing)) if signal.memory else [signal.evaluate(watched)]
        found = sum(frame.filter(pl.col("at") <= until).height for frame in rows)
        seen = set(vars(watched).get("seen", ()))
        assert seen <= set(signal.reads)
        assert found == 0 or signal.wakes(watched)


def test_a_reader_before_the_first_fold_gets_the_same_answer(store, world, expected):
    know_people(store, world)
    store.add_events("demo", world.events)

    outcome = Engine(store, "demo", CATALOGUE).assess(world.as_of)

    assert json.dumps(check(outcome, CATALOGUE, gate=OPEN), indent=1) == expected


def test_at_an_instant_before_the_first_event_nothing_is_known(store, world):
    from helpdesk_wellbeing.errors import ConfigError

    store.add_events("demo", world.events.head(10))

    with pytest.raises(ConfigError, match="the first event is of"):
        Engine(store, "demo", CATALOGUE).assess(datetime(2020, 1, 1, tzinfo=UTC))


def test_the_answer_does_not_depend_on_the_database(new_database, world, expected):
    with open_store(new_database()) as store:
        store.create_account("demo", zone="Europe/Amsterdam")
        know_people(store, world)

        the_recent_half_first(store, world.events, world.as_of)

        assert answer(store, world.as_of) == expected


def test_an_answer_is_of_one_state_of_the_store_whatever_a_writer_does_meanwhile(folded, world, expected, monkeypatch):
    store = folded
    reader = Engine(store, "demo", CATALOGUE)
    look_up = reader._resume

    def interrupted(not_after: datetime) -> datetime | None:
        found = look_up(not_after)
        with store.writer("demo", "test"):
            store.drop_checkpoints_after("demo", datetime(1, 1, 1, tzinfo=UTC))
            store.drop_pieces_from("demo", datetime(1, 1, 1, tzinfo=UTC))
        return found

    monkeypatch.setattr(reader, "_resume", interrupted)

    assert json.dumps(check(reader.assess(world.as_of), CATALOGUE, gate=OPEN), indent=1) == expected
