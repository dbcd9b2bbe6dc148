"""Taking a whole account out: everything of it here; in the helpdesk `uninstall` does that, first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from helpdesk_wellbeing.store import Store

BEING_DISCONNECTED = "being disconnected; run helpdesk-wellbeing disconnect again"


@dataclass(frozen=True)
class Plan:
    """What there is to take out, and what stays elsewhere."""

    account: str
    rows: Mapping[str, int]  # by table
    remains: tuple[str, ...]  # in the helpdesk, one line each


def plan(store: Store, account: str) -> Plan:
    """What `disconnect` would remove, and what it cannot."""
    made = store.installed.things(account)
    remains = [f"{thing.kind} {name} ({thing.platform_id})" for name, thing in made.items()]
    tickets = store.writes.made_tickets(account)
    if tickets:
        remains.append(f"{len(tickets):,} tickets that invited to a survey")
    written = store.writes.counts(account).get("written", 0)
    if written:
        remains.append(
            f"private notes and moves that were written: {written:,}; these stay, they are the helpdesk's own"
        )
    return Plan(account, store.upkeep.size_of(account), tuple(remains))


def disconnect(store: Store, account: str, at: datetime) -> None:
    """Take everything of an account out of the store. Hold its writer lease. Cut off, it goes on when called again."""
    store.work.note_run(account, paused_at=at, problem=BEING_DISCONNECTED, due_at=None)
    store.upkeep.purge(account)
    store.forget_account(account)
    store.upkeep.compact()
