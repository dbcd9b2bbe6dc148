"""The program as if it were of another version, on another host, or by another clock.

`as_if.py '{"version": "0.0.9", "host": "a", "pid": 7, "clock": -3600}' serve …`; what is left out stays as it is.
`clock` is how many seconds the door's and the SQLite store's clocks are ahead.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import helpdesk_wellbeing

told = json.loads(sys.argv.pop(1))


class Clock:
    """The module `time`, ahead."""

    def __init__(self, seconds: float) -> None:
        self._ahead = seconds

    def time(self) -> float:
        return time.time() + self._ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def set_clocks(seconds: float) -> None:
    from helpdesk_wellbeing.store import dialect
    from webhooks import door

    class Door(door.Door):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            now = lambda: datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: E731
            super().__init__(*arguments, now=now, **options)

    door.Door = Door  # type: ignore[misc]
    dialect.time = Clock(seconds)  # type: ignore[assignment]


if "version" in told:
    helpdesk_wellbeing.__version__ = told["version"]
if "host" in told:
    socket.gethostname = lambda: str(told["host"])
if "pid" in told:
    os.getpid = lambda: int(told["pid"])
if "clock" in told:
    set_clocks(told["clock"])

from helpdesk_wellbeing.cli import main  # noqa: E402

main()
