"""Reading a Freshdesk account. The heavy parts are loaded when a connection is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.freshdesk.settings import FreshdeskSettings

if TYPE_CHECKING:
    from connectors.freshdesk.connector import FreshdeskConnector
    from connectors.session import Limits

__all__ = ["FreshdeskSettings", "connect"]


def connect(
    settings: FreshdeskSettings,
    say: Callable[[str], None] | None = None,
    limits: Limits | None = None,
    *,
    patient: bool = False,
) -> FreshdeskConnector:
    """A connector for one account; nothing is asked yet. `say` gets lines about waiting and what is
    lacking; `limits` say how long it waits; `patient`: one of many pulls, which spares the quota."""
    from connectors.freshdesk.connector import FreshdeskConnector

    return FreshdeskConnector(replace(settings, patient=patient or settings.patient), limits=limits, say=say)
