"""`uninstall`: take everything of ours out of the helpdesk; a plan first, then as agreed."""

from __future__ import annotations

import click

from helpdesk_wellbeing.cli import setting_up, setup_freshdesk, setup_zendesk
from helpdesk_wellbeing.cli.common import account_option, format_option, progress, store_with
from helpdesk_wellbeing.cli.install import dry_run_option, yes_option
from helpdesk_wellbeing.cli.proposals import by_option
from helpdesk_wellbeing.cli.setting_up import How


@click.group(name="uninstall")
def command() -> None:
    """Take everything of ours out of the helpdesk. What is stored here stays."""


@command.command(short_help="Take everything of ours out of a Zendesk account.")
@account_option
@yes_option
@dry_run_option
@by_option
@format_option
@click.pass_context
def zendesk(ctx: click.Context, account: str, yes: bool, dry_run: bool, by: str | None, output: str) -> None:
    """Take out of Zendesk all that `install` made and all that was written on tickets but private notes.

    Stops all writes of the account, forgets the webhook secret, deletes webhook, trigger, view and field, takes our
    tags off tickets, and deletes the survey tickets that we made. Shows what it would do, and asks. Cut off at any
    moment, it goes on when it is run again.

    Exit code 0: done, or nothing to do; 1: something is left, run it again; 2: did not run.
    """
    ctx.exit(
        setting_up.uninstall(
            setup_zendesk.to_uninstall(store_with(account), account, progress()), How(yes, dry_run, by, output)
        )
    )


@command.command(short_help="Take everything of ours out of a Freshdesk account.")
@account_option
@yes_option
@dry_run_option
@by_option
@format_option
@click.pass_context
def freshdesk(ctx: click.Context, account: str, yes: bool, dry_run: bool, by: str | None, output: str) -> None:
    """Take out of Freshdesk all that `install` made and all that was written on tickets but private notes.

    Stops all writes of the account, forgets the webhook secret, deletes the automation rules and the field, takes our
    tags off tickets, and deletes the survey tickets that we made. Shows what it would do, and asks. Cut off at any
    moment, it goes on when it is run again.

    Exit code 0: done, or nothing to do; 1: something is left, run it again; 2: did not run.
    """
    ctx.exit(
        setting_up.uninstall(
            setup_freshdesk.to_uninstall(store_with(account), account, progress()), How(yes, dry_run, by, output)
        )
    )
