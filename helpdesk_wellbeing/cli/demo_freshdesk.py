"""The demo's part on Freshdesk, which keeps no history of changes: an account is connected some weeks before the end,
the past is read as far as it can be, and from then on its app tells what happens and who does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, Clock, pull, served

if TYPE_CHECKING:
    from connectors.freshdesk.simulated import SimulatedFreshdesk
    from connectors.freshdesk.simulated.webhooks import AppForwarder
    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.store import Store

CONNECTED = timedelta(weeks=3)  # before the end
TITLE = f"Freshdesk, connected {CONNECTED.days // 7} weeks ago"
SECRET = "only-on-this-machine"
# What people write is pulled; whatever else they do to tickets only the app can tell.
FORWARDED = frozenset({"onTicketCreate", "onTicketUpdate"})


@contextmanager
def front(world: World, now: Callable[[], datetime]) -> Iterator[SimulatedFreshdesk]:
    """Without limits: a small quota takes an hour for a first pull, and nobody waits for a demo."""
    from connectors.freshdesk.simulated import SimulatedFreshdesk, Site

    with SimulatedFreshdesk(Site.from_world(world, unlimited=True), now=now) as server:
        say(f"simulated Freshdesk at {server.base_url}")
        yield server


def beginning(world: World) -> World:
    """What happened before the account was connected."""
    import polars as pl

    return replace(world, events=world.events.filter(pl.col("at") < connected_at(world)))


def connected_at(world: World) -> datetime:
    """When the account was connected and its app installed."""
    return world.as_of - CONNECTED


def connect(store: Store, front: SimulatedFreshdesk) -> None:
    """By the key of the service agent."""
    from helpdesk_wellbeing.cli.connecting import connect_freshdesk

    settings = {"domain": front.site.options.domain, "base_url": front.base_url}
    connect_freshdesk(store, ACCOUNT, settings, front.api_key)


def read(store: Store, front: SimulatedFreshdesk, world: World, clock: Clock) -> None:
    """A first pull of the past; then the app's calls, day by day, and a pull of what was written meanwhile."""
    clock.at = connected_at(world)
    pull(store, front, f"{clock.at:%-d %B}: connected")
    began = time.perf_counter()
    with _door(store, clock) as address, _app(front, address, SECRET) as app:
        while clock.at < world.as_of:
            until = min(clock.at + timedelta(days=1), world.as_of + timedelta(minutes=10))
            happened = world.events.filter(world.events["at"].is_between(clock.at, until, closed="left"))
            clock.at = until
            front.happen(happened)
            app.wait(600)
            _take_in(store)
        told = sum(app.outcomes.values())
    say(f"since then its app told what happened, by {told:,} calls over HTTP in {time.perf_counter() - began:.1f} s")
    pull(store, front, f"{world.as_of:%-d %B}: pulled")


def _take_in(store: Store) -> None:
    from helpdesk_wellbeing.arrivals import take_in

    while take_in(store, ACCOUNT).deliveries:
        pass


@contextmanager
def _door(store: Store, clock: Clock) -> Iterator[str]:
    """The door for webhooks on a loopback port, at the time of the demo."""
    from webhooks.door import Door
    from webhooks.receipts import Receipts
    from webhooks.wsgi import before

    receipts = Receipts(store.inbox.add_many)
    door = Door(lambda platform, account: (SECRET,), receipts.keep, lambda *_: None, now=lambda: clock.at)
    try:
        with served(before(_nothing, door)) as address:
            yield address
    finally:
        receipts.stop()


def _nothing(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return []


def _app(front: SimulatedFreshdesk, address: str, secret: str) -> AppForwarder:
    from connectors.freshdesk.simulated.webhooks import AppForwarder

    return AppForwarder(front, f"{address}/webhooks/freshdesk/{ACCOUNT}", secret, subscriptions=FORWARDED)


def calls(front: SimulatedFreshdesk, address: str, secret: str) -> AppForwarder:
    """The installed app, which forwards every event."""
    from connectors.freshdesk.simulated.webhooks import AppForwarder, Habits

    url = f"{address}/webhooks/freshdesk/{ACCOUNT}"
    say(f"an app in the simulated Freshdesk at {front.base_url} forwards what happens to {url}")
    return AppForwarder(front, url, secret, habits=Habits(repeated=0.2, disordered=0.2, held_s=0.3))


def has_told(sender: AppForwarder, touch: Any) -> bool:
    """By the reply that was written."""
    name = f"onConversationCreate {touch.conversation}"
    return any(one.status == 200 and one.event == name for one in list(sender.attempts))


def text_of(store: Store, ticket: str) -> str:
    """Its description, as plain text."""
    from connectors.freshdesk.client import FreshdeskApi
    from helpdesk_wellbeing.cli.platforms import freshdesk_settings

    api = FreshdeskApi(freshdesk_settings(store, ACCOUNT), say=lambda line: None)
    return str(api.object(f"/api/v2/tickets/{ticket}").get("description_text", ""))
