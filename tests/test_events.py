import random
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import ConfigError

AT = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


def rows(*changes):
    base = {"at": AT, "ticket": "7", "kind": "replied", "actor": "4711"}
    return pl.DataFrame([base | change for change in changes], infer_schema_length=None)


def conform(*changes):
    return events.conform(rows(*changes), "acme")


def reasons(*changes):
    return [(p["column"], p["reason"]) for p in conform(*changes)[1].to_dicts()]


def test_a_bare_row_gets_the_defaults():
    [event] = conform({})[0].to_dicts()

    assert (event["actor_kind"], event["channel"], event["grade"], event["account"]) == (
        "agent",
        "other",
        "A",
        "acme",
    )
    assert event["at"] == AT


def test_the_result_has_the_declared_schema_even_when_it_is_empty():
    found, problems = events.conform(rows({}).clear(), "acme")

    assert found.schema == events.SCHEMA
    assert problems.schema == events.PROBLEMS


def test_nobody_named_is_unknown_even_when_agent_is_claimed():
    found, _ = conform({"actor": None}, {"actor": "", "actor_kind": "agent"}, {"actor": None, "actor_kind": "system"})

    assert found["actor_kind"].to_list() == ["unknown", "unknown", "system"]


def test_numbers_become_ids_without_a_fraction():
    found, _ = events.conform(
        pl.DataFrame({"at": [AT], "ticket": [35436.0], "kind": ["status"], "actor": [4711]}), "acme"
    )

    assert found.row(0, named=True)["ticket"] == "35436"
    assert found.row(0, named=True)["actor"] == "4711"


def test_ids_that_differ_only_by_a_space_stay_apart():
    found, _ = conform({"ticket": "Case 3608"}, {"ticket": "Case3608"})

    assert found["ticket"].n_unique() == 2


def test_an_unknown_kind_is_refused_with_the_nearest_word_and_the_rest_is_taken():
    found, problems = conform({}, {"kind": "replyed"}, {})

    assert len(found) == 2
    assert problems.to_dicts() == [
        {"row": 1, "column": "kind", "reason": '"replyed" is not a word for kind; did you mean "replied"?'}
    ]


@pytest.mark.parametrize("column", ["actor_kind", "channel", "grade", "status", "priority"])
def test_an_unknown_word_is_refused(column):
    [(named, reason)] = reasons({column: "whatever"})

    assert named == column
    assert '"whatever" is not a word' in reason


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("status", "after", "ajar"),
        ("status", "before", "ajar"),
        ("priority", "after", "P1"),
        ("rated", "after", "5"),
        ("rated", "after", None),
        ("availability", "after", "lunch"),
        ("handled", "after", "soon"),
        ("handled", "after", "-1"),
        ("handled", "after", None),
        ("tagged", "after", None),
        ("untagged", "before", None),
    ],
)
def test_what_a_change_says_is_held_to_its_kind(kind, column, value):
    assert [named for named, _ in reasons({"kind": kind, column: value})] == [column]


def test_every_problem_of_a_row_is_told():
    assert [column for column, _ in reasons({"kind": "x", "ticket": None, "channel": "fax"})] == [
        "ticket", "kind", "channel",
    ]  # fmt: skip


def test_availability_needs_no_ticket():
    assert reasons({"kind": "availability", "after": "online", "ticket": None}) == []


def test_times_may_be_text_with_an_offset_but_not_without():
    found, problems = conform({"at": "2026-03-06T10:00:00+01:00"}, {"at": "2026-03-06T10:00:00"})

    assert found["at"].to_list() == [AT]
    assert "no offset" in problems["reason"][0]


def test_a_naive_time_is_never_taken_for_utc():
    _, problems = events.conform(rows({}).with_columns(pl.col("at").dt.replace_time_zone(None)), "acme")

    assert problems["column"].to_list() == ["at"]


def test_a_column_that_is_not_ours_is_an_error_with_the_nearest_name():
    with pytest.raises(ConfigError, match='"tickt"; did you mean "ticket"'):
        events.conform(rows({}).rename({"ticket": "tickt"}), "acme")


def test_a_given_id_stays():
    assert conform({"id": "a1"})[0]["id"].to_list() == ["a1"]


def test_an_id_says_only_what_the_row_says():
    plain = conform({})[0]["id"][0]

    assert conform({"channel": "other", "actor_kind": "agent", "grade": "A"})[0]["id"][0] == plain
    assert conform({"channel": "email"})[0]["id"][0] != plain
    assert conform({"source_row": "another"})[0]["id"][0] != plain
    assert events.conform(rows({}), "other account")[0]["id"][0] == plain


def test_ids_stay_the_same_over_versions():
    assert conform({})[0]["id"].to_list() == ["726261fb2fe66cd91d83da5dc97a74be"]


def test_moving_a_letter_over_a_border_makes_another_id():
    one, other = conform({"before": "ab", "after": "c"}, {"before": "a", "after": "bc"})[0]["id"]

    assert one != other


def test_values_that_look_like_the_canonical_form_do_not_collide():
    changes = [
        {"before": "x\x1fgrade=\x1fA"},
        {"before": "x", "grade": "A"},
        {"before": "x\x1bb"},
        {"before": "x\x1f"},
        {"before": "x\x1b"},
        {"before": "x\x1be"},
    ]

    assert conform(*changes)[0]["id"].n_unique() == len(changes)
    assert conform(*changes)[0]["id"].to_list() == [conform(change)[0]["id"][0] for change in changes]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=3)), min_size=1, max_size=20), st.randoms())
def test_ids_do_not_depend_on_order_or_neighbours(contents: list[tuple[int, str]], chance: random.Random):
    changes = [{"ticket": str(number), "after": text} for number, text in contents]
    alone = [conform(change)[0]["id"][0] for change in changes]
    order = list(range(len(changes)))
    chance.shuffle(order)

    together = conform(*[changes[place] for place in order])[0]["id"].to_list()

    assert together == [alone[place] for place in order]


def test_a_customers_name_or_address_never_comes_in():
    rows = pl.DataFrame(
        {
            "at": ["2026-03-02T09:00:00Z"] * 3,
            "ticket": ["1", "2", "3"],
            "kind": ["customer_replied"] * 3,
            "actor": ["someone@customer.example", "A Customer", "2000017"],
            "actor_kind": ["requester"] * 3,
        }
    )

    kept, problems = events.conform(rows, "acme")

    assert problems.is_empty()
    assert kept["actor"][2] == "2000017"
    assert all(actor.startswith("requester-") for actor in kept["actor"][:2])
    assert "customer.example" not in str(kept.rows())
