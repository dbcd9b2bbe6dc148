"""Retention: what is too old goes, never comes back, and changes no answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.pipeline import steps
from helpdesk_wellbeing.upkeep import retention
from helpdesk_wellbeing.upkeep.retention import Kind
from tests.upkeep_desk import CATALOGUE, LAST, answer, desk_events, page


def carry_out(store, now=LAST + timedelta(hours=1), stopping=lambda: False):
    with store.writer("acme", "test"):
        return retention.carry_out(store, "acme", Engine(store, "acme", CATALOGUE), now, stopping)


def test_a_cut_changes_no_answer_also_when_everything_is_worked_through_again(long_worked):
    store = long_worked
    before = answer(store)
    assert before["flags"]
    first = store.event_span("acme")[0]

    said = carry_out(store)

    floor = store.upkeep.floor("acme")
    assert said["whole"]
    assert said["removed"]["events"] > 500
    assert floor.weekday() == 0
    assert LAST - floor >= retention.LONGEST_WINDOW
    assert store.event_span("acme")[0] >= floor > first
    assert answer(store) == before
    store.mark_dirty("acme")  # as when a schedule changes; a reader comes before a writer
    assert check(Engine(store, "acme", CATALOGUE).assess(LAST), CATALOGUE, gate=OPEN) == before
    assert answer(store) == before


def test_nothing_that_was_cut_comes_back(store, short_windows):
    carry_out(store)
    count = store.event_span("acme")[2]
    floor = store.upkeep.floor("acme")
    old = desk_events().filter(desk_events()["at"] < floor)

    added = store.commit_page("acme", page("2", old))
    again = store.add_told("acme", old)

    assert (added.new, again.new, store.add_provisional("acme", old)) == (0, 0, 0)
    assert store.event_span("acme")[2] == count
    assert store.dirty_since("acme") is None


def test_a_connector_is_asked_for_nothing_from_before_the_cut(store, short_windows):
    from helpdesk_wellbeing.pulling import pull

    carry_out(store)
    asked = []

    class Connector:
        notes = ()

        def roster(self, watermarks=None):
            return None

        def pull(self, watermarks, since, remembered):
            asked.append(since)
            return iter(())

    pull(store, "acme", Connector())
    pull(store, "acme", Connector(), LAST)

    assert asked == [store.upkeep.floor("acme"), LAST]


def test_it_goes_on_where_it_was_stopped_and_counts_all_of_it(store, short_windows):
    carry_out(store, stopping=lambda: True)
    assert not store.upkeep.ran("acme")["whole"]
    assert retention.is_due(store, "acme", LAST + timedelta(hours=2))

    said = carry_out(store)

    left = store.event_span("acme")[2]
    assert said["removed"]["events"] == desk_events().height - left


def test_serve_does_it_once_a_day(store, short_windows):
    now = [LAST + timedelta(hours=1)]
    means = replace(steps.Means(store), now=lambda: now[0])
    engine = Engine(store, "acme", CATALOGUE)

    assert [steps.upkeep(means, "acme", engine) for _ in range(2)] == ["done", "not due"]
    now[0] += timedelta(days=1)
    assert steps.upkeep(means, "acme", engine) == "done"
    assert [entry.what for entry in store.audit.entries("acme")] == ["retention"]
    assert "events since" in retention.in_a_line(store, "acme")


def test_imported_accounts_are_exempt(store):
    store.create_account("log")

    assert not retention.is_due(store, "log", LAST)


def test_nothing_is_kept_shorter_than_signals_look_back(store):
    kept = retention.set_retention(store, "acme", {"events": 30, "sessions": 5}, "Ida", LAST)

    assert kept.age(Kind.EVENTS) > retention.LONGEST_WINDOW
    assert kept.age(Kind.FACTS) > kept.age(Kind.EVENTS) + retention.LONGEST_WINDOW
    assert kept.age(Kind.SESSIONS) == timedelta(days=5)
    assert store.audit.entries("acme")[-1].body["days"]["sessions"] == {"from": 30, "to": 5}
    for wrong in ({"mood": 3}, {"events": 0}):
        with pytest.raises(ConfigError):
            retention.set_retention(store, "acme", wrong, "Ida", LAST)


def test_the_audit_can_be_verified_after_its_oldest_part_was_cut(store):
    for days in range(10):
        store.audit.add("acme", LAST - timedelta(days=900 - 90 * days), "settings", by="Ida", number=days)
    old, kept = store.audit.entries("acme")[0], store.audit.entries("acme")[-1]
    noted = store.audit.head("acme")

    assert store.audit.cut("acme", LAST - timedelta(days=730), LAST) == 2

    entries = store.audit.entries("acme")
    assert (entries[0].seq, entries[-1].what, entries[-1].body["last"]) == (3, "audit cut", 2)
    assert store.audit.verify("acme", noted).problem is None
    assert store.audit.verify("acme", type(noted)(kept.seq, kept.hash)).problem is None
    assert "cut since" in store.audit.verify("acme", type(noted)(old.seq, old.hash)).problem
    assert store.audit.cut("acme", LAST - timedelta(days=730), LAST) == 0


def test_an_audit_that_was_cut_without_saying_so_is_not_whole(store):
    import json

    for number in range(4):
        store.audit.add("acme", LAST, "settings", number=number)
    third = store.audit.entries("acme")[1]
    with store._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE seq <= 2")
    store.set_meta("acme", "audit_start", json.dumps({"seq": 2, "hash": third.hash}))

    assert "no entry says that it was cut" in store.audit.verify("acme").problem
