"""The account's one SLA policy."""

from __future__ import annotations

from .rows import Object
from .staff import CREATED
from .words import REPLY_MIN, RESOLVE_DAYS


def policies() -> list[Object]:
    """A first reply and a solution within times that hang on the priority, seven days a week."""
    targets = {
        f"priority_{no}": {
            "respond_within": REPLY_MIN[no] * 60, "next_respond_within": None,
            "resolve_within": RESOLVE_DAYS[no] * 86_400, "business_hours": False, "escalation_enabled": True,
        }
        for no in REPLY_MIN
    }  # fmt: skip
    return [
        {"id": 9000, "name": "Default SLA Policy", "description": "", "active": True, "is_default": True,
         "position": 1, "sla_target": targets, "applicable_to": {}, "created_at": CREATED, "updated_at": CREATED,
         "escalation": {"response": None, "resolution": {}}}
    ]  # fmt: skip
