"""`disconnect`: a whole account, out of everything that is kept here."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from helpdesk_wellbeing.cli.common import account_option, say, store_with
from helpdesk_wellbeing.cli.install import yes_option
from helpdesk_wellbeing.words import counted


@click.command(name="disconnect")
@account_option
@yes_option
def command(account: str, yes: bool) -> None:
    """Take a whole account out of everything that is kept here: events, facts, proposals, audit, secrets.

    What is ours in the helpdesk stays there: run `uninstall` first. Shows what it would do, and asks. Cut off at any
    moment, it goes on when it is run again.
    """
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.upkeep import disconnect
    from helpdesk_wellbeing.upkeep.beside import Beside

    store = store_with(account)
    platform = store.account(account).platform
    found = disconnect.plan(store, account)
    say(f"{account}: goes for good")
    for table, rows in found.rows.items():
        say(f"  {table.replace('_', ' ')}: {counted(rows, 'row')}")
    for line in found.remains:
        say(f"  stays in the helpdesk: {line}")
    if found.remains and store.installed.things(account):
        say(f"  to take that out, too, first run helpdesk-wellbeing uninstall {platform} --account {account}")
    if platform is not None:
        say(f"  what {platform} let this program in with is yours to withdraw there")
    if not yes and not click.confirm(f"Take out account {account} for good?", err=True):
        raise click.Abort
    with store.writer(account, f"disconnect --account {account}"):
        disconnect.disconnect(store, account, datetime.now(UTC))
    Beside.of(load_settings()).forget_runs(account)
    say(f"{account}: nothing of it is kept here any more")
