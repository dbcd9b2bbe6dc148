"""Reading a Freshdesk account. The heavy parts are loaded when a connection is made."""

from __future__ import annotations

from connectors.freshdesk.settings import FreshdeskSettings

__all__ = ["FreshdeskSettings"]
