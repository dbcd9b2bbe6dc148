"""A team that lives on behind the account: what is written moves its tickets, and it works on as time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .record import Write

if TYPE_CHECKING:
    from datetime import datetime

    from helpdesk_wellbeing.demo import LivingTeam

    from .server import SimulatedZendesk


class LivesOn:
    """Joins `front`, whose events are those of the team up to now, to the team, which has been run to the same instant.

    The same seed without writes goes on as it would have; with them only what follows from them differs.
    """

    def __init__(self, front: SimulatedZendesk, team: LivingTeam) -> None:
        self._front, self._team = front, team
        self._known = set(front.site.events["id"])
        front.on_write.append(self._written)

    def until(self, at: datetime) -> int:
        """Let the team work until then; how much happened. Put the account's clock there, too."""
        self._team.run(at)
        return self._tell()

    def _written(self, write: Write) -> None:
        """A ticket has changed hands, by API or by another person; what else was saved is not the team's to know."""
        after = {kind: value for kind, _, value in write.steps if kind in ("assigned", "moved")}
        if not after:
            return
        row = self._front.api.holdings.ticket(int(write.ticket), int(write.at.timestamp()))
        agent = row["assignee_id"] if row is not None else None
        self._team.reassigned(write.ticket, None if agent is None else str(agent), after.get("moved"), write.at)
        self._tell()

    def _tell(self) -> int:
        """What the team did since, in the account. What lies before the last save there happens right after it."""
        events = self._team.events()
        new = events.filter(~pl.col("id").is_in(list(self._known)))
        if new.is_empty():
            return 0
        self._known |= set(new["id"])
        newest = self._front.site.events["at"].max()
        self._front.happen(
            new.with_columns(at=pl.max_horizontal("at", pl.lit(newest).cast(new.schema["at"]))).sort("at")
        )
        return new.height
