"""Whether somebody can be given a ticket, and why a write was refused: looked up, because refusals are in the account's
language, and because it isn't known whether Freshdesk refuses an agent from outside the ticket's group at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from connectors.freshdesk.client import FreshdeskApi
from connectors.outcomes import Reason
from connectors.session import HttpRefused
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.errors import Refused as RefusedForGood

KNOWN_FOR_S = 30.0  # a wave of moves goes to few people
_BY_STATUS: Mapping[int, Reason] = {401: "unauthorised", 403: "forbidden", 404: "gone", 405: "gone", 410: "gone"}


class Standing:
    """Agents and groups of one account as they were shown within the last half minute."""

    def __init__(self, api: FreshdeskApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._shown: dict[str, tuple[float, dict[str, Any] | None]] = {}

    def forget(self) -> None:
        """Ask anew, as after a refusal."""
        self._shown.clear()

    def why_not(self, agent: str | None, group: str | None) -> Reason | None:
        """Why this agent can't have a ticket of this group (null: of none). None: nothing speaks against it, or the key
        may not see agents, so that the platform has to say. Raises PlatformError, BadPayload.
        """
        try:
            if agent is None:
                return "group_empty" if group is not None and self._members(group) == set() else None
            return self._why_not_agent(agent, group)
        except HttpRefused as refused:
            if refused.status != 403:
                raise
            return None

    def why_refused(self, refused: HttpRefused, agent: str | None, group: str | None, fields: set[str]) -> Reason:
        """The reason behind a refusal; a 400 costs up to three look-ups. `invalid` when nothing explains it.

        Raises RetryLater when the platform has trouble with the look-ups: nothing was written, it can be tried again.
        """
        by_status = _BY_STATUS.get(refused.status)
        if by_status is not None:
            return by_status
        if refused.status != 400:
            return "invalid"
        self.forget()
        try:
            if fields and not fields <= self._field_names():
                return "field_gone"
            return self.why_not(agent, group) or "invalid"
        except (RefusedForGood, BadPayload):
            return "invalid"

    def _why_not_agent(self, agent: str, group: str | None) -> Reason | None:
        row = self._object(f"/api/v2/agents/{agent}")
        if row is None or not _can_be_assigned(row):
            return "agent_inactive"
        if group is None:
            return None
        of_agent = row.get("group_ids")
        if isinstance(of_agent, list) and group in {str(one) for one in of_agent}:
            return None
        members = self._members(group)
        if members is None or agent in members:
            return None
        return "not_in_group" if members else "group_empty"

    def _members(self, group: str) -> set[str] | None:
        """The agents of a group; a group that isn't there has none. Null: the answer doesn't say."""
        row = self._object(f"/api/v2/groups/{group}")
        if row is None:
            return set()
        members = row.get("agent_ids")
        return {str(one) for one in members} if isinstance(members, list) else None

    def _field_names(self) -> set[str]:
        rows = self._api.session.answer("GET", "/api/v2/ticket_fields")  # the list of fields has no pages
        return {str(row.get("name")) for row in rows if isinstance(row, dict)}

    def _object(self, path: str) -> dict[str, Any] | None:
        """What stands there; null: nothing does."""
        kept = self._shown.get(path)
        if kept is not None and self._now() - kept[0] < KNOWN_FOR_S:
            return kept[1]
        try:
            row: dict[str, Any] | None = self._api.object(path)
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            row = None
        self._shown[path] = (self._now(), row)
        return row


def _can_be_assigned(agent: Mapping[str, Any]) -> bool:
    """Whether an agent is active and may hold tickets: collaborators only comment."""
    contact = agent.get("contact")
    active = contact.get("active") if isinstance(contact, dict) else None
    gone = agent.get("deactivated") is True or (agent.get("deactivated") is None and active is False)
    return not gone and agent.get("type") != "collaborator"
