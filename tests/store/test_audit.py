from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.store.audit import Head, Person, Wanted
from helpdesk_wellbeing.store.tables import audit, audit_heads

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def log(store):
    for number in range(5):
        store.audit.add("acme", AT, "proposed", number=number, moves=[{"to": Person("4711"), "ticket": "8"}])
    return store.audit


def tampered(store, statement):
    with store._database.writing() as connection:
        connection.execute(statement)
    return store.audit.verify("acme").problem


def test_a_log_is_whole_as_it_was_written(log):
    verdict = log.verify("acme")

    assert verdict.problem is None
    assert verdict.head == log.head("acme")
    assert verdict.head.seq == 5


def test_an_empty_log_is_whole(store):
    assert store.audit.verify("acme").problem is None


def test_agents_are_named_by_a_word_that_can_be_forgotten(log):
    word = log.word_of("acme", "4711")

    assert {entry.body["moves"][0]["to"] for entry in log.entries("acme")} == {word}
    assert "4711" not in word
    assert log.persons("acme") == {word: "4711"}
    assert log.forget("acme", "4711")
    assert log.persons("acme") == {}
    assert log.verify("acme").problem is None


@pytest.mark.parametrize("seq", [1, 3, 5])
@pytest.mark.parametrize("column", ["body", "hash", "at"])
def test_one_changed_byte_is_found(store, log, seq, column):
    entry = audit.c.seq == seq
    if column == "at":
        change = {"at": audit.c.at + 1}
    else:
        with store._database.reading() as connection:
            text = connection.execute(sa.select(audit.c[column]).where(entry)).scalar_one()
        middle = len(text) // 2
        change = {column: text[:middle] + ("0" if text[middle] != "0" else "1") + text[middle + 1 :]}

    assert tampered(store, audit.update().where(entry).values(change)) == f"entry {seq} is not as it was written"


def test_a_missing_entry_is_found_in_the_middle_and_at_the_end(store, log):
    assert tampered(store, audit.delete().where(audit.c.seq == 5)) is not None
    assert tampered(store, audit.delete().where(audit.c.seq == 3)) == "entry 3 is missing"


def test_a_log_cut_with_its_head_is_found_by_who_noted_a_head(store, log):
    noted = log.head("acme")
    fourth = log.entries("acme")[3].hash
    tampered(store, audit.delete().where(audit.c.seq == 5))

    assert tampered(store, audit_heads.update().values(seq=4, hash=fourth)) is None
    assert log.verify("acme", noted).problem is not None
    assert log.verify("acme", Head(4, fourth)).problem is None


def test_two_accounts_have_two_chains(store, log):
    store.create_account("globex")
    store.audit.add("globex", AT, "proposed", to=Person("4711"))

    assert store.audit.head("globex").seq == 1
    assert store.audit.word_of("globex", "4711") != log.word_of("acme", "4711")


def test_who_decided_is_found_by_name_stands_by_a_word_and_is_forgotten_with_it(log, store):
    store.audit.add("acme", AT, "declined", by="Ida Veld")
    [row] = log.newest("acme", Wanted(by="Ida Veld"))

    assert row.body["by"] == "Ida Veld"
    with store._database.reading() as connection:
        assert all("Ida" not in body for body in connection.execute(sa.select(audit.c.body)).scalars())

    assert log.forget("acme", "by:Ida Veld")
    assert log.newest("acme", Wanted(by="Ida Veld")) == []
    assert log.verify("acme").problem is None
