"""Taking a whole account out: everything of it here; in the helpdesk `uninstall` does that, first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from helpdesk_wellbeing.store import Store

BEING_DISCONNECTED = "being disconnected; if it was cut off, disconnect again"


@dataclass(frozen=True)
class Plan:
    """What there is to take out, and what stays elsewhere."""

    account: str
    rows: Mapping[str, int]  # by table
    remains: tuple[str, ...]  # in the helpdesk, one line each


@dataclass(frozen=True)
class Remains:
    """What stays in the helpdesk."""

    things: tuple[tuple[str, str], ...]  # of ours, that `uninstall` takes out: what it is, its id there
    tickets: int  # that invited to a survey
    written: int  # private notes and moves


def remains(store: Store, account: str) -> Remains:
    """What disconnecting cannot take out."""
    made = store.installed.things(account)
    return Remains(
        tuple((thing.kind, thing.platform_id) for thing in made.values()),
        len(store.writes.made_tickets(account)),
        store.writes.counts(account).get("written", 0),
    )


def plan(store: Store, account: str) -> Plan:
    """What `disconnect` would remove, and what it cannot."""
    there = remains(store, account)
    lines = [f"{kind.replace('_', ' ')} {number}" for kind, number in there.things]
    if there.tickets:
        lines.append(f"{there.tickets:,} tickets that invited to a survey")
    if there.written:
        lines.append(
            f"private notes and moves that were written: {there.written:,}; these stay, they are the helpdesk's own"
        )
    return Plan(account, store.upkeep.size_of(account), tuple(lines))


def disconnect(store: Store, account: str, at: datetime) -> None:
    """Take everything of an account out of the store. Hold its writer lease. Cut off, it goes on when called again."""
    store.work.note_run(account, paused_at=at, problem=BEING_DISCONNECTED, due_at=None)
    store.upkeep.purge(account)
    store.forget_account(account)
    store.upkeep.compact()
