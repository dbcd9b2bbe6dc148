"""Why Zendesk refused a write. Its 422 says so in the account's language, so the reason is looked up instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.session import HttpRefused
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.written import Change, Reason, state_of
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.errors import Refused as RefusedForGood

_BY_STATUS: dict[int, Reason] = {401: "unauthorised", 402: "unauthorised", 403: "forbidden", 404: "gone", 410: "gone"}
_LIGHT_AGENT = 1


def why_refused(api: ZendeskApi, refused: HttpRefused, path: str, change: Change | None) -> Reason:
    """The reason behind a refusal; a 422 on a ticket costs up to five look-ups. `invalid` when nothing explains it.

    Raises RetryLater when the platform has trouble with the look-ups: nothing was written, so it can be tried again.
    """
    by_status = _BY_STATUS.get(refused.status)
    if by_status is not None:
        return by_status
    if refused.status != 422 or change is None:
        return "invalid"
    try:
        return _looked_up(api, path, change)
    except (RefusedForGood, BadPayload):
        return "invalid"


def _looked_up(api: ZendeskApi, path: str, change: Change) -> Reason:
    found = _shown(api, path, "ticket")
    if found is None:
        return "gone"
    state = state_of(found)
    if state.is_closed:
        return "merged" if state.is_merged else "closed"
    if any(_shown(api, f"/api/v2/ticket_fields/{number}", "ticket_field") is None for number in change.fields):
        return "field_gone"
    group = change.group if isinstance(change.group, str) else state.group
    assignee = change.assignee if isinstance(change.assignee, str) else None
    if assignee is not None and not _can_be_assigned(_shown(api, f"/api/v2/users/{assignee}", "user")):
        return "agent_inactive"
    if group is None or (assignee is None and not isinstance(change.group, str)):
        return "invalid"
    if _shown(api, f"/api/v2/groups/{group}", "group") is None:
        return "group_empty"
    members = _members(api, group)
    if not members:
        return "group_empty"
    return "not_in_group" if assignee is not None and assignee not in members else "invalid"


def _members(api: ZendeskApi, group: str) -> set[str]:
    pages: Iterable[list[Any]] = api.listed(f"/api/v2/groups/{group}/memberships", "group_memberships")
    return {str(row["user_id"]) for page in pages for row in page if isinstance(row, dict) and "user_id" in row}


def _can_be_assigned(user: dict[str, Any] | None) -> bool:
    """Staff who can sign in and may hold tickets: light agents may not."""
    if user is None or user.get("active") is False or user.get("suspended") is True:
        return False
    return user.get("role") in ("agent", "admin") and user.get("role_type") != _LIGHT_AGENT


def _shown(api: ZendeskApi, path: str, name: str) -> dict[str, Any] | None:
    try:
        return api.object(path, name)
    except HttpRefused as refused:
        if refused.status != 404:
            raise
        return None
