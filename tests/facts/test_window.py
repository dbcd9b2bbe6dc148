"""A window that grows slice by slice holds what one made from all slices at once holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from helpdesk_wellbeing.facts.schema import DAYS, HARD, SCHEMAS, SHIFTS, TOUCHES
from helpdesk_wellbeing.facts.window import Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PIECE = {"piece": pl.Date()}

rows = st.tuples(st.sampled_from("abcdef"), st.integers(0, 30), st.integers(0, 99))
slices = st.lists(st.lists(rows, max_size=12), min_size=1, max_size=6)


def pieces_of(number: int, slice_rows: list[tuple[str, int, int]]) -> dict[str, pl.DataFrame]:
    """Rows as a slice tells them: each subject and time once."""
    piece = {"piece": MONDAY.date() + timedelta(days=number)}
    once = {(who, n): value for who, n, value in slice_rows}

    def frame(schema: pl.Schema, some: list[dict[str, object]]) -> pl.DataFrame:
        return pl.DataFrame([row | piece for row in some], schema={**schema, **PIECE})

    return {name: pl.DataFrame(schema={**schema, **PIECE}) for name, schema in SCHEMAS.items()} | {
        "shifts": frame(
            SHIFTS,
            [
                {"agent": who, "start": MONDAY + timedelta(hours=n), "work_events": v}
                for (who, n), v in once.items()
            ],
        ),
        "days": frame(
            DAYS, [{"agent": who, "date": date(2026, 3, 1 + n), "tickets": v} for (who, n), v in once.items()]
        ),
        "hard": frame(HARD, [{"ticket": w, "indicators": str(v)} for w, v in {w: v for w, _, v in slice_rows}.items()]),
        "touches": frame(TOUCHES, [{"group": who, "ticket": str(v)} for (who, _), v in once.items()]),
    }  # fmt: skip


@given(slices)
def test_growing_is_the_same_as_starting_anew(parts: list[list[tuple[str, int, int]]]) -> None:
    pieces = [pieces_of(number, part) for number, part in enumerate(parts)]
    grown = Window.of(pieces[0])
    for piece in pieces[1:]:
        grown = grown.grown(piece)

    anew = Window.of({name: pl.concat([piece[name] for piece in pieces]) for name in SCHEMAS}).facts()

    for name, frame in grown.facts().items():
        assert_frame_equal(frame, anew[name])


def test_what_changed_too_long_ago_is_let_go_of() -> None:
    window = Window.of(pieces_of(0, [("a", 1, 1), ("b", 1, 1)])).grown(pieces_of(5, [("a", 1, 2)]))

    kept = window.from_days(dict.fromkeys(SCHEMAS, date(2026, 3, 7))).facts()

    assert kept["days"].select("agent", "tickets").rows() == [("a", 2)]
