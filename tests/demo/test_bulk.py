from datetime import timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.demo.bulk import bulk_directory, bulk_events
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.events import SCHEMA


def test_weeks_come_in_order_in_the_declared_schema() -> None:
    newest = None
    for frame in bulk_events(60_000, 100, 4, seed=1):
        assert frame.schema == SCHEMA
        assert frame["at"].is_sorted()
        assert newest is None or frame["at"][0] > newest
        assert frame["at"][-1] - frame["at"][0] < timedelta(days=7)
        newest = frame["at"][-1]


def test_about_as_many_events_as_asked_for_with_ids_of_their_own() -> None:
    events = pl.concat(bulk_events(300_000, 100, 12, seed=1))
    assert 0.9 * 300_000 < events.height < 1.1 * 300_000
    assert events["id"].is_unique().all()
    assert 8 < events.height / events["ticket"].n_unique() < 12
    assert events["group"].n_unique() == 50


def test_a_ticket_is_created_first_and_closed_last() -> None:
    events = pl.concat(bulk_events(60_000, 100, 4, seed=1))
    tickets = events.group_by("ticket", maintain_order=True).agg(
        pl.col("kind").first().alias("first"), pl.col("after").last().alias("last"), pl.len()
    )
    assert set(tickets["first"].to_list()) == {"created"}
    assert (tickets.filter(pl.col("len") == 11)["last"] == "closed").mean() > 0.9


def test_people_match_the_actors() -> None:
    events = pl.concat(bulk_events(60_000, 100, 4, seed=1))
    directory = bulk_directory(100)
    agents = set(events.filter(pl.col("actor_kind") == "agent")["actor"])
    assert agents == set(directory.people["agent"])
    assert set(events["group"]) == set(directory.groups["group"])


def test_an_absurd_day_is_refused() -> None:
    with pytest.raises(ConfigError, match="no plausible working day"):
        next(bulk_events(10_000_000, 10, 1, seed=1))
