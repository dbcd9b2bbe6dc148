from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from helpdesk_wellbeing.store import migrations, open_store
from helpdesk_wellbeing.store.tables import metadata, tickets
from tests.first_tables import once_made

pytestmark = pytest.mark.usefixtures("migrating")
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def test_the_migrations_lead_to_the_tables(store):
    with store._read("acme") as (connection, _):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@on_sqlite
def test_the_tables_that_tests_lay_out_are_those_that_the_migrations_make(url, tmp_path):
    open_store(url).close()
    lay_out = once_made(migrations.migrate)
    for name in ("first", "second"):
        with closing(sqlite3.connect(tmp_path / name, isolation_level=None)) as made:
            engine = sa.create_engine("sqlite://", creator=lambda made=made: made, poolclass=sa.pool.StaticPool)
            with engine.begin() as connection:
                lay_out(connection, name)

    dumps = [dump(tmp_path / name) for name in ("wellbeing.db", "first", "second")]
    assert len(dumps[0]) > 40
    assert dumps[0] == dumps[1] == dumps[2]


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def test_every_migration_is_known_by_name():
    config = Config()
    config.set_main_option("script_location", "helpdesk_wellbeing.store:migrations")
    script = ScriptDirectory.from_config(config)

    assert tuple(reversed([one.revision for one in script.walk_revisions()])) == migrations.REVISIONS
    assert script.get_current_head() == migrations.NEWEST


def test_opening_an_up_to_date_database_does_not_import_the_migration_tool(url, store):
    code = "import sys; from helpdesk_wellbeing.store import open_store; open_store(sys.argv[1]).close(); "
    code += "print('alembic' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_open_a_new_database_at_once_all_succeed(kind, tmp_path, request):
    sqlite_url = f"sqlite:///{tmp_path / 'wellbeing.db'}"
    url = sqlite_url if kind == "sqlite" else request.getfixturevalue("new_database")(tables=False)
    code = "import sys; from helpdesk_wellbeing.store import open_store; open_store(sys.argv[1]).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(2)]

    assert [process.wait() for process in processes] == [0, 0]
    with open_store(url) as store:
        assert store.accounts() == []


@on_sqlite
def test_the_database_is_for_its_owner_only(store):
    if os.name == "posix":
        assert stat.S_IMODE(store.file.stat().st_mode) == 0o600


def test_every_row_has_its_account():
    of_the_installation = {"accounts", "workers", "compatibility", "site"}
    for table in metadata.tables.values():
        assert table.name in of_the_installation or "account" in [column.name for column in table.primary_key]


def test_what_only_sqlite_understands_stays_there():
    assert "WITHOUT ROWID" in str(CreateTable(tickets).compile(dialect=sqlite.dialect()))
    assert "ROWID" not in str(CreateTable(tickets).compile(dialect=postgresql.dialect()))
