"""Walking the list of tickets by key.

Sorted by their last change, rows move while pages are read: a ticket that changes jumps to the end, and every row
behind it moves up, so the next page begins one row too late. Hence page 1 again and again, each time from the last
change seen; further pages only inside one second, as often as they show something new.
https://developers.freshdesk.com/api/#list_all_tickets
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from typing import Any

from connectors.freshdesk.client import MOST_PAGES, ROWS
from connectors.freshdesk.sights import TROUBLE, epoch

Ask = Callable[[int, int], list[Any]]  # (last change from here on, in epoch seconds; page) -> rows, oldest change first


def by_key(
    ask: Ask, begin: int, end: int | None, note: Callable[[str], None], *, rows: int = ROWS, most: int = MOST_PAGES
) -> Iterator[list[Any]]:
    """Rows whose last change lies in [begin, end), each once for each change; None: up to the newest.

    Rows without a readable time come along as they are. `rows` is what a full page holds, `most` how many pages the
    platform gives.
    """
    at, seen = begin, _Seen()
    while True:
        page = ask(at, 1)
        yield from _some(seen.fresh(page), end)
        last = _last(page)
        if len(page) < rows or last is None or (end is not None and last >= end):
            return
        if last > at:
            at = last
            seen.forget_before(at)
            continue
        if not (yield from _inside(ask, at, end, seen, rows, most)):
            note(
                f"freshdesk: more tickets were changed in the second of {iso(at)} than the list shows; "
                f"those after the first {most * rows:,} are not read until they change again"
            )
        at += 1  # not further: rows behind this second may have moved up between two pages
        seen.forget_before(at)


def _inside(ask: Ask, at: int, end: int | None, seen: _Seen, rows: int, most: int) -> Generator[list[Any], None, bool]:
    """Further pages of one second, until a round shows nothing new in it. Whether the pages reach over it."""
    while True:
        news, page_no, is_over = 0, 1, False
        while not is_over and page_no < most:
            page_no += 1
            page = ask(at, page_no)
            fresh = seen.fresh(page)
            news += _of_second(fresh, at)
            yield from _some(fresh, end)
            last = _last(page)
            is_over = len(page) < rows or (last is not None and last > at)
        first = seen.fresh(ask(at, 1))
        news += _of_second(first, at)
        yield from _some(first, end)
        if not news:
            return is_over


def _of_second(rows: list[Any], at: int) -> int:
    return sum(1 for row in rows if _stamp(row) == at)


def iso(at: int) -> str:
    """Epoch seconds as the platform writes times."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Seen:
    """Which states of which tickets came already; those of seconds that are behind us are forgotten."""

    def __init__(self) -> None:
        self._states: set[tuple[Any, int]] = set()

    def fresh(self, page: list[Any]) -> list[Any]:
        found = []
        for row in page:
            at = _stamp(row)
            if at is not None:
                key = (row.get("id"), at)
                if key in self._states:
                    continue
                self._states.add(key)
            found.append(row)
        return found

    def forget_before(self, at: int) -> None:
        self._states = {key for key in self._states if key[1] >= at}


def _some(rows: list[Any], end: int | None) -> Iterator[list[Any]]:
    kept = [row for row in rows if end is None or (at := _stamp(row)) is None or at < end]
    if kept:
        yield kept


def _last(page: list[Any]) -> int | None:
    return max((at for row in page if (at := _stamp(row)) is not None), default=None)


def _stamp(row: Any) -> int | None:
    try:
        return epoch(row["updated_at"])
    except TROUBLE:
        return None
