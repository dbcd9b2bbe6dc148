"""`pull`: read new activity from the helpdesk."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import (
    Instant,
    account_option,
    catalogue,
    open_store,
    progress,
    require_account,
    say,
    watched,
)
from helpdesk_wellbeing.cli.platforms import connector_of
from helpdesk_wellbeing.errors import BadPayload, PlatformError, StoreError, WellbeingError

if TYPE_CHECKING:
    from helpdesk_wellbeing.feed import Page
    from helpdesk_wellbeing.pulling import Pulled
    from helpdesk_wellbeing.store import Store

UNWATCHED_EVERY_S = 60.0  # what is long enough for a line in a log
WORDS = {"availability": "states of availability", "satisfaction": "ratings"}  # of streams that are no plain plural
BY_KIND = "conversations"  # a stream whose rows come with tickets, too, so they are counted as what they are


@click.command(name="pull")
@account_option
@click.option("--since", type=Instant(), help="How far back history goes (default: everything).")
@click.pass_context
def command(ctx: click.Context, account: str, since: datetime | None) -> None:
    """Read new activity from the helpdesk: the last six weeks first, then older history.

    Exit code 0: complete, 1: stopped before the end (run it again to go on), 2: did not run.
    """
    store = open_store()
    require_account(store, account)
    with store.writer(account, "pull"):
        ctx.exit(run(store, account, since))


def run(store: Store, account: str, since: datetime | None = None, *, fold: bool = True) -> int:
    """Pull, fold, and note how it went as `serve` does, for `status`; the exit code. Without `fold` only pull."""
    from helpdesk_wellbeing.pipeline import steps
    from helpdesk_wellbeing.pipeline.schedule import silent_webhooks
    from helpdesk_wellbeing.pulling import pull

    connector = connector_of(store, account)
    meter, means = Meter(account, connector.progress_line), steps.Means(store)
    if fold:
        store.work.note_run(account, began_at=means.now())
    try:
        pulled = pull(store, account, connector, since, meter.page)
    except (PlatformError, BadPayload, StoreError) as error:
        if fold and not isinstance(error, StoreError):
            steps.could_not_pull(means, account, error)
        if not meter.pages:
            raise
        say(f"{account}: stopped before the end; what is stored is whole, run pull again to go on: {error}")
        return 1
    say(f"{account}: {brought(pulled)}; {pulled.new_events:,} events new, {pulled.repeated_events:,} known")
    if not fold:
        return 0
    store.work.note_run(account, paused_at=None)  # it was let in
    steps.has_pulled(means, account, news=pulled.new_events > 0, whole=True)
    code = _fold(store, account)
    if code == 0:
        store.work.note_run(account, failures=0, problem=silent_webhooks(store.work.run_of(account)))
    return code


def brought(pulled: Pulled) -> str:
    """What was read, such as "405 tickets, 1,120 replies and notes"."""
    rows = {WORDS.get(name, name.replace("_", " ")): count for name, count in pulled.rows.items() if name != BY_KIND}
    rows["replies and notes"] = pulled.spoken
    return ", ".join(f"{count:,} {what}" for what, count in rows.items() if count) or "nothing new"


def _fold(store: Store, account: str) -> int:
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.pipeline import steps

    try:
        Engine(store, account, catalogue()).update(progress())
    except WellbeingError as error:
        if not isinstance(error, StoreError):
            steps.try_again_later(steps.Means(store), account, error, "evaluation")
        say(f"{account}: everything is stored, but it could not be evaluated: {error}")
        return 1
    return 0


class Meter:
    """Tells how far a pull has come, on stderr: once a second when a person watches, else once a minute."""

    def __init__(self, account: str, line: Callable[[], str], now: Callable[[], float] = time.monotonic) -> None:
        self._account = account
        self._line = line
        self._now = now
        self._began = now()
        self._told = float("-inf") if watched() else self._began
        self._has_hinted = False
        self.pages = 0

    def page(self, page: Page, pulled: Pulled) -> None:
        """One more page has been stored."""
        self.pages += 1
        now = self._now()
        if now - self._told >= (1.0 if watched() else UNWATCHED_EVERY_S):
            self._told = now
            say(f"{self._account}: {self._line()}")
        if not self._has_hinted and now - self._began >= UNWATCHED_EVERY_S:
            self._has_hinted = True
            say(f"{self._account}: no need to wait for the end: check answers meanwhile from what is stored so far")
