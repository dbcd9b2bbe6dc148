"""Runs tests that make themselves SQLite databases on PostgreSQL instead: `pytest -p tests.on_postgresql`.

Where a test asks for a file, a database is made, and the file says which one. A copy of the file is a copy of that.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

import helpdesk_wellbeing.store
import helpdesk_wellbeing.store.store
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from tests.postgresql import Server

_SQLITE, _MARK = "sqlite:///", "a database of the tests:"
_EMPTY = "empty"


class Databases:
    """One server, and a database in it for each file."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._numbers = count()

    def open_store(self, place: str | Settings, **how: Any) -> Store:
        """What stands in the place of `store.open_store`."""
        url = place if isinstance(place, str) else place.database_url
        if not url.startswith(_SQLITE):
            return open_store(place, **how)
        file = Path(url.removeprefix(_SQLITE))
        home, wait = (place.home, place.lease_wait_s) if isinstance(place, Settings) else (file.parent, 30.0)
        return open_store(Settings(home, self._url_of(file), wait), **how)

    def end(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.remove()

    def _url_of(self, file: Path) -> str:
        server, own = self._started(), str(file.resolve())
        mark, name, whose = (file.read_text().split("\n") if file.exists() else [_MARK, _EMPTY, ""])[:3]
        assert mark == _MARK, f"{file} was made by something else"
        if whose == own:
            return server.url(name)
        new = f"d{next(self._numbers)}"
        self._copy(name, new)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{_MARK}\n{new}\n{own}")
        return server.url(new)

    def _copy(self, name: str, new: str) -> None:
        server = self._started()
        try:
            server.copy(name, new)
        except psycopg.errors.ObjectInUse:  # a test that holds what others copy; nothing of it is under way
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            server.execute(end + "AND pid <> pg_backend_pid()", database=name)
            server.copy(name, new)

    def _started(self) -> Server:
        if self._server is None:
            self._server = Server.make()
            self._server.start()
            self._server.watch(os.getpid())
            self._server.execute("CREATE DATABASE {}", _EMPTY)
            open_store(self._server.url(_EMPTY)).close()
        return self._server


_databases = Databases()
# Before any room imports it by name.
helpdesk_wellbeing.store.open_store = _databases.open_store
helpdesk_wellbeing.store.store.open_store = _databases.open_store


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over."""
    _databases.end()
