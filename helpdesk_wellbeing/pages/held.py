"""Facts as pages read them: whole frames, sorted by subject, kept until the account is evaluated again.

Pieces hold all agents of a slice of time, so they are read once for everybody; one agent is a slice of a sorted frame.
They end with the last full hour. An evaluation adds to the newest pieces, so the older ones are kept as they were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.facts.schema import SCHEMAS
from helpdesk_wellbeing.facts.window import KEYS, Kept
from helpdesk_wellbeing.people import DEFAULT_CONTRACT_HOURS, DEFAULT_PRESET, holding, meant
from helpdesk_wellbeing.signals.presets import Preset, presets

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

WEEKS = {"shifts": 12, "days": 26, "queues": 12, "handled": 8, "hard": 8, "loads": 1}
_COLUMNS = {
    "shifts": (
        "agent", "start", "end", "date", "work_events", "active_15", "active_30", "active_60", "breaks", "night",
        "open_weight", "grade",
    ),
    "days": (
        "agent", "date", "first", "last", "work_events", "active_15", "active_30", "active_60", "tickets",
        "touched_weight", "after_hours",
    ),
    "handled": ("agent", "date", "ticket"),
    "hard": ("ticket", "at"),
}  # fmt: skip
_SETTLED = timedelta(days=9)  # later pieces are of hours and days, and are joined as they become older


def facts(known: Known, account: str, kind: str) -> pl.DataFrame:
    """One kind of facts (`facts.schema`, the columns that pages show) of the last weeks, sorted by subject and time.

    `handled` is very long: it stays in the order of time and has numbers (`number_of`) for tickets. What is older than
    last week is read once and kept, so that after an evaluation only what is new has to be read. Who was erased since
    is not in it: that counts as a change of the directory.
    """
    run = known.store.work.run_of(account)
    until = run.evaluated_until

    def read() -> pl.DataFrame:
        ends = until or datetime.now(UTC)
        first = (ends - timedelta(weeks=WEEKS[kind])).date()
        with known.store.view():
            marks = known.store.piece_marks(account, kind, first)
            old = {since: mark for since, mark in marks.items() if since < ends - _SETTLED}
            version = (first, tuple(old.items()))
            settled = known.kept(("settled", kind, account), version, lambda: _kept(known, account, kind, first, old))
            new = _rows(known, account, kind, first, [since for since in marks if since not in old])
        return settled.grown(new).rows if new is not None else settled.rows

    return known.kept(("facts", kind, account), (until, run.evaluated_at, known.store.revision(account)), read)


def _kept(known: Known, account: str, kind: str, first: date, pieces: Iterable[datetime]) -> Kept:
    rows = _rows(known, account, kind, first, pieces)
    if rows is None:
        columns = _COLUMNS.get(kind, tuple(SCHEMAS[kind]))
        rows = _in_short(kind, pl.DataFrame(schema={name: SCHEMAS[kind][name] for name in columns}))
    return Kept.of(kind, rows)


def _rows(known: Known, account: str, kind: str, first: date, pieces: Iterable[datetime]) -> pl.DataFrame | None:
    """Of these pieces, in the order of time; None where there are no pieces."""
    columns = _COLUMNS.get(kind, tuple(SCHEMAS[kind]))
    found = []
    for since in pieces:
        piece = known.store.read_piece(account, kind, since, (*columns, "piece"))
        if piece is not None:
            found.append(_in_short(kind, piece.filter(pl.col("piece") >= first).select(columns)))
    return pl.concat(found, rechunk=True) if found else None


def _in_short(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    if kind != "handled":
        return rows
    return rows.with_columns(pl.col("agent").cast(pl.Categorical), number_of("ticket"))


def number_of(ticket: str) -> pl.Expr:
    """A ticket's id as a number of 64 bits, the same in one process: half the room, and quick to compare."""
    return pl.col(ticket).hash()


def of_subject(frame: pl.DataFrame, subject: str, key: str = "agent") -> pl.DataFrame:
    """The rows of one subject from a sorted frame."""
    first = int(frame[key].search_sorted(subject, side="left"))
    return frame.slice(first, int(frame[key].search_sorted(subject, side="right")) - first)


def of_agent(known: Known, account: str, kind: str, agent: str) -> pl.DataFrame:
    """One agent's rows of `shifts` or `days`."""
    return of_subject(facts(known, account, kind), agent, KEYS[kind][0])


def hard_handled(known: Known, account: str) -> pl.DataFrame:
    """agent, date, hard: how many hard tickets each handled on each day, of the last eight weeks; sorted."""
    until = known.evaluated(account)

    def count() -> pl.DataFrame:
        handled, hard = facts(known, account, "handled"), facts(known, account, "hard")
        both = handled.join(hard.select(number_of("ticket")).unique(), on="ticket", how="semi")
        counted = both.group_by("agent", "date").agg(hard=pl.col("ticket").n_unique())
        return counted.with_columns(pl.col("agent").cast(pl.String)).sort("agent", "date")

    return known.kept(("hard handled", account), (until, known.store.revision(account)), count)


def person(known: Known, account: str, agent: str, on: date) -> dict[str, Any] | None:
    """What the directory says of an agent on a date; None of who is not in it."""
    directory = known.directory(account)
    rows = directory.people.filter(pl.col("agent") == agent).with_columns(pl.col("preset").fill_null(directory.preset))
    held = holding(rows, on)
    return held.row(0, named=True) if held.height else None


def preset_of(row: dict[str, Any] | None) -> Preset:
    """The legal numbers that hold for an agent."""
    return presets()[(row or {}).get("preset") or DEFAULT_PRESET]


def contract_hours(row: dict[str, Any] | None) -> float:
    """Hours a week."""
    return float((row or {}).get("contract_hours") or DEFAULT_CONTRACT_HOURS)


def members(known: Known, account: str, on: date) -> dict[str, list[str]]:
    """The agents of each group on a date, by group; people of whom nothing is said, shared accounts and machines left
    out.
    """

    def find() -> dict[str, list[str]]:
        rows = (
            meant(known.directory(account).people, on)
            .select("agent", "groups")
            .explode("groups")
            .drop_nulls()
            .unique()
            .sort("groups", "agent")
        )
        found: dict[str, list[str]] = {}
        for agent, group in rows.rows():
            found.setdefault(group, []).append(agent)
        return found

    return known.kept(("members", account), (known.store.revision(account), on), find)
