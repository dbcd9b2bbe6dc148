"""A worker that stands still where it is told to: `worker_process.py HOME URL pull|evaluate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import polars as pl

from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.feed import Page, Remembered, Roster
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.pipeline.worker import Worker
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store

home, url, place = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def stand_still() -> None:
    (home / "stands still").touch()
    time.sleep(600)


class Helpdesk:
    """Two pages; who asks for one is written down."""

    platform = "zendesk"
    notes = ()

    def roster(self, watermarks: Mapping[str, str] | None = None) -> Roster:
        return Roster(pl.DataFrame(schema=PEOPLE), pl.DataFrame(schema=GROUPS))

    def pull(self, watermarks: Mapping[str, str], since: datetime | None, remembered: Remembered) -> Iterator[Page]:
        for number in (1, 2):
            with (home / "asked").open("a") as asked:
                asked.write(f"page {number}\n")
            event = {"id": f"p{number}-0", "account": "acme", "ticket": "1", "actor": "7", "actor_kind": "agent",
                     "kind": "replied", "channel": "email", "grade": "A",
                     "at": datetime.now(UTC) - timedelta(minutes=11 - number)}  # fmt: skip
            time.sleep(1.1)  # so that each page is stored by itself
            yield Page("ticket_events", pl.DataFrame([event], schema=SCHEMA), 1, str(number))
            if place == "pull":
                stand_still()


if place == "evaluate":
    Engine.update = lambda self, progress=None: stand_still()

settings = Settings(home, url)
worker = Worker(settings, open_store(settings), lambda account: Helpdesk(), role="worker")
worker.start()
time.sleep(600)
