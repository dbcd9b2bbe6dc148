"""How the account acts: seen and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from helpdesk_wellbeing.acting import policy as policies
from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.api.answers import Refusal, answer, body_as, no_query
from helpdesk_wellbeing.api.document import described
from helpdesk_wellbeing.api.models import SettingsPatch
from helpdesk_wellbeing.api.shapes import SettingsShape
from helpdesk_wellbeing.plan.policy import Policy

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from helpdesk_wellbeing.api.desk import Desk

DEEPEST = 8  # of what planning is told


def add_to(routes: Blueprint, desk: Desk) -> None:
    """Add the routes."""
    store = desk.store

    @routes.get("/settings")
    @described(SettingsShape)
    def settings(account: str) -> Response:
        no_query("settings")
        return answer(_shown(policy_of(store, account)))

    @routes.patch("/settings")
    @described(SettingsShape, body=SettingsPatch)
    def change(account: str) -> Response:
        patch = body_as(SettingsPatch, "settings").model_dump(mode="json", exclude_unset=True)
        with store.transaction():
            now = policy_of(store, account).model_dump(mode="json")
            changes = {name: merged(now[name], value) for name, value in patch.items()}
            _check_planning(account, changes.get("planning", {}))
            after = policies.change(store, account, desk.by, desk.now(), **changes)
        return answer(_shown(after))


def _shown(settings: Acting) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude={"not_asked"})  # that is between these agents and nobody else


def merged(old: Any, patch: Any, depth: int = 0) -> Any:
    """A JSON merge patch applied (RFC 7396): objects name by name, null takes a name away. Raises Refusal."""
    if depth > DEEPEST:
        raise Refusal(422, "invalid", "settings: planning: too deep; see the README of helpdesk_wellbeing/plan")
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value, depth + 1)
    return found


def _check_planning(account: str, planning: Mapping[str, Any]) -> None:
    if "off" in planning:
        raise Refusal(422, "invalid", f"{account}: settings: planning: off is said by modes; set a mode to off there")
    try:
        Policy.model_validate(planning)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Refusal(422, "invalid", f"{account}: settings: planning: {first['msg']}; see GET settings") from None
