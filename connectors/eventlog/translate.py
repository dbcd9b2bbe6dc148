"""From rows as they stand in a file to events. One plan a file, applied to block after block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from connectors.eventlog.blocks import REJECTS, Block
from connectors.eventlog.mapping import DROPPED, OURS, TIMES, ZONE, Mapping, Values, kinds_of
from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.instants import parse_instants, zone_problem
from helpdesk_wellbeing.words import did_you_mean, excerpt

LINE = "line"
AGENT_ZONE = "agent_zone"  # from [zones]; leaves with the people, not with the events
_STATE_AFTER = {"status": "status", "priority": "priority", "moved": "group", "assigned": "assignee"}


@dataclass(frozen=True)
class Plan:
    """Which of their columns make which of ours."""

    path: Path
    mapping: Mapping
    sources: dict[str, tuple[str, ...]]  # ours (and time_zone, agent_zone) -> theirs
    whole_rows: bool  # rows differ when anything in the file differs
    notes: tuple[str, ...]
    latest: datetime | None  # what is dated later has not happened


@dataclass(frozen=True)
class Translated:
    """Events of a block: `events.SCHEMA` plus `line`, in file order."""

    events: pl.DataFrame
    rejects: pl.DataFrame
    rows: int
    dropped: int  # rows the mapping does not want
    zones: pl.DataFrame  # actor, agent_zone, len


def plan(path: Path, columns: list[str], mapping: Mapping | None, latest: datetime | None = None) -> Plan:
    """Hold a mapping (or the event log format itself) against the file's columns. Raises ConfigError."""
    asked = mapping or Mapping()
    sources = {ours: theirs for ours, theirs in asked.columns.items() if ours != ZONE}
    spoken_for = {*asked.constants, *asked.columns, *(name for theirs in asked.columns.values() for name in theirs)}
    sources |= {name: (name,) for name in OURS if name in columns and name not in spoken_for}
    if asked.zone_column:
        sources[ZONE] = asked.zone_column
    if asked.zones:
        sources[AGENT_ZONE] = asked.zones.column
    problems = [
        f'{ours}: the file has no column "{excerpt(name)}"{did_you_mean(name, columns)}'
        for ours, theirs in sources.items() for name in theirs if name not in columns
    ] + [
        f'{ours}: the file has several columns "{name}"; rename them'
        for ours, theirs in sources.items() for name in theirs if f"{name} (2)" in columns
    ]  # fmt: skip
    given = {*sources, *asked.constants}
    problems += [f'no column "{name}"{did_you_mean(name, columns)}' for name in events.REQUIRED if name not in given]
    if problems:
        raise ConfigError(f"{path}: {'; '.join(problems)}; {_what_is_there(columns, asked)}")
    return Plan(path, asked, sources, bool(asked.columns), _notes(columns, asked), latest)


def _what_is_there(columns: list[str], mapping: Mapping) -> str:
    if len(columns) == 1:
        for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if sign in columns[0]:
                return f"the first line is separated by {name}; say so in a mapping (delimiter)"
    seen = ", ".join(excerpt(name, 30) for name in columns[:12])
    return f"the first line names: {seen}" + (
        "" if mapping.columns else "; other names need a mapping (--mapping; see docs/mappings)"
    )


def _notes(columns: list[str], mapping: Mapping) -> tuple[str, ...]:
    if mapping.columns:
        return ()
    return tuple(
        f'column "{excerpt(name)}" is not one of ours and was left out{did_you_mean(name, OURS)}'
        for name in columns
        if name not in events.SCHEMA and name not in mapping.constants
    )


def translate(block: Block, how: Plan, account: str) -> Translated:
    """Events of a block, and the rows that are none, by physical line."""
    mapping = how.mapping
    source = block.frame.select(_as_text(block.frame[name]) for name in block.frame.columns)
    ours = source.select(
        _joined(theirs, mapping.separator).alias(name) for name, theirs in how.sources.items()
    ).with_columns(block.lines.alias(LINE), *(pl.lit(v).alias(k) for k, v in mapping.constants.items()))
    if how.whole_rows:
        ours = ours.with_columns(events.content_ids(source).alias(events.SOURCE_ROW))
    ours = ours.with_columns(_replaced(ours[name], table) for name, table in mapping.tables.items() if name in ours)
    before = len(ours)
    for name in mapping.tables:
        if name in ours.columns:
            ours = ours.filter(pl.col(name).ne_missing(DROPPED))
    dropped = before - len(ours)
    ours, late = _with_times(ours, mapping)
    ours = _one_row_a_change(_with_actors(ours, mapping))
    if mapping.columns and "after" not in how.sources and "after" not in mapping.constants:
        ours = _with_after(ours)
    names = [name for name in ours.columns if name in events.SCHEMA or name == events.SOURCE_ROW]
    found, problems = events.conform(ours.select(names), account, latest=how.latest)
    refused = pl.DataFrame(schema=REJECTS)
    if not problems.is_empty():
        refused = problems.with_columns(ours[LINE].gather(problems["row"]).alias(LINE)).select(list(REJECTS))
        ours = ours.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(problems["row"].implode()))
    found = found.with_columns(ours[LINE])
    zones = _zones(found, ours, mapping)
    return Translated(
        found, pl.concat([block.rejects, late, refused.unique(maintain_order=True)]), block.rows, dropped, zones
    )


