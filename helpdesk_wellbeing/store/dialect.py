"""The one place where SQLite and PostgreSQL differ.

One process must use one SQLite library for one file: POSIX locks belong to the process, so a second copy of
the library (such as the one in an ADBC driver) neither sees nor keeps the first one's locks, and deletes the
write-ahead log under it when it closes; what is written after that is lost. Hence everything goes through
Python's own `sqlite3`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.sql.dml import Insert

from helpdesk_wellbeing.errors import ConfigError

_POSTGRESQL_DRIVER = "postgresql+psycopg"
WAL_PAGES = (
    8_000  # of 4 KiB; new ids land all over a large index, so pages are worth gathering before they are put back
)
_MIGRATION_LOCK = 7_244_011_905  # any number that nothing else in the database uses as an advisory lock
_ACCOUNT_LOCKS = 724_401_190  # the first of two numbers; the second one is the account's
_KEPT, _MOST = 5, 25  # connections of one process
_RECYCLE_S = 1800  # firewalls forget idle connections


def sqlite_file(url: URL) -> Path | None:
    """The file behind a SQLite URL; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise ConfigError("store: the database must be a file, such as sqlite:///wellbeing.db, or PostgreSQL")
    return Path(url.database)


def make_engine(url: URL, *, read_only: bool, busy_s: float) -> Engine:
    """An engine whose transactions begin where ours begin: `writes=True` takes the write lock at once."""
    file = sqlite_file(url)
    return _postgresql(url, busy_s) if file is None else _sqlite(file, read_only, busy_s)


def _sqlite(file: Path, read_only: bool, busy_s: float) -> Engine:
    if not read_only and not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    address = _sqlite_address(file, read_only)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False)
        # In WAL, NORMAL loses nothing to a kill; a power cut may cost the last transactions, as a whole.
        pragmas = ["cache_size = -65536", "foreign_keys = ON", "temp_store = MEMORY"]
        if not read_only:
            pragmas += ["journal_mode = WAL", "synchronous = NORMAL", f"wal_autocheckpoint = {WAL_PAGES}"]
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = sa.create_engine(
        "sqlite://", creator=connect, poolclass=sa.pool.QueuePool, max_overflow=-1, hide_parameters=True
    )

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('durable', False) else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_address(file: Path, read_only: bool) -> str:
    address = file.resolve().as_uri()
    if not read_only:
        return address
    log = file.with_name(file.name + "-wal")
    # A WAL database in a folder we may not write into opens only as immutable; without a log it is that.
    if not os.access(file.parent, os.W_OK) and not log.exists():
        return address + "?mode=ro&immutable=1"
    return address + "?mode=ro"


def _postgresql(url: URL, busy_s: float) -> Engine:
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername=_POSTGRESQL_DRIVER)
    if url.get_backend_name() != "postgresql":
        raise ConfigError(f"store: {url.get_backend_name()} is not supported; use sqlite:///… or postgresql://…")
    try:
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_S,
            pool_use_lifo=True,
            pool_size=_KEPT,
            max_overflow=_MOST - _KEPT,
            pool_timeout=busy_s,
            connect_args=_connect_arguments(url, busy_s),
            hide_parameters=True,
        )
    except NoSuchModuleError:
        raise ConfigError(f"store: there is no driver {url.drivername}; use postgresql://…") from None
    except ArgumentError:  # its text may hold a part of the URL
        raise ConfigError("store: the port in the database URL is no number") from None
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"store: {url.drivername}://… needs the package {missing.name}; use postgresql://…"
        ) from missing


def _connect_arguments(url: URL, busy_s: float) -> dict[str, Any]:
    """What libpq is told beside the URL; what the URL says itself goes first.

    The server ends what a vanished client left open, and we notice a vanished server, both within a minute.
    """
    milliseconds = max(1, round(busy_s * 1000))  # 0 would be for ever
    options = [f"lock_timeout={milliseconds}", "jit=off"]
    options += ["tcp_keepalives_idle=30", "tcp_keepalives_interval=10", "tcp_keepalives_count=3"]
    usual = {
        "application_name": "helpdesk-wellbeing",
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    arguments: dict[str, Any] = {name: value for name, value in usual.items() if name not in url.query}
    own = url.query.get("options", ())
    theirs = [own] if isinstance(own, str) else list(own)
    arguments["options"] = " ".join([*(f"-c {one}" for one in options), *theirs])
    return arguments


def place_of(url: URL) -> str:
    """Where a PostgreSQL database is, without the user and the password."""
    hosts = url.query.get("host", ())
    host = url.host or (hosts if isinstance(hosts, str) else ",".join(hosts)) or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"{host}{port}/{url.database or url.username or ''}"


def one_view(engine: Engine) -> Engine:
    """The engine for reading: each transaction sees one state. On SQLite every transaction does."""
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def insert_unless_there(dialect: str, table: sa.Table, rows: sa.Select[Any]) -> Insert:
    """Insert what `rows` selects; a row whose primary key is there already is left out."""
    statement = _insert(dialect, table).from_select(rows.selected_columns.keys(), rows)
    return cast(Insert, statement.on_conflict_do_nothing())


def lock_for_migration(connection: Connection) -> None:
    """Keep other processes from migrating. On SQLite the write transaction does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))


def lock_account(connection: Connection, number: int) -> None:
    """Wait until no other transaction writes this account, and keep them waiting; 0 is for making accounts.

    On SQLite the write transaction does that already. On PostgreSQL what is read after it, not before, is the newest.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ACCOUNT_LOCKS, number)))


