"""What has to be so before anything begins: a folder that takes what is written, and how a new installation begins."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.errors import ConfigError, NothingStored, StoreError
from helpdesk_wellbeing.settings import DATABASE_VARIABLE, HOME_VARIABLE, PIPELINE_FILE, Settings, load_settings
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LEFT_BEHIND_S = 3.0  # a serve that was killed leaves processes that take a moment to notice
ROOM_TO_SERVE, ROOM_TO_BEGIN = 1 << 20, 1 << 16  # bytes
FIRST_STEPS = """\
no account yet; begin with one of
  helpdesk-wellbeing connect zendesk --account NAME --subdomain SUBDOMAIN --client-id ID
  helpdesk-wellbeing connect freshdesk --account NAME --domain SUBDOMAIN.freshdesk.com
  helpdesk-wellbeing import LOG --account NAME
or look at a simulated one: helpdesk-wellbeing demo"""


def open_to_look() -> Store | None:
    """The store, for reading; None in a new installation, which has none yet but could make one.

    Raises StoreError when there is one that cannot be read, or when none could be made.
    """
    try:
        return open_store(read_only=True)
    except NothingStored:
        check_room(load_settings(), ROOM_TO_BEGIN)
        return None
    except StoreError:
        settings = load_settings()
        file = _database_file(settings)
        if file is not None and not file.stat().st_size:
            check_room(settings, ROOM_TO_BEGIN)
        raise


def open_existing() -> Store:
    """The store, for reading; nothing is made. Raises NothingStored, with the next step, where there is none."""
    try:
        return open_store(read_only=True)
    except NothingStored as nothing:
        settings = load_settings(create=False)
        elsewhere = f"{HOME_VARIABLE} to the folder" if _database_file(settings) else f"{DATABASE_VARIABLE} to the one"
        raise NothingStored(f"{nothing}, or set {elsewhere} that has it") from None


def check_room(settings: Settings, size: int) -> None:
    """Raises StoreError unless `size` bytes can be written beside the SQLite database; without one all is well.

    Needs no database library, so that a process that only starts others stays small.
    """
    file = _database_file(settings)
    if file is None:
        return
    ours = (file.with_name(name + more) for name in (file.name, PIPELINE_FILE) for more in ("", "-wal", "-shm"))
    for one in ours:
        if one.exists() and not os.access(one, os.W_OK):
            raise _not_written(one, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    try:
        with tempfile.TemporaryFile(dir=file.parent) as draft:
            draft.write(bytes(size))
            draft.flush()
    except OSError as error:
        raise _not_written(file.parent, error) from error


def _not_written(place: Path, error: OSError) -> StoreError:
    mend = "give this user the rights to write there"
    if error.errno in _NO_SPACE:
        mend = "free some space"
    elif error.errno in (errno.ENOENT, errno.ENOTDIR):
        mend = "make that folder, or name another place for the database"
    return StoreError(f"store: {place}: it cannot be written ({error.strerror}); {mend}, then run this again")


def check_address(host: str, port: int) -> None:
    """Raises ConfigError unless this process may listen there; as the server will, and without answering anybody."""
    until = time.monotonic() + LEFT_BEHIND_S
    while True:
        try:
            return _listen(host, port)
        except (OSError, UnicodeError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.1)
                continue
            raise ConfigError(f"serve: {_shown(host, port)}: {_why_not(error)}") from error


def _listen(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an earlier serve's last calls don't matter
        trial.bind((host, port))


def _why_not(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, UnicodeError | socket.gaierror):
        return "there is no such host; give --host an address of this machine, such as 127.0.0.1"
    if number == errno.EADDRINUSE:
        return "the port is taken; end the process that has it, perhaps another serve, or choose another --port"
    if number in (errno.EACCES, errno.EPERM):
        return "this user may not take the port; choose one from 1024 on with --port"
    if number in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return "this machine does not have that address; give --host one of its own, such as 127.0.0.1 or 0.0.0.0"
    return f"it cannot be listened on ({getattr(error, 'strerror', None)}); choose another --host or --port"


def _shown(host: str, port: int) -> str:
    plain = excerpt(host)
    return f"[{plain}]:{port}" if ":" in host else f"{plain}:{port}"


def _database_file(settings: Settings) -> Path | None:
    kind, _, path = settings.database_url.partition("///")
    return Path(path.partition("?")[0]) if kind.startswith("sqlite") and path else None
