"""`uninstall`: everything of ours taken out of a Zendesk account, in an order that a new run can go on with.

First acting is stopped and what calls us goes, then the view, then what stands on tickets, and our field last: it tells
since when we are here. Nothing of theirs was changed, so there is nothing to restore.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting import asking, policy
from helpdesk_wellbeing.words import counted
from webhooks import known
from webhooks.zendesk import cleaning, provisioning
from webhooks.zendesk.cleaning import Cleaned
from webhooks.zendesk.provisioning import Account, NotMade, Outcome, Step
from webhooks.zendesk.things import FIELD, TRIGGER_WEBHOOK, WEBHOOK

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

_CHANGES_TICKETS = ("suggest", "clear", "move", "undo")
_LATELY = timedelta(hours=1)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Removal:
    """What `uninstall` would do."""

    steps: tuple[Step, ...]
    tickets: tuple[str, ...]  # that carry anything of ours
    own: tuple[str, ...]  # those of them that we made
    secret: bool  # whether there is a webhook secret to be forgotten
    stops: bool  # whether acting goes on so far

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of ours is there."""
        return not (self.steps or self.tickets or self.secret)

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"things": [step.to_json() for step in self.steps], "tickets": len(self.tickets),
                "survey_tickets": len(self.own), "webhook_secret": self.secret, "stops_acting": self.stops}  # fmt: skip

    def lines(self) -> list[str]:
        """A plan as a person reads it."""
        lines = ["stop    all writes and notices of this account"] if self.stops else []
        lines += [step.line() for step in self.steps]
        others = len(self.tickets) - len(self.own)
        if others:
            lines.append(f"clean   {others:,} tickets: our tags and the value of our field; your triggers run on that")
        if self.own:
            lines.append(f"delete  {counted(len(self.own), 'survey ticket')} of ours")
        return [*lines, *(["forget  the webhook secret"] if self.secret else [])]


@dataclass(frozen=True)
class Removed:
    """What became of it."""

    things: Outcome
    tickets: Cleaned

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left but what nobody can change."""
        return not (self.things.failed or self.tickets.failed)


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
    policy.change(store, name, by, now, stopped=True)
    store.writes.cancel_all(name, "withdrawn", now)
    asking.end_waves(store, name, now)
    field = account.field
    last = [step for step in removal.steps if step.name == FIELD]
    if removal.secret:  # before its webhook, by which a new run would know that it is ours
        _forget_secret(account)
    made, failed = _remove(account, [step for step in removal.steps if step not in last], by)
    own = store.writes.made_tickets(name)  # anew: until just now writes went on
    tickets = sorted({*removal.tickets, *own, *_lately(store, name)}, key=int)
    cleaned = cleaning.clean(account.writing, tickets, field, own, sleep, say)
    if not cleaned.failed:
        made_last, failed_last = _remove(account, last, by)
        made, failed = made + made_last, failed + failed_last
    elif last:
        failed.append(f"zendesk {name}: our custom field stays until all tickets are clean; run uninstall again")
    if not failed and not account.lacking:
        _forget_things(store, name)
    store.audit.add(name, datetime.now(UTC), "uninstalled", by=by, things=[], tickets=cleaned.cleaned,
                    survey_tickets=cleaned.deleted, closed=len(cleaned.closed), failed=len(cleaned.failed))  # fmt: skip
    return Removed(Outcome(tuple(made), tuple(failed)), cleaned)


def _remove(account: Account, steps: Sequence[Step], by: str) -> tuple[list[Step], list[str]]:
    made: list[Step] = []
    failed: list[str] = []
    for step in steps:
        try:
            provisioning.remove(account, step, by)
        except NotMade as trouble:
            failed.append(str(trouble))
        else:
            made.append(step)
    return made, failed


def _forget_secret(account: Account) -> None:
    known.forget_previous(account.store, account.account)
    account.store.drop_secret(account.account, known.SECRET)


def _forget_things(store: Store, account: str) -> None:
    """What an admin has deleted before us."""
    for name in store.installed.things(account):
        store.installed.forget(account, name)


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
    return {write.target for kind in _CHANGES_TICKETS for write in store.writes.written(account, kind, since)}
