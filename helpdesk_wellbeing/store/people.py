"""Who is who: people, leave, groups and on call, from the admin's files and from the platform."""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.people import DEFAULT_PRESET, GROUPS, LEAVE, ON_CALL, PEOPLE, Directory
from helpdesk_wellbeing.store import blobs, said
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import directory

Source = Literal["file", "platform"]
Kind = Literal["people", "leave", "groups", "on_call"]
SCHEMAS: dict[Kind, pl.Schema] = {"people": PEOPLE, "leave": LEAVE, "groups": GROUPS, "on_call": ON_CALL}


def replace(connection: Connection, owner: Owner, kind: Kind, source: Source, frame: pl.DataFrame) -> bool:
    """Put a source's rows in the place of all it gave before; whether anything is now different."""
    if source not in get_args(Source):
        raise ValueError(f"{source!r} is not a source; use file or platform")
    frame = _fitted(owner, kind, frame)
    if frame.equals(_stored(connection, owner, kind, source)):
        return False
    row = {"account": owner.number, "kind": kind, "source": source, "data": blobs.pack(frame)}
    connection.execute(upsert(connection, directory), row)
    return True


def _fitted(owner: Owner, kind: Kind, frame: pl.DataFrame) -> pl.DataFrame:
    schema = SCHEMAS[kind]
    odd = [name for name, dtype in frame.schema.items() if schema.get(name) != dtype]
    if odd:
        raise BadPayload(f"store: {kind} of {owner.name}: {', '.join(odd)} do not fit the schema")
    key = schema.names()[0]
    if key not in frame.columns or frame[key].has_nulls():
        raise BadPayload(f"store: {kind} of {owner.name}: every row needs its {key}")
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, dtype).alias(name) for name, dtype in schema.items()
    ).sort("agent" if "agent" in schema else "group", maintain_order=True)


def of_source(connection: Connection, owner: Owner, kind: Kind, source: Source) -> pl.DataFrame:
    """What one source gave, as it stands."""
    return _stored(connection, owner, kind, source)


def _stored(connection: Connection, owner: Owner, kind: Kind, source: Source) -> pl.DataFrame:
    where = (directory.c.account == owner.number, directory.c.kind == kind, directory.c.source == source)
    data = connection.execute(sa.select(directory.c.data).where(*where)).scalar()
    if data is None:
        return pl.DataFrame(schema=SCHEMAS[kind])
    return blobs.unpack(data, f"the {kind} of {owner.name} from the {source}")


def read(connection: Connection, owner: Owner, zone: str, preset: str = DEFAULT_PRESET) -> Directory:
    """Both sources in one: where the file has a value it holds, where it is empty the platform's does."""

    def both(kind: Kind) -> tuple[pl.DataFrame, pl.DataFrame]:
        return _stored(connection, owner, kind, "file"), _stored(connection, owner, kind, "platform")

    return Directory(
        zone,
        _people(*both("people")),
        pl.concat(both("leave")).unique().sort("agent", "from", "to"),
        _overridden(*both("groups"), "group").sort("group"),
        pl.concat(both("on_call")).unique().sort("agent", "from", "to"),
        said.own_hours(connection, owner),
        preset,
    )


def _people(file: pl.DataFrame, platform: pl.DataFrame) -> pl.DataFrame:
    """A person whose rows of the file begin at a date is the platform's before it."""
    from_the_beginning = file.filter(pl.col("valid_from").is_null())
    known_later = file.join(from_the_beginning, on="agent", how="anti")
    before = platform.join(known_later.select("agent").unique(), on="agent", how="semi").filter(
        pl.col("valid_from").is_null()
    )
    together = pl.concat([_overridden(file, platform, "agent"), before])
    return together.sort("agent", "valid_from", nulls_last=False)


def _overridden(file: pl.DataFrame, platform: pl.DataFrame, key: str) -> pl.DataFrame:
    values = [name for name in file.columns if name not in (key, "valid_from")]
    newest = platform.sort("valid_from", nulls_last=False) if "valid_from" in platform.columns else platform
    newest = newest.unique(key, keep="last", maintain_order=True)
    renamed = newest.select(key, *(pl.col(name).alias(f"platform {name}") for name in values))
    merged = file.join(renamed, on=key, how="left").with_columns(
        pl.coalesce(name, f"platform {name}").alias(name) for name in values
    )
    only_platform = platform.join(file.select(key).unique(), on=key, how="anti")
    return pl.concat([merged.select(file.columns), only_platform])
