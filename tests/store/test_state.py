from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.facts.schema import TOUCHES
from helpdesk_wellbeing.people import PEOPLE

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def test_an_account_comes_back_as_it_was_made(store):
    made = store.create_account(
        "zd", platform="zendesk", zone="America/Sao_Paulo", week_start=6, settings={"hard_tags": ["vip"]}
    )

    assert store.account("zd") == made
    assert [a.name for a in store.accounts()] == ["acme", "zd"]
    assert store.has_account("zd")
    assert not store.has_account("no")


def test_accounts_that_cannot_be_are_refused_by_name(store):
    with pytest.raises(ConfigError, match="there is one of this name"):
        store.create_account("acme")
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        store.create_account("b", zone="Berlin")
    with pytest.raises(ConfigError, match="weekday"):
        store.create_account("b", week_start=7)
    with pytest.raises(ConfigError, match="64 letters"):
        store.create_account(" ")


def test_a_change_of_the_account_makes_everything_dirty_and_no_change_does_not(store):
    store.update_account("acme", zone="Europe/Berlin")
    assert store.dirty_since("acme") is None

    assert store.update_account("acme", settings={"hard_tags": ["vip"]}).settings == {"hard_tags": ["vip"]}

    assert store.dirty_since("acme") == BEGINNING


def touches(day: date, *tickets: str) -> pl.DataFrame:
    rows = [{"day": day, "group": "g", "ticket": ticket, "piece": day} for ticket in tickets]
    return pl.DataFrame(rows, schema={**TOUCHES, "piece": pl.Date()})


def test_pieces_are_replaced_by_slice_and_read_in_order(store):
    monday, tuesday = MONDAY.date(), MONDAY.date() + timedelta(days=1)
    noon = MONDAY + timedelta(hours=36)
    store.write_pieces("acme", noon, {"touches": touches(tuesday, "b")})
    store.write_pieces("acme", MONDAY, {"touches": touches(monday, "a"), "hard": pl.DataFrame({"x": [1]})})
    store.write_pieces("acme", noon, {"touches": touches(tuesday, "b2", "b3")})

    assert store.read_pieces("acme", "touches").select("piece", "ticket").rows() == [
        (monday, "a"), (tuesday, "b2"), (tuesday, "b3"),
    ]  # fmt: skip
    assert store.read_pieces("acme", "touches", until=noon)["ticket"].to_list() == ["a"]
    assert store.read_pieces("acme", "touches", tuesday)["ticket"].to_list() == ["b2", "b3"]

    store.drop_pieces_from("acme", MONDAY + timedelta(hours=1))

    assert store.read_pieces("acme", "touches")["ticket"].to_list() == ["a"]
    store.drop_pieces_from("acme", MONDAY)
    assert dict(store.read_pieces("acme", "hard").schema) == {
        "ticket": pl.String, "at": pl.Datetime("us", "UTC"), "indicators": pl.String, "piece": pl.Date
    }  # fmt: skip


def test_a_slice_of_a_week_is_found_by_any_of_its_days(store):
    days = [MONDAY.date() + timedelta(days=n) for n in range(7)]
    store.write_pieces("acme", MONDAY, {"touches": pl.concat([touches(day, str(day.day)) for day in days])})

    assert store.read_pieces("acme", "touches", days[6])["piece"].to_list() == [days[6]]
    assert store.read_pieces("acme", "touches", days[6] + timedelta(days=1)).is_empty()


def test_joined_slices_hold_the_same_rows_in_one_and_leave_their_neighbours_alone(store):
    hours = [MONDAY + timedelta(hours=n) for n in range(5)]
    for n, hour in enumerate(hours):
        store.write_pieces("acme", hour, {"touches": touches(MONDAY.date(), f"t{n}")})
    before = store.read_pieces("acme", "touches")

    store.join_pieces("acme", hours[1], hours[4])

    assert store.read_pieces("acme", "touches").equals(before)
    assert store.read_pieces("acme", "touches", until=hours[1])["ticket"].to_list() == ["t0"]
    assert store.read_pieces("acme", "touches", until=hours[2])["ticket"].to_list() == ["t0", "t1", "t2", "t3"]


def test_a_process_that_remembers_people_and_settings_sees_when_they_change(store):
    people = pl.DataFrame([{"agent": "7", "time_zone": "Europe/Berlin"}], schema=PEOPLE)
    seen = [store.revision("acme")]
    store.replace_people("acme", "file", people)
    seen.append(store.revision("acme"))
    store.replace_people("acme", "file", people)
    seen.append(store.revision("acme"))
    store.update_account("acme", settings={"hard_tags": ["vip"]})
    seen.append(store.revision("acme"))

    assert seen[0] < seen[1] == seen[2] < seen[3]


