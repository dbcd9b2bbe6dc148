"""What was written while the account ran and our events cannot say: texts, metadata, custom fields, requesters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

TEXTS = pl.Schema({"sec": pl.Int64(), "id": pl.Int64(), "json": pl.String()})
OWN_FIELD = 901  # a custom field that the account has from the start


@dataclass(frozen=True)
class Save:
    """One audit in each of its layouts."""

    sec: int
    audit: Mapping[str, Any]
    event: Mapping[str, Any]
    event_with_bodies: Mapping[str, Any]


@dataclass
class Ledger:
    """Only ever added to, so that answers under way may go on reading."""

    saves: dict[int, Save] = field(default_factory=dict)  # by audit
    values: dict[int, dict[int, Any]] = field(default_factory=dict)  # ticket -> custom field -> value
    besides: dict[int, dict[str, Any]] = field(default_factory=dict)  # ticket -> what its row shows instead
    requesters: dict[int, int] = field(default_factory=dict)  # ticket -> user
    fields: tuple[int, ...] = (OWN_FIELD,)  # custom fields that tickets have
    version: int = 0

    def parted(self, children: pl.DataFrame) -> tuple[pl.DataFrame, list[int]]:
        """Children without those of written audits, and the written audits among them."""
        if not self.saves:
            return children, []
        first = min(self.saves)
        late = children.filter(pl.col("audit") >= first)["audit"].unique().to_list()
        written = [audit for audit in late if audit in self.saves]
        if not written:
            return children, []
        return children.filter(~pl.col("audit").is_in(written)), written

    def events(self, audits: list[int], bodies: bool) -> pl.DataFrame:
        """Written audits as rows of the event stream."""
        found = [(a, self.saves[a]) for a in audits]
        return _texts([(s.sec, a, s.event_with_bodies if bodies else s.event) for a, s in found])

    def audits_of(self, audits: list[int]) -> pl.DataFrame:
        """Written audits as audits."""
        return _texts([(self.saves[a].sec, a, self.saves[a].audit) for a in audits])

    def blank_fields(self) -> str:
        """The custom fields of a ticket that has no value in any."""
        return orjson.dumps([{"id": no, "value": None} for no in self.fields]).decode()

    def patched(self, numbers: pl.Series, text: pl.Series, exported: bool) -> pl.Series:
        """Tickets' JSON with what was written on them."""
        known = set(self.values) | set(self.besides)
        if not known:
            return text
        places = [(place, no) for place, no in enumerate(numbers.to_list()) if no in known]
        if not places:
            return text
        rows = text.to_list()
        for place, no in places:
            rows[place] = orjson.dumps(self._patched(orjson.loads(rows[place]), no, exported)).decode()
        return pl.Series(text.name, rows, dtype=pl.String)

    def _patched(self, row: dict[str, Any], no: int, exported: bool) -> dict[str, Any]:
        values = self.values.get(no, {})
        row |= self.besides.get(no, {})
        row["custom_fields"] = [{"id": field, "value": values.get(field)} for field in self.fields]
        if exported:
            row["fields"] = row["custom_fields"]
        return row


def _texts(rows: list[tuple[int, int, Mapping[str, Any]]]) -> pl.DataFrame:
    return pl.DataFrame([(sec, no, orjson.dumps(row).decode()) for sec, no, row in rows], schema=TEXTS, orient="row")
