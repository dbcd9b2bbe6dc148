"""Bringing a database to the newest tables; when there is nothing to do, Alembic is not even imported."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import DatabaseIsNewer
from helpdesk_wellbeing.store import dialect
from helpdesk_wellbeing.store.tables import compatibility

# Every revision in versions/, oldest first, with the revision that a program must know to go on beside it: an earlier
# one where only things were added that older programs neither read nor have to write; else the revision itself.
OLDEST_PROGRAM = {"0001": "0001"} | dict.fromkeys(("0002", "0003", "0004", "0005", "0006", "0007", "0008"), "0002")
OLDEST_PROGRAM["0009"] = "0009"  # an older one would bring back who was erased, and say what was not agreed
REVISIONS = tuple(OLDEST_PROGRAM)
NEWEST = REVISIONS[-1]


def revision(connection: Connection) -> str | None:
    """The revision of the stored tables; None when there are none yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    stored = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if stored is None else str(stored)


def oldest_program(connection: Connection, stored: str | None) -> str | None:
    """The revision that a program must know to work with tables of the revision `stored`, as their maker said it.

    None: only those that know `stored` itself.
    """
    if stored is None or stored in REVISIONS or not sa.inspect(connection).has_table(compatibility.name):
        return None
    said = compatibility.c
    return connection.execute(sa.select(said.oldest).where(said.revision == stored)).scalar()


def check(stored: str | None, place: str, oldest: str | None = None) -> bool:
    """Whether this program can work with the tables as they are.

    `oldest`: see `oldest_program`. Raises DatabaseIsNewer when a newer version of the program made tables that this one
    does not understand.
    """
    if stored is None or stored in REVISIONS:
        return stored == NEWEST
    if oldest in REVISIONS:
        return True  # only things were added that we neither read nor write
    raise DatabaseIsNewer(
        f"store: {place}: a newer version of helpdesk-wellbeing made this database (revision {stored}, "
        f"this version knows {NEWEST}); update the program"
    )


def migrate(connection: Connection, place: str) -> None:
    """Bring the tables to the newest revision, all or nothing, inside the caller's write transaction."""
    dialect.lock_for_migration(connection)
    stored = revision(connection)
    if check(stored, place, oldest_program(connection, stored)):  # another process was quicker
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "helpdesk_wellbeing.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
    _say_who_may_go_on(connection)


def _say_who_may_go_on(connection: Connection) -> None:
    compatibility.create(connection, checkfirst=True)
    connection.execute(compatibility.delete())
    connection.execute(compatibility.insert().values(revision=NEWEST, oldest=max(OLDEST_PROGRAM.values())))