def test_checkpoints_are_found_by_time_and_read_by_part(store):
    days = [MONDAY + timedelta(days=n) for n in (0, 7, 8)]
    for day in days:
        store.write_checkpoint("acme", day, {"carry": pl.DataFrame({"n": [[day.day]]}), "rules": b"\0state"})

    assert store.latest_checkpoint("acme", days[1]) == days[1]
    assert store.latest_checkpoint("acme", days[1] - timedelta(microseconds=1)) == days[0]
    assert store.latest_checkpoint("acme", MONDAY - timedelta(days=1)) is None
    assert store.latest_checkpoint("acme", BEGINNING) is None
    assert store.checkpoint_parts("acme", days[1]) == ["carry", "rules"]
    assert store.read_checkpoint_part("acme", days[1], "carry").to_dicts() == [{"n": [9]}]
    assert store.read_checkpoint_part("acme", days[1], "rules") == b"\0state"
    with pytest.raises(StoreError, match="part nothing of acme"):
        store.read_checkpoint_part("acme", days[1], "nothing")

    store.write_checkpoint("acme", days[1], {"rules": b"new"})
    assert store.checkpoint_parts("acme", days[1]) == ["rules"]
    store.drop_checkpoint("acme", days[2])
    assert store.list_checkpoints("acme") == days[:2]
    store.drop_checkpoints_after("acme", days[0])
    assert store.list_checkpoints("acme") == days[:1]


def test_what_is_written_in_one_transaction_lands_together_or_not_at_all(store, a_series):
    store.add_events("acme", a_series(2))

    def evaluate(fail):
        with store.transaction():
            store.write_pieces("acme", MONDAY, {"touches": touches(MONDAY.date(), "a")})
            store.write_checkpoint("acme", MONDAY, {"rules": b""})
            store.set_meta("acme", "fold_version", "1")
            store.set_clean("acme")
            assert store.dirty_since("acme") is None  # its own writes are seen inside
            if fail:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(fail=True)
    assert (store.dirty_since("acme"), store.get_meta("acme", "fold_version")) == (MONDAY, None)
    assert store.list_checkpoints("acme") == []

    evaluate(fail=False)
    assert (store.dirty_since("acme"), store.get_meta("acme", "fold_version")) == (None, "1")
    assert store.list_checkpoints("acme") == [MONDAY]


def fail_after(write, *values):
    write(*values)
    raise ConfigError("no")


def test_an_inner_failure_that_is_caught_undoes_only_itself(store):
    with store.transaction():
        store.set_meta("acme", "a", "1")
        with pytest.raises(ConfigError), store.transaction():
            fail_after(store.set_meta, "acme", "b", "2")

    assert (store.get_meta("acme", "a"), store.get_meta("acme", "b")) == ("1", None)


def test_an_account_that_was_undone_is_not_remembered(store):
    def make_and_fail():
        with store.transaction():
            store.create_account("undone")
            fail_after(store.set_meta, "undone", "k", "v")

    with pytest.raises(ConfigError, match="no"):
        make_and_fail()
    store.create_account("another")

    with pytest.raises(ConfigError, match="account undone: there is none"):
        store.set_meta("undone", "k", "v")
    assert store.get_meta("another", "k") is None


def test_a_value_can_be_replaced_and_forgotten(store):
    store.set_meta("acme", "k", "1")
    store.set_meta("acme", "k", "2")
    assert store.get_meta("acme", "k") == "2"
    store.set_meta("acme", "k", None)
    assert store.get_meta("acme", "k") is None


def test_what_is_computed_for_one_account_is_not_seen_by_another(store):
    store.create_account("other")
    store.set_meta("acme", "k", "1")
    store.write_checkpoint("acme", MONDAY, {"rules": b""})
    store.write_pieces("acme", MONDAY, {"touches": touches(MONDAY.date(), "a")})
    store.mark_dirty("acme", MONDAY)
    store.put_secret("acme", "token", "s")

    assert store.get_meta("other", "k") is None
    assert store.list_checkpoints("other") == []
    assert store.read_pieces("other", "touches").is_empty()
    assert store.dirty_since("other") is None
    assert store.get_secret("other", "token") is None
    assert store.directory("other").zone == "UTC"


def test_a_naive_time_is_refused(store):
    with pytest.raises(ValueError, match="no zone"):
        store.read_events("acme", datetime(2026, 3, 2))


def test_a_slice_has_a_mark_that_changes_with_what_is_in_it(store):
    noon = MONDAY + timedelta(hours=36)
    store.write_pieces("acme", MONDAY, {"touches": touches(MONDAY.date(), "a")})
    store.write_pieces("acme", noon, {"touches": touches(noon.date(), "b")})
    before = store.piece_marks("acme", "touches", MONDAY.date())
    store.write_pieces("acme", noon, {"touches": touches(noon.date(), "b", "c")})
    after = store.piece_marks("acme", "touches", MONDAY.date())

    assert list(before) == list(after) == [MONDAY, noon]
    assert before[MONDAY] == after[MONDAY]
    assert before[noon] != after[noon]
    assert store.piece_marks("acme", "touches", noon.date() + timedelta(days=8)) == {}
    assert store.read_piece("acme", "touches", noon, ("ticket", "x"))["ticket"].to_list() == ["b", "c"]
    assert store.read_piece("acme", "touches", noon + timedelta(hours=1)) is None