def now(connection: Connection) -> float:
    """Seconds since 1970 by the one clock that all who use this database share."""
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(connection.execute(sa.select(sa.func.date_part("epoch", sa.func.clock_timestamp()))).scalar_one())


def upsert(connection: Connection, table: sa.Table, *, newest_by: str | None = None) -> Insert:
    """Insert, or replace what has the same primary key; with `newest_by` only by a row that is not older."""
    statement: Any = _insert(connection.dialect.name, table)
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    where = None
    if newest_by is not None:
        old, new = table.c[newest_by], statement.excluded[newest_by]
        where = sa.func.coalesce(new, 0) >= sa.func.coalesce(old, 0)
    return cast(Insert, statement.on_conflict_do_update(index_elements=keys, set_=values, where=where))


def insert_if_free(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert unless there is a row with this key; whether it was."""
    statement: Any = _insert(connection.dialect.name, table)
    keys = list(table.primary_key)
    statement = statement.on_conflict_do_nothing(index_elements=[key.name for key in keys]).returning(*keys)
    return connection.execute(statement, row).first() is not None


def _insert(dialect: str, table: sa.Table) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)


def compact(engine: Engine) -> str | None:
    """Write the database anew without what was deleted; what stood in the way, as a line.

    Outside of any transaction. On SQLite the write-ahead log is emptied, too; that waits for those who read.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM")
            return None
        cursor = raw.cursor()
        try:
            cursor.execute("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute("PRAGMA temp_store = MEMORY")
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            cursor.close()
        return "somebody is reading the database" if busy else None


def numbers(connection: Connection, array: sa.BindParameter[str]) -> sa.Select[Any]:
    """One row per whole number of a JSON array: a column goes into the database as one parameter."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import ARRAY

        # an array literal has braces; it is read several times faster than JSON
        literal = sa.func.translate(sa.cast(array, sa.Text), "[]", "{}")
        value: Any = sa.func.unnest(sa.cast(literal, ARRAY(sa.BigInteger))).column_valued("value")
    else:
        value = sa.func.json_each(array).table_valued("value").c.value
    return sa.select(value.label("number"))


def texts(connection: Connection, array: sa.BindParameter[str]) -> sa.Select[Any]:
    """One row per text of a JSON array."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import JSONB

        found: Any = sa.func.jsonb_array_elements_text(sa.cast(sa.cast(array, sa.Text), JSONB))
    else:
        found = sa.func.json_each(array)
    return sa.select(found.table_valued("value").c.value.label("text"))


def pairs(connection: Connection, mapping: sa.BindParameter[str]) -> sa.Select[int, int]:
    """(key, value) for each pair of whole numbers of a JSON object: two columns as one parameter."""
    if connection.dialect.name == "postgresql":
        # as text first: the driver would encode a JSON parameter a second time
        as_json = sa.cast(sa.cast(mapping, sa.Text), sa.JSON)
        table = sa.func.json_each_text(as_json).table_valued("key", "value")
    else:
        table = sa.func.json_each(mapping).table_valued("key", "value")
    return sa.select(
        sa.cast(table.c.key, sa.BigInteger).label("key"), sa.cast(table.c.value, sa.Integer).label("value")
    )


def records(dialect: str, array: sa.BindParameter[str], columns: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
    """One row per array of a JSON array, its values named and typed as `columns`: many rows as one parameter."""
    values: list[Any]
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import JSONB

        elements = sa.func.jsonb_array_elements(sa.cast(sa.cast(array, sa.Text), JSONB))
        record = elements.table_valued(sa.column("value", JSONB)).c.value
        values = [sa.cast(sa.func.jsonb_extract_path_text(record, str(n)), c.type) for n, c in enumerate(columns)]
    else:
        record = sa.func.json_each(array).table_valued("value").c.value
        values = [sa.func.json_extract(record, f"$[{n}]") for n, _ in enumerate(columns)]
    named = [value.label(column.name) for value, column in zip(values, columns, strict=True)]
    return sa.select(*named).where(sa.true())  # without a condition SQLite reads "ON CONFLICT" as a join's
