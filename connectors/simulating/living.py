"""A team that lives on behind the account: what is written moves its tickets, and it works on as time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from helpdesk_wellbeing.demo import LivingTeam


class Saved(Protocol):
    """One save that came in while the account ran; ids as text, in our words."""

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def ticket(self) -> str:
        """On what."""
        ...

    @property
    def steps(self) -> Sequence[tuple[str, str | None, str | None]]:
        """Kind, before, after."""
        ...


class Account(Protocol):
    """What a team needs of the account that it works in."""

    on_write: list[Any]  # called with each save

    def events_so_far(self) -> pl.DataFrame:
        """Everything that has happened."""
        ...

    def happen(self, events: pl.DataFrame) -> None:
        """Let more have happened."""
        ...

    def assignee(self, ticket: str, at: datetime) -> str | None:
        """Who has a ticket."""
        ...


class LivesOn:
    """Joins `front`, whose events are those of the team up to now, to the team, which has been run to the same instant.

    The same seed without writes goes on as it would have; with them only what follows from them differs.
    """

    def __init__(self, front: Account, team: LivingTeam) -> None:
        self._front, self._team = front, team
        self._known = set(front.events_so_far()["id"])
        front.on_write.append(self._written)

    def until(self, at: datetime) -> int:
        """Let the team work until then; how much happened. Put the account's clock there, too."""
        self._team.run(at)
        return self._tell()

    def _written(self, write: Saved) -> None:
        """A ticket has changed hands, by API or by another person; what else was saved is not the team's to know."""
        after = {kind: value for kind, _, value in write.steps if kind in ("assigned", "moved")}
        if not after:
            return
        agent = self._front.assignee(write.ticket, write.at)
        self._team.reassigned(write.ticket, agent, after.get("moved"), write.at)
        self._tell()

    def _tell(self) -> int:
        """What the team did since, in the account. What lies before the last save there happens right after it."""
        events = self._team.events()
        new = events.filter(~pl.col("id").is_in(list(self._known)))
        if new.is_empty():
            return 0
        self._known |= set(new["id"])
        newest = self._front.events_so_far()["at"].max()
        self._front.happen(
            new.with_columns(at=pl.max_horizontal("at", pl.lit(newest).cast(new.schema["at"]))).sort("at")
        )
        return new.height
