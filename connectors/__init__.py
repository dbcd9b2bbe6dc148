"""Reading from helpdesks and files. One folder a platform; each is registered here by hand."""

from __future__ import annotations

from collections.abc import Callable

from connectors import freshdesk, zendesk
from helpdesk_wellbeing.feed import Connector

CONNECTORS: dict[str, Callable[..., Connector]] = {
    "freshdesk": freshdesk.connect,
    "zendesk": zendesk.connect,
}
