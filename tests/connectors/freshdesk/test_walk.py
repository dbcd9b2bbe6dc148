"""Walking by key: rows that move while pages are read are neither missed nor repeated."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.freshdesk.walk import by_key, iso


class Desk:
    """Tickets that change between two answers."""

    def __init__(self, stamps: list[int], changes: dict[int, list[tuple[int, int]]], rows: int, most: int) -> None:
        self.stamps = dict(enumerate(stamps))
        self.changes = changes  # number of an answer -> (ticket, seconds later than the newest)
        self.rows, self.most, self.answers = rows, most, 0
        self.shown: set[tuple[int, int]] = set()

    def ask(self, at: int, page: int) -> list[dict]:
        assert page <= self.most
        found = sorted((stamp, ticket) for ticket, stamp in self.stamps.items() if stamp >= at)
        some = found[(page - 1) * self.rows : page * self.rows]
        self.answers += 1
        for ticket, later in self.changes.get(self.answers, ()):
            if ticket in self.stamps:
                self.stamps[ticket] = max(self.stamps.values()) + later
        return [{"id": ticket, "updated_at": iso(stamp)} for stamp, ticket in some]


def walk(desk: Desk, begin: int = 0, end: int | None = None) -> tuple[list[tuple[int, str]], list[str]]:
    notes: list[str] = []
    pages = by_key(desk.ask, begin, end, notes.append, rows=desk.rows, most=desk.most)
    return [(row["id"], row["updated_at"]) for page in pages for row in page], notes


changes = st.dictionaries(
    st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 2)), max_size=3), max_size=12
)


@settings(max_examples=300)
@given(st.lists(st.integers(100, 112), min_size=1, max_size=30), changes, st.integers(1, 5))
def test_every_ticket_is_shown_in_its_last_state_and_no_state_twice(stamps, changes, rows):
    desk = Desk(stamps, changes, rows, most=100)

    shown, notes = walk(desk)

    assert len(shown) == len(set(shown))
    after_the_end = {number for number, _ in shown}
    assert after_the_end == set(desk.stamps)
    unmoved = {(ticket, iso(stamp)) for ticket, stamp in enumerate(stamps) if desk.stamps[ticket] == stamp}
    assert unmoved <= set(shown)
    assert notes == []


@given(st.lists(st.integers(100, 112), min_size=1, max_size=30), st.integers(100, 112), st.integers(1, 5))
def test_a_window_holds_what_changed_in_it_and_nothing_else(stamps, end, rows):
    shown, _ = walk(Desk(stamps, {}, rows, most=100), 104, end)

    assert sorted(shown) == sorted((n, iso(stamp)) for n, stamp in enumerate(stamps) if 104 <= stamp < end)


def test_a_second_with_more_tickets_than_the_list_shows_is_stepped_over_and_said():
    desk = Desk([100] * 50 + [101, 102], {}, rows=5, most=6)

    shown, notes = walk(desk)

    assert len(shown) == 30 + 2
    assert ["in the second of 1970-01-01T00:01:40Z" in note for note in notes] == [True]


def test_rows_without_a_readable_time_come_along_and_end_nothing():
    answers = iter([[{"id": 1, "updated_at": iso(5)}, {"id": 2, "updated_at": "soon"}], [{"id": 3}]])

    pages = list(by_key(lambda at, page: next(answers), 0, None, lambda line: None, rows=2, most=300))

    assert [row["id"] for page in pages for row in page] == [1, 2, 3]
