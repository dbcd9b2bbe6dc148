"""`install`: set up in the helpdesk what acting needs; a plan first, then as agreed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli import setting_up, setup_freshdesk, setup_zendesk
from helpdesk_wellbeing.cli.common import account_option, format_option, store_with
from helpdesk_wellbeing.cli.proposals import by_option
from helpdesk_wellbeing.cli.setting_up import GUARD, How
from helpdesk_wellbeing.cli.setups import PLATFORMS

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show the plan.")


@click.group(name="install")
def command() -> None:
    """Set up in the helpdesk what acting needs. `uninstall` takes all of it away."""


@command.command(short_help="Set up a Zendesk account.")
@account_option
@click.option("--url", required=True, help="Where Zendesk reaches this installation: https://our.host")
@click.option(
    "--news", type=click.Choice(["events", "trigger"]), help="How Zendesk tells of news; as before, or events."
)
@yes_option
@dry_run_option
@by_option
@format_option
@click.pass_context
def zendesk(
    ctx: click.Context, account: str, url: str, news: str | None, yes: bool, dry_run: bool, by: str | None, output: str
) -> None:
    """Make a custom field for agents, a view of what is suggested, and a webhook whose secret is kept here.

    Shows what it would make, keep, mend or remove, and asks. Your own rules are read, and those that survey tickets
    could set off are named; they are never changed. It may be run again at any time.

    Exit code 0: done, or nothing to do; 1: something was not accepted; 2: did not run.
    """
    ctx.exit(
        setting_up.install(
            setup_zendesk.to_install(store_with(account), account, url, news), How(yes, dry_run, by, output)
        )
    )


@command.command(short_help="Set up a Freshdesk account.")
@account_option
@click.option("--url", required=True, help="Where Freshdesk reaches this installation: https://our.host")
@yes_option
@dry_run_option
@by_option
@format_option
@click.pass_context
def freshdesk(
    ctx: click.Context, account: str, url: str, yes: bool, dry_run: bool, by: str | None, output: str
) -> None:
    """Make a ticket field for agents, and two automation rules that tell which tickets to look at.

    Shows what it would make, keep, mend or remove, what you must do by hand, step by step, and asks. Your own rules
    are read, and those that survey tickets could set off are named; they are never changed. It may be run again at
    any time: after `secrets rotate`, for instance, it gives the new secret to the rules.

    Exit code 0: done, or nothing to do; 1: something was not accepted; 2: did not run.
    """
    ctx.exit(
        setting_up.install(setup_freshdesk.to_install(store_with(account), account, url), How(yes, dry_run, by, output))
    )


def about(store: Store, account: str) -> list[str]:
    """What doctor says of an account's installation, from what is stored."""
    platform = store.account(account).platform
    if platform not in PLATFORMS:
        return []
    again = f"install {platform} --account {account}"
    guard = json.loads(store.get_meta(account, GUARD) or "{}")
    if not store.installed.things(account):
        return [f"not installed: suggestions have no field and no view in {platform.title()}; {again}"]
    lines = []
    missing = [name for name in PLATFORMS[platform].missing(store, account) if name not in guard.get("by_hand", ())]
    if missing:
        lines.append(f"installed in part, without {', '.join(missing)}; run {again} again")
    if guard.get("open") or guard.get("unread"):
        lines.append(f"some of your rules may be set off by survey tickets; install {platform} … --dry-run names them")
    return lines
