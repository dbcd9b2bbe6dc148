"""Reading a Zendesk account. The heavy parts are loaded when a connection is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.zendesk.settings import ZendeskSettings

if TYPE_CHECKING:
    from connectors.session import Limits
    from connectors.zendesk.connector import ZendeskConnector

__all__ = ["ZendeskSettings", "connect"]


def connect(
    settings: ZendeskSettings,
    say: Callable[[str], None] | None = None,
    limits: Limits | None = None,
    *,
    patient: bool = False,
) -> ZendeskConnector:
    """A connector for one account; nothing is asked yet. `say` gets lines about waiting and what is
    lacking; `limits` say how long it waits. `patient` changes nothing here: a poll takes a handful of requests."""
    from connectors.zendesk.connector import ZendeskConnector

    return ZendeskConnector(settings, limits=limits, say=say)
