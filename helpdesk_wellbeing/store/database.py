"""The connection: opening, transactions, and errors that read like ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from helpdesk_wellbeing.errors import ConfigError, NothingStored, StoreError
from helpdesk_wellbeing.store import dialect, failures, migrations


class Database:
    """One database, used by any number of threads; each has at most one write transaction at a time."""

    def __init__(self, address: str, *, read_only: bool, busy_s: float) -> None:
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):  # its text may hold a part of the URL
            raise ConfigError(
                "store: the database URL cannot be read; it looks like postgresql://user@host/name"
            ) from None
        self.file: Path | None = dialect.sqlite_file(url)
        self.place = str(self.file) if self.file else dialect.place_of(url)
        self.read_only = read_only
        self._local = threading.local()
        if read_only and self.file is not None and not self.file.exists():
            raise NothingStored(f"store: {self.place}: there is no database yet; run import or connect first")
        with self._told():
            self._engine = dialect.make_engine(url, read_only=read_only, busy_s=busy_s)
        self._view = dialect.one_view(self._engine)
        try:
            self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    def _bring_up_to_date(self) -> None:
        stored, is_fit = self._state()
        if is_fit:
            return
        if self.read_only and stored is None:
            raise NothingStored(f"store: {self.place}: there are no tables yet; run import or connect first")
        if self.read_only:
            raise StoreError(f"store: {self.place}: its tables are old; any command that writes brings them up to date")
        with self.writing() as connection:
            migrations.migrate(connection, self.place)

    def check(self) -> None:
        """Raises StoreError unless the database answers and has tables that this program can use."""
        stored, is_fit = self._state()
        if not is_fit:
            raise StoreError(f"store: {self.place}: its tables are of revision {stored}; they wait for their migration")

    def _state(self) -> tuple[str | None, bool]:
        with self.reading() as connection:
            stored = migrations.revision(connection)
            return stored, migrations.check(stored, self.place, migrations.oldest_program(connection, stored))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view, whatever is written meanwhile; inside a write transaction, its own view."""
        current = self._current() or getattr(self._local, "viewed", None)
        if current is not None:
            yield current
            return
        with self._told(), self._view.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def viewing(self) -> Iterator[None]:
        """Every `reading` inside is of the same state. May be nested."""
        with self.reading() as connection:
            before = getattr(self._local, "viewed", None)
            self._local.viewed = connection
            try:
                yield
            finally:
                self._local.viewed = before

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A write transaction: all of it or nothing. An inner one joins the outer one.

        What a `durable` one committed survives a power cut too; that costs a write-through of the disk.
        """
        if self.read_only:
            raise StoreError(f"store: {self.place}: it was opened for reading only")
        current = self._current()
        if current is not None:
            before = set(self._local.claimed)
            try:
                with current.begin_nested():
                    yield current
            except BaseException:
                self._local.claimed = before  # what is undone gives its locks back
                raise
            return
        with self._told(), self._engine.connect().execution_options(writes=True, durable=durable) as connection:
            transaction = connection.begin()
            self._local.connection = connection
            self._local.claimed = set()
            try:
                yield connection
                transaction.commit()
            except BaseException:
                with suppress(DBAPIError):  # a full disk may have rolled back already
                    transaction.rollback()
                raise
            finally:
                self._local.connection = None

    def claim(self, connection: Connection, account: int) -> None:
        """In a write transaction: be the only one who writes this account until it ends. Else nothing.

        What the transaction then reads of the account is what its writes may rest on.
        """
        if connection is self._current() and account not in self._local.claimed:
            dialect.lock_account(connection, account)
            self._local.claimed.add(account)

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside a write transaction."""
        return self._current() is not None

    def compacted(self, compact: Callable[[Engine], str | None]) -> str | None:
        """What `compact` says of the whole database; not inside a transaction."""
        with self._told():
            return compact(self._engine)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _current(self) -> Connection | None:
        current: Connection | None = getattr(self._local, "connection", None)
        return current

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, NoConnectionLeft, PendingRollbackError, OSError) as error:
            line = failures.explain(error, self.place)
            if line is None:
                raise
            raise line from error
