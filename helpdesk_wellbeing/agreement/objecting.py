"""Which agents objected to which signals, as far as one can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.agreement.model import STATUTORY

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store


def objections_of(store: Store, account: str) -> dict[str, frozenset[str]]:
    """By signal, the agents of whom nothing of it is computed; statutory signals take no objection."""
    found: dict[str, set[str]] = {}
    for one in store.said.objections(account):
        if one.signal not in STATUTORY:
            found.setdefault(one.signal, set()).add(one.agent)
    return {signal: frozenset(agents) for signal, agents in found.items()}
