"""The platform's paging schemes over rows that are text already."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

Numbers = npt.NDArray[np.int64]
KEPT_PAGES = 48
MOST_CHUNKS = 64


class BadCursor(ValueError):
    """The cursor isn't one of ours."""


@dataclass
class Rows:
    """Rows in the order of their stream: by stamp (epoch seconds), then id. `text`: a JSON object a row."""

    stamps: Numbers
    ids: Numbers
    text: pl.Series
    _pages: OrderedDict[tuple[int, int], str] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    keep: int = KEPT_PAGES

    @staticmethod
    def of(frame: pl.DataFrame, stamp: str, key: str, text: pl.Series) -> Rows:
        """Rows from a frame that is in order already."""
        return Rows(frame[stamp].cast(pl.Int64).to_numpy(), frame[key].cast(pl.Int64).to_numpy(), text)

    def __len__(self) -> int:
        return len(self.stamps)

    def followed_by(self, later: Rows) -> Rows:
        """These and, behind them, later ones."""
        text = pl.concat([self.text, later.text.alias(self.text.name)])
        if text.n_chunks() > MOST_CHUNKS:
            text = text.rechunk()
        return Rows(np.concatenate([self.stamps, later.stamps]), np.concatenate([self.ids, later.ids]), text)

    def end(self, until: int) -> int:
        """How many rows have a stamp of at most `until`."""
        return int(np.searchsorted(self.stamps, until, side="right"))

    def start(self, since: int) -> int:
        """The first row with a stamp of at least `since`."""
        return int(np.searchsorted(self.stamps, since, side="left"))

    def after(self, stamp: int, key: int) -> int:
        """The first row behind (stamp, id)."""
        low, high = self.start(stamp), self.end(stamp)
        return low + int(np.searchsorted(self.ids[low:high], key, side="right"))

    def joined(self, low: int, high: int) -> str:
        """Rows of [low, high) with commas between; pages asked for lately are kept."""
        with self._lock:
            known = self._pages.get((low, high))
            if known is not None:
                self._pages.move_to_end((low, high))
                return known
        page = ",".join(self.text.slice(low, high - low).to_list())
        with self._lock:
            self._pages[(low, high)] = page
            while len(self._pages) > self.keep:
                self._pages.popitem(last=False)
        return page

    def picked(self, places: Numbers) -> str:
        """Chosen rows with commas between."""
        return ",".join(self.text.gather(places).to_list())

    def time_window(self, low: int, end: int, size: int, keep_ties: bool) -> int:
        """Where a page of a time-based export that begins at `low` stops.

        Rows with one stamp stay together, and a page reaches past the stamp it began with whenever there is
        more, so that going on from its end time always makes headway.
        """
        high = min(low + size, end)
        if not keep_ties or high >= end:
            return high
        high = min(self.end(int(self.stamps[high - 1])), end)
        if high < end and self.stamps[high - 1] == self.stamps[low]:
            high = min(self.end(int(self.stamps[high])), end)
        return high


def export_cursor(stamp: int, key: int) -> str:
    return base64.b64encode(f"{stamp}.0||{key}|".encode()).decode()


def read_export_cursor(cursor: str) -> tuple[int, int]:
    """Stamp and id of the last row seen."""
    try:
        stamp, _, key, _ = base64.b64decode(cursor, validate=True).decode().split("|")
        return int(float(stamp)), int(key)
    except (ValueError, binascii.Error) as error:
        raise BadCursor(cursor) from error


def list_cursor(place: int) -> str:
    """The cursor of a list: how far into it, dressed as on the platform."""
    return base64.b64encode(orjson.dumps({"o": "id", "v": base64.b64encode(str(place).encode()).decode()})).decode()


def read_list_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(orjson.loads(base64.b64decode(cursor, validate=True))["v"]))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadCursor(cursor) from error
