"""The sections of the bench run on small sizes; no time is judged here."""

from __future__ import annotations

import polars as pl
import pytest

from bench import credits, days, plan, pull, receipt, river
from bench.measuring import alone, peak_mb, seconds
from helpdesk_wellbeing.demo.bulk import bulk_directory, bulk_events
from helpdesk_wellbeing.facts.fold import FoldContext

SMALL = 20_000


@pytest.fixture(scope="module")
def world():
    return pl.concat(bulk_events(SMALL, 20, 4, seed=1)), bulk_directory(20)


def test_the_fold_by_hand_in_polars_gives_the_same_rows(world):
    events, directory = world
    ours = days.ours(events, FoldContext("Europe/Amsterdam", 0, directory))
    assert ours["days"].height > 300
    assert days.differences(ours, days.by_hand_in_polars(events, directory.people)) == 0


def test_the_fold_by_hand_in_duckdb_gives_the_same_rows(world, tmp_path):
    pytest.importorskip("duckdb")
    events, directory = world
    peer = days.ByHandInDuckdb(events, directory.people, tmp_path)
    peer.fold()
    assert days.differences(days.ours(events, FoldContext("Europe/Amsterdam", 0, directory)), peer.results()) == 0


def test_a_row_that_differs_is_counted(world):
    events, directory = world
    ours = days.ours(events, FoldContext("Europe/Amsterdam", 0, directory))
    one_more = pl.col("tickets") + (pl.int_range(pl.len()) == 7).cast(pl.Int32)
    assert days.differences(ours, {**ours, "days": ours["days"].with_columns(tickets=one_more)}) == 1


def test_the_river_runs_from_events_to_flags_and_takes_new_events_on_top(tmp_path):
    world = river.World(SMALL, weeks=4)
    filled = river.fill(world, tmp_path)
    assert filled.events > 0.8 * SMALL
    assert river.cold(tmp_path).flags > 0
    assert 1 <= len(river.fresh(tmp_path)) <= river.BATCHES


def test_the_short_history_is_a_tenth_as_dense_as_the_long_one(tmp_path):
    world = river.World(60_000, weeks=10)
    for name in ("long", "short"):
        (tmp_path / name).mkdir()
    long, short = river.fill(world, tmp_path / "long"), river.fill(world.tenth(), tmp_path / "short")
    assert 0.07 < short.events / long.events < 0.13


def test_the_readers_read_every_row_of_the_simulated_platform(tmp_path):
    with pull.simulated(300, 2) as access:
        ours, bare = pull.ours(access, tmp_path), pull.bare_loop(access, tmp_path)
    assert ours.rows["tickets"] == bare.rows["tickets"] == 300
    assert ours.rows["ticket_events"] == bare.rows["ticket_events"] >= 600
    assert ours.requests > 0


def test_measuring_gives_seconds_and_megabytes_of_a_process_of_its_own():
    assert seconds(lambda: None, 3) >= 0
    assert 1 < alone(peak_mb) < 1000


@pytest.mark.parametrize("role", ["web", pytest.param("all", marks=pytest.mark.prove)])
def test_every_call_of_the_load_generator_is_answered_and_stored_once(role, tmp_path):
    rows = {line["what"].strip(): line["measured"] for line in receipt.measure(100, 4, role, tmp_path)}

    assert rows["answers by status"] == "200: 100"
    assert rows["stored, of as many as were different"] == "180 of 180"


def test_the_plan_is_held_against_a_milp_and_against_plainer_ways():
    asked = plan.question(60, 12, seed=1)
    ours, desk = plan.rebalance(asked), plan.desk_of(asked)
    best = plan.proven(desk, 2.0)

    assert best.bound - 1e-6 <= ours.objective <= 1.01 * best.objective
    assert ours.bound <= best.objective + 1e-6
    lines = {line["what"].strip(): line["measured"] for line in plan.peers(asked, ours)}
    costs = {what: float(measured.split()[0].replace(",", "")) for what, measured in lines.items()}
    assert min(costs, key=costs.__getitem__) == "this plan"
    assert len(plan.speed(60, 10, "")[0]) == 3


def test_a_first_pull_of_a_freshdesk_account_takes_hardly_longer_than_its_quota_makes_it():
    filled = credits.backfill(300)

    assert filled.known == 300
    assert filled.bound <= filled.minutes <= filled.bound + 1


def test_the_bound_of_a_first_pull_counts_conversations_and_lists_against_what_the_reserve_leaves():
    assert credits.bound(10_000, "growth") == 73  # 10,300 credits, 140 a minute
    assert credits.bound(140, "growth") == 1  # three credits more than the first minute has
    assert credits.bound(100, "growth") == 0
