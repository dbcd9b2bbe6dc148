"""Who is able to work on a ticket and has room for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.plan.rebalance.question import Settings

_NEVER = datetime.min.replace(tzinfo=UTC)  # before anybody's start


class Matching:
    """Who is able to work on a kind of ticket: who belongs to its group, has all its skills and its language, and
    starts work before it comes within the guard of its SLA."""

    def __init__(self, people: Sequence[dict[str, Any]], settings: Settings) -> None:
        self._people = [(set(p["groups"]), set(p["skills"]), set(p["languages"]), p["works_from"]) for p in people]
        self._starts = sorted({p["works_from"] for p in people if p["works_from"] is not None})
        self._settings = settings

    def kind(self, group: str, skills: Sequence[str], language: str | None, sla: datetime | None) -> tuple[Any, ...]:
        """What tickets that the same people are able to work on have in common."""
        if sla is None or sla < self._settings.now:  # a target that is breached already is not missed by starting later
            return group, frozenset(skills), language, None
        in_time = [start for start in self._starts if start <= sla - self._settings.sla_guard]
        return group, frozenset(skills), language, in_time[-1] if in_time else _NEVER

    def able(self, kind: tuple[Any, ...], agents: Ints) -> tuple[int, ...]:
        """Those of the agents, all of whom have a start, who are able."""
        group, skills, language, latest = kind
        return tuple(
            agent
            for agent in agents.tolist()
            for groups, has, speaks, start in (self._people[agent],)
            if group in groups
            and skills <= has
            and (language is None or language in speaks)
            and (latest is None or start <= latest)
        )


class Pools:
    """Sets of receivers that have room for a ticket, each set once."""

    def __init__(self, matching: Matching, receivers: Ints, full: Ints, spare: Ints, spare_hard: Ints) -> None:
        """`full`: agents who would be asked, too, if they did not carry too much. `spare`: room by agent."""
        self._matching, self._receivers, self._full = matching, receivers, full
        self._spare, self._spare_hard = spare.tolist(), spare_hard.tolist()
        self._able: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._found: dict[tuple[Any, ...], int | str] = {}
        self._places: dict[tuple[int, ...], int] = {}

    @property
    def pools(self) -> list[tuple[int, ...]]:
        """The sets found so far, by place."""
        return list(self._places)

    def find(self, ticket: dict[str, Any], holder: int) -> int | str:
        """The place of the ticket's set, or why it has none."""
        kind = self._matching.kind(ticket["group"], ticket["skills"], ticket["language"], ticket["next_sla"])
        if kind not in self._able:
            self._able[kind] = self._matching.able(kind, self._receivers)
        if not self._able[kind]:
            return "no_room" if set(self._matching.able(kind, self._full)) - {holder} else "nobody_eligible"
        key = (kind, ticket["effort"], ticket["hard"])
        if key not in self._found:
            self._found[key] = self._with_room(self._able[kind], ticket["effort"], ticket["hard"])
        return self._found[key]

    def _with_room(self, able: tuple[int, ...], effort: int, hard: bool) -> int | str:
        fits = tuple(agent for agent in able if self._spare[agent] >= effort)
        if not fits:
            return "no_room"
        fits = tuple(agent for agent in fits if not hard or self._spare_hard[agent] > 0)
        return self._places.setdefault(fits, len(self._places)) if fits else "hard_ones_spread"
