"""`uninstall`: everything of ours taken out of a Zendesk account, in an order that a new run can go on with.

First acting is stopped and what calls us goes, then the view, then what stands on tickets, and our field last: it tells
since when we are here. Nothing of theirs was changed, so there is nothing to restore.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.zendesk.written import Kind
from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.said import N_, Said
from webhooks import installing, known
from webhooks.installing import CHANGES_TICKETS, Outcome
from webhooks.zendesk import cleaning, provisioning
from webhooks.zendesk.cleaning import Cleaned
from webhooks.zendesk.provisioning import Account, Step
from webhooks.zendesk.things import FIELD, TRIGGER_WEBHOOK, WEBHOOK

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

_LATELY = timedelta(hours=1)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


Removal = installing.Removal[Kind]
Removed = installing.Removed[Cleaned]


def plan(account: Account, say: Callable[[str], None] = lambda line: None) -> Removal:
    """Look for everything of ours. Reads every ticket that changed since the installation. Raises PlatformError."""
    store, name = account.store, account.account
    steps = provisioning.removals(account)
    since = _since(account, steps)
    own = store.writes.made_tickets(name)
    tickets: Sequence[str] = ()
    if since is not None:
        tickets = cleaning.carriers(account.writing, since, account.field, own, _lately(store, name), say)
    webhooks = {WEBHOOK, TRIGGER_WEBHOOK}
    is_ours = bool(webhooks & ({step.name for step in steps} | set(store.installed.things(name))))
    return Removal(
        tuple(steps), tuple(tickets), tuple(ticket for ticket in tickets if ticket in own),
        is_ours and store.has_secret(name, known.SECRET), not policy.policy_of(store, name).stopped,
    )  # fmt: skip


def carry_out(
    account: Account, removal: Removal, by: str, sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda line: None,
) -> Removed:  # fmt: skip
    """Take everything out. What is refused is told, and the rest goes on. Raises PlatformError when nothing goes."""
    store, name = account.store, account.account
    now = datetime.now(UTC)
    installing.stop_acting(account, by, now)
    field = account.field
    last = [step for step in removal.steps if step.name == FIELD]
    if removal.secret:  # before its webhook, by which a new run would know that it is ours
        installing.forget_secret(account)
    made, failed = _remove(account, [step for step in removal.steps if step not in last], by)
    own = store.writes.made_tickets(name)  # anew: until just now writes went on
    tickets = sorted({*removal.tickets, *own, *_lately(store, name)}, key=int)
    cleaned = cleaning.clean(account.writing, tickets, field, own, sleep, say)
    if not cleaned.failed:
        made_last, failed_last = _remove(account, last, by)
        made, failed = made + made_last, failed + failed_last
    elif last:
        typed = f"zendesk {name}: our custom field stays until all tickets are clean; run uninstall again"
        failed.append(Said(N_("our ticket field stays until all tickets are clean"), typed))
    if not failed and not account.lacking:
        installing.forget_things(account)
    store.audit.add(name, datetime.now(UTC), "uninstalled", by=by, things=[], tickets=cleaned.cleaned,
                    survey_tickets=cleaned.deleted, closed=len(cleaned.closed), failed=len(cleaned.failed))  # fmt: skip
    return Removed(Outcome(tuple(made), tuple(failed)), cleaned)


def _remove(account: Account, steps: Sequence[Step], by: str) -> tuple[list[Step], list[str]]:
    return installing.remove_all(steps, lambda step: provisioning.remove(account, step, by))


def _since(account: Account, steps: Sequence[Step]) -> datetime | None:
    """The earliest sign of us; None when there is none."""
    store, name = account.store, account.account
    rows = {str(row["id"]): row for kind in account.shown.values() for row in kind}
    signs = [provisioning.made_at(account, rows[str(step.id)]) for step in steps]
    signs += [thing.made_at for thing in store.installed.things(name).values()]
    signs += [*store.writes.made_tickets(name).values(), *store.writes.sent_since(name, _EVER)[:1]]
    return min(signs, default=None)


def _lately(store: Store, account: str) -> set[str]:
    """Tickets written to in the last hour, which the export may not know yet."""
    since = datetime.now(UTC) - _LATELY
    return {write.target for kind in CHANGES_TICKETS for write in store.writes.written(account, kind, since)}
