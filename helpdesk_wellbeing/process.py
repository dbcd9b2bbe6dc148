"""A process of this installation: its name, and the sign of life that it gives."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing import __version__

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

BEAT_S = 5.0
ALIVE_S = 20.0  # a process that has not been heard of for longer is not counted on


class Process:
    """This one, among those that work on the same store."""

    def __init__(self, store: Store, role: str, counts: Callable[[], Mapping[str, Any]]) -> None:
        self.host, self.pid = socket.gethostname(), os.getpid()
        self.name = f"{self.host}:{self.pid}:{secrets.token_hex(4)}"  # a pid comes again
        self.counts = counts
        self._work = store.work
        self._role = role

    def beat(self) -> None:
        """Say that it is alive, and what it has counted."""
        self._work.beat(
            self.name, role=self._role, version=__version__, host=self.host, pid=self.pid, counts=self.counts()
        )

    def say_goodbye(self) -> None:
        """It is going to end, and has nothing left to do."""
        self._work.forget_worker(self.name)
