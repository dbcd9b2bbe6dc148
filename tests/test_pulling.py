"""Pages on their way into the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import PlatformError
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.pulling import _gathered


def a_page(stream: str = "ticket_events", rows: int = 10, watermark: str | None = "w") -> Page:
    return Page(stream, events.empty(), rows, watermark)


def test_neighbouring_pages_of_a_stream_are_stored_as_one():
    pages = [a_page(watermark="1"), a_page(watermark="2"), a_page(watermark=None), a_page("tickets", watermark="3")]

    gathered = list(_gathered(pages, now=lambda: 0.0))

    assert [(p.stream, p.rows, p.watermark) for p in gathered] == [("ticket_events", 30, "2"), ("tickets", 10, "3")]


def test_many_rows_do_not_wait():
    gathered = list(_gathered([a_page(rows=5), a_page(rows=5), a_page(rows=5)], rows=10, now=lambda: 0.0))

    assert [p.rows for p in gathered] == [10, 5]


def test_where_the_platform_is_slow_a_page_waits_for_the_next_one_at_most():
    clock = iter(range(0, 100, 2))

    gathered = list(_gathered([a_page()] * 4, seconds=3.0, now=lambda: float(next(clock))))

    assert [p.rows for p in gathered] == [20, 20]


def test_what_came_before_the_trouble_is_stored():
    def troubled() -> Iterator[Page]:
        yield a_page(watermark="1")
        yield a_page(watermark="2")
        raise PlatformError("the connection broke")

    gathered = _gathered(troubled(), now=lambda: 0.0)

    assert next(gathered).watermark == "2"
    with pytest.raises(PlatformError):
        next(gathered)
