"""From the inbox into the river: what webhooks brought becomes events, provisional ones or for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from helpdesk_wellbeing.deliveries import PROVISIONAL
from helpdesk_wellbeing.events import SCHEMA, conform, empty
from helpdesk_wellbeing.pulling import remembered_roster

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
    look: bool = False  # the next pull should come soon


def take_in(store: Store, account: str, most: int = MOST) -> Taken:
    """Work the oldest deliveries of an account off, all or nothing; repeat until there are none.

    Needs no lease: what a pull writes of the same changes and this are one, whichever comes first. What does not fit
    the events' schema is set aside.
    """
    waiting = store.inbox.take(account, most)
    if not waiting:
        return Taken(0, 0, ())
    with store.transaction():
        events, refused = _events_of(account, waiting, _Known.of(store, account))
        done = [item.delivery.key for item in waiting if item.delivery.key not in refused]
        ahead = pl.col("id").str.starts_with(PROVISIONAL)
        new = store.add_provisional(account, events.filter(ahead))
        told = events.filter(~ahead)
        if not told.is_empty():
            new += store.add_told(account, told).new
        store.inbox.finish(account, done)
        for key, reason in refused.items():
            store.inbox.fail(account, [key], reason)
    tickets = tuple(dict.fromkeys(ticket for item in waiting for ticket in item.delivery.tickets))
    return Taken(len(waiting), new, tickets, bool(tickets) or any(item.delivery.look for item in waiting))


@dataclass(frozen=True)
class _Known:
    """What pulls have learned that the door cannot know."""

    automation: frozenset[str]  # the plugin's own user among them
    statuses: Mapping[str, str]  # the platform's code -> our word

    @staticmethod
    def of(store: Store, account: str) -> _Known:
        roster = remembered_roster(store, account)
        return _Known(frozenset(roster.get("automation", ())), roster.get("statuses", {}))

    def resolved(self, rows: Sequence[ProvisionalEvent]) -> list[dict[str, str]]:
        """Provisional rows as they are; others with the right words, and without changes of status that are none."""
        found = []
        for row in rows:
            if row["id"].startswith(PROVISIONAL):
                found.append(dict(row))
            elif (told := self._resolved(row)) and (told["kind"] != "status" or told.get("before") != told["after"]):
                found.append(told)
        return found

    def _resolved(self, row: ProvisionalEvent) -> dict[str, str]:
        words = {name: self.statuses.get(row.get(f"{name}_code", "")) for name in ("before", "after", "status")}
        found = {**row, **{name: word for name, word in words.items() if word is not None}}
        if found.get("actor") in self.automation and found.get("actor_kind") == "agent":
            found["actor_kind"] = "integration"
        return found


def _events_of(account: str, waiting: Sequence[Waiting], known: _Known) -> tuple[pl.DataFrame, dict[str, str]]:
    """All events, and key -> reason of the deliveries that do not fit."""
    told, problems = conform(
        _frame(known.resolved([event for item in waiting for event in item.delivery.events])), account
    )
    if problems.is_empty():
        return told, {}
    whole, refused = [empty()], {}
    for item in waiting:
        told, problems = conform(_frame(known.resolved(item.delivery.events)), account)
        if problems.is_empty():
            whole.append(told)
        else:
            column, reason = problems.select("column", "reason").row(0)
            refused[item.delivery.key] = f"{column}: {reason}"
    return pl.concat(whole), refused


def _frame(rows: Sequence[dict[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: pl.String() for name in SCHEMA if name != "account"})
