"""From the inbox into the river: what webhooks brought becomes provisional events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from helpdesk_wellbeing.events import SCHEMA, conform, empty

if TYPE_CHECKING:
    from helpdesk_wellbeing.deliveries import ProvisionalEvent
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.inbox import Waiting

MOST = 1_000


@dataclass(frozen=True)
class Taken:
    """What was worked off."""

    deliveries: int
    events: int  # new ones
    tickets: tuple[str, ...]  # at which the next pull should look


def take_in(store: Store, account: str, most: int = MOST) -> Taken:
    """Work the oldest deliveries of an account off, all or nothing; repeat until there are none.

    Needs no lease: nothing that a pull writes is touched. What does not fit the events' schema is set aside.
    """
    waiting = store.inbox.take(account, most)
    if not waiting:
        return Taken(0, 0, ())
    events, refused = _events_of(account, waiting)
    done = [item.delivery.key for item in waiting if item.delivery.key not in refused]
    with store.transaction():
        new = store.add_provisional(account, events)
        store.inbox.finish(account, done)
        for key, reason in refused.items():
            store.inbox.fail(account, [key], reason)
    tickets = dict.fromkeys(ticket for item in waiting for ticket in item.delivery.tickets)
    return Taken(len(waiting), new, tuple(tickets))


def _events_of(account: str, waiting: Sequence[Waiting]) -> tuple[pl.DataFrame, dict[str, str]]:
    """All events, and key -> reason of the deliveries that do not fit."""
    told, problems = conform(_frame([event for item in waiting for event in item.delivery.events]), account)
    if problems.is_empty():
        return told, {}
    whole, refused = [empty()], {}
    for item in waiting:
        told, problems = conform(_frame(item.delivery.events), account)
        if problems.is_empty():
            whole.append(told)
        else:
            column, reason = problems.select("column", "reason").row(0)
            refused[item.delivery.key] = f"{column}: {reason}"
    return pl.concat(whole), refused


def _frame(rows: Sequence[ProvisionalEvent]) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in rows], schema={name: pl.String() for name in SCHEMA if name != "account"})
