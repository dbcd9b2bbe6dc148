"""What the database's errors mean for the one who runs us: one line with the next step."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

from helpdesk_wellbeing.errors import StoreBusy, StoreError

_LINES = {
    "SQLITE_FULL": "the disk is full; free some space and run it again, what is stored is whole",
    "SQLITE_READONLY": "it is read-only; give this user write access to the file and its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder exists and that this user may write there",
    "SQLITE_PERM": "access is denied; give this user write access to the file and its folder",
    "SQLITE_AUTH": "access is denied; give this user write access to the file and its folder",
    "SQLITE_CORRUPT": "the file is damaged; put back a backup, or move it away and import or pull again",
    "SQLITE_NOTADB": "this is not a database; put back a backup, or move it away and import or pull again",
    "SQLITE_IOERR": "reading or writing failed; check the disk and its free space, what is stored is whole",
    "SQLITE_TOOBIG": "a value is larger than the database takes; import or pull in smaller parts",
    "SQLITE_SCHEMA": "its tables are not ours; check the database URL",
}
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_BUSY_LINE = "another process keeps it locked; wait until it is done, then run this again"
_POSTGRESQL = {
    "53100": _LINES["SQLITE_FULL"],
    "25006": "it is read-only; use a primary server and a role that may write",
    "42501": "access is denied; grant this role its tables",
    "3D000": "the database does not exist; create it first",
    "28P01": "the password was not accepted; check HELPDESK_WELLBEING_DATABASE_URL",
    "28000": "the role was not accepted; check HELPDESK_WELLBEING_DATABASE_URL",
}
_POSTGRESQL_BUSY = ("55P03", "40001", "40P01")


def explain(error: Exception, place: str) -> StoreError | None:
    """The line for an error of the driver; None when it is not the database's fault."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause, place)
    if isinstance(error, DBAPIError):
        return _postgresql(error, place)
    if isinstance(cause, OSError):
        reason = cause.strerror or "cannot be used"
        return StoreError(f"store: {place}: {reason}; check the folder and its rights")
    return None


def _sqlite(cause: sqlite3.Error, place: str) -> StoreError | None:
    name = getattr(cause, "sqlite_errorname", None) or ""
    if name.startswith(_BUSY):
        return StoreBusy(f"store: {place}: {_BUSY_LINE}")
    for prefix, line in _LINES.items():
        if name.startswith(prefix):
            return StoreError(f"store: {place}: {line} ({name})")
    return None


def _postgresql(error: DBAPIError, place: str) -> StoreError | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state in _POSTGRESQL_BUSY:
        return StoreBusy(f"store: {place}: {_BUSY_LINE}")
    if state in _POSTGRESQL:
        return StoreError(f"store: {place}: {_POSTGRESQL[state]} ({state})")
    if not state or state.startswith(("08", "57")):
        return StoreError(f"store: {place}: the server does not answer; check that it runs and its address")
    return None
