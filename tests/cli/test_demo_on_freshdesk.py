"""`demo --platform freshdesk`: connected late, told by its app from then on, and beside the same team's Zendesk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.cli import cli, demo_compare, demo_freshdesk
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.cli.demo_compare import Column
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, Clock

PLANTED = 15


def said_of(world, *, without=()):
    """An answer of `check` that flags what is planted, but for some signals."""
    flags = [
        {"signal": planted.signal, "subject": {"kind": planted.subject_kind, "id": planted.subject}}
        for planted in world.planted
        if planted.signal not in without
    ]
    return {"flags": flags, "not_assessable": []}


def gap(planted, reason):
    return {
        "signal": planted.signal,
        "subject": {"kind": planted.subject_kind, "id": planted.subject},
        "reason": reason,
    }


def test_what_is_planted_is_found_missed_or_not_assessable(world):
    answer = said_of(world, without=["LD1", "LD4"])
    lost = next(planted for planted in world.planted if planted.signal == "LD1")
    column = Column.of("Freshdesk", answer | {"not_assessable": [gap(lost, "no baseline")]}, world)
    told = {planted.signal: outcome for planted, outcome in zip(world.planted, column.outcomes, strict=True)}
    assert (told["LD1"], told["LD4"], told["ES1"]) == ("no baseline", "MISSED", "found")
    assert not column.is_right


def test_a_platform_is_right_when_nothing_is_missed_and_nobody_flagged_for_nothing(world):
    nobody = {"signal": "WT1", "subject": {"kind": "agent", "id": "nobody"}}
    answer = said_of(world)
    assert Column.of("Zendesk", answer, world).is_right
    assert not Column.of("Zendesk", answer | {"flags": [*answer["flags"], nobody]}, world).is_right


def test_the_table_says_why_something_is_not_assessable(world, capsys):
    lost = next(planted for planted in world.planted if planted.signal == "LD1")
    late = said_of(world, without=["LD1"]) | {"not_assessable": [gap(lost, "no baseline")]}
    columns = [Column.of("Zendesk", said_of(world), world), Column.of("Freshdesk", late, world)]
    demo_compare.show(world, columns)
    shown = capsys.readouterr().out
    assert f"  LD1  agent {lost.subject}          found    no baseline\n" in shown
    assert "  no baseline: how tickets stood, and who changed them, is known since the connection" in shown
    assert "too few days:" not in shown


def test_what_people_did_is_told_by_its_app_after_the_connection_and_by_what_they_wrote_before(
    world, home, monkeypatch
):
    monkeypatch.setattr(demo_freshdesk, "CONNECTED", timedelta(hours=12))
    began = pl.col("at").min().over("ticket") > world.as_of - timedelta(days=2)
    little = replace(world, events=world.events.filter(began))
    clock = Clock(little.as_of)
    with demo_freshdesk.front(demo_freshdesk.beginning(little), lambda: clock.at) as front, open_store() as store:
        demo_freshdesk.connect(store, front)
        demo_freshdesk.read(store, front, little, clock)
        found = store.read_events(ACCOUNT)

    since = demo_freshdesk.connected_at(little)
    is_shown = pl.col("after") != "open"  # new and open are one status there
    by_agents = [pl.col("actor_kind") == "agent", pl.col("kind").is_in(["status", "assigned"]), is_shown]
    happened, told = (events.filter(*by_agents) for events in (little.events, found))
    assert told.filter(pl.col("at") < since).is_empty()
    assert saves(told) == saves(happened.filter(pl.col("at") >= since, pl.col("actor").is_in(told["actor"].implode())))
    written = pl.col("kind").is_in(["replied", "noted"]) & (pl.col("actor_kind") == "agent")
    writers = set(little.events.filter(written)["actor"]) | set(
        world.roster.users_who_are("integration")
    )  # not told apart
    assert set(found.filter(written)["actor"]) == writers


def saves(events):
    return set(events.select("ticket", "kind", "actor").iter_rows())


@pytest.mark.prove
@pytest.mark.parametrize("weeks", [3, 6])
def test_the_same_team_leads_to_the_same_flags_as_far_as_the_platform_shows_it(weeks, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_freshdesk, "CONNECTED", timedelta(weeks=weeks))

    ran = CliRunner().invoke(cli, ["demo", "--platform", "freshdesk", "--keep", str(tmp_path / "kept")])

    assert ran.exit_code == 0, ran.output
    assert "MISSED" not in ran.stdout
    assert ran.stdout.count("\n  found ") >= {3: 12, 6: 14}[weeks]
    assert "14 of 14 innocents left alone, 0 flags that nobody planted" in ran.stdout
    assert "undone; 4 of 4 are back with whom they were" in ran.stdout
    assert "LIVE" in ran.stdout
