"""Bringing a database to the newest tables; when there is nothing to do, Alembic is not even imported."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.store import dialect

REVISIONS = ("0001", "0002", "0003", "0004")  # every revision in versions/, oldest first
NEWEST = REVISIONS[-1]


def revision(connection: Connection) -> str | None:
    """The revision of the stored tables; None when there are none yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    stored = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if stored is None else str(stored)


def check(stored: str | None, place: str) -> bool:
    """Whether the tables are the newest. Raises StoreError when a newer version of the program made them."""
    if stored is not None and stored not in REVISIONS:
        raise StoreError(
            f"store: {place}: a newer version of helpdesk-wellbeing made this database (revision {stored}, "
            f"this version knows {NEWEST}); update the program"
        )
    return stored == NEWEST


def migrate(connection: Connection, place: str) -> None:
    """Bring the tables to the newest revision, all or nothing, inside the caller's write transaction."""
    dialect.lock_for_migration(connection)
    if check(revision(connection), place):  # another process was quicker
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "helpdesk_wellbeing.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
