import os
from pathlib import Path

import polars as pl
import pytest

from connectors.eventlog import load_mapping, read_log

HERE = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("HELPDESK_WELLBEING_SHARED", HERE.parent / "shared")) / "data"
MAPPINGS = HERE / "docs" / "mappings"


def public_log(folder, file):
    path = SHARED / folder / file
    if not path.exists():
        pytest.skip(f"the public log {folder} is not on this machine")
    return read_log(path, "public", load_mapping(MAPPINGS / f"{folder}.toml"))


@pytest.fixture(scope="module")
def volvo():
    return public_log("volvo-incidents-2013", "incidents.csv.gz")


@pytest.fixture(scope="module")
def italian():
    return public_log("italian-helpdesk", "helpdesk_full.csv.gz")


def off_hours_share(events: pl.DataFrame, zone: str) -> float:
    hour = events["at"].dt.convert_time_zone(zone).dt.hour()
    return float(((hour < 8) | (hour >= 18)).mean())


def work_of(volvo, country):
    return volvo.events.filter(pl.col("actor").str.ends_with(f" / {country}"), pl.col("actor_kind") == "agent")


@pytest.mark.parametrize("name", sorted(path.stem for path in MAPPINGS.glob("*.toml")))
def test_every_mapping_we_ship_loads(name):
    assert load_mapping(MAPPINGS / f"{name}.toml").columns


def test_every_row_of_the_volvo_log_is_taken(volvo):
    assert (volvo.rows, volvo.repeated, volvo.refused, volvo.dropped, volvo.notes) == (65_533, 0, 0, 0, ())
    assert volvo.events["ticket"].n_unique() == 7_554


def test_siebel_is_automation(volvo):
    by_siebel = volvo.events.filter(pl.col("actor").str.starts_with("Siebel / "))

    assert len(by_siebel) > 6_000
    assert by_siebel["actor_kind"].unique().to_list() == ["integration"]
    assert volvo.events["assignee"].drop_nulls().str.contains("Siebel|Partner").sum() == 0


def test_half_of_a_brazilian_teams_work_is_off_hours_on_the_head_offices_clock(volvo):
    brazil = work_of(volvo, "Brazil")
    zones = volvo.people.filter(pl.col("agent").str.ends_with(" / Brazil"))["time_zone"].unique().to_list()

    assert zones == ["America/Sao_Paulo"]
    assert off_hours_share(brazil, "Europe/Brussels") > 0.5
    assert off_hours_share(brazil, "America/Sao_Paulo") < 0.13


def test_a_first_name_alone_would_make_one_person_of_many(volvo):
    agents = volvo.events.filter(pl.col("actor_kind") == "agent")["actor"].unique()

    assert agents.str.split(" / ").list.first().n_unique() < len(agents) - 200
    assert agents.str.starts_with("Michael / ").sum() > 3


def test_volvos_tiers_come_from_the_teams_names(volvo):
    assert dict(volvo.groups["tier"].value_counts().rows()) == {1: 235, 2: 306, 3: 108}


def test_every_row_of_the_italian_log_is_taken_once(italian):
    assert (italian.rows, italian.repeated, italian.refused, italian.dropped) == (21_348, 127, 0, 0)
    assert len(italian.events) == 21_221
    assert italian.events["ticket"].n_unique() == 4_580
    assert (italian.groups, italian.people) == (None, None)


def test_italian_closers_are_automation_and_the_hour_is_the_one_on_the_wall(italian):
    closed = italian.events.filter(pl.col("status") == "closed")
    by_people = italian.events.filter(pl.col("actor_kind") == "agent")

    assert (closed["actor_kind"] == "integration").mean() > 0.99
    assert off_hours_share(by_people, "Europe/Rome") < 0.1
