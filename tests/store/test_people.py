from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def people(*rows):
    return pl.DataFrame(list(rows), schema=PEOPLE)


def test_the_file_overrides_the_platform_where_it_has_a_value(store):
    store.replace_people(
        "acme",
        "platform",
        people(
            {"agent": "1", "name": "Agent 01", "time_zone": "UTC", "groups": ["g"]},
            {"agent": "2", "name": "Agent 02"},
        ),
    )
    store.replace_people(
        "acme",
        "file",
        people(
            {"agent": "1", "time_zone": "Asia/Tokyo", "contract_hours": 32.0},
            {"agent": "3", "excluded": True},
        ),
    )

    directory = store.directory("acme")

    assert directory.zone == "Europe/Berlin"
    assert directory.people.schema == PEOPLE
    columns = ["agent", "name", "time_zone", "contract_hours", "groups", "excluded"]
    assert directory.people.select(columns).rows() == [
        ("1", "Agent 01", "Asia/Tokyo", 32.0, ["g"], None),
        ("2", "Agent 02", None, None, None, None),
        ("3", None, None, None, None, True),
    ]


def test_before_the_files_first_date_the_platform_holds(store):
    march, may = date(2026, 3, 1), date(2026, 5, 1)
    store.replace_people("acme", "platform", people({"agent": "1", "name": "Agent 01", "preset": "uk_wtr"}))
    store.replace_people(
        "acme",
        "file",
        people({"agent": "1", "preset": "nl_atw", "valid_from": may}, {"agent": "1", "valid_from": march}),
    )

    assert store.directory("acme").people.select("name", "preset", "valid_from").rows() == [
        ("Agent 01", "uk_wtr", None),
        ("Agent 01", "uk_wtr", march),
        ("Agent 01", "nl_atw", may),
    ]


def test_groups_are_overridden_and_absences_are_joined(store):
    store.replace_groups("acme", "platform", pl.DataFrame([{"group": "g", "name": "Billing"}], schema=GROUPS))
    store.replace_groups("acme", "file", pl.DataFrame([{"group": "g", "tier": 2}, {"group": "a"}], schema=GROUPS))
    leave = pl.DataFrame([{"agent": "1", "from": date(2026, 3, 1), "to": date(2026, 3, 2)}], schema=LEAVE)
    store.replace_leave("acme", "platform", leave)
    store.replace_leave("acme", "file", leave)
    instant = datetime(2026, 3, 1, tzinfo=UTC)
    store.replace_on_call(
        "acme", "file", pl.DataFrame([{"agent": "1", "from": instant, "to": instant}], schema=ON_CALL)
    )

    directory = store.directory("acme")

    assert directory.groups.select("group", "name", "tier").rows() == [("a", None, None), ("g", "Billing", 2)]
    assert directory.leave.equals(leave)
    assert directory.on_call.schema == ON_CALL
    assert directory.on_call.height == 1


def test_a_source_replaces_all_it_gave_before_and_makes_everything_dirty_only_when_it_differs(store):
    assert store.replace_people("acme", "file", people({"agent": "1"}, {"agent": "2"}))
    assert store.dirty_since("acme") == BEGINNING

    store.set_clean("acme")
    assert not store.replace_people("acme", "file", people({"agent": "2"}, {"agent": "1"}))
    assert store.dirty_since("acme") is None

    assert store.replace_people("acme", "file", people({"agent": "2"}))
    assert store.directory("acme").people["agent"].to_list() == ["2"]
    assert store.dirty_since("acme") == BEGINNING


def test_missing_columns_are_empty_and_foreign_ones_are_refused(store):
    store.replace_people("acme", "file", pl.DataFrame({"agent": ["1"]}))
    assert store.directory("acme").people.schema == PEOPLE

    with pytest.raises(BadPayload, match="salary"):
        store.replace_people("acme", "file", pl.DataFrame({"agent": ["1"], "salary": [1]}))
    with pytest.raises(BadPayload, match="agent"):
        store.replace_people("acme", "file", pl.DataFrame({"agent": [None]}, schema={"agent": pl.String}))
    with pytest.raises(ValueError, match="hearsay"):
        store.replace_people("acme", "hearsay", people())


def test_nobody_is_known_at_first(store):
    directory = store.directory("acme")

    assert (directory.people.schema, directory.people.height) == (PEOPLE, 0)
    assert (directory.groups.schema, directory.groups.height) == (GROUPS, 0)
