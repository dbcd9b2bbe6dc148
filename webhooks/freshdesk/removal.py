"""`uninstall`: everything of ours taken out of a Freshdesk account, in an order that a new run can go on with.

First acting is stopped and what calls us goes, then what stands on tickets, and our field last. Nothing of theirs was
changed, so there is nothing to restore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from connectors.freshdesk.admin import Kind
from connectors.freshdesk.writing import Writing
from helpdesk_wellbeing.acting import policy
from webhooks import installing, known
from webhooks.freshdesk import cleaning, provisioning
from webhooks.freshdesk.cleaning import Cleaned
from webhooks.freshdesk.provisioning import Account, Step
from webhooks.freshdesk.things import FIELD, RULES
from webhooks.installing import Outcome

CLEANED_AT = "tickets_cleaned_at"  # of the store: everything written before that is off the tickets
_EVER = datetime(2000, 1, 1, tzinfo=UTC)

Removal = installing.Removal[Kind]
Removed = installing.Removed[Cleaned]


def plan(account: Account) -> tuple[Removal, tuple[str, ...]]:
    """Look for everything of ours; and a line for each thing that can't be seen. Raises PlatformError."""
    store, name, writing = account.store, account.account, Writing(account.admin.api)
    steps = provisioning.removals(account)
    known_to_us, own = _touched(account), _own(account)
    found = cleaning.search(account.admin, account.admin.api.platform_now().date())
    others = cleaning.carriers(writing, found.tickets - known_to_us - own, account.field_name())
    there = {ticket for ticket in own if not writing.ticket(ticket, clocks=False).is_gone}
    has_rules = bool(set(RULES) & ({step.name for step in steps} | set(store.installed.things(name))))
    secret = (has_rules or account.is_installed) and store.has_secret(name, known.SECRET)
    tickets = sorted(known_to_us | others | there, key=int)
    mine = tuple(sorted(there, key=int))
    stops = not policy.policy_of(store, name).stopped
    return Removal(tuple(steps), tuple(tickets), mine, secret, stops), found.unseen


def carry_out(
    account: Account, removal: Removal, by: str, say: Callable[[str], None] = lambda line: None
) -> Removed:  # fmt: skip
    """Take everything out. What is refused is told, and the rest goes on. Raises PlatformError when nothing goes."""
    store, name = account.store, account.account
    began = datetime.now(UTC)
    installing.stop_acting(account, by, began)
    if removal.secret:  # before the rules, by which a new run would know that it is ours
        installing.forget_secret(account)
    last = [step for step in removal.steps if step.name == FIELD]
    made, failed = _remove(account, [step for step in removal.steps if step not in last], by)
    own = _own(account)  # anew: until just now writes went on
    tickets = sorted({*removal.tickets, *own, *_touched(account)}, key=int)
    cleaned = cleaning.clean(Writing(account.admin.api), tickets, account.field_name(), own, say)
    made_last, failed_last = _remove(account, last, by)  # what stands in it goes with it
    made, failed = made + made_last, failed + failed_last
    if not failed and not cleaned.failed and not account.lacking:
        with store.transaction():
            installing.forget_things(account)
            account.forget()
            store.set_meta(name, CLEANED_AT, began.isoformat())
    store.audit.add(name, datetime.now(UTC), "uninstalled", by=by, things=[], tickets=cleaned.cleaned,
                    survey_tickets=cleaned.deleted, away=len(cleaned.away), failed=len(cleaned.failed))  # fmt: skip
    return Removed(Outcome(tuple(made), tuple(failed)), cleaned)


def _remove(account: Account, steps: Sequence[Step], by: str) -> tuple[list[Step], list[str]]:
    return installing.remove_all(steps, lambda step: provisioning.remove(account, step, by))


def _since(account: Account) -> datetime:
    """The last time when nothing of ours was left on any ticket."""
    at = account.store.get_meta(account.account, CLEANED_AT)
    return _EVER if at is None else datetime.fromisoformat(at)


def _touched(account: Account) -> set[str]:
    """The tickets that we wrote on, by our own record, or may have."""
    return account.store.writes.touched(account.account, _since(account))


def _own(account: Account) -> set[str]:
    """The tickets that we made."""
    since = _since(account)
    return {ticket for ticket, at in account.store.writes.made_tickets(account.account).items() if at >= since}
