"""From a connector into the store: page by page, each with the place to go on from, in one transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.feed import Connector, Page, Roster

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

GATHERED_ROWS = 8_000
GATHERED_S = 1.0
_SPOKEN = ("replied", "noted", "customer_replied")


@dataclass
class Pulled:
    """What one pull brought; counts by stream, and what was said in tickets, whichever stream told it."""

    rows: dict[str, int] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    spoken: int = 0  # replies and notes, those that were known included
    new_events: int = 0
    repeated_events: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Count a page."""
        self.rows[page.stream] = self.rows.get(page.stream, 0) + page.rows
        self.pages[page.stream] = self.pages.get(page.stream, 0) + 1
        self.spoken += int(page.events["kind"].is_in(_SPOKEN).sum())


def pull(
    store: Store,
    account: str,
    connector: Connector,
    since: datetime | None = None,
    on_page: Callable[[Page, Pulled], None] = lambda page, pulled: None,
) -> Pulled:
    """Read everything that is new. The account's writer lease must be held.

    Stopped at any moment, what is stored is whole: pages land together with their watermark or not at all, and the next
    pull goes on from there. Raises what the connector raises; what it gave before is stored.
    """
    pulled = Pulled()
    _keep_roster(store, account, connector.roster(store.watermarks(account)))
    since = _not_before(store, account, since)
    pages = connector.pull(store.watermarks(account), since, lambda tickets: store.remembered(account, tickets))
    for page in _gathered(pages):
        added = store.commit_page(account, page)
        pulled.add(page)
        pulled.new_events += added.new
        pulled.repeated_events += added.repeated
        on_page(page, pulled)
    # Again, with all users read: now those who left are known by name, too.
    roster = connector.roster(store.watermarks(account))
    _keep_roster(store, account, roster)
    said = () if roster is None else roster.notes
    pulled.notes += [*said, *(note for note in connector.notes if note not in said)]
    return pulled


def _not_before(store: Store, account: str, since: datetime | None) -> datetime | None:
    """What retention has cut is not read again."""
    bounds = [at for at in (since, store.upkeep.floor(account)) if at is not None]
    return max(bounds, default=None)


def _gathered(
    pages: Iterable[Page],
    rows: int = GATHERED_ROWS,
    seconds: float = GATHERED_S,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Page]:
    """Neighbouring pages of a stream as one: a transaction costs the same for one page as for several.

    Where the platform is slow, a page waits for the next one at most: after `seconds` they are stored. When `pages`
    raises, what it gave before comes out first.
    """
    held: list[Page] = []
    since = now()
    source = iter(pages)
    while True:
        try:
            page = next(source, None)
        except Exception:
            yield from _joined(held)
            raise
        if page is None:
            yield from _joined(held)
            return
        if held and held[0].stream != page.stream:
            yield from _joined(held)
            held = []
        if not held:
            since = now()
        held.append(page)
        if sum(p.rows for p in held) >= rows or now() - since >= seconds:
            yield from _joined(held)
            held = []


def _joined(pages: Sequence[Page]) -> Iterator[Page]:
    if not pages:
        return
    last = pages[-1]
    tickets = [page.tickets for page in pages if page.tickets is not None]
    people = [page.people for page in pages if page.people is not None]
    memories = [page.memory for page in pages if page.memory is not None]
    yield replace(
        last,
        events=pl.concat([page.events for page in pages]),
        rows=sum(page.rows for page in pages),
        watermark=next((page.watermark for page in reversed(pages) if page.watermark is not None), None),
        tickets=pl.concat(tickets) if tickets else None,
        people=pl.concat(people) if people else None,
        memory=pl.concat(memories).unique("ticket", keep="last", maintain_order=True) if memories else None,
        followed=min((page.followed for page in pages if page.followed is not None), default=None),
        covers=max((page.covers for page in pages if page.covers is not None), default=None),
    )


def _keep_roster(store: Store, account: str, roster: Roster | None) -> None:
    if roster is None:  # as it was
        return
    store.replace_people(account, "platform", roster.people)
    store.replace_groups(account, "platform", roster.groups)
    if roster.left is not None and roster.people.height:
        store.access.keep_leavers(
            account, roster.people["agent"], store.upkeep.not_erased(account, roster.left), datetime.now(UTC)
        )
    _keep_zone(store, account, roster.zone)
    _remember(store, account, roster)


def _keep_zone(store: Store, account: str, zone: str | None) -> None:
    """The platform's zone, unless an admin has set another one: that stays."""
    ours = remembered_roster(store, account).get("zone") or DEFAULT_ZONE
    if zone and store.account(account).zone == ours:
        store.update_account(account, zone=zone)


def remembered_roster(store: Store, account: str) -> dict[str, Any]:
    """What the last roster said besides people: `automation` (ids), `notes`, `statuses`, `zone`; {} before any pull."""
    stored: dict[str, Any] = json.loads(store.get_meta(account, _ROSTER) or "{}")
    return stored


def _remember(store: Store, account: str, roster: Roster) -> None:
    before = remembered_roster(store, account)
    kept = {
        "automation": [one for one in sorted(roster.automation) if not store.upkeep.is_erased(account, one)],
        "notes": list(roster.notes),
        "statuses": dict(roster.statuses),
        "zone": roster.zone or before.get("zone"),
    }
    if kept["automation"] != before.get("automation", []):
        store.mark_dirty(account)
    store.set_meta(account, _ROSTER, json.dumps(kept))


_ROSTER = "roster"
DEFAULT_ZONE = "UTC"  # of an account whose zone nobody has told yet
