"""Simulated helpdesks with next to nothing in them, and accounts connected to them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from connectors.zendesk.simulated import Options, SimulatedZendesk, Site
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.store import Store

BEGAN = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


def small_site() -> Site:
    """One ticket, made and answered."""
    usual = dict.fromkeys(SCHEMA) | {"account": "a", "ticket": "1", "channel": "email", "grade": "A"}
    rows: list[dict[str, Any]] = [
        usual | {"id": "1", "at": BEGAN, "actor": "5001", "actor_kind": "requester", "kind": "created",
                 "status": "new", "group": "11"},
        usual | {"id": "2", "at": BEGAN + timedelta(minutes=5), "actor": "1001", "actor_kind": "agent",
                 "kind": "replied"},
    ]  # fmt: skip
    plain = {name: (kind if isinstance(kind, pl.Datetime) else pl.String()) for name, kind in SCHEMA.items()}
    events = pl.DataFrame(rows, schema=plain).cast(SCHEMA)
    return Site(events, options=Options(unlimited=True, time_zone="UTC", csat=None))


class Gated(SimulatedZendesk):
    """Answers nothing about tickets before its gate is open."""

    def __init__(self) -> None:
        super().__init__(small_site())
        self.gate, self.asked = threading.Event(), threading.Event()

    def answer(self, request: Any) -> Any:
        if "/incremental/" in request.path:
            self.asked.set()
            self.gate.wait(120)
        return super().answer(request)


def connect(store: Store, account: str, site: SimulatedZendesk, *, base_url: str | None = None) -> None:
    """As `connect zendesk` does; `base_url` where something stands before the helpdesk."""
    from helpdesk_wellbeing.cli.connecting import connect_zendesk
    from helpdesk_wellbeing.cli.platforms import CLIENT_SECRET

    settings = {"subdomain": "acme", "base_url": base_url or site.base_url, "client_id": site.client_id}
    connect_zendesk(store, account, settings, CLIENT_SECRET, site.client_secret)
