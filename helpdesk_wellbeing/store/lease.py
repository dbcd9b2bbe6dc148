"""One writer per account. Readers need no lease.

A lease of a process that is gone is taken over at once on the same host, and anywhere after `EXPIRY_S`
without a heartbeat.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import StoreBusy, StoreError
from helpdesk_wellbeing.store import dialect
from helpdesk_wellbeing.store.database import Database
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.tables import leases

HEARTBEAT_S = 5.0
EXPIRY_S = 30.0
_POLL_S = 0.2


@dataclass(frozen=True)
class Lease:
    """Who may write; `token` is the proof."""

    token: str
    pid: int
    born: str
    host: str
    who: str
    since: float
    heartbeat: float

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.who} (process {self.pid} on {self.host}, since {since})"


@contextmanager
def held(database: Database, owner: Owner, who: str, wait_s: float, on_wait: Callable[[str], None]) -> Iterator[Lease]:
    """Hold the account's lease, with a heartbeat, until the block ends. Raises StoreBusy after `wait_s`."""
    mine = _acquire(database, owner, who, wait_s, on_wait)
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(database, owner, mine, stop), daemon=True)
    beat.start()
    try:
        yield mine
    finally:
        stop.set()
        beat.join()
        # A lease that cannot be given back (full disk) ends with this process anyway.
        with suppress(StoreError), database.writing() as connection:
            connection.execute(leases.delete().where(*_is(owner, mine)))


def _acquire(database: Database, owner: Owner, who: str, wait_s: float, on_wait: Callable[[str], None]) -> Lease:
    deadline = time.monotonic() + wait_s
    token = uuid.uuid4().hex
    said = False
    while True:
        with database.writing() as connection:
            now = dialect.now(connection)
            mine = Lease(token, os.getpid(), _born(os.getpid()), socket.gethostname(), who, now, now)
            holder = _try(connection, owner, mine)
        if holder is None:
            return mine
        if time.monotonic() >= deadline:
            busy = StoreBusy(f"account {owner.name} is being written by {holder}; try again when it is done")
            busy.holder = str(holder)
            raise busy
        if not said:
            on_wait(f"account {owner.name} is being written by {holder}; waiting up to {wait_s:.0f} s")
            said = True
        time.sleep(min(_POLL_S, max(0.0, deadline - time.monotonic())))


def _try(connection: Connection, owner: Owner, mine: Lease) -> Lease | None:
    """Take the lease, or give the one who holds it."""
    row = {"account": owner.number, **mine.__dict__}
    while not dialect.insert_if_free(connection, leases, row):
        there = holder(connection, owner, to_change=True)
        if there is None:  # given back in this very moment
            continue
        if _alive(there, mine):
            return there
        connection.execute(leases.update().where(*_is(owner, there)).values(mine.__dict__))
        break
    return None


def _alive(holder: Lease, mine: Lease) -> bool:
    if holder.host == mine.host and _same_machine(holder.born, mine.born) and holder.born != _born(holder.pid):
        return False
    return mine.heartbeat - holder.heartbeat < EXPIRY_S


def _same_machine(one: str, other: str) -> bool:
    """Whether both processes are seen from here; containers may share a host's name, and hosts one name."""
    return one.rpartition(":")[0] == other.rpartition(":")[0]


def confirm(connection: Connection, owner: Owner, mine: Lease) -> None:
    """Raises StoreError when another process took the lease, because this one stood still for too long."""
    token = connection.execute(sa.select(leases.c.token).where(leases.c.account == owner.number)).scalar()
    if token != mine.token:
        raise StoreError(
            f"account {owner.name}: this process stood still too long and lost its turn to write; "
            "what is stored is whole, run it again to go on"
        )


def holder(connection: Connection, owner: Owner, *, to_change: bool = False) -> Lease | None:
    """Who holds the lease, alive or not; with `to_change` it stays as it is until the transaction ends."""
    names = Lease.__dataclass_fields__
    query = sa.select(*(leases.c[name] for name in names)).where(leases.c.account == owner.number)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return None if row is None else Lease(*row)


def _beat(database: Database, owner: Owner, mine: Lease, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        # On SQLite a long transaction of our own keeps everyone out who could take the lease.
        with suppress(StoreError), database.writing() as connection:
            connection.execute(leases.update().where(*_is(owner, mine)).values(heartbeat=dialect.now(connection)))


def _is(owner: Owner, lease: Lease) -> tuple[sa.ColumnElement[bool], ...]:
    return leases.c.account == owner.number, leases.c.token == lease.token


def _born(pid: int) -> str:
    """What tells a process from an earlier one with the same pid; empty when there is no such process."""
    if sys.platform == "linux":
        try:
            # the command's name in brackets may contain spaces; the 20th field after it is the start time
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            seen_in = Path("/proc/self/ns/pid").stat().st_ino  # each container counts its processes by itself
        except (OSError, IndexError):
            return ""
        return "" if after_name[0] in "ZX" else f"{boot}:{seen_in}:{after_name[19]}"
    if sys.platform == "win32":  # os.kill would end the process there; the heartbeat must do
        return f"pid {pid}"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return f"pid {pid}"


def say(line: str) -> None:
    """The default of `on_wait`: one line on stderr."""
    print(line, file=sys.stderr)