def _as_text(column: pl.Series) -> pl.Series:
    """Text as it would stand in a CSV; empty text is null; nested columns are left empty."""
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        offset = "" if kind.time_zone is None else "%:z"
        column = column.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.6f{offset}")
    elif kind.is_float():
        whole = (column == column.floor()) & (column.abs() < 2**53)
        frame = pl.DataFrame({"x": column, "whole": whole})
        column = frame.select(
            pl.when("whole").then(pl.col("x").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("x").cast(pl.String)).alias(column.name)
        ).to_series()  # fmt: skip
    elif kind.is_nested() or kind == pl.Binary:
        return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(column))
    text = column.cast(pl.String)
    empty = (text.str.len_bytes() == 0).fill_null(False)
    return text.set(empty, None) if empty.any() else text


def _joined(theirs: tuple[str, ...], separator: str) -> pl.Expr:
    """One of their columns, or several joined; a missing part is "?", so the others keep their place."""
    if len(theirs) == 1:
        return pl.col(theirs[0])
    nothing = pl.all_horizontal(pl.col(name).is_null() for name in theirs)
    parts = pl.concat_str([pl.col(name).fill_null("?") for name in theirs], separator=separator)
    return pl.when(~nothing).then(parts)


def _replaced(column: pl.Series, table: Values) -> pl.Series:
    known = {theirs: table(theirs) for theirs in column.unique().drop_nulls()}
    empty = table("")
    replaced = column.replace_strict(known, default=None, return_dtype=pl.String) if known else column
    return replaced.fill_null(empty) if empty is not None and column.has_nulls() else replaced


def _with_times(ours: pl.DataFrame, mapping: Mapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Instants in place of text, and the rows whose times cannot be read."""
    zones, zone_reasons = _row_zones(ours, mapping)
    refused = [pl.DataFrame(schema=REJECTS), zone_reasons]
    bad = pl.Series("bad", [False]).new_from_index(0, len(ours))
    for name in TIMES:
        if name not in ours.columns:
            continue
        read = parse_instants(ours[name], zones, mapping.time_format)
        missing = pl.lit("is empty" if name == "at" else None, pl.String)
        reasons = read.select(
            ours[LINE], pl.lit(name).alias("column"),
            pl.coalesce("reason", pl.when(pl.col("at").is_null()).then(missing)).alias("reason"),
        )  # fmt: skip
        bad |= reasons["reason"].is_not_null()
        refused.append(reasons.drop_nulls("reason"))
        ours = ours.with_columns(read["at"].alias(name))
        if name == "at" and read["guessed"].any():
            grade = pl.col("grade") if "grade" in ours.columns else pl.lit(None, pl.String)
            ours = ours.with_columns(grade=pl.when(read["guessed"]).then(pl.lit("B")).otherwise(grade))
    if not zone_reasons.is_empty():
        bad |= ours[LINE].is_in(zone_reasons[LINE].implode())
    return (ours.filter(~bad) if bad.any() else ours), pl.concat(refused)


def _row_zones(ours: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series | None, pl.DataFrame]:
    none = pl.DataFrame(schema=REJECTS)
    if ZONE not in ours.columns:
        if mapping.time_zone is None:
            return None, none
        return pl.Series(ZONE, [mapping.time_zone]).new_from_index(0, len(ours)), none
    zones = ours[ZONE]
    wrong = {zone: why for zone in zones.unique().drop_nulls() if (why := zone_problem(zone))}
    if not wrong:
        return zones, none
    rows = ours.select(LINE, pl.lit(ZONE).alias("column"), pl.col(ZONE).alias("reason"))
    rows = rows.filter(pl.col("reason").is_in(list(wrong)))
    return zones.replace(dict.fromkeys(wrong)), rows.with_columns(pl.col("reason").replace(wrong))


def _with_actors(ours: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    if not mapping.automation or "actor" not in ours.columns:
        return ours
    given = pl.col("actor_kind") if "actor_kind" in ours.columns else pl.lit(None, pl.String)
    automatic = _replaced(ours["actor"], mapping.is_automation).is_not_null()
    return ours.with_columns(actor_kind=pl.when(automatic).then(pl.lit("integration")).otherwise(given))


def _one_row_a_change(ours: pl.DataFrame) -> pl.DataFrame:
    """A row whose kind is "moved + assigned" is two events of one save."""
    several = ours["kind"].str.contains("+", literal=True).fill_null(False)
    if not several.any():
        return ours
    batch = pl.col("batch") if "batch" in ours.columns else pl.lit(None, pl.String)
    shared = pl.coalesce(batch, pl.col(events.SOURCE_ROW)) if events.SOURCE_ROW in ours.columns else batch
    kinds = {text: kinds_of(text) for text in ours["kind"].unique().drop_nulls()}
    split = ours["kind"].replace_strict(kinds, default=None, return_dtype=pl.List(pl.String))
    apart = ours.with_columns(split, batch=pl.when(several).then(shared).otherwise(batch), several=several).explode(
        "kind"
    )
    if "id" in apart.columns:
        own = pl.concat_str("id", "kind", separator=":")
        apart = apart.with_columns(id=pl.when("several").then(own).otherwise("id"))
    return apart.drop("several")


def _with_after(ours: pl.DataFrame) -> pl.DataFrame:
    """What a change led to is the state right after it."""
    after = pl.lit(None, pl.String)
    for kind, state in _STATE_AFTER.items():
        if state in ours.columns:
            after = pl.when(pl.col("kind") == kind).then(pl.col(state)).otherwise(after)
    return ours.with_columns(after=after)


def _zones(found: pl.DataFrame, taken: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    if mapping.zones is None:
        return pl.DataFrame(schema={"actor": pl.String(), AGENT_ZONE: pl.String(), "len": pl.UInt32()})
    zone = _replaced(taken[AGENT_ZONE], mapping.zones.table)
    agents = found.select("actor", "actor_kind", zone.alias(AGENT_ZONE)).filter(pl.col("actor_kind") == "agent")
    return agents.group_by("actor", AGENT_ZONE).len()
