"""The demo's part on Zendesk: everything is pulled at once, because its exports tell every change from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, LIMITED_MINUTE, Clock, pull

if TYPE_CHECKING:
    from connectors.zendesk.simulated import SimulatedZendesk
    from connectors.zendesk.simulated.webhooks import Sender
    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.store import Store

TITLE = "Zendesk"


@contextmanager
def front(world: World, now: Callable[[], datetime]) -> Iterator[SimulatedZendesk]:
    """With its limits, but short minutes."""
    from connectors.zendesk.settings import WRITING_SCOPES
    from connectors.zendesk.simulated import SimulatedZendesk, Site

    site = Site.from_world(world)
    site = replace(site, options=replace(site.options, minute=LIMITED_MINUTE, allowed_scopes=WRITING_SCOPES))
    with SimulatedZendesk(site, now=now) as server:
        say(f"simulated Zendesk at {server.base_url}")
        yield server


def beginning(world: World) -> World:
    """Everything: nothing of the past is lost to a late connection."""
    return world


def connect(store: Store, front: SimulatedZendesk) -> None:
    """By OAuth client credentials."""
    from helpdesk_wellbeing.cli.connecting import connect_zendesk
    from helpdesk_wellbeing.cli.platforms import CLIENT_SECRET

    settings = {"subdomain": "acme", "base_url": front.base_url, "client_id": front.client_id}
    connect_zendesk(store, ACCOUNT, settings, CLIENT_SECRET, front.client_secret)


def read(store: Store, front: SimulatedZendesk, world: World, clock: Clock) -> None:
    """One pull."""
    pull(store, front, "pulled")


def calls(front: SimulatedZendesk, address: str, secret: str) -> Sender:
    """The account's webhook: it repeats and disorders its calls, as the platform may."""
    from connectors.zendesk.simulated.webhooks import Habits, Sender

    url = f"{address}/webhooks/zendesk/{ACCOUNT}"
    say(f"simulated Zendesk at {front.base_url} sends signed webhooks to {url}")
    return Sender(front, url, secret, habits=Habits(repeated=0.2, disordered=0.2, held_s=0.3))


def has_told(sender: Sender, touch: Any) -> bool:
    """By the id of the event."""
    return any(one.status == 200 and one.event == touch.payload["id"] for one in list(sender.attempts))


def text_of(store: Store, ticket: str) -> str:
    """Its first comment."""
    from helpdesk_wellbeing.cli.outbound import writing_of

    api = writing_of(store, ACCOUNT, lambda line: None).api
    return str(api.object(f"/api/v2/tickets/{ticket}", "ticket").get("description", ""))
