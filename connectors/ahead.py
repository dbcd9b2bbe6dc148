"""Asking for the next page while the current one is worked on."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


class _Next:
    """The next item of an iterator, being got in a thread that never holds up the end of the program."""

    def __init__(self, items: Iterator[T]) -> None:
        self._result: Any = _END
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._get, args=(items,), daemon=True)
        self._thread.start()

    def _get(self, items: Iterator[Any]) -> None:
        try:
            self._result = next(items, _END)
        except BaseException as error:
            self._error = error

    def wait(self) -> Any:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items in the same order; one item, never more, is got ahead of its use. Errors come in their
    turn."""
    coming = _Next(items)
    while (item := coming.wait()) is not _END:
        coming = _Next(items)
        yield item
