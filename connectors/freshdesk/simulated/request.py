"""One request to the account."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .answers import Query


@dataclass(frozen=True)
class Request:
    """One request, its query as lists by name; `target` is path and query as they came."""

    method: str
    path: str
    query: Query
    authorization: str | None
    body: bytes
    target: str

    @property
    def resource(self) -> str:
        """The path below `/api/v2/`."""
        return self.path.removeprefix("/api/v2/").rstrip("/")

    @property
    def endpoint(self) -> str:
        """The method and the resource with ids left out, for counting."""
        return f"{self.method} " + re.sub(r"(?<=/)\d+(?=/|$)", "{id}", self.resource)

    def first(self, name: str) -> str | None:
        """The first value of a parameter."""
        return self.query.get(name, [None])[0]

    @property
    def embedded(self) -> int:
        """How much is to be embedded."""
        return len([word for word in (self.first("include") or "").split(",") if word])

    @property
    def cost(self) -> int:
        """What it costs in credits: a list of tickets pays twice for what is embedded, one ticket once."""
        if self.method != "GET":
            return 1
        if self.resource == "tickets":
            return 1 + 2 * self.embedded
        return 1 + (self.embedded if re.fullmatch(r"tickets/\d+", self.resource) else 0)

    @property
    def kind(self) -> str | None:
        """Which of the plan's own limits counts it, too."""
        if self.method == "GET":
            return {"tickets": "tickets", "contacts": "contacts"}.get(self.resource)
        if self.method == "POST" and self.resource in ("tickets", "tickets/outbound_email"):
            return "create"
        if re.fullmatch(r"tickets/(\d+|bulk_update)", self.resource):
            return "update"
        return None
