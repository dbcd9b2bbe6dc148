"""What many tests share: a home of their own, a simulated team, a PostgreSQL server, the reference material."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings
from werkzeug.routing import Rule

from helpdesk_wellbeing.demo import World
from helpdesk_wellbeing.store import migrations, open_store
from tests import worlds
from tests.first_tables import once_made
from tests.postgresql import Server, quick_folder
from tests.web_once import Remembered, compiled_once
from tests.worlds import alone, world_of

SERVER_FOLDER = "WELLBEING_TESTS_POSTGRESQL"  # not of the program's own: tests take those away
_TEMPLATE = "with_tables"

# A slow machine is not a defect; examples are derived from the test's own name, so every run sees the same.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder."""
    folder = tmp_path / "home"
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(folder))
    monkeypatch.delenv("HELPDESK_WELLBEING_DATABASE_URL", raising=False)
    return folder


_MIGRATE = migrations.migrate


@pytest.fixture(scope="session", autouse=True)
def _tables_are_made_once() -> Iterator[None]:
    """New SQLite databases in this process get their tables from the first one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "migrate", once_made(_MIGRATE))
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_and_addresses_are_compiled_once() -> Iterator[None]:
    """Web sides in this process share what is compiled of them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(Flask.jinja_options, "bytecode_cache", Remembered())
        patched.setattr(Rule, "_compile_builder", compiled_once(Rule._compile_builder))
        yield


@pytest.fixture
def migrating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new database is made by the migrations themselves."""
    monkeypatch.setattr(migrations, "migrate", _MIGRATE)


@pytest.fixture(scope="session")
def world() -> World:
    """Nine weeks of a simulated support team."""
    return world_of(1, date(2026, 11, 20), weeks=9)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("HELPDESK_WELLBEING_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the public logs and recorded answers are not here")
    return folder


def pytest_configure(config):
    """One server and one of each world for all workers of a run: the first test that needs one makes it."""
    gc.disable()  # until everything is collected
    if not hasattr(config, "workerinput"):
        quick = quick_folder()
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", quick)
        os.environ[SERVER_FOLDER] = f"{quick}/wellbeing-pg-{os.getpid()}"
        os.environ[worlds.FOLDER] = tempfile.mkdtemp(prefix="wellbeing-worlds-", dir=quick)


def pytest_collection_finish(session):
    """Four thousand tests stay to the end: looking through them for garbage again and again is no use."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config):
    """The workers are gone."""
    if hasattr(config, "workerinput"):
        return
    shutil.rmtree(os.environ[worlds.FOLDER], ignore_errors=True)
    folder = Path(os.environ[SERVER_FOLDER])
    if folder.exists():
        Server(folder).remove()
        folder.with_suffix(".lock").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Server:
    """A running PostgreSQL, shared by all tests of the run: stop it never; make databases in it freely."""
    if os.name != "posix":
        pytest.skip("the server is started on POSIX systems only")
    folder = Path(os.environ[SERVER_FOLDER])
    with alone(folder.with_suffix(".lock")):
        if (folder / "ready").exists():
            return Server(folder)
        server = Server.make(folder)
        server.start()
        server.watch(int(folder.name.rpartition("-")[2]))
        server.execute("CREATE DATABASE {}", _TEMPLATE)
        open_store(server.url(_TEMPLATE)).close()
        (folder / "ready").touch()
    return server


@pytest.fixture(scope="session")
def _database_names() -> Iterator[str]:
    return (f"t{os.getpid()}_{number}" for number in count())


@pytest.fixture
def new_database(postgresql_server, _database_names) -> Iterator[Callable[..., str]]:
    """Makes PostgreSQL databases and gives their addresses: with the tables of today, or without any."""
    made = []

    def make(*, tables: bool = True) -> str:
        made.append(next(_database_names))
        return postgresql_server.copy(_TEMPLATE if tables else "template0", made[-1])

    yield make
    for name in made:
        postgresql_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of this test's own; tests that are about files name "sqlite" with `indirect=True`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'wellbeing.db'}"
    made: str = request.getfixturevalue("new_database")()
    return made


def pytest_terminal_summary(terminalreporter):
    """That nobody has looked at a page must not be overlooked."""
    skipped = terminalreporter.stats.get("skipped", [])
    unseen = [report for report in skipped if "NO BROWSER" in str(report.longrepr)]
    if unseen:
        terminalreporter.write_sep(
            "!", f"NO BROWSER: {len(unseen)} tests of the pages did not run", red=True, bold=True
        )
        terminalreporter.write_line("apt-get install chromium, or name one in WELLBEING_CHROMIUM")
