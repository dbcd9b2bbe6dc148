from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.facts.schema import HANDLED, HARD, QUEUES, TOUCHES
from helpdesk_wellbeing.facts.window import combine
from helpdesk_wellbeing.pages import funnel, held
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.web.warming import Warmth, note_sessions, read_words, warm

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NOW = MONDAY + timedelta(days=2, hours=9)
PIECE = pl.Schema({"piece": pl.Date()})


@pytest.fixture
def known(store):
    return Known(store, Catalogue({}, {}))


@pytest.fixture
def evaluate(store):
    """Notes an evaluation until then, after it has left a piece that begins at `since`."""

    def evaluated(until, since=None, **rows):
        if since is not None:
            schemas = {"queues": QUEUES, "touches": TOUCHES, "hard": HARD, "handled": HANDLED}
            frames = {
                kind: pl.DataFrame(
                    [dict.fromkeys(schemas[kind]) | {"piece": since.date()} | row for row in of_kind],
                    schema={**schemas[kind], **PIECE},
                )
                for kind, of_kind in rows.items()
            }
            store.write_pieces("acme", since, frames)
        store.work.keep_answer("acme", until, {"flags": [], "not_assessable": []})
        store.work.note_run("acme", evaluated_until=until)

    return evaluated


@pytest.fixture
def reads(store, monkeypatch):
    """Which pieces were read: (kind, since)."""
    seen, read = [], type(store).read_piece

    def noted(self, account, kind, since, columns=None):
        seen.append((kind, since))
        return read(self, account, kind, since, columns)

    monkeypatch.setattr(type(store), "read_piece", noted)
    return seen


def queue_day(day, open_at_end):
    return {"group": "100", "date": day, "open_at_end": open_at_end}


def test_after_an_evaluation_only_the_last_days_are_read(known, evaluate, reads):
    weeks = [MONDAY - timedelta(weeks=n) for n in range(8, -1, -1)]
    for week in weeks:
        evaluate(NOW, week, queues=[queue_day(week.date(), 1)])
    held.facts(known, "acme", "queues")
    assert [since for _, since in reads] == weeks
    reads.clear()

    evaluate(NOW + timedelta(hours=1), MONDAY + timedelta(days=2), queues=[queue_day(NOW.date(), 5)])
    rows = held.facts(known, "acme", "queues")

    assert [since for _, since in reads] == [MONDAY, MONDAY + timedelta(days=2)]
    assert rows["open_at_end"].to_list() == [1] * 9 + [5]


def test_nothing_is_read_twice_between_two_evaluations(known, evaluate, reads):
    evaluate(NOW, MONDAY, queues=[queue_day(MONDAY.date(), 1)])
    held.facts(known, "acme", "queues")
    held.facts(known, "acme", "queues")

    assert len(reads) == 1


def test_an_older_piece_that_was_written_anew_is_read_anew(known, evaluate):
    old = MONDAY - timedelta(weeks=4)
    evaluate(NOW, old, queues=[queue_day(old.date(), 1)])
    assert held.facts(known, "acme", "queues")["open_at_end"].to_list() == [1]

    evaluate(NOW + timedelta(hours=1), old, queues=[queue_day(old.date(), 2)])

    assert held.facts(known, "acme", "queues")["open_at_end"].to_list() == [2]


@runs(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 99)), max_size=6)),
        max_size=6, unique_by=lambda piece: piece[0],
    )
)  # fmt: skip
def test_kept_and_new_pieces_give_what_all_of_them_give_at_once(store, evaluate, pieces):
    store.drop_pieces_from("acme", MONDAY - timedelta(weeks=60))
    known = Known(store, Catalogue({}, {}))
    for number, (ago, days) in enumerate(sorted(pieces, reverse=True)):
        since = MONDAY - timedelta(days=ago)
        rows = [queue_day((MONDAY - timedelta(days=day)).date(), count) for day, count in dict(days).items()]
        evaluate(NOW + timedelta(minutes=number), since, queues=rows)
        whole = combine({"queues": store.read_pieces("acme", "queues")})["queues"]

        assert held.facts(known, "acme", "queues").rows() == whole.rows()


def test_hard_tickets_are_counted_by_who_handled_them_whenever_they_became_hard(known, evaluate):
    old, shift = MONDAY - timedelta(weeks=3), {"shift_start": MONDAY - timedelta(weeks=3)}
    mine = [{"agent": "1", "date": old.date(), "ticket": ticket, **shift} for ticket in ("7", "8", "8", "9")]
    evaluate(NOW, old, handled=mine, hard=[])
    assert held.hard_handled(known, "acme").is_empty()

    became = [{"ticket": ticket, "at": MONDAY, "indicators": "escalated"} for ticket in ("8", "9", "10")]
    evaluate(NOW + timedelta(hours=1), MONDAY, hard=became)

    assert held.hard_handled(known, "acme").rows() == [("1", old.date(), 2)]


def test_a_ticket_counts_once_for_each_queue_it_was_active_in(known, evaluate):
    week, day = MONDAY - timedelta(weeks=2), (MONDAY - timedelta(weeks=2)).date()
    touches = [{"day": day, "group": group, "ticket": ticket}
               for group, ticket in (("100", "7"), ("100", "7"), ("100", "8"), ("200", "7"), (None, "9"))]  # fmt: skip
    hard = [{"ticket": "7", "at": week + timedelta(hours=9), "indicators": "escalated"}]
    evaluate(NOW, week, touches=touches, hard=hard)

    assert funnel.hard_by_queue(known, "acme", NOW).rows() == [("100", 2, 1), ("200", 1, 1)]


def test_what_was_read_ahead_is_there_when_somebody_asks(known, evaluate, reads):
    evaluate(NOW, MONDAY, queues=[queue_day(MONDAY.date(), 1)], hard=[], handled=[], touches=[])
    warm(known, "acme", NOW)
    reads.clear()

    held.facts(known, "acme", "queues")
    held.hard_handled(known, "acme")
    funnel.hard_by_queue(known, "acme", NOW)

    assert reads == []


def test_only_accounts_that_somebody_looks_at_are_read_ahead(known):
    assert known.asked_for(60) == []
    known.note_asked("acme")
    assert known.asked_for(60) == ["acme"]
    assert known.asked_for(-1) == []


def test_whoever_was_at_it_before_a_process_began_finds_it_warm(known):
    known.store.access.begin_session("acme", "zendesk:1", "One", "1", "link", NOW, NOW + timedelta(hours=1))

    note_sessions(known, NOW + timedelta(minutes=2))

    assert known.asked_for(60) == ["acme"]


def test_accounts_where_nobody_looked_of_late_are_left_alone(known):
    known.store.access.begin_session("acme", "zendesk:1", "One", "1", "link", NOW, NOW + timedelta(hours=9))

    note_sessions(known, NOW + timedelta(hours=2))

    assert known.asked_for(60) == []


def test_words_and_templates_are_read_before_anybody_asks(app):
    read_words(app)

    assert {key[1] for key in app.jinja_env.cache} >= {"today.html", "team.html", "settings/overview.html"}


def test_reading_ahead_ends_when_it_is_told_to(known):
    warmth = Warmth(known, lambda: NOW)
    warmth.start()
    warmth.stop()
    Warmth(known, lambda: NOW).stop()
