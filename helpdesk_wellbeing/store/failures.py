"""What the database's errors mean for the one who runs us: one line with the next step."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

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
_URL = "check HELPDESK_WELLBEING_DATABASE_URL"
_NO_ANSWER = "the server does not answer; check that it runs and its address, then run this again"
_NOT_ACCEPTED = f"the user or the password was not accepted; {_URL}"
_NO_DATABASE = "the database does not exist; create it first"
_FULL_HOUSE = "the server takes no more connections; raise its max_connections or run fewer processes"
_STARTING = "the server is starting or stopping; run this again in a moment"
# by SQLSTATE, the longest beginning that fits
_POSTGRESQL = {
    "08": _NO_ANSWER,
    "0A": f"the server is too old or lacks a feature; {_URL}",
    "22": "a value does not fit its column; nothing of it was stored",
    "25006": "it is read-only; use a primary server and a role that may write",
    "28": _NOT_ACCEPTED,
    "3D000": _NO_DATABASE,
    "3F000": "there is no schema to put the tables into; check the role's search_path",
    "42501": "access is denied; give this role its tables, and CREATE on its schema",
    "42P01": _LINES["SQLITE_SCHEMA"],
    "53": "the server is short of memory or another resource; what is stored is whole, run this again",
    "53100": _LINES["SQLITE_FULL"],
    "53300": _FULL_HOUSE,
    "54": _LINES["SQLITE_TOOBIG"],
    "57": _NO_ANSWER,
    "57014": "the server ended what took too long; raise its statement_timeout, then run this again",
    "57P03": _STARTING,
    "58": _LINES["SQLITE_IOERR"],
    "XX001": "the database is damaged; put back a backup",
    "XX002": "an index is damaged; run REINDEX DATABASE, or put back a backup",
}
_POSTGRESQL_BUSY = {
    "55P03": _BUSY_LINE,
    "40": "another process was quicker with the same rows; nothing of this was stored, run it again",
}
# Before a connection stands there is no SQLSTATE, only the server's or the library's words.
_WORDS = (
    ("too many clients", _FULL_HOUSE),
    ("remaining connection slots", _FULL_HOUSE),
    ("too many connections", _FULL_HOUSE),
    ("authentication failed", _NOT_ACCEPTED),
    ("no password supplied", _NOT_ACCEPTED),
    ("pg_hba.conf", "the server's pg_hba.conf does not let this user in from here"),
    ("database system is", _STARTING),
    ("certificate", "the encrypted connection failed; check the certificates and sslmode in the URL"),
    ("SSL", "the encrypted connection failed; check the certificates and sslmode in the URL"),
)
_WRONG_VALUE = re.compile(r"invalid \w+ value|bad value for|weak sslmode")
_MISSING = re.compile(r"(database|role) \".*\" does not exist", re.DOTALL)


def explain(error: Exception, place: str) -> StoreError | None:
    """The line for an error of the driver; None when it is not the database's fault."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause, place)
    if isinstance(error, DBAPIError):
        return _postgresql(error, place)
    if isinstance(error, NoConnectionLeft):
        return StoreBusy(f"store: {place}: all connections of this process are in use; run it again")
    if isinstance(error, PendingRollbackError):
        return StoreError(f"store: {place}: {_NO_ANSWER}")
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
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        line = _without_state(error)
        return None if line is None else StoreError(f"store: {place}: {line}")
    busy = _longest(_POSTGRESQL_BUSY, state)
    if busy is not None:
        return StoreBusy(f"store: {place}: {busy}")
    line = _longest(_POSTGRESQL, state)
    return None if line is None else StoreError(f"store: {place}: {line} ({state})")


def _longest(lines: Mapping[str, str], state: str) -> str | None:
    return next((lines[state[:length]] for length in (5, 2) if state[:length] in lines), None)


def _without_state(error: DBAPIError) -> str | None:
    """What the driver or a server that did not let us in says; only its kind, never its words."""
    words = str(error.orig)
    if isinstance(error, DataError):
        return _POSTGRESQL["22"]
    if isinstance(error, ProgrammingError) and "connection option" in words:
        return f"there is a parameter in the URL that is none; {_URL}"
    if isinstance(error, OperationalError | ProgrammingError) and _WRONG_VALUE.search(words):
        return f"a parameter in the URL has a value that does not fit; {_URL}"
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    missing = _MISSING.search(words)
    if missing is not None:
        return _NO_DATABASE if missing[1] == "database" else _NOT_ACCEPTED
    return next((line for word, line in _WORDS if word in words), _NO_ANSWER)
