"""Who looked at persons stands in the audit, before anything is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpdesk_wellbeing.api.desk import Desk


def note_look(desk: Desk, account: str, shown: Sequence[Mapping[str, Any]]) -> None:
    """One entry for all proposals of an answer that name an agent; their own entries say whom."""
    named = [one["id"] for one in shown if names_an_agent(one)]
    if named:
        desk.store.audit.add(account, desk.now(), "looked", by=desk.by, proposals=named)


def names_an_agent(shown: Mapping[str, Any]) -> bool:
    """Whether a proposal as JSON says anything of a person."""
    kinds = [shown["subject"]["kind"], *(one["subject"]["kind"] for one in shown["because"])]
    return "agent" in kinds or bool(shown["moves"] or shown["consents"])
