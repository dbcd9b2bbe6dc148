"""The account as a server on loopback: what comes back for each request, and what happens in it while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from connectors.simulating.account import SimulatedAccount
from connectors.simulating.front import Received, after_the_last

from .access import Access
from .answers import Answer, plain_error
from .api import Api, Request
from .apps import InstalledApp, opened
from .door import Door
from .faults import Faults
from .limits import Bucket, Limits
from .mischief import REFUSALS, Mischief
from .site import Holdings, Site
from .touches import Touch, touched


class SimulatedZendesk(SimulatedAccount[Request]):
    """A Zendesk account on a loopback port.

    `now` says what time it is there, aware and UTC (default: ten minutes after the site's last event).
    Credentials are made at start: `client_id`, `client_secret`, and the legacy `api_token` of
    `options.service_email`. `requests` counts by endpoint, `calls` keeps the last 1000 as (method, path,
    status), `strayed` counts requests under another host name. `others` lets other people act; what is in `on_write`
    is called after each save that came in by API or through `others`.
    """

    faults: Faults

    def __init__(
        self,
        site: Site,
        port: int = 0,
        now: Callable[[], datetime] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        super().__init__(self.faults, port)
        options = site.options
        self.access = Access(options)
        minute = options.minute
        self.limits = Limits(
            Bucket(options.limit, minute), Bucket(options.export_limit, minute), options.unlimited,
            Bucket(options.update_limit, minute), options.ticket_update_limit,
        )  # fmt: skip
        told = now or after_the_last(site.events)
        self.api = Api(Holdings(site, self.base_url), self.access, self.faults, told)
        self.apps = self.api.apps
        self.record = self.api.record
        self.now = self.record.now
        self.others = Door(self.record, self.api.writes)
        self.on_write = self.record.on_write

    @property
    def site(self) -> Site:
        """What the account holds now, in our words: whatever was written is among its events."""
        return self.record.holdings.site

    def events_so_far(self) -> pl.DataFrame:
        """Everything that has happened, in our words."""
        return self.site.events

    def assignee(self, ticket: str, at: datetime) -> str | None:
        """Who has a ticket then; null: nobody."""
        row = self.api.holdings.ticket(int(ticket), int(at.timestamp()))
        agent = row["assignee_id"] if row is not None else None
        return None if agent is None else str(agent)

    def configuration(self) -> dict[str, list[dict[str, Any]]]:
        """What admins have set up, in a stable order: equal before an installation and after its removal."""
        with self.record.lock:
            return self.api.setup.configuration()

    def install_app(self, archive: bytes) -> InstalledApp:
        """An admin uploads an app and installs it: what it requires is made, without a look at what is there."""
        preset, required = opened(archive)
        with self.record.lock:
            for kind, things in required.items():
                for body in things.values():
                    self.api.setup.create(kind, body)
        return self.apps.install(**preset)

    def happen(self, events: pl.DataFrame) -> None:
        """Let more events (in `events.SCHEMA`, none older than the newest) have happened; webhooks hear of them.

        For a team that lives on: call it from `on_write`, or as the clock goes.
        """
        with self.record.lock:
            newest, first = self.site.events["at"].max(), events["at"].min()
            if isinstance(newest, datetime) and isinstance(first, datetime) and first < newest.replace(microsecond=0):
                raise ValueError("what happens is newer than all that happened")
            children = self.record.append(events)
        self.record.tell(children, {})

    @property
    def client_id(self) -> str:
        return self.access.client_id

    @property
    def client_secret(self) -> str:
        return self.access.client_secret

    @property
    def api_token(self) -> str:
        return self.access.api_token

    def start(self, prepare: bool = False) -> SimulatedZendesk:
        """Serve in a thread; `prepare` renders the streams first, for measurements."""
        if prepare:
            self.api.holdings.prepare(int(self.now().timestamp()))
        self.serve()
        return self

    def __enter__(self) -> SimulatedZendesk:
        return self if self.serves else self.start()

    def time_there(self) -> datetime:
        """The account's time."""
        return self.now()

    def answered(self, received: Received) -> tuple[Answer, str | None]:
        """The answer to what came in, and the spoiler that is to be done on the wire."""
        get = received.headers.get
        return self.answer(
            Request(received.method, received.path, received.query, get("Authorization"), received.body,
                    received.target, get("Idempotency-Key"))
        )  # fmt: skip

    def touch(self, ticket: str, agent: str, kind: str = "replied", value: str | None = None) -> Touch:
        """Let `agent` (of `customer_replied`: the customer) do one thing to a ticket now; webhooks hear of it.

        From now on it stands in every answer, as if it had always been there; `value` is what a change of state
        leads to. All in our words and ids. Raises ValueError for what webhooks do not tell.
        """
        with self.record.lock:
            row = touched(self.site.events, self.now(), ticket, agent, kind, value)
            children = self.record.append(row)
        return self.record.tell(children, {row["id"][0]: kind})[0]

    def subscribe(self, listener: Callable[[Touch], None]) -> None:
        """Have `listener` called with everything that is touched or written."""
        with self.record.lock:
            self.record.subscribed.append(listener)

    def unsubscribe(self, listener: Callable[[Touch], None]) -> None:
        """Call it no more."""
        with self.record.lock:
            self.record.subscribed.remove(listener)

    def is_write(self, request: Request) -> bool:
        """Asking for a token is none."""
        return request.method != "GET" and request.path.startswith("/api/v2/")

    def refusal(self, fault: str) -> Answer | None:
        """In the platform's words."""
        return Answer.of(*REFUSALS[fault]) if fault in REFUSALS else None

    def mischief(self, fault: str, request: Request) -> None:
        """Somebody does something to what is asked for."""
        Mischief(self.others, self.record, request).do(fault)

    def revoke(self) -> None:
        """The OAuth client was switched off."""
        self.access.switch_off()

    def too_late(self) -> Answer:
        """A 504."""
        return Answer.of(plain_error("GatewayTimeout", "The server took too long"), 504)

    def limited(self, request: Request) -> Answer:
        """The answer, if the limits allow for one."""
        export, updated = "/incremental/" in request.path, _updated(request)
        headers, waits = self.limits.check(export, updated)
        if waits is not None:
            text = _throttled("ticket update " if updated is not None else "incremental export " if export else "")
            return Answer.of(plain_error("APIRateLimitExceeded", text), 429, headers)
        answer = self.api.answer(request)
        answer.headers.update(headers)
        return answer

    def instead(self, spoiler: str | None, target: str) -> Answer | None:
        """Tokens may end, too."""
        if spoiler == "expire":
            self.access.revoke_all()
        return super().instead(spoiler, target)

    def throttled(self, headers: dict[str, str]) -> Answer:
        """A 429."""
        return Answer.of(plain_error("APIRateLimitExceeded", _throttled("")), 429, headers)

    def broken(self, status: int) -> Answer:
        """An error of the server."""
        return Answer.of(plain_error("InternalError", "Something went wrong"), status)


def _throttled(what: str) -> str:
    return f"Number of allowed {what}API requests per minute exceeded"


def _updated(request: Request) -> str | None:
    """The ticket that the request updates; "" when there are several, null when none."""
    named = re.fullmatch(r"tickets/(\d+|update_many)(?:/tags)?", request.resource)
    if named is None or request.method not in ("PUT", "POST", "DELETE"):
        return None
    return "" if named[1] == "update_many" else named[1]
