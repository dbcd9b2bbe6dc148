"""Taking one agent out of everything, in pieces that may be cut off anywhere: the next call goes on.

First nothing of them comes in any more, then the events of each day are by nobody in particular, then all other tables
are cleaned in one transaction, which also ends the meaning of their word in the audit; at last the files are written
anew, so that no byte is left in a free page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.arrivals import take_in
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.store.admission import ERASED

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

DAYS_AT_ONCE = 14
_AT_ONCE = timedelta(weeks=8)  # of events that are looked through
_TRIES, _AGAIN_S = 10, 0.3
Telling = Callable[[int, int], None]  # of how many days the events are done, of how many


def _say_nothing(done: int, of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Plan:
    """What there is to erase of an agent."""

    agent: str
    names: tuple[str, ...]
    events: int  # by them
    rows: Mapping[str, int]  # that are about or name them, by table
    is_begun: bool  # by an earlier call that was cut off
    is_done: bool  # they were erased before
    is_met: bool  # they stand in events, facts or the audit, perhaps nowhere else

    def require_known(self, account: str) -> None:
        """Raises ConfigError for somebody of whom nothing is known."""
        if not (self.events or self.rows or self.names or self.is_begun or self.is_done or self.is_met):
            raise ConfigError(f"{account}: nothing is known of an agent {self.agent}")


def plan(store: Store, account: str, agent: str) -> Plan:
    """What `erase` would remove."""
    hidden = store.upkeep.hidden(account, agent)
    events = store.read_events(account, columns=["id"], agent=agent).height
    begun = agent in store.upkeep.erasing(account)
    done = store.upkeep.is_erased(account, agent) and not begun
    rows = store.upkeep.counts_of(account, hidden)
    is_met = bool(events or rows or hidden.names) or _is_met(store, account, agent)
    return Plan(agent, hidden.names, events, rows, begun, done, is_met)


def _is_met(store: Store, account: str, agent: str) -> bool:
    """Whether an agent whom no table names stands in the audit, in facts, or in what webhooks told."""
    if store.audit.word_of(account, agent) is not None:
        return True
    if any(agent in store.read_pieces(account, kind)["agent"] for kind in ("days", "shifts")):
        return True
    start, last, _ = store.all_events_span(account)
    while start is not None and last is not None and start <= last:
        found = store.all_events(account, start, start + _AT_ONCE)
        if any(agent in found[name] for name in ("actor", "assignee", "before", "after")):
            return True
        start += _AT_ONCE
    return False


def erase(
    store: Store, account: str, agent: str, by: str, at: datetime, tell: Telling = _say_nothing
) -> dict[str, int]:
    """Erase an agent; rows changed or removed, by table. The account's writer lease must be held.

    Raises ConfigError for somebody of whom nothing is known.
    """
    found = plan(store, account, agent)
    found.require_known(account)
    while take_in(store, account).deliveries:
        pass
    if not found.is_begun:
        store.upkeep.begin_erasing(account, agent, by, at)
    return go_on(store, account, agent, at, tell)


def go_on(store: Store, account: str, agent: str, at: datetime, tell: Telling = _say_nothing) -> dict[str, int]:
    """Do what is left of an erasure that was begun."""
    hidden = store.upkeep.hidden(account, agent)
    by = store.upkeep.erasing(account)[agent]
    days = store.upkeep.event_days(account)
    tell(0, len(days))
    for start in range(0, len(days), DAYS_AT_ONCE):
        store.upkeep.hide_in_events(account, agent, days[start : start + DAYS_AT_ONCE])
        tell(min(start + DAYS_AT_ONCE, len(days)), len(days))
    with store.transaction():
        changed = store.upkeep.hide_elsewhere(account, hidden, at)
        store.audit.add(account, at, "agent erased", by=ERASED if by in hidden.all else by)
    return changed


def compact(store: Store, account: str) -> str | None:
    """Leave no byte of who was erased in the database's files; what stands in the way, if anything does."""
    if not store.upkeep.is_compact_due(account):
        return None
    problem: str | None = None
    for attempt in range(_TRIES):
        problem = store.upkeep.compact()
        if problem is None:
            store.upkeep.compacted(account)
            # the note about it went through the write-ahead log; nothing of anybody is in that
            return None
        time.sleep(_AGAIN_S * (attempt > 0))
    return problem
