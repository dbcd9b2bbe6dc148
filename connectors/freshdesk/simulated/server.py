"""The account as a server on loopback: what comes back for each request, and what happens in it while it runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from connectors.simulating.account import SimulatedAccount
from connectors.simulating.answers import Answer
from connectors.simulating.front import Received, after_the_last
from connectors.simulating.text import number_of

from .answers import refused
from .api import Api
from .door import Door
from .faults import Faults
from .limits import Quota
from .mischief import Mischief, refusal
from .record import Happening, Record, Step, Write
from .request import Request
from .site import Site
from .staff import staff_of
from .words import NULL


class SimulatedFreshdesk(SimulatedAccount[Request]):
    """A Freshdesk account on a loopback port.

    `now` says what time it is there, aware and UTC (default: ten minutes after the site's last event); `ticks` tells
    the seconds that rate limits go by (default: this machine's). `api_key` is made at start. `requests` and `credits`
    count by method and endpoint, `calls` keeps the last 1000 as (method, path, status), `strayed` counts requests under
    another host name. `others` lets other people act; what is in `on_write` is called after each save: by API, by
    them, by `touch`.
    """

    faults: Faults

    def __init__(
        self,
        site: Site,
        port: int = 0,
        now: Callable[[], datetime] | None = None,
        faults: Faults | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faults = faults or Faults()
        super().__init__(self.faults, port)
        self.quota = Quota(site.options, ticks)
        self.record = Record(site, staff_of(site), now or after_the_last(site.events))
        self.now = self.record.now
        self.on_write: list[Callable[[Write], None]] = self.record.on_write
        self.api = Api(self.record, self.faults, self.base_url)
        self.others = Door(self.record, self.api.writes)

    @property
    def site(self) -> Site:
        """What the account holds now, in our words: whatever was written is among its events."""
        return self.record.site

    @property
    def api_key(self) -> str:
        """The key of the service agent."""
        return self.api.api_key

    @property
    def credits(self) -> Counter[str]:
        """What requests have cost, by method and endpoint; `credits.total()` for all."""
        return self.quota.credits

    def drain(self, minutes: float | None = None) -> None:
        """Somebody else uses up what is left of this minute, or all there is for the next `minutes`."""
        self.quota.drain(minutes)

    def events_so_far(self) -> pl.DataFrame:
        """Everything that has happened, in our words."""
        return self.site.events

    def assignee(self, ticket: str, at: datetime) -> str | None:
        """Who has a ticket then; null: nobody."""
        row = self.record.version(number_of(ticket), int(at.timestamp()))
        return None if row is None or row["responder"] == NULL else str(row["responder"])

    def configuration(self) -> dict[str, list[dict[str, Any]]]:
        """What admins have set up, in a stable order: equal before an installation and after its removal."""
        with self.record.lock:
            return self.api.writes.configuration()

    def happen(self, events: pl.DataFrame) -> None:
        """Let more events (in `events.SCHEMA`) have happened; webhooks and apps hear of them.

        For a team that lives on: call it from `on_write`, or as the clock goes.
        """
        self.record.happen(events)

    def touch(self, ticket: str, agent: str, kind: str = "replied", value: str | None = None) -> Write:
        """Let `agent` (of `customer_replied`: the customer) do one thing to a ticket now; webhooks and apps hear of it.

        From now on it stands in every answer; `value` is what a change leads to (of `untagged`: the tag that went;
        of `handled`: seconds). All in our words and ids. Raises ValueError for what can't be.
        """
        return self.record.touch(ticket, agent, kind, value)

    def subscribe(self, listener: Callable[[Happening], None]) -> None:
        """Have `listener` called with everything that happens or is written from now on."""
        with self.record.lock:
            self.record.subscribed.append(listener)

    def unsubscribe(self, listener: Callable[[Happening], None]) -> None:
        """Call it no more."""
        with self.record.lock:
            self.record.subscribed.remove(listener)

    def start(self) -> SimulatedFreshdesk:
        """Serve in a thread."""
        self.serve()
        return self

    def __enter__(self) -> SimulatedFreshdesk:
        return self if self.serves else self.start()

    def time_there(self) -> datetime:
        """The account's time."""
        return self.now()

    def answered(self, received: Received) -> tuple[Answer, str | None]:
        """The answer to what came in, and the spoiler that is to be done on the wire."""
        return self.answer(
            Request(received.method, received.path, received.query, received.headers.get("Authorization"),
                    received.body, received.target)
        )  # fmt: skip

    def is_write(self, request: Request) -> bool:
        """Whatever is no GET."""
        return request.method != "GET"

    def refusal(self, fault: str) -> Answer | None:
        """In the platform's words."""
        return refusal(fault)

    def mischief(self, fault: str, request: Request) -> None:
        """Somebody does something to what is asked for."""
        Mischief(self.others, self.record, request).do(fault)

    def revoke(self) -> None:
        """The key was reset."""
        self.api.revoke()

    def too_late(self) -> Answer:
        """A 504."""
        return self.broken(504)

    def limited(self, request: Request) -> Answer:
        """The answer, if the quota allows for one."""
        if self.faults.twisted("drained", request.path):
            self.drain()
        if request.path.startswith("/exports/"):  # storage, not the helpdesk
            return self.api.answer(request)
        headers, waits = self.quota.charge(request.endpoint, request.kind, request.cost)
        headers["X-Freshdesk-API-Version"] = "latest=v2; requested=v2"
        if waits is not None:
            return self.throttled(headers)
        answer = self.api.answer(request)
        answer.headers.update(headers)
        return answer

    def throttled(self, headers: dict[str, str]) -> Answer:
        """A 429."""
        answer = Answer.of({"message": "You have exceeded the limit of requests per minute"}, 429)
        answer.headers.update(headers)
        return answer

    def broken(self, status: int) -> Answer:
        """An error of the server."""
        return refused(status, "internal_error", "Something went wrong")


__all__ = ["SimulatedFreshdesk", "Step", "Write"]
