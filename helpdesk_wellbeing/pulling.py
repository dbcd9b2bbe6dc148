"""From a connector into the store: page by page, each with the place to go on from, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.feed import Connector, Page, Roster

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store


@dataclass
class Pulled:
    """What one pull brought; counts by stream."""

    rows: dict[str, int] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    new_events: int = 0
    repeated_events: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Count a page."""
        self.rows[page.stream] = self.rows.get(page.stream, 0) + page.rows
        self.pages[page.stream] = self.pages.get(page.stream, 0) + 1


def pull(
    store: Store,
    account: str,
    connector: Connector,
    since: datetime | None = None,
    on_page: Callable[[Page, Pulled], None] = lambda page, pulled: None,
) -> Pulled:
    """Read everything that is new. The account's writer lease must be held.

    Stopped at any moment, what is stored is whole: a page lands together with its watermark or not at all, and the next
    pull goes on from there. Raises what the connector raises.
    """
    pulled = Pulled()
    _keep_roster(store, account, connector.roster(store.watermarks(account)))
    for page in connector.pull(store.watermarks(account), since):
        added = store.commit_page(account, page)
        pulled.add(page)
        pulled.new_events += added.new
        pulled.repeated_events += added.repeated
        on_page(page, pulled)
    # Again, with all users read: now those who left are known by name, too.
    roster = connector.roster(store.watermarks(account))
    _keep_roster(store, account, roster)
    pulled.notes += [*roster.notes, *(note for note in connector.notes if note not in roster.notes)]
    return pulled


def _keep_roster(store: Store, account: str, roster: Roster) -> None:
    store.replace_people(account, "platform", roster.people)
    store.replace_groups(account, "platform", roster.groups)
    _keep_zone(store, account, roster.zone)
    _remember(store, account, roster)


def _keep_zone(store: Store, account: str, zone: str | None) -> None:
    """The platform's zone, unless an admin has set another one: that stays."""
    ours = remembered_roster(store, account).get("zone") or DEFAULT_ZONE
    if zone and store.account(account).zone == ours:
        store.update_account(account, zone=zone)


def remembered_roster(store: Store, account: str) -> dict[str, Any]:
    """What the last roster said besides people: `automation` (account ids), `notes`, `zone`; empty before any pull."""
    stored: dict[str, Any] = json.loads(store.get_meta(account, _ROSTER) or "{}")
    return stored


def _remember(store: Store, account: str, roster: Roster) -> None:
    before = remembered_roster(store, account)
    kept = {
        "automation": sorted(roster.automation),
        "notes": list(roster.notes),
        "zone": roster.zone or before.get("zone"),
    }
    if kept["automation"] != before.get("automation", []):
        store.mark_dirty(account)
    store.set_meta(account, _ROSTER, json.dumps(kept))


_ROSTER = "roster"
DEFAULT_ZONE = "UTC"  # of an account whose zone nobody has told yet
