"""`token`: who may use the JSON API of an account, and in whose name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import (
    account_option,
    format_option,
    print_json,
    say,
    store_with,
)

if TYPE_CHECKING:
    pass

name_option = click.option("--name", required=True, metavar="WHO", help="Who decides with it, as the audit will say.")


@click.group(name="token")
def command() -> None:
    """Let somebody use the JSON API of an account. A token is shown once; only its hash is kept."""


@command.command(short_help="Make a token and show it, once.")
@account_option
@name_option
def add(account: str, name: str) -> None:
    """Make a token and print it on stdout, this once; whoever has it decides in the name of WHO."""
    from helpdesk_wellbeing.api import tokens

    token = tokens.add(store_with(account), account, name, datetime.now(UTC))
    click.echo(token)
    say(f'{account}: this token of "{name.strip()}" cannot be shown again; send it as Authorization: Bearer …')


@command.command(short_help="Take a token back.")
@account_option
@name_option
def drop(account: str, name: str) -> None:
    """From now on WHO's token opens nothing."""
    from helpdesk_wellbeing.api import tokens

    tokens.drop(store_with(account), account, name, datetime.now(UTC))
    say(f'{account}: the token of "{name}" opens nothing any more')


@command.command(name="list", short_help="Whose tokens there are.")
@account_option
@format_option
def list_(account: str, output: str) -> None:
    """Whose tokens there are, oldest first; the tokens themselves are nowhere."""
    found = store_with(account).installed.tokens(account)
    if output == "json":
        print_json({"account": account, "tokens": [{"name": t.name, "made_at": t.made_at.isoformat()} for t in found]})
        return
    for one in found:
        click.echo(f"{one.made_at:%Y-%m-%d %H:%M} UTC  {one.name}")
    if not found:
        say(f'{account}: nobody may use its API yet; token add --account {account} --name "who decides" lets somebody')
