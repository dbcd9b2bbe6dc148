"""Reading a whole log: blocks to events, what counts once, who the people and groups are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from connectors.eventlog.blocks import REJECTS, read_blocks
from connectors.eventlog.mapping import Mapping
from connectors.eventlog.translate import AGENT_ZONE, LINE, Plan, Translated, plan, translate
from helpdesk_wellbeing import events, people
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.instants import zone_problem
from helpdesk_wellbeing.words import excerpt


@dataclass(frozen=True)
class LogRead:
    """A log, read. `rows` = taken + repeated + dropped + refused; one row may become several events."""

    events: pl.DataFrame  # events.SCHEMA, sorted by at, id; each id once
    rejects: pl.DataFrame  # line, column, reason; a row may have several
    repeated: int  # rows that stand in the file already, word for word
    rows: int
    dropped: int = 0  # rows that the mapping does not want
    groups: pl.DataFrame | None = None  # people.GROUPS, when the mapping has [tiers]
    people: pl.DataFrame | None = None  # people.PEOPLE, when the mapping has [zones]
    notes: tuple[str, ...] = ()  # one line each, for the person who runs it

    @property
    def refused(self) -> int:
        """Rows that were not taken."""
        return self.rejects["line"].n_unique()


class Log:
    """A log that is read batch by batch, with memory that does not grow with the file.

    Iterate `batches()` to the end; after that `groups()`, `people()` and `notes` speak of the whole file.
    A repeated row comes again with the same id: whoever stores the batches keeps one.
    """

    def __init__(
        self, path: Path, account: str, mapping: Mapping | None = None, latest: datetime | None = None
    ) -> None:
        self._path, self._account, self._mapping, self._latest = path, account, mapping, latest
        self._groups: set[str] = set()
        self._actors: set[str] = set()
        self._zones: list[pl.DataFrame] = []
        self.notes: tuple[str, ...] = ()

    def batches(self) -> Iterator[Translated]:
        """Events by file order, at most some ten thousand a batch. Raises ConfigError and BadPayload."""
        how: Plan | None = None
        for block in read_blocks(self._path, self._mapping.delimiter if self._mapping else ","):
            if how is None:
                how = plan(self._path, block.frame.columns, self._mapping, self._latest)
                self.notes = how.notes
            batch = translate(block, how, self._account)
            self._remember(batch)
            yield batch
        self._note_unseen_automation()

    def _remember(self, batch: Translated) -> None:
        if self._mapping is None:
            return
        if self._mapping.tiers is not None:
            moved = batch.events.filter(pl.col("kind") == "moved")
            for names in (batch.events["group"], moved["before"], moved["after"]):
                self._groups.update(names.unique().drop_nulls())
        if self._mapping.zones is not None:
            self._zones.append(batch.zones)
        if self._mapping.automation:
            self._actors.update(batch.events["actor"].unique().drop_nulls())

    def _note_unseen_automation(self) -> None:
        if self._mapping is None:
            return
        unseen = [name for name in self._mapping.automation if name[:1] != "~" and name not in self._actors]
        self.notes += tuple(f'automation account "{excerpt(name)}" never acts in this log' for name in unseen)

    def groups(self) -> pl.DataFrame | None:
        """Every group seen, with the tier that its name tells."""
        if self._mapping is None or self._mapping.tiers is None:
            return None
        names = sorted(self._groups)
        tiers = [self._mapping.tiers.of(name) for name in names]
        frame = pl.DataFrame({"group": names, "tier": tiers}, schema={"group": pl.String(), "tier": pl.Int8()})
        return _filled(frame.with_columns(name=pl.col("group")), people.GROUPS)

    def people(self) -> pl.DataFrame | None:
        """Every agent whose zone the rows tell; of several zones the one of most events."""
        if self._mapping is None or self._mapping.zones is None:
            return None
        seen = (
            pl.concat(self._zones)
            .drop_nulls(AGENT_ZONE)
            .group_by("actor", AGENT_ZONE)
            .agg(pl.col("len").sum())
            .sort("actor", "len", AGENT_ZONE, descending=[False, True, False])
        )
        wrong = [name for name in seen[AGENT_ZONE].unique().sort() if zone_problem(name)]
        if wrong:
            self.notes += (f"zones: no time zone for {', '.join(excerpt(name) for name in wrong[:12])}",)
        known = seen.filter(~pl.col(AGENT_ZONE).is_in(wrong)).unique("actor", keep="first", maintain_order=True)
        frame = known.select(pl.col("actor").alias("agent"), pl.col(AGENT_ZONE).alias("time_zone"))
        return _filled(frame.with_columns(excluded=pl.lit(False)), people.PEOPLE)


def read_log(path: Path, account: str, mapping: Mapping | None = None, latest: datetime | None = None) -> LogRead:
    """Events of a CSV or Parquet file (plain or gzip), in the event log format or as `mapping` tells.

    Bad rows are refused by physical line (header = 1), the rest is read. Identical rows count once: without a
    mapping those whose columns of ours agree, with one those that agree in every column of the file, because
    a mapping may give two different words one meaning. Of different rows with one `id` the one that sorts
    first by content is kept and the others are refused. Rows dated after `latest` are refused.
    The result is the same for any order of the rows.

    Raises ConfigError (no such file, columns missing, mapping does not fit) and BadPayload (not a log).
    """
    log = Log(path, account, mapping, latest)
    taken: list[pl.DataFrame] = []
    rejects: list[pl.DataFrame] = [pl.DataFrame(schema=REJECTS)]
    rows = dropped = 0
    for batch in log.batches():
        taken.append(batch.events)
        rejects.append(batch.rejects)
        rows += batch.rows
        dropped += batch.dropped
    once, repeated, conflicts = _each_once(pl.concat(taken))
    people_of_log = log.people()
    return LogRead(
        events=once,
        rejects=pl.concat([*rejects, conflicts]).sort("line", "column"),
        repeated=repeated,
        rows=rows,
        dropped=dropped,
        groups=log.groups(),
        people=people_of_log,
        notes=log.notes,
    )


def write_rejects(path: Path, rejects: pl.DataFrame) -> None:
    """Write refused rows as CSV: line, column, reason. Raises ConfigError when that cannot be written."""
    try:
        with path.open("wb") as file:
            rejects.select(list(REJECTS)).write_csv(file)
    except OSError as error:
        raise ConfigError(f"{path}: the rejects cannot be written ({error.strerror}); name another file") from error


def _each_once(found: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """Events by id, how often one came again, and rows whose id is another row's."""
    doubled = found["id"].is_duplicated()
    if not doubled.any():
        return _in_order(found), 0, pl.DataFrame(schema=REJECTS)
    content = [name for name in events.SCHEMA if name != "id"]
    several = found.filter(doubled).sort(LINE).unique(list(events.SCHEMA), keep="first", maintain_order=True)
    repeated = found.filter(doubled)[LINE].n_unique() - several[LINE].n_unique()
    kept = several.sort("id", *content, nulls_last=True).unique("id", keep="first", maintain_order=True)
    lost = several.join(kept.select("id", LINE), on=["id", LINE], how="anti")
    conflicts = lost.select(
        pl.col(LINE),
        pl.lit("id").alias("column"),
        pl.lit("is the id of another row that differs").alias("reason"),
    )
    return _in_order(pl.concat([found.filter(~doubled), kept])), repeated, conflicts


def _in_order(found: pl.DataFrame) -> pl.DataFrame:
    return found.sort("at", "id").select(list(events.SCHEMA))


def _filled(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )
