"""Facts as pages read them: whole frames, sorted by subject, kept until the account is evaluated again.

Pieces hold all agents of a slice of time, so they are read once for everybody; one agent is a slice of a sorted frame.
They end with the last full hour.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.facts.window import KEYS, combine
from helpdesk_wellbeing.people import DEFAULT_CONTRACT_HOURS, DEFAULT_PRESET
from helpdesk_wellbeing.signals.presets import Preset, presets

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

WEEKS = {"shifts": 12, "days": 26, "queues": 12, "handled": 8, "hard": 8, "touches": 5, "loads": 1}
_COLUMNS = {
    "shifts": (
        "agent", "start", "end", "date", "work_events", "active_15", "active_30", "active_60", "breaks", "night",
        "open_weight", "grade",
    ),
    "days": (
        "agent", "date", "first", "last", "work_events", "active_15", "active_30", "active_60", "tickets",
        "touched_weight", "after_hours",
    ),
}  # fmt: skip


def facts(known: Known, account: str, kind: str) -> pl.DataFrame:
    """One kind of facts (`facts.schema`, the columns that pages show) of the last weeks, sorted by subject and time."""
    until = known.evaluated(account)

    def read() -> pl.DataFrame:
        first = ((until or datetime.now(UTC)) - timedelta(weeks=WEEKS[kind])).date()
        pieces = known.store.read_pieces(account, kind, first)
        clean = combine({kind: pieces})[kind]
        clean = clean.select(_COLUMNS[kind]) if kind in _COLUMNS else clean
        return clean.rechunk()

    return known.kept(("facts", kind, account), until, read)


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
        both = handled.join(hard.select("ticket").unique(), on="ticket", how="semi")
        return both.group_by("agent", "date").agg(hard=pl.col("ticket").n_unique()).sort("agent", "date")

    return known.kept(("hard handled", account), until, count)


def person(known: Known, account: str, agent: str, on: date) -> dict[str, Any] | None:
    """What the directory says of an agent on a date; None of who is not in it."""
    directory = known.directory(account)
    rows = directory.people.filter(pl.col("agent") == agent).with_columns(pl.col("preset").fill_null(directory.preset))
    held = rows.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= on))
    held = held.sort("valid_from", nulls_last=False).tail(1)
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
        people = known.directory(account).people
        held = people.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= on))
        held = held.sort("valid_from", nulls_last=False).unique("agent", keep="last", maintain_order=True)
        plain = held.filter(
            ~pl.col("excluded").fill_null(value=False), pl.col("identity").fill_null("person") == "person"
        )
        rows = plain.select("agent", "groups").explode("groups").drop_nulls().unique().sort("groups", "agent")
        found: dict[str, list[str]] = {}
        for agent, group in rows.rows():
            found.setdefault(group, []).append(agent)
        return found

    return known.kept(("members", account), (known.store.revision(account), on), find)
