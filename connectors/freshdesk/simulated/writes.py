"""What requests may change. Everything that is no GET comes here."""

from __future__ import annotations

from typing import Any

from connectors.simulating.answers import Answer

from .answers import wrong_method
from .record import Record
from .request import Request


class Writes:
    """The account's write side."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def change(self, request: Request) -> Answer:
        """The answer to a request that is no GET, by the key's agent."""
        return wrong_method("GET")

    def look(self, request: Request) -> Answer | None:
        """The answer to a GET of what only writes bring about; null: not ours."""
        return None

    def configuration(self) -> dict[str, list[dict[str, Any]]]:
        """What admins have set up, in a stable order: equal before an installation and after its removal."""
        return {}
