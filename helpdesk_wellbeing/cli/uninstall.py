"""`uninstall`: take everything of ours out of the helpdesk; a plan first, then as agreed."""

from __future__ import annotations

from typing import Any

import click

from helpdesk_wellbeing.cli import install
from helpdesk_wellbeing.cli.common import account_option, format_option, print_json, progress
from helpdesk_wellbeing.cli.install import STOPPED_BEFORE_THE_END, agree, dry_run_option, show, yes_option
from helpdesk_wellbeing.cli.proposals import by_option, decider


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
    from webhooks.zendesk import provisioning, removal

    store = install.zendesk_store(account)
    writing = install.writing_for_setup(store, account)
    there = provisioning.Account(writing, store, account)
    planned = removal.plan(there, progress())
    report: dict[str, Any] = {"account": account, "plan": planned.to_json(), "done": planned.is_nothing, "failed": []}

    def end(line: str | None) -> None:
        if output == "json":
            print_json(report)
        elif line:
            click.echo(line)

    if output == "text" and not planned.is_nothing:
        show(f"{account}: what is taken out of Zendesk", planned.lines(), there.lacking)
    if planned.is_nothing or dry_run:
        end(f"{account}: nothing of ours is there" if planned.is_nothing else "nothing was changed: --dry-run")
        return
    agree(yes, f"{account}: take this out?", lambda: end(None))
    done = removal.carry_out(there, planned, decider(by), say=progress())
    store.set_meta(account, install.GUARD, None)
    report |= {"done": done.is_whole, "failed": list(done.things.failed), "tickets": done.tickets.to_json()}
    said = [*done.tickets.lines(), *done.things.failed]
    end(
        "\n".join(
            [*said, f"{account}: uninstalled" if done.is_whole else f"{account}: something is left; run it again"]
        )
    )
    ctx.exit(0 if done.is_whole else STOPPED_BEFORE_THE_END)
