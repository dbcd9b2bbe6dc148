"""Whether people decide, or only click: accepting everything within seconds is noticed and told to the admin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.audit import Entry

AT_LEAST = 20  # decisions
ACCEPTED_ABOVE = 0.95
FASTER_THAN = timedelta(seconds=10)
LOOKED_BACK = timedelta(days=60)
ENTRIES = 5_000
DECIDED = ("accepted", "consent asked", "declined", "snoozed")
TAKEN = ("accepted", "consent asked")


@dataclass(frozen=True)
class Decision:
    """A person decided about a proposal that was first shown to them at `shown_at`."""

    shown_at: datetime
    decided_at: datetime
    accepted: bool


@dataclass(frozen=True)
class Stamping:
    """Decisions that nobody can have thought about."""

    decisions: int
    accepted: float  # share
    median: timedelta  # between seen and decided

    def __str__(self) -> str:
        seconds = self.median.total_seconds()
        return (
            f"{self.accepted:.0%} of the last {self.decisions} suggestions were accepted, half of them within "
            f"{seconds:.0f} s of being seen: are they read? Ask those who decide, or suggest less"
        )


def rubber_stamping(decisions: Sequence[Decision]) -> Stamping | None:
    """None where people seem to decide, or where there are too few decisions to tell."""
    if len(decisions) < AT_LEAST:
        return None
    share = sum(one.accepted for one in decisions) / len(decisions)
    seconds = median(max((one.decided_at - one.shown_at).total_seconds(), 0.0) for one in decisions)
    waited = timedelta(seconds=seconds)
    return Stamping(len(decisions), share, waited) if share > ACCEPTED_ABOVE and waited < FASTER_THAN else None


def decisions_in(entries: Iterable[Entry]) -> list[Decision]:
    """The decisions of people in entries of the audit, oldest first; the first one about each proposal.

    A decision about what was not shown before (by an entry `looked` that names it) says nothing about how long somebody
    read, and is left out; so is what a standing approval decided.
    """
    shown: dict[str, datetime] = {}
    found: dict[str, Decision] = {}
    for entry in entries:
        if entry.what == "looked":
            for id in entry.body.get("proposals", ()):
                shown.setdefault(id, entry.at)
        elif entry.what in DECIDED and not str(entry.body.get("by", "")).startswith("standing "):
            id = entry.body.get("proposal")
            if id in shown:
                found.setdefault(id, Decision(shown[id], entry.at, entry.what in TAKEN))
    return list(found.values())


def stamping_of(store: Store, account: str, at: datetime) -> Stamping | None:
    """The same of an account's last two months, for the admin."""
    head = store.audit.head(account).seq
    entries = store.audit.entries(account, after=max(0, head - ENTRIES), most=ENTRIES)
    return rubber_stamping(decisions_in(one for one in entries if one.at >= at - LOOKED_BACK))
