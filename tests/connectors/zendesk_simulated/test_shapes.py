"""Our answers have the keys and types that recorded and documented answers have."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

# What recordings of one account have and others don't.
OPTIONAL = {"permanently_deleted", "encoded_id"}


def recorded(shared: Path, ending: str) -> dict[str, Any]:
    """The first recorded answer whose path ends so."""
    with gzip.open(shared / "data/zendesk-recorded-zenpy/interactions.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            if row["method"] == "GET" and row["uri"].partition("?")[0].endswith(ending) and row["status"] == 200:
                return row["body"] if isinstance(row["body"], dict) else json.loads(row["body"])
    raise AssertionError(f"no recording of {ending}")


def kind(value: Any) -> str:
    return {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}.get(
        type(value), "null"
    )


def compare(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Every key of theirs is in ours, and where both have values somewhere, they are of one kind."""
    missing = set().union(*theirs) - set().union(*ours) - OPTIONAL
    assert not missing
    for name in set().union(*theirs) & set().union(*ours):
        mine = {kind(row[name]) for row in ours if row.get(name) is not None}
        other = {kind(row[name]) for row in theirs if row.get(name) is not None}
        assert not mine or not other or mine & other, (name, mine, other)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("incremental/tickets/cursor.json?start_time=0", "tickets"),
        ("incremental/users/cursor.json?start_time=0", "users"),
        ("users.json?page[size]=100", "users"),
        ("tickets.json?page[size]=100", "tickets"),
        ("groups.json?page[size]=100", "groups"),
        ("group_memberships.json?page[size]=100", "group_memberships"),
    ],
)
def test_lists_look_like_recorded_ones(serve, world, shared, path, name):
    theirs = recorded(shared, "/api/v2/" + path.partition("?")[0])
    _, reader = serve(world)
    ours = reader.get(path)
    assert set(ours) == set(theirs)
    if ours[name]:
        compare(ours[name], theirs[name])
    for part in ("meta", "links"):
        if part in theirs:
            assert set(ours[part]) == set(theirs[part])


def test_a_time_based_page_looks_like_a_recorded_one(serve, world, shared):
    theirs = recorded(shared, "/api/v2/incremental/tickets.json")
    _, reader = serve(world)
    ours = reader.get("incremental/tickets.json?start_time=0")
    assert {n: kind(v) for n, v in ours.items()} == {n: kind(v) for n, v in theirs.items()}


def test_audits_look_like_recorded_ones(serve, world, shared):
    theirs = recorded(shared, "/api/v2/ticket_audits.json")["audits"]
    _, reader = serve(world)
    ours = reader.get("tickets/3/audits.json?page[size]=100")["audits"]
    compare(ours, theirs)
    for word in ("Comment", "Create", "Change"):
        mine = [e for a in ours for e in a["events"] if e["type"] == word and "via" not in e]
        compare(mine, [e for a in theirs for e in a["events"] if e["type"] == word and "via" not in e])
    assert any(e.get("via", {}).get("source", {}).get("rel") == "trigger" for a in ours for e in a["events"])


def test_small_objects_look_like_the_documented_samples(serve, world, shared):
    folder = shared / "data/zendesk-object-samples-zenpy/zendesk"
    _, reader = serve(world, csat="ratings")
    status = json.loads((folder / "custom_status.json").read_text())
    compare(reader.get("custom_statuses")["custom_statuses"], [status])
    rating = json.loads((folder / "satisfaction_rating.json").read_text())
    compare(reader.get("satisfaction_ratings")["satisfaction_ratings"], [rating])
    policy = json.loads((folder / "sla_policy.json").read_text())
    compare(reader.get("slas/policies")["sla_policies"], [policy])


def test_every_text_that_must_not_be_stored_is_marked(serve, world):
    _, reader = serve(world, csat="ratings")
    ticket = reader.get("tickets/3")["ticket"]
    assert ticket["subject"].startswith("CANARY-")
    assert ticket["description"].startswith("CANARY-")
    customer = reader.get("users/5001")["user"]
    assert customer["name"].startswith("CANARY-")
    assert reader.get("satisfaction_ratings")["satisfaction_ratings"][0]["comment"].startswith("CANARY-")
    events = reader.get("incremental/ticket_events?start_time=0")["ticket_events"]
    assert events[0]["system"]["location"].startswith("CANARY-")
