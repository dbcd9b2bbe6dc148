"""Small logs, written as rows, and their facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from helpdesk_wellbeing import events, feed, people
from helpdesk_wellbeing.facts import fold as folding
from helpdesk_wellbeing.facts import window

Log = Callable[..., pl.DataFrame]
Facts = Callable[..., dict[str, pl.DataFrame]]
Staff = Callable[..., people.Directory]


def make_log(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Events in the declared schema; an agent's reply on ticket "1" unless a row says otherwise."""
    full = []
    for number, row in enumerate(rows):
        base = {
            "id": f"{number:06d}",
            "account": "acme",
            "ticket": "1",
            "actor": "a1",
            "kind": "replied",
            "grade": "A",
        }
        made = base | row
        made.setdefault("actor_kind", "agent" if made["actor"] else "unknown")
        full.append({name: made.get(name) for name in events.SCHEMA})
    return pl.DataFrame(full, schema=events.SCHEMA)


def make_staff(
    people_rows: Sequence[dict[str, Any]] = (),
    groups: Sequence[dict[str, Any]] = (),
    leave: Sequence[tuple[Any, ...]] = (),
    on_call: Sequence[tuple[Any, ...]] = (),
    zone: str = "UTC",
) -> people.Directory:
    """A directory of the rows given."""
    return replace(
        people.Directory.empty(zone),
        people=pl.DataFrame([{n: r.get(n) for n in people.PEOPLE} for r in people_rows], schema=people.PEOPLE),
        groups=pl.DataFrame([{n: r.get(n) for n in people.GROUPS} for r in groups], schema=people.GROUPS),
        leave=pl.DataFrame(list(leave), schema=people.LEAVE, orient="row"),
        on_call=pl.DataFrame(list(on_call), schema=people.ON_CALL, orient="row"),
    )


def make_facts(
    events_frame: pl.DataFrame,
    staff: people.Directory | None = None,
    until: datetime | None = None,
    cuts: Sequence[datetime] = (),
    tickets: pl.DataFrame | None = None,
    automation: frozenset[str] = frozenset(),
) -> dict[str, pl.DataFrame]:
    """Facts of a log, folded in one slice or cut at `cuts`; carries go through their stored form."""
    staff = staff or people.Directory.empty()
    context = folding.FoldContext(staff.zone, 0, staff, automation=automation)
    snapshots = pl.DataFrame(schema=feed.TICKETS) if tickets is None else tickets
    latest = events_frame["at"].max()
    assert isinstance(latest, datetime)
    end = until or latest + timedelta(days=2)
    carry = folding.Carry.empty()
    pieces: dict[str, list[pl.DataFrame]] = {}
    start = datetime.min.replace(tzinfo=end.tzinfo)
    for cut in [*(c for c in cuts if c < end), end]:
        part = events_frame.filter((pl.col("at") >= start) & (pl.col("at") < cut))
        folded = folding.fold(carry, part, cut, context, snapshots)
        carry, start = folding.Carry.from_parts(folded.carry.to_parts()), cut
        for name, frame in folded.frames.items():
            pieces.setdefault(name, []).append(frame)
    return window.combine({name: pl.concat(frames) for name, frames in pieces.items()})


@pytest.fixture
def log() -> Log:
    return make_log


@pytest.fixture
def staff() -> Staff:
    return make_staff


@pytest.fixture
def facts() -> Facts:
    return make_facts
